"""MP4 (ISO 14496-12) taken apart box by box and written anew: the sound and pictures of known codecs, nothing else.

Phones and editors write the place, the device and whole side tracks of telemetry into a file; attackers append another
file or point a table at bytes that are none. So only boxes that a player needs are copied, each table is compared with
the file, and the chunks of the kept tracks are laid out one after the other: what no sample names does not come along.
The index comes first, so that a phone plays before it has everything.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from content.media.limits import (
    AUDIO,
    AUDIO_BYTES,
    MEGABYTE,
    MOST_SECONDS,
    VIDEO,
    VIDEO_BYTES,
    CodecNotPlayed,
    FileDamaged,
    FileIsLocked,
    FileTooLarge,
    InFragments,
    LastsTooLong,
    Media,
)

# Two hours of pictures and sound have 600,000 samples, whose index is 8 MB.
_INDEX_BYTES, _SAMPLES, _TRACKS, _BOXES, _DEPTH = 16 * MEGABYTE, 1_000_000, 16, 20_000, 12
_BLOCK = MEGABYTE
_FOURS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -\xa9_")

# What every phone of the last ten years plays.
_PICTURES = {b"avc1": "H.264", b"avc3": "H.264"}
_SOUNDS = {b"mp4a": "AAC"}
_LOCKED = {b"encv", b"enca", b"drms", b"drmi", b"p608"}

# What is kept of each box that holds boxes; everything else is left out. Tables are copied whole but for the offsets.
_KEPT = {
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {b"stsd", b"stts", b"ctts", b"stss", b"stsz", b"stsc", b"stco", b"co64"},
}


class _Damaged(Exception):
    """Something in the file contradicts itself; the caller says it in words."""


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    at: int  # of its content
    end: int


@dataclass(slots=True)
class _Track:
    """One track that is kept: its boxes, and the stretches of the file that its samples fill."""

    body: bytes  # the trak box's content, with places for the offsets
    codec: str
    is_picture: bool
    seconds: float
    width: int
    height: int
    chunks: list[tuple[int, int]]  # start and length in the source


def looks_like(head: bytes) -> bool:
    """Do these first bytes begin a file of this family (MP4, MOV, M4A, 3GP)?"""
    return head[4:8] == b"ftyp" and head[8:12] not in {
        b"avif",
        b"avis",
        b"heic",
        b"heix",
        b"mif1",
        b"msf1",
        b"hevc",
    }


def take_mp4(source: BinaryIO, out: BinaryIO) -> Media:
    """Write what a player needs of `source` to `out`. A file without pictures is sound alone: format "m4a".

    Raises FileTooLarge, FileDamaged, FileIsLocked, CodecNotPlayed, InFragments or LastsTooLong.
    """
    size = source.seek(0, 2)
    if size > VIDEO_BYTES:
        raise FileTooLarge(kind=VIDEO, limit_mb=VIDEO_BYTES // MEGABYTE)
    try:
        index, stretches = _outline(source, size)
        tracks = _tracks(index, stretches)
        media = _media(tracks)
        _write(source, out, index, tracks, media)
    except (_Damaged, IndexError, struct.error, OverflowError) as error:
        raise FileDamaged(kind=VIDEO) from error
    if media.format == "m4a" and size > AUDIO_BYTES:
        raise FileTooLarge(kind=AUDIO, limit_mb=AUDIO_BYTES // MEGABYTE)
    return media


def _outline(source: BinaryIO, size: int) -> tuple[bytes, list[tuple[int, int]]]:
    """The content of the index (moov), and where the bytes of samples may lie (mdat)."""
    index, stretches, at = b"", [], 0
    for nth in range(_BOXES):
        if at >= size:
            break
        source.seek(at)
        head = source.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            start = at + 16
        elif length == 0:
            length = size - at
        if length < start - at or at + length > size or (nth == 0) != (kind == b"ftyp"):
            raise _Damaged
        if kind in (b"moof", b"sidx", b"mvex"):
            raise InFragments(kind=VIDEO)
        if kind == b"moov":
            if index or length > _INDEX_BYTES:
                raise _Damaged
            source.seek(start)
            index = source.read(at + length - start)
        elif kind == b"mdat":
            stretches.append((start, at + length))
        elif not set(kind) <= _FOURS:
            raise _Damaged
        at += length
    else:
        raise _Damaged
    if not index or not stretches:
        raise _Damaged
    return index, stretches


def _boxes(raw: bytes, at: int, end: int) -> Iterator[_Box]:
    """The boxes of a stretch of the index. One that runs over the end is damage."""
    for _ in range(_BOXES):
        if at == end:
            return
        if at + 8 > end:
            # QuickTime ends a list of boxes with a zero word.
            if not any(raw[at:end]):
                return
            raise _Damaged
        length, kind = struct.unpack_from(">I4s", raw, at)
        if length == 0 and end - at < 12:
            return
        if length < 8 or at + length > end:
            raise _Damaged
        yield _Box(kind, at + 8, at + length)
        at += length
    raise _Damaged


def _one(raw: bytes, inside: _Box, *path: bytes) -> _Box:
    """The box at `path`, which must be there."""
    for kind in path:
        found = next((box for box in _boxes(raw, inside.at, inside.end) if box.kind == kind), None)
        if found is None:
            raise _Damaged
        inside = found
    return inside


def _tracks(index: bytes, stretches: list[tuple[int, int]]) -> list[_Track]:
    whole = _Box(b"moov", 0, len(index))
    kinds = list(_boxes(index, 0, len(index)))
    if any(box.kind == b"mvex" for box in kinds):
        raise InFragments(kind=VIDEO)
    if any(box.kind == b"cmov" for box in kinds):
        raise _Damaged  # a packed index: nobody has written one for twenty years
    _one(index, whole, b"mvhd")
    tracks = []
    found = [box for box in kinds if box.kind == b"trak"]
    if len(found) > _TRACKS:
        raise _Damaged
    for trak in found:
        handler = _one(index, trak, b"mdia", b"hdlr")
        kind = index[handler.at + 8 : handler.at + 12]
        if kind in (b"vide", b"soun"):
            tracks.append(_track(index, trak, stretches, is_picture=kind == b"vide"))
    if sum(t.is_picture for t in tracks) > 1 or sum(not t.is_picture for t in tracks) > 4 or not tracks:
        raise _Damaged
    if sum(len(t.chunks) for t in tracks) > _SAMPLES:
        raise _Damaged
    return tracks


def _track(index: bytes, trak: _Box, stretches: list[tuple[int, int]], *, is_picture: bool) -> _Track:
    stbl = _one(index, trak, b"mdia", b"minf", b"stbl")
    codec = _codec(index, _one(index, stbl, b"stsd"), is_picture=is_picture)
    seconds = _seconds(index, _one(index, trak, b"mdia", b"mdhd"))
    if seconds > MOST_SECONDS:
        raise LastsTooLong(kind=VIDEO, minutes=MOST_SECONDS // 60)
    header = _one(index, trak, b"tkhd")
    if header.end - header.at < 84:
        raise _Damaged
    width, height = struct.unpack_from(">II", index, header.end - 8)
    if is_picture and not (16 <= width >> 16 <= 8192 and 16 <= height >> 16 <= 8192):
        raise _Damaged
    sizes = _sample_sizes(index, _one(index, stbl, b"stsz"))
    chunks = _chunks(index, stbl, sizes)
    _check_within(chunks, stretches)
    if _count_of(index, _one(index, stbl, b"stts")) > len(sizes):
        raise _Damaged
    body = _cleaned(index, trak, len(chunks), depth=0)
    return _Track(body, codec, is_picture, seconds, width >> 16, height >> 16, chunks)


def _codec(index: bytes, stsd: _Box, *, is_picture: bool) -> str:
    known = _PICTURES if is_picture else _SOUNDS
    names = set()
    for entry in _boxes(index, stsd.at + 8, stsd.end):
        if entry.kind in _LOCKED:
            raise FileIsLocked(kind=VIDEO)
        if entry.kind not in known:
            told = "".join(chr(each) if 32 < each < 127 else "?" for each in entry.kind)
            raise CodecNotPlayed(kind=VIDEO, codec=told)
        names.add(known[entry.kind])
    if len(names) != 1:
        raise _Damaged
    return names.pop()


def _seconds(index: bytes, mdhd: _Box) -> float:
    if index[mdhd.at] == 1:
        scale, duration = struct.unpack_from(">IQ", index, mdhd.at + 20)
    else:
        scale, duration = struct.unpack_from(">II", index, mdhd.at + 12)
    if not scale:
        raise _Damaged
    return float(duration / scale)


def _count_of(index: bytes, table: _Box, width: int = 8) -> int:
    """How many entries a table says it has; they must be there."""
    (count,) = struct.unpack_from(">I", index, table.at + 4)
    if table.at + 8 + count * width > table.end or count > _SAMPLES:
        raise _Damaged
    return int(count)


def _sample_sizes(index: bytes, stsz: _Box) -> tuple[int, ...]:
    same, count = struct.unpack_from(">II", index, stsz.at + 4)
    if count > _SAMPLES or not count:
        raise _Damaged
    if same:
        table: tuple[int, ...] = (same,) * count
        return table
    if stsz.at + 12 + 4 * count > stsz.end:
        raise _Damaged
    return tuple(map(int, struct.unpack_from(f">{count}I", index, stsz.at + 12)))


def _chunks(index: bytes, stbl: _Box, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Start and length of each chunk, as the tables say; every sample lies in one."""
    kinds = {box.kind: box for box in _boxes(index, stbl.at, stbl.end)}
    wide = b"co64" in kinds
    table = kinds.get(b"co64") or kinds.get(b"stco")
    if table is None or b"stsc" not in kinds:
        raise _Damaged
    count = _count_of(index, table, 8 if wide else 4)
    offsets = struct.unpack_from(f">{count}{'Q' if wide else 'I'}", index, table.at + 8)
    runs_table = kinds[b"stsc"]
    runs_count = _count_of(index, runs_table, 12)
    flat = struct.unpack_from(f">{runs_count * 3}I", index, runs_table.at + 8)
    runs = list(zip(flat[0::3], flat[1::3], strict=True))
    if not runs or runs[0][0] != 1 or any(a[0] >= b[0] for a, b in pairwise(runs)):
        raise _Damaged
    chunks, sample = [], 0
    for nth, (first, each) in enumerate(runs):
        last = runs[nth + 1][0] - 1 if nth + 1 < len(runs) else count
        if last > count:
            raise _Damaged
        for chunk in range(first - 1, last):
            length = sum(sizes[sample : sample + each])
            if sample + each > len(sizes):
                raise _Damaged
            chunks.append((offsets[chunk], length))
            sample += each
    if sample != len(sizes):
        raise _Damaged
    return chunks


