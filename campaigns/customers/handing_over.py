"""Customers when their home branch closes, and what waits when somebody leaves."""

from django.db import connection
from django.db.models import QuerySet

from campaigns.customers.models import Customer, CustomerExport, CustomerFile, MergeProposal
from campaigns.customers.order_of_locks import hold_customers_of
from campaigns.customers.second_person import Asked, tell_seconds
from campaigns.customers.services import exports, imports
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope

_MOVES = """
INSERT INTO customers_homemove
    (id, customer_id, branch_id, branch_pos, from_branch_id, to_branch_id, from_name, to_name, at, by_name, why)
SELECT uuidv7(), c.id, c.branch_id, c.branch_pos, %s, %s, %s, %s, %s, %s, ''
  FROM customers_customer c WHERE c.branch_id = %s AND c.status IN ('active', 'blocked')
"""


def hand_over_customers(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """The successor is their home from now on, and each one's history says so; keys, identities and sessions follow.

    What they claimed stays where it was claimed: a coupon's branch is the home at that moment.
    """
    # Nobody is merged meanwhile, and a merge under way is waited for before any row of theirs is touched.
    hold_customers_of(branch_id=closed.pk)
    by = scope.facts.actor_name if scope.person_id else ""
    with connection.cursor() as cursor:
        # Before the move: the rows stand where their customers stand, and go along.
        names = [closed.name, successor.name]
        cursor.execute(_MOVES, [closed.pk, successor.pk, *names, scope.at, by, closed.pk])
    moved = (
        Customer.objects.within(scope)
        .filter(branch=closed)
        .update(branch=successor, branch_pos=successor.pos)
    )
    asked = MergeProposal.objects.within(scope).filter(branch=closed, state=MergeProposal.State.OPEN)
    with connection.cursor() as cursor:
        ids = list(asked.values_list("first_id", flat=True))
        cursor.execute("SELECT place_merge_proposals(%s::uuid[])", [ids])
    return moved


def customers_at_home(*, scope: Scope) -> QuerySet[Customer]:
    """Whom a file that closes their home branch would leave without one."""
    return Customer.objects.within(scope)


def tell_seconds_again(*, scope: Scope, person: Person, successor: Person) -> int:
    """Somebody leaves, who may have been the one to decide on a file: whoever may decide by now hears that it waits.

    Those who were told before are not told again. Answers how many files wait.
    """
    files = CustomerFile.objects.within(scope).filter(state=CustomerFile.State.WAITING)
    given_out = CustomerExport.objects.within(scope).filter(state=CustomerExport.State.WAITING, is_large=True)
    waiting: list[tuple[Asked, list[str]]] = [(file, imports.SECONDS) for file in files]
    waiting += [(export, exports.seconds_for(export=export)) for export in given_out]
    for asked, verbs in waiting:
        tell_seconds(scope=scope, asked=asked, verbs=verbs)
    return len(waiting)
