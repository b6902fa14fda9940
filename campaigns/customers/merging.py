"""What this room itself moves when two customers are one: identities under the kept one's key, sessions, care."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q

from campaigns.customers.merge_selectors import absorbed_ids
from campaigns.customers.models import Care, Customer, CustomerKey, Identity, Merge, MergeProposal
from campaigns.customers.selectors import place_of_value
from campaigns.lib import crypto
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope


def move_identities(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """Sealed anew under the kept one's key. A claim that both have made stays where it is."""
    rows = list(Identity.objects.within(scope).filter(customer=absorbed).order_by("pk"))
    claimed = {
        (row.kind, bytes(row.lookup))
        for row in Identity.objects.within(scope).filter(customer=kept, state=Identity.State.UNVERIFIED)
    }
    moving = [
        row
        for row in rows
        if row.state != Identity.State.UNVERIFIED or (row.kind, bytes(row.lookup)) not in claimed
    ]
    _reseal(scope, moving, old=absorbed, new=kept)
    return [ref("customers.identity", row.pk) for row in moving]


def return_identities(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """Those that are still the kept one's, sealed under the absorbed one's own key again."""
    rows = list(Identity.objects.within(scope).filter(customer=kept, pk__in=_ids(moved)).order_by("pk"))
    _reseal(scope, rows, old=kept, new=absorbed)
    return [ref("customers.identity", row.pk) for row in rows]


def end_sessions(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """Whoever was logged in as the absorbed one logs in again, as the kept one; nothing of it can come back."""
    return _end_sessions_of(absorbed)


def end_sessions_again(
    *, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]
) -> list[str]:
    """Either person may be logged in as the kept one now: both log in again."""
    return _end_sessions_of(kept)


def end_care(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The kept one's relationship manager stays; one without gets the absorbed one's."""
    spell = Care.objects.within(scope).filter(customer=absorbed, until__isnull=True).first()
    if spell is None:
        return []
    Care.objects.within(scope).filter(pk=spell.pk).update(until=scope.at)
    if not Care.objects.within(scope).filter(customer=kept, until__isnull=True).exists():
        _begin(scope, kept, spell.person_id)
    return [ref("customers.care", spell.pk)]


def begin_care_again(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """Who looked after the absorbed one does so again."""
    spells = Care.objects.within(scope).filter(pk__in=_ids(moved), customer=absorbed)
    return [ref("customers.care", _begin(scope, absorbed, spell.person_id).pk) for spell in spells]


def forget_merges(*, scope: Scope, customer: Customer) -> list[str]:
    """What merges wrote down of an erased customer's attributes, and of anybody it was merged with."""
    everyone = [customer.pk, *absorbed_ids(customer.pk)]
    rows = Merge.objects.within(scope).filter(Q(kept__in=everyone) | Q(absorbed__in=everyone))
    found = [ref("customers.merge", key) for key in rows.values_list("pk", flat=True)]
    rows.update(moved={}, why={}, undone_why="")
    asked = MergeProposal.objects.within(scope).filter(Q(first__in=everyone) | Q(second__in=everyone))
    asked.update(why={}, comment="")
    return found


def _begin(scope: Scope, customer: Customer, person_id: UUID) -> Care:
    made: Care = Care.objects.create(
        customer=customer,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        person_id=person_id,
        since=scope.at,
        by_person_id=scope.person_id,
        by_name=scope.facts.actor_name if scope.person_id else "",
    )
    return made


def _end_sessions_of(customer: Customer) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT end_customer_sessions(%s)", [customer.pk])
    return []


def _reseal(scope: Scope, rows: Iterable[Identity], *, old: Customer, new: Customer) -> None:
    keys = {
        stored.customer_id: crypto.unwrap_key(bytes(stored.wrapped), person=stored.customer_id)
        for stored in CustomerKey.objects.within(scope).filter(customer__in=[old, new])
    }
    for row in rows:
        was = place_of_value(customer_id=old.pk, identity_id=row.pk)
        plain = crypto.unseal(bytes(row.value), key=keys[old.pk], place=was)
        row.value = crypto.seal(
            plain, key=keys[new.pk], place=place_of_value(customer_id=new.pk, identity_id=row.pk)
        )
        row.customer = new
        row.branch_id, row.branch_pos = new.branch_id, new.branch_pos
        row.save(update_fields=["value", "customer", "branch", "branch_pos"])


def _ids(references: Iterable[str]) -> list[UUID]:
    return [UUID(read_ref(each).id) for each in references]
