"""Entries lie in the month they were written in, and nothing is refused for want of one."""

from datetime import UTC, datetime
from typing import Any

from django.db import connections

from campaigns.audit.models import Entry
from campaigns.audit.rules import first_id_at
from campaigns.audit.services import record
from campaigns.lib.clock import now
from tests.support.cast import Cast


def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def write_at(cast: Cast, moment: datetime) -> Entry:
    """An entry whose id is of `moment`."""
    with cast.nb_manager.scope(at=moment) as scope:
        entry: Entry = Entry.objects.create(
            id=first_id_at(moment), branch_id=scope.branch_id, branch_pos=scope.branch_pos, at=moment,
            actor=scope.actor, verb="content.item.add", subject="content.item:1",
        )  # fmt: skip
    return entry


def place_of(entry: Entry) -> str:
    return str(ask("SELECT tableoid::regclass::text FROM audit_entry WHERE id = %s", entry.pk)[0][0])


def test_this_month_and_three_more_are_there_and_a_row_lies_in_its_own(committed_cast: Cast) -> None:
    with committed_cast.nb_manager.scope(at=now()) as scope:
        entry = record(scope=scope, verb="content.item.add", subject="content.item:1")
    assert place_of(entry) == now().strftime("audit_entry_%Y_%m")
    parts = ask("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass")
    assert parts[0][0] >= 5


def test_a_row_without_a_month_is_kept_and_moves_when_its_month_is_made(committed_cast: Cast) -> None:
    entry = write_at(committed_cast, datetime(2031, 3, 5, tzinfo=UTC))
    assert place_of(entry) == "audit_entry_other"
    try:
        assert ask("SELECT audit_make_months('2031-03-05', 2)") == [(2,)]
        assert ask("SELECT audit_make_months('2031-03-05', 2)") == [(0,)]
        assert place_of(entry) == "audit_entry_2031_03"
        with committed_cast.nb_manager.scope():
            assert Entry.objects.filter(pk=entry.pk).exists()
        with committed_cast.sb_manager.scope():
            assert not Entry.objects.filter(pk=entry.pk).exists()
    finally:
        ask("DROP TABLE audit_entry_2031_03, audit_entry_2031_04")


def test_months_of_no_interest_are_not_read(committed_cast: Cast) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT FROM audit_entry WHERE id >= %s", [first_id_at(datetime(2031, 1, 1, tzinfo=UTC))]
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "audit_entry_other" in plan
    assert now().strftime("audit_entry_%Y_%m") not in plan
