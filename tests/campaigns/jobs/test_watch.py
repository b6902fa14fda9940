"""Watching: what is measured, when an alert opens and closes, who may see it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from campaigns.jobs import watch_gauges
from campaigns.jobs.services.watch import watch
from campaigns.jobs.watch_gauges import register_gauges
from campaigns.jobs.watch_models import Alert, Reading
from campaigns.jobs.watch_rules import LIMITS, Measured, UnknownLimit, figures_of, limits_of
from campaigns.jobs.watch_selectors import courses, due_figures, long_job_figures, message_figures
from campaigns.jobs.watch_words import ADVICE, NAMES
from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from config.desk.home.sections import parts_for
from tests.support.cast import AT, Cast
from tests.support.races import together


@pytest.fixture
def figures() -> Iterator[dict[str, float]]:
    """The only gauge there is, as the test sets it."""
    kept, said = dict(watch_gauges._GAUGES), {"due.dead": 0.0, "due_oldest_seconds": 0.0}
    watch_gauges._GAUGES.clear()

    def ask(_scope: Any) -> list[Measured]:
        return [Measured(*name.split(".")[:1], value, *name.split(".")[1:]) for name, value in said.items()]

    register_gauges("test", ask)
    yield said
    watch_gauges._GAUGES.clear()
    watch_gauges._GAUGES.update(kept)


def look(minute: int = 0, since: datetime = AT) -> tuple[list[str], list[str]]:
    with system_scope(at=since + timedelta(minutes=minute), cause="jobs.watch") as scope:
        found = watch(scope=scope, limits=LIMITS)
    return found.opened, found.closed


def test_an_alert_opens_once_keeps_its_worst_and_closes_when_it_is_over(
    cast: Cast, figures: dict[str, float]
) -> None:
    assert look(0) == ([], [])
    figures["due_oldest_seconds"] = 31
    assert look(1) == (["due_oldest_seconds"], [])
    figures["due_oldest_seconds"] = 90
    assert look(2) == ([], [])
    figures["due_oldest_seconds"] = 40
    assert look(3) == ([], [])
    alert = Alert.objects.get()
    assert (alert.code, alert.value, alert.worst, alert.limit) == ("due_oldest_seconds", 40, 90, 30)
    assert (alert.opened_at, alert.closed_at) == (AT + timedelta(minutes=1), None)
    # At its limit it is not above it.
    figures["due_oldest_seconds"] = 30
    assert look(4) == ([], ["due_oldest_seconds"])
    assert Alert.objects.get().closed_at == AT + timedelta(minutes=4)
    # The next one is another.
    figures["due_oldest_seconds"] = 31
    assert look(5) == (["due_oldest_seconds"], [])
    assert Alert.objects.count() == 2
    # What nobody measures any more stands above nothing.
    del figures["due_oldest_seconds"]
    assert look(6) == ([], ["due_oldest_seconds"])
    assert Reading.objects.count() == 7


def test_the_database_keeps_one_open_alert_for_a_code(cast: Cast) -> None:
    row: dict[str, Any] = {"code": "due.dead", "value": 1, "worst": 1, "limit": 0, "opened_at": AT}
    Alert.objects.create(**row, closed_at=AT)
    Alert.objects.create(**row)
    with pytest.raises(IntegrityError, match="jobs_alert_one_is_open_of_its_code"), transaction.atomic():
        Alert.objects.create(**row)
    with pytest.raises(IntegrityError, match="jobs_alert_went_beyond_its_limit"), transaction.atomic():
        Alert.objects.create(**{**row, "code": "x", "limit": 2})
    with pytest.raises(IntegrityError, match="jobs_alert_ends_after_it_began"), transaction.atomic():
        Alert.objects.create(**{**row, "code": "y"}, closed_at=AT - timedelta(seconds=1))


@pytest.mark.commits
def test_any_number_may_watch_at_once(committed_cast: Cast, figures: dict[str, float]) -> None:
    figures["due.dead"] = 3
    found = together([lambda: look(1)] * 6)
    assert all(codes in (["due.dead"], []) for codes, _closed in found)
    assert Alert.objects.count() == 1


def test_old_figures_and_alerts_are_not_kept_for_ever(cast: Cast, figures: dict[str, float]) -> None:
    figures["due.dead"] = 1
    look(0)
    figures["due.dead"] = 0
    look(1)
    look(7 * 24 * 60 + 1)
    assert sorted(reading.at for reading in Reading.objects.all())[0] == AT + timedelta(minutes=1)
    assert Alert.objects.count() == 1
    look(367 * 24 * 60)
    assert not Alert.objects.exists()


def test_limits_are_set_by_name_and_a_wrong_one_is_told() -> None:
    assert limits_of("") == LIMITS
    changed = limits_of("due_oldest_seconds=60, due.dead = off")
    assert (changed["due_oldest_seconds"], changed["due.dead"]) == (60, float("inf"))
    for wrong in ("due=1", "due_oldest_seconds=much", "nonsense"):
        with pytest.raises(UnknownLimit):
            limits_of(wrong)
    # Whatever may alert has a name and says what to do.
    assert set(LIMITS) <= set(NAMES) and set(LIMITS) == set(ADVICE)


def test_the_course_of_a_day_keeps_the_worst_of_each_stretch(cast: Cast, figures: dict[str, float]) -> None:
    for minute, value in ((0, 5), (1, 9), (2, 7), (60, 2), (90, 1)):
        figures["due_oldest_seconds"] = value
        look(minute)
    with system_scope(at=AT + timedelta(minutes=90), cause="test") as scope:
        course = courses(scope=scope, names=["due_oldest_seconds", "never.measured"], hours=2, points=4)
    assert list(course) == ["due_oldest_seconds"]
    line = course["due_oldest_seconds"]
    assert (line.value, line.worst) == (1, 9)
    # Half an hour each, until now.
    assert line.points == [0, 9, 0, 2]


ROWS = """
CREATE TEMPORARY TABLE jobs_due (state text, run_at timestamptz, ready_at timestamptz, claimed_at timestamptz,
    ended_at timestamptz, tries int, lost int) ON COMMIT DROP;
