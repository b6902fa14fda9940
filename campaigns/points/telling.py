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
from campaigns.tenants.scopes import Scope


def points_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """What can be spent and when the next of it lapses, what is pending, held and owed; nothing without a wallet,
    but the way to the first points for who may give them.
    """
    page = reverse("admin:points_wallet_change", args=[customer_id])
    if not has_wallet(scope=scope, customer_id=customer_id):
        # The page opens all the same for who may give the first points.
        may = scope.may("points.adjustment.add")
        return [Line(_("usable"), "0", _("no points yet: the first can be given here"), page)] if may else []
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
        Line(_("usable"), f"{has.usable:,}", ends, page),
        *(Line(label, f"{points:,}") for label, points in rest if points),
    ]
