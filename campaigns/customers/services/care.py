"""Where a customer is at home, and who looks after them: moving, assigning, handing over."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.care_selectors import in_care_of, people_for
from campaigns.customers.merge_selectors import absorbed_ids
from campaigns.customers.models import Care, Customer, HomeMove
from campaigns.customers.refusals import CustomerIsNotActive, ManagerElsewhere, NotAHome
from campaigns.customers.rules import reason_kept
from campaigns.customers.selectors import home_branches
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope

# The long job that hands many customers to one relationship manager.
HAND_OVER = "customers.assign"
MAY_ASSIGN = "customers.customer.assign"
_STANDING = (Customer.Status.ACTIVE, Customer.Status.BLOCKED)


def move_customer_home(*, scope: Scope, customer_id: UUID | str, branch_id: int, why: str = "") -> Customer:
    """The customer is at home at `branch_id` from now on; identities, consents, tags and who was merged go along.

    A relationship manager who does not act at the new home is let go. Raises NotFound, NotAHome, CustomerIsNotActive.
    """
    scope.demand("customers.customer.move")
    customer = _locked(scope, customer_id)
    home = branch_in_scope(scope=scope, branch_id=branch_id)
    if not home_branches(scope=scope).filter(pk=home.pk).exists():
        raise NotAHome(branch=home.name)
    if home.pk == customer.branch_id:
        return customer
    old = customer.branch
    everyone = [customer.pk, *absorbed_ids(customer.pk)]
    Customer.objects.within(scope).filter(pk__in=everyone).update(branch=home, branch_pos=home.pos)
    customer.branch, customer.branch_pos = home, home.pos
    HomeMove.objects.create(
        customer=customer,
        branch=home,
        branch_pos=home.pos,
        from_branch=old,
        to_branch=home,
        from_name=old.name,
        to_name=home.name,
        at=scope.at,
        by_name=scope.facts.actor_name if scope.person_id else "",
        why=reason_kept(why),
    )
    spell = Care.objects.within(scope).filter(customer=customer, until__isnull=True).first()
    if spell and not people_for(scope=scope, branch_id=home.pk).filter(pk=spell.person_id).exists():
        _end(scope, customer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT place_merge_proposals(%s)", [everyone])
    _note(scope, "customers.customer.move", customer, before=old.name, to=home.name, reason=reason_kept(why))
    return customer


def assign_manager(
    *, scope: Scope, customer_id: UUID | str, person_id: UUID | str | None, why: str = ""
) -> Care | None:
    """`person_id` looks after the customer from now on; None: nobody does. The same person again changes nothing.

    Raises NotFound, CustomerIsNotActive, ManagerElsewhere for somebody who acts neither at the home branch nor above.
    """
    scope.demand(MAY_ASSIGN)
    customer = _locked(scope, customer_id)
    if person_id is None:
        if _end(scope, customer):
            _note(scope, "customers.customer.release", customer, reason=reason_kept(why))
        return None
    person = Person.objects.within(scope).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    if not people_for(scope=scope, branch_id=customer.branch_id).filter(pk=person.pk).exists():
        raise ManagerElsewhere(name=person.name)
    held: Care | None = Care.objects.within(scope).filter(customer=customer, until__isnull=True).first()
    if held is not None and held.person_id == person.pk:
        return held
    _end(scope, customer)
    made: Care = Care.objects.create(
        customer=customer,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        person=person,
        since=scope.at,
        by_person_id=scope.person_id,
        by_name=scope.facts.actor_name if scope.person_id else "",
        why=reason_kept(why),
    )
    _note(scope, MAY_ASSIGN, customer, to=person.name, reason=reason_kept(why))
    return made


def ask_hand_over(
    *, scope: Scope, customers: Sequence[Customer], person_id: UUID | str, why: str = ""
) -> Job:
    """Have many customers assigned to one person, each by itself, as a long job. Raises NotFound, NothingChosen,
    TooManyChosen, NotAllowed.
    """
    scope.demand(MAY_ASSIGN)
    person = Person.objects.within(scope).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return ask_many(
        scope=scope,
        kind=HAND_OVER,
        items=[Asked(ref("customers.customer", each.pk), str(each)) for each in customers],
        args={"person": str(person.pk), "comment": reason_kept(why)},
    )


def assign_item(*, scope: Scope, item: JobItem, args: dict[str, Any]) -> None:
    """One customer of a long job. Raises what assign_manager raises."""
    assign_manager(
        scope=scope,
        customer_id=read_ref(item.subject).id,
        person_id=args["person"],
        why=args.get("comment", ""),
    )


def hand_over_care(*, scope: Scope, person: Person, successor: Person) -> int:
    """Somebody leaves: whom they looked after, the successor does. Set-based; noted with the leaving."""
    customers = in_care_of(scope=scope, person_id=person.pk)
    rows = list(customers.values_list("pk", "branch_id", "branch_pos").order_by("pk"))
    open_spells = Care.objects.within(scope).filter(person=person, until__isnull=True)
    open_spells.update(until=scope.at)
    Care.objects.bulk_create(
        (
            Care(
                customer_id=customer_id,
                branch_id=branch_id,
                branch_pos=branch_pos,
                person=successor,
                since=scope.at,
                by_person_id=scope.person_id,
                by_name=scope.facts.actor_name if scope.person_id else "",
            )
            for customer_id, branch_id, branch_pos in rows
        ),
        batch_size=1_000,
    )
    return len(rows)


def _locked(scope: Scope, customer_id: UUID | str) -> Customer:
    rows = Customer.objects.within(scope).filter(pk=customer_id)
    customer: Customer | None = rows.select_for_update().first()
    if customer is None:
        raise NotFound
    if customer.status not in _STANDING:
        raise CustomerIsNotActive(customer=customer)
    return customer


def _end(scope: Scope, customer: Customer) -> int:
    return Care.objects.within(scope).filter(customer=customer, until__isnull=True).update(until=scope.at)


def _note(scope: Scope, verb: str, customer: Customer, **detail: object) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        **detail,
    )
