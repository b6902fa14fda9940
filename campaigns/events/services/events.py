"""Taking events: from phones and systems of the bank. Whole batches, in as few transactions as they arrive in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, connection

from campaigns.customers.selectors import lookup_of
from campaigns.events.following import Heard, tell_followers
from campaigns.events.refusals import (
    BatchMalformed,
    CustomerUnknown,
    CustomerUnnamed,
    EventIdMalformed,
    EventMomentMalformed,
    EventRefused,
    EventUnreadable,
)
from campaigns.events.registry import Door, kinds
from campaigns.events.rules import (
    FIELDS,
    Horizon,
    Told,
    is_outside_id,
    judged,
    outside_id,
    read_moment,
    shown,
)
from campaigns.lib.gathering import Gathering
from campaigns.tenants.scopes import Scope, ScopeClosed

_TAKE = "SELECT known, closed FROM take_events(%s, %s, %s, %s, %s, %s, %s, %s, %s)"

MOST = 100  # events of one request of a phone
MOST_OF_HOOK = 1_000

# How an event of another system names its customer: field -> kind of identity.
NAMED_BY = {"customer_number": "customer_number", "unionid": "unionid", "openid": "openid"}
_OUTSIDE_FIELDS = FIELDS | NAMED_BY.keys() | {"app"}


@dataclass(frozen=True, slots=True)
class Refused:
    """One event that was not taken: its place in the batch (from 0), and why."""

    index: int
    refusal: EventRefused


@dataclass(slots=True)
class Outcome:
    """What became of a batch: ids that are new, ids that were told before, and what is refused."""

    taken: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Written(NamedTuple):
    """What the verb answers: ids that stood there already, and customers that are not active."""

    known: frozenset[str]
    closed: frozenset[str]


def take_phone_events(*, scope: Scope, events: object) -> Outcome:
    """What a customer's phone tells of its customer; `scope` is the customer's, and not opened.

    The good events are taken, the others answered by their places. Raises BatchMalformed, and ScopeClosed for a
    customer who is not active any more.
    """
    if type(events) is not list or not 1 <= len(events) <= MOST:
        raise BatchMalformed(most=MOST)
    outcome = Outcome()
    known_kinds, customer = kinds(), str(scope.carry["customer"])
    horizon = Horizon.of(scope.at, known_kinds)
    found: dict[str, Told] = {}
    for index, event in enumerate(events):
        try:
            told = judged(event, door="phone", kinds=known_kinds, horizon=horizon)
        except EventRefused as refusal:
            outcome.refused.append(Refused(index, refusal))
        else:
            _add(found, told, outcome)
    if found:
        written = _TOGETHER.submit(_Batch(scope.at, [(customer, told) for told in found.values()]))
        if customer in written.closed:
            raise ScopeClosed
        _sort_out(outcome, found, written)
    return outcome


def take_outside_events(
    *,
    events: Sequence[tuple[int, Any]],
    door: Door,
    source: str,
    at: datetime,
    only: frozenset[str] | None = None,
) -> Outcome:
    """What a system of the bank tells of customers whom it names: (place, event) for each.

    `only`: the kinds it may tell; None for all that may come in by `door`. An id is the system's own text: made into
    one of ours, together with `at`. Two queries, and what followers ask (`following.py`); in the caller's transaction,
    if there is one.
    """
    outcome = Outcome()
    told: list[tuple[int, Told, tuple[str, bytes]]] = []
    own_ids: dict[str, str] = {}
    allowed = {code: kind for code, kind in kinds().items() if only is None or code in only}
    horizon = Horizon.of(at, allowed)
    for index, event in events:
        try:
            mine, name = _of_outside(event, source)
            told.append((index, judged(mine, door=door, kinds=allowed, horizon=horizon), name))
            own_ids[mine["id"]] = event["id"]
        except EventRefused as refusal:
            outcome.refused.append(Refused(index, refusal))
    customers = _customers([name for _index, _event, name in told])
    found: dict[str, Told] = {}
    whose: dict[str, UUID] = {}
    for place, (index, event, _name) in enumerate(told, start=1):
        if place not in customers:
            outcome.refused.append(Refused(index, CustomerUnknown()))
        elif _add(found, event, outcome):
            whose[event.id] = customers[place]
    if found:
        rows = [(str(whose[event.id]), event) for event in found.values()]
        _sort_out(outcome, found, write_rows(rows=rows, source=f"{door}:{source}", at=at))
        heard = [Heard(found[key], own_ids[key], whose[key]) for key in outcome.taken]
        tell_followers(source, heard, at)
    outcome.refused.sort(key=lambda refused: refused.index)
    return outcome


def write_rows(*, rows: Sequence[tuple[str, Told]], source: str, at: datetime) -> Written:
    """Give checked events (customer, event) to the verb: all are written or none, and each id once.

    Its arrays are written out here: what was judged has no letter in it that an array would read as its own, but for
    the properties, which are quoted.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            [
                _array(told.id for _customer, told in rows),
                _array(customer for customer, _told in rows),
                _array(told.kind for _customer, told in rows),
                _array(told.at.isoformat() for _customer, told in rows),
                _array(told.told_at.isoformat() if told.told_at else "NULL" for _customer, told in rows),
                _array(told.subject or '""' for _customer, told in rows),
                _array(_quoted(told.properties) for _customer, told in rows),
                source,
                at,
            ],
        )
        known, closed = cursor.fetchone()
    return Written(
        frozenset(str(each) for each in known or ()), frozenset(str(each) for each in closed or ())
    )


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _quoted(properties: Mapping[str, Any]) -> str:
    text = orjson.dumps(properties).decode()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Batch(NamedTuple):
    at: datetime
    rows: list[tuple[str, Told]]


