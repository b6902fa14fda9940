"""What is done with whole items: a copy, a recall, and acts on many, item by item."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import each, scope_of
from content.services.copying import copy_item, end_item
from content.services.items import take_down_item
from content.services.recalls import recall_item


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500)


class ItemActs:
    """Mixed into the items' admin."""

    admin_site: Any
    opts: Any
    media: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:item_id>/copy/", view(self.copy_view), name="content_item_copy"),
            path("<uuid:item_id>/recall/", view(self.recall_view), name="content_item_recall"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def copy_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """A new draft like this one, and its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                copy = copy_item(scope=scope_of(request), item_id=item_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:content_item_change", args=[item_id]))
        messages.success(request, gettext("This is the copy: a draft of its own."))
        return HttpResponseRedirect(reverse("admin:content_item_change", args=[copy.pk]))

    def recall_view(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Out of everything at once; then the page of who has seen it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ReasonForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        try:
            with transaction.atomic():
                recall = recall_item(scope=scope_of(request), item_id=item_id, reason=reason)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:content_item_change", args=[item_id]))
        messages.success(request, gettext("Recalled: no customer meets it any more."))
        return HttpResponseRedirect(reverse("admin:content_recall_change", args=[recall.pk]))

    def has_take_down_permission(self, request: HttpRequest) -> bool:
        return scope_of(request).may("content.item.take_down")

    # --- on many, each by itself: one refusal stops no other ---

    @action(description=_("Take down"), permissions=["take_down"])
    def take_down_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        scope = scope_of(request)
        return self._with_reason(
            request,
            queryset,
            "take_down_chosen",
            _("Take down what is chosen"),
            lambda reason: lambda item: take_down_item(scope=scope, item_id=item.pk, reason=reason),
            ngettext_lazy("%(count)s item was taken down.", "%(count)s items were taken down.", "count"),
        )

    @action(description=_("End now"), permissions=["change"])
    def end_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        scope = scope_of(request)
        return self._with_reason(
            request,
            queryset,
            "end_chosen",
            _("End what is chosen"),
            lambda reason: lambda item: end_item(scope=scope, item_id=item.pk, reason=reason),
            ngettext_lazy(
                "The time of %(count)s item is over.", "The time of %(count)s items is over.", "count"
            ),
        )

    def _with_reason(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        name: str,
        title: Any,
        act: Callable[[str], Callable[[Any], Any]],
        done: Any,
    ) -> HttpResponse | None:
        """Ask why first, then act on each."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            each(request, queryset, act(form.cleaned_data["reason"]), done)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "action": name,
            "chosen": list(queryset[:200]),
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "content/bulk_reason.html", context)
