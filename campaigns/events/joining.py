"""What the events do when customers turn out to be one, are erased, or their branches move."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from campaigns.customers.models import Customer
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope

_CUSTOMER = "customers.customer"


def merge_events(*, scope: Scope, kept: Customer, absorbed: Customer) -> Sequence[str]:
    """What `absorbed` did was done by `kept`. Answers of whom it had been told: few, however many events there are."""
    told_of = _ask(scope, "SELECT merge_events(%s, %s)", kept.pk, absorbed.pk)
    return [ref(_CUSTOMER, each) for each in told_of]


def unmerge_events(
    *, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]
) -> Sequence[str]:
    """What was told of `absorbed`, and of those who had become part of it, is its own again."""
    told_of = [UUID(read_ref(each).id) for each in moved]
    _ask(scope, "SELECT unmerge_events(%s, %s, %s)", kept.pk, absorbed.pk, told_of)
    return moved


def forget_events(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """Cut what was done from who did it: the rows stay counted, under an id that is nobody's."""
    cut = _ask(scope, "SELECT forget_events(%s)", customer.pk)
    return [ref(_CUSTOMER, customer.pk)] if cut else []


def place_events(*, scope: Scope, places: Mapping[int, tuple[int, int]]) -> int:
    """Rewrite the positions of events whose branches moved, in the transaction of the move."""
    return int(_ask(scope, "SELECT place_events()"))


def _ask(scope: Scope, call: str, *values: Any) -> Any:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(call, list(values))
        return cursor.fetchone()[0]
