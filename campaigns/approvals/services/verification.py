"""Comparing what is served with what was approved, all the way down to the bytes."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Kind, kind_of, kinds
from campaigns.approvals.models import Decision, Revision, Verification
from campaigns.approvals.moves import lock
from campaigns.approvals.rules import hash_of
from campaigns.approvals.selectors import revisions_within
from campaigns.approvals.telling import tell_asker
from campaigns.approvals.wrong_words import what_in_both
from campaigns.audit.services import record
from campaigns.jobs.long_kinds import Result, Step
from campaigns.jobs.long_models import Job
from campaigns.lib.both import in_both
from campaigns.lib.csv_files import csv_bytes
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

VERIFY, MAY_VERIFY = "approvals.verify", "approvals.publication.verify"
LOT = 200
# How many of the wrong ones a run keeps by name; it counts them all.
MOST_NAMED = 1000
_APPROVED = (Revision.State.APPROVED, Revision.State.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is not as approved. `what` names it: "payload", "decisions", "approval" (the copy's revision
    is not an approved one), "copy" (there is none), a column, or a file.
    """

    subject: str
    title: str
    branch: str
    what: tuple[str, ...]


@dataclass(slots=True)
class Run:
    """How far a run has come: at the kind `nth` behind the revision `after`, or at the copies without one."""

    started_at: datetime
    checked: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    failed: int = 0
    is_complete: bool = False
    nth: int = 0
    after: UUID | None = None
    at_strays: bool = False

    def add(self, checked: int, wrong: Sequence[Wrong]) -> None:
        self.checked += checked
        self.failed += len(wrong)
        self.wrong += wrong[: max(0, MOST_NAMED - len(self.wrong))]


def verify_published(
    *,
    kinds: Iterable[Kind],
    open_scope: Callable[[], AbstractContextManager[Scope]],
    clock: Callable[[], datetime],
    after_lot: Callable[[Kind, Run, Sequence[Wrong]], None] = lambda kind, run, wrong: None,
    lot: int = LOT,
) -> Verification:
    """Check everything approved of these kinds, `lot` things a scope, and note down how it went.

    `open_scope` opens the system's scope; `after_lot` hears of each lot. Stopped by KeyboardInterrupt, it notes
    what it had checked, as not complete.
    """
    chosen = list(kinds)
    run = Run(started_at=clock())
    try:
        while run.nth < len(chosen):
            kind = chosen[run.nth]
            with open_scope() as scope:
                scope.demand(MAY_VERIFY)
                wrong = _verify_next(scope, kind, run, lot)
            after_lot(kind, run, wrong)
        run.is_complete = True
    except KeyboardInterrupt:
        pass
    with open_scope() as scope:
        return _keep(scope, run, chosen[0].code if len(chosen) == 1 else "", clock())


def verify_on(*, scope: Scope, job: Job) -> Step:
    """The next lot of a long job that compares everything; its last notes down how it went. Raises NotAllowed."""
    scope.demand(MAY_VERIFY)
    chosen, cursor = kinds(), job.cursor or {"started_at": scope.at.isoformat(), "total": _how_many(scope)}
    run = _read_run(cursor)
    kind = chosen[run.nth]
    _verify_next(scope, kind, run, LOT)
    is_over = run.nth == len(chosen)
    if is_over:
        run.is_complete = True
        _keep(scope, run, "", scope.at)
    return Step(
        done=run.checked,
        total=max(run.checked, cursor["total"]),
        refused=run.failed,
        cursor=_write_run(run) | {"total": cursor["total"]},
        doing=in_both(_("Comparing: %(kind)s"), kind=kind.label),
        result=_sheet(run.wrong) if is_over and run.wrong else None,
        is_over=is_over,
    )


def tell_how_it_went(*, scope: Scope, job: Job) -> None:
    """Into the inbox of who asked for the long job."""
    tell_asker(scope=scope, job=job, code="verify_done" if job.state == Job.State.DONE else "verify_halted")


def _how_many(scope: Scope) -> int:
    return revisions_within(scope=scope).filter(state__in=_APPROVED).count()


def _read_run(cursor: dict[str, Any]) -> Run:
    return Run(
        started_at=datetime.fromisoformat(cursor["started_at"]),
        checked=cursor.get("checked", 0),
        wrong=[Wrong(each[0], each[1], each[2], tuple(each[3])) for each in cursor.get("wrong", ())],
        failed=cursor.get("failed", 0),
        nth=cursor.get("nth", 0),
        after=UUID(cursor["after"]) if cursor.get("after") else None,
        at_strays=cursor.get("at_strays", False),
    )


def _write_run(run: Run) -> dict[str, Any]:
    return {
        "started_at": run.started_at.isoformat(),
        "checked": run.checked,
        "wrong": [[each.subject, each.title, each.branch, each.what] for each in run.wrong],
        "failed": run.failed,
        "nth": run.nth,
        "after": str(run.after) if run.after else None,
        "at_strays": run.at_strays,
    }


