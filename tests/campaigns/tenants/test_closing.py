"""Branches that close or merge: nothing that ran stops, nothing that was is rewritten, nobody is left standing."""

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import FindingsAreOpen
from campaigns.approvals.services.reviews import approve_revision
from campaigns.audit.models import Entry
from campaigns.customers.models import Customer
from campaigns.customers.services.tag_definitions import add_category
from campaigns.jobs.services.due import lay
from campaigns.planning.models import Campaign
from campaigns.planning.services import add_campaign
from campaigns.points.models import Household, Member
from campaigns.points.services.postings import Accrual, accrue_points, hold_points
from campaigns.rewards.models import Cashier, Coupon, Merchant, Stock
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.rewards.services.merchants import add_cashier, add_merchant
from campaigns.tenants.models import Assignment, Branch, Person, TenantModel
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.closing import (
    AlreadyClosed,
    HasOpenChildren,
    NumbersClash,
    WrongSuccessor,
    close_branch,
    merge_branches,
)
from campaigns.tenants.services.people import add_person
from campaigns.tenants.services.places import settle_now
from campaigns.tenants.steps import steps_of
from content.models import Item, LiveItem, LivePlacement, Slot
from tests.campaigns.tenants.test_tree import stray_rows
from tests.support.cast import AT, Cast, hired
from tests.support.checkins import draft_programme
from tests.support.compliance import list_in_force
from tests.support.content import live_poster, submitted_item
from tests.support.draws import live_draw
from tests.support.groups import plant_branch_groups
from tests.support.livestreams import live_livestream
from tests.support.mall import live_good
from tests.support.rewards import assert_rewards_agree, live_batch, merchant_of

