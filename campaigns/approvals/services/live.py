"""What customers see: going live and being taken down."""

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import lock, move, note, thing_of, words_of
from campaigns.approvals.rules import NothingIsLive
from campaigns.approvals.selectors import live_revision_of
from campaigns.approvals.telling import tell_makers
from campaigns.tenants.scopes import Scope

State = Revision.State


def take_down(*, scope: Scope, subject: str, reason: str) -> Revision:
    """Remove the published copy at once; one person suffices, going live again needs two.

    Demands `<kind>.take_down`. Raises NotFound, NothingIsLive, WordsAreMissing without a reason.
    """
    kind, subject_id = thing_of(subject)
    scope.demand(f"{kind.code}.take_down")
    words_of(reason)
    lock(scope, subject)
    kind.freeze(scope, subject_id)  # a foreign thing answers like an absent one
    live = live_revision_of(scope=scope, subject=subject)
    if live is None:
        raise NothingIsLive
    kind.take_down(scope, subject_id)
    move(scope, live, State.TAKEN_DOWN)
    note(scope, live, f"{kind.code}.take_down", reason=reason)
    tell_makers(scope=scope, revision=live, code="taken_down", comment=reason)
    return live


def go_live(*, scope: Scope, revision: Revision) -> None:
    """Put an approved revision in the place of what was live. Called when the last step of its review is through."""
    before = live_revision_of(scope=scope, subject=revision.subject)
    if before is not None:
        move(scope, before, State.SUPERSEDED)
    move(scope, revision, State.APPROVED)
    kind_of(revision.kind).go_live(scope, revision)
