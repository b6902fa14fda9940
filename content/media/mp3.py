"""MP3 taken apart frame by frame and written anew: the frames, and none of the tags around them.

A tag may hold a picture, a place, a script for a player of long ago; a file that is two things has its second half
between or behind the frames. So each header is read, the frames must follow one another, and they alone are copied.
"""

from typing import BinaryIO

from content.media.limits import (
    AUDIO,
    AUDIO_BYTES,
    MEGABYTE,
    MOST_SECONDS,
    FileDamaged,
    FileTooLarge,
    LastsTooLong,
    Media,
)

# kbit/s of layer III by the header's four bits: MPEG 1, and MPEG 2 with 2.5.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_SAMPLES_A_SECOND = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# A shorter run of headers is found in any noise.
_FRAMES_AT_LEAST = 8
# Players skip a few bytes between frames; more than these is something else.
_STRAY_BYTES = 4096


def looks_like(head: bytes) -> bool:
    """Do these first bytes begin an MP3?"""
    return head.startswith(b"ID3") or _frame_length(head, 0) > 0


def take_mp3(source: BinaryIO, out: BinaryIO) -> Media:
    """Write the frames of `source` to `out`. Raises FileTooLarge, FileDamaged or LastsTooLong."""
    source.seek(0)
    raw = source.read(AUDIO_BYTES + 1)
    if len(raw) > AUDIO_BYTES:
        raise FileTooLarge(kind=AUDIO, limit_mb=AUDIO_BYTES // MEGABYTE)
    at, end = _after_id3(raw), _before_tags(raw)
    frames, seconds, stray, start = 0, 0.0, 0, -1
    while at < end:
        length = _frame_length(raw, at)
        if length and at + length <= end:
            if start < 0:
                start = at
            frames += 1
            seconds += _seconds_of(raw, at)
            at += length
            continue
        if start >= 0:
            out.write(raw[start:at])
            start = -1
        stray += 1
        at += 1
        if stray > _STRAY_BYTES:
            raise FileDamaged(kind=AUDIO)
    if start >= 0:
        out.write(raw[start:at])
    if frames < _FRAMES_AT_LEAST:
        raise FileDamaged(kind=AUDIO)
    if seconds > MOST_SECONDS:
        raise LastsTooLong(kind=AUDIO, minutes=MOST_SECONDS // 60)
    return Media("mp3", {"seconds": round(seconds), "codecs": ["MP3"]})


def _frame_length(raw: bytes, at: int) -> int:
    """Bytes of the frame whose header stands here; 0 when none does."""
    if at + 4 > len(raw) or raw[at] != 0xFF or raw[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = raw[at + 1] >> 3 & 3, raw[at + 1] >> 1 & 3
    rate, pace = raw[at + 2] >> 4, raw[at + 2] >> 2 & 3
    if version == 1 or layer != 1 or rate in (0, 15) or pace == 3:
        return 0
    bits = (_RATES_1 if version == 3 else _RATES_2)[rate] * 1000
    return (144 if version == 3 else 72) * bits // _SAMPLES_A_SECOND[version][pace] + (raw[at + 2] >> 1 & 1)


def _seconds_of(raw: bytes, at: int) -> float:
    version, pace = raw[at + 1] >> 3 & 3, raw[at + 2] >> 2 & 3
    return (1152 if version == 3 else 576) / _SAMPLES_A_SECOND[version][pace]


def _after_id3(raw: bytes) -> int:
    """Where the tag before the frames ends."""
    at = 0
    for _ in range(4):
        if raw[at : at + 3] != b"ID3" or at + 10 > len(raw):
            return at
        size = 0
        for seven in raw[at + 6 : at + 10]:
            if seven & 0x80:
                raise FileDamaged(kind=AUDIO)
            size = size << 7 | seven
        at += 10 + size + (10 if raw[at + 5] & 0x10 else 0)
    return at


def _before_tags(raw: bytes) -> int:
    """Where the tags behind the frames begin: ID3v1's 128 bytes, and APE's before them."""
    end = len(raw)
    if raw[max(0, end - 128) :].startswith(b"TAG"):
        end -= 128
    if raw[max(0, end - 32) : end].startswith(b"APETAGEX"):
        size = int.from_bytes(raw[end - 20 : end - 16], "little") + (32 if raw[end - 9] & 0x80 else 0)
        end = max(0, end - size)
    return end
