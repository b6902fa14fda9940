"""What waits for the reader of a page, asked once for each request: the list, its figures and the sidebar share it."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns.approvals.models import Revision
from campaigns.approvals.people import Chair, chairs_of
from campaigns.approvals.selectors import QueueFigures, queue, queue_count, queue_figures
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope


@dataclass
class Waiting:
    """One reader's queue as it stood when the request first asked; a decision asks `queue` anew."""

    scope: Scope

    @cached_property
    def chairs(self) -> tuple[Chair, ...]:
        return chairs_of(self.scope)

    @cached_property
    def rows(self) -> QuerySet[Revision]:
        return queue(scope=self.scope, chairs=self.chairs)

    @cached_property
    def figures(self) -> QueueFigures:
        return queue_figures(scope=self.scope, rows=self.rows)

    @cached_property
    def count(self) -> int:
        """No further than the figures count."""
        if "figures" in self.__dict__:
            return self.figures.waiting
        return queue_count(scope=self.scope, rows=self.rows)


def waiting_on(request: HttpRequest) -> Waiting:
    """What waits for the reader of this request."""
    scope, kept = scope_of(request), getattr(request, "waiting", None)
    if not isinstance(kept, Waiting) or kept.scope is not scope:
        kept = Waiting(scope)
        request.waiting = kept  # type: ignore[attr-defined]
    return kept
