"""A close as page, workbook and PDF say it: one place for all three, so that they cannot differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from campaigns.lib.money import yuan
from campaigns.rewards.close.rules import CHECKS, COLUMNS, LINES, Change, Party, Taken
from campaigns.rewards.models import Batch, Close, Payer
from campaigns.rewards.selectors.closes import changed_since, owed_of, taken_of
from campaigns.rewards.selectors.periods import Period
from campaigns.tenants.desk import page_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

_PAGES = {"batch": "rewards.batch", "budget": "rewards.budget", "coupon": "rewards.coupon"}


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    text: str
    link: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """One check that did not hold: how many rows disagree, and those that were kept."""

    words: str
    many: int
    rows: list[list[Cell]]

    @property
    def left_out(self) -> int:
        return self.many - len(self.rows)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the book; `sign` is "+", "−" or "" for what stood there. `fen` by what each can be worth at most."""

    words: str
    sign: str
    many: int
    fen: int


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the settlement: fen, less what was reversed."""

    issuer: str
    place: str
    merchant: str
    payer: str
    redeemed: int
    reversed: int
    fen: int


@dataclass(frozen=True, slots=True)
class Debt:
    debtor: str
    creditor: str
    fen: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class Till:
    """What one merchant took, by who pays; fen, less what was reversed."""

    merchant: str
    taken: Taken


@dataclass(frozen=True, slots=True)
class Changed:
    words: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    wrong: list[Wrong]
    checks: list[str]
    book: list[Line]
    parts: list[Part]
    parts_fen: int
    tills: list[Till]
    debts: list[Debt]
    changed: list[Changed]


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of a period that is not as it should be. `link`: its last run, if any."""

    day: date
    words: str
    link: str
    changed: list[Changed]


@dataclass(frozen=True, slots=True)
class ShownPeriod(Shown):
    """As a close, and before it the days that are not closed, do not agree, or changed since."""

    days: list[ShownDay]


def shown_period(*, scope: Scope, period: Period) -> ShownPeriod:
    """The period in the reader's language. Its figures are shaped as a close's, and are shown by the same words."""
    as_close = Close(
        branch=period.branch,
        day=period.last,
        nth=0,
        is_green=period.is_green,
        figures=period.figures,
        differences=[],
    )
    told = shown(scope=scope, close=as_close)
    days = [ShownDay(day, _("nobody closed it"), "", []) for day in period.missed]
    days += [
        ShownDay(
            close.day,
            _("%(number)s checks differ") % {"number": len(close.differences)},
            page_of(f"rewards.close:{close.pk}"),
            [],
        )
        for close in period.red
    ]
    days += [
        ShownDay(
            close.day, _("changed since it was closed"), page_of(f"rewards.close:{close.pk}"), _changes(found)
        )
        for close, found in period.changed
    ]
    whole = {each.name: getattr(told, each.name) for each in fields(Shown)}
    return ShownPeriod(**whole, days=sorted(days, key=lambda each: each.day))


def shown(*, scope: Scope, close: Close) -> Shown:
    """The close in the reader's language; titles of what the scope sees."""
    lines = close.figures["settlement"]
    names: dict[Party, str] = {
        line[each]: line[f"{each}_name"]
        for line in lines
        for each in ("issuer", "place", "merchant")
        if line.get(each) is not None
    }
    codes = {each["code"] for each in close.differences}
    return Shown(
        wrong=_wrong(scope, close),
        checks=[str(words) for code, words in CHECKS.items() if code not in codes],
        book=[
            Line(str(LINES[line["line"]]), _sign(line), line["many"], line["fen"])
            for line in close.figures["book"]
        ],
        parts=[
            Part(
                line["issuer_name"], line["place_name"], line.get("merchant_name") or "",
                str(Payer(line["payer"]).label), line["redeemed"], line["reversed"], line["fen"],
            )
            for line in lines
        ],
        parts_fen=sum(line["fen"] for line in lines),
        tills=[Till(names[taken.merchant], taken) for taken in taken_of(close=close)],
        debts=[
            Debt(
                _("merchants") if debt.debtor is None else names.get(debt.debtor, str(Payer.HEAD_OFFICE.label)),
                names[debt.creditor], debt.fen, debt.is_own,
            )
            for debt in owed_of(close=close)
        ],
        changed=_changes(changed_since(scope=scope, close=close)),
    )  # fmt: skip


def _changes(found: Iterable[Change]) -> list[Changed]:
    return [
        Changed(
            _changed_words(each.code),
            _amount(each.before, each.before_fen), _amount(each.after, each.after_fen),
        )
        for each in found
    ]  # fmt: skip


def _sign(line: Mapping[str, Any]) -> str:
    if line["line"] in ("opening", "closing"):
        return ""
    return "+" if line["sign"] > 0 else "−"


def _changed_words(code: str) -> str:
    kind, _colon, name = code.partition(":")
    if kind == "line":
        return str(LINES[name])
    return str(CHECKS[name]) if kind == "check" else _("settled")


def _amount(many: int, fen: int) -> str:
    return f"{many:,} · {yuan(fen)}" if fen else f"{many:,}"


def _wrong(scope: Scope, close: Close) -> list[Wrong]:
    rows = [row for each in close.differences for row in each["rows"]]
    titles = {
        str(pk): title
        for pk, title in Batch.objects.within(scope)
        .filter(pk__in={row["batch"] for row in rows if "batch" in row})
        .values_list("pk", "title")
    }
    branches = dict(
        Branch.objects.filter(pk__in={row["branch"] for row in rows if "branch" in row}).values_list(
            "pk", "name"
        )
    )
    known: dict[str, dict[Any, str]] = {
        "batch": titles,
        "branch": branches,
        "payer": {each.value: str(each.label) for each in Payer},
    }
    return [
        Wrong(
            str(CHECKS[each["code"]]),
            each["many"],
            [[_cell(column, row[column], known) for column in _ordered(row, known)] for row in each["rows"]],
        )
        for each in close.differences
    ]  # fmt: skip


def _ordered(row: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """What is wrong first, then its figures: as a table reads."""
    places = {column: place for place, column in enumerate(COLUMNS)}
    return sorted(
        row, key=lambda column: (column not in known and isinstance(row[column], int), places[column])
    )


def _cell(column: str, value: Any, known: Mapping[str, Mapping[Any, str]]) -> Cell:
    label = str(COLUMNS[column])
    if column in known:
        text = known[column].get(value, str(value))
    elif column.endswith("_fen") and value is not None:
        text = yuan(int(value))
    else:
        text = "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    link = (
        page_of(f"{_PAGES[column]}:{value}")
        if column in _PAGES
        else page_of(value)
        if column == "thing"
        else ""
    )
    return Cell(label, text, link, is_number=column not in known and isinstance(value, int))
