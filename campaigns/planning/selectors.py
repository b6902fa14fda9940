"""Questions about campaigns."""

from uuid import UUID

from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.planning.models import Campaign
from campaigns.tenants.scopes import Scope


def campaigns_within(*, scope: Scope) -> QuerySet[Campaign]:
    """Which campaigns belong to the scope's branches? Latest start first."""
    return Campaign.objects.within(scope)


def running_campaigns(*, scope: Scope) -> QuerySet[Campaign]:
    """Which campaigns of the scope run at its moment?"""
    return campaigns_within(scope=scope).filter(starts_at__lte=scope.at, ends_at__gt=scope.at)


def campaigns_named(*, scope: Scope) -> list[tuple[UUID, str]]:
    """Which campaigns may somebody name here? The scope's, by id and title, those that end last first."""
    return list(campaigns_within(scope=scope).order_by("-ends_at", "-id").values_list("pk", "title")[:500])


def campaign_in_scope(*, scope: Scope, campaign_id: UUID) -> Campaign:
    """The campaign; raises NotFound for a foreign and an absent one alike."""
    campaign = campaigns_within(scope=scope).filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound
    return campaign
