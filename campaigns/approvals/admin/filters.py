"""What the queue shows: what waits for the reader first, everything else by choice."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.admin.waiting import waiting_on
from campaigns.approvals.kinds import kinds
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import decided_by, in_review, overdue, revisions_within
from campaigns.tenants.desk import scope_of

MINE, OPEN, OVERDUE, DONE, ALL = "mine", "open", "overdue", "done", "all"
SHOWN: dict[str, Any] = {
    MINE: _("Waiting for me"),
    OPEN: _("All in review"),
    OVERDUE: _("Overdue"),
    DONE: _("Decided by me"),
    ALL: _("Everything"),
}
# Long lists are read from their newest row; what waits, from the one due first.
NEWEST_FIRST = (DONE, ALL)
PARAMETER = "show"


def shown_on(request: HttpRequest) -> str:
    """Which list was asked for; without asking, the reader's own queue, or all where nobody waits for him."""
    asked = request.GET.get(PARAMETER, "")
    if asked in SHOWN:
        return asked
    return MINE if waiting_on(request).chairs else OPEN


def lists_on(request: HttpRequest) -> list[dict[str, Any]]:
    """The lists to choose from, each with its address; what was searched for stays."""
    shown, found = shown_on(request), []
    for code, name in SHOWN.items():
        asked = request.GET.copy()
        asked[PARAMETER] = code
        asked.pop("p", None)
        found.append({"name": name, "query": f"?{asked.urlencode()}", "is_shown": code == shown})
    return found


class ShownFilter(admin.SimpleListFilter):
    title = _("list")
    parameter_name = PARAMETER

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.shown = shown_on(request)
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SHOWN.items())

    def choices(self, changelist: Any) -> Any:
        for code, name in SHOWN.items():
            query = changelist.get_query_string({PARAMETER: code}, ["p"])
            yield {"selected": code == self.shown, "query_string": query, "display": name}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The same rows as the selector's: its own query, and not a condition over all revisions."""
        return queryset & rows_of(request, self.shown)


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.label) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def rows_of(request: HttpRequest, shown: str) -> QuerySet[Revision]:
    """The rows of one list."""
    lists: dict[str, Callable[..., QuerySet[Revision]]] = {
        OPEN: in_review, OVERDUE: overdue, DONE: decided_by, ALL: revisions_within,
    }  # fmt: skip
    return waiting_on(request).rows if shown == MINE else lists[shown](scope=scope_of(request))


# So far does anybody turn pages; what lies behind is found by a filter, a search or by deciding.
TURNED = 500


class CountedToAPoint(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:TURNED].count())
