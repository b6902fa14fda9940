"""Entry codes: the list, a page with the groups behind a code and how often it was shown, its QR and its poster."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from campaigns.lib.both import for_reader
from campaigns.lib.forms import ServiceForm
from campaigns.lib.geo import MICRO
from campaigns.tenants.desk import ScopedAdmin, scope_of
from community.groups.entry_models import BranchPlace, EntryCode
from community.groups.models import Group
from community.groups.posters import poster_of
from community.groups.qr import as_address, drawn
from community.groups.refusals import CodeIsWrong
from community.groups.selectors import (
    codes_within,
    groups_within,
    kinds_in_use,
    lines_of_code,
    open_line_of,
    places_within,
    shows_by_day,
)
from community.groups.services.entries import (
    add_code,
    add_line,
    change_code,
    close_code,
    end_line,
    move_place,
    put_first,
    set_place,
)


class CodeForm(ServiceForm):
    class Meta:
        model = EntryCode
        fields = ("title", "says", "branch", "kind", "picks", "radius_m")
        help_texts = {
            "picks": _("In order: its own groups, one after the other. The nearest branch: by position, among the"
                       " codes of the branches below."),
            "radius_m": _("For the nearest branch alone."),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].queryset = kinds_in_use()  # type: ignore[attr-defined]


class LineForm(forms.Form):
    group = forms.UUIDField()
    link = forms.CharField(required=False, max_length=300)
    most_members = forms.IntegerField(min_value=1, max_value=500)
    most_shows = forms.IntegerField(required=False, min_value=1, max_value=10_000_000)
    from_time = forms.TimeField(required=False)
    until_time = forms.TimeField(required=False)


@admin.register(EntryCode)
class EntryCodeAdmin(ScopedAdmin):
    noun = "community.entrycode"
    form = CodeForm
    list_display = ("title", "branch", "kind", "picks", "is_open")
    list_filter = ("is_open", "picks", "kind")
    search_fields = ("title",)
    autocomplete_fields = ("branch",)
    list_before_template = "community/codes_head.html"
    change_form_outer_before_template = "community/code_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "community/groups.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[EntryCode]:
        return codes_within(scope=scope_of(request))

    def get_readonly_fields(self, request: HttpRequest, obj: EntryCode | None = None) -> Any:
        return ("branch", "picks") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.is_open) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it is printed somewhere

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"branch": scope_of(request).branch_id, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: EntryCode, form: Any, change: bool) -> None:
        given = form.cleaned_data
        terms = {
            "title": given["title"],
            "says": given["says"],
            "kind_code": given["kind"].pk if given["kind"] else "",
            "radius_m": given["radius_m"],
        }
        if change:
            change_code(scope=scope_of(request), code_id=obj.pk, **terms)
            return
        made = add_code(scope=scope_of(request), branch_id=given["branch"].pk, picks=given["picks"], **terms)
        obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        name = "community_entrycode"
        own = [
            path("<uuid:code_id>/close/", view(self.close_view), name=f"{name}_close"),
            path("<uuid:code_id>/poster.png", view(self.poster_view), name=f"{name}_poster"),
            path("<uuid:code_id>/groups/", view(self.line_view), name=f"{name}_line"),
            path(
                "<uuid:code_id>/groups/<uuid:line_id>/end/", view(self.end_line_view), name=f"{name}_end_line"
            ),
            path("<uuid:code_id>/groups/<uuid:line_id>/first/", view(self.first_view), name=f"{name}_first"),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        code = kwargs.get("obj")
        if code is not None:
            context |= self._told(request, code)
        return super().render_change_form(request, context, *args, **kwargs)

    def _told(self, request: HttpRequest, code: EntryCode) -> dict[str, Any]:
        scope = scope_of(request)
        lines = lines_of_code(scope=scope, code=code)
        may = code.is_open and scope.may("community.entrycode.change")
        taken = {line.group_id for line in lines}
        is_order = code.picks == EntryCode.Picks.ORDER
        candidates = groups_within(scope=scope).filter(dissolved_at=None).exclude(pk__in=taken)
        address = _address(request, code)
        return {
            "code": code,
            "address": address,
            "qr": as_address(drawn(address, scale=5)),
            "is_order": is_order,
            "lines": [(line, for_reader(line.why)) for line in lines],
            "now_id": open_line_of(code=code, at=scope.at) if code.is_open and is_order else None,
            "days": shows_by_day(scope=scope, code=code),
            "candidates": list(candidates.order_by("branch_pos", "name")[:200]) if may and is_order else [],
            "hand": Group.Source.HAND,
            "may_change": may,
            "may_close": code.is_open and scope.may("community.entrycode.close"),
        }

    def close_view(self, request: HttpRequest, code_id: UUID) -> HttpResponse:
        done = gettext("Closed: who scans it is shown nothing any more.")
        return self._act(request, code_id, lambda: close_code(scope=scope_of(request), code_id=code_id), done)

    def line_view(self, request: HttpRequest, code_id: UUID) -> HttpResponse:
        form = LineForm(request.POST)

        def add() -> None:
            if not form.is_valid():
                raise CodeIsWrong(
                    why_zh="请选择社群，并填写正确的人数、次数与时段。",
                    why_en="choose a group, and give sound limits and hours.",
                )
            given = dict(form.cleaned_data)
            add_line(scope=scope_of(request), code_id=code_id, group_id=given.pop("group"), **given)

        return self._act(request, code_id, add, gettext("Added behind the others."))

    def end_line_view(self, request: HttpRequest, code_id: UUID, line_id: UUID) -> HttpResponse:
        done = gettext("Taken out: it is not shown any more.")
        return self._act(
            request,
            code_id,
            lambda: end_line(scope=scope_of(request), code_id=code_id, line_id=line_id),
            done,
        )

    def first_view(self, request: HttpRequest, code_id: UUID, line_id: UUID) -> HttpResponse:
        return self._act(
            request,
            code_id,
            lambda: put_first(scope=scope_of(request), code_id=code_id, line_id=line_id),
            gettext("It comes first now."),
        )

    def poster_view(self, request: HttpRequest, code_id: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        code = codes_within(scope=scope_of(request)).filter(pk=code_id).first()
        if code is None:
            raise Http404
        picture = poster_of(
            title=code.title, says=code.says, branch=code.branch.name, address=_address(request, code)
        )
        name = f"entry-{code.slug[:6]}.png"
        return HttpResponse(
            picture,
            content_type="image/png",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _address(request: HttpRequest, code: EntryCode) -> str:
    return request.build_absolute_uri(reverse("entry-page", args=[code.slug]))


class PlaceForm(ServiceForm):
    latitude = forms.DecimalField(
        label=_("latitude"),
        min_value=-90,
        max_value=90,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    longitude = forms.DecimalField(
        label=_("longitude"),
        min_value=-180,
        max_value=180,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("As a map of the mainland shows them (GCJ-02)."),
    )

    class Meta:
        model = BranchPlace
        fields = ("branch",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding:
            for name, micro in (
                ("latitude", self.instance.lat_micro),
                ("longitude", self.instance.lon_micro),
            ):
                if name in self.fields:
                    self.fields[name].initial = f"{micro / MICRO:.6f}"


@admin.register(BranchPlace)
class BranchPlaceAdmin(ScopedAdmin):
    noun = "community.branchplace"
    form = PlaceForm
    list_display = ("branch", "position")
    autocomplete_fields = ("branch",)
    fieldsets = ((None, {"fields": ("branch", "latitude", "longitude")}),)
    list_before_template = "community/places_head.html"

    class Media:
        css = {"all": ("rewards/batch.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BranchPlace]:
        return places_within(scope=scope_of(request))

    @admin.display(description=_("position"))
    def position(self, place: BranchPlace) -> str:
        return str(place)

    def get_readonly_fields(self, request: HttpRequest, obj: BranchPlace | None = None) -> Any:
        return ("branch",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("branch", "lat_micro", "lon_micro")}),)
        return super().get_fieldsets(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BranchPlace, form: Any, change: bool) -> None:
        given = form.cleaned_data
        at = {
            "lat_micro": int(given["latitude"] * MICRO),
            "lon_micro": int(given["longitude"] * MICRO),
        }
        if change:
            move_place(scope=scope_of(request), place_id=obj.pk, **at)
            return
        made = set_place(scope=scope_of(request), branch_id=given["branch"].pk, **at)
        obj.lat_micro, obj.lon_micro = made.lat_micro, made.lon_micro
        obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos
