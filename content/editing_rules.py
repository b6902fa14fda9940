"""Who holds a draft, for everybody who would write it."""

from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from content.item_refusals import IsBeingEdited
from content.models import Editing


def held_by_another(*, scope: Scope, item_id: UUID) -> Editing | None:
    """Who else edits this draft now?"""
    held = Editing.objects.within(scope).filter(item_id=item_id, until__gt=scope.at)
    if scope.person_id is not None:
        held = held.exclude(person_id=scope.person_id)
    found: Editing | None = held.first()
    return found


def demand_not_held(*, scope: Scope, item_id: UUID) -> None:
    """Raises IsBeingEdited while somebody else holds the draft."""
    editing = held_by_another(scope=scope, item_id=item_id)
    if editing is not None:
        raise is_being_edited(scope, editing)


def is_being_edited(scope: Scope, editing: Editing) -> IsBeingEdited:
    zone: ZoneInfo = zone_of(scope=scope)
    return IsBeingEdited(who=editing.person_name, since=f"{editing.since.astimezone(zone):%H:%M}")
