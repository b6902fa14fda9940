"""Bring the bank's organisation file in, from head office's place; or take one back."""

import sys
import time
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.core.management.base import OutputWrapper
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import OrganisationFile
from campaigns.tenants.organisation.reviews import review_of
from campaigns.tenants.organisation.verdicts import Kind, Verdict
from campaigns.tenants.organisation.words import KINDS, STEPS, reason_words
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.organisation_files import choose_missing, load_file
from campaigns.tenants.services.organisation_trees import NothingToDo, apply_file
from campaigns.tenants.services.organisation_undo import undo_file

HAS_REFUSED = 2


class Command(BaseCommand):
    help = (
        "Judge an organisation file (CSV or .xlsx) row by row, and with --apply bring it in. Exit code 0: every row was"
        " taken; 2: some were refused, and the others judged or applied; 1: the whole was refused, and nothing changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--apply", action="store_true", help="do what the verdicts say; without it nothing changes"
        )
        parser.add_argument(
            "--close-missing", action="store_true", help="close branches that the file leaves out"
        )
        parser.add_argument("--undo", metavar="ID", help="take an applied file back, within a day")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == bool(options["undo"]):
            raise CommandError(_("Name a file, or the id of one with --undo."))
        started = time.monotonic()
        try:
            if options["undo"]:
                self._undo(options["undo"])
                refused = 0
            else:
                refused = self._load(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            if sys.stderr.isatty():
                self.stderr.write("")
        self.stdout.write(_("%(seconds).1f s.") % {"seconds": time.monotonic() - started})
        if refused:
            sys.exit(HAS_REFUSED)

    def _load(self, options: dict[str, Any]) -> int:
        path: Path = options["file"]
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        # Without --apply the file was never here: the savepoint takes its row and its audit back.
        with system_scope(at=now(), cause="load_branches") as scope, transaction.atomic():
            file, verdicts, fingerprint = _judged(scope, path.name, raw, options["close_missing"])
            refused = [v for v in verdicts if v.reason]
            self._tell(verdicts, refused)
            if options["apply"]:
                try:
                    apply_file(scope=scope, file_id=file.pk, fingerprint=fingerprint, progress=self._progress)
                except NothingToDo as nothing:
                    self.stdout.write(str(nothing))
                else:
                    self.stdout.write(
                        _("Applied. To take it back within a day: --undo %(id)s") % {"id": file.pk}
                    )
            else:
                self.stdout.write(_("Nothing was changed; --apply does what the verdicts say."))
                transaction.set_rollback(True)
        return len(refused)

    def _undo(self, file_id: str) -> None:
        with system_scope(at=now(), cause="load_branches") as scope:
            file = undo_file(scope=scope, file_id=file_id, progress=self._progress)
            self.stdout.write(
                _("%(restored)s branches are as they were, %(removed)s new ones are gone.") % file.counts
            )
            if file.counts["kept"]:
                self.stdout.write(
                    _("%(kept)s new ones stay, closed: something was recorded there meanwhile.") % file.counts
                )

    def _tell(self, verdicts: list[Verdict], refused: list[Verdict]) -> None:
        counts = [(KINDS[kind], sum(v.kind is kind for v in verdicts)) for kind in Kind]
        self.stdout.write(" · ".join(f"{words} {count:,}" for words, count in counts))
        for verdict in refused:
            assert verdict.reason is not None
            where = _("line %(line)s") % {"line": verdict.line or "–"}
            self.stdout.write(f"  {where}  {verdict.code}  {verdict.name}: {reason_words(verdict.reason)}")

    def _progress(self, step: str, done: int, total: int) -> None:
        """One line that is written over on a terminal; nothing into a log."""
        if sys.stderr.isatty():
            assert isinstance(self.stderr, OutputWrapper)
            self.stderr.write(f"\r\x1b[K{STEPS[step]} {done:,} / {total:,}", ending="")
            self.stderr.flush()


def _judged(
    scope: Scope, name: str, raw: bytes, close_missing: bool
) -> tuple[OrganisationFile, list[Verdict], str]:
    file = load_file(scope=scope, name=name, raw=raw)
    if close_missing:
        file = choose_missing(scope=scope, file_id=file.pk, close_missing=True)
    review = review_of(scope=scope, file=file)
    return file, list(review.verdicts), review.fingerprint
