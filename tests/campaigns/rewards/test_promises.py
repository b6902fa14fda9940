"""What a batch promises beside money off: kinds, times, places, limits in time, and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_DOWN, Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.approvals.rules import NotReady
from campaigns.customers.models import Customer, Profile
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tags import tag_customers
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Coupon
from campaigns.rewards.refusals.coupons import (
    AmountsDoNotFit,
    ChosenElsewhere,
    CirclesDoNotHold,
    DayLimitReached,
    DaysAreUnclear,
    LimitReached,
    LimitsAreUnclear,
    MonthLimitReached,
    NotAtThisHour,
    NotForYou,
    NotHere,
    NotOnThisDay,
    OrderMissing,
    OrderTooSmall,
    PositionMissing,
    TooFar,
    UsableIsUnclear,
    WeekLimitReached,
)
from campaigns.rewards.rules import OWN_AMOUNTS, Terms, open_days, usable_window, worth
from campaigns.rewards.selectors.coupons import live_batch as seen_batch
from campaigns.rewards.selectors.coupons import live_batches
from campaigns.rewards.sentences import sentence
from campaigns.rewards.services.batches import add_batch, submit_batch
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon, void_coupon
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.rewards import TERMS, draft_batch, live_batch

SHANGHAI = ZoneInfo("Asia/Shanghai")
# What each kind has of its own; the rest as in TERMS.
KINDS: dict[str, dict[str, Any]] = {
    "cash_off": {},
    "percent_off": {"percent": 15},
    "gift": {"threshold_fen": 0, "thing": "保温杯"},
    "top_up": {"threshold_fen": 0, "face_value": 30, "face_unit": "yuan"},
    "bank_right": {"threshold_fen": 0, "thing": "机场贵宾厅"},
    "red_packet": {"threshold_fen": 0},
}


def terms_of(kind: str, **more: Any) -> Terms:
    return replace(Terms(100_00, 20_00, None, None, 7), kind=kind, **(KINDS[kind] | more))


def claim(cast: Cast, batch: Batch, name: str = "nb", at: datetime = AT) -> Coupon:
    with cast.customers[name].scope(at=at) as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


# --- what it gives --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "zh", "en"),
    [
        (terms_of("percent_off"), "满100元8.5折，最高减20元，领取后7天内有效",
         "15% off orders from ¥100, at most ¥20, valid for 7 days after claiming"),
        (terms_of("percent_off", percent=10, threshold_fen=0, usable_after_days=1),
         "9折，最高减20元，领取次日起7天内有效",
         "10% off any order, at most ¥20, valid for 7 days from the day after claiming"),
        (terms_of("gift", usable_after_days=3), "兑换保温杯（价值20元），领取后第3天起7天内有效",
         "Exchange for 保温杯 (worth ¥20), valid for 7 days from day 3 after claiming"),
        (terms_of("top_up"), "30元话费，领取后7天内有效", "¥30 of phone credit, valid for 7 days after claiming"),
        (terms_of("top_up", face_unit="gb"), "30GB流量，领取后7天内有效",
         "30GB of data, valid for 7 days after claiming"),
        (terms_of("bank_right"), "享机场贵宾厅（价值20元），领取后7天内有效",
         "机场贵宾厅 (worth ¥20), valid for 7 days after claiming"),
        (terms_of("red_packet"), "20元红包，领取后7天内有效", "Red packet of ¥20, valid for 7 days after claiming"),
        (terms_of("cash_off", weekdays=(6, 5), hours_from=time(22), hours_until=time(2), day_rule="not_holidays"),
         "满100减20，领取后7天内有效，仅限周五、周六，法定节假日除外，22:00至次日02:00可用",
         "¥20 off orders from ¥100, valid for 7 days after claiming, on Fri and Sat, not on public holidays,"
         " 22:00 to 02:00 the next day"),
        (terms_of("red_packet", places=("甲", "乙", "丙", "丁"), circles=((30_000_000, 120_000_000, 500),),
                  hours_from=time(18), hours_until=time(0)),
         "20元红包，领取后7天内有效，18:00至24:00可用，限甲、乙、丙等4家机构使用，限指定地点附近使用",
         "Red packet of ¥20, valid for 7 days after claiming, 18:00 to 24:00, at 甲, 乙, 丙 and 1 more,"
         " near chosen places only"),
    ],
)  # fmt: skip
def test_every_kind_has_its_one_sentence(terms: Terms, zh: str, en: str) -> None:
    assert sentence(terms=terms, zone=SHANGHAI, language="zh-hans") == zh
    assert sentence(terms=terms, zone=SHANGHAI, language="en") == en


money = st.integers(0, 10_000_000) | st.integers(0, 300) | st.integers(0, 100_000_000_000)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    threshold=money,
    off=money.map(lambda fen: fen + 1),
    percent=st.integers(1, 99),
    order=st.none() | money,
)
def test_a_redemption_is_worth_the_same_to_the_rule_and_to_the_database(
    cast: Cast, kind: str, threshold: int, off: int, percent: int, order: int | None
) -> None:
    """Exact: also as decimals, half a fen down."""
    terms = replace(Terms(threshold, off, None, None, 1), kind=kind, percent=percent)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rewards_worth(%s, %s, %s, %s, %s)", [kind, threshold, off, percent, order])
        [[gives]] = cursor.fetchall()
    assert gives == worth(terms=terms, order_fen=order)
    if kind == "percent_off" and order is not None and order >= threshold:
        exact = (Decimal(order) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_DOWN)
        assert gives == min(off, int(exact))
    assert gives is None or 0 <= gives <= off
    if kind.endswith("_off") and gives:
        assert order is None or gives <= order


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_has_its_own_amounts_and_no_other_kinds(cast: Cast, kind: str) -> None:
    """The service refuses in words; the table refuses whoever comes past it."""
    own: dict[str, Any] = {
        "threshold_fen": 1,
        "percent": 5,
        "thing": "杯",
        "face_value": 5,
        "face_unit": "gb",
    }
    with cast.north_rewards.scope() as scope:
        good = replace(TERMS, kind=kind, **KINDS[kind])
        batch = add_batch(scope=scope, terms=good)
        wrong: list[dict[str, Any]] = [{"off_fen": 0}, {"percent": 100}]
        wrong += [{name: value} for name, value in own.items() if name not in OWN_AMOUNTS[kind]]
        wrong += [{name: "" if name in ("thing", "face_unit") else None}
                  for name in OWN_AMOUNTS[kind] - {"threshold_fen"}]  # fmt: skip
        for each in wrong:
            with pytest.raises(AmountsDoNotFit):
                add_batch(scope=scope, terms=replace(good, **each))
            with pytest.raises(IntegrityError, match="own_amounts"), transaction.atomic():
                Batch.objects.filter(pk=batch.pk).update(**each)


@pytest.mark.parametrize(
    ("terms", "refusal", "constraint"),
    [
        ({"hours_from": time(9)}, DaysAreUnclear, "hours_are_two"),
        ({"hours_from": time(9), "hours_until": time(9)}, DaysAreUnclear, "hours_are_two"),
        ({"weekdays": [0]}, DaysAreUnclear, "days_are_known"),
        ({"weekdays": [1, 8]}, DaysAreUnclear, "days_are_known"),
        ({"circles": [[91_000_000, 0, 500]]}, CirclesDoNotHold, "circles_hold"),
        ({"circles": [[30_000_000, 120_000_000, 9]]}, CirclesDoNotHold, "circles_hold"),
        ({"circles": [[30_000_000, 120_000_000, 500]] * 21}, CirclesDoNotHold, "circles_hold"),
        ({"usable_days": None, "usable_from": AT, "usable_until": AT + timedelta(1), "usable_after_days": 1},
         UsableIsUnclear, "only_days_begin_later"),
        ({"per_day_limit": 0}, LimitsAreUnclear, "limits_in_time"),
        ({"new_within_days": 0}, LimitsAreUnclear, "limits_in_time"),
        ({"stages": ["asleep", "rich"]}, None, "is_for_somebody"),
    ],
)  # fmt: skip
def test_terms_that_do_not_hold_are_refused_by_service_and_table(
    cast: Cast, terms: dict[str, Any], refusal: type[Refusal] | None, constraint: str
) -> None:
    with cast.north_rewards.scope() as scope:
        if refusal is not None:
            with pytest.raises(refusal):
                add_batch(scope=scope, terms=replace(TERMS, **terms))
        batch = add_batch(scope=scope, terms=TERMS)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(**terms)


def test_what_a_redemption_was_really_worth_is_recorded(cast: Cast) -> None:
    batch = live_batch(
        cast, kind="percent_off", percent=15, off_fen=20_00, threshold_fen=10_00, per_customer_limit=4
    )
    coupon, second = claim(cast, batch), claim(cast, batch)
    assert (coupon.kind, coupon.off_fen) == ("percent_off", 20_00)
    with cast.sb_clerk.scope() as scope:
        for order, refusal in ((None, OrderMissing), (9_99, OrderTooSmall)):
            with pytest.raises(refusal):
                redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=order)
        # 15 % of 33.30 are 4.995: half a fen stays with whoever pays.
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=33_30).off_fen == 4_99
        assert redeem_coupon(scope=scope, code=code_of(second.pk), order_fen=500_00).off_fen == 20_00
    for kind in ("gift", "top_up", "bank_right", "red_packet"):
        held = claim(cast, live_batch(cast, kind=kind, off_fen=18_00, **KINDS[kind]))
        with cast.nb_clerk.scope() as scope:
            assert redeem_coupon(scope=scope, code=code_of(held.pk), order_fen=5).off_fen == 18_00


# --- when -----------------------------------------------------------------------------------------------------------

# 2026 and 2027
moments = st.integers(1_767_225_600, 1_830_211_200).map(lambda s: datetime.fromtimestamp(s, UTC))
clocks = st.times().map(lambda t: t.replace(minute=t.minute // 30 * 30, second=0, microsecond=0))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=moments, after=st.integers(0, 40), days=st.integers(1, 300))
def test_days_that_begin_later_are_whole_and_the_same_to_rule_and_database(
    cast: Cast, at: datetime, after: int, days: int
) -> None:
    batch = live_batch(cast, at=at, claim_from=at, claim_until=at + timedelta(days=1), usable_days=days,
                       usable_after_days=after, shares={"NB": 1})  # fmt: skip
    coupon = claim(cast, batch, at=at)
    terms = replace(Terms(0, 1, None, None, days), usable_after_days=after)
    start, end = usable_window(terms=terms, claimed_at=at, zone=SHANGHAI)
    assert (coupon.usable_from, coupon.usable_until) == (start, end)
    if after:
        assert end - start == timedelta(days=days)
        assert start.astimezone(SHANGHAI).time() == time()
        assert (start.astimezone(SHANGHAI).date() - at.astimezone(SHANGHAI).date()).days == after


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    at=moments,
    hours=st.none() | st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]),
    weekdays=st.sets(st.integers(1, 7)).map(sorted),
)
def test_hours_and_weekdays_are_as_one_reads_them_off_the_clock_of_the_place(
    cast: Cast, at: datetime, hours: tuple[time, time] | None, weekdays: list[int]
) -> None:
    """By the hours as they begin on each day, which is another way than the database's."""
    local = at.astimezone(SHANGHAI).replace(tzinfo=None)
    inside = []
    for day in (local.date(), local.date() - timedelta(days=1)):
        opens = datetime.combine(day, hours[0] if hours else time())
        shuts = datetime.combine(
            day + timedelta(days=not hours or hours[1] < hours[0]), hours[1] if hours else time()
        )
        inside += [day] * (opens <= local < shuts)
    expected = None
    if not inside:
        expected = "not_at_this_hour"
    elif weekdays and inside[0].isoweekday() not in weekdays:
        expected = "not_on_this_day"
    with connection.cursor() as cursor:
        first, last = hours or (None, None)
        cursor.execute(
            "SELECT rewards_not_now(%s, %s, %s::int[], '', '{}', %s::timestamptz AT TIME ZONE 'Asia/Shanghai')",
            [first, last, weekdays, at],
        )
        assert cursor.fetchone()[0] == expected


