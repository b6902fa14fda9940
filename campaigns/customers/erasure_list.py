"""Who was erased, noted down outside the database: a restore of an older backup brings everybody back, and then this
list says whom to forget again. It holds ids that mean nothing without the database, and moments.
"""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings


def listed(path: Path | None = None) -> list[UUID]:
    """Everybody on the list, in the order of being erased. Half a line, from a full disk, is passed over."""
    found: dict[UUID, None] = {}
    try:
        lines = (path or Path(settings.ERASURES)).read_text().splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            found[UUID(json.loads(line)["customer"])] = None
        except (ValueError, KeyError, TypeError):
            continue
    return list(found)


def add_to_list(customers: Sequence[str], at: datetime, *, path: Path | None = None) -> int:
    """Add those who are not on it; returns how many. On the disk when this returns."""
    path = path or Path(settings.ERASURES)
    known = {str(each) for each in listed(path)}
    fresh = [each for each in dict.fromkeys(customers) if each not in known]
    if not fresh:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    moment = at.isoformat(timespec="seconds")
    text = "".join(json.dumps({"customer": each, "at": moment}) + "\n" for each in fresh)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A line of its own, whatever the one before it was cut off at.
        if os.fstat(descriptor).st_size and not path.read_bytes().endswith(b"\n"):
            text = "\n" + text
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return len(fresh)
