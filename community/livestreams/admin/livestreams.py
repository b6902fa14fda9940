"""The pages of livestreams: the list, the form, and the desk from which one runs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.admin.drafts import DraftPage
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.rewards.lines import window_words
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from community.livestreams.admin.form import FIELDSETS, LivestreamForm
from community.livestreams.desk import drawn, drops_at_desk, now_at_desk, sheet_at_desk
from community.livestreams.figures import figures_of, happened_in, line_of, same_weekday_of, shares_of
from community.livestreams.models import Broadcast, Livestream, Showing
from community.livestreams.publishing import missing_in
from community.livestreams.refusals import ReasonMissing
from community.livestreams.rules import State
from community.livestreams.selectors import (
    broadcast_of,
    covers_offered,
    livestream_in_scope,
    rebroadcasts,
    series_offered,
)
from community.livestreams.services import livestreams, showings
from community.livestreams.services.viewers import judge_comment
from community.livestreams.terms import LivestreamTerms

_COVERS = 300


class ReplayForm(forms.Form):
    url = forms.CharField(max_length=300, required=False)


class FitForm(forms.Form):
    fit = forms.ChoiceField(choices=[("1", "1"), ("0", "0")])


class SeriesFilter(admin.SimpleListFilter):
    """By one of the series of the scope's branches."""

    title = _("series of livestreams")
    parameter_name = "series"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(each.pk), each.title) for each in series_offered(scope=scope_of(request))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        offered = {key for key, _title in self.lookups(request, None)}
        return queryset.filter(series_id=self.value()) if self.value() in offered else queryset


