"""Due rows are claimed in lots by any number of workers, and carried out once.

Claiming is a transaction of its own, so that a worker's death is counted. Carrying out is the next one: it locks the
rows of its own claim (`attempt`), does what their kinds do, and marks them, all or nothing. Whoever comes second finds
the rows locked or no longer its own. So an effect is committed together with "done", or neither is.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections, transaction

from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import (
    GIVEN_UP_FROM,
    IDLE_AT_MOST_MS,
    LEASE,
    SUSPECT_FROM,
    Clock,
    GiveUp,
    ItFailed,
    KillsItsWorkers,
    LaterOneStands,
    NotYet,
    TooLate,
    words_of,
)
from campaigns.jobs.due_selectors import stood_for
from campaigns.jobs.kinds import DueKind, due_kind, rank_of
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope, ScopeClosed, opened, system

TASK = "jobs.run_due"
State, Misfire = Due.State, Due.Misfire
log = logging.getLogger(__name__)

# (kind of scope, what it carries, at) -> that scope, not opened yet.
Reopen = Callable[[str, dict[str, Any], datetime], Scope]

# ARRAY(...) and not IN: asked once, in the order of the index, whatever the planner thinks of the rest.
_CLAIM = """
UPDATE jobs_due d
   SET state = 'running', attempt = %(attempt)s, lease_until = %(until)s, ready_at = %(until)s, claimed_at = %(now)s,
       lost = d.lost + (d.state = 'running')::int
 WHERE d.id = ANY (ARRAY(
       SELECT c.id FROM jobs_due c
        WHERE c.state IN ('waiting', 'running') AND c.ready_at <= %(now)s AND {which}
        ORDER BY c.ready_at, c.id LIMIT %(lot)s FOR NO KEY UPDATE SKIP LOCKED))
RETURNING d.id
"""
# One worker claims at a time. Who waits for a row that another has just claimed keeps it locked although it is not
# due any more, until it commits; and the one whose row it is, finding it locked, would leave it to its lease.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('jobs_due.claim', 0))"
_CLAIM_SOUND = _CLAIM.format(which=f"c.lost < {SUSPECT_FROM}")
_CLAIM_SUSPECT = _CLAIM.format(which=f"c.lost >= {SUSPECT_FROM}")

# A lease that lies further ahead than any lease can: the clock was set back since.
_FREE_FAR = """
UPDATE jobs_due SET lease_until = %(now)s, ready_at = %(now)s WHERE state = 'running' AND lease_until > %(far)s
"""


@dataclass(slots=True)
class Ran:
    """What became of the rows that one run claimed. `failed` ones are tried again, `put_off` ones asked to wait."""

    claimed: int = 0
    done: int = 0
    failed: int = 0
    dead: int = 0
    skipped: int = 0
    put_off: int = 0

    def add(self, other: "Ran") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def _system_alone(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
    raise ScopeClosed


def run_due(
    *, scope: Scope, clock: Clock, lot: int = 100, at_most: int = 20_000, reopen: Reopen = _system_alone
) -> Ran:
    """Claim and carry out what is due by the clock, `lot` rows at a time, until nothing is left or `at_most` were.

    `scope` is the system's and not open. Any number may run side by side. `reopen` derives the scopes of rows that
    were laid on somebody's behalf.
    """
    scope.demand("jobs.due.run")
    ran = Ran()
    _free_far_leases(clock())
    while ran.claimed < at_most:
        now, attempt = clock(), new_id()
        ids = _claim(_CLAIM_SOUND, attempt, now, min(lot, at_most - ran.claimed))
        # What has killed a worker may do so again: it is carried out alone, when nothing else is due.
        ids = ids or _claim(_CLAIM_SUSPECT, attempt, now, 1)
        if not ids:
            break
        ran.add(_carry_out(ids, attempt, clock, reopen))
    return ran


def _free_far_leases(now: datetime) -> None:
    with opened(system(at=now, cause=TASK)) as scope, connections[scope.using].cursor() as cursor:
        cursor.execute(_FREE_FAR, {"now": now, "far": now + 3 * LEASE})


def _claim(sql: str, attempt: UUID, now: datetime, lot: int) -> list[UUID]:
    with opened(system(at=now, cause=TASK)) as scope, connections[scope.using].cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(sql, {"attempt": attempt, "until": now + LEASE, "now": now, "lot": lot})
        return [row[0] for row in cursor.fetchall()]


@dataclass(slots=True)
class _Lot:
    """One lot under its locks, marked as it goes. What a row's own work cancelled is cancelled, and stays so."""

    scope: Scope
    attempt: UUID
    ran: Ran

    def done(self, dues: Iterable[Due]) -> None:
        ids = [due.pk for due in dues]
        if ids:
            self.ran.done += self._write(ids, state=State.DONE, ended_at=self.scope.at, why={})

    def skip(self, due: Due, why: Refusal) -> None:
        self._write([due.pk], state=State.SKIPPED, ended_at=self.scope.at, why=words_of(why))
        self.ran.skipped += 1

    def put_off(self, due: Due, until: datetime, why: Refusal | None = None) -> None:
        words = words_of(why) if why else due.why
        self._write([due.pk], state=State.WAITING, ready_at=max(until, due.run_at), why=words)
        self.ran.put_off += 1

    def fail(self, kind: DueKind, due: Due, why: Refusal) -> None:
        due.tries += 1
        if due.tries >= kind.tries:
            self.give_up(kind, due, why)
            return
        ready_at = self.scope.at + kind.back_off.after(due.tries, due.pk)
        self._write([due.pk], state=State.WAITING, ready_at=ready_at, tries=due.tries, why=words_of(why))
        self.ran.failed += 1

    def give_up(self, kind: DueKind, due: Due, why: Refusal) -> None:
        due.why = words_of(why)
        self._write([due.pk], state=State.DEAD, ended_at=self.scope.at, tries=due.tries, why=due.why)
        self.ran.dead += 1
        log.error("due row given up: %s %s %s", due.kind, due.subject, why.code)
        if kind.on_dead is not None:
            try:
                with transaction.atomic(using=self.scope.using):
                    kind.on_dead(self.scope, due)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                log.exception("telling of the given-up %s of %s failed", due.kind, due.subject)

    def _write(self, ids: Sequence[UUID], **values: Any) -> int:
        ours = Due.objects.within(self.scope).filter(pk__in=ids, attempt=self.attempt, state=State.RUNNING)
        return ours.update(attempt=None, lease_until=None, **values)


