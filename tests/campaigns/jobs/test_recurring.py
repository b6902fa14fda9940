"""Recurring things are laid ahead in local time; a change leaves what is done and lays the rest anew."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from campaigns.audit.models import Entry
from campaigns.jobs.due_rules import Clock
from campaigns.jobs.recurring_models import Recurring
from campaigns.jobs.recurring_rules import RuleIsWrong, calendar_until
from campaigns.jobs.services.due import Ran
from campaigns.jobs.services.recurring import (
    RecursAlready,
    add_recurring,
    change_recurring,
    end_recurring,
    materialise,
)
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system, system_scope
from tests.support.cast import AT, Cast
from tests.support.due import KIND, Bell, HandClock, bell, due_rows, run_at, rung
from tests.support.races import together

THING = "test.thing:1"
DAILY = {"days": {"every": "day"}, "times": ["09:00"]}
DAY = timedelta(days=1)
TODAY = AT.date()  # 10:00 in Shanghai
on_the_wall = datetime.fromisoformat


@pytest.fixture(name="bell")
def _bell() -> Iterator[Bell]:
    with bell() as made:
        yield made


def recurs(cast: Cast, rule: dict[str, Any] | None = None, **terms: Any) -> Recurring:
    with cast.north_editor.scope() as scope:
        terms = {"kind": KIND, "subject": THING, "first": TODAY} | terms
        return add_recurring(scope=scope, rule=rule or DAILY, **terms)


def lay_ahead(clock: Clock) -> int:
    return materialise(scope=system(at=AT, cause="test"), clock=clock)


def waiting() -> list[str]:
    return [f"{due.local_time:%m-%d %H:%M}" for due in due_rows(state="waiting")]


def test_rows_are_laid_sixty_days_ahead_and_each_night_a_day_more(cast: Cast, bell: Bell) -> None:
    made = recurs(cast)
    assert (made.zone, made.laid_until, made.why_not) == ("Asia/Shanghai", TODAY + 61 * DAY, {})
    assert waiting()[:2] == ["11-23 09:00", "11-24 09:00"]  # today's has passed when it was asked for
    assert len(waiting()) == 61
    clock = HandClock(AT)
    assert lay_ahead(clock) == 0
    assert lay_ahead(lambda: AT + DAY) == 1
    assert lay_ahead(lambda: AT + 4 * DAY) == 3
    [first, *_rest] = due_rows()
    assert (first.version, first.local_time, first.branch_id) == (
        "2026-11-23T09:00",
        on_the_wall("2026-11-23T09:00"),
        cast.branch["N"].pk,
    )
    assert run_at(first.run_at) == Ran(claimed=1, done=1)
    assert rung() == [(THING, "2026-11-23T09:00")]


def test_a_change_cancels_what_is_to_come_and_lays_it_anew(cast: Cast, bell: Bell) -> None:
    made = recurs(cast)
    at = AT + DAY
    run_at(at)
    with cast.north_editor.scope(at=at) as scope:
        again = {"days": {"every": "day"}, "times": ["09:00", "18:00"]}
        change_recurring(scope=scope, recurring_id=made.pk, rule=again, misfire="skip")
    assert waiting()[:3] == ["11-23 18:00", "11-24 09:00", "11-24 18:00"]
    assert {due.misfire for due in due_rows(state="waiting")} == {"skip"}
    assert [due.state for due in due_rows(version="2026-11-23T09:00")] == ["done"]
    with cast.north_editor.scope(at=at) as scope:
        berlin = {"zone": "Europe/Berlin", "until": TODAY + 3 * DAY}
        change_recurring(scope=scope, recurring_id=made.pk, **berlin)
        assert Entry.objects.filter(verb="jobs.recurring.change").count() == 2
    assert waiting() == [
        "11-23 09:00",
        "11-23 18:00",
        "11-24 09:00",
        "11-24 18:00",
        "11-25 09:00",
        "11-25 18:00",
    ] or (waiting() == ["11-23 18:00", "11-24 09:00", "11-24 18:00", "11-25 09:00", "11-25 18:00"])
    with cast.north_editor.scope(at=at) as scope:
        assert end_recurring(scope=scope, kind=KIND, subject=THING)
        assert not end_recurring(scope=scope, kind=KIND, subject=THING)
    assert waiting() == [] and lay_ahead(lambda: at + DAY) == 0
    assert rung() == [(THING, "2026-11-23T09:00")]


def test_beyond_the_published_calendar_it_says_so_and_the_rest_goes_on(cast: Cast) -> None:
    end = calendar_until()
    at = AT.replace(year=end.year, month=12, day=1)
    clock = HandClock(at)
    workdays = {"days": {"every": "workday"}, "times": ["09:00"]}
    with cast.north_editor.scope(at=at) as scope:
        made = add_recurring(scope=scope, kind=KIND, subject=THING, rule=workdays, first=at.date())
        add_recurring(scope=scope, kind=KIND, subject="test.thing:2", rule=DAILY, first=at.date())
    assert made.laid_until == end
    assert str(end.year) in made.why_not["zh"] and str(end.year) in made.why_not["en"]
    assert due_rows(subject=THING)[-1].local_time.date() <= end
    assert due_rows(subject="test.thing:2")[-1].local_time.date() > end
    assert lay_ahead(clock) == 0
    clock.go(days=1)
    assert lay_ahead(clock) == 1
    # Far beyond: nothing is known, nothing is laid, and it still says so.
    clock.go(days=100)
    with cast.north_editor.scope(at=clock()) as scope:
        late = add_recurring(
            scope=scope, kind=KIND, subject="test.thing:3", rule=workdays, first=clock().date()
        )
    assert late.why_not != {} and due_rows(subject="test.thing:3") == []


def test_a_rule_is_of_its_branch_and_stands_once(cast: Cast) -> None:
    made = recurs(cast)
    with pytest.raises(RecursAlready):
        recurs(cast)
    with pytest.raises(RuleIsWrong):
        recurs(cast, {"days": {}, "times": []}, subject="test.thing:2")
    with cast.south_editor.scope() as scope:
        with pytest.raises(NotFound):
            change_recurring(scope=scope, recurring_id=made.pk, until=date(2027, 1, 1))
        assert not end_recurring(scope=scope, kind=KIND, subject=THING)
        with pytest.raises(NotAllowed):
            materialise(scope=scope, clock=lambda: AT)
    with cast.north_editor.scope() as scope, pytest.raises(TypeError):
        change_recurring(scope=scope, recurring_id=made.pk, kind="another")


def test_two_that_lay_at_once_lay_each_row_once(committed_cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        for n in range(4):
            add_recurring(scope=scope, kind=KIND, subject=f"test.thing:{n}", rule=DAILY, first=TODAY)
    found = together([lambda: lay_ahead(lambda: AT + 5 * DAY)] * 3)
    assert sum(found) == 4 * 5
    assert len(due_rows()) == 4 * 66