@admin.register(Livestream)
class LivestreamAdmin(DraftPage):
    noun = "community.livestream"
    form = LivestreamForm
    fieldsets = FIELDSETS
    list_display = ("title", "when", "stands", "channel", "branch", "handed_down")
    list_filter = ("handed_down", SeriesFilter)
    search_fields = ("title",)
    ordering = ("-planned_from",)
    list_before_template = "community/livestreams_head.html"
    change_form_outer_before_template = "community/livestream_head.html"

    class Media:
        css = {"all": ("rewards/batch.css", "community/livestream.css")}
        js = (Script("community/livestream.js", type="module"),)

    @admin.display(description=_("time"), ordering="planned_from")
    def when(self, draft: Livestream) -> str:
        return getattr(draft, "when_words", "")

    @admin.display(description=_("state"))
    def stands(self, draft: Livestream) -> str:
        showing = getattr(draft, "showing", None)
        words = str(getattr(draft, "standing_words", ""))
        if showing is None:
            return words
        # What was approved says how far it is; a change that waits for its review says so beside it.
        shown = str(showing.get_state_display())
        return shown if words in ("", gettext("live")) or showing.started_at else f"{shown} · {words}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("branch", "channel", "showing")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        zone = zone_of(scope=scope_of(request))
        for row in page.result_list:
            row.when_words = window_words(row.planned_from, row.planned_until, zone)
        return page

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        scope = scope_of(request)
        above = list(rebroadcasts(scope=scope)[:10]) if scope.ancestors else []
        return super().changelist_view(request, {**(extra_context or {}), "above": above})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        begun = obj is not None and Showing.objects.filter(pk=obj.pk, started_at__isnull=False).exists()
        return not begun and super().has_change_permission(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "asset":
            offered = covers_offered(scope=scope_of(request))
            kwargs["queryset"] = offered.filter(pk__in=list(offered.values_list("pk", flat=True)[:_COVERS]))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Livestream, form: Any, change: bool) -> None:
        terms: LivestreamTerms = form.terms()
        if change:
            livestreams.change_livestream(scope=scope_of(request), livestream_id=obj.pk, terms=terms)
        else:
            made = livestreams.add_livestream(scope=scope_of(request), terms=terms)
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view, name = self.admin_site.admin_view, "community_livestream_"
        own = [
            path("<uuid:livestream_id>/desk/", view(self.desk_view), name=f"{name}desk"),
            path("<uuid:livestream_id>/desk/now/", view(self.now_view), name=f"{name}now"),
            path("<uuid:livestream_id>/submit/", view(self.submit_view), name=f"{name}submit"),
            path("<uuid:livestream_id>/down/", view(self.down_view), name=f"{name}down"),
            path("<uuid:livestream_id>/begin/", view(self.start_view), name=f"{name}begin"),
            path("<uuid:livestream_id>/end/", view(self.end_view), name=f"{name}end"),
            path("<uuid:livestream_id>/cancel/", view(self.cancel_view), name=f"{name}call_off"),
            path("<uuid:livestream_id>/replay/", view(self.replay_view), name=f"{name}replay"),
            path("<uuid:livestream_id>/unreplay/", view(self.unreplay_view), name=f"{name}unreplay"),
            path("<uuid:livestream_id>/drops/<uuid:drop_id>/", view(self.drop_view), name=f"{name}open_drop"),
            path(
                "<uuid:livestream_id>/comments/<uuid:comment_id>/",
                view(self.comment_view),
                name=f"{name}comment",
            ),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        livestream = livestream_in_scope(scope=scope, livestream_id=draft.pk)
        showing = getattr(livestream, "showing", None)
        told = super().told(scope, draft)
        has_begun = showing is not None and showing.started_at is not None
        return told | {
            "livestream": livestream,
            "showing": showing,
            "missing": []
            if has_begun or told["standing"].is_in_review
            else missing_in(scope=scope, livestream=livestream),
            "may_submit": told["may_submit"] and not has_begun,
            "may_run": scope.may("community.livestream.run"),
        }

    # --- buttons of the form's page ---------------------------------------------------------------------------

    def submit_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._act(
            request,
            livestream_id,
            lambda: livestreams.submit_livestream(scope=scope_of(request), livestream_id=livestream_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def down_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._act(
            request,
            livestream_id,
            lambda: livestreams.take_down_livestream(
                scope=scope_of(request), livestream_id=livestream_id, reason=_reason(request)
            ),
            gettext("Taken down. Nobody sees it any more, and its drops are closed."),
        )

    # --- the desk ---------------------------------------------------------------------------------------------

    def desk_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        """Before, during or after, as the livestream is."""
        scope, live, showing = self._at_desk(request, livestream_id)
        zone = zone_of(scope=scope)
        template = {
            State.LIVE: "community/desk_during.html",
            State.ENDED: "community/desk_after.html",
            State.REPLAY: "community/desk_after.html",
        }.get(State(showing.state), "community/desk_before.html")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": live.title,
            "live": live,
            "showing": showing,
            "is_own": scope.lo <= live.branch_pos <= scope.hi,
            "may_run": scope.may("community.livestream.run") and scope.lo <= live.branch_pos <= scope.hi,
            "sheet": sheet_at_desk(live=live, showing=showing, at=scope.at, zone=zone),
            "scope_at": scope.at,
            **self._shown(scope, live, showing, zone),
        }
        return TemplateResponse(request, template, context)

    def now_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        """The part of the desk that changes while it runs."""
        scope, live, showing = self._at_desk(request, livestream_id)
        context = {
            "live": live,
            "showing": showing,
            "may_run": scope.may("community.livestream.run") and scope.lo <= live.branch_pos <= scope.hi,
            "sheet": sheet_at_desk(live=live, showing=showing, at=scope.at, zone=zone_of(scope=scope)),
            **now_at_desk(scope=scope, live=live, showing=showing),
        }
        return TemplateResponse(request, "community/desk_now.html", context)

    def start_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._run(
            request,
            livestream_id,
            lambda: showings.start_livestream(scope=scope_of(request), livestream_id=livestream_id),
            gettext("It is live. Drops open by minutes from now."),
        )

    def end_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._run(
            request,
            livestream_id,
            lambda: showings.end_livestream(scope=scope_of(request), livestream_id=livestream_id),
            gettext("It is over, and its drops are closed. Below is what happened."),
        )

    def cancel_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._run(
            request,
            livestream_id,
            lambda: showings.cancel_livestream(
                scope=scope_of(request), livestream_id=livestream_id, reason=_reason(request)
            ),
            gettext("Cancelled. To hold it after all, change it and submit it again."),
        )

    def replay_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        form = ReplayForm(request.POST)
        return self._run(
            request,
            livestream_id,
            lambda: showings.replay_livestream(
                scope=scope_of(request),
                livestream_id=livestream_id,
                url=form.cleaned_data["url"] if form.is_valid() else "-",
            ),
            gettext("Customers can watch it again now."),
        )

    def unreplay_view(self, request: HttpRequest, livestream_id: UUID) -> HttpResponse:
        return self._run(
            request,
            livestream_id,
            lambda: showings.end_replay(scope=scope_of(request), livestream_id=livestream_id),
            gettext("The replay is taken away."),
        )

    def drop_view(self, request: HttpRequest, livestream_id: UUID, drop_id: UUID) -> HttpResponse:
        return self._run(
            request,
            livestream_id,
            lambda: showings.open_drop(scope=scope_of(request), livestream_id=livestream_id, drop_id=drop_id),
            gettext("Dropped: customers can claim it now."),
        )

    def comment_view(self, request: HttpRequest, livestream_id: UUID, comment_id: UUID) -> HttpResponse:
        form = FitForm(request.POST)
        is_fit = form.is_valid() and form.cleaned_data["fit"] == "1"
        return self._run(
            request,
            livestream_id,
            lambda: judge_comment(scope=scope_of(request), comment_id=comment_id, is_fit=is_fit),
            gettext("Customers see the comment.")
            if is_fit
            else gettext("Customers do not see the comment any more."),
        )

    def _at_desk(self, request: HttpRequest, livestream_id: UUID) -> tuple[Scope, Broadcast, Showing]:
        if request.method != "GET":
            raise PermissionDenied
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        live = broadcast_of(scope=scope, livestream_id=livestream_id)
        showing = Showing.objects.visible(scope).filter(livestream_id=livestream_id).first()
        if live is None or showing is None:
            raise Http404
        return scope, live, showing

    def _shown(self, scope: Scope, live: Broadcast, showing: Showing, zone: ZoneInfo) -> dict[str, Any]:
        if showing.state == State.LIVE:
            return now_at_desk(scope=scope, live=live, showing=showing)
        drops = drops_at_desk(scope=scope, live=live, showing=showing)
        if showing.started_at is None:
            return {"drops": drops}
        other = same_weekday_of(scope=scope, livestream=live, zone=zone)
        line = line_of(scope=scope, livestream_id=live.livestream_id)
        before = line_of(scope=scope, livestream_id=other.livestream_id) if other else []
        marks = [
            (each.minute, each.kind, each.said)
            for each in happened_in(scope=scope, livestream_id=live.livestream_id, live=live)
        ]
        own = figures_of(scope=scope, livestream_id=live.livestream_id)
        return {
            "drops": drops,
            "other": other,
            "other_title": livestream_in_scope(scope=scope, livestream_id=other.livestream_id).title
            if other
            else "",
            "figures": own,
            "before": figures_of(scope=scope, livestream_id=other.livestream_id) if other else None,
            "drawn": drawn(line, before=before, marks=[mark for mark in marks if mark[1] == "drop"]),
            "happened": happened_in(scope=scope, livestream_id=live.livestream_id, live=live),
            "shares": shares_of(scope=scope, livestream_id=live.livestream_id),
        }

    def _run(
        self, request: HttpRequest, livestream_id: UUID, act: Callable[[], Any], done: str
    ) -> HttpResponse:
        """One service call from the desk; back to the desk with what happened."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        if broadcast_of(scope=scope_of(request), livestream_id=livestream_id) is None:
            raise Http404
        try:
            with transaction.atomic():
                act()
            messages.success(request, done)
        except NotFound as refusal:
            raise Http404 from refusal
        except Refusal as refusal:
            messages.error(request, self.said_of(refusal))
        return HttpResponseRedirect(reverse("admin:community_livestream_desk", args=[livestream_id]))


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise ReasonMissing
    return str(form.cleaned_data["reason"])
