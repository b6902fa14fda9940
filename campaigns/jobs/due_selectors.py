"""Questions about due rows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.models import QuerySet

from campaigns.jobs.due_models import Due
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch, TenantModel
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


# Further than this nobody turns pages.
COUNTED = 5_000


def count_capped(rows: Any) -> int:
    """How many are there, as far as anybody turns pages?"""
    return int(rows.order_by()[:COUNTED].count())


@dataclass(frozen=True, slots=True)
class DueFigures:
    """How many were given up, how many should have begun by now, and when the next one comes."""

    dead: int
    overdue: int
    next_at: datetime | None


def due_figures(*, scope: Scope) -> DueFigures:
    """How does it stand? Three queries, none of them longer for what waits for later."""
    rows = due_within(scope=scope)
    waiting = rows.filter(state__in=[Due.State.WAITING, Due.State.RUNNING])
    late = waiting.filter(ready_at__lte=scope.at)
    coming = waiting.filter(state=Due.State.WAITING, ready_at__gt=scope.at).order_by("ready_at", "id")
    return DueFigures(
        dead=count_capped(rows.filter(state=Due.State.DEAD)),
        overdue=count_capped(late),
        next_at=coming.values_list("ready_at", flat=True).first(),
    )


def names_of(*, scope: Scope, subjects: Sequence[str]) -> dict[str, str]:
    """What are these things called? By reference, those that the scope sees; one query for each sort of thing."""
    keys: dict[str, dict[str, str]] = defaultdict(dict)
    for subject in subjects:
        try:
            kind, key = read_ref(subject)
        except ValueError:
            continue
        keys[kind][key] = subject
    found: dict[str, str] = {}
    for kind, wanted in keys.items():
        try:
            model: Any = apps.get_model(kind)
        except (LookupError, ValueError):
            continue
        if issubclass(model, TenantModel):
            rows = model.objects.within(scope).filter(pk__in=list(wanted))
            found |= {wanted[str(row.pk)]: str(row) for row in rows}
    return found
