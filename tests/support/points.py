"""What must always agree about the points ledger."""

from campaigns.points.sql.close import CHECKS, asked_of_all
from tests.support.comparing import Books

_BOOKS = Books("points_agree", {code: asked_of_all(code) for code in CHECKS})


def assert_points_agree(using: str = "default") -> None:
    """Entries, movements, wallets, lots, holds and liabilities agree, bank-wide. Ask it in the system's scope."""
    _BOOKS.assert_agree(using)
