"""A due row happens once, at its time, whatever fails; and says so when it cannot."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, OperationalError, transaction
from hypothesis import given
from hypothesis import strategies as st

from campaigns.audit.models import Entry
from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import (
    GIVEN_UP_FROM,
    LEASE,
    BackOff,
    GiveUp,
    IsNotDead,
    IsOver,
    NotYet,
    WhenIsIt,
)
from campaigns.jobs.recurring_rules import NoSuchZone
from campaigns.jobs.services.due import (
    Laid,
    Ran,
    cancel,
    cancel_due,
    lay,
    lay_many,
    purge_due,
    run_again,
    run_due,
)
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.tenants.scopes import system, system_scope
from tests.support.cast import AT, Cast
from tests.support.due import KIND, Bell, bell, due_rows, run_at, rung

SOON = AT + timedelta(hours=1)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
on_the_wall = datetime.fromisoformat


class No(Refusal):
    code, zh, en = "test.no", "不行。", "No."


@pytest.fixture(name="bell")
def _bell() -> Iterator[Bell]:
    with bell(tries=3) as made:
        yield made


def laid(subject: str = "test.thing:1", version: str = "", at: datetime = SOON, **more: Any) -> Due:
    with system_scope(at=AT, cause="test") as scope:
        return lay(scope=scope, kind=KIND, subject=subject, version=version, at=at, **more)


def again(due: Due) -> Due:
    [found] = due_rows(pk=due.pk)
    return found


def test_it_happens_once_at_its_time(cast: Cast, bell: Bell) -> None:
    due = laid(args={"n": 1})
    assert laid(at=SOON + MINUTE).pk == due.pk  # the same key twice is one row, the first one's
    assert run_at(SOON - SECOND) == Ran()
    assert run_at(SOON) == Ran(claimed=1, done=1)
    assert run_at(SOON + MINUTE) == Ran()
    assert rung() == [("test.thing:1", "")]
    due = again(due)
    assert (due.state, due.ended_at, due.tries, due.lost, due.args) == ("done", SOON, 0, 0, {"n": 1})
    assert (due.zone, due.local_time) == ("Asia/Shanghai", on_the_wall("2026-11-22T11:00"))
    assert due.late_by(SOON + MINUTE) == timedelta()
    with system_scope(at=AT, cause="test"):
        assert Entry.objects.get(verb="test.due.done").actor == f"system:{KIND}"


def test_it_is_laid_by_a_moment_or_by_a_wall_clock(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        due = lay(
            scope=scope,
            kind=KIND,
            subject="test.thing:1",
            local=on_the_wall("2027-03-28T02:30"),
            zone="Europe/Berlin",
        )
        assert due.run_at.isoformat() == "2027-03-28T01:00:00+00:00"  # 02:30 is left out that night
        assert due.local_time == on_the_wall("2027-03-28T02:30")
        assert due.branch_id == cast.branch["N"].pk
        for wrong, refused in (
            ({}, WhenIsIt),
            ({"at": SOON, "local": on_the_wall("2027-01-01")}, WhenIsIt),
            ({"at": SOON, "zone": "Mars/Base"}, NoSuchZone),
        ):
            with pytest.raises(refused):
                lay(scope=scope, kind=KIND, subject="test.thing:2", **wrong)  # type: ignore[arg-type]


def test_a_lot_of_many_is_one_statement_and_each_row_rings_once(cast: Cast, bell: Bell) -> None:
    top = cast.branch["HO"]
    with system_scope(at=AT, cause="test") as scope:
        when = (SOON, on_the_wall("2026-11-22T11:00"), "Asia/Shanghai")
        rows = [Laid(KIND, f"test.thing:{n}", "", *when, top.pk, top.pos) for n in range(250)]
        assert (lay_many(scope=scope, rows=rows), lay_many(scope=scope, rows=rows)) == (250, 0)
    assert run_at(SOON, at_most=120) == Ran(claimed=120, done=120)
    assert run_at(SOON) == Ran(claimed=130, done=130)
    assert len(set(rung())) == len(rung()) == 250


def test_what_is_refused_is_tried_again_later_and_later_and_then_given_up(cast: Cast, bell: Bell) -> None:
    due = laid()
    bell.answer = lambda due: No()
    at = SOON
    for tries, least in ((1, 5), (2, 10)):
        assert run_at(at) == Ran(claimed=1, failed=1)
        due = again(due)
        assert (due.state, due.tries, due.why["zh"]) == ("waiting", tries, "不行。")
        assert timedelta(seconds=least) <= due.ready_at - at <= timedelta(seconds=least * 1.25)
        assert run_at(due.ready_at - SECOND) == Ran()
        at = due.ready_at
    assert run_at(at) == Ran(claimed=1, dead=1)
    assert again(due).state == "dead" and rung() == []  # what a refused try wrote is gone
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        run_again(scope=scope, due_id=due.pk)
    bell.answer = lambda due: None
    with cast.ho_administrator.scope(at=at) as scope:
        run_again(scope=scope, due_id=due.pk)
        with pytest.raises(IsNotDead):
            run_again(scope=scope, due_id=due.pk)
        with pytest.raises(NotFound):
            run_again(scope=scope, due_id=uuid4())
        assert Entry.objects.get(verb="jobs.due.run_again").detail["reason"] == "不行。"
    assert run_at(at) == Ran(claimed=1, done=1)
    assert rung() == [("test.thing:1", "")]


def test_an_answer_may_be_final_or_ask_to_wait_and_an_error_is_told_in_words(cast: Cast, bell: Bell) -> None:
    answers = {"final": GiveUp(No()), "wait": NotYet(MINUTE), "error": ZeroDivisionError("secret")}
    for subject in answers:
        laid(f"test.thing:{subject}")
    laid("test.thing:fine")
    bell.answer = lambda due: answers.get(due.subject.partition(":")[2])
    assert run_at(SOON) == Ran(claimed=4, done=1, failed=1, dead=1, put_off=1)
    rows = {due.subject.partition(":")[2]: due for due in due_rows()}
    assert (rows["final"].state, rows["final"].why["code"]) == ("dead", "test.no")
    assert (rows["wait"].state, rows["wait"].ready_at, rows["wait"].tries) == ("waiting", SOON + MINUTE, 0)
    assert rows["error"].why["zh"].startswith("执行时出现程序错误（ZeroDivisionError）")
    assert "secret" not in str(rows["error"].why)
    assert rung() == [("test.thing:fine", "")]


def test_what_somebody_has_run_again_is_done_however_late(cast: Cast, bell: Bell) -> None:
    due = laid(misfire="skip", grace=MINUTE)
    bell.answer = lambda due: GiveUp(No())
    assert run_at(SOON).dead == 1
    bell.answer = lambda due: None
    late = SOON + timedelta(days=2)
    with cast.ho_administrator.scope(at=late) as scope:
        run_again(scope=scope, due_id=due.pk)
    assert run_at(late) == Ran(claimed=1, done=1)


def test_a_kind_of_nobody_is_kept_until_somebody_knows_it(cast: Cast) -> None:
    due = laid()
    assert run_at(SOON) == Ran(claimed=1, failed=1)
    assert again(due).why["code"] == "jobs.due.unknown_kind"
    with bell():
        assert run_at(SOON + MINUTE) == Ran(claimed=1, done=1)


def test_many_at_once_fall_back_to_one_by_one(cast: Cast) -> None:
    lots: list[int] = []

    def together(scope: Any, dues: Any) -> None:
        lots.append(len(dues))
        for due in dues:
            made.ring(scope, due)

    with bell(many=together) as made:
        for n in range(5):
            laid(f"test.thing:{n}")
        assert run_at(SOON) == Ran(claimed=5, done=5)
        for n in range(5, 10):
            laid(f"test.thing:{n}")
        made.answer = lambda due: No() if due.subject.endswith(":7") else None
        assert run_at(SOON) == Ran(claimed=5, done=4, failed=1)
        assert lots == [5, 5]
    assert sorted(rung()) == [(f"test.thing:{n}", "") for n in range(10) if n != 7]


def test_what_was_missed_follows_its_rule(cast: Cast, bell: Bell) -> None:
    hours = [SOON + timedelta(hours=n) for n in range(3)]
    for rule in ("once", "skip", "all"):
        for at in hours:
            laid(f"test.thing:{rule}", f"{at:%H}", at, misfire=rule, grace=MINUTE)
    assert run_at(hours[2] + 30 * SECOND) == Ran(claimed=9, done=5, skipped=4)
    found = [f"{subject.partition(':')[2]} {version}" for subject, version in sorted(rung())]
    assert found == ["all 03", "all 04", "all 05", "once 05", "skip 05"]
    states = {
        (due.subject.partition(":")[2], due.version): due.why.get("code") for due in due_rows(state="skipped")
    }
    assert states == {
        ("once", "03"): "jobs.due.later_one_stands", ("once", "04"): "jobs.due.later_one_stands",
        ("skip", "03"): "jobs.due.too_late", ("skip", "04"): "jobs.due.too_late",
    }  # fmt: skip
    laid("test.thing:alone", at=SOON, grace=MINUTE)
    assert run_at(hours[2]) == Ran(claimed=1, done=1)  # nothing stands for it, however late


def test_what_a_dead_worker_had_is_taken_over_when_its_lease_ends(cast: Cast, bell: Bell) -> None:
    due = laid()

    def dies(due: Due) -> Exception:
        return OperationalError("the connection is lost")

    bell.answer = dies
    with pytest.raises(OperationalError), transaction.atomic():
        # A worker whose connection breaks: it had claimed the row in a transaction of its own.
        run_at(SOON)
    with system_scope(at=SOON, cause="test"):
        Due.objects.filter(pk=due.pk).update(
            state="running", attempt=uuid4(), lease_until=SOON + LEASE, ready_at=SOON + LEASE
        )
    bell.answer = lambda due: None
    assert run_at(SOON + LEASE - SECOND) == Ran()
    assert run_at(SOON + LEASE) == Ran(claimed=1, done=1)
    assert again(due).lost == 1 and len(rung()) == 1


def test_what_kills_its_workers_is_carried_out_alone_and_at_last_given_up(cast: Cast, bell: Bell) -> None:
    deadly, sound = laid("test.thing:deadly"), laid("test.thing:sound")
    with system_scope(at=SOON, cause="test"):
        claimed = {"state": "running", "attempt": uuid4(), "lease_until": SOON, "ready_at": SOON}
        Due.objects.filter(pk=deadly.pk).update(lost=GIVEN_UP_FROM - 1, **claimed)
    assert run_at(SOON, at_most=1) == Ran(claimed=1, done=1)
    assert again(sound).state == "done" and again(deadly).state == "running"
    assert run_at(SOON) == Ran(claimed=1, dead=1)
    assert again(deadly).why["code"] == "jobs.due.kills_its_workers"


def test_clocks_that_step_make_nothing_early_and_nothing_twice(cast: Cast, bell: Bell) -> None:
    due = laid()
    ahead = iter([SOON, SOON, SOON - timedelta(hours=1)])
    # Claimed by a clock that was an hour ahead, and set back before the work began.
    ran = run_due(scope=system(at=AT, cause="test"), clock=lambda: next(ahead, SOON - MINUTE))
    assert ran == Ran(claimed=1, put_off=1) and again(due).ready_at == SOON
    late = laid("test.thing:2")
    with system_scope(at=SOON, cause="test"):
        far = SOON + timedelta(hours=1)
        Due.objects.filter(pk=late.pk).update(state="running", attempt=uuid4(), lease_until=far, ready_at=far)
    run_at(SOON)
    assert sorted(rung()) == [("test.thing:1", ""), ("test.thing:2", "")]
    assert again(late).lost == 1 and again(due).state == "done"


def test_it_is_cancelled_with_the_change_and_stands_again_when_it_is_laid_again(
    cast: Cast, bell: Bell
) -> None:
    first, second = laid(version="1"), laid(version="2", at=SOON + MINUTE)
    with cast.south_editor.scope() as scope:
        assert cancel(scope=scope, kind=KIND, subject="test.thing:1") == 0
    with system_scope(at=AT, cause="test") as scope:
        assert cancel(scope=scope, kind=KIND, subject="test.thing:1", after=SOON) == 1
        assert cancel(scope=scope, kind=KIND, subject="test.thing:1", version="1") == 1
        assert cancel(scope=scope, kind=KIND, subject="test.thing:1") == 0
    assert run_at(SOON + MINUTE) == Ran()
    revived = laid(version="2", at=SOON + 2 * MINUTE, args={"n": 2})
    assert (revived.pk, revived.state, revived.run_at) == (second.pk, "waiting", SOON + 2 * MINUTE)
    assert run_at(SOON + 2 * MINUTE) == Ran(claimed=1, done=1)
    assert rung() == [("test.thing:1", "2")] and again(first).state == "cancelled"
    with cast.ho_administrator.scope() as scope:
        with pytest.raises(IsOver):
            cancel_due(scope=scope, due_id=second.pk)
        third = laid(version="3")
        assert cancel_due(scope=scope, due_id=third.pk).state == "cancelled"
        assert Entry.objects.get(verb="jobs.due.call_off").detail["thing"] == "test.thing:1"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"state": "done", "ended_at": AT}, "moves along its table"),
        ({"state": "dead", "ended_at": AT}, ""),
        ({"subject": "test.thing:9"}, "stays what it is"),
        ({"run_at": AT}, "keeps its time"),
        ({"ready_at": AT}, "jobs_due_is_never_early"),
        ({"state": "running"}, "jobs_due_running_one_has_a_lease"),
        ({"ended_at": AT}, "jobs_due_ended_one_says_when"),
    ],
)
def test_the_database_keeps_the_rules(cast: Cast, change: dict[str, Any], rule: str) -> None:
    due = laid()
    with system_scope(at=AT, cause="test"):
        rows = Due.objects.filter(pk=due.pk)
        if not rule:
            assert rows.update(**change) == 1
            return
        with pytest.raises(DatabaseError, match=rule), transaction.atomic():
            rows.update(**change)


def test_a_done_row_never_runs_again_and_only_what_is_over_is_deleted(cast: Cast, bell: Bell) -> None:
    done, waiting = laid("test.thing:1"), laid("test.thing:2", at=SOON + MINUTE)
    run_at(SOON)
    with system_scope(at=AT, cause="test"):
        for state, more in (("waiting", {"ended_at": None}), ("cancelled", {}), ("dead", {})):
            with pytest.raises(DatabaseError, match="moves along"), transaction.atomic():
                Due.objects.filter(pk=done.pk).update(state=state, **more)
        with pytest.raises(DatabaseError, match="is over before it goes"), transaction.atomic():
            waiting.delete()
    with system_scope(at=SOON + timedelta(days=90), cause="test") as scope:
        assert purge_due(scope=scope) == 0
    with system_scope(at=SOON + timedelta(days=91), cause="test") as scope:
        assert purge_due(scope=scope) == 1
    assert [due.pk for due in due_rows()] == [waiting.pk]
    with cast.ho_administrator.scope() as scope, pytest.raises(NotAllowed):
        purge_due(scope=scope)


@given(tries=st.integers(1, 40), row=st.uuids())
def test_back_off_doubles_to_an_hour_and_is_the_same_whenever_it_is_asked(tries: int, row: Any) -> None:
    wait = BackOff().after(tries, row)
    least = min(timedelta(seconds=5 * 2 ** (tries - 1)), timedelta(hours=1))
    assert least <= wait <= least * 1.25
    assert wait == BackOff().after(tries, row)
