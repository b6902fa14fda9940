"""Delivering what is due: at least once, in order within a subject, by any number of workers.

One thread speaks to the database and the others to receivers. A turn is one short transaction: it writes the outcomes
that came back, claims more, and renews the leases of what is still out; calls are made between turns and never inside
one. A worker that dies leaves leases that run out within seconds, and its messages go out again under the same keys.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from campaigns.jobs import adapters as ways
from campaigns.jobs.adapters import Adapter, Letter, Refused, TryLater, Wait
from campaigns.jobs.outbox_models import Gate
from campaigns.jobs.outbox_rules import (
    LEASE,
    LONGEST_CALL,
    RENEW,
    GateState,
    NoAddressee,
    SendingFailed,
    WorkersLost,
    after_failure,
    after_success,
    after_wait_asked,
    let_pass,
    passed,
    wait_after,
    words_of,
)
from campaigns.jobs.outbox_selectors import accounts_with_due_messages, gates_of, state_of
from campaigns.jobs.services.outbox import TASK, write_gate
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import Scope, opened, system

log = logging.getLogger(__name__)

LOT = 200
_THREADS = 64
_GATHER_SECONDS = 0.1
_IDLE_SECONDS = 1.0
_ASK_SECONDS = 0.5

# The oldest unfinished of each subject alone: with any number of workers nothing overtakes. A lease that ran out was
# somebody's death, and counts as a try, or a message that kills whoever sends it would go on for ever.
# One look into the index for each row, and no join to be planned: in a queue the planner's figures are always old, and
# with NOT EXISTS over three columns it compared each of 2,000 rows with all the others, at 2 ms a message.
_CLAIM = """
WITH due AS (
    SELECT m.id FROM jobs_message m
     WHERE m.adapter = %(adapter)s AND m.account = %(account)s AND m.state IN ('waiting', 'sending')
       AND m.ready_at <= %(at)s
       AND m.place = (SELECT o.place FROM jobs_message o
                       WHERE o.line = m.line AND o.state IN ('waiting', 'sending', 'dead')
                         AND (o.state <> 'dead' OR %(is_strict)s)
                       ORDER BY o.place LIMIT 1)
     ORDER BY m.ready_at, m.place LIMIT %(many)s FOR NO KEY UPDATE OF m SKIP LOCKED
)
UPDATE jobs_message m
   SET state = 'sending', attempt = %(attempt)s, lease_until = %(lease_until)s, ready_at = %(lease_until)s,
       tries = m.tries + (m.state = 'sending')::int, lost = m.lost + (m.state = 'sending')::int
  FROM due WHERE m.id = due.id
RETURNING m.id, m.subject, m.key, m.body::text, m.tries, m.at, m.place
"""
_WRITE = """
UPDATE jobs_message m
   SET state = o.state, ready_at = o.ready_at, tries = o.tries, answer = o.answer, why = o.why, attempt = NULL,
       lease_until = NULL, sent_at = CASE WHEN o.state = 'sent' THEN o.at END,
       ended_at = CASE WHEN o.state <> 'waiting' THEN o.at END
  FROM unnest(%(ids)s::uuid[], %(attempts)s::uuid[], %(states)s::text[], %(ready)s::timestamptz[], %(tries)s::int[],
              %(answers)s::jsonb[], %(whys)s::jsonb[], %(moments)s::timestamptz[])
       o (id, attempt, state, ready_at, tries, answer, why, at)
 WHERE m.id = ANY (%(ids)s::uuid[]) AND m.id = o.id AND m.attempt = o.attempt AND m.state = 'sending'
"""
_RENEW = """
UPDATE jobs_message m SET lease_until = %(until)s, ready_at = %(until)s
  FROM unnest(%(ids)s::uuid[], %(attempts)s::uuid[]) o (id, attempt)
 WHERE m.id = ANY (%(ids)s::uuid[]) AND m.id = o.id AND m.attempt = o.attempt AND m.state = 'sending'
