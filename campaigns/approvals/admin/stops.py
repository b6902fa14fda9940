"""Emergency stops: what is stopped now, stopping (one person), lifting (two)."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from campaigns.approvals.models import Stop
from campaigns.approvals.services.stops import add_stop, ask_lift, lift_stop
from campaigns.approvals.standing import stop_words
from campaigns.approvals.stopped import Reach, campaigns_offered, kinds_offered, open_stops, reach_of
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, choices_within, scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


class StopForm(forms.Form):
    """What to stop. `sure` names the choices whose reach was said: changing them asks again."""

    branch = forms.ModelChoiceField(queryset=Branch.objects.none(), label=_("branch, with all below it"))
    kind = forms.ChoiceField(label=_("kind"), required=False, widget=UnfoldAdminSelectWidget)
    campaign = forms.TypedChoiceField(
        label=_("campaign"),
        required=False,
        coerce=lambda value: UUID(str(value)),
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Everybody whose pages it stops reads it."),
    )
    sure = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch: Any = self.fields["branch"]
        branch.queryset = choices_within(Branch, scope).filter(is_open=True)
        branch.widget = AutocompleteSelect(Stop._meta.get_field("branch"), admin.site)
        branch.widget.choices = branch.choices
        kind: Any = self.fields["kind"]
        kind.choices = [("", _("everything")), *((each.code, each.label) for each in kinds_offered())]
        campaign: Any = self.fields["campaign"]
        campaign.choices = [
            ("", _("any, or none")),
            *((str(k), t) for k, t in campaigns_offered(scope=scope)),
        ]

    @property
    def chosen(self) -> str:
        cleaned = self.cleaned_data
        return f"{cleaned['branch'].pk}/{cleaned['kind']}/{cleaned['campaign'] or ''}"

    @property
    def is_sure(self) -> bool:
        return bool(self.cleaned_data["sure"] == self.chosen)

    def say_sure(self) -> None:
        """The page shown next carries the choices as said."""
        self.data = {**self.data.dict(), "sure": self.chosen}  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    words = forms.CharField(max_length=500)


class OpenFilter(admin.SimpleListFilter):
    """Open ones first; lifted ones by choice."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("stopped")), ("lifted", _("lifted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(lifted_at__isnull=self.value() == "open")


@admin.register(Stop)
class StopAdmin(ScopedAdmin):
    """A stop is never edited: it is added, and lifted by two."""

    noun = "approvals.stop"
    list_display = ("what", "branch", "reason", "stopped_by_name", "since", "state")
    list_display_links = ("what",)
    list_select_related = ("branch",)
    list_filter = (OpenFilter,)
    search_fields = ("reason", "campaign_name")
    list_before_template = "approvals/stops_head.html"
    change_form_outer_before_template = "approvals/stop_head.html"
    fields = readonly_fields = (
        "what", "branch", "reason", "stopped_by_name", "stopped_at", "lift_asked_by_name", "lift_asked_at",
        "lift_words", "lifted_by_name", "lifted_at",
    )  # fmt: skip

    class Media:
        css = {"all": ("approvals/review.css", "approvals/stops.css")}

    @admin.display(description=_("what is stopped"))
    def what(self, stop: Stop) -> str:
        return stop_words(stop)

    @admin.display(description=_("stopped at"), ordering="stopped_at")
    def since(self, stop: Stop) -> str:
        return date_format(localtime(stop.stopped_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("state"))
    def state(self, stop: Stop) -> str:
        if not stop.is_open:
            return str(_("lifted"))
        words = _("lifting asked") if stop.lift_asked_at else _("stopped")
        return format_html('<strong class="ap-late">{}</strong>', words)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by(F("lifted_at").desc(nulls_first=True), "-stopped_at")

    def get_ordering(self, request: HttpRequest) -> Any:
        return (F("lifted_at").desc(nulls_first=True), "-stopped_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:stop_id>/ask/", view(self.ask_view), name="approvals_stop_ask"),
            path("<uuid:stop_id>/lift/", view(self.lift_view), name="approvals_stop_lift"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        scope = scope_of(request)
        stops = open_stops(scope=scope)
        above = [stop for stop in stops if not scope.lo <= stop.branch_pos <= scope.hi]
        extra = {
            "open_own": len(stops) - len(above),
            "above": above,
            "may_stop": self.has_add_permission(request),
            "has_add_permission": False,  # the red button alone: the theme's own would offer to add a record
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Says first how far it would reach; the second press stops."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        form = StopForm(request.POST or None, scope=scope, initial={"branch": scope.branch_id})
        reach: Reach | None = None
        if form.is_valid():
            chosen = form.cleaned_data
            if form.is_sure:
                try:
                    with transaction.atomic():
                        add_stop(
                            scope=scope,
                            branch_id=chosen["branch"].pk,
                            kind=chosen["kind"],
                            campaign_id=chosen["campaign"],
                            reason=chosen["reason"],
                        )
                except Refusal as refusal:
                    form.add_error(None, str(refusal))
                else:
                    messages.success(
                        request, gettext("Stopped: customers see and claim nothing of it from now on.")
                    )
                    return HttpResponseRedirect(reverse("admin:approvals_stop_changelist"))
            else:
                reach = reach_of(
                    scope=scope, branch=chosen["branch"], kind=chosen["kind"], campaign_id=chosen["campaign"]
                )
                form.say_sure()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Emergency stop"),
            "media": self.media + form.media,
            "form": form,
            "reach": reach,
        }
        return TemplateResponse(request, "approvals/stop_add.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        stop = kwargs.get("obj")
        if stop is not None:
            scope = scope_of(request)
            may_lift = stop.is_open and scope.may("approvals.stop.lift")
            asked_by_me = stop.lift_asked_by_id is not None and stop.lift_asked_by_id == scope.person_id
            context |= {
                "stop": stop,
                "may_ask": may_lift and stop.lift_asked_at is None,
                "may_lift": may_lift and stop.lift_asked_at is not None and not asked_by_me,
                "waits_for_another": may_lift and asked_by_me,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        form = WordsForm(request.POST)
        words = form.cleaned_data["words"] if form.is_valid() else ""
        return self._act(
            request,
            stop_id,
            lambda: ask_lift(scope=scope_of(request), stop_id=stop_id, words=words),
            gettext("Asked: another person confirms it here."),
        )

    def lift_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        return self._act(
            request,
            stop_id,
            lambda: lift_stop(scope=scope_of(request), stop_id=stop_id),
            gettext("Lifted: customers are served again."),
        )