def test_holidays_are_frozen_with_the_approval_and_never_guessed(cast: Cast) -> None:
    october = datetime(2026, 9, 25, tzinfo=UTC)
    window = {"claim_from": october, "claim_until": october + timedelta(days=20), "usable_days": None,
              "usable_from": october, "usable_until": datetime(2026, 12, 31, 16, tzinfo=UTC)}  # fmt: skip
    # 1 October: National Day; 10 October, a Saturday: worked instead; 11 October: a Sunday; 12 October: a Monday.
    said = {"not_holidays": (False, True, True, True), "holidays": (True, False, False, False),
            "workdays": (False, True, False, True)}  # fmt: skip
    for rule, good in said.items():
        batch = live_batch(cast, at=october, day_rule=rule, per_customer_limit=4, **window)
        for day, is_good in zip((1, 10, 11, 12), good, strict=True):
            coupon = claim(cast, batch, at=october)
            with cast.nb_clerk.scope(at=datetime(2026, 10, day, 1, tzinfo=UTC)) as scope:
                if is_good:
                    redeem_coupon(scope=scope, code=code_of(coupon.pk))
                else:
                    with pytest.raises(NotOnThisDay):
                        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    late = draft_batch(
        cast, day_rule="workdays", **window | {"usable_until": datetime(2027, 1, 2, tzinfo=UTC)}
    )
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=late.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        with pytest.raises(NotReady, match="2026"):
            submit_batch(scope=scope, batch_id=late.pk)


