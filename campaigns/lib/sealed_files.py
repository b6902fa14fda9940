"""Files that lie sealed on the disk, read from anywhere in them without being opened as a whole.

A file is a row of segments, each sealed by itself under the installation's key and bound to its place: the file's
name and the segment's number. So a piece from the middle costs one segment, and memory does not grow with the file.
Where the last segment is missing, the file is shorter: whoever must know keeps its size elsewhere.
"""

import io
import os
from pathlib import Path
from typing import Any

from campaigns.lib import crypto

SEGMENT = 1 << 18  # bytes of plain text
_MORE = 1 + 12 + 16  # what sealing adds to a segment


class SealedWriter:
    """Writes a file that appears whole with `close`, and not at all otherwise (`discard`)."""

    def __init__(self, path: Path, *, name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._path, self._part, self._name = path, path.with_suffix(".part"), name
        self._file = open(self._part, "wb")  # noqa: SIM115
        os.chmod(self._part, 0o600)
        self._rest = bytearray()
        self._segments = 0
        self.size = 0

    def write(self, plain: bytes) -> None:
        self._rest += plain
        self.size += len(plain)
        while len(self._rest) >= SEGMENT:
            self._seal(bytes(self._rest[:SEGMENT]))
            del self._rest[:SEGMENT]

    def close(self) -> None:
        """The rest is written and the file gets its name."""
        if self._rest:
            self._seal(bytes(self._rest))
        self._file.close()
        os.replace(self._part, self._path)

    def discard(self) -> None:
        """Nothing is left of it."""
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _seal(self, plain: bytes) -> None:
        self._file.write(crypto.seal_here(plain, place=_place(self._name, self._segments)))
        self._segments += 1


class _SealedReader(io.RawIOBase):
    def __init__(self, path: Path, name: str) -> None:
        self._file = open(path, "rb")  # noqa: SIM115
        self._name = name
        whole = self._file.seek(0, os.SEEK_END)
        segments = -(-whole // (SEGMENT + _MORE))
        self._size = whole - segments * _MORE
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        segment, start = divmod(self._at, SEGMENT)
        if self._held[0] != segment:
            self._file.seek(segment * (SEGMENT + _MORE))
            sealed = self._file.read(SEGMENT + _MORE)
            self._held = segment, crypto.unseal_here(sealed, place=_place(self._name, segment))
        piece = self._held[1][start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_sealed(path: Path, *, name: str) -> io.BufferedReader:
    """The plain bytes, to be read and sought in. Raises FileNotFoundError; reading raises `crypto.Unreadable`."""
    return io.BufferedReader(_SealedReader(path, name), buffer_size=SEGMENT)


def _place(name: str, segment: int) -> str:
    return f"file|{name}|{segment}"
