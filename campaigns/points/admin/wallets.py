"""The points ledger by customer: the list, and a page from the balance to its entries."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from campaigns.customers.admin.searching import SealedSearch
from campaigns.customers.selectors import customers_known_by
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.admin.wallet_acts import told_more, wallet_urls
from campaigns.points.models import Wallet
from campaigns.points.refusals.desk import AmountNotClear
from campaigns.points.selectors.balances import balance_of, holds_of, lots_of
from campaigns.points.selectors.desk import (
    last_moment,
    may_adjust_alone,
    movements_seen,
    told_entries,
    wallet_to_open,
    wallets_within,
)
from campaigns.points.services.desk import ask_adjustment
from campaigns.points.verbs import LEAST_REASON
from campaigns.tenants.desk import page_of, scope_of

_PER_PAGE = 50


class AmountForm(forms.Form):
    points = forms.IntegerField()
    reason = forms.CharField(required=False, max_length=200)


@admin.register(Wallet)
class WalletAdmin(ReadPage, SealedSearch):
    """The wallets of the reader's customers. Customers are masked, and found as in their own list."""

    noun = "points.wallet"
    list_display = ("customer", "branch", "usable_now", "pending_now", "held_now", "owed_now")
    list_display_links = ("customer",)
    search_fields = ("customer__number_tail",)
    search_help_text = _(
        "The whole customer number or phone number, or the last four digits of the customer number"
    )
    opens_the_one = True
    ordering = ("-customer_id",)
    list_before_template = "points/wallets_head.html"
    change_form_outer_before_template = "points/wallet_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Wallet]:
        return wallets_within(scope=scope_of(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A customer who never had points has a page as well, if the reader may give the first."""
        found = super().get_object(request, object_id, from_field)
        if found is None and scope_of(request).may("points.adjustment.add"):
            return wallet_to_open(scope=scope_of(request), customer_id=object_id)
        return found

    def found_by(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return rows.filter(pk__in=customers_known_by(scope=scope_of(request), words=words).values("pk"))

    @method_decorator(sensitive_post_parameters(SEARCH_VAR))
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """A customer without a wallet is found by whoever may give the first points."""
        answer = super().search_view(request)
        words, scope = request.POST.get(SEARCH_VAR, "").strip(), scope_of(request)
        if words and scope.may("points.adjustment.add"):
            who = list(customers_known_by(scope=scope, words=words).values_list("pk", flat=True)[:2])
            if len(who) == 1:
                return HttpResponseRedirect(reverse("admin:points_wallet_change", args=who))
        return answer

    @admin.display(description=_("usable"), ordering="usable")
    def usable_now(self, wallet: Wallet) -> str:
        return f"{wallet.usable - wallet.owed:,}"

    @admin.display(description=_("not yet in force"), ordering="pending")
    def pending_now(self, wallet: Wallet) -> str:
        return f"{wallet.pending:,}"

    @admin.display(description=_("held"), ordering="held")
    def held_now(self, wallet: Wallet) -> str:
        return f"{wallet.held:,}"

    @admin.display(description=_("owed by the customer"), ordering="owed")
    def owed_now(self, wallet: Wallet) -> str:
        return f"{wallet.owed:,}"

    def get_urls(self) -> list[Any]:
        adjust = path(
            "<uuid:customer_id>/adjust/",
            self.admin_site.admin_view(self.adjust_view),
            name="points_wallet_adjust",
        )
        return [adjust, *wallet_urls(self), *super().get_urls()]

    def told(self, request: HttpRequest, obj: Wallet) -> dict[str, Any]:
        scope, who = scope_of(request), obj.customer_id
        page = Paginator(told_entries(scope=scope, customer_id=who), _PER_PAGE).get_page(
            request.GET.get("page")
        )
        balance = balance_of(scope=scope, customer_id=who)
        seen = movements_seen(scope=scope, movement_ids=[entry.movement_id for entry in page])
        may_movement = scope.may("points.movement.view")
        return {
            "wallet": obj,
            "balance": balance,
            "next_day": last_moment(end=balance.next_end),
            "lots": [
                {"row": lot, "last_day": last_moment(end=lot.expires_at)}
                for lot in lots_of(scope=scope, customer_id=who)
            ],
            "holds": holds_of(scope=scope, customer_id=who),
            "page": page,
            "entries": [
                {
                    "row": entry,
                    "to": page_of(f"points.movement:{entry.movement_id}")
                    if may_movement and entry.movement_id in seen
                    else "",
                    "reason": getattr(seen.get(entry.movement_id), "reason", ""),
                }
                for entry in page
            ],
            "customer_page": page_of(f"customers.customer:{who}")
            if scope.may("customers.customer.view")
            else "",
            "may_adjust": scope.may("points.adjustment.add"),
            "alone": may_adjust_alone(scope=scope, branch_id=obj.branch_id),
            "least_reason": LEAST_REASON,
            **told_more(request, obj),
        }

    def adjust_view(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """At once within the limit, else asked for; the page says which."""
        form = AmountForm(request.POST)

        def act() -> None:
            if not form.is_valid():
                raise AmountNotClear
            made = ask_adjustment(scope=scope_of(request), customer_id=customer_id, **form.cleaned_data)
            is_posted = made.state == made.State.POSTED
            messages.success(
                request,
                gettext("Posted: the entries below show it.")
                if is_posted
                else gettext("Above what one person may adjust alone: another person decides now."),
            )

        return self._act(request, customer_id, act)