# --- where ----------------------------------------------------------------------------------------------------------


def test_a_coupon_is_redeemed_in_its_hours_and_at_its_places_only(cast: Cast) -> None:
    """22:00 to 02:00 on Fridays, at NB, within 500 m of a point."""
    here, near, far = (30_274_085, 120_155_070), (30_277_600, 120_155_070), (30_280_000, 120_155_070)
    # AT is a Sunday; the Friday after it is 27 November.
    friday = datetime(2026, 11, 27, 14, tzinfo=UTC)
    batch = live_batch(cast, hours_from=time(22), hours_until=time(2), weekdays=[5], per_customer_limit=9,
                       redeem_branches=[cast.branch["NB"].pk], circles=[[*here, 500]])  # fmt: skip
    coupon = claim(cast, batch)
    refused: tuple[tuple[str, timedelta, Any, type[Refusal]], ...] = (
        ("nb_clerk", timedelta(minutes=-1), near, NotAtThisHour),
        ("nb_clerk", timedelta(hours=4), near, NotAtThisHour),
        ("nb_clerk", timedelta(days=1), near, NotOnThisDay),
        ("nb_clerk", timedelta(hours=-21), near, NotOnThisDay),  # at one in the night it is still Thursday's
        ("sb_clerk", timedelta(), near, NotHere),
        ("nb_clerk", timedelta(), None, PositionMissing),
        ("nb_clerk", timedelta(), far, TooFar),
    )
    for clerk, later, position, refusal in refused:
        with cast.play(clerk).scope(at=friday + later) as scope, pytest.raises(refusal):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), position=position)
    # Saturday, 01:59.
    with cast.nb_clerk.scope(at=friday + timedelta(hours=3, minutes=59)) as scope:
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk), position=near).off_fen == 20_00


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(-1, 1), st.floats(-1, 1))
def test_metres_are_those_of_a_great_circle(
    cast: Cast, lat: float, lon: float, up: float, right: float
) -> None:
    a, b = (lat, lon), (lat + up, max(-180.0, min(180.0, lon + right)))
    one, two = ((radians(x), radians(y)) for x, y in (a, b))
    half = sin((two[0] - one[0]) / 2) ** 2 + cos(one[0]) * cos(two[0]) * sin((two[1] - one[1]) / 2) ** 2
    expected = 2 * 6_371_008.8 * asin(sqrt(half))
    with connection.cursor() as cursor:
        cursor.execute("SELECT rewards_metres(%s, %s, %s, %s)", [round(x * 1_000_000) for x in (*a, *b)])
        assert abs(cursor.fetchone()[0] - expected) < 1  # of rounding to millionths


