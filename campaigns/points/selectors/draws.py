"""What there is of draws, for customers and for staff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q

from campaigns.approvals.models import Revision
from campaigns.customers.models import CustomerKey
from campaigns.lib import crypto
from campaigns.lib.refusals import NotFound
from campaigns.points.draws import WHOLE
from campaigns.points.models import Draw, DrawPledge, DrawPrize, DrawStock, DrawTry, LiveDraw
from campaigns.tenants.scopes import Scope

# As the verb has it: by then nothing is under way that began before the end.
_AFTER = timedelta(minutes=10)


def draw_in_scope(*, scope: Scope, draw_id: UUID) -> Draw:
    """A draft of the scope's branches. Raises NotFound."""
    rows = (
        Draw.objects.within(scope).select_related("branch").prefetch_related("prizes__batch", "prizes__stock")
    )
    found: Draw | None = rows.filter(pk=draw_id).first()
    if found is None:
        raise NotFound
    return found


def sees_draw(*, scope: Scope, draw_id: UUID) -> bool:
    """Is the draft one of the scope's branches?"""
    return Draw.objects.within(scope).filter(pk=draw_id).exists()


def _self(scope: Scope) -> UUID:
    if scope.customer_id is None:
        raise NotFound
    return scope.customer_id


def draws_on_offer(*, scope: Scope) -> Any:
    """What the scope's customer can try now or soon, as a query; what ends first before the others."""
    return LiveDraw.objects.filter(
        Q(branch_id=scope.branch_id) | Q(handed_down=True, branch_id__in=scope.line),
        shown_from__lte=scope.at,
        open_until__gt=scope.at,
    ).order_by("open_until", "id")


def draw_on_offer(*, scope: Scope, draw_id: UUID) -> LiveDraw:
    """One of them. Raises NotFound."""
    found: LiveDraw | None = draws_on_offer(scope=scope).filter(draw_id=draw_id).first()
    if found is None:
        raise NotFound
    return found


def pledges_of(*, draw_ids: Iterable[UUID]) -> dict[UUID, list[DrawPledge]]:
    """The promised seeds of draws, oldest first; those that are over with the seed."""
    found: dict[UUID, list[DrawPledge]] = {}
    for pledge in DrawPledge.objects.filter(draw_id__in=list(draw_ids)).order_by("made_at", "id"):
        found.setdefault(pledge.draw_id, []).append(pledge)
    return found


def pledges_for_customer(*, draw_id: UUID) -> list[DrawPledge]:
    """The promised seeds of a draw that is, or was, offered to the scope's customer. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_was_offered(%s)", [draw_id])
        if not cursor.fetchone()[0]:
            raise NotFound
    return pledges_of(draw_ids=[draw_id]).get(draw_id, [])


def pledges_by_id(*, pledge_ids: Iterable[UUID]) -> dict[UUID, DrawPledge]:
    """Those of these pledges that the scope can see."""
    return DrawPledge.objects.in_bulk(list(pledge_ids))


def open_pledge(*, draw_id: UUID) -> UUID | None:
    """The pledge that tries of a draw are decided by now; None once its seed is shown."""
    found: UUID | None = (
        DrawPledge.objects.filter(draw_id=draw_id, revealed_at__isnull=True)
        .values_list("pk", flat=True)
        .first()
    )
    return found


def pledges_over(*, scope: Scope, limit: int) -> list[UUID]:
    """Pledges whose tries ended ten minutes ago and whose seed nobody has shown yet."""
    rows = DrawPledge.objects.within(scope).filter(revealed_at__isnull=True, ends_at__lte=scope.at - _AFTER)
    return list(rows.order_by("ends_at").values_list("pk", flat=True)[:limit])


def prizes_left(*, prize_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these prizes of which there are some left."""
    rows = DrawStock.objects.filter(prize_id__in=list(prize_ids), taken__lt=F("total"))
    return set(rows.values_list("prize_id", flat=True))


def tries_left(*, scope: Scope, draws: Iterable[LiveDraw], day: date) -> dict[UUID, int | None]:
    """How many tries the scope's customer has left on this local day; None: no limit."""
    draws = list(draws)
    used = {
        draw_id: (whole, today)
        for draw_id, whole, today in DrawTry.objects.filter(
            customer_id=_self(scope), draw_id__in=[draw.draw_id for draw in draws]
        )
        .values("draw_id")
        .annotate(whole=Count("id"), today=Count("id", filter=Q(day=day)))
        .values_list("draw_id", "whole", "today")
    }
    left: dict[UUID, int | None] = {}
    for draw in draws:
        whole, today = used.get(draw.draw_id, (0, 0))
        limits = [
            limit - many
            for limit, many in ((draw.times_all, whole), (draw.times_day, today))
            if limit is not None
        ]
        left[draw.draw_id] = max(0, min(limits)) if limits else None
    return left


