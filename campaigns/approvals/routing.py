"""Which steps a thing needs, at the branch it belongs to."""

from campaigns.approvals.kinds import Facts, Kind
from campaigns.approvals.routes import DEFAULT, StepPlan
from campaigns.tenants.scopes import Scope


def route_for(scope: Scope, kind: Kind, facts: Facts, branch_id: int) -> tuple[StepPlan, ...]:
    """The steps in their order; never none."""
    return DEFAULT
