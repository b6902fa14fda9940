"""What the editor's page asks while somebody works on it: save, hold, a new block, what is missing, the phone."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import choices_within, scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.admin.block_forms import BlockForm, posted_blocks
from content.blocks.refusals import BlockIsWrong
from content.blocks.registry import block_kind
from content.blocks.writing import read_blocks
from content.editing_rules import held_by_another
from content.findings import look_over
from content.item_kinds import RULES, ItemKind
from content.item_publishing import item_payload, phone_context
from content.item_refusals import IsBeingEdited
from content.localising import parts_of
from content.models import Item
from content.rich_text import clean, is_link
from content.rules import EditedMeanwhile
from content.selectors import item_in_scope
from content.services.editing import hold_item, let_go_item, save_as_typed, take_over_item
from content.services.items import would_change
from content.views_from import seen_from


class ItemEditor:
    """The editor's part of the items' admin, mixed into it."""

    admin_site: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view

        def own(route: str, act: Any, name: str) -> Any:
            return path(route, view(act), name=f"content_item_{name}")

        return [
            own("preview/", xframe_options_sameorigin(self.preview_view), "preview"),
            own("block/", self.block_view, "block"),
            own("<uuid:item_id>/preview/", xframe_options_sameorigin(self.saved_view), "saved_preview"),
            own("<uuid:item_id>/save/", self.save_view, "save"),
            own("<uuid:item_id>/hold/", self.hold_view, "hold"),
            own("<uuid:item_id>/findings/", self.findings_view, "findings"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    # --- saving as one types, and holding the draft ---

    def save_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Saves what is right of the form, and says what is not. 409 when somebody else holds or saved it."""
        scope, item = self._to_change(request, item_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self.get_form(request, item, change=True)(request.POST, instance=item)  # type: ignore[attr-defined]
        form.is_valid()
        try:
            seen_at = form.cleaned_data.get("seen_at")
            with transaction.atomic():
                saved, wrongs = save_as_typed(
                    scope=scope, item_id=item_id, seen_at=seen_at, changes=form.values()
                )
        except (EditedMeanwhile, IsBeingEdited) as refusal:
            return self._conflict(scope, item_id, refusal)
        except Refusal as refusal:
            return JsonResponse({"said": str(refusal)}, status=422)
        wrong = [
            {"place": name, "said": str(said)} for name, errors in form.errors.items() for said in errors[:1]
        ]
        wrong += [{"place": _field_of(each), "said": str(each)} for each in wrongs]
        return JsonResponse(
            {
                "saved_at": f"{localtime(saved.changed_at):%H:%M}",
                "seen_at": saved.changed_at.isoformat(),
                "wrong": wrong,
                "parts": []
                if saved.basis_id
                else [
                    {"part": part, "name": name, "is_open": part in saved.open_parts}
                    for part, name in parts_of(saved.kind, saved.blocks)
                ],
            }
        )

    def _conflict(self, scope: Scope, item_id: UUID, refusal: Refusal) -> HttpResponse:
        now = item_in_scope(scope=scope, item_id=item_id)
        return JsonResponse(
            {
                "code": refusal.code,
                "said": str(refusal),
                # Whoever saves over it all the same says that he has seen this one.
                "seen_at": now.changed_at.isoformat(),
                "who": refusal.values["who"],
            },
            status=409,
        )

    def hold_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Hold it (`act` empty), leave it, or take it over with a word."""
        scope, _item = self._to_change(request, item_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        act = request.POST.get("act", "")
        try:
            with transaction.atomic():
                if act == "leave":
                    let_go_item(scope=scope, item_id=item_id)
                elif act == "take_over":
                    take_over_item(scope=scope, item_id=item_id, words=request.POST.get("words", ""))
                else:
                    hold_item(scope=scope, item_id=item_id)
        except IsBeingEdited as refusal:
            return self._conflict(scope, item_id, refusal)
        except Refusal as refusal:
            return JsonResponse({"said": str(refusal)}, status=422)
        return JsonResponse({"held": act != "leave"})

    def _to_change(self, request: HttpRequest, item_id: UUID) -> tuple[Scope, Item]:
        """Raises PermissionDenied, NotFound."""
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        scope = scope_of(request)
        return scope, item_in_scope(scope=scope, item_id=item_id)

    # --- a new block, and what is missing ---

    def block_view(self, request: HttpRequest) -> HttpResponse:
        """The form of an empty block of the kind asked for."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        kind, key = block_kind(request.GET.get("kind")), request.GET.get("key", "")
        if kind is None or not key.isalnum() or not 4 <= len(key) <= 16:
            raise NotFound
        form = BlockForm(kind, key.lower(), scope_of(request), {})
        return TemplateResponse(request, "content/block_panel.html", {"form": form})

    def findings_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """What stops the saved draft, and what a reviewer will be told of it; each with its place."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        scope = scope_of(request)
        found = look_over(scope=scope, item=item_in_scope(scope=scope, item_id=item_id))
        for each in found:
            each.field = self.place_of(each.place)  # type: ignore[attr-defined]
        return TemplateResponse(
            request,
            "content/missing.html",
            {"found": found, "stops": any(each.stops for each in found)},
        )

    # --- the phone ---

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What is being typed, as a phone would show it. Saves nothing."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return self._phone(request, self._typed(request))

    def saved_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """The saved draft as a phone would show it."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return self._phone(request, item_in_scope(scope=scope_of(request), item_id=item_id))

    def _typed(self, request: HttpRequest) -> Item:
        """A draft that is nowhere: what can be read of the form."""
        scope = scope_of(request)
        if request.POST.get("local"):
            return self._typed_locally(request, scope)
        kind = request.POST.get("kind", "")
        item = Item(kind=kind if kind in RULES else ItemKind.POSTER, shown_from=scope.at)
        item.branch_id, item.branch_pos = scope.branch_id, scope.branch_pos
        form = self.get_form(request, item, change=True)(request.POST, instance=item)  # type: ignore[attr-defined]
        form.is_valid()
        typed = form.cleaned_data
        for name in ("title", "summary", "product_class", "product_code", "risk_level", "disclosure"):
            setattr(item, name, typed.get(name) or request.POST.get(name, "")[:2000])
        link = request.POST.get("link", "")
        item.link = link if is_link(link) else ""
        item.asset, item.batch_id = typed.get("asset"), typed.get("batch_id")
        for name in ("shown_from", "shown_until", "handed_down"):
            if name in typed:
                setattr(item, name, typed[name])
        try:
            item.body = clean(request.POST.get("body", ""))
        except Refusal as refusal:
            item.body = f"<p>{refusal}</p>"
        try:
            item.blocks = read_blocks(scope=scope, raw=posted_blocks(request.POST) or [], wrongs=[])
        except Refusal:
            item.blocks = []
        return item

    def _typed_locally(self, request: HttpRequest, scope: Scope) -> Item:
        """Likewise of a local version: the saved one, with what is typed. Raises NotFound."""
        try:
            item = item_in_scope(scope=scope, item_id=UUID(request.POST["local"]))
        except ValueError:
            raise NotFound from None
        form = self.get_form(request, item, change=True)(request.POST, instance=item)  # type: ignore[attr-defined]
        form.is_valid()
        kept = item_in_scope(scope=scope, item_id=item.pk)
        with suppress(Refusal):
            would_change(scope=scope, item=kept, changes=form.values(), wrongs=[])
        return kept

    def _phone(self, request: HttpRequest, item: Item) -> HttpResponse:
        scope = scope_of(request)
        asked = request.POST or request.GET
        context = phone_context(scope=scope, payload=item_payload(scope=scope, item=item))
        branch = _branch(scope, asked.get("for_branch", ""))
        at = _moment(asked.get("at", ""))
        context["hidden_because"] = seen_from(scope=scope, item=item, branch=branch, at=at or scope.at)
        return TemplateResponse(request, "content/phone/page.html", context)

    def editor_context(self, request: HttpRequest, item: Item | None) -> dict[str, Any]:
        """What the page says of who holds the draft, and whose phone it may show."""
        scope = scope_of(request)
        return {
            "held_by": held_by_another(scope=scope, item_id=item.pk) if item else None,
            "branches": choices_within(Branch, scope).order_by("pos")[:200],
            "no_branches": gettext("this branch"),
        }


def _field_of(wrong: BlockIsWrong) -> str:
    return f"block-{wrong.values['block']}-{wrong.values['part']}"


def _branch(scope: Scope, code: str) -> Branch | None:
    """The branch whose customers look; None for the scope's own, and for one that is not of the scope."""
    found: Branch | None = choices_within(Branch, scope).filter(code=code).first() if code else None
    return found


def _moment(text: str) -> datetime | None:
    """As typed in the time of the reader's page."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None:
        return None
    return found if found.tzinfo else found.replace(tzinfo=localtime().tzinfo)
