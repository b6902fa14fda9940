"""Where the bytes of renditions lie: private files under MEDIA_ROOT, named by the rendition's id.

With an S3-compatible store (content/stores.py) that is where they are kept, and MEDIA_ROOT holds those lately used.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from campaigns.lib.http.files import file_answer
from content.addresses import CONTENT_TYPES, KEPT_FORMATS
from content.shelf import filled, note_use
from content.stores import StoreIsAway, bucket

__all__ = [
    "StoreIsAway",
    "forget",
    "keep",
    "name_of",
    "path_of",
    "picture_answer",
    "read_file",
    "there",
    "there_by_name",
]


def name_of(rendition_id: UUID, format: str) -> str:
    """What the file is called below MEDIA_ROOT, and in the store. A folder holds 1/256 of all (the last digits are
    random).
    """
    name = str(rendition_id)
    return f"renditions/{name[-2:]}/{name}.{format}"


def path_of(rendition_id: UUID, format: str) -> Path:
    """Where on this disk the file of a rendition lies, if it does."""
    return Path(settings.MEDIA_ROOT) / name_of(rendition_id, format)


def there(rendition_id: UUID, format: str) -> Path:
    """The file of a rendition on this disk, fetched from the store when it is not. Raises StoreIsAway; a file that is
    nowhere is not there.
    """
    return there_by_name(name_of(rendition_id, format))


def there_by_name(name: str) -> Path:
    """As `there`, by the name below MEDIA_ROOT."""
    path = Path(settings.MEDIA_ROOT) / name
    kept = bucket()
    if kept is None or note_use(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        kept.fetch(name, part)
    except FileNotFoundError:
        return path
    os.replace(part, path)
    filled()
    return path


def keep(files: Sequence[tuple[UUID, str, bytes | Path]]) -> None:
    """Write all of (rendition id, format, content), or none: a full disk leaves nothing half done.

    A path is copied. Raises OSError, StoreIsAway.
    """
    written: list[Path] = []
    kept = bucket()
    put: list[str] = []
    try:
        for rendition_id, format, content in files:
            path = path_of(rendition_id, format)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            part = path.with_suffix(".part")
            written += [part, path]
            if isinstance(content, bytes):
                part.write_bytes(content)
            else:
                shutil.copyfile(content, part)
            os.replace(part, path)
            if kept is not None:
                put.append(name_of(rendition_id, format))
                kept.put(put[-1], path)
        filled()
    except (OSError, StoreIsAway):
        for path in written:
            path.unlink(missing_ok=True)
        for name in put[:-1]:
            _forget_quietly(name)
        raise


def forget(files: Sequence[tuple[UUID, str]]) -> None:
    """Delete the files of (rendition id, format); a store that is away keeps what nobody names any more."""
    for rendition_id, format in files:
        path_of(rendition_id, format).unlink(missing_ok=True)
        _forget_quietly(name_of(rendition_id, format))


def _forget_quietly(name: str) -> None:
    kept = bucket()
    if kept is None:
        return
    try:
        kept.delete(name)
    except StoreIsAway:
        return


def read_file(rendition_id: UUID, format: str) -> bytes:
    """The bytes of a rendition; empty when the file is gone."""
    try:
        return there(rendition_id, format).read_bytes()
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
        there(rendition_id, format),
        content_type=CONTENT_TYPES[format],
        # The bytes under an id never change.
        etag=f'"{rendition_id}"',
        name=f"{rendition_id}.{format}",
        headers=headers,
        is_kept=format in KEPT_FORMATS,
    )
