"""The page on which a batch is handed out otherwise than by claims: grants, lists, rules, codes; a coupon extended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext, ngettext

from campaigns.events.registry import kinds
from campaigns.jobs.long_models import Job
from campaigns.jobs.long_selectors import jobs_among
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.codes import GUESSES, RANDOM
from campaigns.rewards.granting import tell_worker
from campaigns.rewards.list_lots import row_of
from campaigns.rewards.models import Batch
from campaigns.rewards.models.codes import CodeRun
from campaigns.rewards.models.grants import BatchFile, EventGrant, GrantRule
from campaigns.rewards.refusals.life import LIFE_BY_WORD, CustomerUnknown, ListTooLarge, NotLater
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.rewards.services import claim_codes, grant_rules, grants, lists, many, partner_codes
from campaigns.rewards.services.batch_files import customers_named
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope

_MEGABYTE = 1 << 20
_MOST = {"xlsx": 30 * _MEGABYTE, "csv": 200 * _MEGABYTE}
_SHOWN = 8
_REFUSED = 20


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200)


class CustomerForm(ReasonForm):
    number = forms.CharField(max_length=60)


class FileForm(ReasonForm):
    file = forms.FileField()

    def clean_file(self) -> Any:
        chosen = self.cleaned_data["file"]
        most = _MOST["xlsx" if (chosen.name or "").lower().endswith(".xlsx") else "csv"]
        if (chosen.size or 0) > most:
            raise forms.ValidationError(str(ListTooLarge(most=most // _MEGABYTE)))
        return chosen


class SureForm(ReasonForm):
    sure = forms.BooleanField()


class UntilForm(ReasonForm):
    until = forms.DateTimeField()


class UntilFileForm(FileForm):
    until = forms.DateTimeField()


class RuleForm(ReasonForm):
    source = forms.CharField(max_length=40)
    event_kind = forms.CharField(max_length=60)
    product = forms.CharField(max_length=60, required=False)


class SwitchForm(forms.Form):
    rule = forms.UUIDField()
    is_open = forms.BooleanField(required=False)


class CodesForm(forms.Form):
    number = forms.IntegerField(min_value=1, max_value=claim_codes.MOST)
    pattern = forms.CharField(max_length=40, required=False)


class SharedForm(forms.Form):
    code = forms.CharField(max_length=40)


class RunForm(forms.Form):
    run = forms.UUIDField()


Given = dict[str, Any]
_Do = Callable[[Scope, UUID, Given], str]


def _grant(scope: Scope, batch_id: UUID, given: Given) -> str:
    [customer_id] = customers_named(scope=scope, rows=[row_of(line=1, cell=given["number"].strip())])
    if customer_id is None:
        raise CustomerUnknown
    coupon = grants.grant_coupon(
        scope=scope, batch_id=batch_id, customer_id=customer_id, reason=given["reason"]
    )
    return gettext("Granted to customer %(customer)s.") % {"customer": coupon.customer}


def _file(act: Callable[..., BatchFile], *more: str) -> _Do:
    def do(scope: Scope, batch_id: UUID, given: Given) -> str:
        chosen = given["file"]
        made = act(
            scope=scope,
            batch_id=batch_id,
            file=chosen.file,
            name=chosen.name or "",
            reason=given["reason"],
            **{name: given[name] for name in more},
        )
        said = ngettext(
            "%(number)s row is being worked through; the bar below shows how far it is.",
            "%(number)s rows are being worked through; the bar below shows how far it is.",
            made.rows,
        )
        return said % {"number": f"{made.rows:,}"}

    return do


def _all(act: Callable[..., Job], *more: str) -> _Do:
    def do(scope: Scope, batch_id: UUID, given: Given) -> str:
        act(scope=scope, batch_id=batch_id, reason=given["reason"], **{name: given[name] for name in more})
        return gettext("All coupons of the batch are being worked through: see the long jobs.")

    return do


def _rule(scope: Scope, batch_id: UUID, given: Given) -> str:
    grant_rules.add_grant_rule(scope=scope, batch_id=batch_id, **given)
    return gettext("From now on each such event grants a coupon.")


def _switch(scope: Scope, batch_id: UUID, given: Given) -> str:
    rule = GrantRule.objects.within(scope).filter(pk=given["rule"], batch_id=batch_id).first()
    if rule is None:
        raise NotFound
    grant_rules.change_grant_rule(scope=scope, rule_id=rule.pk, reason=rule.reason, is_open=given["is_open"])
    return gettext("The rule is in force.") if given["is_open"] else gettext("The rule is out of force.")


def _again(scope: Scope, batch_id: UUID, _given: Given) -> str:
    asked = grants.answer_events_again(scope=scope, batch_id=batch_id)
    if asked:
        tell_worker()
    said = ngettext(
        "%(number)s event is answered once more.", "%(number)s events are answered once more.", asked
    )
    return said % {"number": f"{asked:,}"}


def _codes(scope: Scope, batch_id: UUID, given: Given) -> str:
    run = claim_codes.ask_codes(scope=scope, batch_id=batch_id, **given)
    said = ngettext("%(number)s code is being made.", "%(number)s codes are being made.", run.number)
    return said % {"number": f"{run.number:,}"}


def _shared(scope: Scope, batch_id: UUID, given: Given) -> str:
    claim_codes.set_shared_code(scope=scope, batch_id=batch_id, code=given["code"])
    return gettext("From now on this code claims; the one before claims nothing any more.")


def _close(scope: Scope, batch_id: UUID, given: Given) -> str:
    run = CodeRun.objects.within(scope).filter(pk=given["run"], batch_id=batch_id).first()
    if run is None:
        raise NotFound
    claim_codes.close_codes(scope=scope, run_id=run.pk)
    return gettext("These codes claim nothing any more; coupons claimed by them stay good.")


@dataclass(frozen=True, slots=True)
class Act:
    """One form of the page: its shape, what it does and says, and the right it asks for."""

    form: type[forms.Form]
    do: _Do
    verb: str


ACTS = {
    "grant": Act(CustomerForm, _grant, grants.MAY),
    "grant_list": Act(FileForm, _file(lists.grant_list), grants.MAY),
    "void_list": Act(FileForm, _file(many.void_list), many.MAY_VOID),
    "void_all": Act(SureForm, _all(many.void_all), many.MAY_VOID),
    "extend_list": Act(UntilFileForm, _file(many.extend_list, "until"), many.MAY_EXTEND),
    "extend_all": Act(UntilForm, _all(many.extend_all, "until"), many.MAY_EXTEND),
    "rule": Act(RuleForm, _rule, "rewards.grantrule.add"),
    "switch": Act(SwitchForm, _switch, "rewards.grantrule.change"),
    "again": Act(forms.Form, _again, grants.MAY),
    "codes": Act(CodesForm, _codes, claim_codes.MAY),
    "shared": Act(SharedForm, _shared, claim_codes.MAY),
    "close": Act(RunForm, _close, claim_codes.MAY_CLOSE),
    "import": Act(FileForm, _file(partner_codes.import_partner_codes), partner_codes.MAY),
}


def hand_urls(page: ScopedAdmin) -> list[Any]:
    """The addresses of the page, for the batches' own."""

    def hand(request: HttpRequest, batch_id: UUID) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        try:
            batch = batch_in_scope(scope=scope, batch_id=batch_id)
        except NotFound:
            return page._get_obj_does_not_exist_redirect(request, page.opts, str(batch_id))  # type: ignore[no-any-return]
        if request.method == "POST":
            return _acted(request, scope, batch)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        return _page(page, request, scope, batch)

    def take(request: HttpRequest, batch_id: UUID, run_id: UUID) -> Any:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not page.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                codes = claim_codes.take_codes(scope=scope_of(request), run_id=run_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:rewards_batch_hand", batch_id)
        answer = StreamingHttpResponse(_lots(codes), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="codes-{str(run_id)[-8:]}.csv"'
        return answer

    view = page.admin_site.admin_view
    return [
        path("<uuid:batch_id>/hand/", view(hand), name="rewards_batch_hand"),
        path("<uuid:batch_id>/codes/<uuid:run_id>/", view(take), name="rewards_batch_codes"),
    ]


def extend_urls(page: ScopedAdmin) -> list[Any]:
    """One coupon extended, for the coupons' own page."""

    def extend(request: HttpRequest, coupon_id: UUID) -> HttpResponse:
        form = UntilForm(request.POST)

        def act() -> None:
            if not form.is_valid():
                raise NotLater
            many.extend_coupon(scope=scope_of(request), coupon_id=coupon_id, **form.cleaned_data)

        return page._act(request, coupon_id, act, gettext("The coupon is good for longer."))

    name = "rewards_coupon_extend"
    return [path("<uuid:coupon_id>/extend/", page.admin_site.admin_view(extend), name=name)]


def _lots(codes: Any) -> Any:
    """Some hundred lines at once: a chunk for each would cost more than the codes."""
    yield "\ufeff"
    held: list[str] = []
    for line in codes:
        held.append(line)
        if len(held) == 500:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def _acted(request: HttpRequest, scope: Scope, batch: Batch) -> HttpResponse:
    act = ACTS.get(request.POST.get("act", ""))
    back = redirect("admin:rewards_batch_hand", batch.pk)
    if act is None:
        return back
    form = act.form(request.POST, request.FILES)
    if not form.is_valid():
        wrong = [str(error) for errors in form.errors.values() for error in errors]
        messages.error(request, " ".join(dict.fromkeys(wrong)))
        return back
    try:
        with transaction.atomic():
            said = act.do(scope, batch.pk, form.cleaned_data)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return back


def _page(page: ScopedAdmin, request: HttpRequest, scope: Scope, batch: Batch) -> HttpResponse:
    files = list(BatchFile.objects.within(scope).filter(batch_id=batch.pk)[:_SHOWN])
    runs = list(CodeRun.objects.within(scope).filter(batch_id=batch.pk)[:_SHOWN])
    asked = [file.job_id for file in files] + [run.job_id for run in runs]
    wanted = [job_id for job_id in asked if job_id]
    jobs: dict[UUID | None, Job] = (
        {job.pk: job for job in jobs_among(scope=scope, job_ids=wanted)} if wanted else {}
    )
    rules = list(GrantRule.objects.within(scope).filter(batch_id=batch.pk))
    told = EventGrant.objects.within(scope).filter(batch_id=batch.pk)
    may_make = scope.may(claim_codes.MAY)
    context = {
        **page.admin_site.each_context(request),
        "title": batch.title,
        "opts": page.opts,
        "media": page.media,
        "batch": batch,
        "may": {name: scope.may(act.verb) for name, act in ACTS.items()},
        "files": [(file, jobs.get(file.job_id)) for file in files],
        "runs": [
            {
                "run": run,
                "job": jobs.get(run.job_id),
                "shared": claim_codes.shared_code(scope=scope, run=run) if run.shared and may_make else "",
                "is_mine": run.person_id is not None
                and run.person_id == scope.person_id
                and run.kept_until > scope.at
                and not run.shared
                and run.closed_at is None
                and run.made == run.number,
            }
            for run in runs
        ],
        "refused": [(each, _why_not(each.word)) for each in told.filter(state="refused")[:_REFUSED]],
        "rules": [(rule, *_counts(told.filter(rule=rule))) for rule in rules],
        "event_kinds": [
            (kind.code, kind.label) for kind in kinds().values() if {"hook", "file"} & kind.told_by
        ],
        "partner": partner_codes.codes_of(scope=scope, batch_id=batch.pk) if batch.draws_codes else None,
        "random": RANDOM,
        "guesses": GUESSES,
        "most": claim_codes.MOST,
    }
    return TemplateResponse(request, "rewards/batch_hand.html", context)


def _why_not(word: str) -> str:
    return str(LIFE_BY_WORD[word]()) if word in LIFE_BY_WORD else word


def _counts(told: Any) -> tuple[int, int]:
    """How many events of a rule were granted, and how many were not."""
    return told.filter(state="granted").count(), told.filter(state="refused").count()
