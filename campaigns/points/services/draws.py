"""Prize draws: drafts with their prizes, how many there are of each, and the published copies that approvals write."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.draw_terms import DrawTerms, thawed
from campaigns.points.models import Draw, DrawPledge, DrawPrize, DrawStock, LiveDraw
from campaigns.points.refusals.draws import DRAWS_BY_WORD, PrizeBatchUnfit
from campaigns.points.selectors.draws import draw_in_scope, prize_in_scope
from campaigns.points.services.pledges import end_draw, pledge_draw
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.tenants.scopes import Scope

CODE = "points.draw"
# The database counts in 32 bits.
_MOST = 2_000_000_000


@transaction.atomic
def add_draw(*, scope: Scope, terms: DrawTerms) -> Draw:
    """A new draft of the branch the scope stands at. Raises the refusals of its terms, and PrizeBatchUnfit."""
    scope.demand("points.draw.add")
    terms = replace(terms, prizes=[replace(prize, id=None) for prize in terms.prizes])
    _check(scope, terms)
    draw: Draw = Draw.objects.create(
        branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns()
    )
    _write_prizes(scope, draw, terms)
    _note(scope, draw, "points.draw.add")
    return draw_in_scope(scope=scope, draw_id=draw.pk)


@transaction.atomic
def change_draw(*, scope: Scope, draw_id: UUID, terms: DrawTerms) -> Draw:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    A prize left out is offered no more; its stock and what was won of it stay. Raises NotFound, and as `add_draw`.
    """
    scope.demand("points.draw.change")
    draw = draw_in_scope(scope=scope, draw_id=draw_id)
    _check(scope, terms)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref(CODE, draw_id))
    Draw.objects.within(scope).filter(pk=draw_id).update(**terms.columns())
    _write_prizes(scope, draw, terms)
    _note(scope, draw, "points.draw.change")
    return draw_in_scope(scope=scope, draw_id=draw_id)


def submit_draw(*, scope: Scope, draw_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("points.draw.submit")
    draw_in_scope(scope=scope, draw_id=draw_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, draw_id))


def take_down_draw(*, scope: Scope, draw_id: UUID, reason: str) -> None:
    """Stop showing and drawing at once; what was won stays won, and the seed is shown soon. Raises NotFound."""
    scope.demand("points.draw.take_down")
    draw_in_scope(scope=scope, draw_id=draw_id)
    live.take_down(scope=scope, subject=ref(CODE, draw_id), reason=reason)


def stock_prize(*, scope: Scope, draw_id: UUID, prize_id: UUID, total: int) -> None:
    """Say how many of a prize there are in all, those won counted in; the database notes it among the tries.

    Raises NotFound, PrizesBelowTaken.
    """
    scope.demand("points.draw.stock")
    prize_in_scope(scope=scope, draw_id=draw_id, prize_id=prize_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT stock_prize(%s, %s)", [prize_id, min(max(total, 0), _MOST)])
        word = cursor.fetchone()[0]
    if word is not None:
        raise DRAWS_BY_WORD[word]


def publish_draw(
    *, scope: Scope, draw_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> LiveDraw:
    """Write the published copy from an approved revision's payload, and promise its seed.

    Called by approvals at go-live alone. Raises NotFound.
    """
    draw = draw_in_scope(scope=scope, draw_id=draw_id)
    columns = {
        **promised(payload=payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
    }
    pledge_draw(scope=scope, draw_id=draw_id, ends_at=columns["open_until"])
    if not LiveDraw.objects.within(scope).filter(draw_id=draw_id).update(**columns):
        LiveDraw.objects.create(
            draw_id=draw_id, branch_id=draw.branch_id, branch_pos=draw.branch_pos, **columns
        )
    return LiveDraw.objects.within(scope).get(draw_id=draw_id)


def withdraw_draw(*, scope: Scope, draw_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays, its tries are over."""
    LiveDraw.objects.within(scope).filter(draw_id=draw_id).delete()
    end_draw(scope=scope, draw_id=draw_id)


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    terms = thawed(payload)
    kept = ("id", "title", "kind", "parts", "points", "batch_id", "value_fen")
    prizes = [{name: prize[name] for name in kept} for prize in payload["prizes"]]
    return terms.columns() | {"prizes": prizes, "shown_until": terms.open_until}


def hand_over_draws(*, scope: Scope, closed: Any, successor: Any) -> int:
    """Draws of a branch that closes are the successor's, live ones go on."""
    moved = {"branch": successor, "branch_pos": successor.pos}
    for owned in (LiveDraw, DrawStock, DrawPledge, DrawPrize):
        owned.objects.within(scope).filter(branch=closed).update(**moved)
    return Draw.objects.within(scope).filter(branch=closed).update(**moved)


def _check(scope: Scope, terms: DrawTerms) -> None:
    terms.check()
    for batch_id in {prize.batch_id for prize in terms.prizes if prize.batch_id}:
        try:
            batch_in_scope(scope=scope, batch_id=batch_id)
        except NotFound as refusal:
            raise PrizeBatchUnfit from refusal


def _write_prizes(scope: Scope, draw: Draw, terms: DrawTerms) -> None:
    """Those that are there by their id, others anew; what is left out stays, and is offered no more."""
    rows = DrawPrize.objects.within(scope).filter(draw=draw)
    known = set(rows.values_list("pk", flat=True))
    kept = {prize.id for prize in terms.prizes}
    if kept - known - {None}:
        raise NotFound
    rows.exclude(pk__in=[key for key in kept if key]).update(is_offered=False)
    for place, prize in enumerate(terms.prizes, start=1):
        columns = {
            "place": place, "title": prize.title, "kind": prize.kind, "parts": prize.parts, "points": prize.points,
            "batch_id": prize.batch_id, "value_fen": prize.value_fen, "is_offered": True,
        }  # fmt: skip
        if prize.id is None:
            DrawPrize.objects.create(
                draw=draw, branch_id=draw.branch_id, branch_pos=draw.branch_pos, **columns
            )
        else:
            rows.filter(pk=prize.id).update(**columns)


def _note(scope: Scope, draw: Draw, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, draw.pk),
        subject_name=draw.title,
        branch_id=draw.branch_id,
        branch_pos=draw.branch_pos,
    )
