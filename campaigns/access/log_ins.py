"""Logging in with name and password: one rule for the admin's page and the API's staff token.

Ten tries without a success within a quarter of an hour close a log-in for the rest of it. Each try is noted on
the second connection *before* the password is looked at, so that a hundred tries at once are counted as well as
a hundred in a row, and none of it is rolled back with a refused request.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections, transaction

from campaigns.audit.models import SecurityRecord
from campaigns.audit.services import record_security
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import Login

TRIES = 10
WINDOW = timedelta(minutes=15)

TRIED, FAILED, SUCCEEDED, LOCKED = "login.tried", "login.failed", "login.succeeded", "login.locked"


class LogInRefused(Refusal):
    """Wrong name, wrong password, a closed log-in: one answer for all, so that names cannot be found out."""

    code = "log_in.refused"
    status = 401
    zh = "登录名或密码不正确，请重新输入。"
    en = "Wrong log-in name or password: please try again."


class LogInLocked(Refusal):
    """Too many tries. `seconds` until the next one is looked at."""

    code = "log_in.locked"
    status = 429
    zh = "尝试次数过多，为保护您的账号，请在 {minutes} 分钟后再试。"
    en = "Too many tries: to protect the account, try again in {minutes} minutes."


def check_log_in(*, username: str, password: str, address: str | None, at: datetime) -> Login:
    """The log-in that name and password open at `at` (UTC); `address` is where the try came from.

    Raises LogInRefused, or LogInLocked (whose values hold `minutes` and `seconds`) without looking at the password.
    """
    who = username.strip().replace("\x00", "")
    _count_try(who=who, address=address, at=at)
    login = Login.objects.filter(username=who).first() if len(who) <= 60 else None
    if login is None:
        # As long as a wrong password takes: the time must not tell which names exist.
        make_password(password)
        is_right = False
    else:
        is_right = login.check_password(password)
    if login is None or not is_right or not _is_open(login):
        record_security(kind=FAILED, at=at, who=who, address=address)
        raise LogInRefused
    record_security(kind=SUCCEEDED, at=at, who=who, address=address)
    return login


def _is_open(login: Login) -> bool:
    return login.is_active and (not login.is_demo or settings.DEMO)


def _count_try(*, who: str, address: str | None, at: datetime) -> None:
    """Note one more try, or raise LogInLocked when there have been too many."""
    refused_until: datetime | None = None
    with transaction.atomic(using="aside"):
        with connections["aside"].cursor() as cursor:
            # One at a time per name: counted and noted as one step.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"log-in {who}"])
        records = SecurityRecord.objects.using("aside").filter(who=who[:120], at__gt=at - WINDOW, at__lte=at)
        since = records.filter(kind=SUCCEEDED).order_by("-at", "-id").values_list("at", flat=True).first()
        tries = records.filter(kind=TRIED)
        if since is not None:
            tries = tries.filter(at__gt=since)
        moments = list(tries.order_by("-at").values_list("at", flat=True)[:TRIES])
        if len(moments) >= TRIES:
            refused_until = moments[-1] + WINDOW
        else:
            record_security(kind=TRIED, at=at, who=who, address=address)
    if refused_until is not None:
        record_security(kind=LOCKED, at=at, who=who, address=address)
        seconds = max(1, int((refused_until - at).total_seconds()))
        raise LogInLocked(minutes=-(-seconds // 60), seconds=seconds)
