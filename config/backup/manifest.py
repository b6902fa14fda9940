"""What a backup says of itself, and whether its bytes still fit."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from campaigns.lib.crypto import derived_secret
from config.backup.refusals import NoBackup, NotABackup, SumDiffers

FORMAT = 1
FILE = "manifest.json"
KEYS = "keys.json"
MEDIA_SUMS = "media.sums"
CATALOGUE = "catalogue.txt"
DATABASE = "database"
MEDIA = "media"
_NAME = re.compile(r"fenhang-\d{8}T\d{6}Z(-\d+)?")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """`counts`: rows of each table in the dump's snapshot. `parts`: SHA-256 and bytes of each file but the pictures,
    whose sums stand in media.sums, itself a part. `data_key` tells DATA_KEYs apart and nothing about them; `seal`
    is a MAC over all the rest, under a key that follows from DATA_KEY.
    """

    name: str
    made_at: str
    seconds: float
    server: str
    migrations: list[str]
    counts: dict[str, int]
    database_bytes: int
    media_files: int
    media_bytes: int
    media_missing: list[str]
    audit_head: list[Any] | None
    data_key: str
    with_keys: bool
    parts: dict[str, list[Any]] = field(default_factory=dict)
    format: int = FORMAT
    seal: str = ""

    def sealed(self, data_key: str) -> "Manifest":
        """With its MAC."""
        return replace(self, seal=_mac(self, data_key))

    def is_sealed_by(self, data_key: str) -> bool:
        return hmac.compare_digest(self.seal, _mac(self, data_key))

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Raises NotABackup."""
    try:
        found = json.loads((folder / FILE).read_text())
        manifest = Manifest(**found)
    except (OSError, ValueError, TypeError):
        raise NotABackup(path=folder) from None
    if manifest.format != FORMAT:
        raise NotABackup(path=folder)
    return manifest


def backups_in(folder: Path) -> list[Path]:
    """The whole backups of a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name) and (each / FILE).exists())


def newest_in(folder: Path) -> Path:
    """Raises NoBackup."""
    found = backups_in(folder)
    if not found:
        raise NoBackup(path=folder)
    return found[-1]


def key_mark(data_key: str) -> str:
    """Tells one DATA_KEY from another; follows from it, and does not lead back to it."""
    return derived_secret("backup mark", "1", key=data_key)[:12].hex()


def sum_of(path: Path) -> tuple[str, int]:
    """SHA-256 (hexadecimal) and bytes of a file."""
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def sums_of(folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
    """The sums of these files or of whole folders, by their path within `folder`."""
    found: dict[str, list[Any]] = {}
    for name in names:
        place = folder / name
        files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
        for file in files:
            found[str(file.relative_to(folder))] = list(sum_of(file))
    return found


def check_parts(folder: Path, manifest: Manifest) -> None:
    """Everything but the pictures, byte by byte. Raises SumDiffers with the names of the files."""
    wrong = []
    for name, said in manifest.parts.items():
        try:
            if list(sum_of(folder / name)) != said:
                wrong.append(name)
        except OSError:
            wrong.append(name)
    if wrong:
        raise SumDiffers(name=manifest.name, files=", ".join(wrong[:10]))


def check_media(folder: Path, manifest: Manifest, *, progress: Callable[[int], None]) -> None:
    """The pictures, byte by byte. Raises SumDiffers."""
    wrong = []
    for nth, (digest, size, name) in enumerate(media_sums(folder), start=1):
        try:
            if sum_of(folder / MEDIA / name) != (digest, size):
                wrong.append(name)
        except OSError:
            wrong.append(name)
        progress(nth)
    if wrong:
        raise SumDiffers(name=manifest.name, files=", ".join(wrong[:10]))


def media_sums(folder: Path) -> list[tuple[str, int, str]]:
    """(SHA-256, bytes, path below media/) of each picture in the backup."""
    lines = (folder / MEDIA_SUMS).read_text().splitlines()
    return [(d, int(size), name) for d, size, name in (line.split("  ", 2) for line in lines)]


def _mac(manifest: Manifest, data_key: str) -> str:
    plain = json.dumps(asdict(replace(manifest, seal="")), ensure_ascii=False, sort_keys=True)
    key = derived_secret("backup manifest", manifest.name, key=data_key)
    return hmac.digest(key, plain.encode(), "sha256").hex()
