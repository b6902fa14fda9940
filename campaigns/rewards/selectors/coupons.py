"""Questions about batches, stock, coupons and redemptions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from campaigns.lib.refusals import NotFound
from campaigns.rewards import rules
from campaigns.rewards.models import Batch, Coupon, Giving, LiveBatch, Promise, Redemption, Stock, Terms
from campaigns.rewards.selectors.merchants import merchant_names
from campaigns.rewards.sentences import sentence
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def batches_within(*, scope: Scope) -> QuerySet[Batch]:
    """Which batches belong to the scope's branches? Newest first."""
    return Batch.objects.within(scope)


def batch_in_scope(*, scope: Scope, batch_id: UUID) -> Batch:
    """The draft; raises NotFound for a foreign and an absent one alike."""
    batch = batches_within(scope=scope).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    return batch


def has_claims(*, scope: Scope, batch_id: UUID) -> bool:
    """Does anybody hold a coupon of this batch?"""
    return Stock.objects.within(scope).filter(batch_id=batch_id, claimed__gt=0).exists()


def live_batches(*, scope: Scope) -> QuerySet[LiveBatch]:
    """Which batches does the scope's customer see now? Those of the own branch and handed down from above."""
    return LiveBatch.objects.filter(
        Q(branch_id=scope.branch_id) | Q(handed_down=True, branch_id__in=scope.ancestors),
        shown_from__lte=scope.at,
        shown_until__gt=scope.at,
    )


def live_batch(*, scope: Scope, batch_id: UUID) -> LiveBatch:
    """One batch as the scope's customer sees it now, by the batch's id; raises NotFound."""
    found = live_batches(scope=scope).filter(batch_id=batch_id).first()
    if found is None:
        raise NotFound
    return found


