"""The only writers of campaigns."""

from datetime import datetime
from uuid import UUID

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.planning.models import Campaign
from campaigns.planning.rules import check_campaign
from campaigns.planning.selectors import campaign_in_scope
from campaigns.tenants.scopes import Scope


def add_campaign(
    *,
    scope: Scope,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    goal: str = "",
    budget_fen: int = 0,
    note: str = "",
) -> Campaign:
    """A new campaign of the branch the scope stands at. Budget in fen; raises the refusals of `check_campaign`."""
    scope.demand("planning.campaign.add")
    check_campaign(starts_at=starts_at, ends_at=ends_at, budget_fen=budget_fen)
    campaign = Campaign.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        title=title,
        goal=goal,
        starts_at=starts_at,
        ends_at=ends_at,
        budget_fen=budget_fen,
        note=note,
    )
    _note(scope, campaign, "planning.campaign.add")
    return campaign


def change_campaign(
    *,
    scope: Scope,
    campaign_id: UUID,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    goal: str,
    budget_fen: int,
    note: str,
) -> Campaign:
    """Change what a campaign says. Raises NotFound, and the refusals of `check_campaign`."""
    scope.demand("planning.campaign.change")
    check_campaign(starts_at=starts_at, ends_at=ends_at, budget_fen=budget_fen)
    campaign = campaign_in_scope(scope=scope, campaign_id=campaign_id)
    campaign.title, campaign.goal, campaign.note = title, goal, note
    campaign.starts_at, campaign.ends_at, campaign.budget_fen = starts_at, ends_at, budget_fen
    campaign.save(update_fields=["title", "goal", "note", "starts_at", "ends_at", "budget_fen"])
    _note(scope, campaign, "planning.campaign.change")
    return campaign


def _note(scope: Scope, campaign: Campaign, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("planning.campaign", campaign.pk),
        subject_name=campaign.title,
        branch_id=campaign.branch_id,
        branch_pos=campaign.branch_pos,
    )
