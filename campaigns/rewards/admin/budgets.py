"""Budgets: the list, and a page with what moved each."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.forms import ServiceForm, YuanField
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref
from campaigns.rewards.models import Budget
from campaigns.rewards.selectors.budgets import movements_of, spent_from
from campaigns.rewards.selectors.shares import titles_of
from campaigns.rewards.services.budgets import add_budget, approve_budget, change_budget
from campaigns.tenants.desk import ScopedAdmin, page_of, scope_of
from campaigns.tenants.models import Person

_PER_PAGE = 50


class BudgetForm(ServiceForm):
    asked_fen = YuanField(
        label=_("total asked for (yuan)"),
        required=False,
        help_text=_("Counts once another person has approved it."),
    )

    class Meta:
        model = Budget
        fields = ("name", "campaign", "valid_from", "valid_until", "asked_fen")


class ApproveForm(forms.Form):
    asked_fen = forms.IntegerField(min_value=0)


@admin.register(Budget)
class BudgetAdmin(ScopedAdmin):
    noun = "rewards.budget"
    form = BudgetForm
    list_display = ("name", "branch", "total", "taken", "spent", "left", "asked", "valid_until")
    list_select_related = ("branch",)
    search_fields = ("name",)
    autocomplete_fields = ("campaign",)
    fieldsets = ((None, {"fields": BudgetForm.Meta.fields}),)
    list_before_template = "rewards/budgets_empty.html"
    change_form_outer_before_template = "rewards/budget_head.html"
    change_form_outer_after_template = "rewards/budget_movements.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css")}

    @admin.display(description=_("total approved"), ordering="total_fen")
    def total(self, budget: Budget) -> str:
        return yuan(budget.total_fen)

    @admin.display(description=_("reserved or spent"), ordering="taken_fen")
    def taken(self, budget: Budget) -> str:
        return yuan(budget.taken_fen)

    @admin.display(description=_("spent"))
    def spent(self, budget: Budget) -> str:
        return yuan(getattr(budget, "spent_fen", 0))

    @admin.display(description=_("left"))
    def left(self, budget: Budget) -> str:
        return yuan(budget.total_fen - budget.taken_fen)

    @admin.display(description=_("waits for approval"))
    def asked(self, budget: Budget) -> str:
        return "" if budget.asked_fen is None else yuan(budget.asked_fen)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        spent = spent_from(budget_ids=[row.pk for row in rows])
        for row in rows:
            row.spent_fen = spent.get(row.pk, 0)
        page.result_list = rows
        return page

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # money that was promised stays on record

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        given = dict(form.cleaned_data)
        campaign = given.pop("campaign")
        given["campaign_id"] = campaign.pk if campaign else None
        if change:
            change_budget(scope=scope_of(request), budget_id=obj.pk, **given)
        else:
            given["asked_fen"] = given["asked_fen"] or 0
            obj.pk = add_budget(scope=scope_of(request), **given).pk

    def get_urls(self) -> list[Any]:
        approve = path(
            "<uuid:budget_id>/approve/",
            self.admin_site.admin_view(self.approve_view),
            name="rewards_budget_approve",
        )
        return [approve, *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            scope = scope_of(request)
            page = Paginator(movements_of(scope=scope, budget_id=obj.pk), _PER_PAGE).get_page(
                request.GET.get("page")
            )
            titles = titles_of(scope=scope, batch_ids={row.batch_id for row in page if row.batch_id})
            people = dict(
                Person.objects.filter(pk__in=[obj.asked_by_id, obj.approved_by_id]).values_list("pk", "name")
            )
            context |= {
                "budget": obj,
                "spent_fen": spent_from(budget_ids=[obj.pk]).get(obj.pk, 0),
                "asked_by": people.get(obj.asked_by_id, "…"),
                "approved_by": people.get(obj.approved_by_id, "…"),
                "left_fen": obj.total_fen - obj.taken_fen,
                "may_approve": obj.asked_fen is not None
                and scope.may("rewards.budget.approve")
                and obj.asked_by_id != scope.person_id,
                "page": page,
                "movements": [
                    {
                        "row": row,
                        "title": titles.get(row.batch_id, "") if row.batch_id else "",
                        "to": page_of(row.cause) if read_ref(row.cause).kind != "rewards.budget" else "",
                    }
                    for row in page
                ],
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def approve_view(self, request: HttpRequest, budget_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ApproveForm(request.POST)
        asked = form.cleaned_data["asked_fen"] if form.is_valid() else -1
        return self._act(
            request,
            budget_id,
            lambda: approve_budget(scope=scope_of(request), budget_id=budget_id, asked_fen=asked),
            gettext("Approved: the budget can be drawn on now."),
        )