def left_at_branch(*, scope: Scope, batch_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many coupons of each batch has the scope's own branch left? Batches without a share are missing."""
    rows = (
        Stock.objects.filter(branch_id=scope.branch_id, batch_id__in=list(batch_ids))
        .order_by()
        .values_list("batch_id")
        .annotate(left=Sum(F("allotted") - F("claimed")))
    )
    return dict(rows)


def claimed_by_customer(*, scope: Scope, batch_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many coupons of each batch has the scope's customer claimed? Batches without any are missing."""
    rows = (
        coupons_of_customer(scope=scope)
        .filter(batch_id__in=list(batch_ids))
        .order_by()
        .values_list("batch_id")
        .annotate(Count("pk"))
    )
    return dict(rows)


def zone_of(*, scope: Scope) -> ZoneInfo:
    """In which time zone does the scope's branch live?"""
    return ZoneInfo(Branch.objects.values_list("zone", flat=True).get(pk=scope.branch_id))


def terms_of(*, promise: Promise) -> rules.Terms:
    """What a draft or published batch gives, for the rules."""
    window = (promise.usable_from, promise.usable_until, promise.usable_days, promise.usable_after_days)
    if isinstance(promise, LiveBatch):
        names = (promise.redeem_names, promise.merchant_names)
    else:
        names = (
            names_of(branch_ids=promise.redeem_branches),
            merchant_names(merchant_ids=promise.redeem_merchants),
        )
    return given_terms(given=promise, window=window, places=names[0], merchants=names[1])


def given_terms(
    *,
    given: Giving,
    window: tuple[datetime | None, datetime | None, int | None, int],
    places: Sequence[str],
    merchants: Sequence[str] = (),
) -> rules.Terms:
    """What the columns say, for the rules. `window`: from, until, or for how many days from which day."""
    return rules.Terms(
        given.threshold_fen,
        given.off_fen,
        *window[:3],
        kind=given.kind,
        percent=given.percent,
        thing=given.thing,
        face_value=given.face_value,
        face_unit=given.face_unit,
        usable_after_days=window[3],
        hours_from=given.hours_from,
        hours_until=given.hours_until,
        weekdays=tuple(given.weekdays),
        day_rule=given.day_rule,
        places=tuple(places),
        merchants=tuple(merchants),
        circles=tuple((lat, lon, metres) for lat, lon, metres in given.circles),
    )


def names_of(*, branch_ids: Collection[int]) -> list[str]:
    """What are these branches called, in tree order? No query without any."""
    return list(_branches(branch_ids).values_list("name", flat=True)) if branch_ids else []


def zones_of(*, branch_ids: Collection[int]) -> list[ZoneInfo]:
    """In which time zones do these branches and all below them live?"""
    zones: set[str] = set()
    for branch in _branches(branch_ids):
        within = Branch.objects.filter(pos__range=(branch.pos, branch.pos_end))
        zones |= set(within.order_by().values_list("zone", flat=True).distinct())
    return [ZoneInfo(name) for name in sorted(zones)]


def _branches(branch_ids: Collection[int]) -> QuerySet[Branch]:
    return Branch.objects.filter(pk__in=list(branch_ids)).order_by("pos")


def terms_held(*, coupons: Iterable[Coupon]) -> dict[UUID, Terms]:
    """The terms of these coupons, by revision."""
    return Terms.objects.in_bulk({coupon.revision_id for coupon in coupons})


class HasWindow(Protocol):
    """A coupon, as far as its window goes."""

    @property
    def usable_from(self) -> datetime: ...
    @property
    def usable_until(self) -> datetime: ...


def terms_of_coupon(*, coupon: HasWindow, terms: Terms) -> rules.Terms:
    """What a coupon gives, for the rules. The days after the claim became a window of its own."""
    window = (coupon.usable_from, coupon.usable_until, None, 0)
    return given_terms(given=terms, window=window, places=terms.redeem_names, merchants=terms.merchant_names)


def sentences_of(*, promise: Promise, zone: ZoneInfo) -> tuple[str, str]:
    """The one sentence a customer reads about a batch, in Chinese and English."""
    terms = terms_of(promise=promise)
    return sentence(terms=terms, zone=zone, language="zh"), sentence(terms=terms, zone=zone, language="en")


def coupons_of_customer(*, scope: Scope, state: str = "") -> QuerySet[Coupon]:
    """The wallet of the scope's customer. `state`: usable (soon or now), used, expired (void and given
    away too), "" for all.
    """
    if scope.customer_id is None:
        return Coupon.objects.none()
    rows = Coupon.objects.filter(customer_id=scope.customer_id)
    if state == "usable":
        return rows.filter(status="claimed", usable_until__gt=scope.at)
    if state == "used":
        return rows.filter(status="redeemed")
    if state == "expired":
        return rows.filter(
            Q(status__in=["expired", "void", "given"]) | Q(status="claimed", usable_until__lte=scope.at)
        )
    return rows


def coupon_of_customer(*, scope: Scope, coupon_id: UUID) -> Coupon:
    """One coupon of the scope's customer; raises NotFound for another's and an absent one alike."""
    coupon = coupons_of_customer(scope=scope).filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound
    return coupon


def coupons_within(*, scope: Scope) -> QuerySet[Coupon]:
    """Which coupons do customers of the scope's branches hold?"""
    return Coupon.objects.within(scope)


def coupons_held(*, scope: Scope) -> QuerySet[Coupon]:
    """Which coupons wait for somebody to decide, and can still become good? Oldest first."""
    return coupons_within(scope=scope).filter(status="held", usable_until__gt=scope.at).order_by("id")


def redemptions_today(*, scope: Scope, limit: int = 30) -> list[Redemption]:
    """What has the scope's person redeemed at this branch on its local day, latest first? Reversed ones too."""
    assert scope.person_id is not None
    zone = zone_of(scope=scope)
    first = datetime.combine(scope.at.astimezone(zone).date(), datetime.min.time(), zone)
    rows = Redemption.objects.within(scope).filter(
        branch_id=scope.branch_id, person_id=scope.person_id, at__gte=first
    )
    return list(rows.select_related("reversal").order_by("-at", "-id")[:limit])


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where the coupons of a batch are; money in fen. `expired` counts those not swept yet."""

    quota: int
    allotted: int
    claimed: int
    redeemed: int
    expired: int
    void: int
    claimed_fen: int
    redeemed_fen: int


def funnel_of(*, scope: Scope, batch: Batch) -> Funnel:
    """Issued, claimed, redeemed, expired: how far has this batch come?"""
    gone = Q(status="expired") | Q(status="claimed", usable_until__lte=scope.at)
    sums = (
        Coupon.objects.within(scope)
        .filter(batch_id=batch.pk)
        .exclude(status="given")  # the one that stands in its place is counted
        .aggregate(
            claimed=Count("pk"),
            redeemed=Count("pk", filter=Q(status="redeemed")),
            expired=Count("pk", filter=gone),
            void=Count("pk", filter=Q(status="void")),
            claimed_fen=Sum("off_fen", default=0),
            redeemed_fen=Sum("off_fen", filter=Q(status="redeemed"), default=0),
        )
    )
    return Funnel(quota=batch.quota, allotted=batch.allotted, **sums)


@dataclass(frozen=True, slots=True)
class Share:
    """One branch's part of a batch."""

    branch_id: int
    branch_name: str
    level: str
    allotted: int
    claimed: int
    redeemed: int

    @property
    def left(self) -> int:
        return self.allotted - self.claimed


def shares_of(*, scope: Scope, batch_id: UUID) -> list[Share]:
    """How is the batch spread over the branches, in tree order?"""
    stock = (
        Stock.objects.within(scope)
        .filter(batch_id=batch_id)
        .order_by("branch_pos")
        .values_list("branch_id")
        .annotate(Sum("allotted"), Sum("claimed"), at=Max("branch_pos"))
        .order_by("at")
    )
    redeemed = dict(
        Coupon.objects.within(scope)
        .filter(batch_id=batch_id, status="redeemed")
        .order_by()
        .values_list("branch_id")
        .annotate(Count("pk"))
    )
    rows = list(stock)
    names = Branch.objects.in_bulk([row[0] for row in rows])
    return [
        Share(branch, names[branch].name, names[branch].level, allotted, claimed, redeemed.get(branch, 0))
        for branch, allotted, claimed, _at in rows
    ]


@dataclass(frozen=True, slots=True)
class Day:
    """One local day's coupons; money in fen."""

    day: date
    claimed: int
    claimed_fen: int
    redeemed: int
    redeemed_fen: int


def coupon_figures(*, scope: Scope, days: int = 7) -> list[Day]:
    """What happened on each of the last `days` local days, today last?

    Claims by customers of the scope's branches; redemptions made at the scope's branches, reversed ones left out.
    """
    zone = zone_of(scope=scope)
    today = scope.at.astimezone(zone).date()
    first = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), zone)
    issued = Coupon.objects.within(scope).filter(claimed_at__gte=first).exclude(how="given")
    claims = _by_day(issued, "claimed_at", zone)
    spent = _by_day(Redemption.objects.within(scope).filter(at__gte=first, reversal__isnull=True), "at", zone)
    return [
        Day(day, *claims.get(day, (0, 0)), *spent.get(day, (0, 0)))
        for day in (today - timedelta(days=back) for back in range(days - 1, -1, -1))
    ]


def _by_day(
    rows: "QuerySet[Coupon] | QuerySet[Redemption]", moment: str, zone: ZoneInfo
) -> dict[date, tuple[int, int]]:
    grouped = (
        rows.order_by()
        .values_list(TruncDate(moment, tzinfo=zone))
        .annotate(number=Count("pk"), fen=Sum("off_fen"))
    )
    return {day: (number, fen) for day, number, fen in grouped}
