"""Writing batches: the draft, submitting it, and the published copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards.models import Batch, Kind, LiveBatch, Payer
from campaigns.rewards.refusals import CampaignElsewhere, PromiseIsClaimed, QuotaTooSmall
from campaigns.rewards.rules import Terms, check_terms
from campaigns.rewards.selectors import batch_in_scope, has_claims
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTerms:
    """Everything a batch says. Amounts in fen, windows UTC with exclusive end; either both fixed usable moments or
    `usable_days`, whole days after the claim.
    """

    title: str
    off_fen: int
    claim_from: datetime
    claim_until: datetime
    quota: int
    threshold_fen: int = 0
    usable_from: datetime | None = None
    usable_until: datetime | None = None
    usable_days: int | None = None
    per_customer_limit: int = 1
    payer: str = Payer.HEAD_OFFICE
    handed_down: bool = False
    kind: str = Kind.CASH_OFF
    campaign_id: UUID | None = None

    def check(self) -> None:
        """Raise the refusal that forbids these terms."""
        check_terms(
            terms=Terms(
                self.threshold_fen, self.off_fen, self.usable_from, self.usable_until, self.usable_days
            ),
            claim_from=self.claim_from,
            claim_until=self.claim_until,
        )

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


# What a coupon's holder was promised: fixed once anybody holds one.
_PROMISED = ("kind", "threshold_fen", "off_fen", "usable_from", "usable_until", "usable_days", "payer")


def add_batch(*, scope: Scope, terms: BatchTerms) -> Batch:
    """A new draft batch of the branch the scope stands at. Raises the refusals of its rules."""
    scope.demand("rewards.batch.add")
    terms.check()
    _check_campaign(scope, terms)
    batch = Batch.objects.create(branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns())
    _note(scope, batch, "rewards.batch.add")
    return batch


def change_batch(*, scope: Scope, batch_id: UUID, terms: BatchTerms) -> Batch:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, PromiseIsClaimed once customers hold coupons, QuotaTooSmall below what is allotted.
    """
    scope.demand("rewards.batch.change")
    terms.check()
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    if terms.campaign_id != batch.campaign_id:
        _check_campaign(scope, terms)
    columns = terms.columns()
    if any(getattr(batch, name) != columns[name] for name in _PROMISED) and has_claims(
        scope=scope, batch_id=batch_id
    ):
        raise PromiseIsClaimed
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref("rewards.batch", batch_id))
    try:
        with transaction.atomic():
            Batch.objects.within(scope).filter(pk=batch_id).update(**columns)
    except IntegrityError as error:
        if "rewards_batch_allotted_within_quota" not in str(error):
            raise
        raise QuotaTooSmall(allotted=batch.allotted) from error
    batch.refresh_from_db()
    _note(scope, batch, "rewards.batch.change")
    return batch


def submit_batch(*, scope: Scope, batch_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("rewards.batch.submit")
    batch_in_scope(scope=scope, batch_id=batch_id)
    return reviews.submit_revision(scope=scope, subject=ref("rewards.batch", batch_id))


def take_down_batch(*, scope: Scope, batch_id: UUID, reason: str) -> None:
    """Stop showing and handing out the batch at once; coupons already claimed stay good."""
    scope.demand("rewards.batch.take_down")
    batch_in_scope(scope=scope, batch_id=batch_id)
    live.take_down(scope=scope, subject=ref("rewards.batch", batch_id), reason=reason)


def publish_batch(
    *, scope: Scope, batch_id: UUID, revision_id: UUID, sha256: str, payload: dict[str, Any]
) -> LiveBatch:
    """Write the published copy from an approved revision's payload. Called by approvals at go-live alone.

    The database refuses a revision that is not approved. Raises QuotaTooSmall when more is allotted than the
    revision's quota.
    """
    # Locked first: allotments made at the same time must meet the new quota.
    batch = Batch.objects.within(scope).select_for_update(of=("self",)).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    columns = {
        **promised(payload=payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
    }
    try:
        with transaction.atomic():
            if not LiveBatch.objects.within(scope).filter(batch_id=batch_id).update(**columns):
                LiveBatch.objects.create(
                    batch_id=batch_id, branch_id=batch.branch_id, branch_pos=batch.branch_pos, **columns
                )
            Batch.objects.within(scope).filter(pk=batch_id).update(approved_quota=columns["quota"])
    except IntegrityError as error:
        if "rewards_batch_allotted_within_approved_quota" not in str(error):
            raise
        raise QuotaTooSmall(allotted=batch.allotted) from error
    return LiveBatch.objects.within(scope).get(batch_id=batch_id)


def withdraw_batch(*, scope: Scope, batch_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveBatch.objects.within(scope).filter(batch_id=batch_id).delete()


MOMENTS = ("claim_from", "claim_until", "usable_from", "usable_until")
FROZEN = (
    "title",
    "kind",
    "threshold_fen",
    "off_fen",
    *MOMENTS,
    "usable_days",
    "per_customer_limit",
    "payer",
    "handed_down",
    "quota",
)


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    columns = thawed(payload=payload)
    return columns | {"shown_until": columns["claim_until"], "campaign_id": campaign_of(payload=payload)}


def thawed(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was frozen, as the terms of a draft."""
    columns = {name: payload[name] for name in FROZEN}
    for name in MOMENTS:
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    return columns


def campaign_of(*, payload: Mapping[str, Any]) -> UUID | None:
    """The campaign that a payload belongs to."""
    named = payload["campaign"]
    return UUID(read_ref(named).id) if named else None


def _check_campaign(scope: Scope, terms: BatchTerms) -> None:
    if terms.campaign_id is None:
        return
    try:
        campaign_in_scope(scope=scope, campaign_id=terms.campaign_id)
    except NotFound as refusal:
        raise CampaignElsewhere from refusal


def _note(scope: Scope, batch: Batch, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.batch", batch.pk),
        subject_name=batch.title,
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
    )
