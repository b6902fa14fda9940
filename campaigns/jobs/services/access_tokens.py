"""One access token per app, for all workers: fetched by one of them while the others wait for it.

A token is fetched a while before it ends, and anew when the server calls it stale: once, by whoever comes first. The
lock is the database's, and is held while the server is asked; a worker that is stopped meanwhile loses its session.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connections, transaction

from campaigns.jobs.outbox_models import AccessToken
from campaigns.lib.crypto import Unreadable, seal_here, unseal_here
from campaigns.lib.wechat_messages import Token

# WeChat gives out a new token only in the last five minutes of the old one, and both are good in that time.
EARLY = timedelta(minutes=4)

# (is the present one called stale) -> a token; called with the lock held, and outside of any scope.
Fetch = Callable[[bool], Token]

_IMPATIENT = "SELECT set_config('idle_in_transaction_session_timeout', '15s', true)"
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('jobs_accesstoken:' || %s, 0))"

_remembered: dict[str, tuple[str, datetime]] = {}
_memory = threading.Lock()


def access_token(*, app: str, fetch: Fetch, clock: Callable[[], datetime], stale: str = "") -> str:
    """The token of `app`, which is any name for it; `stale` is the one that the server no longer takes.

    Speaks to the database on a connection of the calling thread, outside its transactions. Raises what `fetch` does.
    """
    text, until = _remembered.get(app, ("", clock()))
    if text and text != stale and clock() < until:
        return text
    text, until = _kept_or_fetched(app, fetch, clock, stale)
    with _memory:
        _remembered[app] = (text, until)
    return text


def forget_tokens() -> None:
    """Empty this process's memory: the next question goes to the database."""
    with _memory:
        _remembered.clear()


def _kept_or_fetched(
    app: str, fetch: Fetch, clock: Callable[[], datetime], stale: str
) -> tuple[str, datetime]:
    connection = connections["default"]
    was_open = connection.connection is not None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_IMPATIENT)
            cursor.execute(_ALONE, [app])
            # Asked behind the lock: whoever waited finds what the first one fetched.
            kept = _kept(app)
            if kept is not None and kept[0] != stale and clock() < kept[1]:
                return kept
            token = fetch(bool(stale) and kept is not None and kept[0] == stale)
            return _keep(app, token, clock())
    finally:
        if not was_open:
            connection.close()


def _kept(app: str) -> tuple[str, datetime] | None:
    row = AccessToken.objects.filter(app=app).first()
    if row is None:
        return None
    try:
        text = unseal_here(bytes(row.token), place=_place(app)).decode()
    except Unreadable:  # of another installation key
        return None
    return text, _good_until(row.valid_until, row.fetched_at)


def _keep(app: str, token: Token, at: datetime) -> tuple[str, datetime]:
    valid_until = at + token.lasts
    AccessToken.objects.update_or_create(
        app=app,
        defaults={
            "token": seal_here(token.text.encode(), place=_place(app)),
            "valid_until": valid_until,
            "fetched_at": at,
        },
    )
    return token.text, _good_until(valid_until, at)


def _good_until(valid_until: datetime, fetched_at: datetime) -> datetime:
    """A while before the end; of a short one, half of its time."""
    return valid_until - min(EARLY, (valid_until - fetched_at) / 2)


def _place(app: str) -> str:
    return f"jobs_accesstoken|{app}"
