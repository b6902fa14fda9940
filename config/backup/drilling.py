"""One verb: prove a backup by restoring it elsewhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from config.backup.making import DRILLS, last_drills
from config.backup.manifest import read_manifest
from config.backup.programs import no_room
from config.backup.refusals import BackupRefused, DrillFailed
from config.backup.sealing import open_keys
from config.embedded.places import BASE_DIR

# What an instance of its own must not know of this one.
_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MEDIA_ROOT", "AUDIT_HEAD", "FENHANG_INSTANCE")


@dataclass
class Drilled:
    """`findings`: as `manage.py restore --json` prints them."""

    backup: str
    at: str
    is_good: bool = False
    seconds: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)
    refused: str = ""


def drill_backup(
    *, backup: Path, passphrase: str, at: datetime, elsewhere: Path | None = None, note: bool = True,
    say: Callable[[str, str], None] = lambda zh, en: None,
) -> Drilled:  # fmt: skip
    """Restore `backup` into a PostgreSQL of its own below a temporary folder, by the command that an emergency would
    use; check the bank; throw it away. The outcome is noted beside the backups. Nothing of this installation is
    touched. Raises BackupRefused when it could not be tried at all.
    """
    manifest = read_manifest(backup)
    try:
        if manifest.with_keys:
            open_keys(backup, name=manifest.name, passphrase=passphrase)
    except BackupRefused as refused:
        return _noted(backup, at, note, refused=f"{refused.detail('zh')} · {refused.detail('en')}")
    place = Path(tempfile.mkdtemp(prefix="fenhang-drill-", dir=elsewhere))
    try:
        place.chmod(0o711)  # the account that runs PostgreSQL may pass through, and read nothing
        needed = manifest.database_bytes * 2 + manifest.media_bytes
        if shutil.disk_usage(place).free < needed:
            raise no_room(place, needed)
        say(f"恢复到 {place}……", f"restoring into {place} ...")
        outcome = _outcome(backup, place, passphrase, with_keys=manifest.with_keys)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return _noted(backup, at, note, **outcome)


def _noted(backup: Path, at: datetime, note: bool, **outcome: Any) -> Drilled:
    """The outcome, noted beside the backups if wanted."""
    drilled = Drilled(backup=backup.name, at=at.isoformat(timespec="seconds"), **outcome)
    if note:
        _note(backup.parent, drilled)
    return drilled


def _outcome(backup: Path, place: Path, passphrase: str, *, with_keys: bool) -> dict[str, Any]:
    """What the command said there."""
    environment = {key: value for key, value in os.environ.items() if key not in _OURS}
    environment |= {"FENHANG_VAR": str(place), "FENHANG_INSTANCE": "drill", "BACKUP_PASSPHRASE": passphrase}
    for name in ("SECRET_KEY", "DATA_KEY"):
        environment.pop(name, None)
        if not with_keys:
            environment[name] = getattr(settings, name)
    command = [sys.executable, str(BASE_DIR / "manage.py"), "restore", str(backup), "--json"]
    running = subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, cwd=BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        out, err = running.communicate()
    except BaseException:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        raise
    try:
        said = json.loads(out)
    except ValueError:
        lines = [line for line in err.splitlines() if line.strip()]
        raise DrillFailed(reason=lines[-1] if lines else running.returncode) from None
    return {
        "is_good": running.returncode == 0 and not said["refused"],
        "seconds": said["seconds"],
        "findings": said["findings"],
        "refused": said["refused"],
    }


def _note(folder: Path, drilled: Drilled) -> None:
    """Last and last good, beside the backups."""
    kept: dict[str, Any] = dict(last_drills(folder))
    kept["last"] = asdict(drilled)
    if drilled.is_good:
        kept["last_good"] = {key: value for key, value in asdict(drilled).items() if key != "findings"}
    draft = folder / f".{DRILLS}.new"
    draft.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    draft.replace(folder / DRILLS)