def _write_at_once(rows: Sequence[tuple[str, Told]], at: datetime) -> Written:
    """Write without first asking whether the connection lives, which costs a third of the whole: a dead one is found
    out by the call, and since an id counts once the call may simply be made again.
    """
    if connection.in_atomic_block:
        return write_rows(rows=rows, source="phone", at=at)
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return write_rows(rows=rows, source="phone", at=at)
    except (OperationalError, InterfaceError):
        connection.close()
        return write_rows(rows=rows, source="phone", at=at)


def _write_together(batches: Sequence[_Batch]) -> list[Written]:
    """The batches of several requests, by one statement and one commit."""
    rows = [row for batch in batches for row in batch.rows]
    return [_write_at_once(rows, batches[-1].at)] * len(batches)


_TOGETHER: Gathering[_Batch, Written] = Gathering(_write_together, most=32)


def _add(found: dict[str, Told], told: Told, outcome: Outcome) -> bool:
    """Note an event under its id; one that its own batch has told already is known."""
    if told.id in found:
        outcome.known.append(told.id)
        return False
    found[told.id] = told
    return True


def _sort_out(outcome: Outcome, found: Mapping[str, Told], written: Written) -> None:
    if not written.known:
        outcome.taken.extend(found)
        return
    for key in found:
        (outcome.known if key in written.known else outcome.taken).append(key)


def _of_outside(event: Any, source: str) -> tuple[dict[str, Any], tuple[str, bytes]]:
    """The event with an id of ours, and by which hash its customer is found."""
    if type(event) is not dict:
        raise EventUnreadable(name="")
    if unknown := event.keys() - _OUTSIDE_FIELDS:
        raise EventUnreadable(name=shown(min(unknown)))
    names = [name for name in NAMED_BY if name in event]
    if len(names) != 1:
        raise CustomerUnnamed
    value, app = event[names[0]], event.get("app", "")
    # The app belongs to an openid, and to nothing else.
    if not is_outside_id(value) or type(app) is not str or bool(app) != (names[0] == "openid"):
        raise CustomerUnnamed
    if not is_outside_id(event.get("id")):
        raise EventIdMalformed
    if event.get("at") is None:
        raise EventMomentMalformed
    key = outside_id(source=source, told=event["id"], at=read_moment(event["at"]))
    mine = {name: event[name] for name in FIELDS if name in event} | {"id": key}
    kind = NAMED_BY[names[0]]
    return mine, (kind, lookup_of(kind=kind, value=value, app=app))


def _customers(names: Sequence[tuple[str, bytes]]) -> dict[int, UUID]:
    """Whom do these hashes name? Place (from 1) -> customer."""
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place, customer_id FROM events_customers(%s, %s)",
            [[kind for kind, _lookup in names], [lookup for _kind, lookup in names]],
        )
        return dict(cursor.fetchall())
