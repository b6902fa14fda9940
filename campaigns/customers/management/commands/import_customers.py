"""Bring the customers of a bank's file in."""

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.customers.bank_marketing import Rejected, source_of
from campaigns.customers.refusals import FileMissing
from campaigns.customers.services.imports import import_customers
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import system_scope

REASONS = {
    "quotes": gettext_lazy("the quotes make no sense"),
    "columns": gettext_lazy("the number of columns is wrong"),
    "number": gettext_lazy("not a whole number within bounds"),
    "text": gettext_lazy("empty, too long, or with control characters"),
    "erased": gettext_lazy("the customer was erased"),
}
STEPS = {"read": gettext_lazy("rows read"), "written": gettext_lazy("new customers written")}


class Command(BaseCommand):
    help = (
        "Import a bank-marketing file (17 columns, semicolons). Row n of the source S becomes the customer whom the "
        "WeChat stand-in knows by the code demo-S-n. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="", help="name of the source; the file's own name by default")
        parser.add_argument("--refused", type=Path, help="where refused rows go, as CSV with reasons")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        source = options["source"] or source_of(path.name)
        place = (
            options["refused"] or settings.VAR_DIR / settings.INSTANCE / "imports" / f"{source}-refused.csv"
        )
        started = time.monotonic()
        try:
            # The scope is innermost: refused rows appear once the import has been committed.
            with (
                self._opened(path) as file,
                _refused_rows(place) as refuse,
                system_scope(at=now(), cause="import_customers") as scope,
            ):
                done = import_customers(
                    scope=scope, file=file, source=source, refuse=refuse, progress=self._progress
                )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            if sys.stderr.isatty():
                self.stderr.write("")
        self.stdout.write(
            _(
                "%(new)d new, %(changed)d changed, %(unchanged)d unchanged, %(refused)d refused; %(seconds).1f s."
            )
            % {
                "new": done.new,
                "changed": done.changed,
                "unchanged": done.unchanged,
                "refused": done.refused,
                "seconds": time.monotonic() - started,
            }
        )
        if done.refused:
            self.stdout.write(_("Refused rows with reasons: %(path)s") % {"path": place})

    @contextmanager
    def _opened(self, path: Path) -> Iterator[Any]:
        try:
            if not path.is_file():
                # Opening a pipe would wait for a writer for ever.
                raise FileNotFoundError(2, os.strerror(2) if not path.exists() else os.strerror(21))
            file = path.open("rb")
        except OSError as error:
            raise FileMissing(path=path, reason=error.strerror) from error
        with file:
            yield file

    def _progress(self, step: str, done: int) -> None:
        """One line that is written over on a terminal; nothing into a log."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{STEPS[step]}: {done:,}", ending="")
            self.stderr.flush()


@contextmanager
def _refused_rows(place: Path) -> Iterator[Callable[[Rejected], None]]:
    """A file of refused rows that appears whole when the import has succeeded, and not at all otherwise."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".refused-", suffix=".csv")
    except OSError as error:
        raise CommandError(
            _("Cannot write refused rows to %(path)s: %(reason)s.")
            % {"path": place, "reason": error.strerror}
        ) from error
    written = Path(name)
    try:
        # A byte-order mark, or Excel shows Chinese as noise.
        with open(handle, "w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["line", "column", "value", "code", "reason"])

            def refuse(row: Rejected) -> None:
                lines.writerow(
                    [row.line, row.column, _harmless(row.value), row.reason, str(REASONS[row.reason])]
                )

            yield refuse
        written.replace(place)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _harmless(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in "=+-@\t\r" and value else value
