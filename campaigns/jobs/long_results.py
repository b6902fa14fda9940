"""Where the files lie that long jobs leave: private, under MEDIA_ROOT, named by the job's id."""

import os
from pathlib import Path
from uuid import UUID

from django.conf import settings


def path_of(job_id: UUID) -> Path:
    """The file of a job. A folder holds 1/256 of all (the id's last digits are random)."""
    name = str(job_id)
    return Path(settings.MEDIA_ROOT) / "jobs" / name[-2:] / name


def keep(job_id: UUID, content: bytes) -> None:
    """Write it whole or not at all; written again, it is replaced."""
    path = path_of(job_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = path.with_suffix(".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
