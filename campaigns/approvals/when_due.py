"""What this room's due rows do when their time has come: each is a service of the room, asked for one thing."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.approvals.clockwork import END, ESCALATE, GO_LIVE
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import revisions_within
from campaigns.approvals.services.escalation import escalate_overdue
from campaigns.approvals.services.schedule import end_over, put_live
from campaigns.approvals.telling import tell_makers
from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import register_due
from campaigns.lib.refs import read_ref
from campaigns.tenants.scopes import Scope


def register_kinds() -> None:
    """Called once, when the applications are ready."""
    register_due(GO_LIVE, _put_live, label=_("Go live"), on_dead=_tell_not_live)
    register_due(END, _end, label=_("End and take away"))
    register_due(ESCALATE, _escalate, label=_("Ask the next branch up"))


def _put_live(scope: Scope, due: Due) -> None:
    put_live(scope=scope, revision_id=_id_of(due))


def _end(scope: Scope, due: Due) -> None:
    end_over(scope=scope, revision_id=_id_of(due))


def _escalate(scope: Scope, due: Due) -> None:
    escalate_overdue(scope=scope, step_id=_id_of(due))


def _tell_not_live(scope: Scope, due: Due) -> None:
    """It was given up: who made it learns that it did not go live, and why."""
    waiting = revisions_within(scope=scope).filter(pk=_id_of(due), state=Revision.State.SCHEDULED)
    revision = waiting.order_by().first()
    if revision is not None:
        tell_makers(scope=scope, revision=revision, code="not_live", comment=due.why.get("zh", ""))


def _id_of(due: Due) -> UUID:
    return UUID(read_ref(due.subject).id)