RETURNING m.id
"""
# A worker that is stopped in the middle must not keep its rows: the server ends its session. And every question here
# is a walk along an index, whatever the planner's old figures of a queue make it believe.
_TURN = """
SELECT set_config('idle_in_transaction_session_timeout', '5s', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)
"""


@dataclass
class Delivered:
    """What became of the messages of one run. `returned` were claimed and not tried; `late` outcomes came back after
    the lease had run out, and were not written.
    """

    sent: int = 0
    later: int = 0
    dead: int = 0
    returned: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`said` is "ok", "failed" or "wait" for the gate, "" when it learns nothing."""

    state: str
    at: datetime
    ready_at: datetime
    tries: int
    said: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    wait: timedelta = timedelta()


@dataclass(eq=False)
class _Lane:
    """One account in one run. Runners take `letters` from the left; the rest belongs to the thread of the database."""

    adapter: Adapter
    account: str
    letters: deque[Letter] = field(default_factory=deque)
    running: int = 0
    failures: int = 0
    is_shut: bool = False
    is_probe: bool = False
    has_plain_gate: bool = True
    has_more: bool = False
    outcomes: list[tuple[Letter, _Outcome]] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str]:
        return self.adapter.code, self.account


def deliver_due(
    *,
    clock: Callable[[], datetime],
    adapters: Mapping[str, Adapter] | None = None,
    at_most: int = 1_000_000,
    seconds: float = 20.0,
    lot: int = LOT,
) -> Delivered:
    """Send what is due until nothing is, `at_most` were claimed, or `seconds` have passed; what is on its way then is
    waited for. Any number of workers may run it side by side. `adapters`: all of them, when left out.
    """
    system(at=clock(), cause=TASK).demand("jobs.message.deliver")
    run = _Run(clock, ways.adapters() if adapters is None else adapters, at_most, lot)
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbox")
    try:
        run.go(pool, time.monotonic() + seconds)
    finally:
        run.shut_all()
        # A receiver that sends its answer byte by byte may hold a thread for longer than anybody waits.
        pool.shutdown(wait=False, cancel_futures=True)
    return run.done


