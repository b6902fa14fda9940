"""Choosing something of the library on any form: a field that shows what is chosen, and the wall in a dialog."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse

from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from content.addresses import staff_address
from content.admin.asset_panel import show
from content.asset_selectors import library, shelves, tags_within
from content.models import Asset
from content.renditions import current

_ON_PAGE = 48
# What a browser offers of the disk, by the kind that is wanted.
_ACCEPTS = {
    Asset.Kind.PICTURE: "image/jpeg,image/png,image/webp,image/gif",
    Asset.Kind.VIDEO: "video/mp4",
    Asset.Kind.AUDIO: "audio/mp4,audio/mpeg",
    Asset.Kind.PDF: "application/pdf",
}


def thumb_of(asset: Asset, scope: Scope, name: str = "thumb") -> str:
    """The address of one rendition of a picture whose renditions were fetched; empty when there is none."""
    made = next((each for each in current(asset=asset) if each.name == name), None)
    return staff_address(scope=scope, rendition_id=made.pk) if made else ""


class AssetWidget(forms.HiddenInput):
    """One thing of the library: its thumbnail, and a button that opens the wall. `branch_id` narrows the wall."""

    input_type = "hidden"
    template_name = "content/asset_choice.html"
    # What Django says of it: a hidden field has no label and no errors beside it.
    is_hidden = False  # type: ignore[assignment]

    class Media:
        css = {"all": ("content/chooser.css",)}
        js = ("content/chooser.js",)

    def __init__(self, *, scope: Scope, kind: str, branch_id: int | None = None) -> None:
        super().__init__()
        self.scope, self.kind, self.branch_id = scope, kind, branch_id

    def id_for_label(self, id_: str | None) -> str:
        """The label leads to the button: nobody reaches a hidden field."""
        return f"{id_}_choose" if id_ else ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        asset = _asset(self.scope, value)
        wall = f"{reverse('admin:content_asset_choose')}?kind={self.kind}"
        context |= {
            "asset": asset,
            "thumb": thumb_of(asset, self.scope) if asset else "",
            "wall": f"{wall}&branch={self.branch_id}" if self.branch_id else wall,
        }
        return context


def _asset(scope: Scope, value: Any) -> Asset | None:
    try:
        key = UUID(str(value))
    except ValueError:
        return None
    return Asset.objects.within(scope).filter(pk=key).prefetch_related("renditions").first()


class WallForm(forms.Form):
    """What of the library is asked for."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in _ACCEPTS])
    branch = forms.IntegerField(required=False)
    folder = forms.UUIDField(required=False)
    tag = forms.CharField(required=False, max_length=20)
    q = forms.CharField(required=False, max_length=60)
    page = forms.IntegerField(required=False, min_value=1)


class AssetChooser:
    """The wall as other pages show it: a part of AssetAdmin."""

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        """The whole dialog; with `page` the tiles alone, when somebody searches or goes on."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        form = WallForm(request.GET)
        form.is_valid()
        # What cannot be read of an address narrows nothing.
        asked = {name: form.cleaned_data.get(name) for name in form.fields}
        kind = Asset.Kind(asked["kind"] or Asset.Kind.PICTURE)
        scope = scope_of(request)
        rows = library(scope=scope).filter(kind=kind).select_related("branch")
        for name, column in (("branch", "branch_id"), ("folder", "folder_id")):
            if asked[name]:
                rows = rows.filter(**{column: asked[name]})
        if asked["tag"]:
            rows = rows.filter(tags__contains=[asked["tag"]])
        rows, _many = self.get_search_results(  # type: ignore[attr-defined]
            request, rows.prefetch_related("renditions"), asked["q"] or ""
        )
        page = Paginator(rows, _ON_PAGE).get_page(asked["page"] or 1)
        tiles = [show(asset, scope) for asset in page.object_list]
        context = {
            "asked": asked,
            "page": page,
            "tiles": tiles,
            "kind": kind,
            "folders": shelves(scope=scope),
            "tags": tags_within(scope=scope, limit=20),
            "may_add": self.has_add_permission(request),  # type: ignore[attr-defined]
            "accepts": _ACCEPTS[kind],
        }
        name = "chooser_tiles" if asked["page"] else "chooser"
        return TemplateResponse(request, f"content/{name}.html", context)
