"""Does a draw come to the same when it is drawn again?"""

import hashlib
from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from campaigns.approvals.models import Revision
from campaigns.approvals.rules import hash_of
from campaigns.lib.refs import ref
from campaigns.points.models import DrawPledge, DrawStock, DrawStockChange, DrawTry
from campaigns.points.redrawing import Made, Stock, Stocked, Verdict, redraw
from campaigns.points.selectors.draws import draw_in_scope
from campaigns.tenants.scopes import Scope

_LOT = 5_000
_WENT_LIVE = ("approved", "superseded", "taken_down", "ended")


def has_tries(*, draw_id: UUID, more_than: int) -> bool:
    """Has the draw more tries than so many, of customers of the scope?"""
    return DrawTry.objects.filter(draw_id=draw_id)[more_than : more_than + 1].exists()


def drawn_again(*, scope: Scope, draw_id: UUID) -> Verdict:
    """Every try of a draw of the scope, drawn again and compared. Raises NotFound."""
    draw = draw_in_scope(scope=scope, draw_id=draw_id)
    verdict = Verdict()
    seeds: dict[UUID, bytes | None] = {}
    for pledge in DrawPledge.objects.within(scope).filter(draw_id=draw_id).order_by("made_at"):
        seeds[pledge.pk] = seed = None if pledge.seed is None else bytes(pledge.seed)
        if seed is not None and (found := hashlib.sha256(seed).hexdigest()) != pledge.sha256:
            verdict.differs("pledge", None, found=found)
    subject = ref("points.draw", draw_id)
    approved = Revision.objects.within(scope).filter(subject=subject, state__in=_WENT_LIVE)
    payloads = {
        each.pk: each.payload
        for each in approved
        if hash_of(subject=subject, title=each.title, payload=each.payload) == each.sha256
    }
    changes = DrawStockChange.objects.within(scope).filter(prize__draw=draw).order_by("serial")
    stocks = DrawStock.objects.within(scope).filter(prize__draw=draw)
    return redraw(
        draw_id=draw_id,
        seeds=seeds,
        payloads=payloads,
        made=_made(draw_id),
        changes=[Stocked(*row) for row in changes.values_list("prize_id", "serial", "total")],
        stocks=[
            Stock(*row) for row in stocks.values_list("prize_id", "prize__title", "total", "taken", "serial")
        ],
        verdict=verdict,
    )


def _made(draw_id: UUID) -> Iterator[Made]:
    """The record, lot by lot: a draw may have a million tries."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT * FROM draw_record(%s)", [draw_id])
        while rows := cursor.fetchmany(_LOT):
            yield from map(Made._make, rows)
