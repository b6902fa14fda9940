"""The box of groups on a customer's page."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.customers.panels import Line
from campaigns.tenants.scopes import Scope
from community.groups.models import Member


def group_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """The groups of the reader's branches that the customer is in, with the way to each."""
    spells = Member.objects.within(scope).filter(customer_id=customer_id, left_at=None)
    return [
        Line(
            spell.group.name,
            "",
            _("since %(day)s") % {"day": date_format(localtime(spell.joined_at), "SHORT_DATE_FORMAT")},
            reverse("admin:community_group_change", args=[spell.group_id]),
        )
        for spell in spells.select_related("group").order_by("-joined_at")[:20]
    ]
