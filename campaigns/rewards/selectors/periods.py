"""Questions about a period of a branch's tree, whatever of it is closed."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from campaigns.lib.refusals import NotFound
from campaigns.rewards.close.periods import LONGEST, adds_up, changed_days, day_books, whole_book
from campaigns.rewards.close.rules import Change
from campaigns.rewards.models import Close
from campaigns.rewards.refusals.close import PeriodTooLong
from campaigns.rewards.selectors.closes import last_closes
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Period:
    """A period of one branch's tree, both ends included, as its rows tell it now. `figures` are shaped as a close's.

    `missed`: days on which something happened and that nobody closed; `red` and `changed`: the last runs of days that
    did not agree, and of those whose rows tell something else since. `unfinished`: the day that is not over, if any.
    """

    branch: Branch
    first: date
    last: date
    figures: dict[str, Any]
    adds_up: bool
    closed: int
    quiet: int
    missed: list[date]
    red: list[Close]
    changed: list[tuple[Close, list[Change]]]
    unfinished: date | None

    @property
    def is_green(self) -> bool:
        return self.adds_up and not (self.missed or self.red or self.changed)


def period_of(*, scope: Scope, branch_id: int, first: date, last: date) -> Period:
    """What moved and what is to be settled at a branch of the scope and below it between two local days, and which of
    these days are not closed, do not agree, or changed since? Three queries, and one for the branch.

    Raises NotFound, PeriodTooLong (more than `LONGEST` days, or none).
    """
    if not 0 <= (last - first).days < LONGEST:
        raise PeriodTooLong
    branch = Branch.objects.filter(pk=branch_id, pos__range=(scope.lo, scope.hi)).first()
    if branch is None:
        raise NotFound
    told = _figures(branch_id, first, last)
    if told is None:
        raise NotFound
    today = scope.at.astimezone(ZoneInfo(branch.zone)).date()
    books = day_books(told["book"], told["days"], first=first, last=last)
    closes = {
        close.day: close
        for close in last_closes(scope=scope).filter(branch=branch_id, day__range=(first, last))
    }
    changed = changed_days(books, {day: close.figures for day, close in closes.items()})
    open_days = [book for book in books if book.day not in closes and book.day < today]
    missed = [book.day for book in open_days if not book.is_quiet]
    book = whole_book(told["book"])
    return Period(
        branch=branch,
        first=first,
        last=last,
        figures={"book": book, "settlement": told["settlement"], "head_office": told["head_office"]},
        adds_up=adds_up(book),
        closed=len(closes),
        quiet=len(open_days) - len(missed),
        missed=missed,
        red=[closes[day] for day in sorted(closes) if not closes[day].is_green],
        changed=[(closes[day], changes) for day, changes in sorted(changed.items())],
        unfinished=today if first <= today <= last else None,
    )


def _figures(branch_id: int, first: date, last: date) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT period_figures(%s, %s, %s)", [branch_id, first, last])
        told = cursor.fetchone()[0]
    if told is None:
        return None
    figures: dict[str, Any] = json.loads(told) if isinstance(told, str) else told
    return figures
