"""Six figures with a week's line each, and the branches below compared; from the rooms' own selectors."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.approvals.selectors import revisions_within
from campaigns.customers.selectors import customers_within
from campaigns.lib.money import yuan
from campaigns.lib.sparkline import sparkline
from campaigns.rewards.models import Redemption
from campaigns.rewards.selectors.coupons import coupon_figures, coupons_within, zone_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from config.desk.pages import list_page

DAYS = 7


@dataclass(frozen=True)
class Figure:
    """One figure: today's value as people read it, the week's sum, and the line."""

    name: str
    value: str
    more: str
    line: SafeString
    link: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.value) > 9


@dataclass(frozen=True)
class Compared:
    """A branch directly below, with all that lies below it, over the last seven days."""

    branch: Branch
    claimed: int
    redeemed: int
    redeemed_fen: int

    @property
    def redeemed_words(self) -> str:
        return yuan(self.redeemed_fen)

    @property
    def percent(self) -> int:
        return round(100 * self.redeemed / self.claimed) if self.claimed else 0


def days_of(scope: Scope, zone: ZoneInfo) -> list[date]:
    """The last seven local days, today last."""
    today = scope.at.astimezone(zone).date()
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def first_moment(scope: Scope, zone: ZoneInfo) -> datetime:
    """When the first of those days began."""
    return datetime.combine(days_of(scope, zone)[0], time(), zone)


def six(scope: Scope) -> list[Figure]:
    """Claimed, redeemed, spent, new customers, put live, decided: today, and over the week."""
    zone = zone_of(scope=scope)
    days = days_of(scope, zone)
    first = first_moment(scope, zone)
    week = coupon_figures(scope=scope, days=DAYS)
    joined = _per_day(customers_within(scope=scope).filter(joined_at__gte=first), "joined_at", days, zone)
    revisions = revisions_within(scope=scope)
    submitted = _per_day(revisions.filter(submitted_at__gte=first), "submitted_at", days, zone)
    decided = _per_day(revisions.filter(decided_at__gte=first), "decided_at", days, zone)
    coupons = list_page("rewards.coupon") if scope.may("rewards.coupon.view") else ""
    customers = list_page("customers.customer") if scope.may("customers.customer.view") else ""
    reviews = list_page("approvals.revision") if scope.may("approvals.revision.view") else ""
    return [
        _figure(_("Claimed today"), [d.claimed for d in week], _count, coupons),
        _figure(_("Redeemed today"), [d.redeemed for d in week], _count, coupons),
        _figure(_("Spent today"), [d.redeemed_fen for d in week], yuan, coupons),
        _figure(_("New customers today"), joined, _count, customers),
        _figure(_("Submitted today"), submitted, _count, reviews),
        _figure(_("Reviewed today"), decided, _count, reviews),
    ]


def branches_compared(scope: Scope) -> list[Compared]:
    """How do the branches directly below stand against one another? Most redeemed first; empty for a leaf."""
    children = list(Branch.objects.filter(parent_id=scope.branch_id).order_by("pos"))
    if not children:
        return []
    first = first_moment(scope, zone_of(scope=scope))
    claimed = _by_child(coupons_within(scope=scope).filter(claimed_at__gte=first), children)
    spent = _by_child(Redemption.objects.within(scope).filter(at__gte=first, reversal__isnull=True), children)
    rows = [Compared(child, claimed[n][0], spent[n][0], spent[n][1]) for n, child in enumerate(children)]
    return sorted(rows, key=lambda row: (-row.redeemed, -row.claimed, row.branch.pos))


def _by_child(rows: QuerySet[Any], children: Sequence[Branch]) -> list[tuple[int, int]]:
    """(number, fen) of each child's interval, from one sum per branch."""
    starts = [child.pos for child in children]
    sums = [(0, 0)] * len(children)
    for pos, number, fen in rows.order_by().values_list("branch_pos").annotate(Count("pk"), Sum("off_fen")):
        at = bisect_right(starts, pos) - 1
        if at >= 0 and pos <= children[at].pos_end:
            sums[at] = (sums[at][0] + number, sums[at][1] + fen)
    return sums


def _per_day(rows: QuerySet[Any], moment: str, days: Sequence[date], zone: ZoneInfo) -> list[int]:
    grouped = rows.order_by().values_list(TruncDate(moment, tzinfo=zone)).annotate(Count("pk"))
    found: dict[date, int] = dict(grouped)
    return [found.get(day, 0) for day in days]


def _count(number: int) -> str:
    return f"{number:,}"


_WEEK = gettext_lazy("7 days: %(sum)s")


def _figure(name: str, values: Sequence[int], words: Callable[[int], str], link: str) -> Figure:
    label = f"{name} · " + ", ".join(words(value) for value in values)
    return Figure(
        name, words(values[-1]), str(_WEEK % {"sum": words(sum(values))}), sparkline(values, label), link
    )