def tries_of_customer(*, scope: Scope) -> Any:
    """The customer's tries, newest first, as a query."""
    return DrawTry.objects.filter(customer_id=_self(scope)).defer("address").order_by("-id")


def try_of_customer(*, scope: Scope, try_id: UUID) -> DrawTry:
    """One of them. Raises NotFound."""
    found: DrawTry | None = tries_of_customer(scope=scope).filter(pk=try_id).first()
    if found is None:
        raise NotFound
    return found


def try_in_scope(*, scope: Scope, try_id: UUID) -> DrawTry:
    """A try of the scope's customers. Raises NotFound."""
    found: DrawTry | None = DrawTry.objects.within(scope).filter(pk=try_id).first()
    if found is None:
        raise NotFound
    return found


def prize_in_scope(*, scope: Scope, draw_id: UUID, prize_id: UUID) -> DrawPrize:
    """A prize of a draft of the scope's branches. Raises NotFound."""
    found: DrawPrize | None = DrawPrize.objects.within(scope).filter(pk=prize_id, draw_id=draw_id).first()
    if found is None:
        raise NotFound
    return found


def place_of_address(*, sealed_for: UUID, try_id: UUID) -> str:
    """Where an address belongs, for its seal."""
    return crypto.place_of(person=sealed_for, table="points_drawtry", row=try_id, column="address")


def address_of(*, scope: Scope, won: DrawTry) -> str:
    """Receiver, phone and address; empty without one, or once the customer is erased. For services alone."""
    if won.address is None or won.sealed_for is None:
        return ""
    stored = CustomerKey.objects.within(scope).filter(customer_id=won.sealed_for).first()
    if stored is None:
        return ""
    key = crypto.unwrap_key(bytes(stored.wrapped), person=won.sealed_for)
    place = place_of_address(sealed_for=won.sealed_for, try_id=won.pk)
    return crypto.unseal(bytes(won.address), key=key, place=place)


@dataclass(frozen=True, slots=True)
class PrizeCame:
    """How often a prize was drawn and given, and how often it was expected; `prize_id` None: the fallback."""

    prize_id: UUID | None
    drawn: int
    given: int
    expected: float


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a draw so far, of all its customers: tries, points paid for them and points won."""

    tries: int
    paid: int
    won: int
    prizes: Sequence[PrizeCame]


def came_of(*, scope: Scope, draw_id: UUID) -> Came:
    """What came of a draw of the scope, against the odds of the revision that each try was made under."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT revision, prize, many, given, price, won FROM draw_counts(%s)", [draw_id])
        rows = cursor.fetchall()
    odds = odds_of(scope=scope, revision_ids={row[0] for row in rows})
    drawn: dict[UUID | None, int] = {}
    given: dict[UUID | None, int] = {}
    expected: dict[UUID | None, float] = {}
    tries: dict[UUID, int] = {}
    for revision, prize, many, came, _price, _won in rows:
        drawn[prize] = drawn.get(prize, 0) + many
        given[prize] = given.get(prize, 0) + came
        tries[revision] = tries.get(revision, 0) + many
    for revision, many in tries.items():
        rest = WHOLE
        for prize in odds.get(revision, ()):
            key = UUID(prize["id"])
            expected[key] = expected.get(key, 0.0) + many * prize["parts"] / WHOLE
            rest -= prize["parts"]
        expected[None] = expected.get(None, 0.0) + many * rest / WHOLE
    return Came(
        tries=sum(tries.values()),
        paid=sum(row[4] for row in rows),
        won=sum(row[5] for row in rows),
        prizes=[
            PrizeCame(key, drawn.get(key, 0), given.get(key, 0), expected.get(key, 0.0))
            for key in {**expected, **drawn}
        ],
    )


def odds_of(*, scope: Scope, revision_ids: Iterable[UUID]) -> dict[UUID, Sequence[Mapping[str, Any]]]:
    """The prizes that revisions promised, in their order."""
    rows = Revision.objects.within(scope).filter(pk__in=list(revision_ids)).values_list("pk", "payload")
    return {key: payload["prizes"] for key, payload in rows}
