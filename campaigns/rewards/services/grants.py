"""Coupons that staff or the system give: one, a lot of a list, or what events of other systems ask for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.rewards.codes import Fresh, fresh_coupons
from campaigns.rewards.models import Coupon
from campaigns.rewards.refusals.counted import count, counted
from campaigns.rewards.refusals.life import LIFE_BY_WORD, ReasonMissing
from campaigns.rewards.selectors.coupons import batch_in_scope, coupons_within
from campaigns.tenants.scopes import Scope

MAY = "rewards.coupon.grant"
# Ids and hashes go over as one text each: arrays of bytes are quoted value by value, which takes longer than the rest.
_GRANT = """
WITH asked AS MATERIALIZED (
    SELECT nullif(u.who, '')::uuid AS who, u.id::uuid AS id, decode(u.hash, 'hex') AS hash, u.nth
      FROM unnest(string_to_array(%s, ','), string_to_array(%s, ','), string_to_array(%s, ','))
           WITH ORDINALITY AS u (who, id, hash, nth)
)
SELECT place, word FROM grant_coupons(%s, ARRAY(SELECT who FROM asked ORDER BY nth),
    ARRAY(SELECT id FROM asked ORDER BY nth), ARRAY(SELECT hash FROM asked ORDER BY nth), %s, %s, %s)
"""


class Granted(NamedTuple):
    """What became of a lot: the coupons' ids by place, made or not, and the words of the places that were refused."""

    coupon_ids: Sequence[UUID]
    refused: Mapping[int, str]


def grant_coupon(*, scope: Scope, batch_id: UUID, customer_id: UUID, reason: str) -> Coupon:
    """Give one customer of the scope's branches a coupon of a live batch, out of the home branch's share.

    Whoever may claim it makes no difference; stock, the limit per customer in all, the claim window, emergency stops
    and the approval do. Raises ReasonMissing, NotFound, CustomerUnknown, NotOpenYet, ClaimIsOver, ClaimsAreStopped,
    CustomerHasAll, ShareIsUsedUp.
    """
    scope.demand(MAY)
    if not reason.strip():
        raise ReasonMissing
    with counted("grant", batch_id, at=scope.at):
        made = grant_lot(
            scope=scope, batch_id=batch_id, customer_ids=[customer_id], reason=reason, notes_each=True
        )
        if word := made.refused.get(1):
            raise LIFE_BY_WORD[word]
    return (
        Coupon.objects.get(pk=made.coupon_ids[0])
        if scope.kind == "system"
        else coupons_within(scope=scope).get(pk=made.coupon_ids[0])
    )


def grant_lot(
    *,
    scope: Scope,
    batch_id: UUID,
    customer_ids: Sequence[UUID | None],
    reason: str,
    cause: str = "",
    notes_each: bool = False,
    fresh: Fresh | None = None,
) -> Granted:
    """Give each of these (None: nobody known) one coupon; a customer who stands there twice gets two, if the limit
    allows. In the caller's transaction: all that is not refused is granted, or nothing.

    `cause`: a reference to what they are granted by. The audit has a line for each where `notes_each`, and else the
    caller notes the lot. `fresh`: as many coupons' ids, made beforehand.
    """
    scope.demand(MAY)
    ids, hashes = fresh or fresh_coupons(len(customer_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            _GRANT,
            [
                ",".join("" if each is None else str(each) for each in customer_ids),
                ",".join(map(str, ids)),
                ",".join(hashes),
                batch_id,
                cause,
                reason[:200],
                notes_each,
            ],
        )
        refused = dict(cursor.fetchall())
    return Granted(ids, refused)


def hear_events(
    *,
    source: str,
    kinds: Sequence[str],
    told: Sequence[str],
    event_ids: Sequence[str],
    customer_ids: Sequence[UUID],
    products: Sequence[str],
    at: datetime,
) -> int:
    """Note which of these new events a rule answers with a coupon; how many. Granted by `grant_for_events`.

    In the transaction that takes the events, and before there is a scope: the same event of the same source is noted
    once for a batch, whatever is told again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hear_events(%s, %s, %s, %s::uuid[], %s::uuid[], %s, %s)",
            [source, list(kinds), list(told), list(event_ids), list(customer_ids), list(products), at],
        )
        return int(cursor.fetchone()[0])


def answer_events_again(*, scope: Scope, batch_id: UUID) -> int:
    """Have the events that were answered with no coupon of this batch answered once more; how many. Those whose reason
    still holds are refused again. Raises NotFound.
    """
    scope.demand(MAY)
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer_events_again(%s)", [batch_id])
        asked = int(cursor.fetchone()[0])
    if asked:
        record(
            scope=scope,
            verb="rewards.eventgrant.again",
            subject=ref("rewards.batch", batch.pk),
            subject_name=batch.title,
            branch_id=batch.branch_id,
            branch_pos=batch.branch_pos,
            count=asked,
        )
    return asked


def grant_for_events(*, scope: Scope, limit: int = 500) -> int:
    """Grant what events ask for, of the batch that waits longest; returns how many rows were settled.

    A row and its coupon are written in one transaction: any number of workers may run this together, and a lost one
    has done nothing.
    """
    scope.demand("rewards.coupon.grant")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, batch_id, customer_id, reason FROM waiting_event_grants(%s)", [limit])
        rows = cursor.fetchall()
    if not rows:
        return 0
    settled: list[tuple[UUID, UUID, str]] = []
    # Each under the reference of its own event, so that the coupon says what it is for.
    for key, batch_id, customer_id, reason in rows:
        made = grant_lot(
            scope=scope,
            batch_id=batch_id,
            customer_ids=[customer_id],
            reason=reason,
            cause=ref("rewards.eventgrant", key),
            notes_each=True,
        )
        settled.append((key, made.coupon_ids[0], made.refused.get(1, "")))
        if word := made.refused.get(1):
            count("grant", batch_id, LIFE_BY_WORD[word].code, at=scope.at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT settle_event_grants(%s::uuid[], %s::uuid[], %s)",
            [[row[0] for row in settled], [row[1] for row in settled], [row[2] for row in settled]],
        )
    return len(settled)
