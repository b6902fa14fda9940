"""Plans in words: when a card goes out, and what happens on holidays."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from community.plans.cards import Card, PlanTerms
from community.plans.rules import DayRule, OnHoliday

WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
HOLIDAYS = {
    OnHoliday.POST: _("goes out on holidays too"),
    OnHoliday.NEXT: _("on holidays: the next working day"),
    OnHoliday.PREVIOUS: _("on holidays: the last working day before"),
    OnHoliday.SKIP: _("left out on holidays"),
}
PART_WORDS = {"text": _("text"), "time": _("time"), "material": _("material")}


def day_words(rule: DayRule) -> str:
    """When, short: D+3, each Mon and Fri."""
    match rule:
        case {"on": on}:
            return str(date_format(date.fromisoformat(on), "SHORT_DATE_FORMAT"))
        case {"weekdays": days}:
            return gettext("each %(days)s") % {"days": gettext(", ").join(str(WEEKDAYS[d - 1]) for d in days)}
        case {"workdays": _yes}:
            return gettext("each working day")
        case {"every": 1}:
            return gettext("each day")
        case {"every": n}:
            return gettext("every %(n)s days") % {"n": n}
        case {"day": n}:
            return f"D+{n}"
        case {"joined": n}:
            return gettext("D+%(n)s of joining") % {"n": n}
    return ""


def card_words(card: Card) -> str:
    """One line of a review: when, and its text."""
    said = [f"{day_words(card.day)} {card.at:%H:%M}", str(HOLIDAYS[OnHoliday(card.holiday)])]
    if card.asks_check_in:
        said.append(gettext("asks to check in"))
    if card.open:
        parts = gettext(", ").join(str(PART_WORDS[part]) for part in card.open)
        said.append(gettext("branches may change: %(parts)s") % {"parts": parts})
    return " · ".join(said)


def end_words(terms: PlanTerms) -> str:
    """Until when a plan lasts."""
    said = []
    if terms.days is not None:
        said.append(gettext("until D+%(days)s") % {"days": terms.days})
    if terms.ends_on:
        said.append(gettext("until %(day)s") % {"day": date_format(terms.ends_on, "SHORT_DATE_FORMAT")})
    if terms.end_members:
        said.append(gettext("ends early with %(many)s members") % {"many": terms.end_members})
    return gettext("; ").join(said) or pgettext("plan", "without an end")


def columns_of(terms: PlanTerms) -> list[dict[str, Any]]:
    """The days of a plan across, each with its cards: relative days first, then what comes again, then dates."""
    days: dict[str, dict[str, Any]] = {}
    for card in terms.cards:
        key = repr(sorted(card.day.items()))
        day = days.setdefault(key, {"label": day_words(card.day), "rule": dict(card.day), "cards": []})
        day["cards"].append(card)
    return list(days.values())
