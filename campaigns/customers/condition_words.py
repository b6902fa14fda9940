"""A tree of conditions as a sentence in the reader's language; pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext, pgettext_lazy

from campaigns.customers.conditions import IN_DAYS, Asked, Condition, Every, Not, Some, Tagged, Words
from campaigns.lib.money import yuan

# How a condition is said; the order of the words is the translation's.
_SAID: Mapping[str, str] = {
    "=": gettext_noop("%(name)s is %(value)s"),
    "!=": gettext_noop("%(name)s is not %(value)s"),
    ">": gettext_noop("%(name)s is more than %(value)s"),
    ">=": gettext_noop("%(name)s is at least %(value)s"),
    "<": gettext_noop("%(name)s is less than %(value)s"),
    "<=": gettext_noop("%(name)s is at most %(value)s"),
    "between": gettext_noop("%(name)s is from %(value)s to %(second)s"),
    "on": gettext_noop("%(name)s is on %(value)s"),
    "before": gettext_noop("%(name)s is before %(value)s"),
    "from": gettext_noop("%(name)s is on %(value)s or later"),
    "in": gettext_noop("%(name)s is %(value)s"),
    "not_in": gettext_noop("%(name)s is not %(value)s"),
    "contains": gettext_noop("%(name)s contains %(value)s"),
    "starts": gettext_noop("%(name)s begins with %(value)s"),
    "filled": gettext_noop("%(name)s is known"),
    "empty": gettext_noop("%(name)s is not known"),
}
_TAGGED: Mapping[str, str] = {
    "all": gettext_noop("has the tags %(tags)s"),
    "any": gettext_noop("has one of the tags %(tags)s"),
    "none": gettext_noop("has none of the tags %(tags)s"),
}


def sentence_of(condition: Condition) -> str:
    """The whole condition as one sentence, without a full stop."""
    return _said(condition, is_inside=False)


def _said(condition: Condition, *, is_inside: bool) -> str:
    match condition:
        case Every(parts) | Some(parts):
            if len(parts) == 1:
                return _said(parts[0], is_inside=is_inside)
            word = _(", and ") if isinstance(condition, Every) else _(", or ")
            joined = word.join(_said(part, is_inside=True) for part in parts)
            return _("(%(conditions)s)") % {"conditions": joined} if is_inside else joined
        case Not(part):
            return _("it is not so that %(condition)s") % {"condition": _said(part, is_inside=True)}
        case Tagged(how, _codes, tags):
            how = "all" if len(tags) == 1 and how == "any" else how
            return _(_TAGGED[how]) % {"tags": _listed([tag.name for tag in tags])}
        case Asked():
            return _asked(condition)


def _asked(asked: Asked) -> str:
    name = _counted_name(asked) if asked.subject.is_counted else _quoted_name(asked.subject.name)
    if asked.how in IN_DAYS:
        return _days(asked.how, asked.values[0]) % {"name": name, "days": asked.values[0]}
    values = [_value(asked, value) for value in asked.values]
    if asked.how in ("in", "not_in"):
        return _(_SAID[asked.how]) % {"name": name, "value": _or(values)}
    said = {"name": name, "value": values[0] if values else "", "second": values[-1] if values else ""}
    return _(_SAID[asked.how]) % said


def _days(how: str, days: int) -> str:
    match how:
        case "last_days":
            return ngettext("%(name)s lies in the last day", "%(name)s lies in the last %(days)s days", days)
        case "before_last_days":
            return ngettext(
                "%(name)s lies more than a day back", "%(name)s lies more than %(days)s days back", days
            )
    return ngettext("%(name)s lies in the next day", "%(name)s lies in the next %(days)s days", days)


def _value(asked: Asked, value: Any) -> str:
    match asked.subject.kind:
        case "money":
            return yuan(value)
        case "number":
            return f"{value:,}" + (f" {asked.subject.unit}" if asked.subject.unit else "")
        case "date" | "moment":
            assert isinstance(value, date)
            return date_format(value)
        case "choice":
            return f"“{asked.subject.choices[value]}”"
        case "flag":
            return _("yes") if value else _("no")
    return f"“{value}”"


def _counted_name(asked: Asked) -> str:
    said = {"name": asked.subject.name, "days": asked.days}
    if asked.where is None:
        return ngettext("%(name)s in the last day", "%(name)s in the last %(days)s days", asked.days) % said
    code, value = asked.where
    known = asked.subject.wheres[code]
    said |= {"where": known.name, "value": known.choices.get(value, value)}
    return (
        ngettext(
            "%(name)s in the last day (%(where)s: “%(value)s”)",
            "%(name)s in the last %(days)s days (%(where)s: “%(value)s”)",
            asked.days,
        )
        % said
    )


def _quoted_name(name: Words) -> str:
    return str(name)


def _listed(names: list[Words]) -> str:
    return pgettext("between things", ", ").join(f"“{name}”" for name in names)


def _or(values: list[str]) -> str:
    return _(" or ").join(values)


# --- words of a form --------------------------------------------------------------------------------------------------

# What one chooses between a subject and its value.
COMPARISONS: Mapping[str, Words] = {
    "=": pgettext_lazy("comparison", "is"),
    "!=": pgettext_lazy("comparison", "is not"),
    ">": pgettext_lazy("comparison", "is more than"),
    ">=": pgettext_lazy("comparison", "is at least"),
    "<": pgettext_lazy("comparison", "is less than"),
    "<=": pgettext_lazy("comparison", "is at most"),
    "between": pgettext_lazy("comparison", "lies between"),
    "on": pgettext_lazy("comparison", "is on"),
    "before": pgettext_lazy("comparison", "is before"),
    "from": pgettext_lazy("comparison", "is on or after"),
    "last_days": pgettext_lazy("comparison", "lies in the last"),
    "before_last_days": pgettext_lazy("comparison", "lies more than"),
    "next_days": pgettext_lazy("comparison", "lies in the next"),
    "in": pgettext_lazy("comparison", "is one of"),
    "not_in": pgettext_lazy("comparison", "is none of"),
    "contains": pgettext_lazy("comparison", "contains"),
    "starts": pgettext_lazy("comparison", "begins with"),
    "filled": pgettext_lazy("comparison", "is known"),
    "empty": pgettext_lazy("comparison", "is not known"),
    "all": pgettext_lazy("comparison", "all of these"),
    "any": pgettext_lazy("comparison", "one of these"),
    "none": pgettext_lazy("comparison", "none of these"),
}
# What stands behind the number of days.
DAYS: Mapping[str, Words] = {
    "last_days": pgettext_lazy("comparison", "days"),
    "before_last_days": pgettext_lazy("comparison", "days back"),
    "next_days": pgettext_lazy("comparison", "days"),
}
