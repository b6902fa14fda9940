"""The pages of check-in programmes: the list, the form with its phone, and what comes of one day by day."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.points.admin.drafts import DraftPage
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from community.checkins import sentences
from community.checkins.admin.programme_form import FIELDSETS, ProgrammeForm
from community.checkins.models import Programme
from community.checkins.publishing import describe, freeze_programme, phone_of
from community.checkins.refusals import ReasonNeeded
from community.checkins.selectors import came_of, programme_in_scope, to_look_at
from community.checkins.services import programmes
from community.checkins.services.programmes import CODE
from community.checkins.showing import shown_came
from community.checkins.terms import terms_of

QUEUE = 5  # check-ins of the queue on a programme's own page


@admin.register(Programme)
class ProgrammeAdmin(DraftPage):
    noun = CODE
    form = ProgrammeForm
    list_display = ("title", "gives", "days", "branch", "state")
    list_select_related = ("branch",)
    list_filter = ("proof",)
    search_fields = ("title",)
    list_before_template = "checkins/programmes_head.html"
    change_form_outer_before_template = "checkins/programme_head.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "checkins/checkins.css")}
        js = (Script("checkins/programme.js", type="module"),)

    @admin.display(description=_("What it gives"))
    def gives(self, programme: Programme) -> str:
        return sentences.reward_words(terms_of(programme))

    @admin.display(description=_("days"), ordering="first_day")
    def days(self, programme: Programme) -> str:
        return sentences.days_words(terms_of(programme))

    @admin.display(description=_("the programme in words"))
    def said(self, programme: Programme) -> SafeString:
        """For who may only look at it."""
        scope = scope_of(self.request)
        lines = describe(scope, freeze_programme(scope, programme.pk).payload).lines
        return format_html_join("", "<div><b>{}</b> {}</div>", ((line.label, line.value) for line in lines))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        self.request = request
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return FIELDSETS if may else ((None, {"fields": ("said",)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return () if may else ("said",)

    def save_model(self, request: HttpRequest, obj: Programme, form: Any, change: bool) -> None:
        if change:
            programmes.change_programme(scope=scope_of(request), programme_id=obj.pk, terms=form.terms())
        else:
            made = programmes.add_programme(scope=scope_of(request), terms=form.terms())
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("said/", view(self.said_view), name="community_programme_said"),
            path("<uuid:programme_id>/submit/", view(self.submit_view), name="community_programme_submit"),
            path("<uuid:programme_id>/down/", view(self.down_view), name="community_programme_down"),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        programme = programme_in_scope(scope=scope, programme_id=draft.pk)
        terms = terms_of(programme)
        queue = to_look_at(scope=scope, programme_id=draft.pk)
        return super().told(scope, draft) | {
            "programme": programme,
            "programme_said": sentences.reward_words(terms),
            "programme_days": sentences.days_words(terms),
            "came": shown_came(programme=programme, came=came_of(scope=scope, programme=programme)),
            "queue": list(queue[:QUEUE]),
            "queue_size": queue.count(),
            "may_look": scope.may("community.checkin.accept"),
            "phone": phone_of(terms),
        }

    def said_view(self, request: HttpRequest) -> HttpResponse:
        """What is typed, as customers would see it; writes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        form = ProgrammeForm(request.POST)
        wrong = ""
        context: dict[str, Any] = {}
        if form.is_valid():
            terms = form.terms()
            context = phone_of(terms)
            try:
                terms.check()
            except Refusal as refusal:
                wrong = str(refusal)
        elif not request.POST.get("title", "").strip():
            wrong = gettext("Give it a title: what you fill in is shown on this phone.")
        else:
            wrong = next((str(said) for errors in form.errors.values() for said in errors), "")
        return render(request, "checkins/programme_said.html", {**context, "wrong": wrong})

    def submit_view(self, request: HttpRequest, programme_id: UUID) -> HttpResponse:
        return self._act(
            request,
            programme_id,
            lambda: programmes.submit_programme(scope=scope_of(request), programme_id=programme_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def down_view(self, request: HttpRequest, programme_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def down() -> None:
            if not form.is_valid():
                raise ReasonNeeded
            programmes.take_down_programme(
                scope=scope_of(request), programme_id=programme_id, reason=form.cleaned_data["reason"]
            )

        return self._act(
            request,
            programme_id,
            down,
            gettext("Taken down. Nobody can check in now; what was given stays given."),
        )
