"""Ending sessions. A browser's own comings and goings are written by its session store (access/middleware.py)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Least

from campaigns.access.models import Session
from campaigns.access.rules import KEPT, key_hash
from campaigns.audit.services import record, record_security
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Login, Person
from campaigns.tenants.scopes import Scope


def _end(sessions: QuerySet[Session], *, at: datetime, why: str) -> int:
    return sessions.filter(ended_at=None).update(ended_at=at, ended_why=why, payload="")


def end_session(*, login_id: int, session_id: UUID, at: datetime) -> None:
    """End one session of this log-in, at once. Raises NotFound for another's, an absent or an ended one."""
    if not _end(Session.objects.filter(pk=session_id, login=login_id), at=at, why=Session.Why.ENDED):
        raise NotFound


def end_other_sessions(
    *, login_id: int, at: datetime, keep: str | None = None, why: str = Session.Why.ENDED
) -> int:
    """End all sessions of this log-in but the one whose cookie holds the key `keep`, and every access token.

    For a changed password: `why=Session.Why.CREDENTIALS`. Returns how many sessions ended.
    """
    sessions = Session.objects.filter(login=login_id)
    if keep:
        sessions = sessions.exclude(key_hash=key_hash(keep))
    ended = _end(sessions, at=at, why=why)
    _void_tokens(login_id, at=at)
    return ended


def end_sessions_of(*, login_id: int, at: datetime, why: str = Session.Why.ENDED_BY_OTHER) -> int:
    """End all sessions and access tokens of a log-in; returns how many sessions. Rights are the caller's matter."""
    return end_other_sessions(login_id=login_id, at=at, why=why)


def _void_tokens(login_id: int, *, at: datetime) -> None:
    # Never backwards: two who end at once leave the later moment.
    Login.objects.filter(Q(tokens_from=None) | Q(tokens_from__lt=at), pk=login_id).update(tokens_from=at)


def end_sessions_of_person(*, scope: Scope, person_id: UUID) -> int:
    """End all sessions and access tokens of somebody in the scope; returns how many sessions. Raises NotFound."""
    scope.demand("tenants.person.reset")
    person = Person.objects.within(scope).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    ended = 0
    for login in Login.objects.filter(person=person).order_by("pk"):
        count = end_sessions_of(login_id=login.pk, at=scope.at)
        record_security(
            kind="session.ended_by_other", at=scope.at, who=login.username, by=scope.actor, count=count
        )
        ended += count
    record(
        scope=scope,
        verb="tenants.person.end_sessions",
        subject=ref("tenants.person", person.pk),
        subject_name=person.name,
        branch_id=person.branch_id,
        branch_pos=person.branch_pos,
        count=ended,
    )
    return ended


@transaction.atomic
def sweep_sessions(*, at: datetime, limit: int = 5000) -> tuple[int, int]:
    """Note the end of sessions whose time has passed, and delete old ones: how many of each. Safe side by side.

    Both at most `limit`; a session is over at its time, whether swept or not.
    """
    idle = timedelta(seconds=settings.SESSION_IDLE)
    longest = timedelta(seconds=settings.SESSION_LONGEST)
    over = Session.objects.filter(ended_at=None).filter(
        Q(seen_at__lte=at - idle) | Q(begun_at__lte=at - longest)
    )
    noted = Session.objects.filter(pk__in=_taken(over.exclude(login=None), limit)).update(
        ended_at=Least(F("begun_at") + longest, F("seen_at") + idle),
        ended_why=Case(
            When(begun_at__lte=F("seen_at") + idle - longest, then=Value(Session.Why.TOO_LONG.value)),
            default=Value(Session.Why.IDLE.value),
        ),
        payload="",
    )
    # Who never came in is of no interest to anybody.
    old = Session.objects.filter(ended_at__lte=at - KEPT) | over.filter(login=None)
    deleted, _each = Session.objects.filter(pk__in=_taken(old, limit)).delete()
    return noted, deleted


def _taken(sessions: QuerySet[Session], limit: int) -> list[UUID]:
    rows = sessions.order_by("seen_at").select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True)[:limit])