def _check_within(chunks: list[tuple[int, int]], stretches: list[tuple[int, int]]) -> None:
    """Chunks lie where samples may, and no two share a byte: else a small file would be written out as a large one."""
    end = 0
    for start, length in sorted(chunks):
        if start < end:
            raise _Damaged
        end = start + length
        if not any(first <= start and end <= last for first, last in stretches):
            raise _Damaged


def _media(tracks: list[_Track]) -> Media:
    pictures = next((t for t in tracks if t.is_picture), None)
    details = {
        "seconds": round(max(t.seconds for t in tracks)),
        "codecs": sorted({t.codec for t in tracks}),
    }
    if pictures is None:
        return Media("m4a", details)
    return Media("mp4", details, pictures.width, pictures.height)


def _cleaned(index: bytes, box: _Box, chunks: int, *, depth: int) -> bytes:
    """The box's content with what is kept of it; the table of offsets is left empty, until they are known."""
    if depth > _DEPTH:
        raise _Damaged
    if box.kind in (b"stco", b"co64"):
        return struct.pack(">II", 0, chunks) + b"\0" * 8 * chunks
    if box.kind == b"hdlr":
        # Its name says which camera it was.
        return index[box.at : box.at + 8] + index[box.at + 8 : box.at + 12] + b"\0" * 13
    if box.kind == b"dref":
        # One entry that says "in this file": an address of another one is no business of a phone.
        return struct.pack(">III4sI", 0, 1, 12, b"url ", 1)
    kept = _KEPT.get(box.kind)
    if kept is None:
        return index[box.at : box.end]
    parts = []
    for inner in _boxes(index, box.at, box.end):
        if inner.kind in kept:
            name = b"co64" if inner.kind == b"stco" else inner.kind
            parts.append(_packed(name, _cleaned(index, inner, chunks, depth=depth + 1)))
    return b"".join(parts)


