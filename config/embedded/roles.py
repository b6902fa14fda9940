"""The script that makes the roles and the database: one text for a bank's administrator and for the embedded start."""

from pathlib import Path

_HERE = Path(__file__).parent


def script() -> str:
    """For psql, as a superuser, connected to any database. Idempotent; holds no password."""
    return (_HERE / "roles.sql").read_text() + grants()


def grants() -> str:
    """The part inside one database, as plain SQL; the owner may run it in a database of its own (test databases)."""
    return (_HERE / "grants.sql").read_text()
