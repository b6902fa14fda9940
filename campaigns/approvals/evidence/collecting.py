"""Collecting what the sheet says, from the reviews, the history and the audit."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.apps import apps
from django.utils.translation import gettext, override

from campaigns.approvals.evidence.tree import (
    Approved,
    Decided,
    Deed,
    Evidence,
    Fact,
    File,
    Finding,
    Moved,
    Sealed,
    Shown,
    Stage,
)
from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.flow import seats_of
from campaigns.approvals.kinds import Line, kind_of
from campaigns.approvals.models import Revision, Step
from campaigns.approvals.rules import hash_of, whole_of
from campaigns.approvals.selectors import decisions_of, revision_in_scope
from campaigns.audit.models import Entry, Seal
from campaigns.audit.rules import written_at
from campaigns.audit.selectors.chain import seals_over
from campaigns.audit.selectors.search import Search, entries_found
from campaigns.audit.words import sentence_of
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import Scope

# A sheet is of others, so its words do not follow the reader.
_LANGUAGE = "zh-hans"
_DEEDS = 200
# Taking a sheet leaves a row in the audit; if sheets listed those, no two would ever be equal.
TAKEN = "approvals.revision.evidence"


def evidence_of(scope: Scope, revision_id: UUID) -> Evidence:
    """Everything that the sheet of this revision says now. Raises NotFound."""
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    with override(_LANGUAGE):
        return _evidence(scope, revision)


def _evidence(scope: Scope, revision: Revision) -> Evidence:
    kind = kind_of(revision.kind)
    lines = kind.describe(scope, revision.payload).lines
    deeds, left_out = _deeds(scope, revision)
    seals = seals_over(moments=[written_at(deed.pk) for deed in deeds])
    whole = whole_of(subject=revision.subject, title=revision.title, payload=revision.payload)
    return Evidence(
        number=f"{revision.submitted_at.astimezone(UTC):%Y%m%d}-{revision.pk.hex[-10:].upper()}",
        kind=revision.kind,
        kind_words=str(kind.label),
        subject=revision.subject,
        title=revision.title,
        revision=revision.number,
        revision_id=revision.pk,
        state=revision.state,
        state_words=str(revision.get_state_display()),
        branch=revision.branch.name,
        branch_code=revision.branch.code,
        made_by=revision.author_name,
        made_by_id=revision.author_id,
        kept_by_id=revision.keeper_id,
        submitted_at=revision.submitted_at,
        approved=Approved(
            sha256=revision.sha256,
            canonical=whole.decode(),
            is_whole=revision.sha256
            == hash_of(subject=revision.subject, title=revision.title, payload=revision.payload),
        ),
        facts=tuple(Fact(line.label, line.value) for line in lines if not line.picture),
        pictures=tuple(_pictures(scope, revision, lines)),
        files=tuple(_files(revision.payload, "")),
        stages=_stages(scope, revision),
        findings=_findings(scope, revision),
        moves=_moves(scope, revision),
        deeds=tuple(
            Deed(each.pk, each.at, sentence_of(each), each.verb, _seal_of(each, seals)) for each in deeds
        ),
        deeds_left_out=left_out,
        seals=tuple(Sealed(seal.number, seal.since, seal.until, bytes(seal.digest).hex()) for seal in seals),
    )


def _stages(scope: Scope, revision: Revision) -> tuple[Stage, ...]:
    """The steps with their decisions, earlier rounds too; what was decided before reviews had steps comes first."""
    decided: dict[UUID | None, list[Decided]] = {}
    for each in decisions_of(scope=scope, subject=revision.subject):
        if each.revision_id == revision.pk:
            decided.setdefault(each.step_id, []).append(
                Decided(
                    person=each.person_name,
                    person_id=each.person_id,
                    verdict=each.verdict,
                    words=str(each.get_verdict_display()),
                    comment=each.comment,
                    sha256=each.sha256,
                    at=each.at,
                    on_behalf_of=each.for_person_name,
                )
            )
    stages = [
        Stage(
            f"{step.name} · {step.get_state_display()}",
            _rule(scope, step),
            tuple(decided.pop(step.pk, ())),
            step.policy,
        )
        for step in Step.objects.within(scope).filter(revision=revision).order_by("position")
    ]
    if None in decided:
        whole = Stage(gettext("Review"), gettext("One person other than its maker"), tuple(decided[None]))
        return (whole, *stages)
    return tuple(stages)


def _rule(scope: Scope, step: Step) -> str:
    """Whom the step asked: "任一人（或签）：审核、王敏"."""
    roles = {role.code: str(role) for role in Role.objects.all()}
    who = [
        seat.person_name or roles.get(seat.role) or gettext("anybody who may decide")
        for seat in seats_of(scope, step)
    ]
    many = f" {step.count}" if step.how == Step.How.COUNT else ""
    return f"{step.get_how_display()}{many}：{'、'.join(who)}"


def _findings(scope: Scope, revision: Revision) -> tuple[Finding, ...]:
    """What checks found at submission, and who let it stand."""
    found = []
    for each in findings_of(scope=scope, revision=revision):
        seen = getattr(each.finding, "acknowledgement", None)
        found.append(
            Finding(
                check=each.check,
                words=each.says or each.finding.excerpt,
                place=each.place,
                how=str(each.finding.get_severity_display()),
                acknowledged_by=seen.person_name if seen else "",
                acknowledged_at=seen.at if seen else None,
            )
        )
    return tuple(found)


def _pictures(scope: Scope, revision: Revision, lines: Sequence[Line]) -> Iterator[Shown]:
    kind = kind_of(revision.kind)
    if kind.pictures is None:
        return
    labels = {line.key: line.label for line in lines}
    for picture in kind.pictures(scope, revision.payload):
        is_as_approved = sha256(picture.body).hexdigest() == picture.sha256
        yield Shown(
            label=labels.get(picture.key, picture.key),
            sha256=picture.sha256,
            content_type=picture.content_type,
            body=picture.body if is_as_approved else b"",
        )


def _files(part: Any, where: str) -> Iterator[File]:
    """Whatever in a payload carries a hash of its own is a file; named by its place in the payload."""
    if isinstance(part, dict):
        if isinstance(part.get("sha256"), str):
            yield File(where.removeprefix("."), part["sha256"])
        for name, value in part.items():
            yield from _files(value, f"{where}.{name}")
    elif isinstance(part, list):
        for nth, value in enumerate(part):
            named = value.get("name", nth) if isinstance(value, dict) else nth
            yield from _files(value, f"{where}[{named}]")


def _moves(scope: Scope, revision: Revision) -> tuple[Moved, ...]:
    """When it came into which state: the live row keeps the last move alone, its history all of them."""
    history = apps.get_model("approvals", "RevisionEvent")._default_manager
    rows = history.filter(pgh_obj_id=revision.pk, branch_pos__range=(scope.lo, scope.hi)).order_by("pgh_id")
    found: list[Moved] = []
    for state, submitted_at, decided_at in rows.values_list("state", "submitted_at", "decided_at"):
        if not found or found[-1].state != state:
            found.append(Moved(state, str(Revision.State(state).label), decided_at or submitted_at))
    return tuple(found)


def _deeds(scope: Scope, revision: Revision) -> tuple[list[Entry], bool]:
    """The latest audit rows of the thing, oldest first, and whether there are older ones."""
    found = entries_found(scope=scope, search=Search(thing=revision.subject), limit=_DEEDS)
    deeds = [entry for entry in reversed(found.entries) if entry.verb != TAKEN]
    return deeds, found.further is not None


def _seal_of(entry: Entry, seals: Sequence[Seal]) -> int | None:
    moment: datetime = written_at(entry.pk)
    return next((seal.number for seal in seals if seal.since <= moment < seal.until), None)
