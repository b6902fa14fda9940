"""Questions about who looks after customers, and where they were at home."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.customers.care_rules import Carer
from campaigns.customers.models import Care, Customer, HomeMove
from campaigns.tenants.models import Assignment, Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import line_of

_SEES_CUSTOMERS = Q(role__verbs__contains=["customers.customer.view"]) | Q(
    role__verbs__contains=["customers.*"]
)


def manager_of(*, scope: Scope, customer_id: UUID) -> Care | None:
    """Who looks after this customer now?"""
    open_spell: Care | None = (
        spells_of(scope=scope, customer_id=customer_id).filter(until__isnull=True).first()
    )
    return open_spell


def managers_of(*, scope: Scope, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Who looks after each of these customers, by name? Those whom nobody looks after are missing."""
    rows = Care.objects.within(scope).filter(customer__in=list(customer_ids), until__isnull=True)
    return dict(rows.values_list("customer_id", "person__name"))


def spells_of(*, scope: Scope, customer_id: UUID) -> QuerySet[Care]:
    """Who looked after this customer, the latest first?"""
    return Care.objects.within(scope).filter(customer=customer_id).select_related("person")


def in_care_of(*, scope: Scope, person_id: UUID) -> QuerySet[Customer]:
    """Whom does this person look after now, in the scope?"""
    held = Care.objects.within(scope).filter(person=person_id, until__isnull=True)
    return Customer.objects.within(scope).filter(pk__in=held.values("customer_id"))


def people_for(*, scope: Scope, branch_id: int) -> QuerySet[Person]:
    """Who of the scope may look after customers of this branch: whoever acts there or above it, by a role that sees
    customers?
    """
    held = (
        Assignment.objects.within(scope)
        .filter(held_from__lte=scope.at, held_until__gt=scope.at)
        .filter(branch_id__in=line_of(scope=scope, branch_id=branch_id))
        .filter(_SEES_CUSTOMERS)
    )
    return Person.objects.within(scope).filter(pk__in=held.values("person_id")).order_by("name", "pk")


def carers_here(*, scope: Scope) -> dict[str, list[Carer]]:
    """Who of the scope may look after whose customers, by staff number? One query.

    A number is one person's within a branch only: below a province two people may have the same.
    """
    held = (
        Assignment.objects.within(scope)
        .filter(_SEES_CUSTOMERS, held_from__lte=scope.at, held_until__gt=scope.at)
        .filter(person__in=Person.objects.within(scope).values("pk"))
    )
    found: dict[tuple[str, UUID], list[tuple[int, int]]] = {}
    for number, person_id, lo, hi in held.values_list(
        "person__staff_number", "person_id", "branch__pos", "branch__pos_end"
    ):
        found.setdefault((number, person_id), []).append((lo, hi))
    carers: dict[str, list[Carer]] = {}
    for (number, person_id), spans in found.items():
        carers.setdefault(number, []).append(Carer(person_id, tuple(spans)))
    return carers


def home_moves_of(*, scope: Scope, customer_id: UUID, before: datetime, many: int) -> list[HomeMove]:
    """When did this customer change the home branch, newest first?"""
    rows = HomeMove.objects.within(scope).filter(customer=customer_id, at__lt=before)
    return list(rows.order_by("-at", "-id")[:many])
