"""Recalls: what was taken back and why, and who had seen it, masked; as a page and as a file."""

import csv
import io
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.utils.timezone import localtime
from django.utils.translation import gettext

from campaigns.tenants.desk import ScopedAdmin, scope_of
from content.models import Recall
from content.recalling import done_in_words
from content.seen_selectors import how_many_saw, recall_in_scope, who_saw
from content.services.recalls import note_seen_taken

_ON_PAGE = 200
_IN_FILE = 100_000


@admin.register(Recall)
class RecallAdmin(ScopedAdmin):
    noun = "content.recall"
    list_display = ("title", "number", "branch", "reason", "person_name", "at")
    list_select_related = ("branch",)
    list_before_template = "content/recalls_head.html"
    change_form_template = "content/recall.html"
    ordering = ("-at",)
    fields: tuple[str, ...] = ()

    class Media:
        css = {"all": ("content/content.css", "content/editor.css")}

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<uuid:recall_id>/file/", view, name="content_recall_file"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        recall, scope = kwargs.get("obj"), scope_of(request)
        if recall is not None:
            context |= {
                "recall": recall,
                "saw": who_saw(scope=scope, recall=recall, limit=_ON_PAGE),
                "many": how_many_saw(scope=scope, recall=recall),
                "on_page": _ON_PAGE,
                "did": done_in_words(recall.did),
                "may_take": scope.may("content.recall.export"),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def file_view(self, request: HttpRequest, recall_id: UUID) -> HttpResponse:
        """Everybody who had seen it, masked, as CSV for a spreadsheet; taking it is noted."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        scope = scope_of(request)
        scope.demand("content.recall.export")
        if not self.has_view_permission(request):
            raise PermissionDenied
        recall = recall_in_scope(scope=scope, recall_id=recall_id)
        rows = who_saw(scope=scope, recall=recall, limit=_IN_FILE)
        note_seen_taken(scope=scope, recall=recall, rows=len(rows))
        out = io.StringIO()
        lines = csv.writer(out)
        lines.writerow(
            [
                gettext("customer"),
                gettext("branch"),
                gettext("first"),
                gettext("last"),
                gettext("times"),
                gettext("read"),
            ]
        )
        for row in rows:
            lines.writerow(
                [
                    row.number,
                    _inert(row.branch),
                    f"{localtime(row.first_at):%Y-%m-%d %H:%M}",
                    f"{localtime(row.last_at):%Y-%m-%d %H:%M}",
                    row.times,
                    gettext("yes") if row.has_read else gettext("no"),
                ]
            )
        # Spreadsheets know by the mark that it is UTF-8.
        answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="recall-{recall.pk}.csv"'
        return answer


def _inert(text: str) -> str:
    """What a spreadsheet would take for a formula is text."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