# What a closed branch keeps, and why; everything else with a branch is handed over by a step.
STAYS = {
    "customers.CustomerFile": "loaded for a part of the tree, as it stood; over within days",
    "customers.FileLot": "lots of such a file",
    "customers.CustomerExport": "written for who asked; gone within days",
    "customers.ConsentDraft": "is head office's, which never closes",
    "customers.MergeProposal": "what was decided; open questions go to the lowest branch above both homes",
    "points.Earning": "what was done there earned there",
    "points.RuleCount": "counts what a rule has given, whoever's it is",
    "rewards.Origin": "counts claims of a batch, whoever's it is",
    "audit.Entry": "what was done there was done there",
    "access.Reset": "what was done to a log-in there",
    "requests.RequestKey": "answers to requests made there; kept for days",
    "approvals.Decision": "was taken there",
    "approvals.Remark": "was said there",
    "jobs.Job": "was asked there; it is paused when the assignment ends",
    "jobs.JobItem": "belongs to its job",
    "jobs.JobLine": "belongs to its job",
    "approvals.Look": "lasts for less than a minute",
    "approvals.Policy": "at the successor it could be asked before its own policies, and loosen them",
    "approvals.LivePolicy": "the same",
    "approvals.Acknowledgement": "was given there",
    "approvals.Finding": "was noted there when it was submitted",
    "approvals.Stop": "was stopped there; an open one forbids the closing",
    "approvals.Verification": "is head office's",
    "tenants.OrganisationFile": "was loaded there, and can be taken back from there",
    "planning.Feed": "ends with the assignment there",
    "jobs.Message": "was written there, and goes out from there",
    "events.Event": "was done there; a customer's page shows all of theirs",
    "content.Asset": "the successor sees it below; the same picture may be its own already",
    "content.Rendition": "belongs to its asset",
    "content.Editing": "is over in a minute, and let go when the branch closes",
    "content.Recall": "was recalled there",
    "content.Sighting": "was seen there, by customers who were at home there",
    "content.Folder": "holds assets, which stay",
    "content.RenderWork": "belongs to its asset",
    "rewards.Coupon": "belongs to the home branch at the claim",
    "rewards.Redemption": "happened there",
    "rewards.Movement": "was booked to the budget then",
    "rewards.CapCount": "counted what was claimed there",
    "rewards.Terms": "were published there, and coupons stay good",
    "rewards.Reversal": "happened there",
    "rewards.BatchFile": "was loaded there; its content is gone within days",
    "rewards.BatchFileLot": "belongs to its list",
    "rewards.CodeRun": "codes were made there, for a batch that the successor issues now",
    "rewards.ClaimCode": "belongs to its run",
    "rewards.PartnerCode": "belongs to its batch",
    "rewards.Gift": "belongs to its coupon",
    "rewards.Close": "says what was on a day there",
    "points.Adjustment": "was asked for there, of a customer at home there",
    "points.AdjustLimit": "was said of that branch; the successor has its own",
    "points.LedgerClose": "says what was on a day there",
    "rewards.RefusalCount": "was refused there",
    "points.Extension": "was asked for there",
    "points.Award": "was asked for there",
    "points.AwardLot": "was posted there",
    "points.AwardRow": "was judged there, and is deleted in due course",
    "points.Movement": "happened to who was at home there",
    "points.Entry": "was booked there then",
    "points.MallOrder": "belongs to its customer",
    "points.MallPayment": "belongs to its customer",
    "points.DrawTry": "belongs to its customer",
    "points.DrawStockChange": "was said there",
    "points.DrawSeed": "belongs to its pledge; nobody who serves can read it",
    "points.TierDue": "waits for less than a minute for its customers to be judged",
    "rewards.EventGrant": "was told of who was at home there",
    # groups
    "community.BranchPlace": "says where that branch stood",
    "community.EntryShows": "was shown there",
    "community.GroupHealth": "was so there",
    "community.OwnerFigures": "was counted there",
    "community.Chat": "is head office's",
    "community.GroupSync": "is head office's",
}


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """The branch NB with everything a branch can have, and a sibling NB2 that will take over."""
    with system_scope(at=AT, cause="test") as scope:
        nb2 = add_branch(
            scope=scope, parent_id=cast.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )
        cast.branch["NB2"] = nb2
        nb = cast.branch["NB"]
        add_category(scope=scope, code="own", name="本行", owner_id=nb.pk)
        lay(scope=scope, kind="test.ring", subject="test.thing:1", at=AT, branch_id=nb.pk, branch_pos=nb.pos)
    with cast.ho_administrator.scope() as scope:
        from campaigns.tenants.services.assignments import assign_role

        assign_role(
            scope=scope,
            person=cast.nb_clerk.person,
            role="rewards_operator",
            branch_id=cast.branch["NB"].pk,
            held_from=AT.replace(day=1),
        )
        assign_role(
            scope=scope,
            person=cast.nb_editor.person,
            role="reviewer",
            branch_id=cast.branch["NB"].pk,
            held_from=AT.replace(year=2027),
        )
    live_batch(cast, shares={"NB": 10, "N": 5})
    _tills(cast)
    plant_branch_groups(cast)
    cast.players["seller"] = hired(cast, "rewards_operator", "NB", "seller")
    live_good(cast, by="seller", reviewer="nb_manager", handed_down=False)
    live_livestream(cast, cast.nb_manager, cast.north_reviewer)
    live_draw(cast, by="seller", reviewer="nb_manager", handed_down=False)
    live_poster(cast.nb_editor, cast.nb_manager, slot=Slot.HOME_FEED)
    draft_programme(cast)
    list_in_force(
        cast,
        "全城最低 | 本行口径 | 提示 | 写明价格",
        by=hired(cast, "administrator", "NB"),
        checker=cast.ho_reviewer,
    )
    submitted_item(cast.nb_editor, title="等待审核", summary="全城最低")
    with cast.north_rewards.scope() as scope:
        add_campaign(scope=scope, title="北方", starts_at=AT, ends_at=AT.replace(year=2099))
    with system_scope(at=AT, cause="test"):
        Campaign.objects.update(branch=cast.branch["NB"], branch_pos=cast.branch["NB"].pos)
        batch = Stock.objects.filter(branch=cast.branch["NB"]).first()
    assert batch is not None
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.batch_id)
    with system_scope(at=AT, cause="test") as scope:
        nb, customer_id = cast.branch["NB"], cast.customers["nb"].customer.pk
        accruals = [Accrual(customer_id, 10, uuid4())]
        accrue_points(scope=scope, accruals=accruals, issuer_id=nb.pk, title="签到")
        until = AT.replace(year=2027)
        hold_points(scope=scope, customer_id=customer_id, points=3, until=until, key=uuid4(), title="下单")
        home = Household.objects.create(branch=nb, branch_pos=nb.pos, name="王家", opened_at=AT)
        Member.objects.create(
            branch=nb, branch_pos=nb.pos, household=home, customer_id=customer_id, evidence="户口簿", since=AT
        )
    return cast


