"""Whether the customers of a branch would see a draft at a moment, once it is approved."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext

from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.models import Item


def seen_from(*, scope: Scope, item: Item, branch: Branch | None, at: datetime) -> str:
    """Why not, in the reader's language; empty when they would. Without a branch: those of the item's own."""
    if branch is not None and branch.pk != item.branch_id:
        home = Branch.objects.filter(pk=item.branch_id).first()
        is_below = home is not None and home.pos <= branch.pos <= home.pos_end
        if not is_below:
            return gettext("Customers of %(branch)s never see it: it belongs to another branch.") % {
                "branch": branch.name
            }
        if not item.handed_down:
            return gettext(
                "Customers of %(branch)s do not see it: it is not meant for the branches below."
            ) % {"branch": branch.name}
    zone = zone_of(scope=scope)
    if at < item.shown_from:
        first = date_format(item.shown_from.astimezone(zone), "DATETIME_FORMAT")
        return gettext("Not shown yet at this moment: from %(first)s on.") % {"first": first}
    if at >= item.shown_until:
        last = date_format(item.shown_until.astimezone(zone), "DATETIME_FORMAT")
        return gettext("No longer shown at this moment: until %(last)s.") % {"last": last}
    return ""
