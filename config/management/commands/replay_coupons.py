"""Plays the records of real coupon campaigns through batches, grants and redemptions, in a database of its own."""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from config.bench.scratch import scratch_database
from config.replay.completejourney import Played, play, read

_ROOMS = ("audit", "notices", "jobs", "requests", "rewards")


class Command(BaseCommand):
    help = "Play the Complete Journey's campaigns: accepted, refused and why, by campaign"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="with campaigns.csv, campaign_descriptions.csv and the redemptions"
        )
        parser.add_argument(
            "--one-each", action="store_true", help="grant a household one coupon, however many it redeemed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            records = read(options["folder"])
        except (OSError, KeyError, ValueError) as error:
            raise CommandError(f"{options['folder']}: {error}") from None
        with scratch_database("fenhang_replay", rooms=_ROOMS):
            played = play(records, is_one_each=options["one_each"], say=self.stderr.write)
        self.stdout.write(
            f"{'':<14}{'from':<12}{'to':<12}{'targeted':>9}{'granted':>9}{'accepted':>9}{'last day':>9}  refused"
        )
        for each in played:
            self.stdout.write(_line(each))
        whole = Played("all", played[0].first, max(each.last for each in played))
        for each in played:
            for name in ("targeted", "granted", "accepted", "on_last_day"):
                setattr(whole, name, getattr(whole, name) + getattr(each, name))
            whole.refused += each.refused
        self.stdout.write(_line(whole))


def _line(each: Played) -> str:
    refused = ", ".join(f"{code} {number}" for code, number in each.refused.most_common()) or "-"
    return (
        f"{each.title:<14}{each.first!s:<12}{each.last!s:<12}{each.targeted:>9,}{each.granted:>9,}{each.accepted:>9,}"
        f"{each.on_last_day:>9,}  {refused}"
    )
