"""The builder of conditions: a form field with its page's part, and the two addresses that its page asks.

A page that edits a rule takes `AsksConditions` and a `RuleField`. What is sent is either the rows that the script
keeps (`NAME_rows`), or, without a script or by choice, the rule as text (`NAME`).
"""

from dataclasses import dataclass
from typing import Any

import orjson
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from campaigns.customers.condition_rows import Finding, Row, RowsWrong, new_rows, rows_in, rows_of
from campaigns.customers.condition_selectors import counted_in_words, how_many_meet, looked_at, offered
from campaigns.customers.conditions import KNOWN, MAX_DEPTH, Catalogue
from campaigns.customers.tag_selectors import catalogue
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as they came from a page, in place of the rule as text."""

    json: str


class RuleWidget(forms.Widget):
    """Rows to fill in; the rule as text where no script runs, and for who wants it."""

    template_name = "customers/conditions.html"

    def __init__(self, *, scope: Scope, **shown: str) -> None:
        super().__init__({"class": "ct-code ct-rule"})
        self.scope, self.shown = scope, shown

    @property
    def media(self) -> forms.Media:
        return forms.Media(
            css={"all": ["customers/conditions.css"]},
            js=[Script("customers/conditions.js", type="module")],  # type: ignore[list-item] # the stubs know names
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        rows = data.get(f"{name}_rows", "")
        return _Rows(rows) if rows else data.get(name, "")

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_rows" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        known = catalogue(scope=self.scope)
        rows, text = _shown(value, known, self.scope)
        context = super().get_context(name, text, attrs)
        context["builder"] = {
            "rows": rows,
            "text": text,
            "words": _words(),
            "deepest": MAX_DEPTH,
            **_kept_small(offered(scope=self.scope, known=known), rows),
        }
        context |= {**self.shown, "asked_about": _asked_about(context["builder"])}
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class RuleField(forms.Field):
    """A rule as JSON. Of rows each one that is wrong is named; of text only whether it is JSON at all: its truth is
    the service's to judge. `is_asked` False: whatever came, there is no rule.
    """

    def __init__(self, *, builder: RuleWidget, **kwargs: Any) -> None:
        self.is_asked = True
        super().__init__(widget=builder, **kwargs)

    def to_python(self, value: Any) -> Any:
        if not self.is_asked or value in (None, ""):
            return None
        try:
            if not isinstance(value, _Rows):
                return orjson.loads(value)
            filled = looked_at(scope=self.widget.scope, rows=value.json).filled
        except ValueError as error:
            raise ValidationError(_("This is no JSON."), code="invalid") from error
        except RowsWrong as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal
        if filled.findings:
            raise ValidationError([_in_words(finding) for finding in filled.findings[:10]])
        return filled.rule


class AsksConditions(ScopedAdmin):
    """The addresses that a page with a `RuleField` asks while somebody builds: NOUN_rule says and judges, NOUN_rule_try
    counts. Both only look.
    """

    def builder(self, request: HttpRequest, **shown: str) -> RuleWidget:
        """For a `RuleField` of this page. `only_when` ("kind=computed") names the choice of the same form beside which
        it is shown, `instead` the field that is shown beside the others.
        """
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        urls = {"ask_url": reverse(f"{name}_rule"), "try_url": reverse(f"{name}_rule_try")}
        return RuleWidget(scope=scope_of(request), **urls, **shown)

    def get_urls(self) -> list[Any]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("rule/", view(self.rule_view), name=f"{name}_rule"),
            path("rule/try/", view(self.try_view), name=f"{name}_rule_try"),
        ]
        return own + super().get_urls()

    def counted_below(self, request: HttpRequest) -> Branch | None:
        """Below which branch a trial counts, beside the scope; None: all of the scope."""
        return None

    def _demand_builder(self, request: HttpRequest) -> None:
        if not (self._may(request, "add") or self._may(request, "change")):
            raise PermissionDenied

    def rule_view(self, request: HttpRequest) -> HttpResponse:
        """What the conditions say so far, and what is wrong with which; saves nothing."""
        self._demand_builder(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rows, text = request.POST.get("rows", ""), request.POST.get("text", "")
        try:
            look = looked_at(scope=scope_of(request), rows=rows, text=text)
        except (ValueError, RowsWrong) as error:
            why = str(error) if isinstance(error, Refusal) else gettext("This is no JSON.")
            return JsonResponse({"wrong": why}, status=400)
        findings = look.filled.findings
        unfinished = sum(finding.is_blank for finding in findings)
        return JsonResponse(
            {
                "rows": look.rows,
                "text": _pretty(look.filled.rule),
                "sentence": look.sentence,
                "unfinished": _unfinished(unfinished),
                "findings": [
                    {
                        "path": finding.path,
                        "number": finding.number,
                        "why": str(finding.why),
                        "blank": finding.is_blank,
                    }
                    for finding in findings
                ],
            }
        )

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """How many customers meet the conditions now; saves nothing."""
        self._demand_builder(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            look = looked_at(
                scope=scope_of(request), rows=request.POST.get("rows", ""), text=request.POST.get("text", "")
            )
        except (ValueError, RowsWrong):
            return JsonResponse({"said": gettext("This is no JSON.")}, status=400)
        if look.filled.findings or look.filled.condition is None:
            return JsonResponse({"said": gettext("Fill in all conditions first."), "is_counted": False})
        try:
            counted = how_many_meet(
                scope=scope_of(request), condition=look.filled.condition, below=self.counted_below(request)
            )
        except DataError:
            said = gettext("The database could not compare these values: look at the numbers and dates.")
            return JsonResponse({"said": said, "is_counted": False})
        return JsonResponse({"said": counted_in_words(counted), "is_counted": True})


def _shown(value: Any, known: Catalogue, scope: Scope) -> tuple[Row | None, str]:
    """The value as rows (None: only as text) and as text."""
    if value is None or value == "":
        return new_rows(), ""
    if isinstance(value, _Rows):
        try:
            look = looked_at(scope=scope, rows=value.json)
        except RowsWrong:
            return new_rows(), ""
        return look.rows, _pretty(look.filled.rule)
    if isinstance(value, str):
        try:
            return rows_of(orjson.loads(value), known), value
        except ValueError:
            return None, value
    return rows_of(value, known), _pretty(value)


def _kept_small(offer: dict[str, Any], rows: Row | None) -> dict[str, Any]:
    """Without what is neither offered nor in the rows."""
    used = {row.get("about") for row in rows_in(rows)} if rows else set()
    typed = {text for row in rows_in(rows) for text in row.get("typed", ())} if rows else set()
    for subject in offer["subjects"]:
        subject["choices"] = [c for c in subject["choices"] if c["offered"] or c["code"] in typed]
    offer["subjects"] = [s for s in offer["subjects"] if s["offered"] or s["about"] in used]
    return offer


def _asked_about(builder: dict[str, Any]) -> list[dict[str, Any]]:
    """What may be asked, for whoever writes a rule as text."""
    return [
        {
            "about": subject["about"],
            "name": subject["name"],
            "how": " ".join(
                how
                for how, _name in builder["asked"][subject["kind"]]
                if not (subject.get("counted") and how in KNOWN)
            ),
            "choices": " ".join(f"{choice['code']}={choice['name']}" for choice in subject["choices"][:40]),
        }
        for subject in builder["subjects"]
    ]


def _unfinished(count: int) -> str:
    return gettext("%(count)s not filled in yet") % {"count": count} if count else ""


def _pretty(rule: Any) -> str:
    return orjson.dumps(rule, option=orjson.OPT_INDENT_2).decode()


def _in_words(finding: Finding) -> str:
    if not finding.path:
        return str(finding.why)
    return gettext("Condition %(number)s: %(why)s") % {"number": finding.number, "why": finding.why}


def _words() -> dict[str, str]:
    return {
        "all": gettext("all of these hold"),
        "any": gettext("at least one of these holds"),
        "none": gettext("none of these holds"),
        "box": gettext("how the conditions of this box go together"),
        "about": gettext("choose what it is about"),
        "how": gettext("comparison"),
        "value": gettext("value"),
        "until": pgettext("comparison", "to"),
        "money": gettext("yuan"),
        "yes": gettext("yes"),
        "no": gettext("no"),
        "choose": gettext("choose, or type to find"),
        "text": gettext("type and press Enter"),
        "nothing": gettext("Nothing is found."),
        "drop": gettext("Remove this condition"),
        "drop_box": gettext("Remove this box"),
        "take": gettext("Remove %(name)s"),
        "wrap": gettext("Put into a box of its own"),
        "lift": gettext("Take out of its box"),
        "add": gettext("Add a condition"),
        "add_box": gettext("Add a box"),
        "within": pgettext("counted", "in the last"),
        "days": pgettext("counted", "days"),
        "any_of": pgettext("counted", "all of them"),
        "narrowed": pgettext("counted", "only where it is:"),
        "gone": gettext("no longer known"),
        "empty": gettext("Add a condition: what it says stands here as you build it."),
        "trying": gettext("Counting …"),
        "failed": gettext("The server does not answer: try again in a moment."),
        "as_text": gettext("Edit as text"),
        "as_rows": gettext("Back to the conditions"),
    }
