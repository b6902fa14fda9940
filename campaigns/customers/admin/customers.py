"""Customers in the admin: who they are, what happened, and what is done to one, each on a small page of its own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.admin.customer_identities import CustomerIdentities
from campaigns.customers.admin.customer_tags import CustomerTags
from campaigns.customers.admin.searching import SealedSearch
from campaigns.customers.care_selectors import in_care_of, managers_of
from campaigns.customers.merge_selectors import current_id, undoable_of
from campaigns.customers.models import Customer
from campaigns.customers.panels import moments_of, panels
from campaigns.customers.selectors import customers_known_by
from campaigns.customers.services.identities import LEAST_REASON, unmask_customer
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import scope_of

MOMENTS = 20  # of the time line on one page


class MineFilter(admin.SimpleListFilter):
    """Whom the reader looks after."""

    title = _("in whose care")
    parameter_name = "care"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("in my care"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        scope = scope_of(request)
        if self.value() != "mine" or scope.person_id is None:
            return queryset
        return queryset.filter(pk__in=in_care_of(scope=scope, person_id=scope.person_id).values("pk"))


@admin.register(Customer)
class CustomerAdmin(CustomerTags, CustomerIdentities, SealedSearch):
    """The customers of the reader's branches. Everything that names a person is masked."""

    noun = "customers.customer"
    list_display = ("number", "branch", "cared_by", "summary", "status", "joined_at")
    list_filter = (MineFilter, "status", "source")
    list_select_related = ("branch",)
    search_fields = ("number_tail",)
    search_help_text = _(
        "The whole customer number or phone number, or the last four digits of the customer number"
    )
    opens_the_one = True
    ordering = ("-id",)
    change_form_outer_before_template = "customers/card.html"
    change_form_outer_after_template = "customers/moments.html"
    fields = readonly_fields = ("attribute_table",)

    class Media:
        css = {"all": ("customers/customer.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def found_by(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return rows.filter(pk__in=customers_known_by(scope=scope_of(request), words=words).values("pk"))

    def get_urls(self) -> list[Any]:
        unmask = path(
            "<uuid:customer_id>/unmask/",
            self.admin_site.admin_view(self.unmask_view),
            name="customers_customer_unmask",
        )
        return [unmask, *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Who looks after the customers of a page is one query."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        names = managers_of(scope=scope_of(request), customer_ids=[row.pk for row in rows])
        for row in rows:
            row.manager_name = names.get(row.pk, "")
        listed.result_list = rows
        return listed

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        customer = kwargs.get("obj")
        if customer is not None:
            context |= self._card(request, customer)
        return super().render_change_form(request, context, *args, **kwargs)

    def _card(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        scope = scope_of(request)
        before = parse_moment(request.GET.get("before", "")) or scope.at + timedelta(seconds=1)
        moments = moments_of(scope=scope, customer_id=customer.pk, before=before, many=MOMENTS + 1)
        stands = customer.status in (Customer.Status.ACTIVE, Customer.Status.BLOCKED)
        return {
            "customer": customer,
            "boxes": [
                {"title": each.title, "lines": each.rows(scope, customer.pk), "code": each.code}
                for each in panels()
                if scope.may(each.needs)
            ],
            "moments": moments[:MOMENTS],
            "is_first_page": "before" not in request.GET,
            "older": moments[MOMENTS - 1].at.isoformat() if len(moments) > MOMENTS else "",
            "became": _page(current_id(customer.pk)) if customer.status == Customer.Status.MERGED else "",
            "undoable": undoable_of(scope=scope, customer_id=customer.pk)
            if scope.may("customers.customer.unmerge")
            else None,
            "may_unmask": stands and scope.may("customers.customer.unmask"),
            "least_reason": LEAST_REASON,
        }

    def unmask_view(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """What was sealed, once, to who says why; the page is kept nowhere."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope, reason = scope_of(request), request.POST.get("reason", "")
        try:
            with transaction.atomic():
                shown = unmask_customer(scope=scope, customer_id=customer_id, reason=reason)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(_page(customer_id))
        context = {
            **self.admin_site.each_context(request),
            "title": _("In the clear"),
            "opts": self.opts,
            "rows": [(row.get_kind_display(), text, row.get_state_display()) for row, text in shown],
            "reason": reason,
            "back": _page(customer_id),
            "media": self.media,
        }
        # Every page of the admin is "no-store": going back shows nothing.
        return TemplateResponse(request, "customers/unmasked.html", context)

    @display(description=_("customer number"), ordering="number_tail")
    def number(self, customer: Customer) -> str:
        return str(customer)

    @display(description=_("relationship manager"))
    def cared_by(self, customer: Any) -> str:
        return getattr(customer, "manager_name", "") or "–"


def parse_moment(text: str) -> datetime | None:
    """A moment out of an address; None for what is none."""
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _page(customer_id: UUID) -> str:
    return reverse("admin:customers_customer_change", args=[customer_id])
