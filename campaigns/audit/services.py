"""Writing the audit, and sealing it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from campaigns.audit.models import Entry, Seal, SecurityRecord
from campaigns.audit.rules import (
    BEGINNING,
    ENTRIES,
    NOTHING,
    RECORDS,
    TABLES,
    Stretch,
    day_before,
    first_id_at,
    sealed,
    stretches,
    tally,
)
from campaigns.audit.selectors.chain import (
    chain_key,
    first_moment,
    last_stretch,
    lines_between,
    read_head,
    settled_until,
)
from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import Deed
from campaigns.tenants.scopes import Scope


class HeadIsGone(Refusal):
    """Sealing on would hide it: the rows of the lost seals would get fresh ones."""

    code = "audit.seal.head_gone"
    status = 409
    zh = "封存链的末端（第 {number} 号）与数据库外的记录不符：可能有封存被删除。请运行 manage.py audit verify。"
    en = "Seal {number} is not what was noted down outside the database as the last: run manage.py audit verify."


def record(
    *,
    scope: Scope,
    verb: str,
    subject: str,
    subject_name: str = "",
    branch_id: int | None = None,
    branch_pos: int | None = None,
    **detail: Any,
) -> Entry:
    """Note one deed of the scope's actor, in the same transaction as the deed.

    `subject` is a reference (campaigns.lib.refs). The row belongs to `branch_id` (the thing's branch; the
    scope's own when left out). `detail` must be JSON.
    """
    return Entry.objects.create(
        branch_id=branch_id if branch_id is not None else scope.branch_id,
        branch_pos=branch_pos if branch_pos is not None else scope.branch_pos,
        at=scope.at,
        actor=scope.actor,
        actor_name=scope.facts.actor_name,
        verb=verb,
        subject=subject,
        subject_name=subject_name,
        detail=detail,
        request_id=scope.request_id,
    )


def record_many(*, scope: Scope, deeds: Sequence[Deed]) -> None:
    """Note many deeds of the scope's actor as `record` does, a thousand rows a statement."""
    Entry.objects.bulk_create(
        [
            Entry(
                branch_id=deed.branch_id,
                branch_pos=deed.branch_pos,
                at=scope.at,
                actor=scope.actor,
                actor_name=scope.facts.actor_name,
                verb=deed.verb,
                subject=deed.subject,
                subject_name=deed.subject_name,
                detail=deed.detail,
                request_id=scope.request_id,
            )
            for deed in deeds
        ],
        batch_size=1000,
    )


def record_security(
    *, kind: str, at: datetime, who: str = "", address: str | None = None, **detail: Any
) -> UUID:
    """Note something that outlives a refusal, on the second connection, at once."""
    row = SecurityRecord(kind=kind, at=at, who=who[:120], address=address or None, detail=detail)
    row.save(using="aside", force_insert=True)
    return row.pk


def seal_audit(*, scope: Scope, head_file: Path, days: int = 400) -> list[Seal]:
    """Close what was written since the last seal and can no longer change, at most `days` days of it.

    Stretches end with the UTC day; a quiet one that has not ended its day is left for the next time. The last
    seal's number and digest are noted down in `head_file` after the commit. Returns the new seals; none while
    somebody else is sealing. Raises HeadIsGone when the last seal is not the one that was noted down.
    """
    scope.demand("audit.seal.add")
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('audit.seal', 0))")
        if not cursor.fetchone()[0]:
            return []
    last, head = last_stretch(), read_head(path=head_file)
    if head is not None and (last is None or last.number < head.number or not _was(head.number, head.digest)):
        raise HeadIsGone(number=head.number)
    until, key = settled_until(scope=scope), chain_key()
    made: list[Seal] = []
    for since, end in _open_stretches(scope, last, until)[:days]:
        stretch = _closed(scope, key, last, since, end)
        if not any(each.rows for each in stretch.tallies.values()) and end == until and not _ends_a_day(end):
            break
        made.append(_keep(scope, stretch))
        last = stretch
    if made and last is not None:
        transaction.on_commit(
            partial(note_head, path=head_file, number=last.number, digest=last.digest.hex()),
            using=scope.using,
        )
    return made


def _was(number: int, digest: str) -> bool:
    seal = Seal.objects.filter(number=number).only("digest").first()
    return seal is not None and bytes(seal.digest).hex() == digest


def _ends_a_day(moment: datetime) -> bool:
    return (moment - BEGINNING) % timedelta(days=1) == timedelta()


def _open_stretches(scope: Scope, last: Stretch | None, until: datetime) -> list[tuple[datetime, datetime]]:
    """From the last seal on. The first one of all also covers every older id that there could be."""
    if last is not None:
        return list(stretches(since=last.until, until=until))
    begun = min(first_moment(scope=scope) or until, until)
    parts = list(stretches(since=begun, until=until))
    return [(BEGINNING, parts[0][1]), *parts[1:]] if parts else []


def _closed(scope: Scope, key: bytes, last: Stretch | None, since: datetime, until: datetime) -> Stretch:
    previous = last.digest if last else NOTHING
    low, high = first_id_at(since), first_id_at(until)
    tallies = {
        table: tally(
            key=key,
            previous=previous,
            table=table,
            lines=lines_between(scope=scope, table=table, low=low, high=high),
            tagged=True,
        )
        for table in TABLES
    }
    number = last.number + 1 if last else 1
    open_stretch = Stretch(number, day_before(until), since, until, previous, tallies, scope.at)
    return sealed(key=key, stretch=open_stretch)


def _keep(scope: Scope, stretch: Stretch) -> Seal:
    entries, records = stretch.tallies[ENTRIES], stretch.tallies[RECORDS]
    return Seal.objects.create(
        number=stretch.number,
        day=stretch.day,
        since=stretch.since,
        until=stretch.until,
        entry_rows=entries.rows,
        entry_first=entries.first,
        entry_last=entries.last,
        entry_digest=entries.digest,
        entry_tags=entries.tags,
        record_rows=records.rows,
        record_first=records.first,
        record_last=records.last,
        record_digest=records.digest,
        record_tags=records.tags,
        previous=stretch.previous,
        digest=stretch.digest,
        sealed_at=stretch.sealed_at,
    )


def note_head(*, path: Path, number: int, digest: str) -> None:
    """Write the chain's end to a file beside the database; never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"number": number, "digest": digest}) + "\n")
    draft.replace(path)
