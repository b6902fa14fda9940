"""Back to an older revision: its payload becomes the draft again. Nothing goes live by it."""

from uuid import UUID

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import lock, note, thing_of
from campaigns.approvals.rules import IsNotRestored
from campaigns.approvals.selectors import revision_in_scope
from campaigns.tenants.scopes import Scope


def restore_revision(*, scope: Scope, revision_id: UUID) -> Revision:
    """Write what was frozen into the draft of its thing, in place of what stands there.

    It is an edit: demands `<kind>.change`, and voids an open review. Raises NotFound, IsNotRestored for a kind that
    has no way back, and whatever the thing's own service refuses: RefersToNothing where something it refers to is
    gone, or the kind's own rules.
    """
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    kind = kind_of(revision.kind)
    scope.demand(f"{kind.code}.change")
    if kind.restore is None:
        raise IsNotRestored(kind=kind.label)
    _kind, subject_id = thing_of(revision.subject)
    lock(scope, revision.subject)
    kind.freeze(scope, subject_id)  # a thing that is gone answers like one that never was
    kind.restore(scope, subject_id, revision.payload)
    note(scope, revision, "approvals.revision.restore")
    return revision
