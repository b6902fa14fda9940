"""One verb: make a backup."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from config.backup import manifest as kept
from config.backup.manifest import Manifest
from config.backup.programs import Address, jobs, no_room, run
from config.backup.refusals import BadFolder, FolderBusy
from config.backup.sealing import check_passphrase, seal_keys
from config.backup.snapshot import ASIDE, Medium, moment_of
from content.files import there_by_name

HALF = ".half-"
DRILLS = "drills.json"


class Made(NamedTuple):
    """A finished backup. `missing`: pictures that rows name and whose files were gone before."""

    folder: Path
    manifest: Manifest
    missing: Sequence[str]
    removed: Sequence[str]


def make_backup(
    *,
    to: Path,
    passphrase: str,
    with_keys: bool,
    keep: int,
    clock: Callable[[], datetime],
    say: Callable[[str, str], None] = lambda zh, en: None,
) -> Made:
    """Back the whole bank up into a new folder below `to`, and remove the oldest beyond `keep` (0: none).

    The rows are those of one moment; every picture that they name was written before it, and is copied after it.
    Stopped in whatever way, it leaves no backup, and nothing that looks like one. Raises BackupRefused.
    """
    if with_keys:
        check_passphrase(passphrase)
    began, at = time.monotonic(), clock()
    address = Address.of(settings.DATABASES["owner"])
    with _alone_in(to):
        _clear_halves(to)
        name = _free_name(to, at)
        half = to / (HALF + name)
        try:
            half.mkdir(mode=0o700)
            found = _fill(half, name, address, say)
            if with_keys:
                seal_keys(
                    half,
                    name=name,
                    keys={"SECRET_KEY": settings.SECRET_KEY, "DATA_KEY": settings.DATA_KEY},
                    passphrase=passphrase,
                )
            parts = [kept.DATABASE, kept.CATALOGUE, kept.MEDIA_SUMS, *([kept.KEYS] if with_keys else [])]
            manifest = Manifest(
                **found,
                name=name,
                made_at=at.isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - began, 1),
                data_key=kept.key_mark(settings.DATA_KEY),
                with_keys=with_keys,
                parts=kept.sums_of(half, parts),
            ).sealed(settings.DATA_KEY)
            manifest.write(half)
            _write_out(half)
            half.rename(to / name)
            _sync(to)
        except OSError as failed:
            if failed.errno in {28, 122}:  # ENOSPC, EDQUOT
                raise no_room(to) from None
            raise BadFolder(path=failed.filename or to, reason=failed.strerror) from None
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return Made(to / name, manifest, manifest.media_missing, _remove_old(to, keep, name))


def _fill(half: Path, name: str, address: Address, say: Callable[[str, str], None]) -> dict[str, Any]:
    """Everything that is dumped or copied; what the manifest says of it."""
    with moment_of(address) as moment:
        moment.refuse_hidden_rows()
        media = moment.media()
        _refuse_little_room(half, moment.bytes, media)
        say(f"数据库 {moment.bytes / 1e6:,.0f} MB，清点各表……",
            f"the database has {moment.bytes / 1e6:,.0f} MB; counting its tables ...")  # fmt: skip
        counts = moment.counts()
        rows, tables = sum(counts.values()), len(counts)
        say(f"{tables} 张表，{rows:,} 行，正在导出……", f"{tables} tables, {rows:,} rows; dumping ...")
        (half / kept.CATALOGUE).write_text("\n".join(moment.catalogue()) + "\n")
        found = {
            "server": moment.server,
            "migrations": moment.migrations(),
            "counts": counts,
            "database_bytes": moment.bytes,
            "audit_head": list(head) if (head := moment.audit_head()) else None,
        }
        run(
            "pg_dump",
            address,
            *("--format=directory", "--file", str(half / kept.DATABASE), "--jobs", jobs()),
            # As fenhang_owner, whose policies show every row; the snapshot's own role has just proved it.
            *("--enable-row-security", "--snapshot", moment.name, "--lock-wait-timeout=120000"),
            # What a bank's administrator installed for himself could not be made again by the owner.
            *(f"--exclude-schema={ASIDE}*", "--exclude-extension=*", "--compress=gzip:1", "--verbose"),
            on_line=_Progress(tables, say).hear,
            room=half,
        )
    return found | _copy_media(half, name, media, say)


def _copy_media(
    half: Path, name: str, media: Sequence[Medium], say: Callable[[str, str], None]
) -> dict[str, Any]:
    """The pictures, after the dump, so that none of its rows is younger. Those of the backup before are linked to:
    the bytes under an id never change.
    """
    before = _sums_before(half.parent)
    lines, missing, total, last = [], [], 0, time.monotonic()
    for nth, medium in enumerate(media, start=1):
        target = half / kept.MEDIA / medium.path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        earlier = before.get((medium.path, medium.sha256, medium.size))
        if not (earlier and _linked(earlier, target, medium.size)):
            try:
                shutil.copyfile(there_by_name(medium.path), target)
            except FileNotFoundError:
                missing.append(medium.path)
                continue
            if kept.sum_of(target) != (medium.sha256, medium.size):
                # Damaged where it lies: kept as it is, and told like one that is gone.
                missing.append(medium.path)
                target.unlink()
                continue
        lines.append(f"{medium.sha256}  {medium.size}  {medium.path}\n")
        total += medium.size
        if time.monotonic() - last > 2:
            last = time.monotonic()
            say(f"图片 {nth:,} / {len(media):,}", f"pictures: {nth:,} of {len(media):,}")
    (half / kept.MEDIA_SUMS).write_text("".join(lines))
    return {"media_files": len(lines), "media_bytes": total, "media_missing": missing}


class _Progress:
    """Counts the tables that pg_dump names, and tells every other second."""

    def __init__(self, tables: int, say: Callable[[str, str], None]) -> None:
        self._tables, self._say, self._seen, self._last = tables, say, 0, time.monotonic()

    def hear(self, line: str) -> None:
        if "dumping contents of table" in line:
            self._seen += 1
            if time.monotonic() - self._last > 2:
                self._last = time.monotonic()
                self._say(f"已导出 {self._seen} / {self._tables} 张表",
                          f"dumped {self._seen} of {self._tables} tables")  # fmt: skip


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder. Raises BadFolder, FolderBusy."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = open(folder / ".lock", "a")  # noqa: SIM115
    except OSError as failed:
        raise BadFolder(path=folder, reason=failed.strerror) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(path=folder) from None
        yield


def _clear_halves(folder: Path) -> None:
    """What a killed one left; we hold the lock, so it is nobody's."""
    for half in folder.glob(HALF + "*"):
        shutil.rmtree(half, ignore_errors=True)


