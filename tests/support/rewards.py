"""Batches that customers can claim, made through the services; and what must always agree about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from campaigns.approvals.services.reviews import approve_revision
from campaigns.rewards.models import Batch
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.stock import allot_stock
from tests.support.cast import AT, Cast

# 满100减20，领取后7天内有效; claimed from a day before the cast's moment for a hundred years.
TERMS = BatchTerms(
    title="北方满减券",
    threshold_fen=100_00,
    off_fen=20_00,
    claim_from=AT - timedelta(days=1),
    claim_until=AT + timedelta(days=36_500),  # what goes over HTTP happens now, whenever that is
    usable_days=7,
    quota=100,
    handed_down=True,
)


def draft_batch(cast: Cast, *, by: str = "north_rewards", at: datetime = AT, **terms: Any) -> Batch:
    """A draft of the branch of `by`."""
    with cast.play(by).scope(at=at) as scope:
        return add_batch(scope=scope, terms=replace(TERMS, **terms))


def live_batch(
    cast: Cast,
    *,
    by: str = "north_rewards",
    reviewer: str = "north_reviewer",
    shares: dict[str, int] | None = None,
    at: datetime = AT,
    **terms: Any,
) -> Batch:
    """A batch that was allotted (`shares`: branch code -> coupons), submitted, and approved by another person."""
    batch = draft_batch(cast, by=by, at=at, **terms)
    with cast.play(by).scope(at=at) as scope:
        for code, quantity in ({"NB": 10} if shares is None else shares).items():
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=quantity)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return batch


# Each answers with the rows that disagree.
AGREEMENTS = {
    "a branch's claimed stock is the number of its coupons": """
        SELECT coalesce(s.batch_id, c.batch_id), s.claimed, c.number FROM
            (SELECT batch_id, branch_id, sum(claimed) claimed FROM rewards_stock GROUP BY 1, 2) s
            FULL JOIN (SELECT batch_id, branch_id, count(*) number FROM rewards_coupon
                        WHERE status <> 'given' GROUP BY 1, 2) c
            USING (batch_id, branch_id)
         WHERE coalesce(s.claimed, 0) <> coalesce(c.number, 0)""",
    "what a batch allotted is what its branches hold": """
        SELECT b.id, b.allotted, sum(s.allotted) FROM rewards_batch b LEFT JOIN rewards_stock s ON s.batch_id = b.id
         GROUP BY 1, 2 HAVING b.allotted <> coalesce(sum(s.allotted), 0)""",
    "a coupon is redeemed when it has one open redemption, and else has none": """
        SELECT c.id, c.status, count(r.id), count(v.id) FROM rewards_coupon c
          LEFT JOIN rewards_redemption r ON r.coupon_id = c.id LEFT JOIN rewards_reversal v ON v.redemption_id = r.id
         GROUP BY 1, 2 HAVING count(r.id) - count(v.id) <> (c.status = 'redeemed')::int""",
    "a coupon counts its redemptions": """
        SELECT c.id, c.redeemed_times, count(r.id) FROM rewards_coupon c
          LEFT JOIN rewards_redemption r ON r.coupon_id = c.id
         GROUP BY 1, 2 HAVING count(r.id) <> c.redeemed_times""",
    "a redemption follows a reversal of its own coupon": """
        SELECT r.id FROM rewards_redemption r JOIN rewards_reversal v ON v.id = r.follows_id
          JOIN rewards_redemption u ON u.id = v.redemption_id WHERE u.coupon_id <> r.coupon_id""",
    "nobody holds more than the limit": """
        SELECT c.batch_id, c.customer_id, count(*) FROM rewards_coupon c JOIN rewards_livebatch l USING (batch_id)
         GROUP BY 1, 2, l.per_customer_limit HAVING count(*) > l.per_customer_limit""",
    "every coupon has the terms of its revision, and gives what they say": """
        SELECT c.id FROM rewards_coupon c LEFT JOIN rewards_terms t USING (revision_id)
         WHERE t.kind IS DISTINCT FROM c.kind OR t.off_fen IS DISTINCT FROM c.off_fen
            OR t.threshold_fen IS DISTINCT FROM c.threshold_fen OR t.batch_id IS DISTINCT FROM c.batch_id""",
    "no redemption is worth more than its coupon": """
        SELECT r.id FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
         WHERE r.off_fen NOT BETWEEN 1 AND c.off_fen OR r.off_fen > r.order_fen AND c.kind = 'cash_off'""",
    "every claim is in the audit once": """
        SELECT c.id FROM rewards_coupon c WHERE c.how = 'claimed' AND (SELECT count(*) FROM audit_entry e
         WHERE e.subject = 'rewards.coupon:' || c.id AND e.verb = 'rewards.coupon.claim') <> 1""",
    "every grant is in the audit once, and those of a list in its lots": """
        SELECT c.id::text FROM rewards_coupon c
         WHERE c.how = 'granted' AND c.caused_by NOT LIKE 'jobs.job:%' AND (SELECT count(*) FROM audit_entry e
           WHERE e.subject = 'rewards.coupon:' || c.id AND e.verb = 'rewards.coupon.grant') <> 1
        UNION ALL SELECT f.id::text FROM rewards_batchfile f WHERE f.purpose = 'grant' AND (
            SELECT coalesce(sum((e.detail ->> 'count')::int), 0) FROM audit_entry e
             WHERE e.subject = 'rewards.batchfile:' || f.id AND e.verb = 'rewards.batchfile.grant')
            <> (SELECT count(*) FROM rewards_coupon c WHERE c.caused_by = 'jobs.job:' || f.job_id)""",
    "every grant is an event of its customer once": """
        SELECT c.id FROM rewards_coupon c WHERE c.how = 'granted' AND (SELECT count(*) FROM events_event e
         WHERE e.subject = 'rewards.coupon:' || c.id AND e.kind = 'rewards.coupon.granted') <> 1""",
    "every redemption is in the audit once": """
        SELECT r.id FROM rewards_redemption r WHERE (SELECT count(*) FROM audit_entry e
         WHERE e.verb = 'rewards.coupon.redeem' AND e.detail ->> 'redemption' = r.id::text) <> 1""",
    "every coupon has its history": """
        SELECT c.id FROM rewards_coupon c WHERE NOT EXISTS (SELECT FROM rewards_couponevent e
         WHERE e.pgh_obj_id = c.id AND e.pgh_label = 'insert')""",
}


def assert_rewards_agree(using: str = "default") -> None:
    """Stock, coupons, redemptions, audit and history agree, bank-wide. Ask it in the system's scope."""
    with connections[using].cursor() as cursor:
        for says, sql in AGREEMENTS.items():
            cursor.execute(sql)
            assert not (rows := cursor.fetchall()), f"not so: {says}: {rows[:5]}"
