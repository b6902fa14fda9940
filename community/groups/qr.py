"""QRs: drawn of a link, or the picture that WeCom drew."""

import base64
import io

import segno

from community.groups.services.entries import Shown


def picture_of(shown: Shown) -> bytes:
    """PNG (or WeCom's JPEG) of what is scanned to join."""
    return shown.qr or drawn(shown.link)


def drawn(link: str, *, scale: int = 8) -> bytes:
    """A PNG with a quiet zone."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def as_address(picture: bytes) -> str:
    """The picture as a data: address, as a mini-program shows it."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
