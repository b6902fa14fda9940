"""Content items: the editor with its outline and the phone beside it, and the list with how each one stands."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import current_scope
from content.admin.approvable import ApprovableAdmin, words_of
from content.admin.block_forms import block_forms, posted_blocks, prose_widget
from content.admin.chooser import AssetWidget, thumb_of
from content.admin.item_acts import ItemActs
from content.admin.item_editor import ItemEditor
from content.admin.item_form import ItemForm, panels_of
from content.admin.local_forms import local_block_forms, local_context, local_panels
from content.admin.originals import LocalActs
from content.blocks.registry import block_kinds
from content.item_kinds import RULES, ItemKind
from content.models import Item
from content.services.items import add_item, change_item, submit_item, take_down_item

_STYLES = Media(
    css={"all": ("content/content.css", "content/editor.css", "approvals/review.css", "approvals/stops.css")}
)


@admin.register(Item)
class ItemAdmin(ItemActs, LocalActs, ItemEditor, ApprovableAdmin):
    noun = "content.item"
    key = "item_id"
    submits = staticmethod(submit_item)
    takes_down = staticmethod(take_down_item)
    form = ItemForm
    change_form_template = "content/item_form.html"
    change_form_outer_before_template = "content/item_standing.html"
    list_before_template = "content/items_head.html"
    list_display = ("picture", "title", "kind", "branch", "state", "shown", "author_name", "changed_at")
    list_display_links = ("picture", "title")
    list_select_related = ("branch", "asset")
    list_filter = ("kind", "category", "product_class", "handed_down")
    search_fields = ("title", "summary")
    searches = "self"
    actions = ("submit_chosen", "take_down_chosen", "end_chosen")  # type: ignore[assignment]
    # What is missing from the text as a whole is added to the body.
    places = {
        "": "body",
        "alt": "asset",
        "picture": "asset",
        "coupon": "batch_id",
        "from": "shown_from",
        "until": "shown_until",
        "blocks": "blocks_order",
        "open": "open_parts",
        "handed": "drift",
        "own": "title",
    }
    ordering = ("-changed_at",)

    @property
    def media(self) -> Media:
        return super().media + _STYLES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("asset__renditions")

    def place_of(self, line: str) -> str:
        """The field of the form in which what is said of a line of the description is mended."""
        if line.startswith("blocks."):
            _blocks, key, part = line.split(".")[:3]
            return f"block-{key}-{part}"
        return self.places.get(line, line)

    def get_fieldsets(self, request: HttpRequest, obj: Item | None = None) -> Any:
        return [
            (name, {"fields": fields, "classes": [f"panel-{code}"]})
            for code, name, _icon, fields in self._panels(request, obj)
        ]

    def _panels(self, request: HttpRequest, obj: Item | None) -> list[tuple[str, Any, str, tuple[str, ...]]]:
        """A local version has fields for what is open alone."""
        if obj is not None and obj.basis_id is not None:
            return local_panels(obj)
        return panels_of(self._kind_of(request, obj))

    def _kind_of(self, request: HttpRequest, obj: Item | None) -> str:
        """A draft's own; of one that is not yet there, what the page was opened for."""
        if obj is not None:
            return str(obj.kind)
        asked = request.POST.get("kind") or request.GET.get("kind", "")
        return asked if asked in RULES else ItemKind.POSTER

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "body":
            field = db_field.formfield()
            field.widget = prose_widget()
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
            obj.pk = add_item(scope=scope, kind=self._kind_of(request, None), **form.values()).pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """To the editor: a new draft is worked on, whichever button made it."""
        return HttpResponseRedirect(reverse("admin:content_item_change", args=[obj.pk]))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"shown_from": scope_of(request).at, **super().get_changeform_initial_data(request)}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        item, scope = kwargs.get("obj"), scope_of(request)
        kind = self._kind_of(request, item)
        typed = posted_blocks(request.POST) if request.method == "POST" else None
        local = item if item is not None and item.basis_id is not None else None
        has_blocks = RULES[kind].shows("blocks")
        context |= {
            "kind": kind,
            "kind_name": ItemKind(kind).label,
            "kinds": [(code, ItemKind(code).label, rules.says) for code, rules in RULES.items()],
            "has_blocks": has_blocks,
            "block_kinds": block_kinds().values() if has_blocks and local is None else (),
            "block_forms": local_block_forms(scope=scope, item=local)
            if local is not None
            else block_forms(scope, typed if typed is not None else item.blocks if item else []),
            "may_recall": item is not None and scope.may("content.item.recall"),
            "may_copy": item is not None and local is None and scope.may("content.item.add"),
            # A block that is added later may hold rich text or a picture, whatever the page began with.
            "media": context["media"] + prose_widget().media + AssetWidget(scope=scope, kind="picture").media,
            **self.editor_context(request, item),
            **(local_context(scope=scope, item=local) if local is not None else {}),
        }
        return super().render_change_form(request, context, *args, **kwargs)
