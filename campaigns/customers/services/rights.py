"""To be forgotten: asked for, taken back, carried out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils.functional import lazy

from campaigns.audit.services import record
from campaigns.customers.consent_models import Birth
from campaigns.customers.consent_refusals import (
    ErasedAlready,
    ErasureNone,
    ErasureWaits,
    ReasonMissing,
    StillOpen,
)
from campaigns.customers.consent_selectors import customer_within
from campaigns.customers.erasure_list import add_to_list
from campaigns.customers.keeping import kept_by_law, to_be_settled
from campaigns.customers.merge_selectors import absorbed_ids, current_id, undoable_of
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.rights_models import Erasure, Tombstone
from campaigns.customers.rights_selectors import erasure_waiting
from campaigns.customers.rules import reason_kept
from campaigns.customers.scopes import on_behalf
from campaigns.customers.services.copies import delete_copies
from campaigns.customers.services.merges import unmerge_customers
from campaigns.customers.steps import steps_of
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import cancel, lay
from campaigns.jobs.services.outbox import forget_receivers
from campaigns.lib.both import Both, for_reader
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.requests.services import forget_callers
from campaigns.tenants.scopes import Scope

ERASE = "customers.erase"
State = Erasure.State
_ONE_WAITS = "customers_erasure_one_waits"


def ask_for_erasure(*, scope: Scope) -> Erasure:
    """The customer of this scope wants to be forgotten; ERASURE_DAYS later it happens.

    Raises StillOpen, ErasureWaits.
    """
    if scope.customer_id is None:
        raise NotFound
    with on_behalf(scope) as system:
        return _lay_erasure(system, customer_within(scope=system, customer_id=scope.customer_id), why="")


def note_erasure(*, scope: Scope, customer_id: UUID, why: str) -> Erasure:
    """A customer told the bank in another way: by letter, at the counter. Raises NotFound, ReasonMissing, StillOpen,
    ErasureWaits, ErasedAlready.
    """
    scope.demand("customers.erasure.add")
    if not why.strip():
        raise ReasonMissing
    today = current_id(customer_id)
    return _lay_erasure(scope, customer_within(scope=scope, customer_id=today), why=reason_kept(why))


def _lay_erasure(scope: Scope, customer: Customer, *, why: str) -> Erasure:
    if customer.status == Customer.Status.ERASED:
        raise ErasedAlready
    if waiting := erasure_waiting(scope=scope, customer_id=customer.pk):
        raise ErasureWaits(at=waiting.erase_at.isoformat(timespec="minutes"))
    _refuse_unsettled(to_be_settled(scope=scope, customer_id=customer.pk))
    erase_at = scope.at + timedelta(days=settings.ERASURE_DAYS)
    try:
        with transaction.atomic(using=scope.using):
            erasure: Erasure = Erasure.objects.create(
                customer=customer,
                branch_id=customer.branch_id,
                branch_pos=customer.branch_pos,
                asked_at=scope.at,
                by_person=scope.person_id,
                why=why,
                erase_at=erase_at,
            )
    except IntegrityError as error:
        if _ONE_WAITS in str(error):
            raise ErasureWaits(at=erase_at.isoformat(timespec="minutes")) from error
        raise
    _lay_due(scope, erasure, erase_at)
    _note(scope, "customers.erasure.ask", customer, reason=why)
    return erasure


def _refuse_unsettled(reasons: list[Both]) -> None:
    if reasons:
        # In the language of who reads it.
        raise StillOpen(reasons=lazy(lambda: "；".join(for_reader(each) for each in reasons), str)())


def _lay_due(scope: Scope, erasure: Erasure, at: datetime) -> None:
    lay(
        scope=scope,
        kind=ERASE,
        subject=ref("customers.erasure", erasure.pk),
        version=at.isoformat(timespec="seconds"),
        at=at,
        branch_id=erasure.branch_id,
        branch_pos=erasure.branch_pos,
    )


def take_back_erasure(*, scope: Scope) -> Erasure:
    """The customer of this scope has thought better of it. Logging in alone takes nothing back: a mini-program logs in
    by itself. Raises ErasureNone.
    """
    if scope.customer_id is None:
        raise NotFound
    with on_behalf(scope) as system:
        erasure = erasure_waiting(scope=system, customer_id=scope.customer_id, lock=True)
        if erasure is None:
            raise ErasureNone
        return _take_back(system, erasure)


def cancel_erasure(*, scope: Scope, erasure_id: UUID) -> Erasure:
    """The customer told the bank that it shall not be. Raises NotFound, ErasureNone."""
    scope.demand("customers.erasure.cancel")
    rows = Erasure.objects.within(scope).select_for_update(no_key=True, of=("self",))
    erasure = rows.filter(pk=erasure_id).first()
    if erasure is None:
        raise NotFound
    if erasure.state != State.WAITING:
        raise ErasureNone
    return _take_back(scope, erasure)


def _take_back(scope: Scope, erasure: Erasure) -> Erasure:
    erasure.state, erasure.ended_at = State.WITHDRAWN, scope.at
    erasure.save(update_fields=["state", "ended_at"])
    cancel(scope=scope, kind=ERASE, subject=ref("customers.erasure", erasure.pk))
    _note(scope, "customers.erasure.withdraw", customer_within(scope=scope, customer_id=erasure.customer_id))
    return erasure


def carry_out_erasure(*, scope: Scope, due: Due) -> None:
    """The day has come. What came up since and must be settled holds it up by a day."""
    rows = Erasure.objects.within(scope).select_for_update(no_key=True, of=("self",))
    erasure = rows.filter(pk=UUID(read_ref(due.subject).id)).first()
    if erasure is None or erasure.state != State.WAITING:
        return
    held_up = [
        words
        for each in _whole_person(scope, erasure.customer_id)
        for words in to_be_settled(scope=scope, customer_id=each.pk)
    ]
    if held_up:
        Erasure.objects.within(scope).filter(pk=erasure.pk).update(held_up=held_up)
        _lay_due(scope, erasure, scope.at + timedelta(days=1))
        return
    erase_customer(scope=scope, customer_id=erasure.customer_id, why=erasure.why)


def erase_customer(*, scope: Scope, customer_id: UUID, why: str) -> Erasure:
    """Forget this person now and for good: the customer that counts today, and whoever was merged into them.

    The keys are destroyed, and with them everything sealed, in history and in backups; hashes, attributes and what
    else is plain is emptied; every room does its step. What the law keeps stays under the pseudonym. The erasure is
    noted outside the database, so that it is done again after an older backup was restored.
    Raises NotFound, StillOpen, ErasedAlready, and what a step refuses.
    """
    scope.demand("customers.customer.erase")
    found = {each.pk: each for each in _whole_person(scope, customer_id)}
    customer_id = next(iter(found))
    if found[customer_id].status == Customer.Status.ERASED:
        raise ErasedAlready
    for each in found:
        _refuse_unsettled(to_be_settled(scope=scope, customer_id=each))
    for customer in found.values():
        for step in steps_of("erase"):
            step.act(scope=scope, customer=customer)
    _forget(scope, list(found))
    erasure = _done(scope, found[customer_id], why)
    waiting = Erasure.objects.within(scope).filter(customer_id__in=found, state=State.WAITING)
    waiting.update(state=State.DONE, ended_at=scope.at)
    _note(scope, "customers.customer.erase", found[customer_id], count=len(found), reason=why)
    named = [str(each) for each in found]
    transaction.on_commit(partial(add_to_list, named, scope.at), using=scope.using)
    return erasure


def _whole_person(scope: Scope, customer_id: UUID) -> list[Customer]:
    """Who this customer is today, and then whoever was merged into them: what an absorbed one was known by is the kept
    one's, so that one of them alone cannot be forgotten. Locked: no merge comes in between. Raises NotFound.
    """
    rows = Customer.objects.within(scope).select_for_update(of=("self",))
    while True:
        today = rows.filter(pk=current_id(customer_id)).first()
        if today is None:
            raise NotFound
        if current_id(today.pk) == today.pk:  # not merged away while we waited for the lock
            return [today, *rows.filter(pk__in=absorbed_ids(today.pk)).order_by("pk")]


def _forget(scope: Scope, ids: list[UUID]) -> None:
    """This room's own part."""
    # Not what was only claimed: the tombstone would keep its owner out of the bank's files.
    numbers = Identity.objects.within(scope).filter(
        customer_id__in=ids, kind=Identity.Kind.CUSTOMER_NUMBER, state=Identity.State.VERIFIED
    )
    Tombstone.objects.bulk_create(
        [Tombstone(lookup=lookup, erased_at=scope.at) for lookup in numbers.values_list("lookup", flat=True)],
        ignore_conflicts=True,
    )
    for model in (CustomerKey, Birth, Identity):
        model.objects.within(scope).filter(customer_id__in=ids)._raw_delete(scope.using)
    Customer.objects.within(scope).filter(pk__in=ids).update(
        status=Customer.Status.ERASED, attributes={}, number_tail="", is_personalised=False
    )
    delete_copies(scope=scope, customer_ids=ids)
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT forget_customers(%s::uuid[])", [ids])
    forget_receivers(scope=scope, references=[ref("customers.customer", each) for each in ids])
    forget_callers(scope=scope, callers=ids)


