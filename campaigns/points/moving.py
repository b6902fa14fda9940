"""Points when two customers turn out to be one, or two again."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from campaigns.customers.models import Customer
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope


def move_points(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """All that the absorbed one has is the kept one's, lot by lot, and so is what it owes."""
    return _moved(kept, absorbed, is_back=False, only=[])


def return_points(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What is left of the lots that the merge had moved is the absorbed one's again; debts stay with the kept one."""
    return _moved(kept, absorbed, is_back=True, only=[UUID(read_ref(each).id) for each in moved])


def _moved(kept: Customer, absorbed: Customer, *, is_back: bool, only: list[UUID]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT move_points(%s, %s, %s, %s::uuid[])", [kept.pk, absorbed.pk, is_back, only])
        return [ref("points.lot", key) for key in cursor.fetchone()[0]]
