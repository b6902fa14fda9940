"""What is handed down: what a branch may localise, and how the local versions of one stand."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from campaigns.approvals.standing import standing_words
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope
from content.admin.local_many import ManyForm
from content.handing_selectors import (
    current_originals,
    local_versions,
    my_versions,
    open_objections,
    original_in_view,
    versions_of,
)
from content.item_publishing import phone_context
from content.localising import parts_of
from content.models import Item, Original
from content.services.localising import (
    accept_original,
    answer_objection,
    follow_part,
    localise_item,
    object_to_original,
)
from content.services.localising_many import ask_local_versions, ask_to_follow

_ON_PAGE = 100


class WordsForm(forms.Form):
    words = forms.CharField(max_length=500)


@admin.register(Original)
class OriginalAdmin(ScopedAdmin):
    noun = "content.original"
    list_display = ("title", "kind", "branch", "number", "opened", "mine", "at")
    list_select_related = ("branch",)
    list_before_template = "content/originals_head.html"
    change_form_template = "content/original.html"
    ordering = ("-at",)
    fields: tuple[str, ...] = ()

    class Media:
        css = {"all": ("content/content.css", "content/editor.css", "approvals/review.css")}

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith("_changelist"):
            return current_originals(scope=scope_of(request))
        return Original.objects.visible(scope_of(request)).select_related("branch")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view

        def own(route: str, act: Any, name: str) -> Any:
            return path(route, view(act), name=f"content_original_{name}")

        return [
            own("<uuid:original_id>/phone/", xframe_options_sameorigin(self.phone_view), "phone"),
            own("<uuid:original_id>/localise/", self.localise_view, "localise"),
            own("<uuid:original_id>/many/", self.many_view, "many"),
            own("<uuid:original_id>/bring/", self.bring_view, "bring"),
            own("<uuid:original_id>/answer/<uuid:objection_id>/", self.answer_view, "answer"),
            *super().get_urls(),
        ]

    # --- the list ---

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        scope = scope_of(request)
        mine = my_versions(scope=scope, items=[row.item_id for row in rows])
        for row in rows:
            row.my_version = mine.get(row.item_id)
            row.is_from_above = row.branch_id in scope.ancestors
        page.result_list = rows
        page.open_objections = list(open_objections(scope=scope)[:20])
        return page

    @admin.display(description=_("kind"))
    def kind(self, original: Original) -> str:
        return str(Item.Kind(original.payload["kind"]).label)

    @admin.display(description=_("open to branches"))
    def opened(self, original: Original) -> str:
        return "、".join(_names(original))

    @admin.display(description=_("our version"))
    def mine(self, original: Original) -> str:
        if not original.is_from_above:  # type: ignore[attr-defined]
            return gettext("our own original")
        version = original.my_version  # type: ignore[attr-defined]
        if version is None:
            return gettext("none made yet")
        return gettext("follows version %(number)s") % {"number": version.basis.number}

    # --- one of them ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        original, scope = kwargs.get("obj"), scope_of(request)
        if original is not None:
            context |= self._context(request, scope, original)
        return super().render_change_form(request, context, *args, **kwargs)

    def _context(self, request: HttpRequest, scope: Scope, original: Original) -> dict[str, Any]:
        is_from_above = original.branch_id in scope.ancestors
        rows = Paginator(local_versions(scope=scope, item_id=original.item_id), _ON_PAGE)
        page = rows.get_page(request.GET.get("p"))
        versions = versions_of(scope=scope, item_id=original.item_id, rows=list(page))
        current = versions[0].drift.current if versions else original
        mine = my_versions(scope=scope, items=[original.item_id]).get(original.item_id)
        return {
            "original": original,
            "opened": _names(original),
            "is_from_above": is_from_above,
            "is_current": current is not None and current.pk == original.pk,
            "mine": mine,
            "may_localise": is_from_above and mine is None and scope.may("content.item.add"),
            "may_hand_down": scope.may("content.item.hand_down"),
            "page_of_versions": page,
            "versions": [
                {
                    "item": each.item,
                    "drift": each.drift,
                    "is_live": each.live_basis is not None,
                    "live_is_behind": each.live_basis is not None
                    and each.drift.current is not None
                    and each.live_basis != each.drift.current.pk,
                    "words": gettext("draft")
                    if each.standing.last is None
                    else standing_words(
                        last=each.standing.last,
                        is_live=each.standing.is_live,
                        scheduled=each.standing.scheduled,
                    ),
                }
                for each in versions
            ],
        }

    def phone_view(self, request: HttpRequest, original_id: UUID) -> HttpResponse:
        """As customers see it who have no version of their branch's own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        original = original_in_view(scope=scope, original_id=original_id)
        context = phone_context(scope=scope, payload=original.payload, through=original.item_id)
        return TemplateResponse(request, "content/phone/page.html", context)

    def localise_view(self, request: HttpRequest, original_id: UUID) -> HttpResponse:
        """Makes the branch's version, and goes to its editor."""

        def make(scope: Scope, item_id: UUID) -> str:
            item = localise_item(scope=scope, item_id=item_id)
            messages.success(
                request, gettext("This is your version: what you leave as it is follows the original.")
            )
            return reverse("admin:content_item_change", args=[item.pk])

        return self._and_go(request, original_id, make)

    def answer_view(self, request: HttpRequest, original_id: UUID, objection_id: UUID) -> HttpResponse:
        form = WordsForm(request.POST)
        words = form.cleaned_data["words"] if form.is_valid() else ""
        return self._act(
            request,
            original_id,
            lambda: answer_objection(
                scope=scope_of(request),
                objection_id=objection_id,
                agrees=request.POST.get("answer") == "agree",
                words=words,
            ),
            gettext("Answered: the branch reads it on its version's page."),
        )

    def bring_view(self, request: HttpRequest, original_id: UUID) -> HttpResponse:
        """All that are behind follow, as a long job."""
        return self._and_go(
            request,
            original_id,
            lambda scope, item_id: reverse(
                "admin:jobs_job_change", args=[ask_to_follow(scope=scope, item_id=item_id).pk]
            ),
        )

    def _and_go(
        self, request: HttpRequest, original_id: UUID, act: Callable[[Scope, UUID], str]
    ) -> HttpResponse:
        """One service call for the original's item, and to the page that it answers; back here when it is refused."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        scope = scope_of(request)
        original = original_in_view(scope=scope, original_id=original_id)
        try:
            with transaction.atomic():
                return HttpResponseRedirect(act(scope, original.item_id))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:content_original_change", args=[original_id]))

    def many_view(self, request: HttpRequest, original_id: UUID) -> HttpResponse:
        """Local versions for many branches: what is filled in, a look at the first of them, then a long job."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        scope.demand("content.item.hand_down")
        original = original_in_view(scope=scope, original_id=original_id)
        form = ManyForm(request.POST or None, scope=scope, original=original)
        rows = form.rows() if form.is_valid() else None
        if rows is not None and request.POST.get("go"):
            try:
                with transaction.atomic():
                    job = ask_local_versions(scope=scope, item_id=original.item_id, **form.asked())
                return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
            except Refusal as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Local versions for many branches"),
            "opts": self.opts,
            "media": self.media + form.media,
            "original": original,
            "form": form,
            "rows": rows[:5] if rows else rows,
            "many": len(rows) if rows is not None else 0,
            "back": reverse("admin:content_original_change", args=[original_id]),
        }
        return TemplateResponse(request, "content/local_many.html", context)


