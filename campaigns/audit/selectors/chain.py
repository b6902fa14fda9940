"""The chain of seals as it stands in the database."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import Q

from campaigns.audit.models import Entry, Seal, SecurityRecord
from campaigns.audit.rules import ENTRIES, GRACE, RECORDS, Stretch, Tally
from campaigns.lib.crypto import derived_secret
from campaigns.tenants.scopes import Scope

# What is sealed of a row, in COPY's text form, in which tabs and line ends are escaped. `branch_pos` is left out:
# it follows the branch when that moves, and a key of its own refuses any other value.
_COLUMNS = {
    ENTRIES: "id, branch_id, at AT TIME ZONE 'UTC', actor, actor_name, verb, subject, subject_name, detail, request_id",
    RECORDS: "id, at AT TIME ZONE 'UTC', kind, who, address, detail",
}
_NAMES = {ENTRIES: Entry._meta.db_table, RECORDS: SecurityRecord._meta.db_table}


class Head(NamedTuple):
    """The last seal as it was noted down outside the database; `digest` is in hex."""

    number: int
    digest: str


def chain_key() -> bytes:
    """What the chain is made with: follows from DATA_KEY, which the database never sees."""
    return derived_secret("audit chain", "1")


def lines_between(*, scope: Scope, table: str, low: UUID, high: UUID) -> Iterator[bytes]:
    """Rows of `table` ("entries", "records") with ids from `low` to before `high`, in order, as sealed bytes.

    Streams. The scope must be the system's, since the chain goes through all branches.
    """
    scope.demand("audit.seal.view")
    with connections[scope.using].cursor() as cursor:
        # COPY passes by the guard that applies a scope's settings: this query does not.
        cursor.execute("SELECT set_config('datestyle', 'ISO', true)")
        rows = (
            f"SELECT {_COLUMNS[table]} FROM {_NAMES[table]} WHERE id >= '{low}' AND id < '{high}' ORDER BY id"  # noqa: S608
        )
        rest = b""
        with cursor.copy(f"COPY ({rows}) TO STDOUT") as copy:
            for block in copy:
                rest += block
                if rest.endswith(b"\n"):
                    yield from rest.splitlines(keepends=True)
                    rest = b""


def stretch_of(*, seal: Seal) -> Stretch:
    """What a seal says, as the rules take it."""
    return Stretch(
        number=seal.number,
        day=seal.day,
        since=seal.since,
        until=seal.until,
        previous=bytes(seal.previous),
        tallies={
            ENTRIES: Tally(
                digest=bytes(seal.entry_digest),
                rows=seal.entry_rows,
                first=seal.entry_first,
                last=seal.entry_last,
                tags=bytes(seal.entry_tags),
            ),
            RECORDS: Tally(
                digest=bytes(seal.record_digest),
                rows=seal.record_rows,
                first=seal.record_first,
                last=seal.record_last,
                tags=bytes(seal.record_tags),
            ),
        },
        sealed_at=seal.sealed_at,
        digest=bytes(seal.digest),
    )


def last_stretch() -> Stretch | None:
    """The newest seal; None before the first one."""
    seal = Seal.objects.order_by("-number").first()
    return stretch_of(seal=seal) if seal else None


def seals_over(*, moments: Collection[datetime]) -> list[Seal]:
    """Which seals cover what was written at these moments? In order; none for what is still open."""
    if not moments:
        return []
    covers = reduce(or_, (Q(since__lte=moment, until__gt=moment) for moment in set(moments)))
    # By the index of days; the first of all also covers whatever is older.
    days = Q(day__in={moment.astimezone(UTC).date() for moment in moments}) | Q(number=1)
    rows = Seal.objects.filter(days & covers).order_by("number")
    return list(rows.defer("entry_tags", "record_tags"))


def settled_until(*, scope: Scope) -> datetime:
    """Before which moment can no row be written any more?

    The scope's moment less the grace, or less when somebody is still writing: whoever has written into the audit
    and not committed holds a lock on it that everybody may see, and wrote no id older than the transaction.
    """
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            """SELECT min(coalesce(a.xact_start, '-infinity')) = '-infinity', min(a.xact_start)
                 FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
                WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_backend_pid()
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND l.relation = ANY (ARRAY['audit_entry'::regclass, 'audit_securityrecord'::regclass]::oid[])"""
        )
        is_unknown, oldest = cursor.fetchone()
    if is_unknown:
        return datetime.min.replace(tzinfo=scope.at.tzinfo)
    moment = min(scope.at, oldest) if oldest else scope.at
    # Ids know whole milliseconds.
    return (moment - GRACE).replace(microsecond=0)


def first_moment(*, scope: Scope) -> datetime | None:
    """When was the first row written that there is? None while there is none."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT uuid_extract_timestamp(id) FROM audit_entry ORDER BY id LIMIT 1),"
            " (SELECT uuid_extract_timestamp(id) FROM audit_securityrecord ORDER BY id LIMIT 1))"
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def days_sealed(*, scope: Scope, first: date | None, last: date | None) -> list[date]:
    """Which days have seals, from `first` to `last`, both included?"""
    scope.demand("audit.seal.view")
    rows = Seal.objects.order_by("day").values_list("day", flat=True).distinct()
    if first:
        rows = rows.filter(day__gte=first)
    if last:
        rows = rows.filter(day__lte=last)
    return list(rows)


def read_head(*, path: Path) -> Head | None:
    """The head that was noted down in the file `path`; None when there is no such file."""
    try:
        said = json.loads(path.read_text())
        return Head(int(said["number"]), str(said["digest"]))
    except FileNotFoundError:
        return None
