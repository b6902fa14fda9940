"""Questions about recurring things."""

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.jobs.recurring_models import Recurring
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


def recurring_within(*, scope: Scope) -> "QuerySet[Recurring]":
    """What recurs at the scope's branches?"""
    return Recurring.objects.within(scope)


def recurring_in_scope(*, scope: Scope, recurring_id: UUID | str, lock: bool = False) -> Recurring:
    """The thing; raises NotFound for a foreign and an absent one alike."""
    rows = recurring_within(scope=scope)
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found = rows.filter(pk=recurring_id).first()
    if found is None:
        raise NotFound
    return found


def to_lay(*, scope: Scope, before: date, after: UUID | None, limit: int) -> list[Recurring]:
    """Which are not laid until `before`, in the order of their ids behind `after`? Locked; those in other hands are
    left out, since they are being laid there.
    """
    rows = recurring_within(scope=scope).filter(Q(laid_until__isnull=True) | Q(laid_until__lt=before))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    free = rows.order_by("pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(free[:limit])
