"""Questions about log-ins and their sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.access.models import PasswordTerms, RecoveryCode, Reset, SecondFactor, Session
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Login, Person
from campaigns.tenants.scopes import Scope

# What a log-in must do before anything else opens.
NEW_PASSWORD, ENROLMENT = "password", "second_factor"


@dataclass(frozen=True, slots=True)
class Whose:
    person_id: UUID
    name: str
    staff_number: str


def whose_login(*, login_id: int) -> Whose | None:
    """To whom does this log-in belong? Answered without a scope, for the rules of one's own password."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM whose_login(%s)", [login_id])
        row = cursor.fetchone()
    return Whose(*row) if row else None


def second_factor_of(*, login_id: int) -> SecondFactor | None:
    """The second factor of this log-in; None while there is none."""
    return SecondFactor.objects.filter(pk=login_id).first()


def is_enrolled(*, login_id: int) -> bool:
    """Does a password alone not suffice for this log-in?"""
    return SecondFactor.objects.filter(pk=login_id).exists()


def codes_left(*, login_id: int) -> int:
    """How many recovery codes has this log-in not used yet?"""
    return RecoveryCode.objects.filter(login=login_id, used_at=None).count()


def terms_of(*, login_id: int) -> PasswordTerms | None:
    """How long is this log-in's password good? None: somebody else set it."""
    return PasswordTerms.objects.filter(pk=login_id).first()


def duty_of(*, login: Login, at: datetime, by_password: bool = True) -> str:
    """What must be done before anything else opens: NEW_PASSWORD, ENROLMENT, or "" for nothing.

    Who came in by other ways than a password (`by_password`) owes no new one. The demo bank's log-ins are spared
    while demo mode is on: everybody shares them.
    """
    if login.is_demo and settings.DEMO:
        return ""
    if by_password and _is_due(terms_of(login_id=login.pk), at):
        return NEW_PASSWORD
    if settings.SECOND_FACTOR == "required" and not is_enrolled(login_id=login.pk):
        return ENROLMENT
    return ""


def _is_due(terms: PasswordTerms | None, at: datetime) -> bool:
    if terms is None or terms.chosen_at is None:
        return True
    return bool(settings.PASSWORD_DAYS) and terms.chosen_at + timedelta(days=settings.PASSWORD_DAYS) <= at


def logins_within(*, scope: Scope) -> QuerySet[Login]:
    """Which log-ins belong to people within the scope?"""
    # The sub-query asks the people's table, and so stands behind that table's wall.
    return Login.objects.filter(person__in=Person.objects.within(scope)).annotate(
        has_second_factor=Exists(SecondFactor.objects.filter(pk=OuterRef("pk")))
    )


def login_in_scope(*, scope: Scope, login_id: Any) -> Login:
    """The log-in, if its person lies in the scope; raises NotFound for a foreign and an absent one alike."""
    login = logins_within(scope=scope).select_related("person").filter(pk=login_id).first()
    if login is None:
        raise NotFound
    return login


def resets_of(*, scope: Scope, login_id: int) -> QuerySet[Reset]:
    """Who reset what of this log-in? Newest first."""
    return Reset.objects.within(scope).filter(login=login_id).order_by("-id")


def acts_beyond(*, scope: Scope, person_id: UUID) -> bool:
    """Does this person hold, or will hold, an assignment outside the scope?"""
    assert scope.lo is not None  # the settings stand before the function reads them
    with connection.cursor() as cursor:
        cursor.execute("SELECT acts_beyond_scope(%s)", [person_id])
        return bool(cursor.fetchone()[0])


def _living(*, at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(
        ended_at=None,
        seen_at__gt=at - timedelta(seconds=settings.SESSION_IDLE),
        begun_at__gt=at - timedelta(seconds=settings.SESSION_LONGEST),
    )


def open_sessions(*, login_id: int, at: datetime) -> list[Session]:
    """Which sessions of this log-in live at `at`? Last seen first."""
    return list(_living(at=at).filter(login=login_id).order_by("-seen_at", "-id"))


def open_sessions_of_person(*, scope: Scope, person_id: UUID) -> list[Session]:
    """Which sessions of this person, over all log-ins, live now? None of a person outside the scope."""
    scope.demand("tenants.person.reset")
    if not Person.objects.within(scope).filter(pk=person_id).exists():
        return []
    found = _living(at=scope.at).filter(login__person=person_id).select_related("login")
    return list(found.order_by("-seen_at", "-id"))
