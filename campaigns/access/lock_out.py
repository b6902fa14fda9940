"""Counting tries, on the second connection: what is counted outlives the refusal, and the refused request.

A try is counted *before* it is looked at, under a lock of its account and one of its address, so that a hundred at once
count as a hundred in a row. The numbers and their reasons are in this folder's README.
"""

import hashlib
from datetime import datetime

from django.db import connections, transaction

from campaigns.access.models import Try
from campaigns.access.refusals import LogInLocked
from campaigns.access.rules import ACCOUNT, ADDRESS, CODES, KNOWN_FOR, PAIR, Allowance, bucket_of
from campaigns.audit.services import record_security

LOCKED = "login.locked"


def count_try(*, account: str, address: str | None, step: str, at: datetime) -> None:
    """Count one more try of `step` (Try.Step), or raise LogInLocked when there have been too many."""
    account, bucket = account[:120], bucket_of(address)
    with transaction.atomic(using="aside"):
        _one_at_a_time(f"account {account}", f"address {bucket}")
        is_known = _is_known(account, bucket, at)
        until = _closed_until(account, bucket, step, is_known=is_known, at=at)
        if until is None:
            Try.objects.using("aside").create(
                account=account, address=bucket, at=at, step=step, is_known=is_known
            )
    if until is not None:
        record_security(kind=LOCKED, at=at, who=account, address=address, step=step)
        seconds = max(1, int((until - at).total_seconds()))
        raise LogInLocked(minutes=-(-seconds // 60), seconds=seconds)


def note_success(*, account: str, address: str | None, at: datetime) -> None:
    """Begin the count of this account from this address anew; the pair is known from now on."""
    account, bucket = account[:120], bucket_of(address)
    with transaction.atomic(using="aside"):
        rows = Try.objects.using("aside").filter(account=account)
        rows.filter(address=bucket).delete()
        Try.objects.using("aside").create(
            account=account, address=bucket, at=at, step=Try.Step.PASSWORD, is_known=True, has_succeeded=True
        )


def forget_tries(*, account: str) -> None:
    """Open an account again whose password or second factor is another one now."""
    Try.objects.using("aside").filter(account=account[:120], has_succeeded=False).delete()


def purge_tries(*, at: datetime) -> int:
    """Delete what counts no more; returns how many rows."""
    rows = Try.objects.using("aside")
    many, _tables = rows.filter(has_succeeded=False, at__lte=at - max(ACCOUNT.within, CODES.within)).delete()
    more, _tables = rows.filter(has_succeeded=True, at__lte=at - KNOWN_FOR).delete()
    return many + more


def _one_at_a_time(*names: str) -> None:
    """Wait for whoever counts the same; in one order, so that two never wait for each other."""
    keys = sorted(
        int.from_bytes(hashlib.blake2b(f"log-in {n}".encode(), digest_size=8).digest(), signed=True)
        for n in names
    )
    with connections["aside"].cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _is_known(account: str, bucket: str, at: datetime) -> bool:
    rows = Try.objects.using("aside").filter(account=account, address=bucket, has_succeeded=True)
    return bool(bucket) and rows.filter(at__gt=at - KNOWN_FOR).exists()


def _closed_until(account: str, bucket: str, step: str, *, is_known: bool, at: datetime) -> datetime | None:
    """The latest moment until which one of the allowances is used up; None when all have room."""
    failed = Try.objects.using("aside").filter(has_succeeded=False)
    counted: list[tuple[Allowance, dict[str, object]]] = [(PAIR, {"account": account, "address": bucket})]
    if step == Try.Step.CODE:
        # Only who knows the password gets here: closing the account for everybody is what its owner wants.
        counted.append((CODES, {"account": account, "step": step}))
    if not is_known:
        counted.append((ACCOUNT, {"account": account, "is_known": False}))
        if bucket:
            counted.append((ADDRESS, {"address": bucket, "is_known": False}))
    closed = []
    for allowance, which in counted:
        recent = failed.filter(**which, at__gt=at - allowance.within, at__lte=at).order_by("-at", "-id")
        oldest = recent.values_list("at", flat=True)[allowance.tries - 1 : allowance.tries].first()
        closed.append(allowance.closed_until(oldest))
    return max((moment for moment in closed if moment is not None), default=None)
