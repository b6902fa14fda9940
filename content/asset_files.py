"""What a file makes of an asset: the columns that describe its content, and the files that are kept of it."""

import io
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, NamedTuple

from content import files
from content.media.taking import kind_of, take_media
from content.models import Asset, Rendition
from content.pictures import Rendered, average_colour, look_of, read_picture, render_all, render_original


class Made(NamedTuple):
    """One file of an asset: its bytes, or the path at which they lie. `size` in bytes."""

    name: str
    format: str
    width: int
    height: int
    content: bytes | Path
    sha256: str
    size: int


def made_of(one: Rendered) -> Made:
    """A rendition as a file to keep."""
    return Made(one.name, one.format, one.width, one.height, one.content, one.sha256, len(one.content))


def fill_from_file(asset: Asset, raw: bytes | BinaryIO, kept: Path) -> list[Made]:
    """Let the asset be what the file holds; the files to keep, of which one may lie at `kept`.

    Raises a refusal `content.picture.*` or `content.file.*`.
    """
    source = io.BytesIO(raw) if isinstance(raw, bytes) else raw
    source.seek(0)
    kind = kind_of(source.read(4096))
    source.seek(0)
    asset.kind, asset.text, asset.look = kind, "", None
    if kind == Asset.Kind.PICTURE:
        picture = read_picture(source)
        original = render_original(picture)
        asset.sha256, asset.width, asset.height = original.sha256, picture.width, picture.height
        asset.colour, asset.look, asset.details = average_colour(picture), look_of(picture), {}
        focal = (asset.focal_x / 1000, asset.focal_y / 1000)
        return [made_of(one) for one in (original, *render_all(picture, focal=focal))]
    with kept.open("w+b") as out:
        media = take_media(source, out, kind=kind)
        out.flush()
        size = out.tell()
    asset.sha256 = _digest(kept)
    asset.width, asset.height, asset.colour, asset.details = media.width, media.height, "", media.details
    if media.format == "m4a":
        asset.kind = Asset.Kind.AUDIO
    return [Made("original", media.format, media.width, media.height, kept, asset.sha256, size)]


def store_files(asset: Asset, made: list[Made]) -> None:
    """Write the rows of these files, and then the files."""
    rows = [
        Rendition(
            branch_id=asset.branch_id,
            branch_pos=asset.branch_pos,
            asset=asset,
            name=one.name,
            format=one.format,
            width=one.width,
            height=one.height,
            size=one.size,
            sha256=one.sha256,
            version=asset.version,
            take=asset.take,
        )
        for one in made
    ]
    Rendition.objects.bulk_create(rows)
    # Last, so that a refused row leaves no file behind.
    files.keep([(row.pk, row.format, one.content) for row, one in zip(rows, made, strict=True)])


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
