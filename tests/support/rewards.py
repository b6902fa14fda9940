"""Batches that customers can claim, made through the services; and what must always agree about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.requests.services import Answer
from campaigns.rewards.models import Batch
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.claims import Claimed, Wish, claim_together
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
    "the issuer's node received what the batch allotted, and within its quota": """
        SELECT b.id, b.allotted, s.received FROM rewards_batch b
          LEFT JOIN rewards_share s ON s.batch_id = b.id AND s.branch_id = b.branch_id
         WHERE coalesce(s.received, 0) <> b.allotted OR s.giver_id IS NOT NULL
            OR s.received > least(b.quota, coalesce(b.approved_quota, b.quota))""",
    "a node keeps what is in its buckets, and gave what its children received": """
        SELECT s.batch_id, s.branch_id, s.kept, s.given FROM rewards_share s
         WHERE s.kept <> (SELECT coalesce(sum(k.allotted), 0) FROM rewards_stock k
                           WHERE k.batch_id = s.batch_id AND k.branch_id = s.branch_id)
            OR s.given <> (SELECT coalesce(sum(c.received), 0) FROM rewards_share c
                            WHERE c.batch_id = s.batch_id AND c.giver_id = s.branch_id)""",
    "every bucket has its node": """
        SELECT k.id FROM rewards_stock k LEFT JOIN rewards_share s USING (batch_id, branch_id) WHERE s.id IS NULL""",
    "a budget's total and what is taken of it are the sums of its movements": """
        SELECT g.id, g.total_fen, g.taken_fen FROM rewards_budget g
          LEFT JOIN (SELECT budget_id, sum(total_fen) AS whole, sum(reserved_fen + held_fen + spent_fen) AS taken
                       FROM rewards_movement GROUP BY 1) m ON m.budget_id = g.id
         WHERE g.total_fen <> coalesce(m.whole, 0) OR g.taken_fen <> coalesce(m.taken, 0)""",
    "what a node holds of a budget is the sum of its movements": """
        SELECT r.id, r.reserved_fen, r.held_fen, r.spent_fen FROM rewards_reservation r
          LEFT JOIN (SELECT batch_id, place_id, payer, sum(reserved_fen) AS reserved, sum(held_fen) AS held,
                            sum(spent_fen) AS spent FROM rewards_movement WHERE batch_id IS NOT NULL GROUP BY 1, 2, 3) m
            ON m.batch_id = r.batch_id AND m.place_id = r.branch_id AND m.payer = r.payer
         WHERE (r.reserved_fen, r.held_fen, r.spent_fen)
               <> (coalesce(m.reserved, 0), coalesce(m.held, 0), coalesce(m.spent, 0))""",
    "what is reserved is the full worth of all that can still be redeemed": """
        SELECT k.batch_id, k.branch_id, d.payer, r.reserved_fen, k.open * d.part FROM
            (SELECT s.batch_id, s.branch_id, s.kept - (SELECT count(*) FROM rewards_coupon c
                 WHERE c.batch_id = s.batch_id AND c.branch_id = s.branch_id
                   AND c.status IN ('redeemed', 'void', 'expired')) AS open FROM rewards_share s) k
          JOIN rewards_batch b ON b.id = k.batch_id JOIN rewards_funding f ON f.batch_id = b.id
          CROSS JOIN LATERAL (SELECT f.payer, (rewards_parts(b.off_fen, b.payer, b.head_office_percent,
              b.branch_percent, b.merchant_percent))[array_position(ARRAY['head_office', 'branch', 'merchant'],
              f.payer::text)] AS part) d
          LEFT JOIN rewards_reservation r ON r.batch_id = k.batch_id AND r.branch_id = k.branch_id AND r.payer = d.payer
         WHERE coalesce(r.reserved_fen, 0) <> k.open * d.part""",
    "what all payers of open redemptions spent is what those were worth": """
        SELECT c.batch_id, c.branch_id, sum(r.off_fen), max(s.spent) FROM rewards_redemption r
          JOIN rewards_coupon c ON c.id = r.coupon_id
          JOIN (SELECT batch_id, branch_id, sum(spent_fen) AS spent FROM rewards_reservation GROUP BY 1, 2) s
            ON s.batch_id = c.batch_id AND s.branch_id = c.branch_id
          JOIN rewards_batch b ON b.id = c.batch_id
         WHERE NOT EXISTS (SELECT FROM rewards_reversal v WHERE v.redemption_id = r.id)
           -- Of batches whose every payer draws on a budget.
           AND (SELECT count(*) FROM rewards_funding f WHERE f.batch_id = b.id) = greatest(1,
               (b.head_office_percent > 0)::int + (b.branch_percent > 0)::int + (b.merchant_percent > 0)::int)
         GROUP BY 1, 2 HAVING sum(r.off_fen) <> max(s.spent)""",
    "a cap counted no more than was claimed, and no more than it allows": """
        SELECT n.id, n.taken FROM rewards_capcount n JOIN tenants_branch b ON b.id = n.branch_id
          JOIN rewards_livebatch l ON l.batch_id = n.batch_id
         WHERE n.taken > CASE n.period WHEN 'day' THEN coalesce(l.cap_per_day, n.taken)
                                       ELSE coalesce(l.cap_per_week, n.taken) END
            OR n.taken > (SELECT count(*) FROM rewards_coupon c
                           WHERE c.batch_id = n.batch_id AND c.branch_id = n.branch_id
                             AND date_trunc(n.period, c.claimed_at AT TIME ZONE b.zone)::date = n.starts)""",
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
    "no device and no range of addresses has more than the limit, but for what is held": """
        SELECT o.batch_id, o.kind, o.claimed FROM rewards_origin o JOIN rewards_livebatch l USING (batch_id)
         WHERE o.claimed > CASE o.kind WHEN 'device' THEN l.per_device_limit ELSE l.per_address_limit END""",
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


def wish_of(customer_id: UUID, batch: Batch, *, key: str = "", **more: Any) -> Wish:
    """A claim over HTTP without the HTTP; its answer is the coupon's id and status, or the refusal's code."""

    def tell(outcome: Claimed | Refusal) -> Answer:
        if isinstance(outcome, Refusal):
            return Answer(outcome.status, {}, outcome.code.encode())
        return Answer(201, {}, f"{outcome.pk} {outcome.status}".encode())

    return Wish(
        customer_id=customer_id,
        batch_id=batch.pk,
        at=now(),
        route="api:claims",
        key=key or f"claim-{uuid4().hex}",
        fingerprint=batch.pk.bytes,
        tell=tell,
        request_id=uuid4(),
        **more,
    )


def told(wish: Wish) -> str:
    """What the claim is answered, and whether again: "201 claimed", "409 rewards.claim.sold_out again"."""
    answered = claim_together(wish=wish)
    body = answered.answer.body.decode()
    said = f"{answered.answer.status} {body.split()[-1]}"
    return f"{said} again" if answered.is_replay else said