def _done(scope: Scope, customer: Customer, why: str) -> Erasure:
    """The wish that waited, now carried out; or a row for one that nobody had laid."""
    erasure = erasure_waiting(scope=scope, customer_id=customer.pk, lock=True)
    if erasure is None:
        erasure = Erasure(
            customer=customer,
            branch_id=customer.branch_id,
            branch_pos=customer.branch_pos,
            asked_at=scope.at,
            by_person=scope.person_id,
            erase_at=scope.at,
        )
    erasure.why, erasure.state, erasure.ended_at = why, State.DONE, scope.at
    erasure.kept, erasure.held_up = kept_by_law(), []
    erasure.save()
    return erasure


def merge_wishes(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """A wish that waits is now the whole person's, who may take it back. Of two the kept one's stays."""
    wish = erasure_waiting(scope=scope, customer_id=absorbed.pk, lock=True)
    if wish is None:
        return []
    if erasure_waiting(scope=scope, customer_id=kept.pk) is None:
        wish.customer = kept
    else:
        wish.state, wish.ended_at = State.WITHDRAWN, scope.at
        cancel(scope=scope, kind=ERASE, subject=ref("customers.erasure", wish.pk))
    wish.save(update_fields=["customer", "state", "ended_at"])
    return [ref("customers.erasure", wish.pk)]


def unmerge_wishes(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """It is the absorbed one's again, unless it was taken back meanwhile."""
    ids = [UUID(read_ref(each).id) for each in moved]
    rows = Erasure.objects.within(scope).select_for_update(no_key=True, of=("self",))
    for wish in rows.filter(pk__in=ids):
        if wish.customer_id == kept.pk and wish.state == State.WAITING:
            wish.customer = absorbed
        elif wish.customer_id == absorbed.pk and erasure_waiting(scope=scope, customer_id=kept.pk):
            wish.state, wish.ended_at = State.WAITING, None
            _lay_due(scope, wish, max(wish.erase_at, scope.at))
        wish.save(update_fields=["customer", "state", "ended_at"])
    return list(moved)


def erase_again(*, scope: Scope, listed: list[UUID]) -> int:
    """After a restore: forget once more whom the backup still knew. How many. Nothing holds it up: it has been done.

    Those whom the backup holds as one with somebody who is not on the list had parted before they were erased: they
    part again first, or what they were known by would stay, with the other one's name on it or go with the other one.
    """
    scope.demand("customers.customer.erase")
    for customer_id in listed:
        _part_again(scope, customer_id, set(listed))
    known = Customer.objects.within(scope).filter(pk__in=listed).exclude(status=Customer.Status.ERASED)
    many = 0
    for customer in known.order_by("pk"):
        for step in steps_of("erase"):
            step.act(scope=scope, customer=customer)
        _forget(scope, [customer.pk])
        _done(scope, customer, "")
        _note(scope, "customers.customer.erase", customer, count=1)
        many += 1
    return many


def _part_again(scope: Scope, customer_id: UUID, listed: set[UUID]) -> None:
    """Undo merges, the latest first as it was done, until whoever is one with this customer is on the list too."""
    while True:
        today = current_id(customer_id)
        if listed.issuperset([today, *absorbed_ids(today)]):
            return
        merge = undoable_of(scope=scope, customer_id=today)
        if merge is None:
            return
        unmerge_customers(scope=scope, merge_id=merge.pk)


def complete_list(*, scope: Scope, path: Path | None = None) -> int:
    """Note outside the database what is erased and not noted there: a disk may have been full. How many."""
    scope.demand("customers.customer.erase")
    gone = Customer.objects.within(scope).filter(status=Customer.Status.ERASED).values_list("pk", flat=True)
    return add_to_list([str(each) for each in gone], scope.at, path=path)


def _note(scope: Scope, verb: str, customer: Customer, **detail: object) -> None:
    is_gone = verb == "customers.customer.erase"
    record(
        scope=scope,
        verb=verb,
        subject=ref("customers.customer", customer.pk),
        subject_name="" if is_gone else str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        **detail,
    )
