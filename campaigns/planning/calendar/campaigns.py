"""The layer of campaigns: when each begins and ends. They pass no review, so they are set as soon as they are there."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.money import yuan
from campaigns.planning.calendar.layers import (
    Asked,
    Card,
    Entry,
    Fill,
    Found,
    IsOver,
    Layer,
    Part,
    register_calendar_layer,
)
from campaigns.planning.models import Campaign
from campaigns.planning.selectors import campaign_in_scope, campaigns_within
from campaigns.planning.services import change_campaign
from campaigns.tenants.scopes import Scope

_MOST = 200


def campaign_entries(scope: Scope, asked: Asked) -> Found:
    """Campaigns that run on these days. One query, and none for a maker's own: nobody's name is kept with them."""
    if asked.owner is not None:
        return Found([])
    rows: QuerySet[Campaign] = campaigns_within(scope=scope).filter(
        starts_at__lt=asked.until, ends_at__gt=asked.first
    )
    found = list(rows.select_related("branch").order_by("starts_at", "id")[: _MOST + 1])
    entries = [
        Entry(
            key=each.pk,
            part=Part.WINDOW,
            at=each.starts_at,
            until=each.ends_at,
            title=each.title,
            kind="",
            fill=_fill(scope, each),
            owner_id=None,
            owner="",
            branch=each.branch.name,
            moves=frozenset(_moves(scope, each)),
        )
        for each in found[:_MOST]
    ]
    if len(found) <= _MOST:
        return Found(entries)
    return Found(entries, {asked.days[-1]: 1}, frozenset(asked.days[-1:]))


def campaign_card(scope: Scope, campaign_id: UUID) -> Card:
    """Raises NotFound."""
    each = campaign_in_scope(scope=scope, campaign_id=campaign_id)
    is_over, runs = each.ends_at <= scope.at, each.starts_at <= scope.at
    return Card(
        title=each.title,
        kind=gettext("campaign"),
        state=gettext("over") if is_over else gettext("running") if runs else gettext("coming"),
        fill=_fill(scope, each),
        owner="",
        branch=each.branch.name,
        lines=[(gettext("goal"), each.goal or "–"), (gettext("budget"), yuan(each.budget_fen))],
        page=reverse("admin:planning_campaign_change", args=[each.pk]),
        next=gettext("Open the campaign"),
        window=(each.starts_at, each.ends_at),
        moves=frozenset(_moves(scope, each)),
    )


def move_campaign(scope: Scope, campaign_id: UUID, moments: Mapping[Part, datetime]) -> str:
    """Raises NotFound, IsOver, WindowIsBackward."""
    each = campaign_in_scope(scope=scope, campaign_id=campaign_id)
    if each.ends_at <= scope.at:
        raise IsOver
    change_campaign(
        scope=scope,
        campaign_id=campaign_id,
        title=each.title,
        starts_at=moments.get(Part.FROM, each.starts_at),
        ends_at=moments.get(Part.UNTIL, each.ends_at),
        goal=each.goal,
        budget_fen=each.budget_fen,
        note=each.note,
    )
    return gettext("The campaign has its new time. What belongs to it keeps its own.")


def _fill(scope: Scope, each: Campaign) -> Fill:
    return Fill.DONE if each.ends_at <= scope.at else Fill.SET


def _moves(scope: Scope, each: Campaign) -> list[Part]:
    if each.ends_at <= scope.at or not scope.may("planning.campaign.change"):
        return []
    return [Part.UNTIL] if each.starts_at <= scope.at else [Part.FROM, Part.UNTIL]


def register_campaigns_layer() -> None:
    register_calendar_layer(
        Layer(
            "campaigns",
            _("Campaigns"),
            icon="campaign",
            needs="planning.campaign.view",
            entries=campaign_entries,
            card=campaign_card,
            move=move_campaign,
        )
    )
