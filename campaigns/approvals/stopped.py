"""Questions about emergency stops."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q, QuerySet

from campaigns.approvals.kinds import Kind, kinds
from campaigns.approvals.models import Stop
from campaigns.approvals.stop_rules import covers
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# The campaigns that a page may offer, by id, with their titles. Their room lies above this one.
CampaignsWithin = Callable[[Scope], list[tuple[UUID, str]]]
_CAMPAIGNS: list[CampaignsWithin] = []


def register_campaigns(campaigns_within: CampaignsWithin) -> None:
    """Let stops name campaigns; called by the room that owns them, in its apps.py."""
    _CAMPAIGNS[:] = [campaigns_within]


def campaigns_offered(*, scope: Scope) -> list[tuple[UUID, str]]:
    """Which campaigns may a stop be limited to?"""
    return _CAMPAIGNS[0](scope) if _CAMPAIGNS else []


def kinds_offered() -> list[Kind]:
    """What can be stopped: the kinds that customers are served copies of."""
    return [kind for kind in kinds() if kind.copies is not None]


def stops_within(*, scope: Scope) -> "QuerySet[Stop]":
    """Which stops were made at the scope's branches? Newest first."""
    return Stop.objects.within(scope)


def stop_in_scope(*, scope: Scope, stop_id: UUID) -> Stop:
    """The stop; raises NotFound for a foreign and an absent one, and one of a branch above, alike."""
    found = stops_within(scope=scope).filter(pk=stop_id).first()
    if found is None:
        raise NotFound
    return found


def open_stops(*, scope: Scope) -> list[Stop]:
    """What is stopped now at the scope's branches, or from above for them? The oldest first."""
    rows = Stop.objects.visible(scope).filter(lifted_at__isnull=True)
    return list(rows.select_related("branch").order_by("stopped_at", "id"))


def stop_over(*, scope: Scope, kind: str, branch_id: int, campaign_id: UUID | None) -> Stop | None:
    """The open stop that holds a thing of this kind, branch and campaign, if any; the widest branch's first."""
    rows = [row for row in Stop.objects.visible(scope).filter(lifted_at__isnull=True).order_by("branch_pos")
            if covers(kind=row.kind, campaign_id=row.campaign_id, of_kind=kind, of_campaign=campaign_id)]  # fmt: skip
    if not rows:
        return None
    line = _line(scope, branch_id)
    return next((row for row in rows if row.branch_id in line), None)


def _line(scope: Scope, branch_id: int) -> list[int]:
    if branch_id == scope.branch_id:
        return list(scope.line)
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT tenants_line(%s)", [branch_id])
        return list(cursor.fetchone()[0] or [])


@dataclass(frozen=True, slots=True)
class Reach:
    """What a stop would take from customers: how many live things, and at how many open branches."""

    things: int
    branches: int


def reach_of(*, scope: Scope, branch: Branch, kind: str, campaign_id: UUID | None) -> Reach:
    """How far would this stop reach? Copies of the branch and below, and those handed down to it."""
    inside = Q(branch_pos__range=(branch.pos, branch.pos_end))
    above = Q(handed_down=True, branch_id__in=_line(scope, branch.pk)[1:])
    things = 0
    for each in kinds_offered():
        copies = each.copies
        assert copies is not None
        if kind not in ("", each.code) or (campaign_id and not copies.campaign):
            continue
        model: Any = copies.model
        rows: QuerySet[Any] = model.objects.filter(inside | above, shown_until__gt=scope.at)
        things += (rows.filter(**{copies.campaign: campaign_id}) if campaign_id else rows).count()
    below = Branch.objects.filter(pos__range=(branch.pos, branch.pos_end), is_open=True)
    return Reach(things, below.count())