# --- who, and how many ----------------------------------------------------------------------------------------------


def test_limits_per_day_week_and_month_are_of_the_branchs_own_time(cast: Cast) -> None:
    """Void ones count: they were claimed. AT is Sunday, 22 November 2026, in Shanghai."""
    start = AT - timedelta(days=3)
    batch = live_batch(
        cast,
        at=start,
        claim_from=start,
        per_customer_limit=9,
        per_day_limit=2,
        per_week_limit=3,
        per_month_limit=4,
        shares={"NB": 50},
    )
    sunday = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # 23:59
    story: tuple[tuple[timedelta, type[Refusal] | None], ...] = (
        (timedelta(days=-1), None),  # Saturday
        (timedelta(), None),
        (timedelta(), None),
        (timedelta(), WeekLimitReached),
        (timedelta(minutes=1), None),  # Monday, 00:00: another week, the same month
        (timedelta(minutes=2), MonthLimitReached),
        (timedelta(days=8, minutes=1), None),  # 1 December, 00:00
        (timedelta(days=8, minutes=2), None),
        (timedelta(days=8, minutes=3), DayLimitReached),
        (timedelta(days=9, minutes=1), None),
        (timedelta(days=10), WeekLimitReached),
        (timedelta(days=16), None),
        (timedelta(days=40), None),
        (timedelta(days=41), LimitReached),
    )
    for later, refusal in story:
        if refusal is None:
            coupon = claim(cast, batch, at=sunday + later)
            if later == timedelta(days=-1):
                with cast.north_rewards.scope() as scope:
                    void_coupon(scope=scope, coupon_id=coupon.pk, reason="误发")
            continue
        with pytest.raises(refusal):
            claim(cast, batch, at=sunday + later)


