"""The quota's tree: on the batch's page for those who stand at its issuer or above, here for those below."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.rewards.models import Share
from campaigns.rewards.selectors.shares import branches_to_allot, share_in_scope, titles_of, tree_of
from campaigns.rewards.services.stock import allot_stock, draw_back_stock, draw_back_subtree
from campaigns.tenants.desk import ScopedAdmin, scope_of


class StockForm(forms.Form):
    """Allot or draw back, in place."""

    branch = forms.IntegerField(min_value=1)
    quantity = forms.IntegerField(min_value=1, max_value=2_000_000_000, required=False)
    move = forms.ChoiceField(choices=[(each, each) for each in ("allot", "draw_back", "draw_back_all")])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("move") != "draw_back_all" and not given.get("quantity"):
            raise forms.ValidationError("no quantity")
        return given


def moved(request: HttpRequest, batch_id: UUID) -> tuple[Callable[[], str] | None, str]:
    """What the form of a row asks for, to be called; None, and why, when it makes no sense."""
    form = StockForm(request.POST)
    if not form.is_valid():
        return None, gettext("Choose a branch and a quantity of at least 1.")
    scope, branch_id, quantity = (
        scope_of(request),
        form.cleaned_data["branch"],
        form.cleaned_data["quantity"],
    )

    def act() -> str:
        many = quantity
        if form.cleaned_data["move"] == "draw_back_all":
            many = draw_back_subtree(scope=scope, batch_id=batch_id, branch_id=branch_id)
        else:
            move = allot_stock if form.cleaned_data["move"] == "allot" else draw_back_stock
            move(scope=scope, batch_id=batch_id, branch_id=branch_id, quantity=quantity)
        return ngettext("%(number)s coupon moved.", "%(number)s coupons moved.", many) % {"number": many}

    return act, ""


def _opened(text: str) -> set[int]:
    return {int(part) for part in text.split(",")[:200] if part.isdigit() and len(part) < 10}


def opened_query(place: str) -> str:
    """The end of an address that shows the tree as it was."""
    wide = ",".join(map(str, sorted(_opened(place))))
    return f"?open={wide}#quota" if wide else "#quota" if place else ""


def quota_of(request: HttpRequest, batch_id: UUID, action: str) -> dict[str, Any]:
    """What `rewards/quota_tree.html` shows: `action` is where its forms go."""
    scope = scope_of(request)
    opened = request.GET.get("open", "")
    may = scope.may("rewards.stock.allot")
    tree = tree_of(scope=scope, batch_id=batch_id, opened=_opened(opened))
    return {
        "tree": tree,
        "action": action,
        "may": may,
        "place": opened or "-",
        "to": branches_to_allot(scope=scope, batch_id=batch_id) if may else [],
        "is_from_above": bool(tree.top and tree.top.share.giver_id is not None),
    }


@admin.register(Share)
class ShareAdmin(ScopedAdmin):
    """Quota received from above: seen, passed on and drawn back where one stands. Nobody adds or deletes a node."""

    noun = "rewards.share"
    list_display = ("title", "branch", "received", "given", "kept", "state")
    list_select_related = ("branch",)
    change_form_outer_before_template = "rewards/share_head.html"
    list_before_template = "rewards/shares_empty.html"
    ordering = ("-batch_id", "branch_pos")
    fieldsets = ((None, {"fields": (("branch", "low_since"),)}),)

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css")}
        js = (Script("rewards/quota.js", type="module"),)

    @admin.display(description=_("coupon batch"))
    def title(self, share: Share) -> str:
        return getattr(share, "title", "") or gettext("a batch that is over")

    @admin.display(description=_("state"))
    def state(self, share: Share) -> Any:
        return _("nearly gone") if share.low_since else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each batch once: where one stands or, for those of branches below, at their issuer."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith("_changelist"):
            own = Q(branch_id=scope_of(request).branch_id)
            elsewhere = Share.objects.filter(
                batch_id=OuterRef("batch_id"), branch_id=scope_of(request).branch_id
            )
            rows = rows.filter(own | (Q(giver_id__isnull=True) & ~Exists(elsewhere)))
        return rows

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        titles = titles_of(scope=scope_of(request), batch_ids={row.batch_id for row in rows})
        for row in rows:
            row.title = titles.get(row.batch_id, "")
        page.result_list = rows
        return page

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        share = super().get_object(request, object_id, from_field)
        if share is not None:
            share.title = titles_of(scope=scope_of(request), batch_ids=[share.batch_id]).get(
                share.batch_id, ""
            )
        return share

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        move = path(
            "<uuid:share_id>/move/", self.admin_site.admin_view(self.move_view), name="rewards_share_move"
        )
        return [move, *super().get_urls()]

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
            context |= {
                "batch_title": obj.title,
                "quota": quota_of(request, obj.batch_id, reverse("admin:rewards_share_move", args=[obj.pk])),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def move_view(self, request: HttpRequest, share_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        place = opened_query(request.POST.get("place", ""))
        back = HttpResponseRedirect(reverse("admin:rewards_share_change", args=[share_id]) + place)
        try:
            share = share_in_scope(scope=scope_of(request), share_id=share_id)
            act, words = moved(request, share.batch_id)
            if act is None:
                messages.error(request, words)
                return back
            with transaction.atomic():
                done = act()
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done)
        return back
