"""Questions of the reader about the own inbox. Nobody else's can be asked about."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.notices.models import Notice
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# More than these are not counted: the bell says "99+".
COUNTED = 100


def _mine(scope: Scope) -> QuerySet[Notice]:
    if scope.person_id is None:
        return Notice.objects.none()
    return Notice.objects.filter(person_id=scope.person_id).order_by("-at", "-id")


def unread(*, scope: Scope) -> QuerySet[Notice]:
    """What has the scope's person not read yet? Newest first."""
    return _mine(scope).filter(read_at=None)


def read(*, scope: Scope) -> QuerySet[Notice]:
    """What has the scope's person read already? The latest told first."""
    return _mine(scope).filter(read_at__isnull=False)


def count_unread(*, scope: Scope) -> int:
    """How much is that? At most `COUNTED`."""
    return unread(scope=scope)[:COUNTED].count()


def notice_of(*, scope: Scope, notice_id: UUID) -> Notice:
    """One notice of the scope's person; raises NotFound for another's and an absent one alike."""
    notice = _mine(scope).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    return notice


def branches_here(*, scope: Scope, branch_ids: Collection[int]) -> set[int]:
    """Which of these branches lie in the scope?"""
    return set(
        Branch.objects.filter(pk__in=branch_ids, pos__range=(scope.lo, scope.hi)).values_list("pk", flat=True)
    )


class Way(NamedTuple):
    """An assignment of the reader that reaches a branch."""

    branch_id: int
    branch_name: str
    assignment_id: UUID
    role: str


def ways_to(*, scope: Scope, branch_ids: Collection[int]) -> dict[int, list[Way]]:
    """In which of the own assignments would the scope's person stand at or above these branches? Nearest first."""
    found: dict[int, list[Way]] = {}
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT * FROM ways_to(%s)", [list(branch_ids)])
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(Way(*row))
    return found
