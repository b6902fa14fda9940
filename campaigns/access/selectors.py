"""Questions about sessions."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from campaigns.access.models import Session
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope


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
