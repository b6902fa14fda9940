"""The second factor: codes that a phone computes from a shared secret and the time (TOTP, RFC 6238), and ten recovery
codes on paper.

A code works once: accepting it moves `last_step` in one guarded statement. A recovery code is marked in one too.
"""

import base64
import hmac
import os
import secrets
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction

from campaigns.access.deeds import note_own
from campaigns.access.lock_out import count_try, note_success
from campaigns.access.models import RecoveryCode, SecondFactor, Try
from campaigns.access.refusals import CodeRefused, EnrolmentOver, NewCodeWrong, NotEnrolled
from campaigns.access.rules import (
    CLEAR_LETTERS,
    DIGITS,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    STEP_SECONDS,
    bare,
    in_groups,
    step_of,
)
from campaigns.access.selectors import codes_left, second_factor_of
from campaigns.access.services.passwords import prove_password
from campaigns.audit.services import record_security
from campaigns.lib import crypto
from campaigns.tenants.models import Login

_SECRET = 20  # bytes: the length of the hash, as RFC 4226 recommends


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that is nobody's yet: `uri` for the QR, `words` for typing, `sealed` to come back with."""

    uri: str
    words: str
    sealed: str


def offer_second_factor(*, login: Login, sealed: str = "") -> Offer:
    """A fresh secret for `login`, or the one that `sealed` holds, so that a mistyped code needs no second scan."""
    try:
        secret = _unsealed_offer(login, sealed)
    except EnrolmentOver:
        secret = os.urandom(_SECRET)
        kept = crypto.seal_here(secret, place=_offered_at(login))
        sealed = base64.b64encode(kept).decode()
    totp = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - what every authenticator app computes
    return Offer(
        uri=totp.get_provisioning_uri(login.username, str(settings.UNFOLD["SITE_TITLE"])),
        words=in_groups(base64.b32encode(secret).decode(), 4),
        sealed=sealed,
    )


def enrol_second_factor(
    *,
    login: Login,
    sealed: str,
    code: str,
    password: str | None,
    present: str,
    address: str | None,
    at: datetime,
) -> list[str]:
    """Bind the offered secret to `login` once a `code` shows that the phone has it; returns the ten recovery codes.

    `password` proves that its person sits there; None right after logging in. `present` is a code of the second
    factor that this one replaces, which is void from then on with its recovery codes; a lost one is removed by
    another person. Raises EnrolmentOver, NewCodeWrong, OldPasswordWrong, CodeRefused, LogInLocked.
    """
    secret = _unsealed_offer(login, sealed)
    step = _matching_step(secret, code, at)
    if step is None:
        raise NewCodeWrong
    if password is not None:
        prove_password(login=login, password=password, address=address, at=at)
    if second_factor_of(login_id=login.pk) is not None:
        prove_code(login=login, code=present, address=address, at=at)
    with transaction.atomic():
        # One at a time per log-in: two enrolments at once would leave the codes of both.
        Login.objects.select_for_update().get(pk=login.pk)
        SecondFactor.objects.update_or_create(
            login=login,
            defaults={
                "secret": crypto.seal_here(secret, place=_kept_at(login.pk)),
                "enrolled_at": at,
                "last_step": step,
            },
        )
        codes = _new_codes(login, at)
        note_own(
            login=login,
            verb="access.second_factor.enrol",
            kind="second_factor.enrolled",
            at=at,
            address=address,
        )
    return codes


def renew_recovery_codes(*, login: Login, code: str, address: str | None, at: datetime) -> list[str]:
    """Ten new recovery codes against a one-time code; the old ones are void. Raises CodeRefused, NotEnrolled."""
    prove_code(login=login, code=code, address=address, at=at)
    with transaction.atomic():
        Login.objects.select_for_update().get(pk=login.pk)
        if second_factor_of(login_id=login.pk) is None:
            raise NotEnrolled
        codes = _new_codes(login, at)
        note_own(
            login=login,
            verb="access.second_factor.renew_codes",
            kind="second_factor.codes_renewed",
            at=at,
            address=address,
        )
    return codes


@dataclass(frozen=True, slots=True)
class Used:
    """An accepted code; `codes_left` is how many recovery codes remain if it was one, else None."""

    codes_left: int | None


def prove_code(*, login: Login, code: str, address: str | None, at: datetime) -> Used:
    """Accept a one-time code or a recovery code of `login`, each once, and count the try.

    Raises CodeRefused, LogInLocked.
    """
    count_try(account=login.username, address=address, step=Try.Step.CODE, at=at)
    used = _use_code(login.pk, code, at)
    if used is None:
        record_security(kind="login.failed", at=at, who=login.username, address=address, step=Try.Step.CODE)
        raise CodeRefused
    note_success(account=login.username, address=address, at=at)
    return used


def _use_code(login_id: int, code: str, at: datetime) -> Used | None:
    typed = bare(code)
    if len(typed) == RECOVERY_LENGTH:
        return _use_recovery_code(login_id, typed, at)
    factor = second_factor_of(login_id=login_id)
    if factor is None:
        return None
    secret = crypto.unseal_here(bytes(factor.secret), place=_kept_at(login_id))
    step = _matching_step(secret, typed, at)
    if step is None:
        return None
    moved = SecondFactor.objects.filter(pk=login_id, secret=factor.secret, last_step__lt=step).update(
        last_step=step
    )
    return Used(None) if moved else None


def _use_recovery_code(login_id: int, typed: str, at: datetime) -> Used | None:
    row = RecoveryCode.objects.filter(login=login_id, code_hash=_hash_of(login_id, typed), used_at=None)
    return Used(codes_left(login_id=login_id)) if row.update(used_at=at) else None


def _matching_step(secret: bytes, code: str, at: datetime) -> int | None:
    """The half minute whose code this is: the present one, the one before or the one after."""
    typed, now = bare(code).encode(), step_of(at)
    hotp = HOTP(secret, DIGITS, SHA1())  # noqa: S303
    fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(hotp.generate(step), typed)]
    return fits[-1] if fits else None


def _new_codes(login: Login, at: datetime) -> list[str]:
    codes = [
        "".join(secrets.choice(CLEAR_LETTERS) for _letter in range(RECOVERY_LENGTH))
        for _code in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(login=login).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(login=login, code_hash=_hash_of(login.pk, code), made_at=at) for code in codes]
    )
    return [in_groups(code, 5, "-") for code in codes]


def _hash_of(login_id: int, typed: str) -> bytes:
    # 49 random bits, under a key that is not in the database: no slow hash is needed.
    return crypto.lookup_of("access.recovery_code", f"{login_id}:{typed}")


def _kept_at(login_id: int) -> str:
    return crypto.place_of(
        person=f"login {login_id}", table="access_secondfactor", row=login_id, column="secret"
    )


def _offered_at(login: Login) -> str:
    # The hash of the password goes in: an offer does not outlive a change of it.
    return f"access.offer|{login.pk}|{login.get_session_auth_hash()}"


def _unsealed_offer(login: Login, sealed: str) -> bytes:
    try:
        return crypto.unseal_here(base64.b64decode(sealed, validate=True), place=_offered_at(login))
    except (NotBase64, ValueError, crypto.Unreadable) as error:
        raise EnrolmentOver from error
