"""Claims over HTTP. Those that arrive together share one transaction (campaigns/lib/gathering.py): coupon, request key
with its answer, event, audit and history of all of them are written there, or nothing is.

Why a lot and not a transaction each is in this room's README, with the figures.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

from campaigns.lib.gathering import Gathering
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import Refusal
from campaigns.requests.rules import KeyInUse, KeyReused
from campaigns.requests.services import Answer, Kept, keep_answers
from campaigns.rewards.codes import hash_for
from campaigns.rewards.models import Terms
from campaigns.rewards.refusals.counted import count
from campaigns.rewards.refusals.life import BY_WORD
from campaigns.tenants.scopes import ScopeClosed

# A lot is as large as the threads of one process that wait; beyond this it is two.
MOST = 256
# How long a lot waits for a lock before each of it is tried alone, and then says so, seconds.
PATIENCE = 3.0

_COLUMNS = (
    "place, word, state, coupon, batch, revision, branch, pos, zone, title, kind, threshold_fen, off_fen, usable_from,"
    " usable_until, status, headers, body"
)
# One message, and the claims as JSON: arrays of everything cost more to write down than the view.
_CLAIM = (
    f"SET LOCAL lock_timeout = '{int(PATIENCE * 1000)}ms'; SELECT {_COLUMNS}"  # noqa: S608 - names of ours
    " FROM claim_coupons(%s, %s, %s, %s::jsonb) ORDER BY place"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A coupon that was claimed just now, as far as an answer tells of it, and by what its answer is told."""

    pk: UUID
    batch_id: UUID
    title: str
    kind: str
    threshold_fen: int
    off_fen: int
    status: str
    claimed_at: datetime
    usable_from: datetime
    usable_until: datetime
    redeemed_at: None
    how: str
    terms: Terms
    zone: str


@dataclass(frozen=True, slots=True)
class Wish:
    """One customer's claim under a request key, at `at` (UTC). `tell` makes its answer, in any thread.

    `has_ticket`: a good ticket of the batch's page came along. `device` and `address`: hashes (rewards/tickets.py);
    `code`: of a code to claim (rewards/codes.py).
    """

    customer_id: UUID
    batch_id: UUID
    at: datetime
    route: str
    key: str
    fingerprint: bytes
    tell: Callable[[Claimed | Refusal], Answer]
    request_id: UUID
    has_ticket: bool = False
    device: bytes | None = None
    address: bytes | None = None
    code: bytes | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a wish; `is_replay` when it was given before."""

    answer: Answer
    is_replay: bool = False


def claim_together(*, wish: Wish) -> Told:
    """The answer to `wish`, which is kept under its key with the effect. Outside of any scope or transaction.

    Raises ScopeClosed for a customer who is not active, KeyReused for a key of another request, KeyInUse when
    somebody holds what the claim needs for longer than `PATIENCE`.
    """
    outcome = _GATHERING.submit(wish)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _refusal_of(word: str) -> Refusal:
    """The refusal that a verb's word stands for."""
    if word == "closed":
        return ScopeClosed()
    return KeyReused() if word == "key_reused" else BY_WORD[word]()


@dataclass(frozen=True, slots=True)
class _Row:
    """What the verb said of one wish (`rewards_judged`, sql_claims.py)."""

    place: int
    word: str | None
    state: str
    coupon: UUID
    batch: UUID
    revision: UUID
    branch: int
    pos: int
    zone: str
    title: str
    kind: str
    threshold_fen: int
    off_fen: int
    usable_from: datetime
    usable_until: datetime
    status: int | None
    headers: str | None  # JSON
    body: bytes | None


def _claim_all(wishes: Sequence[Wish]) -> list[Told | Refusal]:
    # Whoever came first waited for the lot: what opens meanwhile is open for all of it.
    at = max(wish.at for wish in wishes)
    try:
        with transaction.atomic():
            rows = _rows(wishes, lot=new_id(), at=at)
            outcomes = _told(wishes, rows, at)
            kept = [
                Kept(wish.customer_id, row.branch, row.pos, wish.key, wish.fingerprint, outcome.answer)
                for wish, row, outcome in zip(wishes, rows, outcomes, strict=True)
                if isinstance(outcome, Told) and not outcome.is_replay
            ]
            if kept:
                keep_answers(route=wishes[0].route, at=at, kept=kept)
    except OperationalError as error:
        if len(wishes) == 1 and isinstance(error.__cause__, LockNotAvailable):
            return [KeyInUse(retry_after=1)]
        raise
    _count(rows, at)
    return outcomes


def _count(rows: Sequence[_Row], at: datetime) -> None:
    """Each "no" that was said for the first time, by batch and reason."""
    refused = Counter(
        (row.batch, _refusal_of(row.word).code)
        for row in rows
        if row.word is not None and row.word not in ("seen", "closed", "key_reused", "not_found")
    )
    for (batch_id, code), number in refused.items():
        count("claim", batch_id, code, at=at, number=number)


def _rows(wishes: Sequence[Wish], *, lot: UUID, at: datetime) -> list[_Row]:
    asks = []
    for place, wish in enumerate(wishes, 1):
        coupon = new_id()
        asks.append(
            {
                "place": place,
                "customer": wish.customer_id,
                "batch": wish.batch_id,
                "coupon": coupon,
                "hash": hash_for(coupon).hex(),
                "request": wish.request_id,
                "key": wish.key,
                "print": wish.fingerprint.hex(),
                "ticket": wish.has_ticket,
                "device": wish.device and wish.device.hex(),
                "address": wish.address and wish.address.hex(),
                "code": wish.code and wish.code.hex(),
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [lot, at, wishes[0].route, orjson.dumps(asks).decode()])
        cursor.nextset()
        return [_Row(*row) for row in cursor.fetchall()]


def _told(wishes: Sequence[Wish], rows: Sequence[_Row], at: datetime) -> list[Told | Refusal]:
    terms = _terms_of({row.revision for row in rows if row.word is None})
    told: list[Told | Refusal] = []
    for wish, row in zip(wishes, rows, strict=True):
        if row.word is None:
            told.append(Told(wish.tell(_claimed(row, at, terms[row.revision]))))
        elif row.word == "seen":
            told.append(
                Told(
                    Answer(row.status or 0, orjson.loads(row.headers or "{}"), bytes(row.body or b"")),
                    is_replay=True,
                )
            )
        elif row.word in ("closed", "key_reused"):
            told.append(_refusal_of(row.word))
        else:
            told.append(Told(wish.tell(_refusal_of(row.word))))
    return told


def _claimed(row: _Row, at: datetime, terms: Terms) -> Claimed:
    return Claimed(
        row.coupon, row.batch, row.title, row.kind, row.threshold_fen, row.off_fen, row.state, at, row.usable_from,
        row.usable_until, None, "claimed", terms, row.zone,
    )  # fmt: skip


# What a revision promised never changes.
_TERMS: dict[UUID, Terms] = {}


def _terms_of(revisions: set[UUID]) -> Mapping[UUID, Terms]:
    if missing := revisions - _TERMS.keys():
        if len(_TERMS) > 1_000:
            _TERMS.clear()
            missing = revisions
        for terms in Terms.objects.raw("SELECT * FROM rewards_terms_promised(%s)", [list(missing)]):
            _TERMS[terms.pk] = terms
    return _TERMS


_GATHERING: Gathering[Wish, Told | Refusal] = Gathering(_claim_all, most=MOST, apart=lambda w: w.customer_id)
