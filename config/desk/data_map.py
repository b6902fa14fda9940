"""The page of the data map: what every column holds, how, for how long and what for; and what lets it go."""

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaigns.customers.keeping import kept_by_law
from campaigns.customers.retention import retentions
from campaigns.lib.both import for_reader
from campaigns.lib.classified import FORMS, KEPT, KINDS, PURPOSES
from campaigns.tenants.desk import scope_of
from config.data_map import LIBRARIES, Column, app_name, columns

VERB = "customers.datamap.view"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Personal columns, or all of one `kind`, or of one `room`, by the query. For head office and its auditors."""
    scope = scope_of(request)
    if scope.ancestors or not scope.may(VERB):
        raise PermissionDenied
    every = [each for each in columns() if each.classified is not None and not each.is_history]
    # Libraries hold nobody's: they are shown with everything, and are no room of their own.
    rooms = [each for each in dict.fromkeys(each.app for each in every) if each not in LIBRARIES]
    room, kind = request.GET.get("room", ""), request.GET.get("kind", "")
    room, kind = room if room in rooms else "", kind if kind in (*KINDS, "all") else ""
    shown = [each for each in every if room in ("", each.app) and _is_asked(each, kind)]
    context = {
        **admin.site.each_context(request),
        "title": _("Data map"),
        "tables": [
            {
                "name": table,
                "title": _said(rows[0].model._meta.verbose_name, rows[0].model.__name__),
                "rows": [_row(each) for each in rows],
            }
            for table, some in groupby(shown, key=lambda each: each.model._meta.db_table)
            if (rows := list(some))
        ],
        "kind_links": _links(
            "kind",
            kind,
            [("", _("Personal")), ("all", _("All columns")), *((k, for_reader(w)) for k, w in KINDS.items())],
            room=room,
        ),
        "room_links": _links(
            "room", room, [("", _("All rooms")), *((r, app_name(r)) for r in rooms)], kind=kind
        ),
        "retentions": [
            {"label": each.label, "days": each.period.days, "why": for_reader(each.why)}
            for each in retentions()
        ],
        "kept": [for_reader({"zh": each["zh"], "en": each["en"]}) for each in kept_by_law()],
        "many": len(shown),
    }
    return TemplateResponse(request, "admin/data_map.html", context)


def _is_asked(column: Column, kind: str) -> bool:
    assert column.classified is not None
    return kind == "all" or column.classified.kind == kind or (not kind and column.classified.is_personal)


def _said(label: Any, name: str) -> Any:
    """A name that somebody gave; "" for one that was only made from the code's."""
    made = name.replace("_", " ")
    return "" if str(label).replace(" ", "").lower() == made.replace(" ", "").lower() else label


def _row(column: Column) -> dict[str, Any]:
    said = column.classified
    assert said is not None
    return {
        "column": column.field.column,
        "label": _said(column.field.verbose_name, column.field.name),
        "kind": for_reader(KINDS[said.kind]),
        "form": for_reader(FORMS[said.form]),
        "kept": for_reader(KEPT[said.kept]),
        "purpose": for_reader(PURPOSES[said.purpose]),
    }


def _links(name: str, chosen: str, choices: list[tuple[str, Any]], **kept: str) -> list[dict[str, Any]]:
    return [
        {
            "name": label,
            "is_chosen": value == chosen,
            "query": "?" + urlencode({key: v for key, v in {**kept, name: value}.items() if v}),
        }
        for value, label in choices
    ]
