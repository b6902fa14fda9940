"""Check-ins over HTTP. Those that arrive together share one transaction (campaigns/lib/gathering.py), as claims do:
row, points, count of the group, request key with its answer, event and audit of all are written there, or nothing is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

from campaigns.approvals.finding_selectors import lists_for
from campaigns.lib.gathering import Gathering
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import Refusal
from campaigns.requests.rules import KeyInUse, KeyReused
from campaigns.requests.services import Answer, Kept, keep_answers
from campaigns.tenants.scopes import Scope, ScopeClosed, system_scope
from community.checkins.models import CheckIn
from community.checkins.refusals import BY_WORD
from community.checkins.selectors import own_check_in
from community.groups.models import Group

MOST = 256
# How long a lot waits for a lock before each of it is tried alone, and then says so, seconds.
PATIENCE = 3.0

_COLUMNS = (
    "place, word, customer, home, home_pos, group_id, programme, title, day, is_makeup, state, fresh, streak, units,"
    " given, cost, goal, counted, status, headers, body"
)
_CHECK_IN = (
    f"SET LOCAL lock_timeout = '{int(PATIENCE * 1000)}ms'; SELECT {_COLUMNS}"  # noqa: S608 - names of ours
    " FROM check_in(%s, %s, %s, %s::jsonb) ORDER BY place"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a customer sends along. `day`: of a make-up, none for today; `lat` and `lon` in millionths of a degree, used
    once and kept nowhere; `picture`: a JPEG that we wrote.
    """

    programme_id: UUID | None = None
    day: date | None = None
    text: str = ""
    picture: bytes | None = None
    answer: int | None = None
    code: str = ""
    lat: int | None = None
    lon: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What the verb said of one check-in; `word` says why not. `counted` and `goal` are of the group, 0: none."""

    place: int
    word: str | None
    customer: UUID
    home: int
    home_pos: int
    group: UUID
    programme: UUID
    title: str
    day: date
    is_makeup: bool
    state: str
    pk: UUID
    streak: int
    units: int
    points: int
    cost: int
    goal: int
    counted: int
    status: int | None
    headers: str | None  # JSON
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Wish:
    """One customer's check-in at `at` (UTC), under a request key or none. `tell` makes its answer, in any thread.

    `hint`: a forbidden word in its text, for which it is held.
    """

    customer_id: UUID
    group_id: UUID
    at: datetime
    route: str
    shown: Shown
    tell: Callable[[Done | Refusal], Answer]
    request_id: UUID
    key: str = ""
    fingerprint: bytes = b""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a wish; `is_replay` when it was given before."""

    answer: Answer
    is_replay: bool = False


def check_in_together(*, wish: Wish) -> Told:
    """The answer to `wish`, kept under its key with the effect. Outside of any scope or transaction.

    Raises ScopeClosed for a customer who is not active, KeyReused for a key of another request, KeyInUse when somebody
    holds what it needs for longer than `PATIENCE`.
    """
    outcome = _GATHERING.submit(wish)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def check_in(*, scope: Scope, group_id: UUID, shown: Shown = Shown(), hint: str = "") -> CheckIn:
    """One check-in within its customer's own scope. Raises what `BY_WORD` has."""
    assert scope.customer_id is not None
    ask = _asked(1, scope.customer_id, group_id, shown, hint, scope.request_id)
    (done,) = _rows(None, scope.at, "", [ask])
    if done.word is not None:
        raise _refusal_of(done.word)
    if shown.picture is not None:
        _keep_picture(done, shown.picture)
    return own_check_in(scope=scope, check_in_id=done.pk)


def forbidden_word(*, text: str, group_id: UUID, at: datetime) -> str:
    """The first word of the lists that hold at the group's branch which the text has; empty for none.

    In a short scope of its own: who checks in has none that could see the lists.
    """
    if not text.strip():
        return ""
    with system_scope(at=at, cause="community.checkin.words") as scope:
        pos = Group.objects.filter(pk=group_id).values_list("branch_pos", flat=True).first()
        if pos is None:
            return ""
        for each in lists_for(scope=scope, branch_pos=pos):
            for hit in each.searcher.hits(text):
                return hit.word.word[:60]
    return ""


def choose_board(*, scope: Scope, is_hidden: bool) -> None:
    """Whether the scope's customer is left out of leader boards; the rows say since when."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT choose_board(%s)", [is_hidden])


def _check_in_all(wishes: Sequence[Wish]) -> list[Told | Refusal]:
    at = max(wish.at for wish in wishes)
    try:
        with transaction.atomic():
            asks = [
                _asked(
                    place, wish.customer_id, wish.group_id, wish.shown, wish.hint, wish.request_id,
                    key=wish.key or None, print=wish.fingerprint.hex(),
                )
                for place, wish in enumerate(wishes, 1)
            ]  # fmt: skip
            rows = _rows(new_id(), at, wishes[0].route, asks)
            for wish, row in zip(wishes, rows, strict=True):
                if row.word is None and wish.shown.picture is not None:
                    _keep_picture(row, wish.shown.picture)
            outcomes = [_told(wish, row) for wish, row in zip(wishes, rows, strict=True)]
            kept = [
                Kept(wish.customer_id, row.home, row.home_pos, wish.key, wish.fingerprint, outcome.answer)
                for wish, row, outcome in zip(wishes, rows, outcomes, strict=True)
                if wish.key and isinstance(outcome, Told) and not outcome.is_replay
            ]
            if kept:
                keep_answers(route=wishes[0].route, at=at, kept=kept)
    except OperationalError as error:
        if len(wishes) == 1 and isinstance(error.__cause__, LockNotAvailable):
            return [KeyInUse(retry_after=1)]
        raise
    return outcomes


def _told(wish: Wish, row: Done) -> Told | Refusal:
    if row.word is None:
        return Told(wish.tell(row))
    if row.word == "seen":
        return Told(
            Answer(row.status or 0, orjson.loads(row.headers or "{}"), bytes(row.body or b"")), is_replay=True
        )
    refusal = _refusal_of(row.word)
    return refusal if row.word in ("closed", "key_reused") else Told(wish.tell(refusal))


def _refusal_of(word: str) -> Refusal:
    """The refusal that a verb's word stands for."""
    if word == "closed":
        return ScopeClosed()
    return KeyReused() if word == "key_reused" else BY_WORD[word]()


def _asked(
    place: int,
    customer_id: UUID,
    group_id: UUID,
    shown: Shown,
    hint: str,
    request_id: UUID,
    **key: str | None,
) -> dict[str, Any]:
    return {
        "place": place,
        "customer": customer_id,
        "group": group_id,
        "programme": shown.programme_id,
        "day": shown.day,
        "fresh": new_id(),
        "request": request_id,
        "text": shown.text.strip()[:500],
        "hint": hint,
        "picture": shown.picture is not None,
        "answer": shown.answer,
        "code": shown.code,
        "lat": shown.lat,
        "lon": shown.lon,
        **key,
    }


def _rows(lot: UUID | None, at: datetime, route: str, asks: Sequence[dict[str, Any]]) -> list[Done]:
    with connection.cursor() as cursor:
        cursor.execute(_CHECK_IN, [lot, at, route, orjson.dumps(asks).decode()])
        cursor.nextset()
        return [Done(*row) for row in cursor.fetchall()]


def _keep_picture(done: Done, picture: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT keep_check_in_picture(%s, %s, %s)", [done.pk, done.customer, picture])


_GATHERING: Gathering[Wish, Told | Refusal] = Gathering(
    _check_in_all, most=MOST, apart=lambda w: w.customer_id
)