def _tills(cast: Cast) -> None:
    """A merchant of NB with a cashier; NB2 has another of the same code."""
    shop = merchant_of(cast, "S1", by="nb_manager")
    teller = hired(cast, "merchant_clerk", "NB", "teller")
    with cast.nb_manager.scope() as scope:
        add_cashier(scope=scope, merchant_id=shop.pk, person_id=teller.person.pk)
    with cast.ho_rewards.scope(stand_at=cast.branch["NB2"].pk) as scope:
        add_merchant(scope=scope, code="S1", name="二支行门口")


def counted(branch: Branch) -> dict[str, int]:
    """Rows of each tenant table that the branch owns."""
    models: list[Any] = [
        m
        for m in apps.get_models()
        if issubclass(m, TenantModel) and m._meta.managed and not hasattr(m, "pgh_tracked_model")
    ]
    return {m._meta.label: n for m in models if (n := m._default_manager.filter(branch=branch).count())}


def test_a_closed_branch_hands_over_all_that_runs_and_keeps_all_that_was(busy: Cast) -> None:
    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with system_scope(at=AT, cause="test"):
        before = counted(nb)
        assert {"customers.Customer", "tenants.Person", "content.LiveItem", "rewards.Stock"} <= set(before)
    with busy.ho_administrator.scope() as scope:
        done = close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
    assert set(done) == {step.name for step in steps_of("hand_over")} - {
        "points: rules",
        "points: tiers",
        "rewards: batches",
        "approvals: no open stop",
        "community: plans and posts",
    }
    with system_scope(at=AT, cause="test"):
        nb.refresh_from_db()
        nb2.refresh_from_db()
        assert (nb.is_open, nb.successor_id, nb.closed_at, nb.parent_id) == (False, nb2.pk, AT, nb2.pk)
        assert nb2.pos < nb.pos <= nb2.pos_end
        left = set(counted(nb))
        assert left - set(STAYS) == {
            "rewards.Stock", "rewards.Share", "tenants.Assignment",
        }  # emptied, and ended  # fmt: skip
        assert not Assignment.objects.filter(branch=nb, held_until__gt=AT).exists()
        assert {n: c for n, c in counted(nb2).items() if n in ("content.LiveItem", "tenants.Person")} == {
            "content.LiveItem": before["content.LiveItem"],
            "tenants.Person": before["tenants.Person"],
        }
        mine = {n: before[n] for n in before if n.startswith("community.") and n not in STAYS}
        assert set(mine) >= {
            f"community.{each}"
            for each in (
                "Group",
                "Member",
                "EntryCode",
                "EntryGroup",
                "GroupSign",
                "WeComAccount",
                "Channel",
                "Livestream",
                "Broadcast",
                "Showing",
                "Booking",
                "Programme",
            )
        }
        assert {n: c for n, c in counted(nb2).items() if n in mine} == mine
        assert sorted(Merchant.objects.filter(branch=nb2).values_list("code", flat=True)) == ["S1", "S1-NB"]
        assert Cashier.objects.get().branch_id == nb2.pk
        held = Stock.objects.get(branch=nb2)
        assert (held.allotted, held.claimed) == (9, 0)
        assert Stock.objects.get(branch=nb).allotted == Stock.objects.get(branch=nb).claimed == 1
        assert Coupon.objects.get().branch_id == nb.pk
        assert_rewards_agree()
        assert stray_rows() == []
        assert Entry.objects.get(verb="tenants.branch.close").detail["successor"] == "北城二支行"


