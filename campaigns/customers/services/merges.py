"""Two customers who are one: merging, un-merging, and asking staff where a machine must not decide.

Whatever is done to customers locks their rows first, in one order (order_of_locks.py). Claims and the like take a
share of the same lock. So two merges that meet wait for each other and never crosswise, and nothing is added to a
customer who is going.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.merge_rules import (
    Verdict,
    Written,
    kept_of,
    parted_attributes,
    united_attributes,
    verdict_on,
)
from campaigns.customers.merge_selectors import (
    absorbed_ids,
    merges_within,
    parties_of,
    proposal_in_scope,
)
from campaigns.customers.models import Customer, Merge, MergeProposal
from campaigns.customers.refusals import (
    AlreadyDecided,
    AlreadyUndone,
    AnotherMustConfirm,
    CannotBeUndone,
    CustomerIsNotActive,
    HomeElsewhere,
    LaterMergeFirst,
    NobodyOfThatNumber,
    ReasonNeeded,
    SameCustomer,
    TwoKnownPeople,
)
from campaigns.customers.rules import reason_kept
from campaigns.customers.selectors import customers_known_by
from campaigns.customers.steps import steps_of
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

State = MergeProposal.State
_STANDING = (Customer.Status.ACTIVE, Customer.Status.BLOCKED)
LEAST_REASON = 2  # characters


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of two customers who have something in common: `verdict`, and who is kept if they were merged."""

    verdict: Verdict
    kept_id: UUID | None = None
    merge_id: UUID | None = None
    proposal: str = ""  # the state in which the pair stands


def merge_customers(*, scope: Scope, kept: UUID, absorbed: UUID, why: Mapping[str, Any]) -> Merge:
    """Make `absorbed` a part of `kept`: identities, what rooms register (steps.py), attributes, the home branch.

    Two whom the bank knows are merged by `confirm_proposal` only. Raises NotFound unless both are at home in the scope,
    SameCustomer, CustomerIsNotActive, TwoKnownPeople.
    """
    scope.demand("customers.customer.merge")
    both = _locked(scope, kept, absorbed)
    parties = parties_of(scope=scope, customers=list(both.values()))
    if all(party.is_known for party in parties.values()):
        raise TwoKnownPeople
    return _merge(scope, both[kept], both[absorbed], why=dict(why))


def settle_customers(*, scope: Scope, first: UUID, second: UUID, kinds: Collection[str], why: str) -> Settled:
    """Two customers both have identities of these kinds: merge them, propose it to staff, or leave them.

    Decided by merge_rules.verdict_on, for log-ins, imports and links, which have demanded their own right. Staff who
    do not see both propose. `why` is a word for the record ("log-in", "link").
    """
    said = {"by": why, "kinds": sorted(kinds)}
    try:
        both = _locked(scope, first, second)
    except NotFound:
        return Settled("propose", proposal=put_in_queue(scope=scope, first=first, second=second, why=said))
    parties = parties_of(scope=scope, customers=list(both.values()))
    verdict = verdict_on(first=parties[first], second=parties[second], kinds=kinds)
    if verdict == "propose":
        return Settled(verdict, proposal=put_in_queue(scope=scope, first=first, second=second, why=said))
    if verdict == "leave":
        return Settled(verdict)
    kept, absorbed = kept_of(parties[first], parties[second])
    merged = _merge(scope, both[kept], both[absorbed], why=said)
    return Settled(verdict, kept, merged.pk)


def propose_merge(*, scope: Scope, first: UUID, second: UUID, comment: str) -> str:
    """Ask colleagues whether these two are one. Answers the state of the pair: one that was rejected stays so.

    Raises NotFound unless both are at home in the scope, SameCustomer, CustomerIsNotActive, ReasonNeeded.
    """
    scope.demand("customers.mergeproposal.add")
    if len(comment.strip()) < LEAST_REASON:
        raise ReasonNeeded(least=LEAST_REASON)
    _locked(scope, first, second)
    said = {"by": "staff", "comment": reason_kept(comment, most=500)}
    stands = put_in_queue(scope=scope, first=first, second=second, why=said)
    record(
        scope=scope,
        verb="customers.mergeproposal.add",
        subject=ref("customers.customer", first),
        other=ref("customers.customer", second),
        comment=reason_kept(comment, most=500),
    )
    return stands


def propose_by_number(*, scope: Scope, customer_id: UUID, number: str, comment: str) -> str:
    """As propose_merge, for whoever in the scope has this customer number.

    Raises NobodyOfThatNumber for one of another branch as for one that nobody has, and what propose_merge raises.
    """
    other = customers_known_by(scope=scope, words=number, whole=True).first()
    if other is None:
        raise NobodyOfThatNumber
    return propose_merge(scope=scope, first=customer_id, second=other.pk, comment=comment)


