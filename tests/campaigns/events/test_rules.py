"""Ids and moments, for any moment there may be; and bodies of any shape, which are refused and never crash."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings as Given

from campaigns.events.refusals import EventMomentMalformed
from campaigns.events.registry import register_event, whole
from campaigns.events.rules import first_id_at, moment_of, outside_id, read_moment
from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from tests.support.cast import Cast
from tests.support.events import ITEM, SOURCES, bought, call_hook, phone, stored, viewed

BEGINNING, DAY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)
MOMENTS = st.integers(0, 253_402_000_000_000_000).map(lambda n: BEGINNING + timedelta(microseconds=n))
MILLISECOND = timedelta(milliseconds=1)


@given(MOMENTS, st.text(string.ascii_letters, min_size=1), st.text(string.ascii_letters, min_size=1))
def test_an_outside_id_is_a_uuidv7_of_its_moment_and_of_nothing_else(at: datetime, a: str, b: str) -> None:
    made = UUID(outside_id(source="core", told=a, at=at))
    assert made.version == 7 and made.variant == "specified in RFC 4122"
    assert timedelta() <= at - moment_of(str(made)) < MILLISECOND
    assert first_id_at(at) <= made < first_id_at(at + MILLISECOND)
    assert str(made) == outside_id(source="core", told=a, at=at)
    assert (outside_id(source="core", told=b, at=at) == str(made)) == (a == b)
    assert outside_id(source="card", told=a, at=at) != str(made)


@given(
    st.datetimes(allow_imaginary=False).filter(lambda at: 1 < at.year < 9999), st.integers(-14 * 60, 14 * 60)
)
def test_a_moment_is_the_same_in_every_zone(at: datetime, minutes: int) -> None:
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    moment = read_moment(at.isoformat() + zone)
    assert moment.utcoffset() == timedelta()
    assert moment.replace(tzinfo=None) == at - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-11-22", "2026-11-22T10:00", "2026-13-01T00:00:00Z", "2026-11-22T24:01:00Z", "２０２６", None,
     7, True, [], "2026-11-22T10:00:61Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "x" * 99],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: Any) -> None:
    with pytest.raises(EventMomentMalformed):
        read_moment(text)


def test_a_kind_is_registered_once_and_well_formed() -> None:
    for code in ("content", "Content.seen", "content.seen.by.me", "content.seen2"):
        with pytest.raises(ValueError, match="not a kind"):
            register_event(code, label="x")
    with pytest.raises(ValueError, match="exists already"):
        register_event("content.viewed", label="x", properties={"minutes": whole(0, 1)})


# Values as they may come from anywhere, and near-misses of what is right.
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["id", "kind", "at", "subject", "properties", "customer_number", "unionid", "openid", "app", "x"]
)
_GOOD = st.sampled_from(
    [
        "content.viewed", "core.bought", "app.opened", str(new_id()), ITEM, now().isoformat(), "N-nb-000001",
        {"seconds": 3}, {"amount_fen": 5}, {}, "\x00", "\ufffd",
    ]
)  # fmt: skip
_EVENTS = st.one_of(
    _JSON,
    st.dictionaries(_NAMES, _GOOD | _JSON, max_size=7),
    st.builds(lambda more: viewed() | more, st.dictionaries(_NAMES, _GOOD | _JSON, max_size=2)),
    st.builds(lambda more: bought("N-nb-000001") | more, st.dictionaries(_NAMES, _GOOD | _JSON, max_size=2)),
)
_BODIES = st.one_of(
    st.lists(_EVENTS, max_size=6).map(lambda events: {"events": events}),
    _JSON,
    st.binary(max_size=60),
)
FUZZED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _check(answer: Any, body: Any, before: int) -> None:
    """Every event is accounted for once, and what is not taken is not there."""
    assert answer.status_code in (200, 400), (answer.status_code, answer.content)
    told = answer.json()
    if answer.status_code == 400:
        assert told["code"] in {"request.body.unreadable", "events.batch.malformed"}
        assert len(stored()) == before
        return
    assert len(told["taken"]) + len(told["known"]) + len(told["refused"]) == len(body["events"])
    assert len(stored()) == before + len(told["taken"])
    assert [r["index"] for r in told["refused"]] == sorted(r["index"] for r in told["refused"])


def test_a_phone_may_say_anything(cast: Cast) -> None:
    caller = phone(cast.customers["nb"])

    @FUZZED
    @given(_BODIES)
    def run(body: Any) -> None:
        before = len(stored())
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        _check(caller.post("/api/v1/events", raw), body, before)

    run()
    assert 0 < len(stored()) < 300


def test_a_signed_system_may_say_anything(cast: Cast, settings: Given) -> None:
    settings.EVENT_SOURCES = SOURCES

    @FUZZED
    @given(_BODIES)
    def run(body: Any) -> None:
        before = len(stored())
        _check(call_hook(body), body, before)

    run()
    assert 0 < len(stored()) < 300
