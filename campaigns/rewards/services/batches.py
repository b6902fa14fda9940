"""Writing batches: the draft, submitting it, and the published copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.customers.tag_selectors import tags_usable
from campaigns.lib.constraints import violated
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards.models import Batch, Kind, LiveBatch, Payer
from campaigns.rewards.refusals.claims import NothingToHold
from campaigns.rewards.refusals.coupons import (
    CampaignElsewhere,
    ChosenElsewhere,
    LimitsAreUnclear,
    PromiseIsClaimed,
    QuotaTooSmall,
)
from campaigns.rewards.refusals.merchants import MerchantsMissing
from campaigns.rewards.refusals.shares import AmountsAreReserved, PayersAreUnclear
from campaigns.rewards.rules import PAYERS, Terms, check_terms
from campaigns.rewards.selectors.coupons import batch_in_scope, has_claims
from campaigns.rewards.selectors.merchants import merchants_for
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope, branches_within


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTerms:
    """Everything a batch says (`models.Promise`). Amounts in fen, windows UTC with exclusive end; either both fixed
    usable moments or `usable_days`, whole days after the claim. Branches, merchants and tags by id; circles as latitude
    and longitude in millionths of a degree, and metres.
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
    percent: int | None = None
    thing: str = ""
    face_value: int | None = None
    face_unit: str = ""
    usable_after_days: int = 0
    hours_from: time | None = None
    hours_until: time | None = None
    weekdays: Sequence[int] = ()
    day_rule: str = ""
    redeem_branches: Sequence[int] = ()
    redeem_merchants: Sequence[UUID] = ()
    circles: Sequence[Sequence[int]] = ()
    per_day_limit: int | None = None
    per_week_limit: int | None = None
    per_month_limit: int | None = None
    claim_branches: Sequence[int] = ()
    tags_any: Sequence[int] = ()
    tags_none: Sequence[int] = ()
    stages: Sequence[str] = ()
    new_within_days: int | None = None
    needs_ticket: bool = False
    by_release: bool = False
    per_device_limit: int | None = None
    per_address_limit: int | None = None
    holds_excess: bool = False
    staff_may_claim: bool = False
    head_office_percent: int = 0
    branch_percent: int = 0
    merchant_percent: int = 0
    cap_per_day: int | None = None
    cap_per_week: int | None = None
    low_percent: int = 10

    @property
    def percents(self) -> tuple[int, int, int]:
        """Who pays which part, in the order of `rules.PAYERS`; all zero: `payer` pays all of it."""
        return self.head_office_percent, self.branch_percent, self.merchant_percent

    claims_by: str = ""
    draws_codes: bool = False
    may_be_given: bool = False

    def check(self) -> None:
        """Raise the refusal that forbids these terms."""
        check_terms(terms=self.terms(), claim_from=self.claim_from, claim_until=self.claim_until)
        by_origin = (self.per_device_limit, self.per_address_limit)
        limits = (
            self.per_day_limit,
            self.per_week_limit,
            self.per_month_limit,
            self.new_within_days,
            *by_origin,
        )
        if self.per_customer_limit < 1 or any(limit is not None and limit < 1 for limit in limits):
            raise LimitsAreUnclear
        if self.holds_excess and by_origin == (None, None):
            raise NothingToHold
        if not 0 <= self.low_percent <= 100 or any(
            cap is not None and cap < 1 for cap in (self.cap_per_day, self.cap_per_week)
        ):
            raise LimitsAreUnclear
        if any(self.percents) and (sum(self.percents) != 100 or min(self.percents) < 0):
            raise PayersAreUnclear
        # `payer` is what figures and settlement go by: who pays nothing is not it.
        if any(self.percents) and not self.percents[PAYERS.index(self.payer)]:
            raise PayersAreUnclear
        if self.is_paid_by_merchants and not self.redeem_merchants:
            raise MerchantsMissing

    @property
    def is_paid_by_merchants(self) -> bool:
        """Do merchants pay a part, or all?"""
        return self.payer == Payer.MERCHANT or self.merchant_percent > 0

    def terms(self, places: Sequence[str] = (), merchants: Sequence[str] = ()) -> Terms:
        """For the rules; `places`: names of `redeem_branches`, `merchants`: of `redeem_merchants`."""
        return Terms(
            self.threshold_fen,
            self.off_fen,
            self.usable_from,
            self.usable_until,
            self.usable_days,
            kind=self.kind,
            percent=self.percent,
            thing=self.thing,
            face_value=self.face_value,
            face_unit=self.face_unit,
            usable_after_days=self.usable_after_days,
            hours_from=self.hours_from,
            hours_until=self.hours_until,
            weekdays=tuple(self.weekdays),
            day_rule=self.day_rule,
            places=tuple(places),
            merchants=tuple(merchants),
            circles=tuple((lat, lon, metres) for lat, lon, metres in self.circles),
        )

    def columns(self) -> dict[str, Any]:
        """Lists in order and each once, so that the same terms have the same hash."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        for name in _LISTS:
            columns[name] = sorted({*columns[name]})
        columns["circles"] = [list(circle) for circle in self.circles]
        return columns


_LISTS = (
    "weekdays",
    "redeem_branches",
    "redeem_merchants",
    "claim_branches",
    "tags_any",
    "tags_none",
    "stages",
)
# What figures and settlement are kept by: fixed once anybody holds a coupon. All else may change for those who have
# none yet, since coupons keep the terms of their own revision.
_FIXED = ("kind", "payer")


def add_batch(*, scope: Scope, terms: BatchTerms) -> Batch:
    """A new draft batch of the branch the scope stands at. Raises the refusals of its rules."""
    scope.demand("rewards.batch.add")
    terms.check()
    _check_campaign(scope, terms)
    _check_chosen(scope, terms, scope.branch_id)
    batch = Batch.objects.create(branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns())
    _note(scope, batch, "rewards.batch.add")
    return batch


def change_batch(*, scope: Scope, batch_id: UUID, terms: BatchTerms) -> Batch:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, PromiseIsClaimed once customers hold coupons, QuotaTooSmall below what is allotted,
    AmountsAreReserved when money is reserved for what is allotted and the amounts would change.
    """
    scope.demand("rewards.batch.change")
    terms.check()
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    if terms.campaign_id != batch.campaign_id:
        _check_campaign(scope, terms)
    _check_chosen(scope, terms, batch.branch_id)
    columns = terms.columns()
    if any(getattr(batch, name) != columns[name] for name in _FIXED) and has_claims(
        scope=scope, batch_id=batch_id
    ):
        raise PromiseIsClaimed
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref("rewards.batch", batch_id))
    try:
        with transaction.atomic():
            Batch.objects.within(scope).filter(pk=batch_id).update(**columns)
    except IntegrityError as error:
        if violated(error) == "rewards_batch_amounts_stay_while_money_is_reserved":
            raise AmountsAreReserved from error
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
    revision's quota, AmountsAreReserved when money is reserved for other amounts than its.
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
        if violated(error) == "rewards_batch_amounts_stay_while_money_is_reserved":
            raise AmountsAreReserved from error
        if "rewards_batch_allotted_within_approved_quota" not in str(error):
            raise
        raise QuotaTooSmall(allotted=batch.allotted) from error
    return LiveBatch.objects.within(scope).get(batch_id=batch_id)


