"""Batches that customers can claim, made through the services; and what must always agree about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.requests.services import Answer
from campaigns.rewards.models import Batch, Merchant
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.claims import Claimed, Wish, claim_together
from campaigns.rewards.services.merchants import add_merchant
from campaigns.rewards.services.stock import allot_stock
from campaigns.rewards.sql.close import CHECKS, asked_of_all
from tests.support.cast import AT, Cast
from tests.support.comparing import Books

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


def merchant_of(cast: Cast, code: str = "M1", *, by: str = "ho_rewards", **more: Any) -> Merchant:
    """A merchant of the branch of `by`: of head office, for all below, unless told otherwise. The same code again is
    the same merchant.
    """
    with cast.play(by).scope() as scope:
        found: Merchant | None = (
            Merchant.objects.within(scope).filter(branch_id=scope.branch_id, code=code).first()
        )
        return found or add_merchant(scope=scope, code=code, **({"name": f"商户{code}"} | more))


def draft_batch(cast: Cast, *, by: str = "north_rewards", at: datetime = AT, **terms: Any) -> Batch:
    """A draft of the branch of `by`. Where merchants pay a part and none is named, head office's M1 is."""
    if (
        terms.get("merchant_percent") or terms.get("payer") == "merchant"
    ) and "redeem_merchants" not in terms:
        terms["redeem_merchants"] = [merchant_of(cast).pk]
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


# What must hold after every test of the suite (tests/conftest.py). Each answers with the rows that disagree.
AGREEMENTS = {
    # What a close asks of a day's tree, asked of everything there is.
    **{code: asked_of_all(code) for code in CHECKS},
    "a redemption follows a reversal of its own coupon": """
        SELECT r.id FROM rewards_redemption r JOIN rewards_reversal v ON v.id = r.follows_id
          JOIN rewards_redemption u ON u.id = v.redemption_id WHERE u.coupon_id <> r.coupon_id""",
    # Of the revision that it was claimed under: a later one may allow less. What was given on has the giver's terms,
    # and was allowed by what was live then. Who was two customers holds what both held.
    "nobody got more than the limit": """
        SELECT c.batch_id, c.customer_id, c.nth FROM rewards_coupon c
         WHERE c.nth > (SELECT max((r.payload ->> 'per_customer_limit')::int) FROM approvals_revision r
                         WHERE r.subject = 'rewards.batch:' || c.batch_id
                           AND (r.id = c.revision_id OR c.how = 'given'))
           AND NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = c.customer_id)""",
    "nobody's coupons of a batch are counted twice": """
        SELECT c.batch_id, c.customer_id, count(*), max(c.nth) FROM rewards_coupon c
         GROUP BY 1, 2 HAVING count(*) <> max(c.nth)""",
    "every coupon has the terms of its revision, and gives what they say": """
        SELECT c.id FROM rewards_coupon c LEFT JOIN rewards_terms t USING (revision_id)
         WHERE t.kind IS DISTINCT FROM c.kind OR t.off_fen IS DISTINCT FROM c.off_fen
            OR t.threshold_fen IS DISTINCT FROM c.threshold_fen OR t.batch_id IS DISTINCT FROM c.batch_id""",
    "every coupon has its history": """
        SELECT c.id FROM rewards_coupon c WHERE NOT EXISTS (SELECT FROM rewards_couponevent e
         WHERE e.pgh_obj_id = c.id AND e.pgh_label = 'insert')""",
}


_BOOKS = Books("rewards_agree", AGREEMENTS)


def assert_rewards_agree(using: str = "default") -> None:
    """Stock, coupons, redemptions, money, audit, events and history agree, bank-wide. Ask it in the system's scope."""
    _BOOKS.assert_agree(using)


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
