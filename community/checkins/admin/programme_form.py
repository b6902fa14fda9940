"""The form of a check-in programme: sentences with what is to be filled in, and a phone that shows it meanwhile."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from campaigns.lib.forms import ServiceForm
from campaigns.lib.geo import MICRO
from campaigns.points.models import Ends
from campaigns.tenants.scopes import current_scope
from community.checkins.admin.sentence_fields import SentenceField, day, whole
from community.checkins.models import Looked, Programme, Proof
from community.checkins.terms import ProgrammeTerms
from community.groups.models import Group
from community.groups.selectors import groups_within, kinds_in_use

FIELDSETS = (
    (None, {"fields": ("title", "text")}),
    (_("On which days"), {"fields": ("days", "weekdays")}),
    (_("What is asked"), {"fields": ("proof", "questions", "near", "looked")}),
    (_("What it gives"), {"fields": ("each", "streak", "goal", "cap", "validity")}),
    (_("Days that were missed"), {"fields": ("makeup",)}),
    (
        _("For whom"),
        {
            "fields": ("groups", "kinds", "handed_down"),
            "description": _("Without a group or kind chosen it is for all groups of the branch."),
        },
    ),
)
# Sentence of the form -> its slots and the terms behind them.
SENTENCES = {
    "days": {"first": "first_day", "last": "last_day"},
    "each": {"points": "points"},
    "streak": {"days": "streak_days", "points": "streak_points"},
    "goal": {"count": "goal_count", "points": "goal_points"},
    "cap": {"points": "points_cap"},
    "validity": {"months": "months", "ends": "ends"},
    "makeup": {"most": "makeup_most", "days": "makeup_days", "cost": "makeup_cost"},
}
_POINTS = 100_000


class Where(forms.CharField):
    """ "30.2596, 120.1302": latitude and longitude as maps show them; millionths of a degree in `cleaned_data`."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value[0] / MICRO:.6f}, {value[1] / MICRO:.6f}" if isinstance(value, tuple) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        parts = re.fullmatch(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*", text)
        if parts is None:
            raise forms.ValidationError(gettext("latitude and longitude, such as 30.2596, 120.1302"))
        return round(float(parts[1]) * MICRO), round(float(parts[2]) * MICRO)


class QuestionsField(forms.CharField):
    """A question a line: text | option | *right option."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(
            " | ".join(
                [each["text"], *(f"*{o}" if n == each["right"] else o for n, o in enumerate(each["options"]))]
            )
            for each in value
        )

    def clean(self, value: Any) -> list[dict[str, Any]]:
        found = []
        for nth, line in enumerate(filter(str.strip, super().clean(value).splitlines()), start=1):
            text, *options = (part.strip() for part in re.split(r"[|｜]", line))
            right = [n for n, option in enumerate(options) if option.startswith(("*", "＊"))]
            if not text or not 2 <= len(options) <= 6 or len(right) != 1:
                raise forms.ValidationError(
                    gettext(
                        "Line %(nth)s: write the question, two to six options, and a * before the right one."
                    )
                    % {"nth": nth}
                )
            found.append(
                {"text": text, "options": [o.lstrip("*＊").strip() for o in options], "right": right[0]}
            )
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial) or "", data)


class ProgrammeForm(ServiceForm):
    days = SentenceField(
        _("Customers check in from %(first)s to %(last)s, both included."),
        {"first": day(_("first day")), "last": day(_("last day"))},
        label=_("days"),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("days that count"),
        coerce=int,
        choices=[(number + 1, name) for number, name in WEEKDAYS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("A day that does not count is no gap in a streak."),
    )
    proof = forms.ChoiceField(
        label=_("what is asked"),
        choices=Proof.choices,
        widget=UnfoldAdminRadioSelectWidget,
        initial=Proof.NONE,
    )
    questions = QuestionsField(
        label=_("questions"),
        required=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 5, "placeholder": "存款保险最高偿付限额是多少？ | 10万元 | *50万元 | 100万元"}
        ),
        help_text=_("A question a line, asked in turn day by day: question | option | *right option."),
    )
    near = SentenceField(
        _("Within %(metres)s metres of %(place)s, which lies at %(where)s."),
        {
            "metres": whole(_("metres"), most=20_000, required=False),
            "place": forms.CharField(
                label=_("place"), max_length=60, required=False, widget=forms.TextInput(attrs={"style": "width:16em"})
            ),
            "where": Where(
                label=_("latitude and longitude"), required=False,
                widget=forms.TextInput(attrs={"style": "width:16em", "placeholder": "30.259600, 120.130200"}),
            ),
        },
        label=_("place"),
        help_text=_("As maps in China show it. Where the customer is gets measured once, and is kept nowhere."),
    )  # fmt: skip
    looked = forms.ChoiceField(
        label=_("words and pictures"), choices=Looked.choices, widget=UnfoldAdminRadioSelectWidget,
        initial=Looked.AFTER,
        help_text=_("Words that the word lists forbid are held in any case."),
    )  # fmt: skip
    each = SentenceField(
        _("A check-in gives %(points)s points."), {"points": whole(_("points for a check-in"), most=_POINTS)},
        label=_("check-in"),
    )  # fmt: skip
    streak = SentenceField(
        _("For each %(days)s days in a row, %(points)s points more."),
        {
            "days": whole(_("days in a row"), most=400),
            "points": whole(_("points for a streak"), most=_POINTS),
        },
        label=_("streak"),
        help_text=_("0 points: nothing more for a streak."),
    )
    goal = SentenceField(
        _("Once a group has %(count)s check-ins together, everybody who took part gets %(points)s points."),
        {
            "count": whole(_("goal of a group"), most=1_000_000),
            "points": whole(_("points for the goal"), most=_POINTS),
        },
        label=_("goal of the group"),
        help_text=_("0 check-ins: no goal."),
    )
    cap = SentenceField(
        _("In all it gives %(points)s points at most."),
        {"points": whole(_("points in all"), most=2_000_000_000, least=1, required=False)},
        label=_("points in all"),
        help_text=_("Empty: no limit. When they are gone, days still count."),
    )
    validity = SentenceField(
        _("Points are good for %(months)s months, %(ends)s."),
        {
            "months": whole(_("good for months"), most=120, least=1, required=False),
            "ends": forms.ChoiceField(label=_("to the end of"), choices=Ends.choices),
        },
        label=_("validity"),
    )
    makeup = SentenceField(
        _(
            "A customer may make up for %(most)s days, each at most %(days)s days ago, for %(cost)s points a day."
        ),
        {
            "most": whole(_("make-ups of a customer"), most=400),
            "days": whole(_("days back"), most=60),
            "cost": whole(_("points for a make-up"), most=_POINTS),
        },
        label=_("make-ups"),
        help_text=_("0 days: none. A made-up day mends a streak."),
    )
    groups: "forms.ModelMultipleChoiceField[Group]" = forms.ModelMultipleChoiceField(
        label=_("community groups"),
        queryset=Group.objects.none(),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
    )
    kinds = forms.MultipleChoiceField(
        label=_("kinds of groups"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Programme
        fields = ("title", "text", "handed_down", "proof", "questions", "looked", "weekdays")
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        assert scope is not None
        choice = self.fields.get("groups")
        if isinstance(choice, forms.ModelMultipleChoiceField):
            choice.queryset = groups_within(scope=scope).filter(dissolved_at=None).order_by("name", "id")
        if "kinds" in self.fields:
            self.fields["kinds"].choices = [(kind.pk, kind.name) for kind in kinds_in_use()]  # type: ignore[attr-defined]
        if "kinds" in self.fields and not kinds_in_use().exists():
            self.fields["kinds"].help_text = gettext("No kinds of groups are in use yet.")
        said = self.instance
        for field, slots in SENTENCES.items():
            self.initial.setdefault(field, {slot: getattr(said, name) for slot, name in slots.items()})
        where = None if said.lat is None or said.lon is None else (said.lat, said.lon)
        self.initial.setdefault("near", {"metres": said.metres or 200, "place": said.place, "where": where})
        self.initial.setdefault("groups", list(said.group_ids or []))
        self.initial.setdefault("kinds", list(said.kinds or []))
        if said._state.adding:
            self.initial["weekdays"], self.initial["each"] = list(range(1, 8)), {"points": 5}
            self.initial["streak"] = {"days": 7, "points": 0}
            today = timezone.localdate(scope.at)
            self.initial["days"] = {"first": today, "last": today + timedelta(days=30)}

    def terms(self) -> ProgrammeTerms:
        """What was typed, for the service."""
        typed = self.cleaned_data
        values: dict[str, Any] = {
            name: typed[name]
            for name in ("title", "text", "handed_down", "proof", "questions", "looked", "weekdays")
        }
        for field, slots in SENTENCES.items():
            values |= {name: typed[field][slot] for slot, name in slots.items()}
        near = typed["near"]
        values |= {"place": near["place"], "metres": near["metres"]}
        values["lat"], values["lon"] = near["where"] or (None, None)
        values["group_ids"] = [UUID(str(group.pk)) for group in typed["groups"]]
        values["kinds"] = typed["kinds"]
        return ProgrammeTerms(**values)
