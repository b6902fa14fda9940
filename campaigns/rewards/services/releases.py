"""Releasing batches that wait for it. Whoever calls has been asked for the right to what releases them; here nobody is
asked again, and the deed is noted with what caused it.
"""

from datetime import datetime
from uuid import UUID

from django.db import connections

from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotFound
from campaigns.rewards.refusals.claims import ReleasedAlready
from campaigns.tenants.scopes import Scope


def release_batch(
    *,
    scope: Scope,
    batch_id: UUID,
    cause: str,
    slot: UUID,
    branch_id: int,
    handed_down: bool,
    released_from: datetime,
    released_until: datetime,
) -> None:
    """Let the branch's customers claim the batch between two moments (UTC, end exclusive). `cause` and `slot` say which
    release it is: the same again moves it.

    Raises NotFound for a batch that the branch cannot hand out now, ReleasedAlready once it has begun.
    """
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT release_batch(%s, %s, %s, %s, %s, %s, %s, %s)",
            [new_id(), batch_id, cause, slot, branch_id, handed_down, released_from, released_until],
        )
        word = cursor.fetchone()[0]
    if word is not None:
        raise NotFound if word == "not_found" else ReleasedAlready


def close_releases(*, scope: Scope, cause: str) -> int:
    """End all that `cause` has released or would release; how many were open or to come."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT close_releases(%s)", [cause])
        return int(cursor.fetchone()[0])
