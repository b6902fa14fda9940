"""Logging in: one rule for the admin's pages and the API's staff token.

First name and password, then the second factor where there is one. Each try of either is counted on the second
connection before it is looked at (campaigns/access/lock_out.py); only the whole log-in counts as a success, so a stolen
password does not begin the count anew.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password

from campaigns.access.lock_out import count_try, note_success
from campaigns.access.models import Try
from campaigns.access.refusals import (
    CodeNeeded,
    LogInLocked,
    LogInRefused,
    PasswordChangeNeeded,
    SecondFactorNeeded,
    SecondStepOver,
    TemporaryPasswordOver,
)
from campaigns.access.selectors import ENROLMENT, NEW_PASSWORD, duty_of, is_enrolled, terms_of
from campaigns.access.services.second_factors import prove_code
from campaigns.audit.services import record_security
from campaigns.tenants.models import Login

__all__ = ["LogInLocked", "LogInRefused", "check_code", "check_log_in", "log_in"]

FAILED, SUCCEEDED, RECOVERED = "login.failed", "login.succeeded", "login.recovered"


def check_log_in(*, username: str, password: str, address: str | None, at: datetime) -> Login:
    """The log-in that name and password name at `at` (UTC); `address` is where the try came from.

    It is not open yet where `is_enrolled` says that a code is needed too (`check_code`). Raises LogInRefused,
    TemporaryPasswordOver, or LogInLocked (whose values hold `minutes` and `seconds`) without looking at the password.
    """
    who = username.strip().replace("\x00", "")
    count_try(account=who, address=address, step=Try.Step.PASSWORD, at=at)
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
    terms = terms_of(login_id=login.pk)
    if terms is not None and terms.good_until is not None and terms.good_until <= at:
        record_security(kind=FAILED, at=at, who=who, address=address, step="temporary password over")
        raise TemporaryPasswordOver
    if not is_enrolled(login_id=login.pk):
        note_success(account=who, address=address, at=at)
        record_security(kind=SUCCEEDED, at=at, who=who, address=address)
    return login


@dataclass(frozen=True, slots=True)
class Entered:
    """A log-in past its second step; `codes_left` says how many recovery codes remain if one was used."""

    login: Login
    codes_left: int | None = None


def check_code(*, login_id: int, code: str, address: str | None, at: datetime) -> Entered:
    """The second step: a one-time code or a recovery code, each good once. Call it after `check_log_in` only.

    Raises CodeNeeded, CodeRefused, LogInLocked, and SecondStepOver for a log-in that was closed meanwhile.
    """
    login = Login.objects.filter(pk=login_id).first()
    if login is None or not _is_open(login):
        raise SecondStepOver
    if not code.strip():
        record_security(kind=FAILED, at=at, who=login.username, address=address, step="no code")
        raise CodeNeeded
    used = prove_code(login=login, code=code, address=address, at=at)
    if used.codes_left is not None:
        record_security(kind=RECOVERED, at=at, who=login.username, address=address, left=used.codes_left)
    record_security(kind=SUCCEEDED, at=at, who=login.username, address=address)
    return Entered(login, used.codes_left)


def log_in(*, username: str, password: str, code: str, address: str | None, at: datetime) -> Login:
    """Both steps at once, for machines. Raises what they raise, and PasswordChangeNeeded or SecondFactorNeeded where
    something must be done in the admin first.
    """
    login = check_log_in(username=username, password=password, address=address, at=at)
    if is_enrolled(login_id=login.pk):
        check_code(login_id=login.pk, code=code, address=address, at=at)
    duty = duty_of(login=login, at=at)
    if duty == NEW_PASSWORD:
        raise PasswordChangeNeeded
    if duty == ENROLMENT:
        raise SecondFactorNeeded
    return login


def _is_open(login: Login) -> bool:
    return login.is_active and (not login.is_demo or settings.DEMO)
