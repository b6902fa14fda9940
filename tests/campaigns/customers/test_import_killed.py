"""An import whose process is killed has done whole lots: another goes on behind them, and each row counts once.

So does taking it back. After every death each row is looked at: it is what its lot says, before or after, never half.
"""

import csv
import os
import signal
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings as installation
from django.core.management import call_command
from django.db import connection, connections

from campaigns.audit.models import Entry
from campaigns.customers.imports.mapping import Columns
from campaigns.customers.models import (
    Attribute,
    Customer,
    CustomerFile,
    CustomerKey,
    FileLot,
    Identity,
    Profile,
    Tag,
    TagCategory,
)
from campaigns.customers.selectors import lookup_of
from campaigns.customers.services import imports
from campaigns.customers.services.customers import add_customer
from campaigns.jobs.long_models import Job
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.deaths import die, until_the_dead_are_gone
from tests.support.jobs import now_is, run
from tests.support.processes import python, start, wait_until

LOT, LOTS = 4, 6
HEADINGS = ("客户号", "手机号", "机构号", "年龄", "标签")
PATIENCE = timedelta(minutes=11)  # longer than any lease


class Row(NamedTuple):
    """One row of the file, and what the bank knows of its customer before and after; None: nobody, and no trace."""

    cells: tuple[str, ...]
    verdict: str
    before: Any
    after: Any

    @property
    def lookup(self) -> bytes:
        return lookup_of(kind="customer_number", value=self.cells[0])


def row_of(lot: int, place: int) -> Row:
    """Two new ones in each lot, one who changes, and one who is as said or cannot be."""
    number, phone = f"C-{lot}{place}", f"1390000{lot}{place:03}"
    was: Any = ({"age": 20 + lot}, [], ["customer_number", "unionid"])
    if place == 1:
        now = ({"age": 60 + lot}, ["gold"], ["customer_number", "phone", "unionid"])
        return Row((number, phone, "", str(60 + lot), "gold"), "changed", was, now)
    if place == 3 and lot % 2:
        return Row((number, "", "XX", "", ""), "refused", None, None)
    if place == 3:
        return Row((number, "", "", str(20 + lot), ""), "same", was, was)
    made = ({"age": 30 + place}, ["gold", "vip"], ["customer_number", "phone"])
    return Row((number, phone, "NB" if lot % 2 else "SB", str(30 + place), "gold;vip"), "new", None, made)


ROWS = [[row_of(lot, place) for place in range(LOT)] for lot in range(LOTS)]
VERDICTS = ("new", "changed", "same", "refused")
COUNTS = {kind: sum(row.verdict == kind for lot in ROWS for row in lot) for kind in VERDICTS}


