"""Moments. Only adapters ask for the time; services are told it as `at`."""

from datetime import UTC, datetime

# An open end. PostgreSQL's 'infinity' does not fit a Python datetime, and NULL does not compare.
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)
