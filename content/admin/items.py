"""Content items: the form with the phone beside it, and the list with how each one stands."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django_prose_editor.widgets import AdminProseEditorWidget
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope, current_scope
from content.addresses import staff_address
from content.admin.approvable import ApprovableAdmin, WindowForm, words_of
from content.models import Asset, Item
from content.item_publishing import item_payload, phone_context
from content.rich_text import clean
from content.selectors import assets_within, batches_offered, item_in_scope
from content.services.items import add_item, change_item, submit_item, take_down_item

# What the editor offers is what content.rich_text keeps.
_EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3, 4]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "Link": {"enableTarget": False},
    "History": True,
}
_PICTURES_OFFERED = 60


def thumb_of(asset: Asset, scope: Scope, name: str = "thumb") -> str:
    """The address of one rendition of a picture whose renditions were fetched; empty when there is none."""
    made = next((r for r in asset.renditions.all() if r.name == name), None)
    return staff_address(scope=scope, rendition_id=made.pk) if made else ""


class PicturePicker(forms.RadioSelect):
    """Pictures to choose among, the newest first."""

    template_name = "content/picker.html"
    option_template_name = "content/picker_option.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        scope = current_scope()
        asset = getattr(value, "instance", None)
        option["thumb"] = thumb_of(asset, scope) if asset is not None and scope is not None else ""
        return option


class ItemForm(WindowForm):
    batch_id = forms.TypedChoiceField(
        label=_("coupon batch"),
        required=False,
        # The saved value is a UUID already; what is typed is text.
        coerce=lambda value: UUID(str(value)),
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Customers see the coupon once its batch is live."),
    )

    class Meta:
        model = Item
        fields = (
            "title", "summary", "body", "product_class", "asset", "campaign", "batch_id", "shown_from", "shown_until",
            "handed_down",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        assert scope is not None
        if "asset" in self.fields:
            pictures = self.fields["asset"]
            chosen = self.instance.asset_id
            ids = list(assets_within(scope=scope).values_list("pk", flat=True)[:_PICTURES_OFFERED])
            offered = assets_within(scope=scope).filter(pk__in=[*ids, chosen] if chosen else ids)
            pictures.queryset = offered.prefetch_related("renditions")  # type: ignore[attr-defined]
            pictures.widget = PicturePicker()
            pictures.widget.choices = pictures.choices  # type: ignore[attr-defined]
        batches = [(str(key), title) for key, title in batches_offered(scope=scope)]
        kept = self.instance.batch_id
        if kept and str(kept) not in dict(batches):
            batches.append((str(kept), str(_("(a batch that is no longer offered)"))))
        self.fields["batch_id"].choices = [("", "—"), *batches]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the services take."""
        cleaned = self.cleaned_data
        return {
            name: cleaned[name]
            for name in (
                "title",
                "summary",
                "body",
                "product_class",
                "batch_id",
                "shown_from",
                "shown_until",
                "handed_down",
            )
        } | {
            "asset_id": cleaned["asset"].pk if cleaned["asset"] else None,
            "campaign_id": cleaned["campaign"].pk if cleaned["campaign"] else None,
        }


class DraftForm(forms.Form):
    """What the preview shows of a form that is being typed; nothing of it is saved."""

    title = forms.CharField(required=False, max_length=200)
    summary = forms.CharField(required=False, max_length=500)
    body = forms.CharField(required=False, max_length=100_000)
    asset = forms.UUIDField(required=False)
    batch_id = forms.UUIDField(required=False)


