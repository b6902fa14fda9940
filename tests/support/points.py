"""What must always agree about the points ledger."""

from campaigns.points.sql.close import CHECKS, asked_of_all
from tests.support.comparing import Books

DRAWS = {
    "a prize's stock is what tries and changes made of it": """
        SELECT s.prize_id, s.taken, s.serial FROM points_drawstock s
         WHERE (s.taken, s.serial)
               <> ((SELECT count(*) FROM points_drawtry t WHERE t.prize_id = s.prize_id AND t.missed = ''),
                   (SELECT count(t.serial) FROM points_drawtry t WHERE t.prize_id = s.prize_id)
                   + (SELECT count(*) FROM points_drawstockchange c WHERE c.prize_id = s.prize_id))""",
    "a try took its price and gave what was won": """
        SELECT t.id FROM points_drawtry t
         WHERE (t.price_points, t.won_points)
               <> (coalesce((SELECT sum(e.points) FROM points_entry e
                              WHERE e.movement_id = t.burnt_id AND e.account = 'draw'), 0),
                   coalesce((SELECT -sum(e.points) FROM points_entry e
                              WHERE e.movement_id = t.given_id AND e.account = 'issued'), 0))""",
}
_BOOKS = Books("points_agree", {code: asked_of_all(code) for code in CHECKS} | DRAWS)


def assert_points_agree(using: str = "default") -> None:
    """Entries, movements, wallets, lots, holds and liabilities agree, bank-wide. Ask it in the system's scope."""
    _BOOKS.assert_agree(using)
