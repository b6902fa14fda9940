"""Points for many: the list of awards, the form that loads one, and its page from the check of the rows to the end."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.customers.tag_selectors import tags_usable
from campaigns.jobs.long_selectors import jobs_among
from campaigns.lib.refusals import Refusal
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.models import Award, Ends
from campaigns.points.refusals.awards import ROWS, AwardNotClear
from campaigns.points.selectors.awards import (
    awards_within,
    lots_of_award,
    progress_of,
    rows_of_award,
    sums_by_issuer,
    words_of_award,
)
from campaigns.points.selectors.desk import names_of
from campaigns.points.services import awards
from campaigns.points.verbs import LEAST_REASON
from campaigns.rewards.admin.hand import FileForm
from campaigns.tenants.desk import page_of, scope_of
from campaigns.tenants.scopes import Scope

_PER_PAGE = 50
_MONTHS = (3, 6, 12, 24, 36)


class AwardForm(FileForm):
    """A file or a tag; with a tag the points for each are asked for, without them the file's column says."""

    title = forms.CharField(max_length=80)
    file = forms.FileField(required=False)
    tag = forms.IntegerField(required=False)
    each = forms.IntegerField(required=False)
    waits_until = forms.DateTimeField(required=False)
    months = forms.TypedChoiceField(
        choices=[("", ""), *((str(n), str(n)) for n in _MONTHS)], coerce=int, empty_value=None, required=False
    )
    ends = forms.ChoiceField(choices=Ends.choices)
    payer = forms.ChoiceField(choices=Award.Payer.choices)

    def clean_file(self) -> Any:
        return super().clean_file() if self.cleaned_data.get("file") else None

    def terms(self) -> awards.AwardTerms:
        given = self.cleaned_data
        names = ("title", "reason", "each", "waits_until", "months", "ends", "payer")
        return awards.AwardTerms(**{name: given[name] for name in names})


class SaidForm(forms.Form):
    remark = forms.CharField(required=False, max_length=200)
    owes_rest = forms.BooleanField(required=False)


