"""Comparing what is served with what was approved, all the way down to the bytes."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.approvals.kinds import Kind, kind_of
from campaigns.approvals.models import Decision, Revision, Verification
from campaigns.approvals.moves import lock
from campaigns.approvals.rules import hash_of
from campaigns.approvals.selectors import revisions_within
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

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
    """How far a run has come."""

    started_at: datetime
    checked: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    failed: int = 0
    is_complete: bool = False

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
    lot: int = 200,
) -> Verification:
    """Check everything approved of these kinds, `lot` things a scope, and note down how it went.

    `open_scope` opens the system's scope; `after_lot` hears of each lot. Stopped by KeyboardInterrupt, it notes
    what it had checked, as not complete.
    """
    chosen = list(kinds)
    run = Run(started_at=clock())
    try:
        for kind in chosen:
            last: UUID | None = None
            while True:
                with open_scope() as scope:
                    scope.demand("approvals.publication.verify")
                    last, checked, wrong = _verify_lot(scope, kind, last, lot)
                run.add(checked, wrong)
                after_lot(kind, run, wrong)
                if last is None:
                    break
            with open_scope() as scope:
                strays = _strays(scope, kind)
            run.add(len(strays), strays)
            after_lot(kind, run, strays)
        run.is_complete = True
    except KeyboardInterrupt:
        pass
    with open_scope() as scope:
        return _keep(scope, run, chosen[0].code if len(chosen) == 1 else "", clock())


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
