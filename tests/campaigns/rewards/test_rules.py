"""What is promised, when it is good, and how it is said."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import code_of, hash_of, open_token, seal_token
from campaigns.rewards.refusals.coupons import (
    AmountsDoNotFit,
    TokenExpired,
    TokenInvalid,
    UsableIsUnclear,
    WindowIsBackward,
)
from campaigns.rewards.rules import (
    Terms,
    check_terms,
    is_usable,
    shown_status,
    usable_window,
)
from campaigns.rewards.sentences import sentence

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
# 2020 to 2060.
moments = st.integers(1_577_836_800, 2_840_140_800).map(lambda s: datetime.fromtimestamp(s, UTC))
zones = st.sampled_from([SHANGHAI, ZoneInfo("Asia/Urumqi"), ZoneInfo("Europe/London"), ZoneInfo("UTC")])


def days(number: int) -> Terms:
    return Terms(100_00, 20_00, None, None, number)


@pytest.mark.parametrize(
    ("terms", "zh", "en"),
    [
        (days(7), "满100减20，领取后7天内有效", "¥20 off orders from ¥100, valid for 7 days after claiming"),
        (days(1), "满100减20，领取后1天内有效", "¥20 off orders from ¥100, valid for 1 day after claiming"),
        (
            Terms(0, 5_50, None, None, 2),
            "立减5.5元，领取后2天内有效",
            "¥5.5 off any order, valid for 2 days after claiming",
        ),
        (
            # 1 December, midnight in Shanghai, to the midnight that ends 31 December.
            Terms(200_00, 50_00, datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC), None),
            "满200减50，12月1日至12月31日有效",
            "¥50 off orders from ¥200, valid 1 Dec to 31 Dec",
        ),
    ],
)  # fmt: skip
def test_a_customer_reads_one_sentence(terms: Terms, zh: str, en: str) -> None:
    assert sentence(terms=terms, zone=SHANGHAI, language="zh-hans") == zh
    assert sentence(terms=terms, zone=SHANGHAI, language="en") == en


def test_seven_days_after_a_claim_at_noon_end_at_the_eighth_midnight() -> None:
    start, end = usable_window(terms=days(7), claimed_at=NOON, zone=SHANGHAI)
    assert start == NOON
    assert end == datetime(2026, 11, 29, 16, 0, tzinfo=UTC)  # 30 November 00:00 in Shanghai


@given(claimed_at=moments, number=st.integers(1, 400), zone=zones)
def test_days_after_the_claim_are_never_short_and_end_at_midnight(
    claimed_at: datetime, number: int, zone: ZoneInfo
) -> None:
    start, end = usable_window(terms=days(number), claimed_at=claimed_at, zone=zone)
    assert start == claimed_at
    # In local days; a clock that is put forward takes an hour from the sum in UTC.
    assert end - start > timedelta(days=number) - timedelta(hours=1)
    assert end - start <= timedelta(days=number + 1, hours=1)
    assert (end.astimezone(zone).hour, end.astimezone(zone).minute) == (0, 0)


@given(start=moments, length=st.timedeltas(timedelta(seconds=1), timedelta(days=900)), asked=moments)
def test_a_coupon_is_usable_from_its_first_moment_until_before_its_last(
    start: datetime, length: timedelta, asked: datetime
) -> None:
    end = start + length
    for at in (start, end, asked, end - timedelta(microseconds=1), start - timedelta(microseconds=1)):
        usable = is_usable(status="claimed", usable_from=start, usable_until=end, at=at)
        assert usable == (start <= at < end)
        assert (shown_status(status="claimed", usable_until=end, at=at) == "expired") == (at >= end)
        assert not is_usable(status="redeemed", usable_from=start, usable_until=end, at=at)


@given(
    threshold=st.integers(-5, 50),
    off=st.integers(-5, 50),
    usable_days=st.none() | st.integers(-2, 5),
    usable_from=st.none() | moments,
    usable_until=st.none() | moments,
)
def test_terms_that_pass_are_ones_the_database_takes(
    threshold: int,
    off: int,
    usable_days: int | None,
    usable_from: datetime | None,
    usable_until: datetime | None,
) -> None:
    """The same conditions as the table's CHECKs, written out once more."""
    terms = Terms(threshold, off, usable_from, usable_until, usable_days)
    amounts = off > 0 and (threshold == 0 or threshold >= off)
    by_days = usable_days is not None and usable_days >= 1 and usable_from is None and usable_until is None
    fixed = (
        usable_days is None
        and usable_from is not None
        and usable_until is not None
        and usable_until > usable_from
    )
    try:
        check_terms(terms=terms, claim_from=NOON, claim_until=NOON + timedelta(days=1))
    except Refusal:
        assert not (amounts and (by_days or fixed))
    else:
        assert amounts
        assert by_days or fixed


@pytest.mark.parametrize(
    ("terms", "hours", "refusal"),
    [
        (days(7), 0, WindowIsBackward),
        (Terms(10_00, 20_00, None, None, 7), 1, AmountsDoNotFit),
        (Terms(0, 0, None, None, 7), 1, AmountsDoNotFit),
        (Terms(0, 5, None, None, None), 1, UsableIsUnclear),
        (Terms(0, 5, NOON, NOON, None), 1, UsableIsUnclear),
        (Terms(0, 5, NOON, NOON + timedelta(1), 7), 1, UsableIsUnclear),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: Terms, hours: int, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        check_terms(terms=terms, claim_from=NOON, claim_until=NOON + timedelta(hours=hours))


@given(st.uuids())
def test_a_code_is_one_hundred_bits_and_forgives_how_it_is_typed(coupon_id: object) -> None:
    code = code_of(coupon_id)  # type: ignore[arg-type]
    assert len(code) == 23
    assert code.count("-") == 3
    assert not set("ILOU") & set(code)
    typed = code.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert hash_of(typed) == hash_of(code)


@given(coupon_id=st.uuids(), times=st.integers(0, 65_535), at=moments, seconds=st.integers(0, 120))
def test_a_token_says_its_coupon_for_a_minute(
    coupon_id: object, times: int, at: datetime, seconds: int
) -> None:
    token, expires_at = seal_token(coupon_id=coupon_id, redeemed_times=times, at=at)  # type: ignore[arg-type]
    asked = at + timedelta(seconds=seconds)
    if asked >= expires_at:
        with pytest.raises(TokenExpired):
            open_token(token=token, at=asked)
    else:
        opened = open_token(token=token, at=asked)
        assert (opened.coupon_id, opened.redeemed_times) == (coupon_id, times)
    assert timedelta(seconds=59) <= expires_at - at <= timedelta(seconds=60)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda b: b.hex()))
def test_what_we_did_not_seal_is_no_token(text: str) -> None:
    with pytest.raises(TokenInvalid):
        open_token(token=text, at=NOON)


@given(
    st.integers(0, 50), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
)
def test_a_token_with_one_character_changed_is_no_token(place: int, letter: str) -> None:
    token, _end = seal_token(coupon_id=UUID(int=7), redeemed_times=0, at=NOON)
    if token[place] == letter or place == len(token) - 1:  # the last character carries spare bits
        return
    with pytest.raises(TokenInvalid):
        open_token(token=token[:place] + letter + token[place + 1 :], at=NOON)