def _free_name(folder: Path, at: datetime) -> str:
    """By the second, in UTC, so that names sort as they were made; never one that is there."""
    while (folder / (name := at.strftime("fenhang-%Y%m%dT%H%M%SZ"))).exists():
        at += timedelta(seconds=1)
    return name


def _refuse_little_room(folder: Path, database: int, media: Sequence[Medium]) -> None:
    """Rows shrink to a third or less; pictures may have to be copied whole. Raises NoRoom."""
    needed = database // 3 + sum(each.size for each in media)
    if shutil.disk_usage(folder).free < needed:
        raise no_room(folder, needed)


def _sums_before(folder: Path) -> dict[tuple[str, str, int], Path]:
    """Pictures of the newest whole backup, by path, sum and size."""
    for earlier in reversed(kept.backups_in(folder)):
        with contextlib.suppress(OSError, ValueError):
            return {
                (name, digest, size): earlier / kept.MEDIA / name
                for digest, size, name in kept.media_sums(earlier)
            }
    return {}


def _linked(earlier: Path, target: Path, size: int) -> bool:
    """False where the file system has no links, or the earlier file was cut short."""
    try:
        if earlier.stat().st_size != size:
            return False
        os.link(earlier, target)
    except OSError:
        return False
    return True


def _write_out(folder: Path) -> None:
    """To the disk, before it is called whole."""
    for file in folder.rglob("*"):
        if file.is_file():
            _sync(file)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_old(folder: Path, keep: int, made: str) -> list[str]:
    """The oldest beyond `keep`; never the one just made, nor the last that a drill has proved good."""
    if keep < 1:
        return []
    proved = last_drills(folder).get("last_good", {}).get("backup")
    spare = [each for each in kept.backups_in(folder)[:-keep] if each.name not in {made, proved}]
    for each in spare:
        # Renamed first, so that a half deleted one is never taken for whole.
        gone = each.rename(folder / f"{HALF}{each.name}.old")
        shutil.rmtree(gone, ignore_errors=True)
    return [each.name for each in spare]


def last_drills(folder: Path) -> dict[str, dict[str, str]]:
    """What drills.json says: "last" and "last_good", each with the backup's name and the moment."""
    try:
        found: dict[str, dict[str, str]] = json.loads((folder / DRILLS).read_text())
    except (OSError, ValueError):
        return {}
    return found
