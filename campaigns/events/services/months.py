"""Months of events: made ahead, emptied of what has been kept long enough, dropped."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection, connections, transaction

from campaigns.audit.services import record
from campaigns.events.models import Cleared
from campaigns.events.registry import kinds, longest_kept, months_before
from campaigns.events.rules import first_id_at
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope, system_scope

AHEAD = 3
_FIRST = datetime.fromisoformat("2000-01-01T00:00:00Z")


class Months(NamedTuple):
    """How many months were made and dropped."""

    made: int
    dropped: int


def keep_months(*, scope: Scope, ahead: int = AHEAD) -> Months | None:
    """Make the months that are missing, from the oldest that anything is kept for to `ahead`, and drop older ones.

    By the tables' owner; None where this process may not speak as the owner: then `manage.py migrate` does it, and
    until then rows of months that nobody made wait in the default partition. `scope` (the system's) is not opened.
    """
    scope.demand("events.month.keep")
    oldest = months_before(scope.at, longest_kept())
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('events_make_months(date, int)', 'EXECUTE'),"
            " set_config('lock_timeout', '5s', true)"
        )
        if not cursor.fetchone()[0]:
            return None
        # Not the empty ones of years past: only those that rows already wait for.
        cursor.execute("SELECT events_make_months(%s, %s)", [scope.at.date(), ahead + 1])
        made = cursor.fetchone()[0]
        cursor.execute(
            "SELECT DISTINCT date_trunc('month', uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date"
            " FROM events_event_other"
        )
        for (month,) in cursor.fetchall():
            cursor.execute("SELECT events_make_months(%s, 1)", [month])
            made += cursor.fetchone()[0]
        cursor.execute("SELECT events_drop_months(%s)", [oldest.date()])
        return Months(made, cursor.fetchone()[0])


def clear_events(*, scope: Scope, lot: int = 5_000) -> int:
    """Delete the events of each kind whose months are over, `lot` rows a transaction; how many.

    Whole months alone, so that there is something to do once a month. `scope` (the system's) is not opened.
    """
    scope.demand("events.event.clear")
    until_by_kind = dict(Cleared.objects.values_list("kind", "until"))
    total = 0
    for kind in kinds().values():
        since = until_by_kind.get(kind.code, _FIRST)
        until = months_before(scope.at, kind.keeps)
        if since >= until:
            continue
        low, high, gone = first_id_at(since), first_id_at(until), lot
        while gone == lot:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT gone, last FROM clear_events(%s, %s, %s, %s)", [kind.code, low, high, lot]
                )
                gone, last = cursor.fetchone()
                low = last or low
                if gone < lot:
                    Cleared.objects.update_or_create(kind=kind.code, defaults={"until": until})
            total += gone
    return total


def check_places(*, scope: Scope) -> int:
    """Compare where events stand with where their branches stand, and set right what differs; how many rows.

    A move does so itself: anything found here is noted in the audit.
    """
    scope.demand("events.event.move")
    with system_scope(at=scope.at, cause=scope.cause) as opened, connection.cursor() as cursor:
        cursor.execute("SELECT place_events()")
        moved: int = cursor.fetchone()[0]
        if moved:
            record(scope=opened, verb="events.event.move", subject=ref("events.event", "all"), count=moved)
    return moved