def test_a_batch_for_some_is_neither_seen_nor_claimed_by_others_and_says_nothing_else(cast: Cast) -> None:
    """One row a condition; over, not begun and sold out alike it is only "not for you"."""
    nb = cast.customers["nb"].customer
    with system_scope(at=AT, cause="profile") as scope:
        add_category(scope=scope, code="value", name="价值", owner_id=cast.branch["HO"].pk)
        tag = add_tag(scope=scope, code="gold", category_code="value", name="金卡").pk
        tag_customers(scope=scope, tag_id=tag, customer_ids=[nb.pk])
        Profile.objects.filter(customer_id=nb.pk).update(stage="asleep")
        joined = Customer.objects.get(pk=nb.pk).joined_at
    table: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"claim_branches": [cast.branch["NB"].pk]}, True),
        ({"claim_branches": [cast.branch["N"].pk]}, True),
        ({"claim_branches": [cast.branch["SB"].pk]}, False),
        ({"tags_any": [tag]}, True),
        ({"tags_none": [tag]}, False),
        ({"stages": ["asleep", "lost"]}, True),
        ({"stages": ["loyal"]}, False),
        ({"new_within_days": 1 + (AT - joined).days}, True),
        ({"tags_any": [tag], "stages": ["loyal"]}, False),
    )
    for terms, fits in table:
        batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", **terms)
        with cast.customers["nb"].scope() as scope:
            assert live_batches(scope=scope).filter(batch_id=batch.pk).exists() == fits
            if fits:
                assert claim_coupon(scope=scope, batch_id=batch.pk).nth == 1
                continue
            with pytest.raises(NotFound):
                seen_batch(scope=scope, batch_id=batch.pk)
            with pytest.raises(NotForYou):
                claim_coupon(scope=scope, batch_id=batch.pk)
        with cast.customers["nb"].scope(at=AT + timedelta(days=36_499)) as scope, pytest.raises(NotForYou):
            claim_coupon(scope=scope, batch_id=batch.pk)
    # No longer new, and never tagged at all.
    batch = live_batch(cast, new_within_days=3)
    with cast.customers["nb"].scope(at=AT + timedelta(days=4)) as scope, pytest.raises(NotForYou):
        claim_coupon(scope=scope, batch_id=batch.pk)
    batch = live_batch(cast, tags_any=[tag])
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotForYou):
        claim_coupon(scope=scope, batch_id=batch.pk)


def test_branches_and_tags_are_chosen_from_ones_own(cast: Cast) -> None:
    with cast.north_rewards.scope() as scope:
        for terms in (
            {"claim_branches": [cast.branch["SB"].pk]},
            {"redeem_branches": [cast.branch["NB"].pk, cast.branch["S"].pk]},
            {"tags_any": [999_999]},
            {"claim_branches": [cast.branch["N"].pk], "handed_down": False},
        ):
            with pytest.raises(ChosenElsewhere):
                add_batch(scope=scope, terms=replace(TERMS, **terms))


def test_the_calendars_days_are_of_the_window_and_the_night_before() -> None:
    terms = replace(Terms(0, 1, None, None, 1), day_rule="workdays")
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    days = open_days(
        terms=terms, claim_from=monday, claim_until=monday + timedelta(hours=1), zones=[SHANGHAI]
    )
    assert [day.isoformat() for day in days] == ["2026-11-23", "2026-11-24"]
