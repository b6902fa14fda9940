"""A command of this package as a process of its own: a large bank's backup outlasts any task."""

import os
import subprocess
import sys

from config.backup.refusals import CommandFailed
from config.embedded import instance_dir, instance_name
from config.embedded.places import BASE_DIR

# Below the time limit of tasks; the command itself goes on for as long as it takes.
_WAITED = 700.0
_SHORTEST_LOG = 5_000_000


def run_command(name: str, *, waited: float = _WAITED) -> bool:
    """Run `manage.py name`, with the keys if there is a passphrase; its words go to logs/<name>.log of the instance.

    True when it ended well, False when it still runs after `waited` seconds. Raises CommandFailed.
    """
    options = [] if name != "backup" or os.environ.get("BACKUP_PASSPHRASE") else ["--without-keys"]
    log = instance_dir(instance_name()) / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    is_large = log.exists() and log.stat().st_size > _SHORTEST_LOG
    with open(log, "wb" if is_large else "ab") as file:
        begin = file.tell()
        running = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, str(BASE_DIR / "manage.py"), name, *options],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = running.wait(waited)
        except subprocess.TimeoutExpired:
            running.returncode = 0  # it is on its own from here, and nobody's zombie to warn about
            return False
    if code:
        with open(log, errors="replace") as said:
            said.seek(begin)
            lines = [line.strip() for line in said if line.strip()]
        raise CommandFailed(command=name, reason=lines[-1] if lines else code, log=log)
    return True
