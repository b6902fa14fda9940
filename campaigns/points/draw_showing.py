"""What came of a draw, and what drawing it again came to, as pages and the command say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from campaigns.points.draws import chi_square, percent
from campaigns.points.models import Draw
from campaigns.points.redrawing import WORDS, Difference, Verdict
from campaigns.points.selectors.draws import Came

# Below: seldom, and hardly ever, when all was drawn fairly.
_SELDOM, _HARDLY_EVER = 0.05, 0.001


@dataclass(frozen=True, slots=True)
class PrizeRow:
    """One prize as the page shows it. `bar`: its width of 100, where 50 is what was expected."""

    prize_id: Any
    title: str
    is_offered: bool
    odds: str
    expected: float
    drawn: int
    given: int
    missed: int
    bar: float
    stock: Any


@dataclass(frozen=True, slots=True)
class Fairness:
    """Prizes drawn against what was expected, and what to think of the difference."""

    tries: int
    paid: int
    won: int
    rows: list[PrizeRow]
    chi_square: str
    words: str
    is_unlikely: bool


def fairness(*, draw: Draw, came: Came) -> Fairness:
    """The draft's prizes with what came of them, the fallback last."""
    by_prize = {each.prize_id: each for each in came.prizes}
    rows = []
    whole = 0
    for prize in draw.prizes.all():
        has = by_prize.get(prize.pk)
        if has is None and not prize.is_offered:
            continue
        whole += prize.parts if prize.is_offered else 0
        odds = percent(prize.parts) if prize.is_offered else "–"
        rows.append(_row(prize.pk, prize.title, prize.is_offered, odds, has, getattr(prize, "stock", None)))
    rest = percent(1_000_000 - whole)
    rows.append(_row(None, draw.fallback_title, True, rest, by_prize.get(None), None))
    value, degrees, p = chi_square([row.drawn for row in rows], [row.expected for row in rows])
    return Fairness(
        tries=came.tries,
        paid=came.paid,
        won=came.won,
        rows=rows,
        chi_square=f"χ² = {value:.2f} ({degrees}), p = {p:.3f}" if degrees else "",
        words=_p_words(degrees, p),
        is_unlikely=bool(degrees) and p < _HARDLY_EVER,
    )


def _row(prize_id: Any, title: str, is_offered: bool, odds: str, has: Any, stock: Any) -> PrizeRow:
    drawn, given, expected = (has.drawn, has.given, has.expected) if has else (0, 0, 0.0)
    bar = min(100.0, 50 * drawn / expected) if expected else 0.0
    return PrizeRow(
        prize_id, title, is_offered, odds, expected, drawn, given, drawn - given, round(bar, 1), stock
    )


def _p_words(degrees: int, p: float) -> str:
    if not degrees:
        return gettext("Too few tries to say how evenly the odds are met.")
    if p >= _SELDOM:
        return gettext("As fair drawing comes out: differences as large as these are common.")
    if p >= _HARDLY_EVER:
        return gettext(
            "Unusual: of %(many)s fair draws about one differs as much. Draw again to be sure."
        ) % {"many": f"{round(1 / p):,}"}
    return gettext("Hardly possible when all was drawn fairly: draw again and see what differs.")


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The verdict in words. `is_good`: nothing differs; `is_whole`: every number could be drawn again."""

    verdict: Verdict
    is_good: bool
    is_whole: bool
    headline: str
    lines: list[tuple[Difference, str]]
    left_out: int


def redrawn(verdict: Verdict) -> Redrawn:
    """A verdict in the reader's language."""
    if verdict.many:
        headline = gettext("%(many)s differences: this draw does not come out the same.") % {
            "many": f"{verdict.many:,}"
        }
    elif verdict.waiting:
        headline = gettext(
            "Nothing differs so far. %(waiting)s of %(tries)s tries can be drawn again once the seed is shown."
        ) % {"waiting": f"{verdict.waiting:,}", "tries": f"{verdict.tries:,}"}
    elif not verdict.tries:
        headline = gettext("Nobody has tried yet; stock and seed are as they were promised.")
    else:
        headline = gettext("Drawn again: all %(tries)s tries come out the same.") % {
            "tries": f"{verdict.tries:,}"
        }
    lines = [(each, worded(each)) for each in verdict.differences]
    return Redrawn(verdict, not verdict.many, not verdict.waiting, headline, lines, verdict.many - len(lines))


def worded(difference: Difference) -> str:
    """One difference in the reader's language."""
    values: Mapping[str, str] = difference.values
    return str(WORDS[difference.word]) % values
