"""Take a file of events, on from where an earlier run ended."""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from campaigns.events.services.drops import REFUSED, source_of, take_drop
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import system


class Command(BaseCommand):
    help = (
        "Take the events of an NDJSON or CSV file (campaigns/events/README.md). Killed and run again it goes on; a file"
        " that was taken whole is not read again. Refused rows are written beside it, with reasons."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", default="", help="who tells; by default what the file's name begins with"
        )
        parser.add_argument("--refused", type=Path, help="where refused rows go, as CSV with reasons")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        place = options["refused"] or path.with_name(path.name + REFUSED)
        try:
            done = take_drop(
                scope=system(at=now(), cause="take_events"),
                path=path,
                source=source_of(name=options["source"] or path.name),
                clock=now,
                refused_path=place,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            _("%(taken)d taken, %(known)d known already, %(refused)d refused.")
            % {"taken": done.taken, "known": done.known, "refused": done.refused}
        )
        if done.refused:
            self.stdout.write(_("Refused rows with reasons: %(path)s") % {"path": place})
