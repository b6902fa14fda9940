"""Files of events: taken part by part, so that a kill costs one part, and a second run none."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from campaigns.audit.services import record
from campaigns.events.models import Drop
from campaigns.events.reading import ENDINGS, fingerprint_of, rows_of
from campaigns.events.refusals import DropBusy, DropChanged, DropUnreadable
from campaigns.events.registry import kinds
from campaigns.events.services.events import Outcome, Refused, take_outside_events
from campaigns.lib.csv_files import harmless
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope, system_scope

PART = 5_000  # rows of one transaction
REFUSED = ".refused.csv"


def take_drop(
    *,
    scope: Scope,
    path: Path,
    source: str,
    clock: Callable[[], datetime],
    refused_path: Path | None = None,
    until: datetime | None = None,
    progress: Callable[[Drop], None] = lambda drop: None,
) -> Drop:
    """Take a file's events, on from where an earlier run ended; `ended_at` is set when all of it is done.

    `scope` (the system's) is not opened: each part is a transaction of its own. Refused rows go to `refused_path`
    (beside the file by default) with their reasons. `until`: begin no part after that. A file that was taken whole
    is not read again. Raises DropUnreadable, DropBusy, DropChanged; what was taken before stays.
    """
    scope.demand("events.drop.import")
    refused_path = refused_path or path.with_name(path.name + REFUSED)
    drop = _opened(path, source, clock())
    if drop.ended_at is not None:
        return drop
    rows = rows_of(path, kinds())
    if sum(1 for _row in islice(rows, drop.rows)) < drop.rows:
        raise DropChanged(path=path.name)
    while until is None or clock() < until:
        part = list(enumerate(islice(rows, PART), start=drop.rows + 1))
        drop = _take_part(drop, path, part, refused_path, clock())
        progress(drop)
        if len(part) < PART:
            return _ended(scope, drop, clock())
    return drop


def take_drops(
    *, scope: Scope, folder: Path, clock: Callable[[], datetime], at_most: timedelta
) -> tuple[int, int]:
    """Take the files that lie in a folder, the oldest name first: (whole files taken, files nobody can read).

    A file is written under another name (".part") and then renamed. "core-20261122.ndjson" is told by "core". What is
    done goes to done/, what cannot be read to failed/. `scope` (the system's) is not opened.
    """
    scope.demand("events.drop.import")
    if not folder.is_dir():
        return 0, 0
    until, taken, failed = clock() + at_most, 0, 0
    for path in sorted(folder.iterdir()):
        if (
            path.suffix not in ENDINGS
            or path.name.endswith(REFUSED)
            or not path.is_file()
            or clock() >= until
        ):
            continue
        try:
            drop = take_drop(
                scope=scope, path=path, source=source_of(name=path.name), clock=clock, until=until
            )
        except DropUnreadable:
            _put_away(path, folder / "failed")
            failed += 1
        except DropBusy:
            continue
        else:
            if drop.ended_at is not None:
                _put_away(path, folder / "done")
                taken += 1
    return taken, failed


def source_of(*, name: str) -> str:
    """Who tells the file of this name: what stands before the first mark."""
    word = ""
    for letter in name.lower():
        if not (letter.isascii() and letter.isalnum()):
            break
        word += letter
    return word[:40] or "file"


def _opened(path: Path, source: str, at: datetime) -> Drop:
    drop, _is_new = Drop.objects.get_or_create(
        fingerprint=fingerprint_of(path, source),
        defaults={
            "name": path.name[:200],
            "source": source,
            "size": path.stat().st_size,
            "started_at": at,
        },
    )
    return drop


def _take_part(drop: Drop, path: Path, part: list[tuple[int, Any]], refused_path: Path, at: datetime) -> Drop:
    """One transaction: the part's events, and how far the file is."""
    with transaction.atomic():
        held = (
            Drop.objects.select_for_update(skip_locked=True).filter(pk=drop.pk, rows=drop.rows, ended_at=None)
        ).first()
        if held is None:
            raise DropBusy(path=path.name)
        outcome = (
            take_outside_events(events=part, door="file", source=drop.source, at=at) if part else Outcome()
        )
        held.refused_bytes = _write_refused(refused_path, held.refused_bytes, outcome.refused)
        held.rows += len(part)
        held.taken += len(outcome.taken)
        held.known += len(outcome.known)
        held.refused += len(outcome.refused)
        held.reasons = dict(Counter(held.reasons) + Counter(each.refusal.code for each in outcome.refused))
        held.save(update_fields=["rows", "taken", "known", "refused", "reasons", "refused_bytes"])
    return held


def _write_refused(path: Path, size: int, refused: list[Refused]) -> int:
    """Append to the file of refused rows, over what a killed run wrote beyond its last whole part; its new size."""
    if not refused:
        return size
    lines = io.StringIO(newline="")
    if not size:
        lines.write("\ufeffrow,code,reason,reason_en\r\n")
    writer = csv.writer(lines)
    for each in refused:
        told = [each.index, each.refusal.code, each.refusal.detail("zh"), each.refusal.detail("en")]
        writer.writerow([harmless(cell) for cell in told])
    try:
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(size)
            file.seek(size)
            file.write(lines.getvalue().encode())
            return file.tell()
    except OSError as error:
        raise DropUnreadable(path=path.name, reason=error.strerror) from error


def _ended(scope: Scope, drop: Drop, at: datetime) -> Drop:
    with system_scope(at=at, cause=scope.cause) as opened:
        drop.ended_at = at
        if Drop.objects.filter(pk=drop.pk, ended_at=None).update(ended_at=at):
            record(
                scope=opened,
                verb="events.drop.import",
                subject=ref("events.drop", bytes(drop.pk).hex()),
                subject_name=drop.name,
                taken=drop.taken,
                known=drop.known,
                refused=drop.refused,
            )
    return drop


def _put_away(path: Path, folder: Path) -> None:
    """With its refused rows; another worker may have done so already."""
    folder.mkdir(exist_ok=True)
    for each in (path, path.with_name(path.name + REFUSED)):
        with suppress(FileNotFoundError):
            each.replace(folder / each.name)