def _carry_out(ids: Sequence[UUID], attempt: UUID, clock: Clock, reopen: Reopen) -> Ran:
    """One transaction for one lot. Trouble of the database itself is raised: nothing is written, the lease runs out."""
    work = system(at=clock(), cause=TASK)
    is_own_transaction = not connections[work.using].in_atomic_block
    with opened(work) as scope:
        if is_own_transaction:  # the setting lasts as long as the transaction
            _end_session_when_idle(scope)
        lot = _Lot(scope, attempt, Ran(claimed=len(ids)))
        ours = _locked(scope, ids, attempt)
        for (_rank, code, _behalf), group in groupby(
            sorted(_sorted_out(lot, ours), key=_belongs), key=_belongs
        ):
            _carry_out_group(lot, due_kind(code), list(group), reopen)
    return lot.ran


def _end_session_when_idle(scope: Scope) -> None:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [str(IDLE_AT_MOST_MS)]
        )


def _locked(scope: Scope, ids: Sequence[UUID], attempt: UUID) -> list[Due]:
    """The rows that are still ours. What somebody else has locked, to cancel it, comes again with its lease."""
    ours = Due.objects.within(scope).filter(pk__in=ids, attempt=attempt, state=State.RUNNING)
    return list(ours.order_by("run_at", "id").select_for_update(skip_locked=True, no_key=True, of=("self",)))


def _belongs(due: Due) -> tuple[int, str, str]:
    return rank_of(due.kind), due.kind, str(due.opened_as)


def _sorted_out(lot: _Lot, dues: Sequence[Due]) -> list[Due]:
    """Those to carry out now; the others are marked: too early by this clock, too late by their rule, too deadly."""
    now = lot.scope.at
    late = [due for due in dues if due.tries == 0 and due.run_at + due.grace < now]
    missed = [due.pk for due in late if due.misfire == Misfire.ONCE]
    covered = stood_for(scope=lot.scope, due_ids=missed, at=now) if missed else set()
    rest = []
    for due in dues:
        if due.run_at > now:
            lot.put_off(due, due.run_at)  # claimed by a clock that was ahead
        elif due.lost >= GIVEN_UP_FROM:
            lot.give_up(due_kind(due.kind), due, KillsItsWorkers(lost=due.lost))
        elif due.misfire == Misfire.SKIP and due in late:
            lot.skip(due, TooLate())
        elif due.pk in covered:
            lot.skip(due, LaterOneStands())
        else:
            rest.append(due)
    return rest


def _carry_out_group(lot: _Lot, kind: DueKind, dues: Sequence[Due], reopen: Reopen) -> None:
    """Rows of one kind on one behalf, in the scope of that: together where the kind can, else one by one."""
    try:
        inner = _scope_of(dues[0].opened_as, kind.code, lot.scope.at, reopen)
        with opened(inner) as scope:
            scope.facts  # noqa: B018 - asks now whether there still is somebody behind it
            done, others = _do(kind, scope, dues)
    except ScopeClosed as refusal:
        for due in dues:
            lot.give_up(kind, due, refusal)
        return
    lot.done(done)
    for due, error in others:
        if isinstance(error, NotYet):
            lot.put_off(due, lot.scope.at + max(error.wait, timedelta(seconds=1)), error.why)
        elif isinstance(error, GiveUp):
            lot.give_up(kind, due, error.refusal)
        else:
            lot.fail(kind, due, error if isinstance(error, Refusal) else ItFailed(error=type(error).__name__))


def _do(kind: DueKind, scope: Scope, dues: Sequence[Due]) -> tuple[list[Due], list[tuple[Due, Exception]]]:
    """Carry out what can be; the rows that are done, and the others with what was raised."""
    if kind.many is not None and len(dues) > 1:
        try:
            with transaction.atomic(using=scope.using):
                kind.many(scope, dues)
            return list(dues), []
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - one of them is the cause, and answers for itself below
            log.info("%s rows of %s go one by one: %s", len(dues), kind.code, type(error).__name__)
    done: list[Due] = []
    others: list[tuple[Due, Exception]] = []
    for due in dues:
        try:
            with transaction.atomic(using=scope.using):
                kind.one(scope, due)
            done.append(due)
        except (OperationalError, InterfaceError):
            raise
        except (Refusal, NotYet, GiveUp) as answer:
            others.append((due, answer))
        except Exception as error:
            log.exception("due row %s of %s failed", due.pk, due.kind)
            others.append((due, error))
    return done, others


def _scope_of(opened_as: Mapping[str, Any], code: str, at: datetime, reopen: Reopen) -> Scope:
    if not opened_as:
        return system(at=at, cause=code)
    return reopen(str(opened_as["kind"]), dict(opened_as["carry"]), at)
