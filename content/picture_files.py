"""Picture files taken apart before any decoder sees them.

An upload is hostile until re-encoded. Each container is walked here by its own headers, in bounded steps, and only
what a decoder needs for the pixels of one frame is copied out. Decoders never meet the rest, because the rest is
where the bombs are: an EXIF directory of 64 KB that unfolds to 300 MB, a GIF comment that Pillow joins in quadratic
time, a million empty chunks, a thousand scans over 50 megapixels, whatever was appended for another program to run.
Phones and Photoshop write large metadata too, so leaving it out also accepts honest files that Pillow would refuse.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from campaigns.lib.refusals import Refusal
from content.picture_limits import DamagedPicture, EmptyPicture, NotAPicture, PictureKindNotAllowed


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a picture file, still encoded, with nothing else in the container."""

    kind: str  # jpeg, png, gif, webp
    width: int
    height: int
    body: bytes  # a complete file of `kind`
    profile: bytes | None = None  # ICC, unchecked
    orientation: int = 1  # EXIF's 1 to 8
    progressive: bool = False

    PROFILE_BYTES: ClassVar[int] = 4 * 1024 * 1024  # print profiles of CMYK reach 2.7 MB


# Bounds of the walks. Honest files stay far below: a 20 MB PNG in 8 KB chunks has 2,500.
_CHUNKS = 20_000
_SEGMENTS = 2_000
_SCANS = 100
_BLOCKS = 4_096


def take_frame(raw: bytes) -> Frame:
    """The first frame of a JPEG, PNG, GIF or WebP file.

    Raises EmptyPicture, NotAPicture, PictureKindNotAllowed or DamagedPicture.
    """
    if not raw:
        raise EmptyPicture
    try:
        if raw.startswith(b"\xff\xd8\xff"):
            return _jpeg(raw)
        if raw.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(raw)
        if raw.startswith((b"GIF87a", b"GIF89a")):
            return _gif(raw)
        if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
            return _webp(raw)
    except (IndexError, struct.error) as error:
        raise DamagedPicture from error
    raise _stranger(raw[:4096])


def _stranger(head: bytes) -> Refusal:
    """The refusal for a file of another kind, by its name where people would know it."""
    for signature, kind in _STRANGERS:
        if head.startswith(signature):
            return PictureKindNotAllowed(kind=kind)
    if head[4:8] == b"ftyp":
        return PictureKindNotAllowed(kind="AVIF" if b"avi" in head[8:12] else "HEIC")
    if re.search(rb"<(?:\w+:)?svg[\s>]", head.replace(b"\0", b""), re.IGNORECASE):
        return PictureKindNotAllowed(kind="SVG")
    return NotAPicture()


