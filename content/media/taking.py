"""Which kind of file this is, by its content alone: a name and a declared type are the uploader's words."""

from typing import BinaryIO

from content.asset_models import Asset
from content.media import mp3, mp4, pdf
from content.media.limits import Media

# A picture with another file inside is a picture: only its pixels come through.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")


def kind_of(head: bytes) -> str:
    """The kind of asset that begins with these bytes (4,096 suffice); what is nothing else is held for a picture."""
    if head.startswith(_PICTURES):
        return Asset.Kind.PICTURE
    if pdf.looks_like(head):
        return Asset.Kind.PDF
    if mp4.looks_like(head):
        return Asset.Kind.VIDEO
    if mp3.looks_like(head):
        return Asset.Kind.AUDIO
    return Asset.Kind.PICTURE


def take_media(source: BinaryIO, out: BinaryIO, *, kind: str) -> Media:
    """Write what is kept of a file of this kind to `out`. Raises a refusal `content.file.*`."""
    if kind == Asset.Kind.PDF:
        return pdf.take_pdf(source, out)
    if kind == Asset.Kind.VIDEO:
        return mp4.take_mp4(source, out)
    return mp3.take_mp3(source, out)
