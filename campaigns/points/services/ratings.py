"""Judging customers' tiers. The database decides (sql/tiers.py); `TierChange` is what it says it did."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import ask_job
from campaigns.lib.both import in_both
from campaigns.points.models import LiveTiers, Wallet
from campaigns.tenants.scopes import Scope

JOB = "points.rate_tiers"
MAY = "points.tiers.rate"
LOT = 2_000


def rate_customers(*, scope: Scope, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """Judge these customers' tiers at the scope's moment; how many of each kind of change (TierChange.Why).

    Judging again, or by several at once, changes nothing more. Raises NotAllowed.
    """
    scope.demand(MAY)
    if not customer_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT rate_tiers(%s::uuid[])", [list(customer_ids)])
        told: dict[str, int] = orjson.loads(cursor.fetchone()[0])
    return told


def rate_due(*, scope: Scope, limit: int = 500) -> int | None:
    """Judge the customers of movements that wait: of one movement of many, or of at most `limit` of one each; how many
    customers, None when nothing waits. Any number of workers may run this together. Raises NotAllowed.
    """
    scope.demand(MAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rate_due_tiers(%s)", [limit])
        many: int | None = cursor.fetchone()[0]
    return many


def ask_rating(*, scope: Scope) -> Job | None:
    """Have all customers with points judged as one long job; None while the last one goes on, or without any scheme.

    Raises NotAllowed.
    """
    scope.demand(MAY)
    still = Job.objects.filter(kind=JOB, state__in=[Job.State.WAITING, Job.State.RUNNING])
    if still.exists() or not LiveTiers.objects.within(scope).exists():
        return None
    return ask_job(scope=scope, kind=JOB)


def rate_lot(*, scope: Scope, job: Job) -> Step:
    """One part of that job: the next customers by their ids. Raises NotAllowed."""
    scope.demand(MAY)
    cursor: dict[str, Any] = job.cursor or {
        "after": None,
        "done": 0,
        "total": Wallet.objects.within(scope).count(),
        "told": {},
    }
    rows = Wallet.objects.within(scope).order_by("customer_id")
    if cursor["after"]:
        rows = rows.filter(customer_id__gt=cursor["after"])
    ids = list(rows.values_list("customer_id", flat=True)[:LOT])
    told = dict(cursor["told"])
    for why, many in rate_customers(scope=scope, customer_ids=ids).items():
        told[why] = told.get(why, 0) + many
    done, is_over = cursor["done"] + len(ids), len(ids) < LOT
    said = in_both(
        _("Tiers: %(rose)s rose, %(kept)s kept anew, %(told)s told of a fall, %(fell)s fell"),
        rose=told.get("reached", 0),
        kept=told.get("renewed", 0),
        told=told.get("notice", 0),
        fell=told.get("not_kept", 0),
    )
    return Step(
        done=done,
        total=max(cursor["total"], done),
        cursor={
            "after": str(ids[-1]) if ids else cursor["after"],
            "done": done,
            "total": cursor["total"],
            "told": told,
        },
        doing=in_both(_("Judging tiers")),
        log=(said,) if is_over else (),
        is_over=is_over,
    )


def hold_wallets(*, scope: Scope, customer_ids: Collection[UUID]) -> None:
    """Hold the wallets of these customers until the transaction ends: before several postings to the same ones, which
    would else wait crosswise for another worker's. Raises NotAllowed.
    """
    scope.demand(MAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT hold_wallets(%s::uuid[])", [list(customer_ids)])


def move_tier(*, scope: Scope, kept: Customer, absorbed: Customer, only: list[UUID] | None) -> list[UUID]:
    """A merge: the higher tier is the kept one's, or (`only`: what the merge changed) as it was before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT move_tier(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, only])
        return list(cursor.fetchone()[0])


def forget_tier(*, scope: Scope, customer: Customer) -> bool:
    """Delete the tier of who is to be forgotten and all that happened to it; whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_tier(%s)", [customer.pk])
        return bool(cursor.fetchone()[0])
