"""Passwords: one's own, chosen by the rules that the settings name."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.access.deeds import note_own
from campaigns.access.lock_out import count_try, forget_tries, note_success
from campaigns.access.models import PasswordTerms, PastPassword, Session, Try
from campaigns.access.refusals import (
    OldPasswordWrong,
    PasswordChangedMeanwhile,
    PasswordTooWeak,
    PasswordUsedBefore,
)
from campaigns.access.services.sessions import end_other_sessions
from campaigns.audit.services import record_security
from campaigns.tenants.models import Login


def change_password(
    *, login: Login, old: str, new: str, address: str | None, at: datetime, keep: str | None = None
) -> None:
    """Choose a password of one's own; every session but the one with the key `keep` ends.

    Raises OldPasswordWrong (and LogInLocked after too many), PasswordTooWeak, PasswordUsedBefore,
    PasswordChangedMeanwhile. `login` carries the new password afterwards.
    """
    prove_password(login=login, password=old, address=address, at=at)
    _demand_rules(login, new)
    before, after = login.password, make_password(new)
    with transaction.atomic():
        set_password(login_id=login.pk, before=before, after=after, at=at)
        PasswordTerms.objects.update_or_create(login=login, defaults={"chosen_at": at, "good_until": None})
        end_other_sessions(login_id=login.pk, at=at, keep=keep, why=Session.Why.CREDENTIALS)
        note_own(
            login=login,
            verb="access.password.change_password",
            kind="password.changed",
            at=at,
            address=address,
        )
    login.password = after
    forget_tries(account=login.username)


def prove_password(*, login: Login, password: str, address: str | None, at: datetime) -> None:
    """Ask whoever sits before an open session for the password. Raises OldPasswordWrong, LogInLocked.

    Counted like a try to log in: an unlocked desk is no place for guessing.
    """
    count_try(account=login.username, address=address, step=Try.Step.PASSWORD, at=at)
    if not check_password(password, login.password):
        record_security(kind="password.refused", at=at, who=login.username, address=address)
        raise OldPasswordWrong
    note_success(account=login.username, address=address, at=at)


def adopt_password(*, login: Login, at: datetime) -> None:
    """The log-in's present password was typed by its own person: at the installation's terminal, not by another."""
    PasswordTerms.objects.update_or_create(login=login, defaults={"chosen_at": at, "good_until": None})


def set_password(*, login_id: int, before: str, after: str, at: datetime) -> None:
    """Replace the hash `before` by `after` and remember it. Raises PasswordChangedMeanwhile if it is another one.

    For the services of this room, inside their transaction; who may do it is theirs to ask.
    """
    if not Login.objects.filter(pk=login_id, password=before).update(password=after):
        raise PasswordChangedMeanwhile
    PastPassword.objects.create(login_id=login_id, password=before, replaced_at=at)
    kept = PastPassword.objects.filter(login=login_id).order_by("-replaced_at", "-id").values("pk")
    PastPassword.objects.filter(login=login_id).exclude(
        pk__in=list(kept[: settings.PASSWORDS_REMEMBERED].values_list("pk", flat=True))
    ).delete()


def _demand_rules(login: Login, new: str) -> None:
    try:
        validate_password(new, login)
    except ValidationError as error:
        raise PasswordTooWeak(reasons=" ".join(error.messages)) from error
    remembered = PastPassword.objects.filter(login=login).order_by("-replaced_at", "-id")
    hashes = [login.password, *remembered.values_list("password", flat=True)][: settings.PASSWORDS_REMEMBERED]
    if any(check_password(new, each) for each in hashes):
        raise PasswordUsedBefore
