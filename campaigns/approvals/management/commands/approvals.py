"""Verifies that what is served is what was approved."""

from collections.abc import Sequence
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from campaigns.approvals.kinds import Kind, kinds
from campaigns.approvals.services.verification import Run, Wrong, verify_published
from campaigns.approvals.wrong_words import what_in_both
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope

_DO = (
    "请立即下线（后台“下线”或“紧急停用”），保留数据库日志，查明何人修改，再重新提交审核；文件不符的，从备份恢复文件"
    " · take it down at once, keep the database's logs, find out who wrote it, and submit it again; a file is"
    " restored from the backup"
)


def worded(wrong: Wrong) -> str:
    """One mismatch as a line in both languages."""
    said = what_in_both(wrong.what)
    return f"{wrong.subject}  《{wrong.title}》 {wrong.branch}：{said['zh']} · {said['en']}"


class Command(BaseCommand):
    help = "approvals verify [--kind KIND]"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="compare everything that is served with what was approved")
        verify.add_argument("--kind", choices=[kind.code for kind in kinds()], help="only this kind")

    def handle(self, *args: Any, **options: Any) -> None:
        made = verify_published(
            kinds=[kind for kind in kinds() if options["kind"] in (None, kind.code)],
            open_scope=lambda: system_scope(at=now(), cause="approvals verify"),
            clock=now,
            after_lot=self._progress,
        )
        self.stdout.write(f"已核对 {made.checked:,} 项 · {made.checked:,} things verified")
        if made.failed:
            self.stdout.write(f"处理办法：{_DO}")
            raise CommandError(f"{made.failed} 项与批准的不一致 · {made.failed} are not as approved")
        if not made.is_complete:
            raise CommandError("中途停止，结果不完整 · stopped before the end")
        self.stdout.write("线上内容与批准的完全一致 · all is as approved")

    def _progress(self, kind: Kind, run: Run, wrong: Sequence[Wrong]) -> None:
        for each in wrong:
            self.stdout.write(worded(each))
        self.stderr.write(f"{kind.code}  {run.checked:,}")
