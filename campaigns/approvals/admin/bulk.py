"""Approving many reviews at once from the queue: choose, confirm; a long job does it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from campaigns.approvals.admin.waiting import waiting_on
from campaigns.approvals.bulk_selectors import AT_MOST, Seen, all_in_queue, choice_of
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import queue
from campaigns.approvals.services.bulks import ask_bulk_approval
from campaigns.lib.money import yuan
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

_ROW, _LIST = "approvals.bulk.row", "approvals.bulk.list"
_KEPT_FOR = 12 * 3600  # seconds that the page of confirmation may lie open


class BulkApproval:
    """The queue's part for many at once, mixed into its admin. Each row brings what was seen of it, signed."""

    admin_site: Any
    opts: Any
    media: Any
    actions: Any = ("approve_many",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        scope = getattr(request, "scope", None)
        return scope is not None and bool(waiting_on(request).chairs)

    @display(description=ModelAdmin.action_checkbox.short_description)  # type: ignore[untyped-decorator]
    def action_checkbox(self, revision: Revision) -> str:
        """The row's box, and the hash that its reader saw."""
        box = super().action_checkbox(revision)  # type: ignore[misc]
        return format_html('{}<input type="hidden" name="seen" value="{}">', box, _signed_row(revision))

    @admin.action(description=_("Approve all chosen"), permissions=["decide"])
    def approve_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """From the list to the page that says what it amounts to. Across pages it is what waits for the reader."""
        scope = scope_of(request)
        if request.POST.get("select_across") == "1":
            mine = queue(scope=scope).filter(pk__in=queryset.order_by().values("pk"))
            chosen = list(mine.values_list("pk", "sha256")[:AT_MOST])
        else:
            shown = [_read_row(value) for value in request.POST.getlist("seen")]
            ticked = set(request.POST.getlist(ACTION_CHECKBOX_NAME))
            chosen = [(key, sha256) for key, sha256 in shown if str(key) in ticked]
        if not chosen:
            messages.warning(request, _("None of these waits for you."))
            return None
        return self._bulk_confirm(request, scope, chosen)

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Callable[..., HttpResponse], name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"approvals_revision_{name}")

        return [
            own("bulk/", self.bulks_view, "bulks"),
            own("bulk/all/", self.bulk_all_view, "bulk_all"),
            own("bulk/ask/", self.bulk_ask_view, "bulk_ask"),
            own("bulk/<uuid:bulk_id>/", self.bulk_view, "bulk"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    # --- what it amounts to, and asking for it ---

    def bulk_all_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that waits for the reader, for confirmation."""
        self._demand_chair(request)
        scope = scope_of(request)
        chosen = all_in_queue(scope=scope)
        if not chosen:
            messages.info(request, _("Nothing waits for you now."))
            return redirect("admin:approvals_revision_changelist")
        return self._bulk_confirm(request, scope, chosen)

    def bulk_ask_view(self, request: HttpRequest) -> HttpResponse:
        self._demand_chair(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        scope = scope_of(request)
        try:
            chosen = _read_list(scope, request.POST.get("chosen", ""))
            with transaction.atomic():
                job = ask_bulk_approval(
                    scope=scope, chosen=chosen, comment=request.POST.get("comment", "")[:2000]
                )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:approvals_revision_changelist")
        return redirect("admin:jobs_job_change", job.pk)

    def _bulk_confirm(self, request: HttpRequest, scope: Scope, chosen: Sequence[Seen]) -> HttpResponse:
        choice = choice_of(scope=scope, chosen=chosen)
        return self._bulk_page(
            request,
            "bulk_confirm",
            choice=choice,
            kinds=[(kind_of(code).label, many) for code, many in choice.kinds.items()],
            reward=yuan(choice.reward_fen) if choice.reward_fen else "",
            signed=_signed_list(scope, chosen),
            at_most=AT_MOST if len(chosen) == AT_MOST else None,
        )

    # --- watching is the long job's own page; addresses that people kept lead there ---

    def bulks_view(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:jobs_job_changelist")

    def bulk_view(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        return redirect("admin:jobs_job_change", bulk_id)

    def _demand_chair(self, request: HttpRequest) -> None:
        if not self.has_decide_permission(request):
            raise PermissionDenied

    def _bulk_page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Bulk approval"),
            "opts": self.opts,
            "media": self.media,
            **more,
        }
        return TemplateResponse(request, f"approvals/{name}.html", context)


# Signed, so that nobody puts a hash there that no page showed; for one person, so that a page cannot be lent.


def _signed_row(revision: Revision) -> str:
    return signing.Signer(salt=_ROW).sign(f"{revision.pk}.{revision.sha256}")


def _read_row(value: str) -> Seen:
    """Raises NotFound for what was tampered with."""
    try:
        key, _dot, sha256 = signing.Signer(salt=_ROW).unsign(value).partition(".")
    except signing.BadSignature:
        raise NotFound from None
    return UUID(key), sha256


def _signed_list(scope: Scope, chosen: Sequence[Seen]) -> str:
    packed = b"".join(key.bytes + bytes.fromhex(sha256) for key, sha256 in chosen)
    return signing.TimestampSigner(salt=f"{_LIST}:{scope.person_id}").sign(
        signing.b64_encode(packed).decode()
    )


def _read_list(scope: Scope, value: str) -> list[Seen]:
    """Raises NotFound as `_read_row`, and for one that is too old."""
    signer = signing.TimestampSigner(salt=f"{_LIST}:{scope.person_id}")
    try:
        packed = signing.b64_decode(signer.unsign(value, max_age=_KEPT_FOR).encode())
    except signing.BadSignature:
        raise NotFound from None
    return [
        (UUID(bytes=packed[at : at + 16]), packed[at + 16 : at + 48].hex())
        for at in range(0, len(packed), 48)
    ]