def test_whoever_worked_or_banked_there_goes_on_at_the_successor(busy: Cast) -> None:
    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with busy.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
    with busy.customers["nb"].scope() as scope:
        assert (scope.branch_id, scope.line[0]) == (nb2.pk, nb2.pk)
        assert LivePlacement.objects.filter(branch=nb2).count() == 1
    with system_scope(at=AT, cause="test"):
        [manager] = Assignment.objects.filter(person=busy.nb_manager.person, held_until__gt=AT)
        assert (manager.branch_id, manager.role_id, manager.held_from) == (nb2.pk, "branch_manager", AT)
        waiting = Revision.objects.get(state="submitted")
        assert waiting.branch_id == nb2.pk
    with busy.north_reviewer.scope() as scope:
        with pytest.raises(FindingsAreOpen):
            approve_revision(scope=scope, revision_id=waiting.pk, sha256=waiting.sha256)
        [found] = findings_of(scope=scope, revision=waiting)
        approve_revision(
            scope=scope, revision_id=waiting.pk, sha256=waiting.sha256, acknowledged=[found.finding.pk]
        )
        assert LiveItem.objects.filter(branch=nb2).count() == 2


def test_merging_takes_the_children_along(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        merge_branches(scope=scope, branch_id=cast.branch["NC"].pk, into_id=cast.branch["SC"].pk)
    with system_scope(at=AT, cause="test"):
        nb, nc, sc = (Branch.objects.get(code=code) for code in ("NB", "NC", "SC"))
        assert (nb.parent_id, nc.parent_id, nc.is_open) == (sc.pk, sc.pk, False)
        assert stray_rows() == []
        assert Customer.objects.filter(branch=nb).count() == 2
    with cast.south_editor.scope():
        assert Person.objects.filter(branch=nb).count() == 3


@pytest.mark.parametrize(
    ("code", "successor", "refusal"),
    [("NC", "SC", HasOpenChildren), ("NC", "NB", WrongSuccessor), ("NB", "NB", WrongSuccessor)],
)
def test_what_cannot_close_says_why_and_nothing_changes(
    cast: Cast, code: str, successor: str, refusal: type[Exception]
) -> None:
    with cast.ho_administrator.scope() as scope, pytest.raises(refusal):
        close_branch(scope=scope, branch_id=cast.branch[code].pk, successor_id=cast.branch[successor].pk)
    with system_scope(at=AT, cause="test"):
        assert not Branch.objects.filter(is_open=False).exists()


def test_two_people_of_one_staff_number_stop_the_hand_over_by_name(busy: Cast) -> None:
    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with system_scope(at=AT, cause="test") as scope:
        number = busy.nb_clerk.person.staff_number
        add_person(scope=scope, branch_id=nb2.pk, name="同号", staff_number=number)
    with busy.ho_administrator.scope() as scope, pytest.raises(NumbersClash) as refused, transaction.atomic():
        close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
    assert number in str(refused.value)
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.get(pk=nb.pk).is_open


def test_a_closed_branch_is_closed_once_and_takes_nothing_new(busy: Cast) -> None:
    from campaigns.tenants.services.assignments import BranchClosed, assign_role

    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with busy.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
        with pytest.raises(AlreadyClosed):
            close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
        with pytest.raises(BranchClosed):
            assign_role(scope=scope, person=busy.sb_clerk.person, role="clerk", branch_id=nb.pk, held_from=AT)


def test_a_live_copy_changes_hands_only_from_a_closed_branch_to_its_successor(busy: Cast) -> None:
    nb, sb = busy.branch["NB"], busy.branch["SB"]
    with system_scope(at=AT, cause="test"):
        for model in (LiveItem, Revision):
            with pytest.raises(DatabaseError, match=r"never edited|is frozen"), transaction.atomic():
                model.objects.filter(branch=nb).update(branch=sb, branch_pos=sb.pos)
        # The control: once closed, to the successor, and still not to anybody else.
        Branch.objects.filter(pk=nb.pk).update(is_open=False, closed_at=AT, successor=sb)
        assert Revision.objects.filter(branch=nb).update(branch=sb, branch_pos=sb.pos)
        assert LiveItem.objects.filter(branch=nb).update(branch=sb, branch_pos=sb.pos) == 1
        s = busy.branch["S"]
        with pytest.raises(DatabaseError), transaction.atomic():
            LiveItem.objects.filter(branch=sb).update(branch=s, branch_pos=s.pos)


def test_stock_is_passed_on_by_nobody_who_does_not_stand_above_both(busy: Cast) -> None:
    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with system_scope(at=AT, cause="test"):
        Branch.objects.filter(pk=nb.pk).update(is_open=False, closed_at=AT, successor=nb2)
    for player in (busy.south_editor, busy.nb_manager):
        refused = pytest.raises(DatabaseError, match="passed on")
        with player.scope(), refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pass_on_stock(%s, %s)", [nb.pk, nb2.pk])


def test_every_table_of_a_branch_is_handed_over_or_stays_for_a_reason() -> None:
    """A new table with a branch must say what becomes of it when the branch closes."""
    moved = {
        "tenants.Person", "tenants.Assignment", "approvals.Revision", "approvals.Step",
        "approvals.Seat", "approvals.Delegation", "customers.Customer",
        "customers.CustomerKey", "customers.Identity", "customers.RefreshSession", "customers.Tagging",
        "customers.Profile", "customers.StageChange", "planning.Campaign",
        "customers.Birth", "customers.Consent", "customers.DataExport", "customers.Erasure",
        "customers.Permission",
        "rewards.Batch", "rewards.GrantRule", "rewards.LiveBatch", "rewards.Stock", "rewards.Share",
        "rewards.Reservation", "rewards.Budget", "rewards.Funding", "content.Item", "content.LiveItem",
        "content.Placement", "content.LivePlacement", "content.Use", "content.Original", "content.Objection",
        "approvals.WordList", "approvals.LiveWordList",
        "jobs.Due", "jobs.Recurring", "customers.Care", "customers.HomeMove", "customers.Merge",
        "customers.StaffCustomer", "rewards.Merchant", "rewards.Cashier",
        "points.Wallet", "points.Lot", "points.Hold", "points.Household", "points.Member",
        "points.Rule", "points.LiveRule",
        "points.Good", "points.LiveGood", "points.GoodStock",
        "points.Draw", "points.DrawPrize", "points.LiveDraw", "points.DrawStock", "points.DrawPledge",
        "outreach.Touch", "outreach.Credit", "rewards.Release",
        "community.Channel", "community.LiveSeries", "community.Livestream", "community.Broadcast",
        "community.Showing", "community.Booking", "community.Watch", "community.Comment", "community.QuizAnswer",
        "community.Plan", "community.LivePlan", "community.PlanRun", "community.Post",
        "points.Tiers", "points.LiveTiers", "points.CustomerTier", "points.TierChange",
        "community.Group", "community.Member", "community.EntryCode", "community.EntryGroup",
        "community.GroupSign", "community.WeComAccount",
        "community.Programme", "community.LiveProgramme", "community.CheckIn", "community.CheckInPicture",
        "community.GoalCount", "community.GroupGoal", "community.ProgrammeBudget", "community.BoardChoice",
    }  # fmt: skip
    tables = {
        m._meta.label
        for m in apps.get_models()
        if issubclass(m, TenantModel) and m._meta.managed and not hasattr(m, "pgh_tracked_model")
    }
    assert tables == moved | set(STAYS)


def test_an_item_handed_over_is_edited_by_the_successors_people(busy: Cast) -> None:
    nb, nb2 = busy.branch["NB"], busy.branch["NB2"]
    with busy.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=nb.pk, successor_id=nb2.pk)
        settle_now()
    with system_scope(at=AT, cause="test"):
        [editor] = Assignment.objects.filter(
            person=busy.nb_editor.person, held_until__gt=AT, held_from__lte=AT
        )
    busy.nb_editor.assignment = editor
    with busy.nb_editor.scope() as scope:
        assert scope.branch_id == nb2.pk
        assert Item.objects.within(scope).count() == 2
