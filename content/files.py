"""Where the bytes of renditions lie: private files under MEDIA_ROOT, named by the rendition's id."""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from campaigns.lib.http.files import file_answer
from content.addresses import CONTENT_TYPES


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


def read_file(rendition_id: UUID, format: str) -> bytes:
    """The bytes of a rendition; empty when the file is gone."""
    try:
        return path_of(rendition_id, format).read_bytes()
    except FileNotFoundError:
        return b""


def picture_answer(
    request: HttpRequest, rendition_id: UUID, format: str, headers: dict[str, str]
) -> HttpResponseBase:
    """The bytes of a rendition that may be seen. Raises FileNotFoundError, also for a format that is never served."""
    if format not in CONTENT_TYPES:
        raise FileNotFoundError(format)
    return file_answer(
        request,
        path_of(rendition_id, format),
        content_type=CONTENT_TYPES[format],
        # The bytes under an id never change.
        etag=f'"{rendition_id}"',
        name=f"{rendition_id}.{format}",
        headers=headers,
    )