@admin.register(Item)
class ItemAdmin(ApprovableAdmin):
    noun = "content.item"
    key = "item_id"
    submits = staticmethod(submit_item)
    takes_down = staticmethod(take_down_item)
    form = ItemForm
    change_form_template = "content/item_form.html"
    list_before_template = "content/items_head.html"
    list_display = ("picture", "title", "branch", "state", "shown", "author_name", "changed_at")
    list_display_links = ("picture", "title")
    list_select_related = ("branch", "asset")
    list_filter = ("kind", "product_class", "handed_down")
    search_fields = ("title", "summary")
    searches = "self"
    # What is missing from the text as a whole is added to the body.
    places = {
        "": "body",
        "alt": "asset",
        "picture": "asset",
        "coupon": "batch_id",
        "from": "shown_from",
        "until": "shown_until",
    }
    ordering = ("-changed_at",)
    fieldsets = (
        (None, {"fields": ("title", "summary", "asset", "body", "product_class")}),
        (_("Coupon and campaign"), {"fields": ("batch_id", "campaign")}),
        (_("When and where"), {"fields": ("shown_from", "shown_until", "handed_down")}),
    )

    class Media:
        css = {"all": ("content/content.css", "approvals/review.css", "approvals/stops.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("asset__renditions")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "body":
            field = db_field.formfield()
            field.widget = AdminProseEditorWidget(config={"extensions": _EXTENSIONS}, preset="configurable")
            return field
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("picture"))
    def picture(self, item: Item) -> str:
        scope = current_scope()
        if item.asset is None or scope is None:
            return format_html('<span class="{}"></span>', "ct-thumb")
        return format_html(
            '<img class="ct-thumb" src="{}" alt="{}" style="background:{}">',
            thumb_of(item.asset, scope),
            item.asset.alt,
            item.asset.colour,
        )

    @admin.display(description=_("state"))
    def state(self, item: Item) -> str:
        standing = item.standing  # type: ignore[attr-defined]
        tone = "live" if standing.is_live else "open" if standing.last and standing.last.is_open else "none"
        words = f"“{standing.words}”" if standing.words and standing.last.state == "sent_back" else ""
        return format_html(
            '<span class="ct-state ct-{}">{}</span> <span class="ct-words">{}</span>',
            tone,
            words_of(standing),
            words,
        )

    @admin.display(description=_("shown"), ordering="shown_from")
    def shown(self, item: Item) -> str:
        first, last = (
            date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment < FOREVER else ""
            for moment in (item.shown_from, item.shown_until)
        )
        return f"{first} – {last}"

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        scope = scope_of(request)
        if change:
            self.warn_of_void_review(request, obj.pk)
            change_item(scope=scope, item_id=obj.pk, seen_at=form.cleaned_data["seen_at"], **form.values())
        else:
            obj.pk = add_item(scope=scope, **form.values()).pk

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"shown_from": scope_of(request).at, **super().get_changeform_initial_data(request)}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("preview/", view(xframe_options_sameorigin(self.preview_view)), name="content_item_preview"),
            path(
                "<uuid:item_id>/preview/",
                view(xframe_options_sameorigin(self.saved_view)),
                name="content_item_saved_preview",
            ),
        ]
        return own + super().get_urls()

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What is being typed, as a phone would show it. Saves nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        form = DraftForm(request.POST)
        form.is_valid()
        typed = {name: form.cleaned_data.get(name) for name in form.fields}
        asset = assets_within(scope=scope).filter(pk=typed["asset"]).first() if typed["asset"] else None
        item = Item(
            title=typed["title"] or "",
            summary=typed["summary"] or "",
            asset=asset,
            batch_id=typed["batch_id"],
            shown_from=scope.at,
        )
        try:
            item.body = clean(typed["body"] or "")
        except Refusal as refusal:
            item.body = f"<p>{refusal}</p>"
        return self._phone(request, item)

    def saved_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """The saved draft as a phone would show it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._phone(request, item_in_scope(scope=scope_of(request), item_id=item_id))

    def _phone(self, request: HttpRequest, item: Item) -> HttpResponse:
        context = phone_context(scope=scope_of(request), payload=item_payload(scope=scope_of(request), item=item))
        return TemplateResponse(request, "content/phone/page.html", context)
