"""Hostile files and texts, made when a test asks for them: nothing of the kind lies in the repository."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class HostilePicture:
    """`refusal` is the code it must meet, or None when nothing but its pixels may come through."""

    raw: bytes
    refusal: str | None


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 64, height: int = 48, *, mode: str = "RGB") -> Image.Image:
    """A picture without repetition: red grows to the right, green downwards, with a little noise."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    noise = Image.frombytes("L", (width, height), random.Random(7).randbytes(width * height))
    return Image.merge("RGB", (across, down, noise)).convert(mode)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def png_header(width: int, height: int, *, bits: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))


def png_with(*extra: bytes) -> bytes:
    """A good PNG with chunks of our own put before its pixels."""
    good = encoded(photo(), "PNG")
    return good[:33] + b"".join(extra) + good[33:]


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """A good JPEG with segments (marker, body) of our own put first."""
    good = encoded(photo(), "JPEG")
    extra = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    return good[:2] + extra + good[2:]


def jpeg_claiming(width: int, height: int, **options: object) -> bytes:
    good = encoded(photo(), "JPEG", **options)
    at = next(good.index(marker) for marker in (b"\xff\xc0", b"\xff\xc2") if marker in good)
    return good[: at + 5] + struct.pack(">HH", height, width) + good[at + 9 :]


def webp_claiming(width: int, height: int) -> bytes:
    """A lossy WebP whose canvas (VP8X) is far larger than its frame."""
    still = encoded(photo(), "WEBP")[12:]
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + still
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif(entries: list[tuple[int, int, int, int]]) -> bytes:
    """An EXIF block of IFD0 entries (tag, type, count, value or offset)."""
    ifd = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + ifd + b"\0" * 4