INSERT INTO jobs_due SELECT 'waiting', t, t, NULL, NULL, 0, 0
    FROM (SELECT %(at)s + n * interval '20 s' AS t FROM generate_series(-2, 1000) n) rows;
INSERT INTO jobs_due VALUES
    ('running', %(at)s - interval '90 s', %(at)s - interval '60 s', %(at)s - interval '80 s', NULL, 0, 1),
    ('dead', %(at)s - interval '9 d', %(at)s - interval '9 d', NULL, %(at)s - interval '2 d', 8, 5);
INSERT INTO jobs_due SELECT 'done', %(at)s - interval '60 s', %(at)s, %(at)s - interval '60 s' + n * interval '0.1 s',
    %(at)s - interval '10 s', 0, 0 FROM generate_series(1, 100) n;
CREATE TEMPORARY TABLE jobs_message (id uuid, state text, ready_at timestamptz, at timestamptz, sent_at timestamptz,
    lost int) ON COMMIT DROP;
INSERT INTO jobs_message VALUES
    (%(id)s, 'waiting', %(at)s - interval '7 s', %(at)s - interval '7 s', NULL, 0),
    (%(id)s, 'waiting', %(at)s + interval '7 s', %(at)s, NULL, 0),
    (%(id)s, 'sending', %(at)s - interval '1 s', %(at)s, NULL, 0),
    (%(id)s, 'dead', %(at)s, %(at)s, NULL, 0),
    (%(id)s, 'sent', %(at)s, %(at)s - interval '12 s', %(at)s - interval '9 s', 0);
CREATE TEMPORARY TABLE jobs_job (state text, ready_at timestamptz, lease_until timestamptz, lost int) ON COMMIT DROP;
INSERT INTO jobs_job VALUES ('waiting', %(at)s - interval '50 s', NULL, 0), ('paused', %(at)s, NULL, 0),
    ('running', %(at)s - interval '9 h', %(at)s + interval '20 s', 0),
    ('running', %(at)s - interval '9 h', %(at)s - interval '70 s', 2), ('failed', %(at)s, NULL, 4);
"""


def test_the_figures_of_due_rows_messages_and_long_jobs(cast: Cast) -> None:
    """Of tables with just the columns that are asked; the room's own stand behind them."""
    with system_scope(at=AT, cause="test") as scope, connection.cursor() as cursor:
        scope.lo  # noqa: B018 - the scope is opened before the tables are made
        from psycopg import ClientCursor

        asked = ClientCursor(connection.connection).mogrify(ROWS, {"at": AT, "id": new_id()})
        cursor.execute(asked.replace("%", "%%"))
        assert figures_of(due_figures(scope)) == {
            "due.ready": 3, "due.running": 1, "due.dead": 1, "due_oldest_seconds": 60, "due_leases_lost": 1,
            "due_late_seconds": 9.901, "due_ended.done": 100, "due_ended.skipped": 0, "due_ended.dead": 0,
        }  # fmt: skip
        assert figures_of(long_job_figures(scope)) == {
            "long_job.waiting": 1, "long_job.running": 2, "long_job.paused": 1, "long_job.failed": 1,
            "long_job_oldest_seconds": 70, "long_job_leases_lost": 2,
        }  # fmt: skip
        found = figures_of(message_figures(scope))
    assert found == {
        "message.ready": 1, "message.sending": 1, "message.dead": 1, "message_oldest_seconds": 7,
        "message_late_seconds": 3,
    }  # fmt: skip


PAGE = "/admin/jobs/alert/"


def test_head_office_sees_open_alerts_first_on_the_page_and_at_home(
    cast: Cast, client: Client, figures: dict[str, float]
) -> None:
    client.force_login(cast.ho_administrator.login)
    empty = client.get(PAGE).content.decode()
    assert "尚未检查" in empty and "监控已中断" not in empty
    look(-10, now())
    late = client.get(PAGE).content.decode()
    assert "监控已中断" in late and "jobs.watch" in late and "尚未检查" not in late
    figures.update({"due.dead": 2, "due_oldest_seconds": 45})
    look(-1, now())
    figures["due_oldest_seconds"] = 3
    look(0, now())
    page = client.get(PAGE).content.decode()
    assert page.index("已放弃的到期任务") < page.index("到期任务最长等待")
    assert "打开已放弃的任务，查看原因后再次执行。" in page
    assert "24 小时最高 45 秒" in page and "<svg" in page
    home = client.get("/admin/").content.decode()
    assert "超限告警" in home and "已放弃的到期任务" in home
    for path in (f"{PAGE}add/", f"{PAGE}{Alert.objects.first().pk}/delete/"):
        assert client.get(path).status_code in (403, 404)


def test_below_head_office_nobody_sees_how_it_runs(
    cast: Cast, client: Client, figures: dict[str, float]
) -> None:
    figures["due.dead"] = 2
    look(0)
    client.force_login(cast.nb_manager.login)
    assert client.get(PAGE).status_code == 403
    assert "超限告警" not in client.get("/admin/").content.decode()
    with cast.nb_manager.scope() as scope:
        assert "alerts" not in [section.name for section in parts_for(scope)]
