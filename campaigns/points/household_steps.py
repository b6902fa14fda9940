"""Households when two customers turn out to be one, or two again, and when one is to be forgotten."""

from collections.abc import Sequence

from campaigns.customers.models import Customer
from campaigns.lib.refs import read_ref, ref
from campaigns.points.models import Member
from campaigns.tenants.scopes import Scope


def move_membership(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The absorbed one's place in a household is the kept one's, who may have one already: then it ends."""
    place = Member.objects.within(scope).filter(customer=absorbed, until=None)
    if Member.objects.within(scope).filter(customer=kept, until=None).exists():
        place.update(until=scope.at)
        return []
    keys = list(place.values_list("pk", flat=True))
    place.update(customer=kept, branch_id=kept.branch_id, branch_pos=kept.branch_pos)
    return [ref("points.member", key) for key in keys]


def return_membership(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """The place goes back, if the kept one still has it."""
    keys = [read_ref(each).id for each in moved]
    place = Member.objects.within(scope).filter(pk__in=keys, customer=kept, until=None)
    back = list(place.values_list("pk", flat=True))
    place.update(customer=absorbed, branch_id=absorbed.branch_id, branch_pos=absorbed.branch_pos)
    return [ref("points.member", key) for key in back]


def end_own_membership(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """Who is forgotten lives in no household, and what was shown for it is forgotten as well."""
    places = Member.objects.within(scope).filter(customer=customer)
    places.filter(until=None).update(until=scope.at)
    places.update(evidence="")
    return []
