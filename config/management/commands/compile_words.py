"""Compiles every .po of ours to its .mo, without GNU gettext. `--check` only says whether they agree."""

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

FOLDERS = ("config", "campaigns", "content", "community")


def word_files(base: Path) -> list[Path]:
    """The .po files below our folders, sorted."""
    return sorted(po for folder in FOLDERS for po in (base / folder).rglob("locale/*/LC_MESSAGES/*.po"))


def compiled(po: Path) -> bytes:
    """The .mo of `po`, as bytes: the same input gives the same output."""
    words = polib.pofile(str(po), wrapwidth=0)
    content: bytes = words.to_binary()
    return content


class Command(BaseCommand):
    help = "Compile the translations (.po to .mo) of every app."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail when a .mo is not up to date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for po in word_files(settings.BASE_DIR):
            mo = po.with_suffix(".mo")
            content = compiled(po)
            if mo.exists() and mo.read_bytes() == content:
                continue
            stale.append(str(po.relative_to(settings.BASE_DIR)))
            if not options["check"]:
                mo.write_bytes(content)
        if stale and options["check"]:
            raise CommandError("not compiled, run `manage.py compile_words`: " + ", ".join(stale))
        self.stdout.write("\n".join(f"compiled {name}" for name in stale) or "words are up to date")
