"""Seals the audit, and verifies that it still says what was sealed."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from campaigns.audit.rules import Finding, Wrong
from campaigns.audit.selectors.chain import Head, last_stretch, read_head
from campaigns.audit.selectors.verification import Verdict, verify_audit
from campaigns.audit.services import seal_audit
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import system_scope

_WRONG = {
    Wrong.EDITED: ("内容被修改", "edited"),
    Wrong.DELETED: ("被删除", "deleted"),
    Wrong.INSERTED: ("事后插入", "inserted afterwards"),
    Wrong.REORDERED: ("次序被调换", "reordered"),
    Wrong.TRUNCATED: ("末尾被截去", "truncated at the end"),
}
_TABLES = {
    "entries": ("审计记录", "audit entry"),
    "records": ("安全记录", "security record"),
    "seals": ("封存", "seal"),
}


def worded(finding: Finding) -> str:
    """One finding as a line in both languages."""
    table, wrong = _TABLES[finding.table], _WRONG[finding.wrong]
    row = finding.row or "?"
    day = finding.day.isoformat() if finding.day else "–"
    return f"{day}  {table[0]} {row} {wrong[0]} · {table[1]} {row} {wrong[1]}"


class Command(BaseCommand):
    help = "audit seal | audit verify [--from DAY] [--until DAY] [--head NUMBER:DIGEST]"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("seal", help="close what was written since the last time, and print the chain's end")
        verify = verbs.add_parser("verify", help="read every sealed row again and say what is wrong")
        verify.add_argument("--from", dest="first", type=date.fromisoformat, help="first day (UTC)")
        verify.add_argument("--until", dest="last", type=date.fromisoformat, help="last day (UTC), included")
        verify.add_argument("--head", help="a seal noted down earlier, as `audit seal` printed it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "seal":
            self._seal()
        else:
            self._verify(options["first"], options["last"], options["head"])

    def _seal(self) -> None:
        try:
            with system_scope(at=now(), cause="audit seal") as scope:
                made = seal_audit(scope=scope, head_file=settings.AUDIT_HEAD)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        last = last_stretch()
        self.stderr.write(f"新增封存 {len(made)} 个 · {len(made)} new seals")
        if last:
            self.stderr.write(f"已封存至 {last.until:%Y-%m-%d %H:%M:%S} UTC · sealed until then")
            self.stdout.write(f"{last.number}:{last.digest.hex()}")

    def _verify(self, first: date | None, last: date | None, said: str | None) -> None:
        head = _head_of(said) if said else read_head(path=settings.AUDIT_HEAD)
        with system_scope(at=now(), cause="audit verify") as scope:
            verdict = verify_audit(scope=scope, first=first, last=last, head=head, after_day=self._progress)
        for finding in verdict.findings:
            self.stdout.write(worded(finding))
        until = f"{verdict.until:%Y-%m-%d %H:%M:%S} UTC" if verdict.until else "–"
        self.stdout.write(
            f"已核对 {verdict.rows:,} 行、{verdict.seals:,} 个封存，截至 {until}"
            f" · {verdict.rows:,} rows and {verdict.seals:,} seals verified, until {until}"
        )
        if head is None:
            self.stdout.write(
                "没有数据库外的链尾记录，末尾是否被截去无法判断 · no note of the chain's end outside the database:"
                " whether the newest seals are missing cannot be told"
            )
        if verdict.findings:
            number = len(verdict.findings)
            raise CommandError(f"发现 {number} 处异常 · {number} findings")
        self.stdout.write("未发现异常 · nothing is wrong")

    def _progress(self, day: date, verdict: Verdict) -> None:
        self.stderr.write(f"{day}  {verdict.rows:,}")


def _head_of(said: str) -> Head:
    number, colon, digest = said.partition(":")
    if not colon or not number.isdigit():
        raise CommandError("链尾应写作 编号:摘要 · write the head as NUMBER:DIGEST")
    return Head(int(number), digest.lower())
