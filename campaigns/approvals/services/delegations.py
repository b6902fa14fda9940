"""Deputies: somebody else decides for a time (委派)."""

from datetime import datetime
from uuid import UUID

from campaigns.approvals.models import LONGEST_DELEGATION, Delegation
from campaigns.approvals.moves import person_of
from campaigns.approvals.people import DECIDE, deputies
from campaigns.approvals.rules import CannotDelegate
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.notices.services import tell
from campaigns.tenants.scopes import Scope


def delegate(
    *, scope: Scope, deputy_id: UUID, held_from: datetime, held_until: datetime, reason: str
) -> Delegation:
    """Let somebody who sees these reviews decide them for oneself, from the scope's branch down, for 90 days at most.

    The deputy never decides what either of the two made. Raises NotAllowed, NobodyActs, CannotDelegate.
    """
    scope.demand(DECIDE)
    person_id = person_of(scope)
    deputy = next((d for d in deputies(scope, scope.branch_id) if d.person_id == deputy_id), None)
    is_short = held_from < held_until <= held_from + LONGEST_DELEGATION
    if deputy is None or not is_short or held_until <= scope.at or not reason.strip():
        raise CannotDelegate
    made: Delegation = Delegation.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        assignment_id=scope.carry["assignment"],
        person_id=person_id,
        person_name=scope.facts.actor_name,
        deputy_id=deputy_id,
        deputy_name=deputy.person_name,
        held_from=held_from,
        held_until=held_until,
        reason=reason.strip(),
    )
    subject = ref("approvals.delegation", made.pk)
    tell(
        scope=scope,
        people=[deputy_id],
        code="approvals.delegated",
        key=f"approvals.delegated:{made.pk}",
        subject=subject,
        branch_id=made.branch_id,
        who=made.person_name,
        until_at=held_until.isoformat(),
    )
    _note(scope, made, "approvals.delegation.add")
    return made


def end_delegation(*, scope: Scope, delegation_id: UUID) -> Delegation:
    """End one's own delegation, or turn down being somebody's deputy, from now on. Raises NotFound."""
    person_id = person_of(scope)
    made: Delegation | None = (
        Delegation.objects.within(scope).filter(pk=delegation_id, held_until__gt=scope.at).first()
    )
    if made is None or person_id not in (made.person_id, made.deputy_id):
        raise NotFound
    made.held_until = max(scope.at, made.held_from)
    Delegation.objects.within(scope).filter(pk=made.pk).update(held_until=made.held_until)
    _note(scope, made, "approvals.delegation.end")
    return made


def _note(scope: Scope, made: Delegation, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("approvals.delegation", made.pk),
        subject_name=str(made),
        branch_id=made.branch_id,
        branch_pos=made.branch_pos,
        reason=made.reason,
        held_from=made.held_from.isoformat(),
        held_until=made.held_until.isoformat(),
    )
