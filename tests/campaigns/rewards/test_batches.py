"""A batch: drafted, approved by another person, changed, taken down."""

from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals.rules import MakerIsChecker, NotReady
from campaigns.approvals.selectors import open_review_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.audit.models import Entry
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.planning.services import add_campaign
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, LiveBatch, Terms
from campaigns.rewards.refusals.coupons import (
    CampaignElsewhere,
    NotAtThisHour,
    PromiseIsClaimed,
    QuotaTooSmall,
)
from campaigns.rewards.selectors.coupons import live_batches
from campaigns.rewards.services.batches import add_batch, change_batch, submit_batch, take_down_batch
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.stock import allot_stock
from tests.support.cast import AT, Cast
from tests.support.rewards import TERMS, draft_batch, live_batch


def test_an_approved_batch_is_seen_by_customers_of_its_branch_and_below_and_by_no_other(cast: Cast) -> None:
    batch = live_batch(cast)
    for name, sees in (("nb", True), ("nb2", True), ("sb", False)):
        with cast.customers[name].scope() as scope:
            assert [live.batch_id for live in live_batches(scope=scope)] == [batch.pk] * sees


def test_a_batch_for_its_own_branch_alone_is_not_seen_below(cast: Cast) -> None:
    live_batch(cast, shares={"N": 5}, handed_down=False)
    with cast.customers["nb"].scope() as scope:
        assert list(live_batches(scope=scope)) == []


def test_head_offices_batch_is_seen_in_north_and_south(cast: Cast) -> None:
    live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 1, "SB": 1})
    for name in ("nb", "sb"):
        with cast.customers[name].scope() as scope:
            assert [live.title for live in live_batches(scope=scope)] == ["北方满减券"]


def test_a_draft_and_a_batch_in_review_are_seen_by_no_customer(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        submit_batch(scope=scope, batch_id=batch.pk)
    with cast.customers["nb"].scope() as scope:
        assert list(live_batches(scope=scope)) == []
        with pytest.raises(NotFound):
            claim_coupon(scope=scope, batch_id=batch.pk)


def test_without_a_share_or_after_its_time_a_batch_cannot_be_submitted(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope, pytest.raises(NotReady):
        submit_batch(scope=scope, batch_id=batch.pk)
    with cast.north_rewards.scope(at=TERMS.claim_until + timedelta(days=1)) as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        with pytest.raises(NotReady):
            submit_batch(scope=scope, batch_id=batch.pk)


def test_the_maker_cannot_approve(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
        with pytest.raises((MakerIsChecker, NotAllowed)), transaction.atomic():
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        assert not LiveBatch.objects.exists()


def test_nobody_writes_a_published_batch_past_the_review(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.north_rewards.scope():
        live = LiveBatch.objects.get(batch_id=batch.pk)
        with pytest.raises(DatabaseError, match="published copy"), transaction.atomic():
            LiveBatch.objects.filter(pk=live.pk).update(off_fen=99_00)
        other = draft_batch(cast)
        live.pk, live.batch_id = uuid4(), other.pk
        with pytest.raises(DatabaseError, match="published copy"), transaction.atomic():
            live.save(force_insert=True)
    with cast.north_rewards.scope():
        assert LiveBatch.objects.get(batch_id=batch.pk).off_fen == 20_00


def test_a_change_serves_only_after_its_approval_and_voids_the_review_under_way(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, title="新名字"))
        revision = submit_batch(scope=scope, batch_id=batch.pk)
        change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, title="更新的名字"))
        assert open_review_of(scope=scope, subject=ref("rewards.batch", batch.pk)) is None
        revision = submit_batch(scope=scope, batch_id=batch.pk)
        assert LiveBatch.objects.get().title == "北方满减券"
    with cast.north_reviewer.scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        assert [live.title for live in LiveBatch.objects.all()] == ["更新的名字"]


def test_an_edit_of_an_issued_batch_touches_only_what_is_not_yet_claimed(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.customers["nb"].scope() as scope:
        before = claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.north_rewards.scope() as scope:
        for fixed in ({"payer": "branch"}, {"kind": "red_packet", "threshold_fen": 0}):
            with pytest.raises(PromiseIsClaimed):
                change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, **fixed))
        changed = replace(TERMS, off_fen=30_00, hours_from=time(3), hours_until=time(4), usable_days=1)
        change_batch(scope=scope, batch_id=batch.pk, terms=changed)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with cast.north_reviewer.scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    with cast.customers["nb2"].scope() as scope:
        after = claim_coupon(scope=scope, batch_id=batch.pk)
    assert (before.off_fen, after.off_fen) == (20_00, 30_00)
    with cast.nb_clerk.scope() as scope:
        with pytest.raises(NotAtThisHour):
            redeem_coupon(scope=scope, code=code_of(after.pk))
        assert redeem_coupon(scope=scope, code=code_of(before.pk)).off_fen == 20_00
    with cast.north_rewards.scope(), pytest.raises(DatabaseError, match="permission denied"):
        Terms.objects.update(off_fen=1)


def test_the_total_cannot_fall_below_what_is_allotted(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 60})
    with cast.north_rewards.scope() as scope:
        with pytest.raises(QuotaTooSmall) as refused:
            change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, quota=59))
        assert refused.value.values == {"allotted": 60}
        assert change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, quota=60)).quota == 60


def test_a_batch_taken_down_is_gone_for_customers_and_coupons_stay_good(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.customers["nb"].scope() as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.north_reviewer.scope() as scope:
        take_down_batch(scope=scope, batch_id=batch.pk, reason="价格有误")
    with cast.customers["nb2"].scope() as scope:
        assert list(live_batches(scope=scope)) == []
        with pytest.raises(NotFound):
            claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.customers["nb"].scope():
        coupon.refresh_from_db()
        assert coupon.status == "claimed"


def test_a_foreign_batch_answers_like_an_absent_one(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope:
        for batch_id in (batch.pk, uuid4()):
            with pytest.raises(NotFound):
                change_batch(scope=scope, batch_id=batch_id, terms=TERMS)
            with pytest.raises(NotFound):
                submit_batch(scope=scope, batch_id=batch_id)
        assert not Batch.objects.exists()


def test_a_batch_joins_campaigns_of_its_own_branches_only(cast: Cast) -> None:
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope:
        south = add_campaign(scope=scope, title="南方", starts_at=AT, ends_at=AT + timedelta(days=1))
    with cast.north_rewards.scope() as scope:
        own = add_campaign(scope=scope, title="北方", starts_at=AT, ends_at=AT + timedelta(days=1))
        with pytest.raises(CampaignElsewhere):
            add_batch(scope=scope, terms=replace(TERMS, campaign_id=south.pk))
        assert add_batch(scope=scope, terms=replace(TERMS, campaign_id=own.pk)).campaign_id == own.pk
        with pytest.raises(DatabaseError, match="not visible here"), transaction.atomic():
            Batch.objects.update(campaign_id=south.pk)


def test_a_clerk_makes_no_batch(cast: Cast) -> None:
    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        add_batch(scope=scope, terms=TERMS)


def test_what_was_done_to_a_batch_stands_in_the_audit(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.ho_auditor.scope():
        deeds = Entry.objects.filter(subject=ref("rewards.batch", batch.pk)).order_by("id")
        assert [(e.verb, e.actor_name) for e in deeds] == [
            ("rewards.batch.add", "north_rewards"),
            ("rewards.stock.allot", "north_rewards"),
            ("rewards.batch.submit", "north_rewards"),
            ("approvals.revision.approve", "north_reviewer"),
        ]
