"""The form of a points rule: the event, what is counted, multipliers, caps; yuan where money is counted."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
)

from campaigns.customers.tag_selectors import tags_usable
from campaigns.events.asking import property_name
from campaigns.events.registry import kinds
from campaigns.lib.forms import ServiceForm
from campaigns.points.earning_rules import Boost
from campaigns.points.models import Rule
from campaigns.points.rule_terms import RuleTerms
from campaigns.rewards.lines import weekday_name
from campaigns.tenants.choosing import branches_field
from campaigns.tenants.scopes import current_scope
from campaigns.tenants.selectors import branches_within

FIELDSETS = (
    (None, {"fields": ("title",)}),
    (
        _("What it is for"),
        {
            "fields": (("event_kind", "source"), "points", ("counted_by", "per"), "boosts"),
            "description": _("Points for each event, or for every so much of a number that it carries."),
        },
    ),
    (
        _("At most"),
        {
            "fields": (("cap_day", "cap_week"), ("cap_month", "cap_all"), ("times_day", "times_all")),
            "description": _(
                "For each customer; empty: no limit. What goes beyond a cap is trimmed; beyond the times nothing is"
                " given."
            ),
        },
    ),
    (_("When"), {"fields": ("runs_from", "runs_until")}),
    (_("For whom"), {"fields": ("handed_down", "branches", ("tags_any", "tags_none"))}),
    (_("The points"), {"fields": (("pending_days", "waits_for"), ("months", "ends"))}),
)
_TERMS = tuple(
    name
    for _title, part in FIELDSETS
    for row in part["fields"]  # type: ignore[attr-defined]
    for name in ((row,) if isinstance(row, str) else row)
)
# As many conditions as the page has empty rows for, beside those that there are.
_SPARE = 2
_BRANCHES_OFFERED = 60


class BoostsWidget(forms.Widget):
    """Rows of a condition and a percentage; more empty ones than are used."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = list(
            zip(data.getlist(f"{name}-of"), data.getlist(f"{name}-percent"), strict=False)
        )
        return rows

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = [tuple(each) for each in value or () if any(each)]
        rows = [*given, *[("", "")] * max(_SPARE, 4 - len(given))]
        groups = offered()
        return format_html(
            '<div class="pt-boosts" id="{}">{}</div>',
            (attrs or {}).get("id", ""),
            format_html_join(
                "\n",
                '<div class="pt-boost"><select name="{0}-of" aria-label="{1}">{2}</select>'
                '<label><input name="{0}-percent" type="number" min="1" max="1000" value="{3}"'
                ' aria-label="{4}"> %</label>'
                "</div>",
                (
                    (name, gettext("condition"), _options(groups, chosen), percent, gettext("percent"))
                    for chosen, percent in rows
                ),
            ),
        )


def offered() -> dict[str, list[tuple[str, str]]]:
    """Conditions by group: weekdays, tags, branches just below."""
    scope = current_scope()
    assert scope is not None
    tags = tags_usable(scope=scope).order_by("category__place", "name").values_list("pk", "name")
    below = branches_within(scope=scope).exclude(pk=scope.branch_id).order_by("pos")
    return {
        gettext("Weekdays"): [(f"weekday:{day}", str(weekday_name(day))) for day in range(1, 8)],
        gettext("Tags"): [(f"tag:{key}", name) for key, name in tags],
        gettext("Branches"): [
            (f"branch:{key}", name) for key, name in below.values_list("pk", "name")[:_BRANCHES_OFFERED]
        ],
    }


def _options(groups: Mapping[str, Sequence[tuple[str, str]]], chosen: str) -> SafeString:
    known = {value for options in groups.values() for value, _label in options}
    extra = [] if not chosen or chosen in known else [(chosen, chosen)]
    blank = format_html('<option value="">{}</option>', "–")
    return blank + format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (
                label,
                format_html_join(
                    "",
                    '<option value="{}"{}>{}</option>',
                    ((value, SafeString(" selected") if value == chosen else "", text) for value, text in options),
                ),
            )
            for label, options in ({**groups, "…": extra} if extra else groups).items()
            if options
        ),
    )  # fmt: skip


