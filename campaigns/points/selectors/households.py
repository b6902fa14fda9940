"""Questions about households."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from campaigns.points.models import Household, Member
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Housemate:
    """One member, as another member may know: by the end of the customer number."""

    member_id: UUID
    number_tail: str
    since: datetime
    is_me: bool
    household: str


def own_household(*, scope: Scope) -> list[Housemate]:
    """Who is in the household of the scope's customer? Nobody: there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT member, tail, since, is_me, name FROM own_household()")
        return [Housemate(*row) for row in cursor.fetchall()]


def household_of(*, scope: Scope, customer_id: UUID) -> Household | None:
    """In which household is this customer of the scope now, if it was registered within it?"""
    member = Member.objects.within(scope).filter(customer_id=customer_id, until=None).first()
    return Household.objects.within(scope).filter(pk=member.household_id).first() if member else None


def members_of(*, scope: Scope, household: Household) -> list[Member]:
    """Its members of now who are at home within the scope, the first before the others."""
    rows = Member.objects.within(scope).filter(household=household, until=None)
    return list(rows.select_related("customer", "branch").order_by("since", "id"))
