"""Questions about customers who are one: who became whom, and what staff are to decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from campaigns.customers.care_selectors import managers_of
from campaigns.customers.identity_rules import CUSTOMER_NUMBER, ISSUED_HERE
from campaigns.customers.merge_rules import Party, kept_of
from campaigns.customers.models import Customer, Identity, Merge, MergeProposal
from campaigns.customers.selectors import customers_within, masked_identities
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

_STANDING = (Customer.Status.ACTIVE, Customer.Status.BLOCKED)
_ABSORBED = """
WITH RECURSIVE gone (id) AS (
    SELECT m.absorbed_id FROM customers_merge m WHERE m.kept_id = %s AND m.undone_at IS NULL
    UNION ALL
    SELECT m.absorbed_id FROM customers_merge m JOIN gone g ON m.kept_id = g.id WHERE m.undone_at IS NULL
) SELECT id FROM gone
"""
_CURRENT = """
WITH RECURSIVE now (id, turn) AS (
    SELECT %s::uuid, 0
    UNION ALL
    SELECT m.kept_id, n.turn + 1 FROM customers_merge m JOIN now n ON m.absorbed_id = n.id WHERE m.undone_at IS NULL
) SELECT id FROM now ORDER BY turn DESC LIMIT 1
"""


def absorbed_ids(customer_id: UUID) -> list[UUID]:
    """Who was merged into this customer, and into those in turn? Within the open scope, where they are at home too."""
    with connection.cursor() as cursor:
        cursor.execute(_ABSORBED, [customer_id])
        return [absorbed for (absorbed,) in cursor.fetchall()]


def current_id(customer_id: UUID) -> UUID:
    """Who is this customer now? Itself, unless it was merged; old references are understood by it."""
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, [customer_id])
        found: UUID = cursor.fetchone()[0]
    return found


def parties_of(*, scope: Scope, customers: Sequence[Customer]) -> dict[UUID, Party]:
    """What the rules of merging ask about these customers."""
    known = set(
        Identity.objects.within(scope)
        .filter(customer__in=customers, kind=CUSTOMER_NUMBER, state=Identity.State.VERIFIED)
        .exclude(source=ISSUED_HERE)
        .values_list("customer_id", flat=True)
    )
    return {each.pk: Party(each.pk, each.pk in known, each.status, each.joined_at) for each in customers}


def proposals_within(*, scope: Scope) -> QuerySet[MergeProposal]:
    """Which pairs may be one, of customers who are both at home in the scope?"""
    return MergeProposal.objects.within(scope)


def proposal_in_scope(*, scope: Scope, proposal_id: UUID | str, lock: bool = False) -> MergeProposal:
    """The proposal; raises NotFound for a foreign and an absent one alike."""
    rows = proposals_within(scope=scope)
    found: MergeProposal | None = (rows.select_for_update() if lock else rows).filter(pk=proposal_id).first()
    if found is None:
        raise NotFound
    return found


def merges_within(*, scope: Scope) -> QuerySet[Merge]:
    """Which customers were merged into customers of the scope?"""
    return Merge.objects.within(scope)


def merges_of(*, scope: Scope, customer_id: UUID) -> list[Merge]:
    """What was merged into this customer, or this one into another? Newest first, undone ones too."""
    rows = merges_within(scope=scope).filter(Q(kept=customer_id) | Q(absorbed=customer_id))
    return list(rows.select_related("kept", "absorbed").order_by("-at", "-id"))


def undoable_of(*, scope: Scope, customer_id: UUID) -> Merge | None:
    """The merge into this customer that can be undone now, if there is one."""
    rows = merges_within(scope=scope).filter(
        kept=customer_id, undone_at__isnull=True, kept__status__in=_STANDING
    )
    found: Merge | None = rows.select_related("absorbed").order_by("-at", "-id").first()
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """One of two customers beside each other: everything masked."""

    customer: Customer
    branch: str
    known_by: list[tuple[Identity, str]]
    is_known: bool
    manager: str


def sides_of(*, scope: Scope, customer_ids: Sequence[UUID]) -> list[Side]:
    """These customers beside each other, in the order asked; whoever is not at home in the scope is left out."""
    rows = {
        each.pk: each
        for each in customers_within(scope=scope).filter(pk__in=customer_ids).select_related("branch")
    }
    parties = parties_of(scope=scope, customers=list(rows.values()))
    managers = managers_of(scope=scope, customer_ids=rows)
    return [
        Side(
            customer=rows[each],
            branch=rows[each].branch.name,
            known_by=masked_identities(scope=scope, customer_id=each),
            is_known=parties[each].is_known,
            manager=managers.get(each, ""),
        )
        for each in customer_ids
        if each in rows
    ]


def suggested_kept(*, scope: Scope, customers: Sequence[Customer]) -> UUID:
    """Which of two would stay? The known one, of two alike the one who came first."""
    parties = parties_of(scope=scope, customers=customers)
    first, second = (parties[each.pk] for each in customers)
    return kept_of(first, second)[0]
