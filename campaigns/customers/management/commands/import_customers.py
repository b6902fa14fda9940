"""Bring the customers of a file in."""

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.customers.bank_marketing import source_of
from campaigns.customers.import_selectors import file_in_scope, refused_csv
from campaigns.customers.imports.mapping import Columns
from campaigns.customers.models import CustomerFile
from campaigns.customers.refusals import FileMissing
from campaigns.customers.services import import_runs, imports
from campaigns.lib.clock import now
from campaigns.lib.memory import settled_memory
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import system_scope

STEPS = {
    "judged": gettext_lazy("rows judged"),
    "written": gettext_lazy("rows written"),
    "undone": gettext_lazy("lots taken back"),
}


class Command(BaseCommand):
    help = (
        "Import a file of customers, CSV or XLSX. Its columns are guessed from the headings, remembered for the"
        " source, or given as --mapping. Without --dry-run what the verdicts allow is carried out; a second run"
        " changes nothing."
        " A bank-marketing file (17 columns, semicolons) has no key: row n of the source S becomes the customer whom"
        " the WeChat stand-in knows by the code demo-S-n."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="", help="name of the source; the file's own name by default")
        parser.add_argument(
            "--mapping",
            default="",
            help='JSON, or a file of it: {"columns": ["customer_number", "branch", "attribute:age"], "home": ""}',
        )
        parser.add_argument("--dry-run", action="store_true", help="judge the rows and change nothing")
        parser.add_argument("--apply", action="store_true", help="carry it out (as without --dry-run)")
        parser.add_argument("--refused", type=Path, help="where refused rows go, as CSV with reasons")
        parser.add_argument("--undo", action="store_true", help="take the last import of this very file back")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        source = options["source"] or source_of(path.name)
        place = (
            options["refused"] or settings.VAR_DIR / settings.INSTANCE / "imports" / f"{source}-refused.csv"
        )
        started = time.monotonic()
        try:
            with self._opened(path) as file:
                if options["undo"]:
                    self._undo(file, source)
                    return
                with system_scope(at=now(), cause="import_customers") as scope:
                    taken = imports.take_file(scope=scope, file=file, name=path.name, source=source)
            try:
                with settled_memory():
                    counts = self._run(taken, options, place)
            except BaseException:
                self._forget(taken)
                raise
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
                "new": counts["new"],
                "changed": counts["changed"],
                "unchanged": counts["same"],
                "refused": counts["refused"],
                "seconds": time.monotonic() - started,
            }
        )
        if counts["refused"]:
            self.stdout.write(_("Refused rows with reasons: %(path)s") % {"path": place})

    def _run(self, file: CustomerFile, options: dict[str, Any], place: Path) -> dict[str, int]:
        with system_scope(at=now(), cause="import_customers") as scope:
            columns = _mapping(options["mapping"]) or Columns.from_json(file.mapping)
            imports.choose_columns(scope=scope, file_id=file.pk, columns=columns)
            judged = import_runs.judge_file(scope=scope, file_id=file.pk)
            self._progress("judged", judged.rows)
        if not options["dry_run"] and judged.counts["new"] + judged.counts["changed"]:
            with system_scope(at=now(), cause="import_customers") as scope:
                imports.start_alone(scope=scope, file_id=file.pk)
            self._all("written", import_runs.apply_next, file)
        with system_scope(at=now(), cause="import_customers") as scope:
            ended = file_in_scope(scope=scope, file_id=file.pk)
            if ended.counts["refused"]:
                _write_refused(place, refused_csv(scope=scope, file=ended))
        return dict(ended.counts)

    def _all(self, step: str, do: Callable[..., import_runs.Progress], file: CustomerFile) -> None:
        """Each lot is a transaction: whoever is killed has lost one of them, and runs the command again."""
        is_over = False
        while not is_over:
            with system_scope(at=now(), cause="import_customers") as scope:
                told = do(scope=scope, file_id=file.pk)
            self._progress(step, told.done)
            is_over = told.is_over

    def _undo(self, file: Any, source: str) -> None:
        with system_scope(at=now(), cause="import_customers") as scope:
            last = imports.start_undo_of(scope=scope, file=file, source=source)
        self._all("undone", import_runs.undo_next, last)
        with system_scope(at=now(), cause="import_customers") as scope:
            counts = file_in_scope(scope=scope, file_id=last.pk).counts
        self.stdout.write(
            _(
                "%(removed)d customers removed, %(stayed)d stayed; %(restored)d values restored,"
                " %(changed)d changed since."
            )
            % {
                "removed": counts.get("removed", 0),
                "stayed": counts.get("stayed", 0),
                "restored": counts.get("restored", 0),
                "changed": counts.get("changed_since", 0),
            }
        )

    def _forget(self, file: CustomerFile) -> None:
        """What was refused as a whole leaves no content behind."""
        with system_scope(at=now(), cause="import_customers") as scope:
            imports.drop_draft(scope=scope, file_id=file.pk)

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


def _mapping(given: str) -> Columns | None:
    if not given:
        return None
    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
        return Columns.from_json(orjson.loads(text))
    except (OSError, orjson.JSONDecodeError, AttributeError, TypeError) as error:
        raise CommandError(_("The mapping cannot be read: %(reason)s.") % {"reason": error}) from error


def _write_refused(place: Path, rows: Iterator[list[object]]) -> None:
    """A file of refused rows that appears whole, and not at all otherwise."""
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
            csv.writer(file).writerows(rows)
        written.replace(place)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
