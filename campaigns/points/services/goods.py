"""Goods of the points mall: drafts, their stock, and the published copies that approvals write."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Good, GoodKind, GoodStock, LiveGood
from campaigns.points.refusals.mall import GoodTermsUnclear, StockBelowTaken
from campaigns.points.selectors.mall import good_in_scope
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.tenants.scopes import Scope

CODE = "points.good"
# The database counts in 32 bits.
_MOST = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodTerms:
    """What a good says. Points are whole, money is fen, moments are UTC with the end exclusive."""

    title: str
    text: str = ""
    kind: str = GoodKind.PARCEL
    batch_id: UUID | None = None
    price_points: int
    cash_fen: int = 0
    per_customer_limit: int = 1
    open_from: datetime
    open_until: datetime
    handed_down: bool = False

    def check(self) -> None:
        """Raises GoodTermsUnclear."""
        is_coupon = self.kind == GoodKind.COUPON
        if (
            not 1 <= self.price_points <= _MOST
            or not 1 <= self.per_customer_limit <= 32_000
            or self.cash_fen < 0
            or self.open_from >= self.open_until
            or is_coupon != (self.batch_id is not None)
            or (is_coupon and self.cash_fen)
        ):
            raise GoodTermsUnclear

    def columns(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


def add_good(*, scope: Scope, terms: GoodTerms) -> Good:
    """A new draft of the branch the scope stands at. Raises GoodTermsUnclear, NotFound (the batch)."""
    scope.demand("points.good.add")
    _check(scope, terms)
    good = Good.objects.create(branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns())
    _note(scope, good, "points.good.add")
    return good


def change_good(*, scope: Scope, good_id: UUID, terms: GoodTerms) -> Good:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, GoodTermsUnclear.
    """
    scope.demand("points.good.change")
    good = good_in_scope(scope=scope, good_id=good_id)
    _check(scope, terms)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref(CODE, good_id))
    Good.objects.within(scope).filter(pk=good_id).update(**terms.columns())
    good.refresh_from_db()
    _note(scope, good, "points.good.change")
    return good


def submit_good(*, scope: Scope, good_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("points.good.submit")
    good_in_scope(scope=scope, good_id=good_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, good_id))


def take_down_good(*, scope: Scope, good_id: UUID, reason: str) -> None:
    """Stop showing and selling it at once; what is ordered stays ordered. Raises NotFound."""
    scope.demand("points.good.take_down")
    good_in_scope(scope=scope, good_id=good_id)
    live.take_down(scope=scope, subject=ref(CODE, good_id), reason=reason)


@transaction.atomic
def stock_good(*, scope: Scope, good_id: UUID, total: int) -> None:
    """Say how many there are in all, those ordered counted in. Raises NotFound, StockBelowTaken."""
    scope.demand("points.good.stock")
    good = good_in_scope(scope=scope, good_id=good_id)
    if not 0 <= total <= _MOST:
        raise StockBelowTaken(taken=0)
    rows = GoodStock.objects.within(scope).filter(pk=good_id)
    if not rows.filter(taken__lte=total).update(total=total):
        if (taken := rows.values_list("taken", flat=True).first()) is not None:
            raise StockBelowTaken(taken=taken)
        GoodStock.objects.create(
            good_id=good_id, branch_id=good.branch_id, branch_pos=good.branch_pos, total=total
        )
    _note(scope, good, "points.good.stock", total=total)


def publish_good(
    *, scope: Scope, good_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> LiveGood:
    """Write the published copy from an approved revision's payload. Called by approvals at go-live alone."""
    good = good_in_scope(scope=scope, good_id=good_id)
    columns = {
        **promised(payload=payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
    }
    if not LiveGood.objects.within(scope).filter(good_id=good_id).update(**columns):
        LiveGood.objects.create(
            good_id=good_id, branch_id=good.branch_id, branch_pos=good.branch_pos, **columns
        )
    return LiveGood.objects.within(scope).get(good_id=good_id)


def withdraw_good(*, scope: Scope, good_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveGood.objects.within(scope).filter(good_id=good_id).delete()


def frozen(*, good: Good) -> dict[str, Any]:
    """What the draft says, as JSON."""
    payload = {each.name: getattr(good, each.name) for each in fields(GoodTerms)}
    payload |= {name: payload[name].isoformat() for name in ("open_from", "open_until")}
    payload["batch_id"] = str(good.batch_id) if good.batch_id else None
    return payload


def thawed(*, payload: Mapping[str, Any]) -> GoodTerms:
    """What was frozen, as the terms of a draft."""
    columns = {each.name: payload[each.name] for each in fields(GoodTerms)}
    columns |= {name: datetime.fromisoformat(columns[name]) for name in ("open_from", "open_until")}
    columns["batch_id"] = UUID(columns["batch_id"]) if columns["batch_id"] else None
    return GoodTerms(**columns)


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    terms = thawed(payload=payload)
    return terms.columns() | {"shown_until": terms.open_until}


def hand_over_goods(*, scope: Scope, closed: Any, successor: Any) -> int:
    """Goods of a branch that closes are the successor's, live ones stay on sale."""
    moved = {"branch": successor, "branch_pos": successor.pos}
    for owned in (LiveGood, GoodStock):
        owned.objects.within(scope).filter(branch=closed).update(**moved)
    return Good.objects.within(scope).filter(branch=closed).update(**moved)


def _check(scope: Scope, terms: GoodTerms) -> None:
    terms.check()
    if terms.batch_id is not None:
        try:
            batch_in_scope(scope=scope, batch_id=terms.batch_id)
        except NotFound as refusal:
            raise GoodTermsUnclear from refusal


def _note(scope: Scope, good: Good, verb: str, **more: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, good.pk),
        subject_name=good.title,
        branch_id=good.branch_id,
        branch_pos=good.branch_pos,
        **more,
    )
