"""Coupons when two customers turn out to be one, or two again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.customers.models import Customer
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope


def move_coupons(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """What the absorbed one claimed is the kept one's, and counts against the limit per customer."""
    return _called("SELECT move_coupons(%s, %s)", [kept.pk, absorbed.pk])


def return_coupons(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What was claimed by the absorbed one before the merge is the absorbed one's again, in whatever state."""
    ids = [UUID(read_ref(each).id) for each in moved]
    return _called("SELECT return_coupons(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, ids])


def _called(call: str, values: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        return [ref("rewards.coupon", key) for key in cursor.fetchone()[0]]
