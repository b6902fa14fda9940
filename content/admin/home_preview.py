"""The page on which the home page is looked at as a customer would get it; mixed into the placements' admin."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import choices_within, scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.services.previews import preview_home, preview_home_as

_MOST_BRANCHES = 200


class PreviewForm(forms.Form):
    branch = forms.TypedChoiceField(label=_("Customers of"), coerce=int, required=False)
    at = forms.DateTimeField(
        label=_("at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
        help_text=_("Empty: now."),
    )
    number = forms.CharField(
        label=_("customer number"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "The whole number. That you looked is noted in the audit; the branch is the customer's own."
        ),
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = choices_within(Branch, scope).order_by("pos").values_list("pk", "name")[:_MOST_BRANCHES]
        self.fields["branch"].choices = list(branches)  # type: ignore[attr-defined]
        if not scope.may("customers.customer.view"):
            del self.fields["number"]


class HomePreviewPage:
    """What `PlacementAdmin` answers of it."""

    admin_site: Any

    def get_urls(self) -> list[Any]:
        own = path("home/", self.admin_site.admin_view(self.home_view), name="content_placement_home")
        return [own, *super().get_urls()]  # type: ignore[misc]

    def home_view(self, request: HttpRequest) -> HttpResponse:
        """The form beside the phone. A customer's number comes by POST: addresses are written into logs."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        scope = scope_of(request)
        form = PreviewForm(scope, request.POST or None, initial={"branch": scope.branch_id})
        preview = customer = None
        if request.method != "POST" or form.is_valid():
            given = form.cleaned_data if form.is_bound else {}
            at: datetime = given.get("at") or scope.at
            try:
                with transaction.atomic():
                    if given.get("number"):
                        preview, customer = preview_home_as(scope=scope, number=given["number"], at=at)
                    else:
                        branch_id = given.get("branch") or scope.branch_id
                        preview = preview_home(scope=scope, branch_id=branch_id, at=at)
            except Refusal as refusal:
                form.is_bound = True
                form.add_error("number" if given.get("number") else None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Home page as a customer gets it"),
            "form": form,
            "preview": preview,
            "customer": customer,
        }
        return TemplateResponse(request, "content/home_preview.html", context)
