"""The steward's pages: pairs who may be one, side by side and masked; and what was merged, to be undone."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.customers.merge_selectors import sides_of, suggested_kept, undoable_of
from campaigns.customers.models import Merge, MergeProposal
from campaigns.customers.services.merges import (
    LEAST_REASON,
    confirm_proposal,
    reject_proposal,
    unmerge_customers,
)
from campaigns.customers.telling import said_of_merge
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of

State = MergeProposal.State


class StateFilter(admin.SimpleListFilter):
    """What is to be decided, unless another state is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in State.choices if value != State.OPEN]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": State.OPEN.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value() or State.OPEN)


class _LookedAt(ScopedAdmin):
    """Rows that services write; the buttons of a page call one each."""

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # the page above says it all

    def _done(
        self, request: HttpRequest, page: str, act: Callable[[], Any], done: str, after: str = ""
    ) -> HttpResponse:
        """One service call; to the page `after` it with what happened, or back to `page` with the refusal."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                act()
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(page)
        messages.success(request, done)
        return HttpResponseRedirect(after or page)


@admin.register(MergeProposal)
class MergeProposalAdmin(_LookedAt):
    noun = "customers.mergeproposal"
    list_display = ("pair", "reason", "branch", "at", "by_name", "state")
    list_display_links = ("pair",)
    list_select_related = ("first", "second", "branch")
    list_filter = (StateFilter,)
    list_before_template = "customers/proposals_head.html"
    change_form_outer_before_template = "customers/proposal.html"
    ordering = ("id",)
    sortable_by = ()

    class Media:
        css = {"all": ("customers/customer.css",)}

    @admin.display(description=_("customers"))
    def pair(self, proposal: MergeProposal) -> str:
        return f"{proposal.first} · {proposal.second}"

    @admin.display(description=_("why"))
    def reason(self, proposal: MergeProposal) -> str:
        return said_of_merge(proposal.why) or "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<uuid:proposal_id>/confirm/", view(self.confirm_view), name="customers_mergeproposal_confirm"
            ),
            path("<uuid:proposal_id>/reject/", view(self.reject_view), name="customers_mergeproposal_reject"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        waits = self.get_queryset(request).filter(state=State.OPEN).count()
        return super().changelist_view(request, {"waits": waits, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        proposal = kwargs.get("obj")
        if proposal is not None:
            scope = scope_of(request)
            sides = sides_of(scope=scope, customer_ids=[proposal.first_id, proposal.second_id])
            is_open = proposal.state == State.OPEN and len(sides) == 2
            may_decide = is_open and scope.may("customers.customer.merge")
            context |= {
                "proposal": proposal,
                "sides": sides,
                "said": said_of_merge(proposal.why),
                "may_decide": may_decide,
                "is_own": proposal.by_person_id is not None and proposal.by_person_id == scope.person_id,
                "suggested": suggested_kept(scope=scope, customers=[each.customer for each in sides])
                if may_decide
                else None,
                "merge": Merge.objects.within(scope).filter(proposal=proposal).first(),
                "least_reason": LEAST_REASON,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def confirm_view(self, request: HttpRequest, proposal_id: UUID) -> HttpResponse:
        def act() -> None:
            try:
                kept = UUID(request.POST.get("kept", ""))
            except ValueError:
                raise NotFound from None
            confirm_proposal(
                scope=scope_of(request),
                proposal_id=proposal_id,
                kept=kept,
                comment=request.POST.get("comment", ""),
            )

        done = gettext("The two are one customer now. If that was a mistake, undo it on this page.")
        return self._done(request, _page("mergeproposal", proposal_id), act, done)

    def reject_view(self, request: HttpRequest, proposal_id: UUID) -> HttpResponse:
        def act() -> None:
            comment = request.POST.get("comment", "")
            reject_proposal(scope=scope_of(request), proposal_id=proposal_id, comment=comment)

        done = gettext("They stay two customers, and this pair is not asked about again.")
        queue = reverse("admin:customers_mergeproposal_changelist")
        return self._done(request, _page("mergeproposal", proposal_id), act, done, queue)


@admin.register(Merge)
class MergeAdmin(_LookedAt):
    noun = "customers.merge"
    list_display = ("what", "reason", "branch", "at", "who", "undone_at")
    list_display_links = ("what",)
    list_select_related = ("kept", "absorbed", "branch")
    list_filter = (("undone_at", admin.EmptyFieldListFilter),)
    list_before_template = "customers/merges_head.html"
    change_form_outer_before_template = "customers/merge.html"
    ordering = ("-id",)
    sortable_by = ()

    class Media:
        css = {"all": ("customers/customer.css",)}

    @admin.display(description=_("customers"))
    def what(self, merge: Merge) -> str:
        return f"{merge.absorbed} → {merge.kept}"

    @admin.display(description=_("why"))
    def reason(self, merge: Merge) -> str:
        return said_of_merge(merge.why) or "–"

    @admin.display(description=_("merged by"))
    def who(self, merge: Merge) -> str:
        return merge.by_name or gettext("by itself")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        undo = path("<uuid:merge_id>/undo/", view(self.undo_view), name="customers_merge_undo")
        return [undo, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        merge = kwargs.get("obj")
        if merge is not None:
            scope = scope_of(request)
            latest = undoable_of(scope=scope, customer_id=merge.kept_id)
            is_latest = latest is not None and latest.pk == merge.pk
            context |= {
                "merge": merge,
                "sides": sides_of(scope=scope, customer_ids=[merge.kept_id, merge.absorbed_id]),
                "said": said_of_merge(merge.why),
                "counts": _counts(merge),
                "may_undo": is_latest and scope.may("customers.customer.unmerge"),
                "later": latest if not is_latest and merge.undone_at is None else None,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def undo_view(self, request: HttpRequest, merge_id: UUID) -> HttpResponse:
        def act() -> None:
            unmerge_customers(scope=scope_of(request), merge_id=merge_id, why=request.POST.get("why", ""))

        done = gettext("Undone: they are two customers again, and what had moved is back.")
        return self._done(request, _page("merge", merge_id), act, done)


def _counts(merge: Merge) -> list[tuple[str, int]]:
    """What moved, in the reader's words; rooms without a word are counted together."""
    words = {
        "customers: identities": gettext("identities"),
        "rewards: coupons": gettext("coupons"),
    }
    steps = {name: len(moved) for name, moved in merge.moved.get("steps", {}).items() if moved}
    counts = [(words[name], steps.pop(name)) for name in words if name in steps]
    changed = len(merge.moved.get("attributes", {}))
    if changed:
        counts.append((gettext("attributes"), changed))
    rest = sum(steps.values())
    return [*counts, (gettext("other things"), rest)] if rest else counts


def _page(model: str, key: UUID) -> str:
    return reverse(f"admin:customers_{model}_change", args=[key])
