"""Files of events: taken in parts, on after a kill, once."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command

from campaigns.audit.models import Entry
from campaigns.events.models import Drop
from campaigns.events.refusals import DropBusy, DropUnreadable
from campaigns.events.services import drops
from campaigns.events.tasks import take_files
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system, system_scope
from tests.support.cast import AT, Cast
from tests.support.events import bought, days_ago, stored


def ndjson(path: Path, rows: list[Any]) -> Path:
    path.write_bytes(b"".join((r if isinstance(r, bytes) else orjson.dumps(r)) + b"\n" for r in rows))
    return path


def take(path: Path, **more: Any) -> Drop:
    return drops.take_drop(scope=system(at=now(), cause="test"), path=path, source="core", clock=now, **more)


def refused_rows(path: Path) -> list[list[str]]:
    text = path.with_name(path.name + drops.REFUSED).read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines()))


def figures(drop: Drop) -> tuple[int, int, int, int]:
    return drop.rows, drop.taken, drop.known, drop.refused


@pytest.fixture
def parts_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def of(rows: int) -> None:
        monkeypatch.setattr(drops, "PART", rows)

    return of


def test_a_file_is_taken_with_its_bad_rows_told_and_not_a_second_time(
    cast: Cast, tmp_path: Path, parts_of: Callable[[int], None]
) -> None:
    parts_of(4)
    number = cast.customers["nb"].number
    rows: list[Any] = [bought(number, f"t-{n}", days_ago(1)) for n in range(9)]
    rows[2] = b"{broken"
    rows[5] = bought(number, "t-4", days_ago(1)) | {"at": rows[4]["at"]}
    rows[7] = bought(number, kind="=core.stolen")
    path = ndjson(tmp_path / "core-1.ndjson", rows)
    done = take(path)
    assert figures(done) == (9, 6, 1, 2) and done.ended_at is not None
    told = refused_rows(path)
    assert [row[:2] for row in told] == [
        ["row", "code"],
        ["3", "events.event.unreadable"],
        ["8", "events.kind.unknown"],
    ]
    assert "=core.stolen" in told[2][2]
    copy = ndjson(tmp_path / "core-copy.ndjson", rows)
    assert figures(take(copy)) == (9, 6, 1, 2)
    assert Drop.objects.count() == 1 and len(stored()) == 6
    assert {row["source"] for row in stored()} == {"file:core"}
    with system_scope(at=AT, cause="test"):
        entry = Entry.objects.get(verb="events.drop.import")
    assert (entry.subject_name, entry.detail) == ("core-1.ndjson", {"taken": 6, "known": 1, "refused": 2})


def test_a_table_is_read_by_its_header_with_each_property_as_its_type(cast: Cast, tmp_path: Path) -> None:
    nb, at = cast.customers["nb"], days_ago(3).isoformat()
    path = tmp_path / "core.csv"
    path.write_text(
        "\ufeffid,kind,at,customer_number,unionid,p.amount_fen,p.product_class\r\n"
        f"a,core.bought,{at},{nb.number},,5200000,wealth\r\n"
        f"b,core.paid,{at},,{nb.unionid},-1,\r\n"
        "\r\n"
        f"c,core.bought,{at},{nb.number},,5200000.5,wealth\r\n"
        f"d,core.bought,{at},{nb.number}\r\n",
        encoding="utf-8",
    )
    assert figures(take(path)) == (4, 2, 0, 2)
    assert [row["properties"] for row in sorted(stored(), key=lambda row: row["kind"])] == [
        {"amount_fen": 5_200_000, "product_class": "wealth"},
        {"amount_fen": -1},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("core.txt", b""),
        ("core.csv", b""),
        ("core.csv", b"id,kind,at,phone\n"),
        ("core.csv", b"id,kind,at,id\n"),
        ("core.csv", b'id,kind,at\n"' + b"x\n" * 100_000),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(
    cast: Cast, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DropUnreadable):
        take(path)
    with pytest.raises(DropUnreadable):
        take(tmp_path / "absent.csv")
    assert stored() == []


def test_killed_between_and_within_parts_it_goes_on_and_nothing_is_lost_or_doubled(
    committed_cast: Cast, tmp_path: Path, parts_of: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kill within a part comes after its refused rows were written to the file, and before the commit."""
    parts_of(3)
    number = committed_cast.customers["nb"].number
    rows: list[Any] = [bought(number, f"t-{n}", days_ago(1)) for n in range(10)]
    rows[1] = rows[4] = rows[8] = None
    path = ndjson(tmp_path / "core.ndjson", rows)

    class Killed(BaseException):
        pass

    def kill(drop: Drop) -> None:
        raise Killed

    with pytest.raises(Killed):
        take(path, progress=kill)
    assert figures(Drop.objects.get()) == (3, 2, 0, 1)
    written = drops._write_refused
    with monkeypatch.context() as patched:

        def write_and_die(*args: Any) -> int:
            written(*args)
            raise Killed

        patched.setattr(drops, "_write_refused", write_and_die)
        with pytest.raises(Killed):
            take(path)
    assert figures(Drop.objects.get()) == (3, 2, 0, 1) and len(stored()) == 2
    assert figures(take(path)) == (10, 7, 0, 3) and len(stored()) == 7
    told = refused_rows(path)
    assert [row[0] for row in told] == ["row", "2", "5", "9"]


def test_two_who_take_the_same_file_do_not_take_a_part_twice(
    committed_cast: Cast, tmp_path: Path, parts_of: Callable[[int], None]
) -> None:
    parts_of(2)
    number = committed_cast.customers["nb"].number
    path = ndjson(tmp_path / "core.ndjson", [bought(number, f"t-{n}", days_ago(1)) for n in range(5)])

    def other(drop: Drop) -> None:
        """While the first is between two parts, another one takes the rest."""
        if drop.rows == 2:
            take(path)

    with pytest.raises(DropBusy):
        take(path, progress=other)
    drop = Drop.objects.get()
    assert figures(drop) == (5, 5, 0, 0) and drop.ended_at is not None and len(stored()) == 5


def test_the_folder_is_emptied_into_done_and_failed(
    cast: Cast, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EVENT_DROPS = tmp_path
    number = cast.customers["nb"].number
    ndjson(tmp_path / "core-20261122.ndjson", [bought(number, at=days_ago(1)), None])
    (tmp_path / "other.csv").write_text("what,is,this\n")
    (tmp_path / "core-2.ndjson.part").write_text("still written")
    assert take_files() == 1
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == [
        "core-2.ndjson.part",
        "done/core-20261122.ndjson",
        "done/core-20261122.ndjson.refused.csv",
        "failed/other.csv",
    ]
    assert Drop.objects.get(source="core").taken == 1
    settings.EVENT_DROPS = tmp_path / "absent"
    assert take_files() == 0


def test_the_command_says_what_became_of_a_file(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = cast.customers["nb"].number
    path = ndjson(tmp_path / "core.ndjson", [bought(number, at=days_ago(1)), None])
    call_command("take_events", str(path))
    said = capsys.readouterr().out
    assert "收下 1 条，已有 0 条，拒收 1 条" in said and "core.ndjson.refused.csv" in said
    with pytest.raises(CommandError, match="absent"):
        call_command("take_events", str(tmp_path / "absent.ndjson"))