def confirm_proposal(*, scope: Scope, proposal_id: UUID | str, kept: UUID, comment: str = "") -> Merge:
    """The two are one, and `kept` stays. Raises NotFound, AlreadyDecided, AnotherMustConfirm, CustomerIsNotActive."""
    scope.demand("customers.customer.merge")
    found = proposal_in_scope(scope=scope, proposal_id=proposal_id)
    pair = {found.first_id, found.second_id}
    if kept not in pair:
        raise NotFound
    [absorbed] = pair - {kept}
    # Customers before their proposals, as everywhere.
    both = _locked(scope, kept, absorbed)
    held = _undecided(scope, proposal_id)
    if held.by_person_id is not None and held.by_person_id == scope.person_id:
        raise AnotherMustConfirm
    _decide(scope, held, State.CONFIRMED, comment)
    return _merge(scope, both[kept], both[absorbed], why=dict(held.why), proposal=held)


def reject_proposal(*, scope: Scope, proposal_id: UUID | str, comment: str) -> MergeProposal:
    """They are two people, and the pair is not proposed again. Raises NotFound, AlreadyDecided, ReasonNeeded."""
    scope.demand("customers.customer.merge")
    if len(comment.strip()) < LEAST_REASON:
        raise ReasonNeeded(least=LEAST_REASON)
    held = _undecided(scope, proposal_id)
    _decide(scope, held, State.REJECTED, comment)
    record(
        scope=scope,
        verb="customers.mergeproposal.reject",
        subject=ref("customers.mergeproposal", held.pk),
        subject_name=str(held),
        branch_id=held.branch_id,
        branch_pos=held.branch_pos,
        comment=held.comment,
    )
    return held


def unmerge_customers(*, scope: Scope, merge_id: UUID | str, why: str = "") -> Merge:
    """Take a merge back: what moved goes home, what came later stays with who was kept.

    Raises NotFound, AlreadyUndone, LaterMergeFirst, CannotBeUndone, HomeElsewhere.
    """
    scope.demand("customers.customer.unmerge")
    found = merges_within(scope=scope).filter(pk=merge_id).first()
    if found is None:
        raise NotFound
    # The kept one first: who was merged is locked only under whom it became.
    kept = _held(scope, found.kept_id)
    if kept.status == Customer.Status.MERGED:
        raise LaterMergeFirst
    merge: Merge = merges_within(scope=scope).select_for_update().get(pk=merge_id)
    if merge.undone_at is not None:
        raise AlreadyUndone
    absorbed = _held(scope, merge.absorbed_id)
    if Customer.Status.ERASED in (kept.status, absorbed.status) or "status" not in merge.moved:
        raise CannotBeUndone
    later = (
        merges_within(scope=scope).filter(kept=kept, undone_at__isnull=True).order_by("-at", "-pk").first()
    )
    if later is None or later.pk != merge.pk:
        raise LaterMergeFirst
    home = _open_home(scope, merge.moved["home"])
    # While both are at one home: a row of a customer stands where the customer does.
    for step in reversed(steps_of("unmerge")):
        moved = merge.moved["steps"].get(step.name, [])
        step.act(scope=scope, kept=kept, absorbed=absorbed, moved=moved)
    kept.attributes = parted_attributes(values=kept.attributes, brought=merge.moved["attributes"])
    kept.save(update_fields=["attributes"])
    absorbed.status = merge.moved["status"]
    absorbed.save(update_fields=["status"])
    _move_home(scope, absorbed, home)
    # Clocks of two machines may differ.
    merge.undone_at = max(scope.at, merge.at)
    merge.undone_by_id, merge.undone_by_name = scope.person_id, scope.facts.actor_name
    merge.undone_why = reason_kept(why, most=500)
    merge.save(update_fields=["undone_at", "undone_by_id", "undone_by_name", "undone_why"])
    _note(scope, "customers.customer.unmerge", kept, absorbed, reason=merge.undone_why)
    return merge


