"""The chain in the database: tampered with by its owner, and written to while it is being sealed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from campaigns.audit.models import Entry, Seal
from campaigns.audit.rules import GRACE, Wrong, first_id_at
from campaigns.audit.selectors.chain import read_head
from campaigns.audit.selectors.verification import Verdict, verify_audit
from campaigns.audit.services import HeadIsGone, record_security, seal_audit
from campaigns.lib.clock import now
from campaigns.tenants.scopes import opened, system, system_scope
from tests.support.audit import LATER, START, write_week
from tests.support.cast import Cast

# What is being written is told by the server's clock, which is the machine's.
pytestmark = pytest.mark.real_clock


def seal(head_file: Path, *, at: Any = LATER) -> int:
    with system_scope(at=at, cause="test") as scope:
        return len(seal_audit(scope=scope, head_file=head_file))


def verdict(head_file: Path, *, at: Any = LATER, **more: Any) -> Verdict:
    with system_scope(at=at, cause="test") as scope:
        return verify_audit(scope=scope, head=read_head(path=head_file), **more)


def owner(sql: str, *params: Any) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params or None)


ENTRY = "(SELECT id FROM audit_entry WHERE id < audit_id_at('2026-11-05') ORDER BY id OFFSET {} LIMIT 1)"
RECORD = (
    "(SELECT id FROM audit_securityrecord WHERE id < audit_id_at('2026-11-05') ORDER BY id OFFSET {} LIMIT 1)"
)
_REST = "at, actor, actor_name, verb, subject, subject_name, detail, request_id, branch_id, branch_pos"
COPIED = (
    f"INSERT INTO audit_entry (id, {_REST}) SELECT (left(id::text, 28) || '0badcafe')::uuid, {_REST} FROM audit_entry"
    f" WHERE id = {ENTRY.format(9)}; UPDATE audit_entry SET verb = 'x' WHERE id::text LIKE '%0badcafe'"
)
FIRST_TWO = f"({ENTRY.format(0)}, {ENTRY.format(1)}), ({ENTRY.format(1)}, {ENTRY.format(0)})"
# As the database's owner would do it: statement -> what it must be called.
TAMPERINGS = [
    *[
        (f"UPDATE audit_entry SET {change} WHERE id = {ENTRY.format(7)}", Wrong.EDITED)
        for change in (
            "at = at + interval '1 microsecond'", "at = 'infinity'", "actor = 'system'", "actor_name = ''",
            "verb = verb || ' '", "subject = ''", "subject_name = 'x'", "detail = '{}'",
            "detail = detail || '{\"z\": null}'", "request_id = NULL",
            "request_id = gen_random_uuid()", "id = (left(id::text, 30) || 'abcdef')::uuid",
        )
    ],
    *[
        (f"UPDATE audit_securityrecord SET {change} WHERE id = {RECORD.format(3)}", Wrong.EDITED)
        for change in (
            "at = at - interval '1 second'", "kind = 'login.succeeded'", "who = 'x'", "address = NULL",
            "address = '10.1.2.4'", "detail = '[]'",
        )
    ],
    ("UPDATE audit_entry SET (branch_id, branch_pos) = (SELECT id, pos FROM tenants_branch WHERE code = 'HO')"
     " WHERE id = (SELECT id FROM audit_entry WHERE branch_id <> (SELECT id FROM tenants_branch WHERE code = 'HO')"
     " ORDER BY id OFFSET 4 LIMIT 1)", Wrong.EDITED),
    (f"DELETE FROM audit_entry WHERE id = {ENTRY.format(0)}", Wrong.DELETED),
    (f"DELETE FROM audit_entry WHERE id > {ENTRY.format(20)}", Wrong.DELETED),
    ("DELETE FROM audit_entry WHERE id = (SELECT id FROM audit_entry ORDER BY id DESC LIMIT 1)", Wrong.DELETED),
    (f"DELETE FROM audit_securityrecord WHERE id = {RECORD.format(1)}", Wrong.DELETED),
    ("DELETE FROM audit_securityrecord", Wrong.DELETED),
    (f"UPDATE audit_entry e SET detail = o.detail, subject_name = o.subject_name, subject = o.subject, verb = o.verb,"
     f" at = o.at, actor = o.actor, request_id = o.request_id, branch_id = o.branch_id, branch_pos = o.branch_pos"
     f" FROM audit_entry o WHERE (e.id, o.id) IN ({FIRST_TWO})", Wrong.REORDERED),
    (COPIED, Wrong.INSERTED),
    ("INSERT INTO audit_securityrecord SELECT (left(id::text, 28) || '0badcafe')::uuid, at, kind, 'x', address, detail"
     f" FROM audit_securityrecord WHERE id = {RECORD.format(2)}", Wrong.INSERTED),
    ("INSERT INTO audit_securityrecord VALUES (audit_id_at('2031-01-01'), now(), 'login.succeeded', '', NULL, '{}')",
     Wrong.INSERTED),
    ("INSERT INTO audit_securityrecord VALUES (audit_id_at('1999-01-01'), now(), 'login.succeeded', '', NULL, '{}')",
     Wrong.INSERTED),
    ("DELETE FROM audit_seal WHERE number = 1", Wrong.DELETED),
    ("DELETE FROM audit_seal WHERE number = 3", Wrong.DELETED),
    ("DELETE FROM audit_seal WHERE number = (SELECT max(number) FROM audit_seal)", Wrong.TRUNCATED),
    ("DELETE FROM audit_seal", Wrong.TRUNCATED),
    ("DELETE FROM audit_seal WHERE number > 3; DELETE FROM audit_entry WHERE id >= audit_id_at('2026-11-04')",
     Wrong.TRUNCATED),
    ("UPDATE audit_seal SET entry_rows = entry_rows - 1 WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET day = day + 1 WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET sealed_at = now() WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET until = 'infinity' WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET since = '1066-10-14' WHERE number = 1", Wrong.EDITED),
    ("UPDATE audit_seal SET digest = sha256('x') WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET entry_tags = '' WHERE number = 2", Wrong.EDITED),
    ("UPDATE audit_seal SET number = 99 WHERE number = 3", Wrong.DELETED),
]  # fmt: skip


def test_what_the_owner_of_the_database_does_to_it_is_found_and_named(
    committed_cast: Cast, head_file: Path
) -> None:
    with system_scope(at=START, cause="test"):
        # The cast's own making lies in the present; this test is about a week that is over.
        owner("DELETE FROM audit_entry")
        write_week(committed_cast, entries=60, records=20)
    assert seal(head_file) == 6
    tables = ("audit_entry", "audit_securityrecord", "audit_seal")
    for table in tables:
        owner(f"CREATE TABLE {table}_kept AS SELECT * FROM {table}")
    try:
        assert verdict(head_file).findings == []
        wrong = []
        for statement, expected in TAMPERINGS:
            owner(statement)
            found = verdict(head_file).findings
            if expected not in {each.wrong for each in found}:
                wrong.append((statement, expected, found[:4]))
            for table in tables:
                owner(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_kept")
        assert wrong == []
        kept = verdict(head_file)
        assert (kept.findings, kept.rows, kept.seals) == ([], 80, 6)
    finally:
        for table in tables:
            owner(f"DROP TABLE {table}_kept")


def test_nobody_who_serves_may_change_or_delete_a_seal(committed_cast: Cast, head_file: Path) -> None:
    assert seal(head_file, at=now() + timedelta(hours=1)) >= 1
    with connections["default"].cursor() as cursor:
        for statement in (
            "UPDATE audit_seal SET number = 9",
            "DELETE FROM audit_seal",
            "TRUNCATE audit_seal",
        ):
            with pytest.raises(Exception, match="permission denied"):
                cursor.execute(statement)


@contextmanager
def writing(cast: Cast) -> Iterator[Entry]:
    """An entry that another connection has written and not committed yet."""
    scope = system(at=now(), cause="test")
    scope.using = "aside"
    with opened(scope):
        place = cast.branch["NB"]
        yield Entry.objects.using("aside").create(
            branch_id=place.pk, branch_pos=place.pos, at=now(), actor="system", verb="x", subject="y"
        )


def test_what_is_still_being_written_is_left_open_and_never_a_false_alarm(
    committed_cast: Cast, head_file: Path
) -> None:
    """An entry has its id, and is committed long after the moment up to which the sweep would have sealed."""
    later = now() + timedelta(hours=1)
    with writing(committed_cast) as entry:
        seal(head_file, at=later)
        sealed_until = max(Seal.objects.values_list("until", flat=True), default=START)
        assert first_id_at(sealed_until) < entry.pk
    assert verdict(head_file, at=later).findings == []
    assert seal(head_file, at=later) >= 1
    found = verdict(head_file, at=later)
    assert found.findings == []
    # A stretch ends with its day, and a day's quiet beginning needs no seal of its own.
    midnight = entry.at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert found.until == min(later.replace(microsecond=0) - GRACE, midnight)
    assert Seal.objects.filter(entry_last=entry.pk).exists()


def test_a_sealer_that_does_not_look_who_is_writing_would_raise_a_false_alarm(
    committed_cast: Cast, head_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    later = now() + timedelta(hours=1)
    monkeypatch.setattr(
        "campaigns.audit.services.settled_until", lambda *, scope: scope.at.replace(microsecond=0) - GRACE
    )
    with writing(committed_cast) as entry:
        seal(head_file, at=later)
    [found] = verdict(head_file, at=later).findings
    assert (found.wrong, found.row) == (Wrong.INSERTED, str(entry.pk))


def test_a_quiet_moment_needs_no_seal_but_a_quiet_day_has_one(committed_cast: Cast, head_file: Path) -> None:
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
    assert seal(head_file, at=noon) >= 2  # the day of the rows, the empty one, not yet this one
    many = Seal.objects.count()
    assert seal(head_file, at=noon + timedelta(hours=3)) == 0
    assert seal(head_file, at=noon + timedelta(days=1)) == 1
    empty = Seal.objects.order_by("-number")[0]
    assert (empty.number, empty.entry_rows, empty.record_rows, empty.entry_first) == (many + 1, 0, 0, None)
    assert empty.until - empty.since == timedelta(days=1)


def test_security_records_are_sealed_as_well(committed_cast: Cast, head_file: Path) -> None:
    made = record_security(kind="login.failed", at=now(), who="nobody", address="10.0.0.1")
    later = now() + timedelta(hours=1)
    seal(head_file, at=later)
    assert Seal.objects.filter(record_last=made).count() == 1
    owner("UPDATE audit_securityrecord SET who = 'somebody'")
    [found] = verdict(head_file, at=later).findings
    assert (found.wrong, found.table, found.row) == (Wrong.EDITED, "records", str(made))


def test_sealing_stops_when_the_end_of_the_chain_is_gone_and_the_command_says_so(
    committed_cast: Cast, head_file: Path
) -> None:
    def command(*words: str) -> str:
        said = StringIO()
        call_command("audit", *words, stdout=said, stderr=StringIO())
        return said.getvalue()

    later = now() + timedelta(days=1, hours=1)
    seal(head_file, at=later)
    head = read_head(path=head_file)
    assert head is not None
    assert head.number == Seal.objects.count()
    assert "nothing is wrong" in command("verify", "--head", f"{head.number}:{head.digest}")
    # Tampered with, the seals removed, and sealed anew by the sweep itself: only the note outside knows.
    owner("DELETE FROM audit_seal; UPDATE audit_entry SET actor_name = 'x'")
    with pytest.raises(HeadIsGone):
        seal(head_file, at=later)
    with pytest.raises(CommandError, match="数据库外"):
        command("seal")
    head_file.unlink()
    seal(head_file, at=later)
    said = StringIO()
    with pytest.raises(CommandError, match="发现 1 处异常"):
        call_command(
            "audit", "verify", "--head", f"{head.number}:{head.digest}", stdout=said, stderr=StringIO()
        )
    assert "truncated at the end" in said.getvalue()
    assert "末尾被截去" in said.getvalue()
    assert "nothing is wrong" in command("verify")


def test_a_part_of_the_days_can_be_verified(committed_cast: Cast, head_file: Path) -> None:
    with system_scope(at=START, cause="test"):
        owner("DELETE FROM audit_entry")
        write_week(committed_cast, entries=40, records=5)
    seal(head_file)
    days = []
    part = verdict(
        head_file, first=(START + timedelta(days=1)).date(), last=(START + timedelta(days=2)).date(),
        after_day=lambda day, _so_far: days.append(day),
    )  # fmt: skip
    assert part.findings == []
    assert [day.day for day in days] == [2, 3]
    assert part.seals == 2
    owner("UPDATE audit_entry SET verb = 'x' WHERE id < %s", first_id_at(START + timedelta(days=1)))
    assert verdict(head_file, first=days[0]).findings == []
    assert verdict(head_file).findings != []
