"""The shelf in front of a store: MEDIA_ROOT of one machine, which holds no more than it is given room for.

What was used longest ago goes first. Only what the store has goes: after a restore the shelf may be the only copy.
"""

import fcntl
import os
import threading
from pathlib import Path

from django.conf import settings

from content.stores import Bucket, StoreIsAway, bucket

# Seconds. What was used a moment ago may be about to be opened; one machine tidies up so often.
_FRESH, _EVERY = 600, 300
# Tidied down to so much of the room, or each new file would tidy up again.
_DOWN_TO = 0.9


def note_use(path: Path) -> bool:
    """Whether the file is on the shelf; then that it was used now. Disks note that seldom or never by themselves."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def filled() -> None:
    """Something came onto the shelf: tidy up beside the request, once in five minutes on this machine."""
    kept, root = bucket(), Path(settings.MEDIA_ROOT)
    if kept is None or not settings.MEDIA_SHELF_BYTES:
        return
    mark = root / ".tidied"
    try:
        if disk_now(root) - mark.stat().st_mtime < _EVERY:
            return
    except FileNotFoundError:
        pass  # never yet
    mark.touch()
    threading.Thread(target=tidy_shelf, args=(kept, settings.MEDIA_SHELF_BYTES), daemon=True).start()


def disk_now(root: Path) -> float:
    """What time it is by the clock that the times of these files are told by."""
    mark = root / ".now"
    mark.touch()
    return mark.stat().st_mtime


def tidy_shelf(kept: Bucket, room: int, *, now: float | None = None) -> int:
    """Take what was used longest ago off the shelf, until it holds less than `room` bytes; how many files.

    One at a time on a machine; a store that is away keeps the shelf as it is.
    """
    root = Path(settings.MEDIA_ROOT)
    now = disk_now(root) if now is None else now
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
        found.append((kept.st_mtime, kept.st_size, path))
    return found