def _packed(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _write(source: BinaryIO, out: BinaryIO, index: bytes, tracks: list[_Track], media: Media) -> None:
    mvhd = _one(index, _Box(b"moov", 0, len(index)), b"mvhd")
    brand = b"M4A " if media.format == "m4a" else b"isom"
    ftyp = _packed(
        b"ftyp", brand + struct.pack(">I", 512) + b"isomiso2mp41" + (b"avc1" if tracks[0].is_picture else b"")
    )
    header = _packed(b"mvhd", index[mvhd.at : mvhd.end])
    length = sum(n for track in tracks for _start, n in track.chunks)
    moov_size = 8 + len(header) + sum(8 + len(track.body) for track in tracks)
    first = len(ftyp) + moov_size + 16
    places: dict[tuple[int, int], int] = {}
    order, at = [], first
    # As they lay: pictures and sound of one moment stay near each other.
    for nth, track in enumerate(tracks):
        order += [(start, size, nth, chunk) for chunk, (start, size) in enumerate(track.chunks)]
    order.sort()
    end = 0
    for start, size, nth, chunk in order:
        if start < end:
            raise _Damaged  # two tracks share bytes
        end = start + size
        places[nth, chunk] = at
        at += size
    out.write(ftyp)
    out.write(struct.pack(">I4s", moov_size, b"moov") + header)
    for nth, track in enumerate(tracks):
        offsets = [places[nth, chunk] for chunk in range(len(track.chunks))]
        out.write(_packed(b"trak", _with_offsets(track.body, offsets)))
    out.write(struct.pack(">I4sQ", 1, b"mdat", length + 16))
    for start, size, _nth, _chunk in order:
        _copy(source, out, start, size)


def _with_offsets(body: bytes, offsets: list[int]) -> bytes:
    """The track with its chunks' new places in the table that was left empty."""
    table = _one(body, _Box(b"trak", 0, len(body)), b"mdia", b"minf", b"stbl", b"co64")
    return body[: table.at + 8] + struct.pack(f">{len(offsets)}Q", *offsets) + body[table.end :]


def _copy(source: BinaryIO, out: BinaryIO, start: int, size: int) -> None:
    source.seek(start)
    while size:
        block = source.read(min(size, _BLOCK))
        if not block:
            raise _Damaged
        out.write(block)
        size -= len(block)