def _sheet(wrong: Sequence[Wrong]) -> Result:
    """What is not as approved, as a file; its words stand in both languages, since it is written before it is read."""
    head = [
        " · ".join(in_both(each).values())
        for each in (_("thing"), _("title"), _("branch"), _("what differs"))
    ]
    rows = [
        (each.subject, each.title, each.branch, " · ".join(what_in_both(each.what).values()))
        for each in wrong
    ]
    return Result("not-as-approved.csv", "text/csv; charset=utf-8", csv_bytes(head, rows))


def _verify_next(scope: Scope, kind: Kind, run: Run, lot: int) -> list[Wrong]:
    """The next lot of one kind, or behind the last its copies without a revision; what of it is wrong."""
    if run.at_strays:
        wrong = _strays(scope, kind)
        checked = len(wrong)
        run.nth, run.at_strays = run.nth + 1, False
    else:
        run.after, checked, wrong = _verify_lot(scope, kind, run.after, lot)
        run.at_strays = run.after is None
    run.add(checked, wrong)
    return wrong


def _verify_lot(
    scope: Scope, kind: Kind, after: UUID | None, lot: int
) -> tuple[UUID | None, int, list[Wrong]]:
    """The next approved revisions by id; the last id, None when these were the last."""
    rows = revisions_within(scope=scope).filter(kind=kind.code, state__in=_APPROVED)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    revisions = list(rows.select_related("branch").order_by("pk")[:lot])
    seen = _seen_by_approvers(scope, revisions)
    # What went live or was taken down meanwhile looks wrong for a moment: looked at again under its lock.
    wrong = [
        Wrong(revision.subject, revision.title, revision.branch.name, tuple(what))
        for revision in revisions
        if _what(scope, kind, revision, seen.get(revision.pk, []))
        and (what := _surely(scope, kind, revision))
    ]
    return (revisions[-1].pk if len(revisions) == lot else None), len(revisions), wrong


def _seen_by_approvers(scope: Scope, revisions: Sequence[Revision]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Who approved each, and the hash that was seen."""
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    rows = Decision.objects.within(scope).filter(
        revision_id__in=[revision.pk for revision in revisions], verdict=Decision.Verdict.APPROVE
    )
    for revision_id, person_id, sha256 in rows.values_list("revision_id", "person_id", "sha256"):
        found.setdefault(revision_id, []).append((person_id, sha256))
    return found


def _what(scope: Scope, kind: Kind, revision: Revision, seen: Sequence[tuple[UUID, str]]) -> list[str]:
    """What of one approved revision and its copy is wrong."""
    what = []
    if hash_of(subject=revision.subject, title=revision.title, payload=revision.payload) != revision.sha256:
        what.append("payload")
    others = [sha256 for person_id, sha256 in seen if person_id != revision.author_id]
    if not others or any(sha256 != revision.sha256 for _person_id, sha256 in seen):
        what.append("decisions")
    if revision.is_live and kind.differences is not None:
        what += kind.differences(scope, revision)
    return what


def _surely(scope: Scope, kind: Kind, revision: Revision) -> list[str]:
    """The same under the subject's lock, which is given back at once."""
    with transaction.atomic(using=scope.using):
        lock(scope, revision.subject)
        now = revisions_within(scope=scope).filter(pk=revision.pk, state__in=_APPROVED).first()
        what = _what(scope, kind, now, _seen_by_approvers(scope, [now]).get(now.pk, [])) if now else []
        transaction.set_rollback(True, using=scope.using)
    return what


def _strays(scope: Scope, kind: Kind) -> list[Wrong]:
    """Copies whose revision is not an approved one of their thing."""
    if kind.copies is None:
        return []
    model: Any = kind.copies.model
    approved = revisions_within(scope=scope).filter(kind=kind.code, state=Revision.State.APPROVED)
    rows = model.objects.within(scope).exclude(revision_id__in=approved.values("pk"))
    wrong = []
    for pk in rows.values_list("pk", flat=True):
        copy = model.objects.within(scope).select_related("branch").filter(pk=pk).first()
        if copy is None:
            continue
        subject = ref(kind.code, getattr(copy, kind.copies.column))
        with transaction.atomic(using=scope.using):
            lock(scope, subject)
            is_stray = rows.filter(pk=pk).exists()
            transaction.set_rollback(True, using=scope.using)
        if is_stray:
            wrong.append(Wrong(subject, str(copy), copy.branch.name, ("approval",)))
    return wrong


def _keep(scope: Scope, run: Run, kind: str, ended_at: datetime) -> Verification:
    made: Verification = Verification.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        kind=kind,
        started_at=run.started_at,
        ended_at=ended_at,
        is_complete=run.is_complete,
        checked=run.checked,
        failed=run.failed,
        wrong=[
            {"subject": w.subject, "title": w.title, "branch": w.branch, "what": list(w.what)}
            for w in run.wrong
        ],
    )
    record(
        scope=scope,
        verb="approvals.publication.verify",
        subject=ref("approvals.verification", made.pk),
        subject_name=str(kind_of(kind).label) if kind else "",
        checked=run.checked,
        failed=run.failed,
        is_complete=run.is_complete,
    )
    return made
