"""Which customer a member of staff is. What staff may not do for themselves is asked by it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.customers.models import Customer, StaffCustomer
from campaigns.customers.refusals import StaffIsAnother
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope

MAY_LINK = "customers.customer.link_staff"


def link_staff(*, scope: Scope, customer_id: UUID | str, person_id: UUID | str | None) -> None:
    """The customer is this member of staff; None: is none, or not any more. The same again changes nothing.

    Raises NotFound for either outside the scope, StaffIsAnother when the person is another customer already.
    """
    scope.demand(MAY_LINK)
    customer = Customer.objects.within(scope).select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    held = StaffCustomer.objects.within(scope).filter(customer=customer).first()
    if (held.person_id if held else None) == (UUID(str(person_id)) if person_id else None):
        return
    if held is not None:
        held.delete()
    person = None
    if person_id is not None:
        person = Person.objects.within(scope).filter(pk=person_id).first()
        if person is None:
            raise NotFound
        try:
            with transaction.atomic():
                _link(scope, customer, person.pk)
        except IntegrityError as error:
            raise StaffIsAnother(name=person.name) from error
    record(
        scope=scope,
        verb=MAY_LINK if person else "customers.customer.unlink_staff",
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        **({"to": person.name} if person else {}),
    )


def move_staff(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """Two customers are one: whoever the absorbed one was at work, the kept one is, unless it is somebody already."""
    held = StaffCustomer.objects.within(scope).filter(customer=absorbed)
    person_id = held.values_list("pk", flat=True).first()
    if person_id is None:
        return []
    held.delete()
    if not StaffCustomer.objects.within(scope).filter(customer=kept).exists():
        _link(scope, kept, person_id)
    return [ref("tenants.person", person_id)]


def return_staff(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """They are two again: the absorbed one is who it was, as far as nobody said otherwise since."""
    back = []
    for reference in moved:
        person_id = UUID(reference.partition(":")[2])
        StaffCustomer.objects.within(scope).filter(customer=kept, person_id=person_id).delete()
        if not StaffCustomer.objects.within(scope).filter(person_id=person_id).exists():
            _link(scope, absorbed, person_id)
            back.append(reference)
    return back


def forget_staff(*, scope: Scope, customer: Customer) -> list[str]:
    """An erased customer is nobody at work."""
    held = StaffCustomer.objects.within(scope).filter(customer=customer)
    found = [ref("tenants.person", key) for key in held.values_list("pk", flat=True)]
    held.delete()
    return found


def _link(scope: Scope, customer: Customer, person_id: UUID) -> None:
    StaffCustomer.objects.create(
        person_id=person_id,
        customer=customer,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        since=scope.at,
    )
