"""Writing placements: what fills a slot, and when."""

from datetime import datetime
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import submit_revision, void_review
from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.item_refusals import PlacesTheOriginal
from content.models import Placement
from content.placement_terms import Whom, check_whom, payload_of
from content.rules import EditedMeanwhile, check_window
from content.selectors import item_in_scope, placement_in_scope


def add_placement(
    *,
    scope: Scope,
    slot: str,
    item_id: UUID,
    shown_from: datetime,
    shown_until: datetime = FOREVER,
    priority: int = 0,
    handed_down: bool = False,
    whom: Whom | None = None,
) -> Placement:
    """A new draft of the branch the scope stands at. Raises NotFound (foreign item), WindowIsBackward, TargetIsUnknown,
    LimitIsBackward, PlacesTheOriginal.
    """
    scope.demand("content.placement.add")
    placement = Placement(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill(scope, placement, slot, item_id, priority, shown_from, shown_until, handed_down, whom)
    placement.save(force_insert=True)
    _note(scope, placement, "content.placement.add")
    return placement


def change_placement(
    *,
    scope: Scope,
    placement_id: UUID,
    slot: str,
    item_id: UUID,
    priority: int,
    shown_from: datetime,
    shown_until: datetime,
    handed_down: bool,
    whom: Whom | None = None,
    seen_at: datetime | None = None,
) -> Placement:
    """Change a draft; an open review of it is void then. Without `whom` it stays for whom it was.

    Raises as `add_placement`, and EditedMeanwhile.
    """
    scope.demand("content.placement.change")
    placement = placement_in_scope(scope=scope, placement_id=placement_id)
    void_review(scope=scope, subject=ref("content.placement", placement.pk))
    placement = (
        Placement.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=placement.pk)
    )
    if seen_at is not None and placement.changed_at != seen_at:
        raise EditedMeanwhile(who=placement.author_name)
    _fill(scope, placement, slot, item_id, priority, shown_from, shown_until, handed_down, whom)
    placement.save(force_update=True)
    _note(scope, placement, "content.placement.change")
    return placement


def submit_placement(*, scope: Scope, placement_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`: NotFound, NotReady, ReviewIsOpen, NothingHasChanged."""
    return submit_revision(scope=scope, subject=ref("content.placement", placement_id))


def take_down_placement(*, scope: Scope, placement_id: UUID, reason: str) -> Revision:
    """Empty the place at once. Raises NotFound, NothingIsLive, WordsAreMissing."""
    return take_down(scope=scope, subject=ref("content.placement", placement_id), reason=reason)


def _fill(
    scope: Scope,
    placement: Placement,
    slot: str,
    item_id: UUID,
    priority: int,
    shown_from: datetime,
    shown_until: datetime,
    handed_down: bool,
    whom: Whom | None,
) -> None:
    check_window(shown_from=shown_from, shown_until=shown_until)
    if whom is not None:
        check_whom(scope=scope, whom=whom)
        for name, value in payload_of(whom).items():
            setattr(placement, name, value)
    placement.item = item_in_scope(scope=scope, item_id=item_id)
    if placement.item.basis_id is not None:
        raise PlacesTheOriginal
    placement.slot, placement.priority, placement.handed_down = slot, priority, handed_down
    placement.shown_from, placement.shown_until = shown_from, shown_until
    placement.author_id, placement.author_name = scope.person_id, scope.facts.actor_name
    placement.changed_at = scope.at


def _note(scope: Scope, placement: Placement, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.placement", placement.pk),
        subject_name=str(placement),
        branch_id=placement.branch_id,
        branch_pos=placement.branch_pos,
    )
