"""What the commands share: their folder, their words, and stopping them."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from config.backup.refusals import BackupRefused, NoFolder

_MOST_NAMED = 10


class Sayer:
    """Says a line in both languages: whoever reads the log of a night has chosen none."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def __call__(self, zh: str, en: str) -> None:
        self._write(f"{zh} · {en}")


def folder_of(named: Path | None) -> Path:
    """Where backups are. Raises NoFolder."""
    folder = named or settings.BACKUP_FOLDER
    if folder is None:
        raise NoFolder
    return Path(folder).absolute()


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """A refusal is one line in each language and exit code 1."""
    try:
        yield
    except BackupRefused as refused:
        raise CommandError(f"{refused.detail('zh')}\n{refused.detail('en')}") from None


@contextmanager
def stop_on_term() -> Iterator[None]:
    """A polite kill ends like Ctrl-C: what was begun is cleared away."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError("已停止，没有留下不完整的内容 · stopped; nothing half done was left") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def print_findings(findings: Sequence[Mapping[str, Any]], write: Callable[[str], object]) -> None:
    """A line for each invariant; under it what speaks against it."""
    for each in findings:
        write(f"{'✗' if each['wrong'] else '✓'} {each['zh']} · {each['en']}")
        for line in each["wrong"][:_MOST_NAMED]:
            write(f"    {line}")
        if len(each["wrong"]) > _MOST_NAMED:
            write(f"    … {len(each['wrong']):,}")