@admin.register(Award)
class AwardAdmin(ReadPage):
    noun = "points.award"
    list_display = ("loaded_at", "title", "branch", "how_many", "how_much", "state_now")
    list_display_links = ("loaded_at", "title")
    list_filter = ("state", "source")
    list_before_template = "points/awards_head.html"
    change_form_outer_before_template = "points/award_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "rewards/close.css", "jobs/long.css")}
        js = ("jobs/long.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Award]:
        return awards_within(scope=scope_of(request))

    @admin.display(description=_("customers"), ordering="customers")
    def how_many(self, award: Award) -> str:
        return f"{award.customers:,}"

    @admin.display(description=_("sum of points"), ordering="points")
    def how_much(self, award: Award) -> str:
        return f"{award.points:,}"

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, award: Award) -> str:
        return str(award.get_state_display())

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        acts = {
            "request": self.request_view,
            "confirm": self.confirm_view,
            "decline": self.decline_view,
            "drop": self.drop_view,
            "go_on": self.go_on_view,
            "take_back": self.take_back_view,
        }
        own = [
            path(f"<uuid:award_id>/{act}/", view(does), name=f"points_award_{act}")
            for act, does in acts.items()
        ]
        return [path("new/", view(self.new_view), name="points_award_new"), *own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        may_load = scope_of(request).may(awards.ADDS)
        return super().changelist_view(request, {"may_load": may_load, **(extra_context or {})})

    def told(self, request: HttpRequest, obj: Award) -> dict[str, Any]:
        scope = scope_of(request)
        is_own = obj.asked_by_id is not None and obj.asked_by_id == scope.person_id
        only = request.GET.get("rows", "refused" if obj.refused else "good")
        page = Paginator(rows_of_award(scope=scope, award=obj, only=only), _PER_PAGE).get_page(
            request.GET.get("page")
        )
        jobs = jobs_among(scope=scope, job_ids=[each for each in (obj.job_id, obj.judge_job_id) if each])
        names = names_of(person_ids=[obj.asked_by_id, obj.decided_by_id, obj.returned_by_id])
        state, states = Award.State(obj.state), Award.State
        language = "zh" if (get_language() or "zh").startswith("zh") else "en"
        may_wallet = scope.may("points.wallet.view")
        return {
            "award": obj,
            "asker": names.get(obj.asked_by_id, ""),
            "decider": names.get(obj.decided_by_id, ""),
            "returner": names.get(obj.returned_by_id, ""),
            "job": next((job for job in jobs if job.pk == obj.job_id), None),
            "check": next(
                (job for job in jobs if is_own and job.pk == obj.judge_job_id and job.result_name), None
            ),
            "progress": progress_of(scope=scope, award=obj),
            "sums": sums_by_issuer(scope=scope, award=obj),
            "lots": [
                (
                    lot,
                    page_of(f"points.movement:{lot.movement_id}")
                    if scope.may("points.movement.view")
                    else "",
                )
                for lot in lots_of_award(scope=scope, award=obj)
            ],
            "words": [(ROWS[word][language], many) for word, many in words_of_award(scope=scope, award=obj)],
            "page": page,
            "rows": [
                {
                    "row": row,
                    "why": ROWS[row.word][language] if row.word else "",
                    "to": page_of(f"points.wallet:{row.customer_id}") if may_wallet and row.customer else "",
                }
                for row in page
            ],
            "only": only,
            "may_request": is_own and state == states.JUDGED and obj.customers and scope.may(awards.ADDS),
            "may_drop": is_own
            and state in (states.JUDGING, states.JUDGED, states.ASKED)
            and scope.may(awards.ADDS),
            "may_decide": state == states.ASKED and not is_own and scope.may(awards.DECIDES),
            "may_go_on": (state == states.AGREED and scope.may(awards.DECIDES))
            or (state == states.RETURNING and scope.may(awards.RETURNS)),
            "may_take_back": state in (states.AGREED, states.POSTED)
            and obj.kept_until > scope.at
            and scope.may(awards.RETURNS),
            "is_empty": state == states.JUDGED and not obj.customers,
            "is_alone": obj.points <= obj.alone,
            "least_reason": LEAST_REASON,
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """The form, and what it loads."""
        scope = scope_of(request)
        if not scope.may(awards.ADDS):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if request.method == "POST":
            form = AwardForm(request.POST, request.FILES)
            try:
                with transaction.atomic():
                    award = _loaded(scope, form)
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(
                    request, gettext("Its rows are being checked; nothing is given before you ask for it.")
                )
                return redirect("admin:points_award_change", award.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Award points to many"),
            "opts": self.opts,
            "media": self.media,
            "typed": request.POST,
            "tags": tags_usable(scope=scope).filter(is_active=True).select_related("category"),
            "months": _MONTHS,
            "ends": Ends.choices,
            "payers": Award.Payer.choices,
            "least_reason": LEAST_REASON,
            "most": f"{awards.MOST_ROWS:,}",
        }
        return TemplateResponse(request, "points/award_new.html", context)

    def request_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        """At once within the limit, else asked for; the page says which."""

        def act() -> None:
            made = awards.ask_award(scope=scope_of(request), award_id=award_id)
            messages.success(
                request,
                gettext("It is being posted; the figures below show how far it is.")
                if made.state == Award.State.AGREED
                else gettext("Above what one person may award alone: another person decides now."),
            )

        return self._act(request, award_id, act)

    def confirm_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        done = gettext("Agreed: it is being posted.")
        return self._said(request, award_id, done, lambda scope, _said: _decided(scope, award_id, True, ""))

    def decline_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        done = gettext("Refused: nothing was moved.")
        return self._said(
            request, award_id, done, lambda scope, said: _decided(scope, award_id, False, said["remark"])
        )

    def drop_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        done = gettext("Withdrawn: nothing was given.")
        return self._said(
            request, award_id, done, lambda scope, _said: awards.drop_award(scope=scope, award_id=award_id)
        )

    def go_on_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        done = gettext("It goes on; what was done is not done twice.")
        return self._said(
            request,
            award_id,
            done,
            lambda scope, _said: awards.go_on_with_award(scope=scope, award_id=award_id),
        )

    def take_back_view(self, request: HttpRequest, award_id: UUID) -> HttpResponse:
        done = gettext("It is being taken back, customer by customer; the figures below show how far it is.")
        return self._said(
            request,
            award_id,
            done,
            lambda scope, said: awards.take_back_award(
                scope=scope, award_id=award_id, reason=said["remark"], owes_rest=said["owes_rest"]
            ),
        )

    def _said(
        self, request: HttpRequest, award_id: UUID, done: str, act: Callable[[Scope, dict[str, Any]], Any]
    ) -> HttpResponse:
        form = SaidForm(request.POST)
        form.is_valid()
        said = {"remark": "", "owes_rest": False} | form.cleaned_data
        return self._act(request, award_id, lambda: act(scope_of(request), said), done)


def _loaded(scope: Scope, form: AwardForm) -> Award:
    """What the form asks for. Raises AwardNotClear for what makes no sense, and what the services refuse."""
    if not form.is_valid() or bool(form.cleaned_data["file"]) == bool(form.cleaned_data["tag"]):
        raise AwardNotClear
    chosen = form.cleaned_data["file"]
    if chosen:
        return awards.load_award(scope=scope, terms=form.terms(), file=chosen.file, name=chosen.name or "")
    return awards.load_tag_award(scope=scope, terms=form.terms(), tag_id=form.cleaned_data["tag"])


def _decided(scope: Scope, award_id: UUID, is_agreed: bool, remark: str) -> Award:
    return awards.decide_award(scope=scope, award_id=award_id, is_agreed=is_agreed, remark=remark)