class LocalActs:
    """What is done with a local version, mixed into the items' admin."""

    admin_site: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:item_id>/accept/", view(self.accept_view), name="content_item_accept"),
            path("<uuid:item_id>/object/", view(self.object_view), name="content_item_object"),
            path("<uuid:item_id>/follow/", view(self.follow_view), name="content_item_follow"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def accept_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        return self._act(  # type: ignore[attr-defined, no-any-return]
            request,
            item_id,
            lambda: accept_original(scope=scope_of(request), item_id=item_id),
            gettext("The draft follows the changed original now; submit it when it is ready."),
        )

    def object_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        form = WordsForm(request.POST)
        words = form.cleaned_data["words"] if form.is_valid() else ""
        return self._act(  # type: ignore[attr-defined, no-any-return]
            request,
            item_id,
            lambda: object_to_original(scope=scope_of(request), item_id=item_id, words=words),
            gettext("Said: whoever handed the original down answers here."),
        )

    def follow_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        return self._act(  # type: ignore[attr-defined, no-any-return]
            request,
            item_id,
            lambda: follow_part(
                scope=scope_of(request), item_id=item_id, part=request.POST.get("part", "")[:80]
            ),
            gettext("It is as in the original again."),
        )


def _names(original: Original) -> list[str]:
    names = dict(parts_of(original.payload["kind"], original.payload.get("blocks", ())))
    return [names.get(part, part) for part in original.open_parts]
