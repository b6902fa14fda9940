"""Refusals by reason: what was counted is written down, and read for the page of a batch."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.models.codes import RefusalCount
from campaigns.rewards.refusals.counted import taken
from campaigns.rewards.refusals.coupons import BY_WORD
from campaigns.rewards.refusals.life import LIFE_BY_WORD
from campaigns.tenants.scopes import Scope

_KNOWN: list[type[Refusal]] = [*BY_WORD.values(), *LIFE_BY_WORD.values(), NotFound]
_SAID: dict[str, type[Refusal]] = {refusal.code: refusal for refusal in _KNOWN}


def write_refusals(*, scope: Scope) -> int:
    """Write what was counted since the last time; how many rows. A count that dies on the way is lost."""
    scope.demand("rewards.refusalcount.add")
    rows = taken()
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count_refusals(%s::uuid[], %s::date[], %s, %s, %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, in the reader's words."""

    deed: str
    words: str
    number: int


def refusals_of(*, scope: Scope, batch_id: UUID) -> list[Reason]:
    """Why were claims, grants and redemptions of the batch refused, and how often? The most frequent first."""
    rows = (
        RefusalCount.objects.within(scope)
        .filter(batch_id=batch_id)
        .order_by()
        .values_list("deed", "code")
        .annotate(number=Sum("number"))
        .order_by("-number", "code")
    )
    return [Reason(deed, _words(code), number) for deed, code, number in rows]


def _words(code: str) -> str:
    known = _SAID.get(code)
    return str(known()) if known is not None else code
