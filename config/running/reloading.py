"""How a command asks a running `up` to take up new code: by a file that its supervisor looks for."""

import time
from collections.abc import Callable
from pathlib import Path

from config.embedded.places import instance_dir

# It looks five times a second, and lets go of the file when all of it is done.
_NOTICED = 3.0
_DONE = 90.0


def mark_of(name: str) -> Path:
    """Exists from the moment it is asked until it is done."""
    return instance_dir(name) / "reload"


def serving_mark(name: str) -> Path:
    """Exists while `up` serves."""
    return instance_dir(name) / "serving"


def ask(name: str, *, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Ask, and wait until it is done. False when no `up` serves here, or it did not answer."""
    if not serving_mark(name).exists():
        return False
    mark = mark_of(name)
    mark.write_text("asked\n")
    deadline = time.monotonic() + _NOTICED
    try:
        while mark.exists() and mark.read_text() == "asked\n":
            if time.monotonic() > deadline:
                return False
            sleep(0.1)
        deadline = time.monotonic() + _DONE
        while mark.exists():
            if time.monotonic() > deadline:
                return False
            sleep(0.2)
    except FileNotFoundError:  # between the two questions
        pass
    finally:
        mark.unlink(missing_ok=True)
    return True
