"""Tags and attributes on the customers' pages: words in the list, giving and taking for one and for many."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.customers.models import Attribute, Customer, Tag
from campaigns.customers.services.tags import GIVE, TAKE, tag_customers, untag_customers
from campaigns.customers.tag_panels import origin_of
from campaigns.customers.tag_selectors import tags_of, tags_to_give, values_in_words
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

# How many attributes a row of the list shows: the first of the definitions' order.
SHOWN_IN_LIST = 4
AT_MOST = 5_000  # customers of one long job


class TagForm(forms.Form):
    """Which tag."""

    tag = forms.ModelChoiceField(Tag.objects.none(), label=_("tag"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, scope: Scope, only: Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tag"]
        assert isinstance(field, forms.ModelChoiceField)
        rows = tags_to_give(scope=scope)
        field.queryset = rows if only is None else rows.filter(pk__in=only)


class CustomerTags:
    """Mixed into the customers' admin: the words of attributes, one query a page, and two actions for many."""

    admin_site: Any
    opts: Any
    media: Any
    actions: Any = ("give_tag", "take_tag")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)  # type: ignore[misc]
        attributes = list(Attribute.objects.filter(is_active=True))
        listed.result_list = list(listed.result_list)
        for customer in listed.result_list:
            words = values_in_words(customer.attributes, attributes=attributes)
            customer.summary_words = " · ".join(value for _name, value in words[:SHOWN_IN_LIST])
        return listed

    @display(description=_("attributes"))
    def summary(self, customer: Any) -> str:
        return getattr(customer, "summary_words", "") or "–"

    @display(description=_("attributes"))
    def attribute_table(self, customer: Customer) -> SafeString:
        rows = values_in_words(customer.attributes)
        if not rows:
            return format_html("{}", "–")
        cells = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", rows)
        return format_html('<table class="cu-table">{}</table>', cells)

    def has_tag_give_permission(self, request: HttpRequest) -> bool:
        return scope_of(request).may(GIVE)

    def has_tag_take_permission(self, request: HttpRequest) -> bool:
        return scope_of(request).may(TAKE)

    @admin.action(description=_("Give a tag"), permissions=["tag_give"])
    def give_tag(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._many(request, queryset, GIVE, str(_("Give a tag")))

    @admin.action(description=_("Take a tag away"), permissions=["tag_take"])
    def take_tag(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._many(request, queryset, TAKE, str(_("Take a tag away")))

    def _many(
        self, request: HttpRequest, queryset: QuerySet[Any], kind: str, title: str
    ) -> HttpResponse | None:
        """Which tag, then a long job over the chosen."""
        scope = scope_of(request)
        form = TagForm(request.POST if "tag" in request.POST else None, scope=scope)
        chosen = list(queryset.order_by("pk")[: AT_MOST + 1])
        if form.is_valid():
            items = [Asked(ref("customers.customer", each.pk), str(each)) for each in chosen]
            tag: Tag = form.cleaned_data["tag"]
            try:
                with transaction.atomic():
                    job = ask_many(
                        scope=scope, kind=kind, items=items, args={"tag": tag.pk}, title=f"{title}：{tag}"
                    )
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return None
            return redirect("admin:jobs_job_change", job.pk)
        is_everything = request.POST.get("select_across") == "1"
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "count": len(chosen),
            "chosen": [each.pk for each in chosen] if not is_everything else [chosen[0].pk] if chosen else [],
            "action": request.POST.get("action", ""),
            "select_across": "1" if is_everything else "0",
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:customers_customer_changelist"),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "customers/tag_many.html", context)


class TagsOfCustomer:
    """One customer's tags, mixed into the tags' admin: its address is known to the panel of the customer's page."""

    admin_site: Any
    opts: Any
    media: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.of_customer_view)
        address = path("of/<uuid:customer_id>/", view, name="customers_tag_of_customer")
        return [address, *super().get_urls()]  # type: ignore[misc]

    def of_customer_view(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        scope = scope_of(request)
        if not (scope.may(GIVE) or scope.may(TAKE)):
            raise PermissionDenied
        customer = Customer.objects.within(scope).filter(pk=customer_id).select_related("branch").first()
        if customer is None:
            raise Http404
        form = TagForm(request.POST or None, scope=scope)
        if request.method == "POST" and form.is_valid():
            tag = form.cleaned_data["tag"]
            try:
                with transaction.atomic():
                    if request.POST.get("do") == "take":
                        untag_customers(scope=scope, tag_id=tag.pk, customer_ids=[customer_id])
                    else:
                        tag_customers(scope=scope, tag_id=tag.pk, customer_ids=[customer_id])
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect(request.path)
        spells = tags_of(scope=scope, customer_id=customer_id, with_history=True)
        mine = set(tags_to_give(scope=scope).values_list("pk", flat=True))
        rows = [
            {
                "spell": spell,
                "by": origin_of(spell.source, spell.by),
                "ended_by": origin_of(spell.ended_by, "") if spell.until else "",
                "may_take": spell.until is None and spell.tag.pk in mine and scope.may(TAKE),
            }
            for spell in spells
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Tags of the customer"),
            "opts": self.opts,
            "customer": customer,
            "open": [row for row in rows if row["spell"].until is None],  # type: ignore[attr-defined]
            "past": [row for row in rows if row["spell"].until is not None],  # type: ignore[attr-defined]
            "form": form if scope.may(GIVE) else None,
            "back": reverse("admin:customers_customer_change", args=[customer_id]),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "customers/tags_of_customer.html", context)
