"""The asset library: a wall of pictures, filled by dropping files on it."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope
from content.addresses import staff_address
from content.admin.pictures import staff_media
from content.models import Asset
from content.services.assets import add_asset, change_asset


class AssetForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Asset
        fields = ("name", "alt", "rights_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rights_until" in self.fields:
            self.fields["rights_until"].required = False
            self.fields["rights_until"].help_text = _("Empty: without an end.")
            if self.instance.rights_until >= FOREVER:
                self.initial["rights_until"] = None

    def clean_rights_until(self) -> Any:
        return self.cleaned_data["rights_until"] or FOREVER


@admin.register(Asset)
class AssetAdmin(ScopedAdmin):
    noun = "content.asset"
    form = AssetForm
    change_list_template = "content/library.html"
    change_form_outer_before_template = "content/asset_head.html"
    list_display = ("name",)
    list_select_related = ("branch",)
    list_filter = ("rights_until",)
    search_fields = ("name", "alt")
    searches = "self"
    fields = ("name", "alt", "rights_until")

    class Media:
        css = {"all": ("content/content.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).prefetch_related("renditions")
        return rows.annotate(used=Count("items", distinct=True))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        scope = scope_of(request)
        rows = list(page.result_list)
        for asset in rows:
            _show(asset, scope)
            asset.rights_over = asset.rights_until <= scope.at
            asset.has_end = asset.rights_until < FOREVER
        page.result_list = rows
        return page

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Pictures are added by dropping them on the wall."""
        return HttpResponseRedirect(reverse("admin:content_asset_changelist"))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        asset = kwargs.get("obj")
        if asset is not None:
            _show(asset, scope_of(request))
            context["asset"] = asset
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        change_asset(
            scope=scope_of(request),
            asset_id=obj.pk,
            **{name: form.cleaned_data[name] for name in ("name", "alt", "rights_until")},
        )

    def get_urls(self) -> list[Any]:
        own = [
            path("upload/", self.admin_site.admin_view(self.upload_view), name="content_asset_upload"),
            # Not of the site's own views, which lead a stranger to the log-in: this answers as if nothing were there.
            path("media/<uuid:rendition_id>/<str:signature>", staff_media, name="content_asset_media"),
        ]
        return own + super().get_urls()

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Each file has a verdict of its own; the good ones stay, whatever the others are."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        verdicts = [self._take(request, file) for file in request.FILES.getlist("files")]
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"verdicts": verdicts})
        for verdict in verdicts:
            say = messages.success if verdict["taken"] else messages.error
            say(request, f"{verdict['file']}: {verdict['words']}")
        if not verdicts:
            messages.warning(request, gettext("Choose at least one picture."))
        return HttpResponseRedirect(reverse("admin:content_asset_changelist"))

    def _take(self, request: HttpRequest, file: Any) -> dict[str, Any]:
        scope = scope_of(request)
        name = PurePath(file.name or "").stem.strip() or gettext("Picture")
        try:
            with transaction.atomic():
                asset = add_asset(scope=scope, raw=file, name=name[:120])
        except Refusal as refusal:
            return {"file": file.name, "taken": False, "code": refusal.code, "words": str(refusal)}
        _show(asset, scope)
        return {
            "file": file.name,
            "taken": True,
            "words": gettext("taken; now say what it shows"),
            "url": reverse("admin:content_asset_change", args=[asset.pk]),
            "thumb": asset.thumb,  # type: ignore[attr-defined]
        }


def _show(asset: Asset, scope: Scope) -> None:
    """Give the asset the addresses that its templates show."""
    shown = list(asset.renditions.all())
    for made in shown:
        made.url = staff_address(scope=scope, rendition_id=made.pk)  # type: ignore[attr-defined]
    asset.shown = shown  # type: ignore[attr-defined]
    by_name = {made.name: made.url for made in shown}  # type: ignore[attr-defined]
    asset.thumb, asset.desk = by_name.get("thumb", ""), by_name.get("desk", "")  # type: ignore[attr-defined]
