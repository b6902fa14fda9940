"""A day at the bank, so that pages have something to show: content in every state, a batch, coupons, a redemption."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.approvals.services.reviews import send_back_revision
from campaigns.planning.services import add_campaign
from campaigns.rewards.services.coupons import claim_coupon, issue_redeem_token, redeem_coupon
from content.services.items import submit_item
from tests.support.cast import Cast
from tests.support.content import live_poster, make_item, submitted_item
from tests.support.rewards import live_batch


@dataclass(frozen=True)
class Story:
    """Ids of what was made, for pages that show one thing."""

    campaign: UUID
    batch: UUID
    item: UUID
    draft: UUID
    in_review: UUID


def tell_story(cast: Cast, *, at: datetime) -> Story:
    """Head office and the north at work until `at`; the south has nothing of it but what is handed down."""
    with cast.north_rewards.scope(at=at) as scope:
        campaign = add_campaign(
            scope=scope,
            title="春节开门红",
            goal="新增存款客户",
            starts_at=at - timedelta(days=3),
            ends_at=at + timedelta(days=40),
            budget_fen=500_000_00,
        )
    batch = live_batch(cast, shares={"NB": 12}, at=at - timedelta(hours=5), campaign_id=campaign.pk)
    item, _placement = live_poster(
        cast.ho_editor,
        cast.ho_reviewer,
        title="总行新年贺岁",
        handed_down=True,
        shown_from=at - timedelta(hours=2),
    )
    live_poster(
        cast.north_editor,
        cast.north_reviewer,
        title="春节存款有礼",
        batch_id=batch.pk,
        shown_from=at - timedelta(hours=1),
    )
    with cast.north_editor.scope(at=at) as scope:
        draft = make_item(scope, title="元宵节理财讲座")
        back = submit_item(scope=scope, item_id=make_item(scope, title="手机银行立减").pk)
    with cast.north_reviewer.scope(at=at) as scope:
        send_back_revision(
            scope=scope,
            revision_id=back.pk,
            sha256=back.sha256,
            comment="请补充活动时间，并注明每人限领一次。",
        )
    submitted_item(cast.nb_editor, title="社区金融夜校", at=at - timedelta(days=3))
    waiting = submitted_item(cast.north_editor, title="信用卡周末五折", at=at - timedelta(hours=3))
    for name, hours in (("nb", 30), ("nb2", 2)):
        with cast.customers[name].scope(at=at - timedelta(hours=hours / 10)) as scope:
            coupon = claim_coupon(scope=scope, batch_id=batch.pk)
            token, _until = issue_redeem_token(scope=scope, coupon_id=coupon.pk)
        if name == "nb":
            with cast.nb_clerk.scope(at=at - timedelta(hours=hours / 10)) as scope:
                redeem_coupon(scope=scope, token=token, order_fen=168_00)
    return Story(campaign.pk, batch.pk, item.pk, draft.pk, waiting.pk)
