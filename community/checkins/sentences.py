"""What a programme says, in sentences: for its page, the reviewer and the phone."""

from collections.abc import Sequence

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from community.checkins.models import Looked, Proof
from community.checkins.terms import ProgrammeTerms


def points_words(points: int) -> str:
    """So many points."""
    return gettext("%(points)s points") % {"points": f"{points:,}"}


def days_words(terms: ProgrammeTerms) -> str:
    """From when until when, on which days of the week."""
    first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (terms.first_day, terms.last_day))
    return f"{first} – {last} · {weekday_words(terms.weekdays)}"


def weekday_words(weekdays: Sequence[int]) -> str:
    """Every day, or those that count."""
    if len(weekdays) == 7:
        return gettext("every day")
    if sorted(weekdays) == [1, 2, 3, 4, 5]:
        return gettext("Monday to Friday")
    return gettext(", ").join(str(WEEKDAYS_ABBR[day - 1]) for day in sorted(weekdays))


def proof_words(terms: ProgrammeTerms) -> str:
    """What is asked beside the tap, and when it is looked at."""
    said = str(Proof(terms.proof).label)
    if terms.proof == Proof.QUIZ:
        said = gettext("the answer to a question (%(many)s in turn)") % {"many": len(terms.questions)}
    if terms.proof == Proof.POSITION:
        said = gettext("being within %(metres)s metres of %(place)s") % {
            "metres": f"{terms.metres or 0:,}",
            "place": terms.place,
        }
    if terms.proof in (Proof.TEXT, Proof.PICTURE) and terms.looked == Looked.BEFORE:
        said = f"{said} · {Looked.BEFORE.label}"
    return said


def makeup_words(terms: ProgrammeTerms) -> str:
    """How many days may be made up for, how far back, at what price."""
    if not terms.makeup_most:
        return gettext("none")
    said = gettext("%(many)s times, up to %(days)s days back") % {
        "many": terms.makeup_most,
        "days": terms.makeup_days,
    }
    price = points_words(terms.makeup_cost) if terms.makeup_cost else gettext("free of charge")
    return f"{said} · {price}"


def reward_words(terms: ProgrammeTerms) -> str:
    """What one check-in, a streak and the goal give."""
    said = []
    if terms.points:
        said.append(gettext("%(points)s points a check-in") % {"points": f"{terms.points:,}"})
    if terms.streak_points:
        said.append(
            gettext("%(points)s more for each %(days)s days in a row")
            % {"points": f"{terms.streak_points:,}", "days": terms.streak_days}
        )
    if terms.goal_count:
        said.append(goal_words(terms))
    return gettext("; ").join(said) or gettext("no points")


def goal_words(terms: ProgrammeTerms) -> str:
    """What a group is to reach together, and what everybody gets for it."""
    if not terms.goal_points:
        return gettext("goal of the group: %(count)s check-ins") % {"count": f"{terms.goal_count:,}"}
    return gettext("%(points)s for everybody once the group has %(count)s check-ins") % {
        "points": f"{terms.goal_points:,}",
        "count": f"{terms.goal_count:,}",
    }


def cap_words(terms: ProgrammeTerms) -> str:
    """All that it may give."""
    return points_words(terms.points_cap) if terms.points_cap else gettext("no limit")


def whom_words(terms: ProgrammeTerms, groups: Sequence[str], kinds: Sequence[str]) -> str:
    """Which groups it is for."""
    reach = (
        pgettext("programme", "this branch and those below")
        if terms.handed_down
        else pgettext("programme", "this branch alone")
    )
    which = gettext("all groups")
    if groups:
        which = gettext(", ").join(groups)
    elif kinds:
        which = gettext(", ").join(kinds)
    return f"{which} · {reach}"
