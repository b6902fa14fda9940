"""The installation's keys in a backup: sealed by a passphrase, or not there at all."""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from config.backup.manifest import KEYS
from config.backup.refusals import NoKeys, NoPassphrase, WrongPassphrase

SHORTEST = 12
# 64 MB and some tenths of a second for each guess (RFC 7914); kept in the file, so that it may grow.
_N, _R, _P = 1 << 16, 8, 1


def check_passphrase(passphrase: str) -> None:
    """Raises NoPassphrase when it is missing or too short to guard the keys of a bank."""
    if len(passphrase) < SHORTEST:
        raise NoPassphrase(shortest=SHORTEST)


def seal_keys(folder: Path, *, name: str, keys: dict[str, str], passphrase: str) -> None:
    """Write `keys` into the backup `name`, bound to that name."""
    check_passphrase(passphrase)
    salt, nonce = os.urandom(16), os.urandom(12)
    key = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())
    sealed = AESGCM(key).encrypt(nonce, json.dumps(keys).encode(), name.encode())
    kept = {
        "how": "scrypt, AES-256-GCM, the backup's name as associated data",
        "n": _N,
        "r": _R,
        "p": _P,
        **{what: base64.b64encode(raw).decode() for what, raw in
           (("salt", salt), ("nonce", nonce), ("sealed", sealed))},
    }  # fmt: skip
    (folder / KEYS).write_text(json.dumps(kept, indent=1) + "\n")
    (folder / KEYS).chmod(0o600)


def open_keys(folder: Path, *, name: str, passphrase: str) -> dict[str, str]:
    """SECRET_KEY and DATA_KEY again. Raises NoKeys, WrongPassphrase."""
    try:
        kept = json.loads((folder / KEYS).read_text())
    except OSError:
        raise NoKeys(name=name) from None
    salt, nonce, sealed = (base64.b64decode(kept[what]) for what in ("salt", "nonce", "sealed"))
    key = Scrypt(salt=salt, length=32, n=kept["n"], r=kept["r"], p=kept["p"]).derive(passphrase.encode())
    try:
        return dict(json.loads(AESGCM(key).decrypt(nonce, sealed, name.encode())))
    except InvalidTag:
        raise WrongPassphrase(name=name) from None
