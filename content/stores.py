"""Where files lie beside the disk of this machine: nowhere, or in an S3-compatible store named by the settings.

The store holds what was kept; MEDIA_ROOT is then a shelf in front of it, from which files may be thrown away at any
time. Bytes under an id never change, so a shelf is never wrong.
"""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import obstore
from django.conf import settings
from obstore.store import S3Store

from campaigns.lib.refusals import Refusal


class StoreIsAway(Refusal):
    code = "content.file.store_is_away"
    status = 503
    zh = "文件存储暂时无法访问，请稍后再试。"
    en = "The store of files cannot be reached now: try again in a while."


class Bucket:
    """One bucket of an S3-compatible server. `asked` is MEDIA_S3 of the settings."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._prefix = asked.get("prefix", "").strip("/")
        self._store = S3Store(
            asked["bucket"],
            endpoint=asked["endpoint"],
            region=asked.get("region", "us-east-1"),
            access_key_id=asked["key"],
            secret_access_key=asked["secret"],
            virtual_hosted_style_request=bool(asked.get("by_host", False)),
            client_options={"allow_http": asked["endpoint"].startswith("http://"), "timeout": "30s"},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    def put(self, name: str, file: Path) -> None:
        """Keep the file under `name`. Raises StoreIsAway."""
        try:
            with file.open("rb") as content:
                obstore.put(self._store, self._key(name), content)
        except obstore.exceptions.BaseError as error:
            raise StoreIsAway from error

    def fetch(self, name: str, target: Path) -> None:
        """Write what is kept under `name` to `target`, in blocks. Raises FileNotFoundError, StoreIsAway."""
        try:
            answer = obstore.get(self._store, self._key(name))
            with target.open("wb") as out:
                for block in answer:
                    out.write(block)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise
        except obstore.exceptions.BaseError as error:
            target.unlink(missing_ok=True)
            raise StoreIsAway from error

    def has(self, name: str, size: int) -> bool:
        """Whether a file of this size is kept under `name`. Raises StoreIsAway."""
        try:
            return int(obstore.head(self._store, self._key(name))["size"]) == size
        except FileNotFoundError:
            return False
        except obstore.exceptions.BaseError as error:
            raise StoreIsAway from error

    def delete(self, name: str) -> None:
        """Forget what is kept under `name`; nothing there is as good. Raises StoreIsAway."""
        try:
            obstore.delete(self._store, self._key(name))
        except FileNotFoundError:
            return
        except obstore.exceptions.BaseError as error:
            raise StoreIsAway from error

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


def bucket() -> Bucket | None:
    """The bucket that the settings name; None where files are kept on the disk alone."""
    asked = getattr(settings, "MEDIA_S3", None)
    return _made(tuple(sorted(asked.items()))) if asked else None


@cache
def _made(asked: tuple[tuple[str, Any], ...]) -> Bucket:
    return Bucket(dict(asked))