def webp_of_frames(count: int) -> bytes:
    stills = [Image.new("RGB", (64, 64), (n % 256, n // 256, 0)) for n in range(count)]
    return encoded(stills[0], "WEBP", save_all=True, append_images=stills[1:], duration=1)


def gif_of_frames(count: int) -> bytes:
    good = encoded(photo().quantize(16), "GIF")
    at = 13 + (3 << (good[10] & 7) + 1)
    return good[:at] + good[at:-1] * count + b";"


def _scan_bomb() -> bytes:
    """25 megapixels, and 2,000 progressive scans that each visit all of them for a few bytes."""
    bomb = jpeg_claiming(4990, 4990, progressive=True)
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x01\x3f\x10" + b"\0" * 64
    return bomb[:-2] + scan * 2_000 + b"\xff\xd9"


def _gif_with(extension: bytes) -> bytes:
    good = encoded(photo().quantize(16), "GIF")
    at = 13 + (3 << (good[10] & 7) + 1)
    return good[:at] + extension + good[at:]


def _blocks(count: int, size: int = 255) -> bytes:
    return (bytes([size]) + b"c" * size) * count + b"\0"


def _nine_megapixels_of_one_colour() -> bytes:
    row = b"\0" + b"\xff" * 3000
    return png_of(png_header(3000, 3000, colour=0), chunk(b"IDAT", zlib.compress(row * 3000, 9)))


SCRIPT = b"<script>alert(document.domain)</script>"
REFUSED_SIZE = "content.picture.too_many_pixels"
DAMAGED = "content.picture.damaged"
NO_PICTURE = "content.picture.not_a_picture"
OTHER_KIND = "content.picture.kind_not_allowed"

_MAKERS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    # nothing, and not pictures
    "empty": (lambda: b"", "content.picture.empty"),
    "over 20 MB": (lambda: encoded(photo(), "JPEG") + b"\0" * 20 * MEGABYTE, "content.picture.too_large"),
    "html": (lambda: b"<!doctype html><html><body>" + SCRIPT, NO_PICTURE),
    "html named png": (lambda: b"\r\n<img src=x onerror=alert(1)>", NO_PICTURE),
    "text": (lambda: "满100减20".encode(), NO_PICTURE),
    "zip": (lambda: b"PK\x03\x04" + b"\0" * 100, NO_PICTURE),
    "elf": (lambda: b"\x7fELF" + b"\0" * 100, NO_PICTURE),
    "riff that is sound": (lambda: b"RIFF\x24\0\0\0WAVEfmt ", NO_PICTURE),
    # kinds that are not allowed
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', OTHER_KIND),
    "svg with script": (lambda: b"<?xml version='1.0'?><!-- --><svg onload='alert(1)'>" + SCRIPT, OTHER_KIND),
    "svg in utf-16": (lambda: "<svg onload='alert(1)'>".encode("utf-16"), OTHER_KIND),
    "svg with a prefix": (lambda: b"<x:svg xmlns:x='http://www.w3.org/2000/svg'>" + SCRIPT, OTHER_KIND),
    "pdf": (lambda: b"%PDF-1.7\n/JS (app.alert(1))", OTHER_KIND),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file", OTHER_KIND),
    "tiff": (lambda: encoded(photo(), "TIFF"), OTHER_KIND),
    "ico": (lambda: encoded(photo(), "ICO"), OTHER_KIND),
    "bmp": (lambda: encoded(photo(), "BMP"), OTHER_KIND),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", OTHER_KIND),
    "avif": (lambda: encoded(photo(), "AVIF"), OTHER_KIND),
    "psd": (lambda: b"8BPS\0\1" + b"\0" * 60, OTHER_KIND),
    # sizes that are only claimed
    "jpeg claiming 65500": (lambda: jpeg_claiming(65_500, 65_500), REFUSED_SIZE),
    "jpeg claiming 65500 by 1": (lambda: jpeg_claiming(65_500, 1), "content.picture.too_long"),
    "jpeg of no height": (lambda: jpeg_claiming(64, 0), DAMAGED),
    "png claiming 2 billion": (
        lambda: png_of(png_header(2**31 - 1, 2**31 - 1), chunk(b"IDAT", zlib.compress(b"\0" * 999))),
        REFUSED_SIZE,
    ),
    "png of 100 megapixels in 100 KB": (
        lambda: png_of(
            png_header(10_000, 10_000, colour=0), chunk(b"IDAT", zlib.compress(b"\0" * 10_000 * 10_001, 9))
        ),
        REFUSED_SIZE,
    ),
    "png of one colour": (_nine_megapixels_of_one_colour, "content.picture.implausible"),
    "gif claiming 65535": (
        lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\0;",
        REFUSED_SIZE,
    ),
    "gif frame beyond its screen": (
        lambda: b"GIF89a\1\0\1\0\0\0\0,\xff\xff\xff\xff\xff\xff\xff\xff\0\2\0;",
        REFUSED_SIZE,
    ),
    "webp canvas of 16384": (lambda: webp_claiming(16_384, 16_384), REFUSED_SIZE),
    "webp canvas unlike its frame": (lambda: webp_claiming(900, 900), DAMAGED),
    # work without end
    "jpeg of 2000 scans": (_scan_bomb, DAMAGED),
    "jpeg of a million segments": (lambda: jpeg_with(*[(0xFE, b"")] * (2 * MEGABYTE)), DAMAGED),
    "png of a million chunks": (lambda: png_with(chunk(b"teSt", b"") * MEGABYTE), DAMAGED),
    "png of a million empty pixel chunks": (lambda: png_with(chunk(b"IDAT", b"") * MEGABYTE), DAMAGED),
    "gif with a comment of 19 MB": (lambda: _gif_with(b"!\xfe" + _blocks(77_000)), DAMAGED),
    "gif with 100,000 comments": (lambda: _gif_with((b"!\xfe" + _blocks(1)) * 70_000), DAMAGED),
    "gif of 5,000 frames": (lambda: gif_of_frames(5_000), None),
    "webp of 500 frames": (lambda: webp_of_frames(500), None),
    # metadata that unfolds
    "jpeg with exif of 300 MB": (
        lambda: jpeg_with((0xE1, exif([(1000 + n, 7, 60_000, 16) for n in range(5_400)]))),
        None,
    ),
    "png with ztxt of 100 MB": (
        lambda: png_with(chunk(b"zTXt", b"x\0\0" + zlib.compress(b"\0" * 100 * MEGABYTE))),
        None,
    ),
    "png with text of 15 MB": (lambda: png_with(chunk(b"tEXt", b"Comment\0" + b"a" * 15 * MEGABYTE)), None),
    "png with a profile of 100 MB": (
        lambda: png_with(chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 100 * MEGABYTE))),
        None,
    ),
    "png with a profile of noise": (
        lambda: png_with(chunk(b"iCCP", b"x\0\0" + random.Random(1).randbytes(999))),
        None,
    ),
    "jpeg with a profile of noise": (
        lambda: jpeg_with((0xE2, b"ICC_PROFILE\0\1\1" + random.Random(1).randbytes(3000))),
        None,
    ),
    "jpeg with a broken exif": (lambda: jpeg_with((0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")), None),
    # two things at once
    "jpeg and zip": (lambda: encoded(photo(), "JPEG") + b"PK\x03\x04" + SCRIPT * 20, None),
    "jpeg with html in a comment": (lambda: jpeg_with((0xFE, b"*/" + SCRIPT)), None),
    "png with html behind": (lambda: encoded(photo(), "PNG") + SCRIPT, None),
    "png with php in its text": (lambda: png_with(chunk(b"tEXt", b"c\0<?php system($_GET[0]); ?>")), None),
    "gif and javascript": (lambda: _gif_with(b"!\xfe\x27" + SCRIPT + b"\0") + b"/*" + SCRIPT + b"*/", None),
    "gif header before a script": (lambda: b"GIF89a/*\0\0\0\0\0*/=1;" + SCRIPT, DAMAGED),
    "webp with html behind": (lambda: encoded(photo(), "WEBP") + SCRIPT, None),
    # broken
    "truncated jpeg": (lambda: encoded(photo(640, 480), "JPEG")[:9_000], DAMAGED),
    "truncated png": (lambda: encoded(photo(640, 480), "PNG")[:9_000], DAMAGED),
    "truncated gif": (lambda: encoded(photo(640, 480).quantize(64), "GIF")[:9_000], DAMAGED),
    "truncated webp": (lambda: encoded(photo(640, 480), "WEBP")[:2_000], DAMAGED),
    "only the first bytes of a jpeg": (lambda: b"\xff\xd8\xff", DAMAGED),
    "only the first bytes of a png": (lambda: b"\x89PNG\r\n\x1a\n", DAMAGED),
    "only the first bytes of a gif": (lambda: b"GIF89a", DAMAGED),
    "only the first bytes of a webp": (lambda: b"RIFF\x04\0\0\0WEBP", DAMAGED),
    "png with a wrong checksum": (
        lambda: png_of(png_header(9, 9)[:-1] + b"\0", chunk(b"IDAT", zlib.compress(b"\0" * 252))),
        DAMAGED,
    ),
    "png with too few pixels": (
        lambda: png_of(png_header(900, 900), chunk(b"IDAT", zlib.compress(b"\0" * 99))),
        DAMAGED,
    ),
    "png without pixels": (lambda: png_of(png_header(9, 9)), DAMAGED),
}


def hostile_pictures() -> dict[str, HostilePicture]:
    """The corpus by name. Some need a second and tens of megabytes to make: make it once."""
    return {name: HostilePicture(make(), refusal) for name, (make, refusal) in _MAKERS.items()}
