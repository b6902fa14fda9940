"""The pages of check-ins: who did when, and the queue of words and pictures to look at."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.tenants.desk import ScopedAdmin, scope_of
from community.checkins.models import CheckIn
from community.checkins.refusals import ReasonNeeded
from community.checkins.selectors import picture_in_scope
from community.checkins.services.looking import accept_check_in, refuse_check_in


class ToLookAt(admin.SimpleListFilter):
    title = _("to be looked at")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("words and pictures that nobody has looked at"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() != "1":
            return queryset
        return queryset.filter(looked_at=None).exclude(state=CheckIn.State.REFUSED)


@admin.register(CheckIn)
class CheckInAdmin(ScopedAdmin):
    noun = "community.checkin"
    list_display = ("day", "customer", "programme", "group", "state", "made_up", "streak", "points")
    list_select_related = ("customer", "programme", "group")
    list_filter = (ToLookAt, "state", "is_makeup")
    fields = ("programme", "group", "customer", "day", "at", "is_makeup", "state", "streak", "points", "cost",
              "looked_at", "looked_by", "reason")  # fmt: skip
    list_before_template = "checkins/checkins_head.html"
    change_form_outer_before_template = "checkins/checkin_look.html"

    class Media:
        css = {"all": ("rewards/batch.css", "checkins/checkins.css")}

    @admin.display(description=_("make-up"), ordering="is_makeup")
    def made_up(self, check_in: CheckIn) -> str:
        return gettext("make-up") if check_in.is_makeup else ""

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:check_in_id>/accept/", view(self.accept_view), name="community_checkin_accept_one"),
            path("<uuid:check_in_id>/refuse/", view(self.refuse_view), name="community_checkin_refuse"),
            path("<uuid:check_in_id>/picture/", view(self.picture_view), name="community_checkin_picture"),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj") or context.get("original")
        if obj is not None:
            context |= {"each": obj, "may_look": scope_of(request).may("community.checkin.accept")}
        return super().render_change_form(request, context, *args, **kwargs)

    def accept_view(self, request: HttpRequest, check_in_id: UUID) -> HttpResponse:
        return self._looked(
            request,
            check_in_id,
            lambda: accept_check_in(scope=scope_of(request), check_in_id=check_in_id),
            gettext("Accepted."),
        )

    def refuse_view(self, request: HttpRequest, check_in_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def refuse() -> None:
            if not form.is_valid():
                raise ReasonNeeded
            refuse_check_in(
                scope=scope_of(request), check_in_id=check_in_id, reason=form.cleaned_data["reason"]
            )

        return self._looked(
            request,
            check_in_id,
            refuse,
            gettext("Refused; its points are taken back, and the customer reads why."),
        )

    def picture_view(self, request: HttpRequest, check_in_id: UUID) -> HttpResponse:
        """The JPEG that we wrote; never cached by anybody but the one who looks."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            jpeg = picture_in_scope(scope=scope_of(request), check_in_id=check_in_id)
        except NotFound as refusal:
            raise Http404 from refusal
        answer = HttpResponse(jpeg, content_type="image/jpeg")
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _looked(
        self, request: HttpRequest, check_in_id: UUID, act: Callable[[], None], done: str
    ) -> HttpResponse:
        """Back to the queue it was decided in, or to the check-in's own page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                act()
            messages.success(request, done)
        except Refusal as refusal:
            messages.error(request, self.said_of(refusal))
        back = request.POST.get("back", "")
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None) or not back.startswith("/"):
            back = reverse("admin:community_checkin_change", args=[check_in_id])
        return HttpResponseRedirect(back)
