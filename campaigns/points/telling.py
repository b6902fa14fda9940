"""The box of points on a customer's page."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.customers.panels import Line
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.desk import has_wallet, last_moment
from campaigns.points.selectors.tiers import standing_of
from campaigns.tenants.scopes import Scope


def points_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """The tier; what can be spent and when the next of it lapses, what is pending, held and owed. Without a wallet the
    way to the first points, for who may give them.
    """
    tier = _tier_line(scope, customer_id)
    page = reverse("admin:points_wallet_change", args=[customer_id])
    if not has_wallet(scope=scope, customer_id=customer_id):
        # The page opens all the same for who may give the first points.
        may = scope.may("points.adjustment.add")
        return (
            [*tier, Line(_("usable"), "0", _("no points yet: the first can be given here"), page)]
            if may
            else tier
        )
    has = balance_of(scope=scope, customer_id=customer_id)
    ends = ""
    if has.next_end is not None:
        day = date_format(localtime(last_moment(end=has.next_end)), "SHORT_DATE_FORMAT")
        ends = _("%(points)s lapse on %(day)s") % {"points": f"{has.next_points:,}", "day": day}
    rest = (
        (_("not yet in force"), has.pending),
        (_("held"), has.held),
        (_("owed by the customer"), has.owed),
    )
    return [
        *tier,
        Line(_("usable"), f"{has.usable:,}", ends, page),
        *(Line(label, f"{points:,}") for label, points in rest if points),
    ]


def _tier_line(scope: Scope, customer_id: UUID) -> list[Line]:
    """Which tier, until when, and what is missing to keep it or to the next one; none without a scheme."""
    stands = standing_of(scope=scope, customer_id=customer_id)
    if stands is None:
        return []
    end = stands.falls_at or stands.kept_until
    if end is not None and stands.to_keep:
        day = date_format(localtime(last_moment(end=end)), "SHORT_DATE_FORMAT")
        note = _("%(points)s short of keeping it, until %(day)s") % {
            "points": f"{stands.to_keep:,}",
            "day": day,
        }
    elif stands.next_tier is not None:
        note = _("%(points)s points to %(tier)s") % {
            "points": f"{stands.to_next:,}",
            "tier": stands.next_tier.name,
        }
    else:
        note = ""
    held = stands.since is not None and scope.may("points.customertier.view")
    page = reverse("admin:points_customertier_change", args=[customer_id]) if held else ""
    return [Line(_("tier"), stands.tier.name, note, page)]