_STRANGERS = (
    (b"%PDF", "PDF"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"BM", "BMP"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "CUR"),
    (b"8BPS", "PSD"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
)


def _orientation(exif: bytes) -> int:
    """EXIF's orientation, 1 when it is absent or unreadable. Reads that one entry and follows no offset but IFD0's."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (at,) = struct.unpack_from(order + "I", exif, 4)
    if at + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, min(at + 2 + 12 * min(count, 512), len(exif) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
        if tag == 0x0112:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1


_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # not stuffing, not a restart, not a fill byte


def _jpeg(raw: bytes) -> Frame:
    parts, profile_parts = [b"\xff\xd8"], {}
    size: tuple[int, int] | None = None
    orientation, scans, progressive = 1, 0, False
    at = 2
    for _ in range(_SEGMENTS):
        while raw[at] == raw[at + 1] == 0xFF:
            at += 1
        if raw[at] != 0xFF:
            raise DamagedPicture
        marker = raw[at + 1]
        if marker == 0xD9:
            parts.append(b"\xff\xd9")
            break
        if marker == 1 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", raw, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(raw):
            raise DamagedPicture
        body = raw[at + 4 : end]
        if marker in _FRAME_MARKERS:
            if size is not None:
                raise DamagedPicture
            _, height, width = struct.unpack_from(">BHH", body)
            size, progressive = (width, height), marker != 0xC0 and marker != 0xC1
        elif marker == 0xDA:
            scans += 1
            if scans > _SCANS:
                raise DamagedPicture
            found = _NEXT_MARKER.search(raw, end)
            if found is None:
                raise DamagedPicture
            end = found.start()
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _orientation(body)
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            profile_parts[body[12]] = body[14:]
        # APP14 says whether CMYK is inverted; every other APPn, and comments, carry no pixel.
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or (marker == 0xEE and body.startswith(b"Adobe")):
            parts.append(raw[at:end])
        at = end
    else:
        raise DamagedPicture
    if size is None or not scans:
        raise DamagedPicture
    profile = b"".join(profile_parts[n] for n in sorted(profile_parts))
    return Frame("jpeg", *size, b"".join(parts), _bounded(profile), orientation, progressive)


def _png(raw: bytes) -> Frame:
    parts = [raw[:8]]
    size: tuple[int, int] | None = None
    profile, orientation = None, 1
    at = 8
    for _ in range(_CHUNKS):
        length, name = struct.unpack_from(">I4s", raw, at)
        end = at + 12 + length
        if end > len(raw) or (size is None) != (name == b"IHDR"):
            raise DamagedPicture
        if name == b"IHDR":
            size = struct.unpack_from(">II", raw, at + 8)
        elif name == b"iCCP" and profile is None:
            profile = _unfold(raw[at + 8 : end - 4])
        elif name == b"eXIf":
            orientation = _orientation(raw[at + 8 : at + 8 + 65_536])
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            parts.append(raw[at:end])
        at = end
        if name == b"IEND":
            break
    else:
        raise DamagedPicture
    assert size is not None  # IHDR came first, or the loop refused
    return Frame("png", *size, b"".join(parts), profile, orientation)


def _unfold(chunk: bytes) -> bytes | None:
    """The profile within an iCCP chunk, or None when it is broken or larger than any profile."""
    try:
        return _bounded(
            zlib.decompressobj().decompress(chunk[chunk.index(b"\0") + 2 :], Frame.PROFILE_BYTES + 1)
        )
    except (ValueError, zlib.error):
        return None


def _bounded(profile: bytes) -> bytes | None:
    return profile if 0 < len(profile) <= Frame.PROFILE_BYTES else None


def _gif(raw: bytes) -> Frame:
    """Everything up to the first frame's raster; extensions are left out but for the one that says transparent."""
    width, height, flags = struct.unpack_from("<HHB", raw, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    head, control = raw[:at], b""
    for _ in range(_BLOCKS):
        if raw[at] == 0x2C:
            left, top, wide, high = struct.unpack_from("<HHHH", raw, at + 1)
            size = max(width, left + wide), max(height, top + high)
            return Frame("gif", *size, head + control + raw[at:])
        if raw[at] != 0x21:
            raise DamagedPicture
        label, start = raw[at + 1], at
        at += 2
        for _ in range(_BLOCKS):
            step = raw[at]
            at += 1 + step
            if not step:
                break
        else:
            raise DamagedPicture
        if label == 0xF9:
            control = raw[start:at]
    raise DamagedPicture


def _chunks(raw: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a RIFF stretch: name, start of the body, its length. A chunk that runs over the end is damage."""
    for _ in range(_CHUNKS):
        if at + 8 > end:
            return
        name, length = struct.unpack_from("<4sI", raw, at)
        if at + 8 + length > end:
            raise DamagedPicture
        yield name, at + 8, length
        at += 8 + length + length % 2
    raise DamagedPicture


def _webp(raw: bytes) -> Frame:
    (total,) = struct.unpack_from("<I", raw, 4)
    if 8 + total > len(raw):
        raise DamagedPicture
    parts: list[bytes] = []
    size, profile, orientation = (0, 0), None, 1
    for name, start, length in _chunks(raw, 12, 8 + total):
        body = raw[start : start + length] if name not in (b"VP8 ", b"VP8L", b"ANMF") else b""
        if name == b"VP8X":
            wide, high = (int.from_bytes(body[n : n + 3], "little") + 1 for n in (4, 7))
            size = max(size[0], wide), max(size[1], high)
            body = bytes([body[0] & 0b0001_0010]) + body[1:]  # only "animated" and "has alpha" stay true
        elif name == b"ICCP":
            profile = _bounded(body)
            continue
        elif name == b"EXIF":
            orientation = _orientation(body[:65_536])
            continue
        elif name in (b"VP8 ", b"VP8L", b"ANMF"):
            if any(part.startswith((b"VP8 ", b"VP8L", b"ANMF")) for part in parts):
                continue
            wide, high = _webp_size(raw, name, start)
            size = max(size[0], wide), max(size[1], high)
            body = raw[start : start + length]
        elif name not in (b"ANIM", b"ALPH"):
            continue
        parts.append(name + struct.pack("<I", length) + body + b"\0" * (length % 2))
    content = b"WEBP" + b"".join(parts)
    return Frame("webp", *size, b"RIFF" + struct.pack("<I", len(content)) + content, profile, orientation)


def _webp_size(raw: bytes, name: bytes, start: int) -> tuple[int, int]:
    """What a still bitstream or an animation frame claims for itself; the frame's place on the canvas included."""
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", raw, start + 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", raw, start + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    left, top, wide, high = (int.from_bytes(raw[start + n : start + n + 3], "little") for n in (0, 3, 6, 9))
    return 2 * left + wide + 1, 2 * top + high + 1
