"""The asset library: a wall of everything, filled by dropping files on it, with a panel for what is looked at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns.lib.clock import FOREVER
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import current_scope
from content.admin.asset_acts import AssetActs, tags_of
from content.admin.asset_filters import FILTERS
from content.admin.asset_panel import show
from content.admin.chooser import AssetChooser, AssetWidget
from content.asset_models import SINCE_EVER
from content.asset_selectors import pictures_within, shelves
from content.models import Asset
from content.services.assets import change_asset


class TagsField(forms.CharField):
    """Tags between commas."""

    def prepare_value(self, value: Any) -> Any:
        return "，".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return tags_of(super().clean(value))


class AssetForm(forms.ModelForm):  # type: ignore[type-arg]
    tags = TagsField(
        label=_("tags"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Separated by commas; people find the asset by them."),
    )

    class Meta:
        model = Asset
        fields = ("name", "alt", "tags", "folder", "cover", "rights_from", "rights_until", "rights_note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        for name, open_end in (("rights_until", FOREVER), ("rights_from", SINCE_EVER)):
            if name in self.fields:
                self.fields[name].required = self.fields[name].widget.is_required = False
                for part in getattr(self.fields[name].widget, "widgets", []):
                    part.is_required = False
                self.fields[name].help_text = _("Empty: without an end.") if open_end == FOREVER else ""
                if getattr(self.instance, name) == open_end:
                    self.initial[name] = None
        if "folder" in self.fields and scope is not None:
            folders = shelves(scope=scope, branch_id=self.instance.branch_id)
            self.fields["folder"].choices = [  # type: ignore[attr-defined]
                ("", "—"),
                *((str(shelf.folder.pk), f"{'　' * shelf.depth}{shelf.folder.name}") for shelf in folders),
            ]
        if "cover" in self.fields and scope is not None:
            own = self.instance.branch_id
            self.fields["cover"].queryset = pictures_within(scope=scope)  # type: ignore[attr-defined]
            self.fields["cover"].widget = AssetWidget(scope=scope, kind=Asset.Kind.PICTURE, branch_id=own)

    def clean_rights_until(self) -> Any:
        return self.cleaned_data["rights_until"] or FOREVER

    def clean_rights_from(self) -> Any:
        return self.cleaned_data["rights_from"] or SINCE_EVER

    def _get_validation_exclusions(self) -> set[str]:
        # The model's constraint would answer by its own name; the service refuses in better words.
        return {*super()._get_validation_exclusions(), "rights_from", "rights_until"}


@admin.register(Asset)
class AssetAdmin(AssetActs, AssetChooser, ScopedAdmin):
    noun = "content.asset"
    form = AssetForm
    change_list_template = "content/library.html"
    change_form_outer_before_template = "content/asset_head.html"
    list_display = ("name",)
    list_select_related = ("branch",)
    list_filter = FILTERS
    search_fields = ("name", "alt")
    searches = "self"

    class Media:
        css = {"all": ("content/content.css", "content/library.css")}
        js = ("content/focal.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("cover").prefetch_related("renditions")
        return rows.annotate(used=Count("uses__thing_id", distinct=True))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A picture is its own cover, and a snippet has none."""
        names = ("name", "alt", "tags", "folder", "cover", "rights_from", "rights_until", "rights_note")
        if obj is None:
            return names
        without = {"cover"} if obj.is_picture or obj.kind == Asset.Kind.TEXT else set()
        return tuple(name for name in names if name not in without)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.retired_at is None)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        scope = scope_of(request)
        page.result_list = [show(asset, scope) for asset in page.result_list]
        for spec in page.filter_specs:
            spec.chips = list(spec.choices(page))
        return page

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        scope = scope_of(request)
        more = {
            "folders": shelves(scope=scope),
            "has_change_permission": self.has_change_permission(request),
            "asked": {name: request.GET.get(name, "") for name in ("kind", "folder", "tag", "state", "q")},
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Things are added by dropping them on the wall."""
        return HttpResponseRedirect(reverse("admin:content_asset_changelist"))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        asset = kwargs.get("obj")
        if asset is not None:
            context.update(self.panel_of(request, asset))
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        said = form.cleaned_data
        names = ("name", "alt", "tags", "rights_from", "rights_until", "rights_note")
        kept: dict[str, Any] = {
            f"{name}_id": said[name].pk if said[name] else None
            for name in ("folder", "cover")
            if name in said
        }
        change_asset(scope=scope_of(request), asset_id=obj.pk, **{name: said[name] for name in names}, **kept)

    def get_urls(self) -> list[Any]:
        choose = path("choose/", self.admin_site.admin_view(self.choose_view), name="content_asset_choose")
        return [choose, *self.acts(), *super().get_urls()]
