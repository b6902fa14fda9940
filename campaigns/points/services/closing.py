"""Closing days and months of the ledger."""

from datetime import date
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.models import LedgerClose
from campaigns.points.refusals.desk import BY_WORD
from campaigns.points.selectors.desk import close_in_scope
from campaigns.tenants.scopes import Scope

RUN = "points.ledgerclose.run"


def close_ledger(*, scope: Scope, branch_id: int, period: str, day: date) -> LedgerClose:
    """Compare all that must agree of the points at a branch of the scope and below it, and write down a local day, or
    the month that `day` lies in: what moved, and what does not agree. Closing it again writes another run.

    Raises NotFound, PeriodNotOver.
    """
    scope.demand(RUN)
    fresh: UUID = new_id()
    with connection.cursor() as cursor:
        cursor.execute("SELECT close_points(%s, %s, %s, %s)", [fresh, branch_id, period, day])
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    close = close_in_scope(scope=scope, close_id=fresh)
    record(
        scope=scope,
        verb=RUN,
        subject=ref("points.ledgerclose", fresh),
        subject_name=str(close)[:80],
        branch_id=close.branch_id,
        branch_pos=close.branch_pos,
        period=close.period,
        day=close.day.isoformat(),
        nth=close.nth,
        is_green=close.is_green,
    )
    return close


def close_missed(*, scope: Scope, branch_id: int, period: str, day: date) -> LedgerClose | None:
    """Close what the timetable found open; None when somebody else was quicker. Raises as `close_ledger` does."""
    if LedgerClose.objects.filter(branch=branch_id, period=period, day=day).exists():
        return None
    return close_ledger(scope=scope, branch_id=branch_id, period=period, day=day)
