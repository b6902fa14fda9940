"""Draws every try of a draw again and compares: for an auditor, from the record and the seed that was shown."""

from typing import Any
from uuid import UUID

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from campaigns.lib.clock import now
from campaigns.lib.refusals import NotFound
from campaigns.points.draw_showing import Redrawn, redrawn
from campaigns.points.redrawing import Verdict
from campaigns.points.selectors.redraws import drawn_again
from campaigns.tenants.scopes import system_scope


class Command(BaseCommand):
    help = "check_draw ID: every try of the draw again; ends with 1 when something differs"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("draw", type=UUID, help="the draw's id, as in the address of its page")

    def handle(self, *args: Any, **options: Any) -> None:
        with system_scope(at=now(), cause="check_draw") as scope:
            try:
                verdict = drawn_again(scope=scope, draw_id=options["draw"])
            except NotFound as refusal:
                raise CommandError("没有这个抽奖 · there is no such draw") from refusal
        zh, en = _said("zh-hans", verdict), _said("en", verdict)
        for (each, said), (_each, also) in zip(zh.lines, en.lines, strict=True):
            self.stdout.write(f"{each.try_id or '–'}  {said} · {also}")
        if zh.left_out:
            self.stdout.write(f"还有 {zh.left_out:,} 处 · and {zh.left_out:,} more")
        words = f"{zh.headline} · {en.headline}"
        if not zh.is_good:
            raise CommandError(words)
        self.stdout.write(words)


def _said(language: str, verdict: Verdict) -> Redrawn:
    with override(language):
        return redrawn(verdict)