class _Run:
    def __init__(
        self, clock: Callable[[], datetime], adapters: Mapping[str, Adapter], at_most: int, lot: int
    ) -> None:
        self.clock = clock
        self.adapters = adapters
        self.left = at_most
        self.lot = lot
        self.lanes: dict[tuple[str, str], _Lane] = {}
        self.results: SimpleQueue[tuple[_Lane, Letter | None, _Outcome | None]] = SimpleQueue()
        self.held: dict[UUID, Letter] = {}  # claimed, and not come back
        self.renewed_at: datetime | None = None  # everything held then has a lease from that moment
        self.taken: set[UUID] = set()  # by others, after our lease had run out
        self.unwritten = 0
        self.ask_again = 0.0
        self.done = Delivered()

    def go(self, pool: ThreadPoolExecutor, until: float) -> None:
        self._turn(may_claim=True)
        patience = until + LONGEST_CALL.total_seconds()
        while self.held or self.unwritten:
            for lane in self.lanes.values():
                while lane.running < min(lane.adapter.terms.at_once, len(lane.letters)):
                    lane.running += 1
                    pool.submit(self._carry, lane)
            self._gather()
            is_time = time.monotonic() < until
            if not is_time:
                self.shut_all()
            if time.monotonic() > patience:
                break  # what is still out hangs; its lease runs out, and somebody else tries
            self._turn(may_claim=is_time)

    def shut_all(self) -> None:
        """Nothing more begins; what waits in a lane is given back untried."""
        for lane in self.lanes.values():
            lane.is_shut = True

    # --- threads that call ---

    def _carry(self, lane: _Lane) -> None:
        while True:
            try:
                letter = lane.letters.popleft()
            except IndexError:
                break
            try:
                outcome = self._tried(lane, letter)
            except Exception:
                log.exception("message %s of %s failed", letter.id, lane.place)
                outcome = self._later(lane, letter, SendingFailed(), said="")
            self.results.put((lane, letter, outcome))
        self.results.put((lane, None, None))

    def _tried(self, lane: _Lane, letter: Letter) -> _Outcome:
        terms = lane.adapter.terms
        begins = self.clock()
        if lane.is_shut or not self._is_ours(letter, begins):
            return _Outcome("waiting", begins, begins, letter.tries)
        try:
            answer = lane.adapter.send(letter, terms)
        except TryLater as no:
            lane.failures += 1
            if lane.is_probe or lane.failures >= terms.failures:
                lane.is_shut = True
            return self._later(lane, letter, no.refusal, said="failed")
        except Wait as no:
            lane.is_shut = True
            at, wait = self.clock(), timedelta(seconds=no.seconds)
            why = words_of(no.refusal)
            return _Outcome("waiting", at, at + wait, letter.tries, "wait", why=why, wait=wait)
        except Refused as no:
            lane.failures = 0
            at = self.clock()
            return _Outcome("dead", at, at, letter.tries + 1, "ok", why=words_of(no.refusal))
        lane.failures = 0
        at = self.clock()
        return _Outcome("sent", at, at, letter.tries + 1, "ok", answer=answer)

    def _is_ours(self, letter: Letter, at: datetime) -> bool:
        """Whether the lease still stands; a call that outlives it is made again by another under the same key."""
        renewed = self.renewed_at
        if letter.id in self.taken:
            return False
        return at < letter.lease_until or (renewed is not None and at < renewed + LEASE)

    def _later(self, lane: _Lane, letter: Letter, refusal: Any, *, said: str) -> _Outcome:
        terms, at, tries = lane.adapter.terms, self.clock(), letter.tries + 1
        if tries >= terms.tries:
            return _Outcome("dead", at, at, tries, said, why=words_of(refusal))
        return _Outcome("waiting", at, at + wait_after(terms, tries), tries, said, why=words_of(refusal))

    # --- the thread of the database ---

    def _gather(self) -> None:
        """Take in what came back: a lot of it, or what there is when a lane would otherwise stand still."""
        until = time.monotonic() + _GATHER_SECONDS
        while self.unwritten < self.lot // 2:
            left = until - time.monotonic() if self.unwritten else _IDLE_SECONDS
            if self.unwritten and (not self.held or left <= 0):
                return
            try:
                lane, letter, outcome = self.results.get(timeout=left)
            except Empty:
                return
            if letter is None or outcome is None:
                lane.running -= 1
                if lane.letters or (lane.outcomes and not lane.running):
                    return
                continue
            del self.held[letter.id]
            self.unwritten += 1
            lane.outcomes.append((letter, outcome))

    def _turn(self, *, may_claim: bool) -> None:
        written = [(letter, outcome) for lane in self.lanes.values() for letter, outcome in lane.outcomes]
        if not written and not may_claim and not self._must_renew():
            return
        is_whole = not connections["default"].in_atomic_block
        with opened(system(at=self.clock(), cause=TASK)) as scope:
            if is_whole:
                with connections[scope.using].cursor() as cursor:
                    cursor.execute(_TURN)
            if written:
                self._write(scope, written)
            if self._must_renew():
                self._renew(scope)
            due = self._due(scope) if may_claim else set()
            gates = gates_of(accounts=due)
            # Every account has its gate from the first message on, so that people find it and can shut it.
            _make_gates([place for place in due if place not in gates], scope.at)
            # One order for all workers: two of them never wait for each other's gate.
            for place in sorted(due | {lane.place for lane in self.lanes.values() if lane.outcomes}):
                self._pass_gate(scope, place, gates.get(place, GateState()), is_due=place in due)
        self.unwritten = 0
        for lane in self.lanes.values():
            lane.outcomes.clear()

    def _must_renew(self) -> bool:
        claimed = min((letter.lease_until for letter in self.held.values()), default=None)
        if claimed is None:
            return False
        since = max(claimed - LEASE, self.renewed_at or claimed - LEASE)
        return self.clock() - since >= RENEW

    def _renew(self, scope: Scope) -> None:
        given: dict[str, Any] = {
            "ids": list(self.held),
            "attempts": [letter.attempt for letter in self.held.values()],
            "until": scope.at + LEASE,
        }
        with connections[scope.using].cursor() as cursor:
            cursor.execute(_RENEW, given)
            ours = {key for (key,) in cursor.fetchall()}
        self.taken |= self.held.keys() - ours
        self.renewed_at = scope.at

    def _write(self, scope: Scope, written: Sequence[tuple[Letter, _Outcome]]) -> None:
        given: dict[str, Any] = {
            "ids": [letter.id for letter, _o in written],
            "attempts": [letter.attempt for letter, _o in written],
            "states": [o.state for _l, o in written],
            "ready": [o.ready_at for _l, o in written],
            "tries": [o.tries for _l, o in written],
            "answers": [orjson.dumps(o.answer).decode() for _l, o in written],
            "whys": [orjson.dumps(o.why).decode() for _l, o in written],
            "moments": [o.at for _l, o in written],
        }
        with connections[scope.using].cursor() as cursor:
            cursor.execute(_WRITE, given)
            self.done.late += len(written) - cursor.rowcount
        for letter, outcome in written:
            if outcome.state == "sent":
                self.done.sent += 1
            elif outcome.state == "dead":
                self.done.dead += 1
            elif outcome.tries > letter.tries:
                self.done.later += 1
            else:
                self.done.returned += 1

    def _due(self, scope: Scope) -> set[tuple[str, str]]:
        """Accounts that have something due and room in their lane. Between two questions to all of them, those that
        had more than they could take, or now have room behind what came back.
        """
        if self.left <= 0:
            return set()
        if self.held and time.monotonic() < self.ask_again:
            found = [lane.place for lane in self.lanes.values() if lane.has_more or lane.outcomes]
        else:
            self.ask_again = time.monotonic() + _ASK_SECONDS
            found = accounts_with_due_messages(scope=scope, at=scope.at)
        return {place for place in found if place[0] in self.adapters and self._room(place)}

    def _room(self, place: tuple[str, str]) -> int:
        lane = self.lanes.get(place)
        if lane is None:
            return min(self.lot, self.left)
        if lane.is_shut and (lane.running or lane.letters):
            return 0
        room = self.lot - len(lane.letters)
        return min(room, self.left) if room >= self.lot // 2 else 0

    def _pass_gate(self, scope: Scope, place: tuple[str, str], read: GateState, *, is_due: bool) -> None:
        """Tell the gate what came back, and claim what it lets pass. Its row is locked only if there is something to
        write: neither a failure nor a limit means that workers do not meet at all.
        """
        lane = self.lanes.setdefault(place, _Lane(self.adapters[place[0]], place[1]))
        terms = lane.adapter.terms
        said = [outcome for _letter, outcome in lane.outcomes if outcome.said]
        has_news = any(o.said != "ok" for o in said) or (said and not lane.has_plain_gate)
        is_counted = is_due and (terms.per_second is not None or read.shut_until is not None)
        if not has_news and not is_counted:
            if is_due:
                lane.has_plain_gate = read.is_plain
                self._claim(scope, lane, self._room(place))
            return
        gate = _locked_gate(place, scope.at)
        before = state = state_of(gate=gate)
        why = gate.why
        for outcome in said:
            if outcome.said == "ok":
                state = after_success(state)
            elif outcome.said == "wait":
                state, why = after_wait_asked(state, outcome.wait, outcome.at), dict(outcome.why)
            else:
                state = after_failure(state, terms, outcome.at)
                why = dict(outcome.why) if state.shut_by != "staff" else why
        if is_due:
            wanted = let_pass(state, terms, self._room(place), scope.at)
            lane.is_probe = state.shut_until is not None and state.shut_by != "receiver"
            many = self._claim(scope, lane, wanted) if wanted else 0
            state = passed(state, terms, many, scope.at)
        lane.has_plain_gate = state.is_plain
        if state != before:
            if state.shut_until != before.shut_until and state.shut_until is not None:
                log.warning("gate of %s shut until %s: %s", place, state.shut_until, why.get("en", ""))
            write_gate(gate=gate, state=state, why=why, at=scope.at)

    def _claim(self, scope: Scope, lane: _Lane, many: int) -> int:
        """Claim up to `many` for the lane; returns how many."""
        given: dict[str, Any] = {
            "adapter": lane.adapter.code,
            "account": lane.account,
            "at": scope.at,
            "is_strict": lane.adapter.terms.order == "strict",
            "many": many,
            "attempt": new_id(),
            "lease_until": scope.at + LEASE,
        }
        with connections[scope.using].cursor() as cursor:
            cursor.execute(_CLAIM, given)
            rows = sorted(cursor.fetchall(), key=lambda row: row[-1])
        letters = [
            Letter(
                id=key,
                adapter=lane.adapter.code,
                account=lane.account,
                subject=subject,
                key=effect,
                body=body,
                tries=tries,
                at=at,
                lease_until=given["lease_until"],
                attempt=given["attempt"],
            )
            for key, subject, effect, body, tries, at, _place in rows
        ]
        lane.has_more = len(letters) == many
        if letters:
            lane.is_shut, lane.failures = False, 0
            self.left -= len(letters)
            self.held |= {letter.id: letter for letter in letters}
            lane.letters.extend(self._ready(scope, lane, letters))
        return len(letters)

    def _ready(self, scope: Scope, lane: _Lane, letters: Sequence[Letter]) -> list[Letter]:
        """Those that can be sent, with who receives them; what cannot comes back at once."""
        kept = []
        named = {letter.id: _named(letter) for letter in letters} if lane.adapter.addressed else {}
        found = {
            (name, purpose): address
            for purpose in sorted({purpose for _name, purpose in named.values()})
            for name, address in ways.addresses_of(
                scope=scope,
                adapter=lane.adapter,
                named=[name for name, its in named.values() if its == purpose],
                purpose=purpose,
            ).items()
        }
        for letter in letters:
            outcome = None
            if letter.tries >= lane.adapter.terms.tries:
                why = words_of(WorkersLost(tries=letter.tries))
                outcome = _Outcome("dead", scope.at, scope.at, letter.tries, why=why)
            elif lane.adapter.addressed:
                address = found.get(named[letter.id]) or NoAddressee()
                if isinstance(address, str):
                    letter = _addressed(letter, address)
                else:
                    why = words_of(address)
                    outcome = _Outcome("dead", scope.at, scope.at, letter.tries, why=why)
            if outcome is None:
                kept.append(letter)
            else:
                self.results.put((lane, letter, outcome))
        return kept


def _named(letter: Letter) -> tuple[str, str]:
    """Who receives it, and for which purpose it is sent."""
    body = orjson.loads(letter.body)
    to, purpose = body.get("to", ""), body.get("purpose", "")
    return to if isinstance(to, str) else "", purpose if isinstance(purpose, str) else ""


def _addressed(letter: Letter, address: str) -> Letter:
    given = {name: getattr(letter, name) for name in Letter.__slots__}
    return Letter(**{**given, "address": address})


def _make_gates(places: Sequence[tuple[str, str]], at: datetime) -> None:
    if places:
        made = [Gate(adapter=adapter, account=account, changed_at=at) for adapter, account in sorted(places)]
        Gate.objects.bulk_create(made, ignore_conflicts=True)


def _locked_gate(place: tuple[str, str], at: datetime) -> Gate:
    adapter, account = place
    _make_gates([place], at)
    locked: Gate = Gate.objects.select_for_update(no_key=True).get(adapter=adapter, account=account)
    return locked
