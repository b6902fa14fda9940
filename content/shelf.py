"""The shelf in front of a store: MEDIA_ROOT of one machine, which holds no more than it is given room for.

What was used longest ago goes first. Only what the store has goes: after a restore the shelf may be the only copy.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

from django.conf import settings

from content.stores import Bucket, StoreIsAway, bucket

# Seconds. Use is noted so often; what was used a moment ago may be about to be opened; one machine tidies up so often.
_NOTED, _FRESH, _EVERY = 3_600, 600, 300
# Tidied down to so much of the room, or each new file would tidy up again.
_DOWN_TO = 0.9


def note_use(path: Path) -> bool:
    """Whether the file is on the shelf; then that it was used now. By its time of access, also where the disk notes
    none.
    """
    try:
        kept = path.stat()
        now = time.time()
        if kept.st_atime < now - _NOTED:
            os.utime(path, (now, kept.st_mtime))
    except FileNotFoundError:
        return False
    return True


def filled() -> None:
    """Something came onto the shelf: tidy up beside the request, once in five minutes on this machine."""
    kept = bucket()
    if kept is None or not settings.MEDIA_SHELF_BYTES:
        return
    mark = Path(settings.MEDIA_ROOT) / ".tidied"
    try:
        if mark.stat().st_mtime > time.time() - _EVERY:
            return
    except FileNotFoundError:
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    mark.touch()
    threading.Thread(target=tidy_shelf, args=(kept, settings.MEDIA_SHELF_BYTES), daemon=True).start()


def tidy_shelf(kept: Bucket, room: int, *, now: float | None = None) -> int:
    """Take what was used longest ago off the shelf, until it holds less than `room` bytes; how many files.

    One at a time on a machine; a store that is away keeps the shelf as it is.
    """
    now = time.time() if now is None else now
    root = Path(settings.MEDIA_ROOT)
    with (root / ".tidying").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        found = sorted(_files(root))
        left = sum(size for _used, size, _path in found)
        if left <= room:
            return 0
        gone = 0
        for used, size, path in found:
            if left <= room * _DOWN_TO or used > now - _FRESH:
                break
            try:
                # What a writer left half done is nobody's; all else has to be in the store, whole.
                if path.suffix != ".part" and not kept.has(path.relative_to(root).as_posix(), size):
                    continue
            except StoreIsAway:
                break
            path.unlink(missing_ok=True)
            left, gone = left - size, gone + 1
        return gone


def _files(root: Path) -> list[tuple[float, int, Path]]:
    """When each was used, and its size."""
    found = []
    for path in root.glob("renditions/*/*"):
        try:
            kept = path.stat()
        except FileNotFoundError:
            continue
        found.append((max(kept.st_atime, kept.st_mtime), kept.st_size, path))
    return found
