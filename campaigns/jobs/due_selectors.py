"""Questions about due rows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet

from campaigns.jobs.due_models import Due
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# Those of one thing that were missed, but for the last: whatever came of that one.
_STOOD_FOR = """
SELECT d.id FROM jobs_due d
 WHERE d.id = ANY (%s) AND EXISTS (
       SELECT FROM jobs_due later
        WHERE later.kind = d.kind AND later.subject = d.subject AND later.run_at > d.run_at AND later.run_at <= %s
          AND later.state <> 'cancelled')
"""


def due_within(*, scope: Scope) -> "QuerySet[Due]":
    """Which due rows belong to the scope's branches?"""
    return Due.objects.within(scope)


def due_in_scope(*, scope: Scope, due_id: UUID | str) -> Due:
    """The row; raises NotFound for a foreign and an absent one alike."""
    found: Due | None = due_within(scope=scope).filter(pk=due_id).first()
    if found is None:
        raise NotFound
    return found


def zone_of_branch(*, scope: Scope, branch_id: int) -> str:
    """In which zone does this branch plan? The installation's for one that the scope does not see."""
    zone = Branch.objects.filter(pk=branch_id).values_list("zone", flat=True).first()
    return zone or settings.TIME_ZONE


def stood_for(*, scope: Scope, due_ids: Sequence[UUID], at: datetime) -> set[UUID]:
    """For which of these does a later one of the same kind and subject stand, due by `at`?"""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_STOOD_FOR, [list(due_ids), at])
        return {row[0] for row in cursor.fetchall()}