class BoostsField(forms.Field):
    """Multipliers; `Boost`s in `cleaned_data`."""

    widget = BoostsWidget

    def prepare_value(self, value: Any) -> Any:
        return [
            (f"{each['by']}:{each['of']}", str(each["percent"])) if isinstance(each, dict) else each
            for each in value or ()
        ]

    def clean(self, value: Any) -> list[Boost]:
        found = []
        for chosen, percent in value or ():
            if not chosen and not percent:
                continue
            by, _colon, of = chosen.partition(":")
            # An id fits the column of an id; longer ones name nothing.
            fits = of.isascii() and of.isdigit() and len(of) < 10
            if (
                by not in ("weekday", "tag", "branch")
                or not fits
                or not percent.isascii()
                or not percent.isdigit()
            ):
                raise forms.ValidationError(
                    gettext("Choose a condition and write a percentage, such as 200.")
                )
            found.append(Boost(by, int(of), min(int(percent[:6]), 1_000_000)))  # type: ignore[arg-type]
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [tuple(each) for each in self.prepare_value(initial)] != [
            tuple(each) for each in data if any(each)
        ]


def _events() -> list[tuple[str, str]]:
    return [(code, str(kind.label)) for code, kind in sorted(kinds().items())]


def _numbers() -> list[tuple[str, str]]:
    names = {
        name: str(property_name(name))
        for kind in kinds().values()
        for name, each in kind.properties.items()
        if each.form in ("whole", "money")
    }
    return [("", gettext("each event")), *sorted(names.items())]


def _tags() -> list[tuple[int, str]]:
    scope = current_scope()
    assert scope is not None
    return [(tag.pk, str(tag)) for tag in tags_usable(scope=scope).order_by("category__place", "name")]


def _chosen_tags(label: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, choices=_tags, coerce=int, empty_value=[], required=False,
        widget=UnfoldAdminSelectMultipleWidget(attrs={"size": 4}),
    )  # fmt: skip


def _is_money(event_kind: str, counted_by: str) -> bool:
    kind = kinds().get(event_kind)
    found = kind.properties.get(counted_by) if kind else None
    return found is not None and found.form == "money"


class RuleForm(ServiceForm):
    event_kind = forms.ChoiceField(label=_("event"), choices=_events, widget=UnfoldAdminSelectWidget)
    counted_by = forms.ChoiceField(
        label=_("for every so much of"), choices=_numbers, required=False, widget=UnfoldAdminSelectWidget
    )
    per = forms.DecimalField(
        label=_("so much"), required=False, min_value=Decimal("0.01"), max_digits=13, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("Yuan where money is counted, else a whole number. Rounded down."),
    )  # fmt: skip
    boosts = BoostsField(
        label=_("multipliers"), required=False,
        help_text=_("200: twice the points. Where several fit, the highest applies."),
    )  # fmt: skip
    waits_for = forms.ChoiceField(
        label=_("in force once they did"), required=False, widget=UnfoldAdminSelectWidget,
        choices=lambda: [("", gettext("at once, or after the days")), *_events()],
    )  # fmt: skip
    branches = branches_field(
        label=_("customers of the branches"),
        help_text=_("Type a code or a name; each stands for all below it. Empty: all it is for."),
    )
    tags_any = _chosen_tags(_("with any of the tags"))
    tags_none = _chosen_tags(_("with none of the tags"))

    class Meta:
        model = Rule
        fields = _TERMS
        help_texts = {
            "title": _("What customers read in their statement."),
            "source": _("The bank's system alone that tells it, such as core. Empty: whoever tells it."),
            "pending_days": _("0: at once."),
            "months": _("From when they are in force. Empty: for good."),
            "runs_from": _("By the moments of the events; the end is not included."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        if rule.per is not None and _is_money(rule.event_kind, rule.counted_by):
            self.initial["per"] = Decimal(rule.per) / 100
        if "pending_days" in self.fields:
            self.fields["pending_days"].required = False

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        given["pending_days"] = given.get("pending_days") or 0
        per = given.get("per")
        if per is not None:
            if _is_money(given.get("event_kind", ""), given.get("counted_by", "")):
                given["per"] = int(per * 100)
            elif per == int(per):
                given["per"] = int(per)
            else:
                self.add_error("per", gettext("A whole number, unless money is counted."))
        return given

    def terms(self) -> RuleTerms:
        """What was typed, for the service."""
        return RuleTerms(**{name: self.cleaned_data[name] for name in _TERMS})
