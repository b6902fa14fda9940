"""Campaigns belong to a branch, end after they start, and remember who changed them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.planning.models import Campaign
from campaigns.planning.rules import BudgetIsNegative, WindowIsBackward
from campaigns.planning.selectors import running_campaigns
from campaigns.planning.services import add_campaign, change_campaign
from tests.support.cast import AT, Cast

WEEK = timedelta(days=7)


def spring(cast: Cast) -> Campaign:
    with cast.north_rewards.scope() as scope:
        return add_campaign(
            scope=scope,
            title="春节存款",
            goal="新增存款 1 亿",
            starts_at=AT,
            ends_at=AT + WEEK,
            budget_fen=5_000_00,
        )


def test_a_campaign_belongs_to_the_branch_where_its_maker_stands(cast: Cast) -> None:
    campaign = spring(cast)
    assert campaign.branch_id == cast.branch["N"].pk
    with cast.ho_rewards.scope():
        assert Campaign.objects.get().budget_fen == 5_000_00
    for name in ("south_editor", "nb_editor"):
        with cast.play(name).scope():
            assert not Campaign.objects.exists()


def test_it_runs_from_its_start_until_before_its_end(cast: Cast) -> None:
    spring(cast)
    for days, runs in ((-1, 0), (0, 1), (6, 1), (7, 0)):
        with cast.north_rewards.scope(at=AT + timedelta(days=days)) as scope:
            assert running_campaigns(scope=scope).count() == runs


def test_a_campaign_that_makes_no_sense_is_refused(cast: Cast) -> None:
    with cast.north_rewards.scope() as scope:
        with pytest.raises(WindowIsBackward):
            add_campaign(scope=scope, title="x", starts_at=AT, ends_at=AT)
        with pytest.raises(BudgetIsNegative):
            add_campaign(scope=scope, title="x", starts_at=AT, ends_at=AT + WEEK, budget_fen=-1)
        assert not Campaign.objects.exists()


def test_a_change_is_remembered_with_its_maker(cast: Cast) -> None:
    campaign = spring(cast)
    with cast.north_rewards.scope() as scope:
        change_campaign(
            scope=scope, campaign_id=campaign.pk, title="元宵存款", goal="", starts_at=AT, ends_at=AT + WEEK,
            budget_fen=0, note="",
        )  # fmt: skip
        history = apps.get_model("planning", "CampaignEvent").objects.order_by("pgh_id")
        assert [(e.pgh_label, e.title) for e in history] == [("insert", "春节存款"), ("update", "元宵存款")]
        assert [e.verb for e in Entry.objects.filter(verb__startswith="planning.").order_by("id")] == [
            "planning.campaign.add",
            "planning.campaign.change",
        ]


def test_a_foreign_campaign_answers_like_an_absent_one_and_a_clerk_makes_none(cast: Cast) -> None:
    campaign = spring(cast)
    values = {"title": "x", "goal": "", "starts_at": AT, "ends_at": AT + WEEK, "budget_fen": 0, "note": ""}
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope:
        for campaign_id in (campaign.pk, uuid4()):
            with pytest.raises(NotFound):
                change_campaign(scope=scope, campaign_id=campaign_id, **values)  # type: ignore[arg-type]
    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        add_campaign(scope=scope, title="x", starts_at=AT, ends_at=AT + WEEK)


def test_the_page_takes_yuan_and_says_what_is_wrong(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.north_rewards.login)
    form = {
        "title": "春节存款", "goal": "", "starts_at_0": "2026-11-22", "starts_at_1": "10:00:00",
        "ends_at_0": "2026-11-20", "ends_at_1": "10:00:00", "budget_fen": "1234.50", "note": "",
    }  # fmt: skip
    answer = client.post(reverse("admin:planning_campaign_add"), form)
    assert "活动的结束时间必须晚于开始时间" in answer.content.decode()
    answer = client.post(reverse("admin:planning_campaign_add"), form | {"ends_at_0": "2026-11-30"})
    assert answer.status_code == 302
    with cast.north_rewards.scope():
        assert Campaign.objects.get().budget_fen == 1_234_50
    assert "¥1,234.50" in client.get(reverse("admin:planning_campaign_changelist")).content.decode()
