"""Secrets of an instance, made once and kept in a file that only its owner reads. None is ever in the repository."""

import base64
import json
import os
import secrets
from pathlib import Path

from config.embedded import places
from config.embedded.words import StartRefused

_FILE = "secrets.json"


def secrets_of(name: str = "main") -> dict[str, str]:
    """`secret_key`, `data_key` (32 bytes, base64) and the passwords of the servers; made at the first call.

    Raises StartRefused when the file is unreadable, or lost while the data it opens is still there.
    """
    path = places.instance_dir(name) / _FILE
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        pass
    except PermissionError:
        raise StartRefused("secrets_unreadable", path=path) from None
    if (places.postgres_dir(name) / "PG_VERSION").exists():
        raise StartRefused("secrets_lost", path=path, folder=places.services_dir(name))
    _write_once(path, _fresh())
    return dict(json.loads(path.read_text()))


def _fresh() -> dict[str, str]:
    return {
        "secret_key": secrets.token_urlsafe(48),
        "data_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        # URL-safe, so they stand in an address as they are.
        "superuser_password": secrets.token_urlsafe(24),
        "owner_password": secrets.token_urlsafe(24),
        "app_password": secrets.token_urlsafe(24),
        "valkey_password": secrets.token_urlsafe(24),
    }


def _write_once(path: Path, content: dict[str, str]) -> None:
    """Write whole or not at all; of two processes at once, the first wins and both read the same."""
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.exists():
            path.parent.mkdir()
            path.parent.chmod(0o711 if os.geteuid() == 0 else 0o700)
        draft = path.with_name(f"{_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
    except FileExistsError:
        pass
    except PermissionError as refused:
        raise StartRefused("folder_unwritable", path=path.parent, reason=refused.strerror) from refused


def replace_keys(name: str, *, secret_key: str, data_key: str, aside: str) -> None:
    """Take over a backup's keys; the servers keep their passwords. What was there is kept beside, named `aside`."""
    path = places.instance_dir(name) / _FILE
    old = secrets_of(name)
    _write_once(path.with_name(f"secrets.before-{aside}.json"), old)
    draft = path.with_name(f"{_FILE}.new")
    draft.unlink(missing_ok=True)
    _write_once(draft, old | {"secret_key": secret_key, "data_key": data_key})
    draft.replace(path)
