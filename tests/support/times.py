"""What the clock does to approved things and late steps, as a worker does it."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.approvals.models import Remark, Revision
from campaigns.jobs.services.due import Ran
from campaigns.tenants.scopes import system_scope
from tests.support.due import run_at


@dataclass(frozen=True)
class Served:
    """How many went live, and how many ended."""

    live: int
    ended: int


def _states(at: datetime) -> dict[object, str]:
    with system_scope(at=at, cause="test"):
        return dict(Revision.objects.values_list("pk", "state"))


def sweep(at: datetime) -> Served:
    """Carry out what is due at this moment; what became of revisions by it."""
    before = _states(at)
    run_at(at)
    moved = [(before[key], state) for key, state in _states(at).items() if before[key] != state]
    live = moved.count(("scheduled", "approved"))
    return Served(live, sum(state == "ended" for _was, state in moved))


def escalated(at: datetime) -> int:
    """Carry out what is due at this moment; how many steps went up by it."""
    with system_scope(at=at, cause="test"):
        before = Remark.objects.filter(deed=Remark.Deed.ESCALATE).count()
    ran: Ran = run_at(at)
    assert ran.failed == ran.dead == 0
    with system_scope(at=at, cause="test"):
        return Remark.objects.filter(deed=Remark.Deed.ESCALATE).count() - before
