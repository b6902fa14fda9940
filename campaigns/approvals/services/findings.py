"""Compliance findings: looked for at submission, acknowledged by name before anything goes live."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.utils import translation

from campaigns.approvals.checks import Finding as Judged
from campaigns.approvals.checks import Sight, look
from campaigns.approvals.finding_selectors import lists_for, open_findings_of
from campaigns.approvals.kinds import Facts, Frozen, Kind
from campaigns.approvals.links import links_in
from campaigns.approvals.models import Acknowledgement, Finding, Revision
from campaigns.approvals.moves import note, person_of
from campaigns.approvals.people import DECIDE, chairs_of
from campaigns.approvals.rules import (
    FindingsAreOpen,
    MakerIsChecker,
    NotCompliant,
    ReviewIsClosed,
    canonical,
)
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import Scope

# What is refused names this many findings; the rest is found again when these are mended.
SAID_AT_MOST = 20


def examine(
    *,
    scope: Scope,
    kind: Kind,
    frozen: Frozen,
    facts: Facts | None = None,
    severities: Mapping[str, str] | None = None,
) -> list[Judged]:
    """What the checks find in a frozen thing, in the order of its text. Writes nothing.

    `facts`: those of the frozen thing where they are known already (counting an audience takes a while); `severities`:
    what the policies in force say of checks (checks.look). Raises NotCompliant when a finding blocks. A refused
    attempt leaves no trace in the audit: an editor corrects a text as often as it takes, and nothing of it was shown
    to anybody.
    """
    sight = sight_of(scope=scope, kind=kind, frozen=frozen, facts=facts)
    found = look(scope=scope, sight=sight, severities=severities or {})
    if blocking := [finding for finding in found if finding.severity == "block"]:
        raise _refusal(scope, kind, frozen, blocking)
    return found


def sight_of(*, scope: Scope, kind: Kind, frozen: Frozen, facts: Facts | None = None) -> Sight:
    """What the checks look at. The lines are those of a Chinese reader, whoever submits."""
    payload = canonical(frozen.payload)
    with translation.override("zh-hans"):
        lines = kind.describe(scope, payload).lines
    return Sight(
        kind=kind.code,
        frozen=frozen,
        facts=kind.facts(scope, frozen) if facts is None else facts,
        lines=lines,
        links=links_in(payload, [(line.key, line.value) for line in lines]),
        lists=lists_for(scope=scope, branch_pos=frozen.branch_pos),
    )


def keep_findings(*, scope: Scope, revision: Revision, found: Collection[Judged]) -> None:
    """Store what was found beside the revision that was made of it, in the same transaction."""
    Finding.objects.bulk_create(
        Finding(
            branch_id=revision.branch_id,
            branch_pos=revision.branch_pos,
            revision=revision,
            rule=finding.check.code,
            line=finding.found.line,
            start=finding.found.start,
            end=finding.found.end,
            excerpt=finding.found.excerpt[:200],
            args=dict(finding.found.args),
            severity=finding.severity,
            list_version=finding.found.list_version[:200],
            at=scope.at,
        )
        for finding in found
    )


def acknowledge_findings(*, scope: Scope, revision: Revision, finding_ids: Collection[UUID]) -> int:
    """Let findings of an open review stand, by name; returns how many were not acknowledged before.

    Ids of other revisions are passed over. For whoever may decide, a deputy too. Raises NotAllowed, MakerIsChecker,
    ReviewIsClosed, NobodyActs.
    """
    person_id = person_of(scope)
    if not chairs_of(scope):
        raise NotAllowed(verb=DECIDE)
    if revision.is_by(person_id):
        raise MakerIsChecker
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.state_label)
    chosen = list(open_findings_of(scope=scope, revision=revision).filter(pk__in=list(finding_ids)))
    Acknowledgement.objects.bulk_create(
        Acknowledgement(
            branch_id=revision.branch_id,
            branch_pos=revision.branch_pos,
            finding=finding,
            person_id=person_id,
            person_name=scope.facts.actor_name,
            at=scope.at,
        )
        for finding in chosen
    )
    if chosen:
        said = [{"check": f.rule, "place": f.line, "words": f.excerpt} for f in chosen]
        note(scope, revision, "approvals.revision.acknowledge", findings=said)
    return len(chosen)


def settle_findings(*, scope: Scope, revision: Revision, acknowledged: Collection[UUID] = ()) -> None:
    """Acknowledge these, and raise FindingsAreOpen when one is left. Called before an approval is written."""
    if acknowledged:
        acknowledge_findings(scope=scope, revision=revision, finding_ids=acknowledged)
    left = open_findings_of(scope=scope, revision=revision).count()
    if left:
        raise FindingsAreOpen(count=left)


def _refusal(scope: Scope, kind: Kind, frozen: Frozen, blocking: list[Judged]) -> NotCompliant:
    said: dict[str, list[str]] = {}
    for language, code in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(code):
            labels = {line.key: line.label for line in kind.describe(scope, canonical(frozen.payload)).lines}
            colon = "：" if language == "zh" else ": "
            said[language] = [_sentence(labels, finding, colon) for finding in blocking]
    places = [
        {
            "check": finding.check.code,
            "line": finding.found.line,
            "start": finding.found.start,
            "end": finding.found.end,
            "excerpt": finding.found.excerpt,
            "said_zh": zh,
            "said_en": en,
        }
        for finding, zh, en in zip(blocking, said["zh"], said["en"], strict=True)
    ]
    first_zh, first_en = (said[language][:SAID_AT_MOST] for language in ("zh", "en"))
    return NotCompliant(findings=places, said_zh="；".join(first_zh), said_en="; ".join(first_en))


def _sentence(labels: Mapping[str, str], finding: Judged, colon: str) -> str:
    """ "标题“保-本”：…" """
    where = labels.get(finding.found.line, "")
    words = f"“{finding.found.excerpt}”" if finding.found.excerpt else ""
    return f"{where}{words}{colon}{finding.says}" if where or words else finding.says
