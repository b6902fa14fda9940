"""Customers in the admin: to be looked at. What changes them are verbs of other pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.admin.customer_tags import CustomerTags
from campaigns.customers.models import Customer
from campaigns.customers.selectors import customers_known_by, masked_identities
from campaigns.tenants.desk import ScopedAdmin, scope_of


def _table(rows: list[tuple[str, str]]) -> SafeString:
    if not rows:
        return format_html("–")
    cells = format_html_join(
        "", '<tr><td style="padding:2px 24px 2px 0">{}</td><td style="padding:2px 0">{}</td></tr>', rows
    )
    return format_html("<table>{}</table>", cells)


@admin.register(Customer)
class CustomerAdmin(CustomerTags, ScopedAdmin):
    """The customers of the reader's branches. Everything that names a person is masked."""

    noun = "customers.customer"
    list_display = ("number", "branch", "summary", "status", "joined_at")
    list_filter = ("status", "source")
    list_select_related = ("branch",)
    search_fields = ("number_tail",)
    search_help_text = _("The whole customer number, or its last four digits")
    ordering = ("-id",)
    fields = (
        "number",
        "branch",
        "status",
        "is_personalised",
        "source",
        "joined_at",
        "known_by",
        "attribute_table",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = customers_known_by(scope=scope_of(request), words=search_term)
        return queryset.filter(pk__in=found.values("pk")), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        customer = super().get_object(request, object_id, from_field)
        if customer is not None:
            # Columns have no request; unsealing needs the reader's scope.
            customer.shown_identities = masked_identities(scope=scope_of(request), customer_id=customer.pk)
        return customer

    @display(description=_("customer number"), ordering="number_tail")
    def number(self, customer: Customer) -> str:
        return str(customer)

    @display(description=_("known by"))
    def known_by(self, customer: Any) -> SafeString:
        return _table([(row.get_kind_display(), text) for row, text in customer.shown_identities])
