"""Where the bytes of renditions lie: private files under MEDIA_ROOT, named by the rendition's id."""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings


def path_of(rendition_id: UUID, format: str) -> Path:
    """The file of a rendition. A folder holds 1/256 of all (the id's last digits are random)."""
    name = str(rendition_id)
    return Path(settings.MEDIA_ROOT) / "renditions" / name[-2:] / f"{name}.{format}"


def keep(files: Sequence[tuple[UUID, str, bytes]]) -> None:
    """Write all of (rendition id, format, content), or none: a full disk leaves nothing half done."""
    written: list[Path] = []
    try:
        for rendition_id, format, content in files:
            path = path_of(rendition_id, format)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            part = path.with_suffix(".part")
            written += [part, path]
            part.write_bytes(content)
            os.replace(part, path)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