def withdraw_batch(*, scope: Scope, batch_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveBatch.objects.within(scope).filter(batch_id=batch_id).delete()


MOMENTS = ("claim_from", "claim_until", "usable_from", "usable_until")
_HOURS = ("hours_from", "hours_until")
# What revisions were frozen with from the first on, and what those before it are read as having said.
_ALWAYS = (
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
_SINCE = {
    each.name: each.default
    for each in fields(BatchTerms)
    if each.name not in _ALWAYS and each.name != "campaign_id"
}
FROZEN = (*_ALWAYS, *_SINCE)


def frozen(*, batch: Batch) -> dict[str, Any]:
    """What the draft says, as JSON."""
    payload = {name: getattr(batch, name) for name in FROZEN}
    for name in MOMENTS:
        payload[name] = payload[name].isoformat() if payload[name] else None
    for name in _HOURS:
        payload[name] = payload[name].strftime("%H:%M") if payload[name] else None
    payload["redeem_merchants"] = [str(key) for key in payload["redeem_merchants"]]
    return payload


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    columns = thawed(payload=payload)
    return columns | {
        "shown_until": columns["claim_until"],
        "campaign_id": campaign_of(payload=payload),
        "redeem_names": payload.get("redeem_names", []),
        "merchant_names": payload.get("merchant_names", []),
        "open_days": [date.fromisoformat(day) for day in payload.get("open_days", [])],
    }


def thawed(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was frozen, as the terms of a draft."""
    columns = {name: payload[name] for name in _ALWAYS}
    for name, default in _SINCE.items():
        value = payload.get(name, default)
        columns[name] = list(value) if isinstance(value, tuple) else value
    for name in MOMENTS:
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    for name in _HOURS:
        columns[name] = time.fromisoformat(columns[name]) if columns[name] else None
    columns["redeem_merchants"] = [UUID(key) for key in columns["redeem_merchants"]]
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


def _check_chosen(scope: Scope, terms: BatchTerms, issuer_id: int) -> None:
    """Branches of the issuer, its merchants, and tags that mean something there. No query where nothing is chosen."""
    chosen = {*terms.claim_branches, *terms.redeem_branches}
    if terms.claim_branches and not terms.handed_down:
        raise ChosenElsewhere
    if chosen:
        issuer = branch_in_scope(scope=scope, branch_id=issuer_id)
        below = branches_within(scope=scope).filter(pos__range=(issuer.pos, issuer.pos_end), pk__in=chosen)
        if below.count() < len(chosen):
            raise ChosenElsewhere
    if named := {*terms.redeem_merchants}:
        issuer = branch_in_scope(scope=scope, branch_id=issuer_id)
        if merchants_for(scope=scope, issuer=issuer).filter(pk__in=named).count() < len(named):
            raise ChosenElsewhere
    tags = {*terms.tags_any, *terms.tags_none}
    if tags and tags_usable(scope=scope).filter(pk__in=tags).count() < len(tags):
        raise ChosenElsewhere


def _note(scope: Scope, batch: Batch, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.batch", batch.pk),
        subject_name=batch.title,
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
    )
