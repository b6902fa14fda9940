"""The seed of a draw: promised when it goes live, shown when it is over.

A seed has two halves. The database makes one at random and lets no serving role read it; the other follows from the
installation's key and the pledge's id, is in no table, and goes along with each try. Who reads the database or a backup
has the first, who runs the servers the second: neither of them alone can tell beforehand what anybody will win.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db import connection

from campaigns.lib.crypto import derived_secret
from campaigns.lib.ids import new_id
from campaigns.points.selectors.draws import pledges_over
from campaigns.tenants.scopes import Scope

logger = logging.getLogger(__name__)


def own_half(*, pledge_id: UUID) -> bytes:
    """The installation's 32 bytes of a seed."""
    return derived_secret("points.draw", str(pledge_id))


def pledge_draw(*, scope: Scope, draw_id: UUID, ends_at: datetime) -> None:
    """A draw goes live until `ends_at`: its open pledge goes on, or a seed is made and its SHA-256 shown at once."""
    fresh = new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pledge_draw(%s, %s, %s, %s)", [draw_id, fresh, own_half(pledge_id=fresh), ends_at]
        )


def end_draw(*, scope: Scope, draw_id: UUID) -> None:
    """A draw was taken down: its tries are over now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT end_draw(%s)", [draw_id])


def reveal_draws(*, scope: Scope, limit: int = 100) -> int:
    """Show the seeds of draws that are over; how many. Any number of workers may run this together."""
    shown = 0
    for pledge_id in pledges_over(scope=scope, limit=limit):
        with connection.cursor() as cursor:
            cursor.execute("SELECT reveal_draw(%s, %s)", [pledge_id, own_half(pledge_id=pledge_id)])
            word = cursor.fetchone()[0]
        if word == "other_key":
            logger.error(
                "the seed of pledge %s cannot be shown: it was promised under another DATA_KEY", pledge_id
            )
        shown += word is None
    return shown