def _merge(
    scope: Scope,
    kept: Customer,
    absorbed: Customer,
    *,
    why: dict[str, Any],
    proposal: MergeProposal | None = None,
) -> Merge:
    """Both are locked and stand."""
    merge = Merge(
        branch_id=kept.branch_id,
        branch_pos=kept.branch_pos,
        kept=kept,
        absorbed=absorbed,
        at=scope.at,
        by_person_id=scope.person_id,
        by_name=scope.facts.actor_name if scope.person_id else "",
        proposal=proposal,
        why=why,
    )
    # Before anything moves: the database looks whether the bank knows both.
    merge.save(force_insert=True)
    moved: dict[str, Any] = {"home": absorbed.branch_id, "status": absorbed.status}
    # First the home, so that the rows which follow may change hands in place.
    _move_home(scope, absorbed, kept.branch)
    absorbed.status = Customer.Status.MERGED
    absorbed.save(update_fields=["status"])
    kept.attributes, moved["attributes"] = united_attributes(kept=_written(kept), absorbed=_written(absorbed))
    if moved["attributes"]:
        kept.save(update_fields=["attributes"])
    moved["steps"] = {
        step.name: list(step.act(scope=scope, kept=kept, absorbed=absorbed)) for step in steps_of("merge")
    }
    merge.moved = moved
    merge.save(update_fields=["moved"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT overtake_merge_proposals(%s, %s)", [absorbed.pk, kept.pk])
    _note(
        scope,
        "customers.customer.merge",
        kept,
        absorbed,
        **({"proposal": str(proposal.pk)} if proposal else {}),
    )
    return merge


def _held(scope: Scope, customer_id: UUID) -> Customer:
    """The customer, locked. Raises NotFound unless at home in the scope."""
    # Without the branch beside it: whoever waited for a closing would look for the row that has moved at the old one.
    rows = Customer.objects.within(scope).filter(pk=customer_id)
    customer: Customer | None = rows.select_for_update().first()
    if customer is None:
        raise NotFound
    return customer


def _locked(scope: Scope, first: UUID, second: UUID) -> dict[UUID, Customer]:
    """Two different customers who stand, locked. Raises NotFound, SameCustomer, CustomerIsNotActive."""
    if first == second:
        raise SameCustomer
    found = {}
    for customer_id in sorted((first, second)):
        # One by one: whoever finds a merged one lets go of it at once, since who moves the kept one wants it too.
        customer = found[customer_id] = _held(scope, customer_id)
        if customer.status not in _STANDING:
            raise CustomerIsNotActive(customer=customer)
    return found


def _written(customer: Customer) -> Written:
    return Written(customer.attributes, customer.attributes_at or customer.joined_at)


def _move_home(scope: Scope, customer: Customer, home: Branch) -> None:
    """The customer, and whoever was merged into it before; their rows follow by themselves."""
    everyone = [customer.pk, *absorbed_ids(customer.pk)]
    Customer.objects.within(scope).filter(pk__in=everyone).update(branch=home, branch_pos=home.pos)
    customer.branch, customer.branch_pos = home, home.pos


def _open_home(scope: Scope, branch_id: int) -> Branch:
    """The branch, or whoever took it over since. Raises HomeElsewhere for one outside the scope."""
    branch = Branch.objects.filter(pk=branch_id).first()
    while branch is not None and not branch.is_open:
        branch = branch.successor
    if branch is None or not scope.lo <= branch.pos <= scope.hi:
        raise HomeElsewhere
    return branch


def put_in_queue(*, scope: Scope, first: UUID, second: UUID, why: dict[str, Any]) -> str:
    """The stewards are asked about the two, of whom one is at home in the scope; the state of the pair.

    For services that have demanded a right of their own. Raises NotFound.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT propose_customer_merge(%s, %s, %s, %s::jsonb)",
            [new_id(), first, second, orjson.dumps(why).decode()],
        )
        stands: str | None = cursor.fetchone()[0]
    if stands is None:
        raise NotFound
    return stands


def _undecided(scope: Scope, proposal_id: UUID | str) -> MergeProposal:
    held = proposal_in_scope(scope=scope, proposal_id=proposal_id, lock=True)
    if held.state != State.OPEN:
        raise AlreadyDecided(state=State(held.state).label)
    return held


def _decide(scope: Scope, held: MergeProposal, state: MergeProposal.State, comment: str) -> None:
    held.state, held.decided_at, held.comment = state, scope.at, reason_kept(comment, most=500)
    held.decided_by_id, held.decided_by_name = scope.person_id, scope.facts.actor_name
    held.save(update_fields=["state", "decided_at", "comment", "decided_by_id", "decided_by_name"])


def _note(scope: Scope, verb: str, kept: Customer, absorbed: Customer, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("customers.customer", kept.pk),
        subject_name=str(kept),
        branch_id=kept.branch_id,
        branch_pos=kept.branch_pos,
        absorbed=ref("customers.customer", absorbed.pk),
        absorbed_name=str(absorbed),
        **detail,
    )
