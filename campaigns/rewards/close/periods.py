"""A period of a branch's tree beside its closed days: spans, the book of each day, what changed since. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from campaigns.rewards.close.rules import LINES, Change

LONGEST = 366  # days
_WENT = ("redeemed", "void", "expired", "given")
_STOOD = ("opening", "closing")
# Number of coupons, and fen by what each can be worth at most.
Amount = tuple[int, int]
_NOTHING: Amount = (0, 0)


def sign_of(line: str) -> int:
    """1 for what came and what stood there, -1 for what went."""
    return -1 if line in _WENT else 1


def spans(*, today: date) -> dict[str, tuple[date, date]]:
    """The periods that people ask for, both ends included, by name; none goes beyond yesterday's morrow."""
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    before = quarter - timedelta(days=1)
    return {
        "week": (monday, today),
        "last_week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "month": (month, today),
        "last_month": (last_month, month - timedelta(days=1)),
        "quarter": (quarter, today),
        "last_quarter": (before.replace(month=before.month - 2, day=1), before),
    }


@dataclass(frozen=True, slots=True)
class DayBook:
    """One local day as its rows tell it now. `settled`: redemptions less reversals, and their fen."""

    day: date
    lines: Mapping[str, Amount]
    settled: Amount

    @property
    def is_quiet(self) -> bool:
        return (
            not any(self.lines.get(line) for line in LINES if line not in _STOOD) and self.settled == _NOTHING
        )


def day_books(
    book: Iterable[Mapping[str, Any]], settled: Iterable[Mapping[str, Any]], *, first: date, last: date
) -> list[DayBook]:
    """Each day of the period, what stood at its begin and end carried on from the first day's."""
    lines: dict[date, dict[str, Amount]] = {}
    opening: Amount = _NOTHING
    for row in book:
        if row["line"] == "opening":
            opening = (row["many"], row["fen"])
        elif row["line"] != "closing":
            lines.setdefault(date.fromisoformat(row["day"]), {})[row["line"]] = (row["many"], row["fen"])
    sums: dict[date, Amount] = {
        date.fromisoformat(row["day"]): (row["redeemed"] - row["reversed"], row["fen"]) for row in settled
    }
    told = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        moved: dict[str, Amount] = lines.get(day, {})
        closing = opening
        for line, (many, fen) in moved.items():
            closing = (closing[0] + sign_of(line) * many, closing[1] + sign_of(line) * fen)
        told.append(DayBook(day, {**moved, "opening": opening, "closing": closing}, sums.get(day, _NOTHING)))
        opening = closing
    return told


def whole_book(book: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The period's book in the lines of a close: what stood at begin and end, the sums of what came and went."""
    sums = dict.fromkeys(LINES, _NOTHING)
    for row in book:
        many, fen = sums[row["line"]]
        sums[row["line"]] = (many + row["many"], fen + row["fen"])
    return [
        {"line": line, "sign": sign_of(line), "many": many, "fen": fen} for line, (many, fen) in sums.items()
    ]


def adds_up(book: Iterable[Mapping[str, Any]]) -> bool:
    """Is what stood at the begin, with all that came and less all that went, what stood at the end? Of `whole_book`."""
    lines = {line["line"]: line for line in book}
    return all(
        sum(line["sign"] * line[column] for line in lines.values() if line["line"] != "closing")
        == lines["closing"][column]
        for column in ("many", "fen")
    )


def changed_days(
    told: Iterable[DayBook], closes: Mapping[date, Mapping[str, Any]]
) -> dict[date, list[Change]]:
    """What the rows of each closed day tell otherwise than its close kept (`closes`: its figures, by day).

    A day whose begin differs only as the end of the day before it does has not changed itself.
    """
    found: dict[date, list[Change]] = {}
    carried = _NOTHING
    for book in told:
        figures = closes.get(book.day)
        if figures is None:
            continue
        kept = {line["line"]: (line["many"], line["fen"]) for line in figures["book"]}
        changes = [
            Change(f"line:{line}", *_beside(kept.get(line, _NOTHING), book.lines.get(line, _NOTHING)))
            for line in LINES
            if line not in _STOOD and kept.get(line, _NOTHING) != book.lines.get(line, _NOTHING)
        ]
        fen = sum(line["fen"] for line in figures["settlement"])
        if fen != book.settled[1]:
            changes.append(Change("settled", 0, 0, fen, book.settled[1]))
        opening, closing = (_less(book.lines[line], kept.get(line, _NOTHING)) for line in _STOOD)
        if opening != carried:
            changes.append(Change("line:opening", *_beside(kept["opening"], book.lines["opening"])))
        carried = closing
        if changes:
            found[book.day] = changes
    return found


def _beside(before: Amount, after: Amount) -> tuple[int, int, int, int]:
    return before[0], after[0], before[1], after[1]


def _less(one: Amount, other: Amount) -> Amount:
    return one[0] - other[0], one[1] - other[1]
