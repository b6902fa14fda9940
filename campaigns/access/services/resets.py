"""What a second person does to a log-in: a new password, a lost second factor away, closed, opened again.

Never to one's own log-in (the database says so too), and never to somebody who also acts outside the scope: whoever
resets a log-in could act where it acts.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from campaigns.access.lock_out import forget_tries
from campaigns.access.models import PasswordTerms, RecoveryCode, Reset, SecondFactor
from campaigns.access.refusals import ActsElsewhere, AlreadySo, NotEnrolled, NotForOneself
from campaigns.access.rules import CLEAR_LETTERS, in_groups
from campaigns.access.selectors import acts_beyond, login_in_scope
from campaigns.access.services.passwords import set_password
from campaigns.access.services.sessions import end_sessions_of
from campaigns.audit.services import record_security
from campaigns.tenants.deeds import note_person
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import Scope

TEMPORARY_FOR = timedelta(hours=24)
_TEMPORARY_LENGTH = 12  # of 31 letters: 59 bits


@dataclass(frozen=True, slots=True)
class Temporary:
    """A password to be told to its person, and nowhere kept; good for choosing another until `good_until`."""

    password: str
    good_until: datetime


def reset_password(*, scope: Scope, login_id: Any) -> Temporary:
    """Replace a forgotten password by a temporary one; the log-in's sessions end. The second factor stays.

    Raises NotFound, NotForOneself, ActsElsewhere.
    """
    login = _somebody_elses(scope, login_id)
    letters = "".join(secrets.choice(CLEAR_LETTERS) for _letter in range(_TEMPORARY_LENGTH))
    password = in_groups(letters, 4, "-")
    good_until = scope.at + TEMPORARY_FOR
    set_password(login_id=login.pk, before=login.password, after=make_password(password), at=scope.at)
    PasswordTerms.objects.update_or_create(
        login=login, defaults={"chosen_at": None, "good_until": good_until}
    )
    _note_reset(scope, login, Reset.Kind.PASSWORD)
    return Temporary(password, good_until)


def remove_second_factor(*, scope: Scope, login_id: Any) -> None:
    """Take a lost second factor and its recovery codes away; the log-in's sessions end.

    Raises NotFound, NotForOneself, ActsElsewhere, NotEnrolled.
    """
    login = _somebody_elses(scope, login_id)
    RecoveryCode.objects.filter(login=login).delete()
    if not SecondFactor.objects.filter(pk=login.pk).delete()[0]:
        raise NotEnrolled
    _note_reset(scope, login, Reset.Kind.SECOND_FACTOR)


def close_login(*, scope: Scope, login_id: Any) -> None:
    """Let a log-in open nothing, at once in open sessions and tokens too. Raises also AlreadySo."""
    _set_active(scope, login_id, is_active=False)


def reopen_login(*, scope: Scope, login_id: Any) -> None:
    """Let a closed log-in open again, with the password and second factor it had. Raises also AlreadySo."""
    _set_active(scope, login_id, is_active=True)


def _set_active(scope: Scope, login_id: Any, *, is_active: bool) -> None:
    login = _somebody_elses(scope, login_id)
    if not Login.objects.filter(pk=login.pk, is_active=not is_active).update(is_active=is_active):
        raise AlreadySo
    if not is_active:
        end_sessions_of(login_id=login.pk, at=scope.at)
    verb = "reopen_login" if is_active else "close_login"
    note_person(scope=scope, verb=f"access.login.{verb}", person=login.person, login=login.username)
    record_security(
        kind="login.reopened" if is_active else "login.closed",
        at=scope.at,
        who=login.username,
        by=scope.actor,
    )


def _somebody_elses(scope: Scope, login_id: Any) -> Login:
    scope.demand("tenants.person.reset")
    login = login_in_scope(scope=scope, login_id=login_id)
    if login.person_id == scope.person_id:
        raise NotForOneself
    if acts_beyond(scope=scope, person_id=login.person_id):
        raise ActsElsewhere
    return login


def _note_reset(scope: Scope, login: Login, kind: Reset.Kind) -> None:
    person = login.person
    Reset.objects.create(
        branch_id=person.branch_id,
        branch_pos=person.branch_pos,
        login=login,
        person=person,
        kind=kind,
        at=scope.at,
        asked_by_person=scope.person_id,
        asked_by_name=scope.facts.actor_name,
    )
    end_sessions_of(login_id=login.pk, at=scope.at)
    forget_tries(account=login.username)
    verb = {
        Reset.Kind.PASSWORD: "access.password.reset_password",
        Reset.Kind.SECOND_FACTOR: "access.second_factor.remove_second_factor",
    }[kind]
    note_person(scope=scope, verb=verb, person=person, login=login.username)
    record_security(kind=f"{kind}.reset", at=scope.at, who=login.username, by=scope.actor)
