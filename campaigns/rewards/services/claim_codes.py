"""Codes to claim: one for all, or a million of which each claims once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import ask_job
from campaigns.lib import crypto
from campaigns.lib.both import in_both
from campaigns.lib.csv_files import csv_line
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.rewards.codes import GUESSES, MARKS, RANDOM, claim_code, claim_hash, room_of
from campaigns.rewards.models import Batch
from campaigns.rewards.models.codes import ClaimsBy, CodeRun
from campaigns.rewards.refusals.life import (
    CodesNotAsked,
    CodeTwice,
    PatternTooSmall,
    PatternUnclear,
    RunIsGone,
    SharedCodeUnclear,
    TooManyCodes,
)
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.tenants.scopes import Scope

MAKE = "rewards.make_codes"
MAY, MAY_CLOSE = "rewards.coderun.add", "rewards.coderun.close"
MOST = 2_000_000
LOT = 20_000
KEPT_FOR = timedelta(days=7)
_PATTERN = re.compile(r"[A-Z0-9#*-]{4,40}")
_SHARED = re.compile(r"[A-Za-z0-9-]{4,40}")
_ADD = (
    "WITH asked AS MATERIALIZED (SELECT decode(h, 'hex') AS hash, n FROM"
    " unnest(string_to_array(%s, ',')) WITH ORDINALITY u (h, n))"
    " SELECT place FROM add_claim_codes(%s, ARRAY(SELECT hash FROM asked ORDER BY n), %s)"
)


def ask_codes(*, scope: Scope, batch_id: UUID, number: int, pattern: str = "") -> CodeRun:
    """Have `number` codes made that claim once each, as a long job: at random (100 bits), or by a pattern.

    `#` stands for a digit, `A` for a letter, `*` for either. Raises NotFound, CodesNotAsked, TooManyCodes,
    PatternUnclear, and PatternTooSmall when a guess would hit too often.
    """
    scope.demand(MAY)
    batch = _batch(scope, batch_id, ClaimsBy.SINGLE)
    if not 1 <= number <= MOST:
        raise TooManyCodes(most=f"{MOST:,}")
    pattern = pattern.strip().upper()
    if pattern:
        if not _PATTERN.fullmatch(pattern) or not MARKS.keys() & set(pattern):
            raise PatternUnclear
        room, made = room_of(pattern), _made(scope, batch_id)
        if number + made > room // GUESSES:
            raise PatternTooSmall(room=f"{room:,}", most=f"{room // GUESSES:,}", made=f"{made:,}")
    run = _run(scope, batch, pattern=pattern, number=number)
    job = ask_job(scope=scope, kind=MAKE, args={"run": str(run.pk)}, title=f"{batch.title} {pattern}".strip())
    CodeRun.objects.within(scope).filter(pk=run.pk).update(job_id=job.pk)
    run.job_id = job.pk
    _note(scope, run, "add", quantity=number, pattern=pattern)
    return run


def set_shared_code(*, scope: Scope, batch_id: UUID, code: str) -> CodeRun:
    """From now on this one code claims, for everybody; the one before claims nothing any more.

    Raises NotFound, CodesNotAsked, SharedCodeUnclear, CodeTwice for a code that the batch had before.
    """
    scope.demand(MAY)
    batch = _batch(scope, batch_id, ClaimsBy.SHARED)
    code = code.strip()
    if not _SHARED.fullmatch(code):
        raise SharedCodeUnclear
    CodeRun.objects.within(scope).filter(batch_id=batch_id, closed_at=None).update(closed_at=scope.at)
    run_id = new_id()
    shared = crypto.seal_here(code.encode(), place=_place(run_id))
    run = _run(scope, batch, run_id=run_id, number=1, shared=shared)
    if _add(run, [code], shared=True):
        raise CodeTwice
    CodeRun.objects.within(scope).filter(pk=run.pk).update(made=1, until=1)
    _note(scope, run, "add", quantity=1)
    return run


def close_codes(*, scope: Scope, run_id: UUID) -> CodeRun:
    """Codes of this run claim nothing any more; coupons that they claimed stay good. Raises NotFound."""
    scope.demand(MAY_CLOSE)
    run = _in_scope(scope, run_id)
    if run.closed_at is None:
        CodeRun.objects.within(scope).filter(pk=run_id).update(closed_at=scope.at)
        _note(scope, run, "close")
        run.closed_at = scope.at
    return run


def make_step(*, scope: Scope, job: Job) -> Step:
    """One lot of codes: their hashes and how far it went, together or not at all. A code that another number has is
    left out, and another number made for it.
    """
    run = CodeRun.objects.within(scope).select_for_update(of=("self",)).filter(pk=job.args["run"]).first()
    if run is None:
        raise NotFound
    many = min(LOT, run.number - run.made)
    numbers = range(run.until, run.until + many)
    pattern = run.pattern or RANDOM
    twice = _add(run, [claim_code(run.pk, nth, pattern) for nth in numbers], shared=False)
    skipped = run.skipped + [numbers[place - 1] for place in sorted(twice)]
    made = run.made + many - len(twice)
    CodeRun.objects.within(scope).filter(pk=run.pk).update(
        made=made, until=run.until + many, skipped=skipped, kept_until=scope.at + KEPT_FOR
    )
    doing = {} if made == run.number else in_both(_("making codes"))
    return Step(made, run.number, doing=doing, is_over=made == run.number)


def take_codes(*, scope: Scope, run_id: UUID) -> Iterator[str]:
    """The codes as lines of a table, for who had them made, within seven days; every taking is noted.

    They are made again and read from nowhere. Raises NotFound, RunIsGone.
    """
    scope.demand(MAY)
    run = _in_scope(scope, run_id)
    is_own = run.person_id is not None and run.person_id == scope.person_id
    if not is_own or run.kept_until <= scope.at or run.closed_at is not None or run.shared:
        raise RunIsGone
    _note(scope, run, "download", quantity=run.made)
    pattern, skipped = run.pattern or RANDOM, frozenset(run.skipped)
    return (csv_line([claim_code(run.pk, nth, pattern)]) for nth in range(run.until) if nth not in skipped)


def shared_code(*, scope: Scope, run: CodeRun) -> str:
    """The one code for all, for who may make codes. Raises NotAllowed."""
    scope.demand(MAY)
    return crypto.unseal_here(bytes(run.shared), place=_place(run.pk)).decode()


def _batch(scope: Scope, batch_id: UUID, claims_by: str) -> Batch:
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    if batch.claims_by != claims_by:
        raise CodesNotAsked
    return batch


def _made(scope: Scope, batch_id: UUID) -> int:
    rows = CodeRun.objects.within(scope).filter(batch_id=batch_id, closed_at=None)
    return sum(rows.values_list("number", flat=True))


def _run(
    scope: Scope,
    batch: Batch,
    *,
    number: int,
    run_id: UUID | None = None,
    pattern: str = "",
    shared: bytes = b"",
) -> CodeRun:
    run: CodeRun = CodeRun.objects.create(
        id=run_id or new_id(),
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
        batch=batch,
        pattern=pattern,
        number=number,
        shared=shared,
        person_id=scope.person_id,
        asked_by=scope.facts.actor_name,
        at=scope.at,
        kept_until=scope.at + KEPT_FOR,
    )
    return run


def _add(run: CodeRun, codes: list[str], *, shared: bool) -> set[int]:
    """Keep the hashes; the places (from 1) whose code the batch has already."""
    hashes = ",".join([claim_hash(run.batch_id, code).hex() for code in codes])
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [hashes, run.pk, shared])
        return {place for (place,) in cursor.fetchall()}


def _in_scope(scope: Scope, run_id: UUID) -> CodeRun:
    run: CodeRun | None = CodeRun.objects.within(scope).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


def _place(run_id: UUID) -> str:
    return f"rewards_coderun|{run_id}|shared"


def _note(scope: Scope, run: CodeRun, verb: str, **detail: object) -> None:
    record(
        scope=scope,
        verb=f"rewards.coderun.{verb}",
        subject=ref("rewards.coderun", run.pk),
        subject_name=run.batch.title,
        branch_id=run.branch_id,
        branch_pos=run.branch_pos,
        batch=str(run.batch_id),
        **detail,
    )
