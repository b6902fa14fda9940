"""Customers given out as a file: asked for, confirmed, taken."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.imports.exporting import CONTENT_TYPES, columns_offered, headings_of
from campaigns.customers.models import Customer, CustomerExport
from campaigns.customers.services import exports
from campaigns.customers.tag_selectors import tags_usable
from campaigns.lib.http.files import file_answer
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.selectors import branches_within

State = CustomerExport.State


@admin.register(CustomerExport)
class CustomerExportAdmin(ScopedAdmin):
    """Files of customers that were asked for, newest first."""

    noun = "customers.customer"
    list_display = ("number", "branch", "asked_by", "asked_at", "rows_told", "is_unmasked", "state_words")
    list_filter = ("state", "is_unmasked")
    list_select_related = ("branch",)
    ordering = ("-id",)

    class Media:
        css = {"all": ("tenants/organisation.css", "customers/files.css")}

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return verb in {"view", "add"} and scope is not None and scope.may(exports.MAY)

    @display(description=_("number"))
    def number(self, export: CustomerExport) -> str:
        return str(export)

    @display(description=_("customers"), ordering="rows")
    def rows_told(self, export: CustomerExport) -> str:
        return f"{export.rows:,}"

    @display(description=_("state"), ordering="state")
    def state_words(self, export: CustomerExport) -> str:
        return str(export.get_state_display())

    def get_urls(self) -> list[Any]:
        def own(step: str, view: Callable[..., Any]) -> Any:
            return path(
                f"<uuid:object_id>/{step}/",
                self.admin_site.admin_view(view),
                name=f"customers_customerexport_{step}",
            )

        return [
            own("confirm", self._button(exports.confirm_export)),
            own("decline", self._button(exports.decline_export)),
            own("file", self.file_view),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        may_unmask = scope.may(exports.UNMASK)
        said = request.POST if request.method == "POST" else request.GET
        refused = ""
        if request.method == "POST":
            try:
                with transaction.atomic():
                    export = exports.ask_export(
                        scope=scope,
                        form=said.get("form", ""),
                        asks={name: said.get(name, "")[:40] for name in exports.FILTERS},
                        columns=said.getlist("column"),
                        is_unmasked=said.get("unmasked") == "on",
                        reason=said.get("reason", ""),
                    )
                return self._back(export.pk)
            except Refusal as refusal:
                refused = str(refusal)
        columns = columns_offered(sees_sensitive=may_unmask)
        chosen = said.getlist("column") or ["number", "branch", "status", "tags"]
        branches = branches_within(scope=scope).order_by("pos").values_list("code", "name")[:500]
        return self._page(
            request,
            "ask",
            refused=refused,
            said=said,
            columns=[
                (code, heading, code in chosen)
                for code, heading in zip(columns, headings_of(columns), strict=True)
            ],
            branches=branches,
            statuses=[each for each in Customer.Status.choices if each[0] not in {"erased", "merged"}],
            tags=[(str(tag.pk), str(tag)) for tag in tags_usable(scope=scope).filter(is_active=True)[:500]],
            may_unmask=may_unmask,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        export = self._export(request, object_id)
        if export is None:
            return self._absent(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        scope = scope_of(request)
        return self._page(
            request,
            "export",
            export=export,
            headings=headings_of(export.columns),
            is_mine=export.asked_by_id == scope.person_id,
        )

    def file_view(self, request: HttpRequest, object_id: UUID) -> HttpResponseBase:
        """The file, for who asked for it."""
        export = self._export(request, object_id)
        if export is None:
            return self._absent(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                export, file = exports.take_export(scope=scope_of(request), export_id=object_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return self._back(object_id)
        return file_answer(
            request,
            file,
            content_type=CONTENT_TYPES[export.form],
            etag=f'"{export.pk}"',
            name=f"customers-{export}.{export.form}",
            headers={"Cache-Control": "private, no-store"},
            is_kept=True,
        )

    def _button(self, act: Callable[..., Any]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: UUID) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if self._export(request, object_id) is None:
                return self._absent(request, object_id)
            try:
                with transaction.atomic():
                    act(scope=scope_of(request), export_id=object_id)
            except Refusal as refusal:
                messages.error(request, str(refusal))
            return self._back(object_id)

        return view

    def _export(self, request: HttpRequest, object_id: UUID | str) -> CustomerExport | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        export: CustomerExport | None = self.get_object(request, str(object_id))
        return export

    def _absent(self, request: HttpRequest, object_id: UUID | str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))  # type: ignore[attr-defined, no-any-return]

    def _back(self, export_id: UUID) -> HttpResponse:
        return redirect(reverse("admin:customers_customerexport_change", args=[export_id]))

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export customers"),
            "opts": self.opts,
            "media": self.media,
            **more,
        }
        return TemplateResponse(request, f"admin/customers/file/{name}.html", context)