@pytest.fixture
def bank(committed_cast: Cast, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """A bank that knows some of the file's customers, and reads four rows at a time."""
    settings.MEDIA_ROOT, settings.LANGUAGE_CODE = tmp_path / "media", "en"
    monkeypatch.setattr("campaigns.customers.imports.lots.LOT", LOT)
    with system_scope(at=AT, cause="test") as scope:
        Attribute.objects.update_or_create(code="age", defaults={"name": "年龄", "kind": "number"})
        owner = committed_cast.branch["HO"]
        category = TagCategory.objects.create(code="files", name="导入", owner=owner)
        for code in ("gold", "vip"):
            Tag.objects.create(code=code, category=category, name=code, kind="imported")
        for row in (row for lot in ROWS for row in lot if row.before):
            add_customer(
                scope=scope,
                branch_id=committed_cast.branch["NB"].pk,
                number=row.cells[0],
                unionid=f"u-{row.cells[0]}",
                attributes=row.before[0],
            )
    return committed_cast


def raw() -> bytes:
    text = StringIO()
    csv.writer(text).writerows([HEADINGS, *(row.cells for lot in ROWS for row in lot)])
    return text.getvalue().encode()


def known() -> dict[bytes, Any]:
    """By the hash of the number: attributes, tags, and what each customer is known by."""
    with system_scope(at=AT, cause="test"):
        codes = dict(Tag.objects.values_list("pk", "code"))
        tags = dict(Profile.objects.values_list("pk", "tag_ids"))
        kinds: dict[Any, list[str]] = {}
        numbers = {}
        for customer_id, kind, lookup in Identity.objects.values_list("customer_id", "kind", "lookup"):
            kinds.setdefault(customer_id, []).append(kind)
            if kind == "customer_number":
                numbers[customer_id] = bytes(lookup)
        customers = dict(Customer.objects.values_list("pk", "attributes"))
        assert set(customers) == set(CustomerKey.objects.values_list("pk", flat=True)) == set(numbers)
        # Made once: history would have a second one.
        history: Any = Customer.pgh_event_model  # type: ignore[attr-defined]
        made = history.objects.filter(pgh_label="insert").values_list("pgh_obj_id", flat=True)
        assert sorted(set(made)) == sorted(made)
    return {
        numbers[each]: (attributes, sorted(codes[t] for t in tags.get(each, [])), sorted(kinds[each]))
        for each, attributes in customers.items()
    }


def demand_whole_lots(done: set[int]) -> None:
    """Every row of these lots is as the file says, and every other as before."""
    found = known()
    for number, lot in enumerate(ROWS):
        for row in lot:
            assert found.pop(row.lookup, None) == (row.after if number in done else row.before), row.cells
    assert len(found) == 3, "the cast's customers, and nobody else"


def lots(file_id: Any, **asked: Any) -> set[int]:
    with system_scope(at=AT, cause="test"):
        return set(FileLot.objects.filter(file=file_id, **asked).values_list("number", flat=True))


def turn(at: datetime, *, dies_after: int = 0) -> int:
    """A worker in a process of its own does one part and hands the job back; how many statements that took.

    0 when it was killed, after so many of them: within a transaction, or between two.
    """
    connections.close_all()
    told, tells = os.pipe()
    child = os.fork()
    if not child:
        made = 0

        def count(execute: Any, *asked: Any) -> Any:
            nonlocal made
            answer = execute(*asked)
            made += 1
            if made == dies_after:
                die()
            return answer

        try:
            with connection.execute_wrapper(count):
                run(at, at_most=timedelta(0))
            os.write(tells, str(made).encode())
        finally:
            os._exit(0)
    os.close(tells)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(told) as said:
        words = said.read()
    assert ended == (0 if words else -signal.SIGKILL), "the worker failed by itself"
    until_the_dead_are_gone()
    return int(words or 0)


def killed_on_the_way(job: Job, at: datetime, asked: dict[str, Any]) -> datetime:
    """Carry the job out by workers who die at every seventh of a part; at each death whole lots are done."""
    statements = turn(at)
    points = [max(1, statements * part // 7) for part in range(1, 7)] + [statements - 1]
    done, inside, between = lots(**asked), 0, 0
    assert len(done) == 1
    for nth, point in enumerate(points):
        at += PATIENCE
        assert turn(at, dies_after=point) == 0, point
        was, done = done, lots(**asked)
        inside, between = inside + (done == was), between + (len(done) == len(was) + 1)
        demand_whole_lots(done if "applied_at__isnull" in asked else set(range(LOTS)) - done)
        if nth % 3 == 2:  # so that it does not look like a part that kills its workers
            turn(at + PATIENCE)
            done = lots(**asked)
            at += PATIENCE
    assert inside >= 4 and between >= 1
    while not now_is(job).is_over:
        at += PATIENCE
        turn(at)
    over = now_is(job)
    assert (over.state, over.lost, over.done) == ("done", len(points), over.total)
    return at


def job_of(file_id: Any) -> Job:
    with system_scope(at=AT, cause="test"):
        key: Any = CustomerFile.objects.get(pk=file_id).job_id
        found: Job = Job.objects.get(pk=key)
        return found


def state_of(file_id: Any) -> tuple[str, dict[str, int]]:
    with system_scope(at=AT, cause="test"):
        file = CustomerFile.objects.get(pk=file_id)
        return file.state, file.counts


def test_an_import_and_its_undo_are_killed_and_resumed_and_each_row_counts_once(bank: Cast) -> None:
    player = bank.ho_administrator
    with player.scope() as scope:
        file = imports.take_file(scope=scope, file=BytesIO(raw()), name="core.csv", source="core")
        imports.choose_columns(scope=scope, file_id=file.pk, columns=Columns.from_json(file.mapping))
        imports.ask_verdicts(scope=scope, file_id=file.pk)
    at = AT
    for point in (12, 25):
        assert turn(at, dies_after=point) == 0
        assert lots(file.pk) == set()
        at += PATIENCE
    while state_of(file.pk)[0] == "judging":
        turn(at)
        at += PATIENCE
    assert state_of(file.pk) == ("judged", COUNTS)
    demand_whole_lots(set())

    with player.scope(at=at) as scope:
        imports.ask_apply(scope=scope, file_id=file.pk)
    at = killed_on_the_way(job_of(file.pk), at, {"file_id": file.pk, "applied_at__isnull": False})
    assert state_of(file.pk) == ("applied", COUNTS)
    demand_whole_lots(set(range(LOTS)))

    with player.scope(at=at) as scope:
        imports.ask_undo(scope=scope, file_id=file.pk)
    killed_on_the_way(job_of(file.pk), at, {"file_id": file.pk, "undone_at__isnull": False})
    state, counts = state_of(file.pk)
    assert state == "undone"
    # Of those that changed an age, a telephone number and a tag each.
    went = {"removed": COUNTS["new"], "stayed": 0, "restored": 3 * COUNTS["changed"], "changed_since": 0}
    assert counts == COUNTS | went
    demand_whole_lots(set())
    with system_scope(at=AT, cause="test"):
        noted = Entry.objects.filter(verb__in=("customers.customer.import", "customers.customerfile.undo"))
        told = [
            detail
            for detail in noted.values_list("detail", flat=True)
            if "sha256" in detail or "removed" in detail
        ]
        assert len(told) == 2, "each was noted once, at its end"


# --- the command ----------------------------------------------------------------------------------------------

PROGRAM = f"""
import sys, django
django.setup()
from campaigns.customers.imports import lots
from django.core.management import call_command
lots.LOT = {LOT}
call_command("import_customers", sys.argv[1], source="core")
"""


def here() -> dict[str, str]:
    """The environment of a program that works with this test's bank."""

    def url(name: str) -> str:
        given = connections[name].settings_dict
        query = urlencode({"host": given["HOST"], "port": given["PORT"]})
        return f"postgresql://{quote(given['USER'])}:{quote(given['PASSWORD'])}@/{given['NAME']}?{query}"

    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url("default"),
        "DATABASE_OWNER_URL": url("owner"),
        "REDIS_URL": installation.REDIS_URL,
        "SECRET_KEY": installation.SECRET_KEY,
        "DATA_KEY": installation.DATA_KEY,
        "MEDIA_ROOT": str(installation.MEDIA_ROOT),
    }


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.real_clock  # starts a program
def test_a_command_killed_in_a_lot_is_run_again_and_both_runs_are_taken_back(
    bank: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "core.csv"
    path.write_bytes(raw())
    with system_scope(at=now(), cause="test"):
        [hindrance] = Identity.objects.filter(lookup=ROWS[2][1].lookup).values_list("customer_id", flat=True)
        # The third lot waits for somebody whom it changes, after its new customers were written.
        Customer.objects.select_for_update().get(pk=hindrance)
        program = start(tmp_path, *python("-c", PROGRAM, str(path)), output=tmp_path / "said", **here())
        try:
            waits = wait_until(lambda: somebody_waits() or program.poll() is not None, within=60)
            assert waits and program.poll() is None, (tmp_path / "said").read_text()
        finally:
            program.kill()
            program.wait()
    until_the_dead_are_gone()
    demand_whole_lots({0, 1})

    def command(**options: Any) -> str:
        out = StringIO()
        options |= {"source": "core", "refused": tmp_path / "refused.csv", "stdout": out}
        call_command("import_customers", str(path), **options)
        return out.getvalue()

    assert command().startswith("8 new, 4 changed, 9 unchanged, 3 refused")
    demand_whole_lots(set(range(LOTS)))
    command(undo=True)
    demand_whole_lots({0, 1})
    command(undo=True)
    demand_whole_lots(set())
