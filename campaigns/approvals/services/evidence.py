"""Taking an evidence sheet: a deed of its own, since the sheet leaves the system."""

from uuid import UUID

from campaigns.approvals.evidence.as_json import sheet_hash
from campaigns.approvals.evidence.collecting import TAKEN, evidence_of
from campaigns.approvals.evidence.tree import Evidence
from campaigns.approvals.moves import note
from campaigns.approvals.selectors import revision_in_scope
from campaigns.tenants.scopes import Scope


def take_evidence(*, scope: Scope, revision_id: UUID, form: str) -> Evidence:
    """What the sheet of a revision says, noted in the audit with the sheet's number and hash. Raises NotFound.

    `form`: what it is taken as, "json" or "pdf".
    """
    scope.demand(TAKEN)
    evidence = evidence_of(scope, revision_id)
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    note(scope, revision, TAKEN, sheet=evidence.number, sheet_sha256=sheet_hash(evidence), form=form)
    return evidence
