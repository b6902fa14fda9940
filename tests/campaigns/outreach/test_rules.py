"""Quiet hours, caps and ways, against a plain walk along the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.outreach import rules

HALF = timedelta(minutes=30)
ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 10:00
moments = st.integers(0, 730 * 48).map(lambda many: AT + many * timedelta(minutes=30))
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


def standing(**said: object) -> rules.Standing:
    given_: dict[str, object] = {
        "purpose": "service", "until": AT + timedelta(days=9), "zone": ZONE, "may": {"subscribe", "inbox"}, "tried": [],
        "has_credit": True, "still_stands": True, "lately": [],
    }  # fmt: skip
    return rules.Standing(**(given_ | said))  # type: ignore[arg-type]


@given(moments, clocks, clocks, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(
    at: datetime, first: time, last: time, zone: str
) -> None:
    terms, place = rules.Terms(first, last), ZoneInfo(zone)

    def is_quiet(moment: datetime) -> bool:
        clock = moment.astimezone(place).time()
        return first <= clock < last if first <= last else not last <= clock < first

    end = rules.quiet_end(terms, place, at)
    if first == last or not is_quiet(at):
        assert end is None
        return
    assert end is not None and end > at
    # A clock that leaves the end out, once a year in some zones, gives an hour more of quiet.
    assume(end.astimezone(place).time() == last)
    assert all(is_quiet(at + step * HALF) for step in range(int((end - at) / HALF)))


def test_what_stands_is_sent_by_the_best_way_that_is_open() -> None:
    terms = rules.Terms()
    decide = rules.decide
    assert decide(standing(), terms, AT).way == "subscribe"
    assert decide(standing(has_credit=False), terms, AT).way == "inbox"
    assert decide(standing(may={"inbox"}), terms, AT).way == "inbox"
    assert decide(standing(tried=["subscribe"]), terms, AT).way == "inbox"
    assert decide(standing(may=set()), terms, AT).why is rules.NoConsentLeft
    assert decide(standing(may={"subscribe"}, has_credit=False), terms, AT).why is rules.NoCredit
    assert decide(standing(may={"subscribe"}, tried=["subscribe"]), terms, AT).why is rules.NoWayLeft
    assert decide(standing(still_stands=False), terms, AT).why is rules.NothingStands
    assert decide(standing(until=AT), terms, AT).why is rules.TooLate


def test_at_night_nobody_is_woken() -> None:
    terms, night = rules.Terms(), datetime(2026, 11, 22, 14, 0, tzinfo=UTC)  # 22:00
    morning = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert rules.decide(standing(), terms, night).later == morning
    # What would be stale in the morning lies in the inbox, which wakes nobody.
    assert rules.decide(standing(until=morning), terms, night).way == "inbox"


def test_marketing_is_capped_by_day_and_by_week_and_service_is_not() -> None:
    terms = rules.Terms(per_day=1, per_week=2)
    hour = timedelta(hours=1)
    capped = {"purpose": "marketing", "lately": [AT - 23 * hour]}
    assert rules.decide(standing(**capped), terms, AT).why is rules.CapReached
    assert rules.decide(standing(**capped | {"purpose": "service"}), terms, AT).way == "subscribe"
    assert rules.decide(standing(purpose="marketing", lately=[AT - 24 * hour]), terms, AT).way == "subscribe"
    week = [AT - 30 * hour, AT - 60 * hour]
    assert rules.decide(standing(purpose="marketing", lately=week), terms, AT).why is rules.CapReached


def test_a_template_gets_what_its_fields_take() -> None:
    said = rules.message_fields(
        {"thing1": "title", "time2": "time"}, {"title": "一" * 30, "time": "2026-11-22 20:00"}
    )
    assert said == {"thing1": {"value": "一" * 19 + "…"}, "time2": {"value": "2026-11-22 20:00"}}
