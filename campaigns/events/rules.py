"""Is this an event that we take? Pure, and quick: it runs for every event of every phone."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from campaigns.events import refusals
from campaigns.events.registry import Door, Kind, is_uuid, months_before

# A phone's clock may be so much ahead before what it says is set right.
CLOCK_SKEW = timedelta(minutes=5)
# An id whose own time is further ahead belongs to a month that it will never see.
ID_AHEAD = timedelta(days=1)

FIELDS = frozenset({"id", "kind", "at", "subject", "properties"})

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_OUTSIDE_ID = re.compile(r"[!-~]{1,120}")
# RFC 3339 lets a leap second be told; no clock of ours has one.
_LEAP = re.compile(r"(T[0-9]{2}:[0-9]{2}:)60(\.[0-9]+)?")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Told(NamedTuple):
    """One event as it is stored. `told_at` is what the sender said, where `at` had to be set right."""

    id: str
    kind: str
    at: datetime
    told_at: datetime | None
    subject: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Horizon:
    """What a moment of asking means for each kind: from when on its events are still kept."""

    at: datetime
    # By months kept: the moment, and the same in the milliseconds of an id.
    kept_from: Mapping[int, tuple[datetime, int]]
    last_id: int

    @classmethod
    def of(cls, at: datetime, kinds: Mapping[str, Kind]) -> "Horizon":
        kept = {keeps: months_before(at, keeps) for keeps in {kind.keeps for kind in kinds.values()}}
        return cls(
            at,
            {keeps: (since, _milliseconds(since)) for keeps, since in kept.items()},
            _milliseconds(at + ID_AHEAD),
        )


def judged(
    event: Any, *, door: Door, kinds: Mapping[str, Kind], horizon: Horizon, fields: frozenset[str] = FIELDS
) -> Told:
    """The event as it will be stored. Raises EventRefused, with the reason.

    `fields`: what this door lets an event say; the id must be a UUIDv7 by now.
    """
    if type(event) is not dict:
        raise refusals.EventUnreadable(name="")
    if unknown := event.keys() - fields:
        raise refusals.EventUnreadable(name=shown(min(unknown)))
    kind = _kind(event.get("kind"), door, kinds)
    key = event.get("id")
    if type(key) is not str or not _ID.fullmatch(key):
        raise refusals.EventIdMalformed
    made = int(key[:8] + key[9:13], 16)
    if made > horizon.last_id:
        raise refusals.EventFromFuture
    kept_from, first_id = horizon.kept_from[kind.keeps]
    told, told_at = event.get("at"), None
    at = moment_of(key) if told is None else read_moment(told)
    if at > horizon.at + CLOCK_SKEW:
        at, told_at = horizon.at, at
    if made < first_id or at < kept_from:
        raise refusals.EventTooOld(kind=kind.code, months=kind.keeps)
    return Told(
        key, kind.code, at, told_at, _subject(event.get("subject", ""), kind), _properties(event, kind)
    )


def moment_of(key: str) -> datetime:
    """The time that a UUIDv7 carries, to the millisecond."""
    return _BEGINNING + timedelta(milliseconds=int(key[:8] + key[9:13], 16))


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of `moment`."""
    return UUID(int=max(_milliseconds(moment), 0) << 80)


def outside_id(*, source: str, told: str, at: datetime) -> str:
    """The id of an event that another system calls `told`: the same each time it is told of that moment.

    A UUIDv7 (RFC 9562) whose 74 free bits are a hash, so that its month follows from the event alone.
    """
    milliseconds = _milliseconds(at)
    if not 0 <= milliseconds < 1 << 48:
        raise refusals.EventMomentMalformed
    free = int.from_bytes(hashlib.sha256(f"{source}\x00{told}".encode()).digest()[:10], "big")
    return str(
        UUID(
            int=milliseconds << 80
            | 7 << 76
            | (free >> 68 & 0xFFF) << 64
            | 2 << 62
            | (free & 0x3FFF_FFFF_FFFF_FFFF)
        )
    )


def is_outside_id(told: Any) -> bool:
    """Printable ASCII without spaces, 1 to 120 characters."""
    return type(told) is str and _OUTSIDE_ID.fullmatch(told) is not None


def read_moment(text: Any) -> datetime:
    """A moment of RFC 3339 with its zone, in UTC. Raises EventMomentMalformed."""
    if type(text) is not str or len(text) > 40 or not text.isascii():
        raise refusals.EventMomentMalformed
    is_leap = text[16:19] == ":60"
    try:
        moment = datetime.fromisoformat(_LEAP.sub(r"\g<1>59\2", text) if is_leap else text)
        if moment.tzinfo is None or len(text) < 17:
            raise refusals.EventMomentMalformed
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusals.EventMomentMalformed from None


def shown(text: Any) -> str:
    """What a sender said, cut for a sentence."""
    return "".join(c for c in str(text)[:60] if c.isprintable())


def _milliseconds(moment: datetime) -> int:
    return (moment - _BEGINNING) // timedelta(milliseconds=1)


def _kind(code: Any, door: Door, kinds: Mapping[str, Kind]) -> Kind:
    kind = kinds.get(code) if type(code) is str else None
    if kind is None:
        raise refusals.EventKindUnknown(kind=shown(code))
    if door not in kind.told_by:
        raise refusals.EventKindForeign(kind=kind.code)
    return kind


def _subject(subject: Any, kind: Kind) -> str:
    if not subject and type(subject) is str:
        return ""
    if type(subject) is str and len(subject) <= 120:
        noun, _colon, key = subject.partition(":")
        if noun in kind.subjects and is_uuid(key):
            return subject
    raise refusals.SubjectIllFormed(kind=kind.code, kinds=", ".join(sorted(kind.subjects)) or "—")


def _properties(event: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
    given = event.get("properties")
    if given is None:
        given = {}
    elif type(given) is not dict:
        raise refusals.PropertyIllTyped(kind=kind.code, name="properties")
    for name, value in given.items():
        known = kind.properties.get(name)
        if known is None:
            raise refusals.PropertyUnknown(kind=kind.code, name=shown(name))
        if not known.fits(value):
            raise refusals.PropertyIllTyped(kind=kind.code, name=name)
    for name in kind.required:
        if name not in given:
            raise refusals.PropertyMissing(kind=kind.code, name=name)
    checked: Mapping[str, Any] = given
    return checked
