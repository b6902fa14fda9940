"""A bank's file of customers comes in whole or not at all, and only once."""

import csv
import io
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.customers.bank_marketing import COLUMNS, number_of, source_of, unionid_of
from campaigns.customers.imports.mapping import SPREAD
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.selectors import customers_known_by
from campaigns.customers.services.rights import erase_customer
from campaigns.tenants.scopes import system_scope
from config.standins.wechat import WeChatStandIn
from tests.campaigns.customers.conftest import Phone
from tests.support.cast import AT, Cast, hired
from tests.support.jobs import run as run_jobs

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "bank_marketing" / "bank-full.csv"

HEADER = ";".join(f'"{name}"' for name in COLUMNS)
FIRST = (
    '58;"management";"married";"tertiary";"no";2143;"yes";"no";"unknown";5;"may";261;1;-1;0;"unknown";"no"'
)
SECOND = (
    '44;"technician";"single";"secondary";"no";-29;"yes";"no";"unknown";5;"may";151;1;-1;0;"unknown";"yes"'
)


def written(path: Path, *lines: str, header: str = HEADER, end: str = "\n") -> Path:
    path.write_text(end.join([header, *lines]) + end, encoding="utf-8")
    return path


def imported(path: Path, tmp_path: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("import_customers", str(path), refused=tmp_path / "refused.csv", stdout=out, **options)
    return out.getvalue().rpartition(";")[0]


def refused(tmp_path: Path) -> list[list[str]]:
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def count(cast: Cast) -> int:
    with cast.ho_administrator.scope():
        return Customer.objects.count()


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_each_row_becomes_a_customer_of_a_branch_that_serves_customers(cast: Cast, tmp_path: Path) -> None:
    said = imported(written(tmp_path / "bank.csv", FIRST, SECOND), tmp_path)
    assert said == "2 new, 0 changed, 0 unchanged, 0 refused"
    with cast.ho_administrator.scope() as scope:
        first = customers_known_by(scope=scope, words=number_of(source="bank", row=1)).get()
        assert first.attributes == {
            "age": 58, "job": "management", "marital": "married", "education": "tertiary", "default": "no",
            "balance": 2143, "housing": "yes", "loan": "no", "contact": "unknown", "day": 5, "month": "may",
            "duration": 261, "campaign": 1, "pdays": -1, "previous": 0, "poutcome": "unknown", "y": "no",
        }  # fmt: skip
        assert first.branch.code in {"NB", "SB"}
        assert first.number_tail == "0001"
        assert (first.source, first.status) == ("bank", "active")
        assert sorted(i.kind for i in Identity.objects.filter(customer=first)) == [
            "customer_number",
            "unionid",
        ]
        assert CustomerKey.objects.filter(customer=first).exists()
        event = first.events.get()
        assert event.pgh_context == {"kind": "system", "cause": "import_customers"}
        entry = Entry.objects.get(verb="customers.customer.import")
        counted = {name: entry.detail[name] for name in ("new", "changed", "unchanged", "refused")}
        assert counted == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
        assert entry.actor == "system:import_customers"


def test_a_second_run_changes_nothing_and_a_changed_row_changes_one(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "bank.csv", FIRST, SECOND)
    imported(path, tmp_path)
    with cast.ho_administrator.scope():
        before = {c.pk: (c.branch_id, c.attributes) for c in Customer.objects.all()}
    assert imported(path, tmp_path) == "0 new, 0 changed, 2 unchanged, 0 refused"
    with cast.ho_administrator.scope():
        assert {c.pk: (c.branch_id, c.attributes) for c in Customer.objects.all()} == before
    written(path, FIRST.replace("2143", "9999"), SECOND, SECOND)
    assert imported(path, tmp_path) == "1 new, 1 changed, 1 unchanged, 0 refused"
    with cast.ho_administrator.scope():
        assert Customer.objects.filter(attributes__balance=9999).count() == 1


def test_more_rows_than_a_chunk_are_all_there(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.customers.imports.lots.LOT", 3)
    path = written(tmp_path / "bank.csv", *[FIRST.replace("58", str(age), 1) for age in range(20, 30)])
    assert imported(path, tmp_path).startswith("10 new")
    with cast.ho_administrator.scope():
        ages = Customer.objects.filter(source="bank").values_list("attributes__age", flat=True)
        assert sorted(ages) == list(range(20, 30))


def test_a_row_that_cannot_be_is_told_with_its_line_and_reason_and_keeps_its_place(
    cast: Cast, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "bank.csv",
        FIRST,
        FIRST.replace("58", "old", 1),
        FIRST + ";1",
        FIRST.replace('"management"', '""'),
        FIRST.replace("2143", "99999999999"),
        FIRST.replace('"may"', '"=cmd|1\x07"'),
        FIRST.replace('"may"', '"m"ay"'),
        "",
        SECOND,
    )
    assert imported(path, tmp_path) == "2 new, 0 changed, 0 unchanged, 6 refused"
    assert [(line, column, code) for line, column, code, *_rest in refused(tmp_path)] == [
        ("3", "age", "number"),
        ("4", "", "columns"),
        ("5", "job", "text"),
        ("6", "balance", "number"),
        ("7", "month", "text"),
        ("8", "", "quotes"),
    ]
    # As it stood, ready to be corrected; and nothing that a spreadsheet would run.
    assert refused(tmp_path)[0][4:6] == ["old", "management"]
    assert refused(tmp_path)[4][14] == "'=cmd|1\x07", refused(tmp_path)[4]
    with cast.ho_administrator.scope() as scope:
        # A corrected file finds the same people again: a row is known by its place.
        assert (
            customers_known_by(scope=scope, words=number_of(source="bank", row=9)).get().attributes["age"]
            == 44
        )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"age;job\n58;x\n", "at least one column"),
        (HEADER.encode() + b"\n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "Line 3 is not text"),
        (f"{HEADER}\n{FIRST}\n".encode() + b"\x00\n", "Line 3 is not text"),
        (f"{HEADER}\n{FIRST}\n".encode() + b"\xff\xfe;\n", "Line 3 is not text"),
        (f'{HEADER}\n{FIRST}\n58;"management\n{SECOND}\n'.encode(), "quote in line 3 is never closed"),
        (f"{HEADER}\n{FIRST}\n".encode() + b"x" * 2_000_000, "Line 3 is longer"),
    ],
)
def test_a_broken_file_is_refused_in_words_and_changes_nothing(
    cast: Cast, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "bank.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        imported(path, tmp_path)
    assert count(cast) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["bank.csv"]


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_path_that_is_no_file_is_refused_in_words(cast: Cast, tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="Cannot open the file"):
        imported(tmp_path / name, tmp_path, source="bank")


def test_the_same_row_is_the_same_person_and_another_source_another(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "bank.csv", FIRST)
    assert imported(path, tmp_path, source="one").startswith("1 new")
    assert imported(path, tmp_path, source="two").startswith("1 new")
    assert imported(path, tmp_path, source="one").startswith("0 new, 0 changed, 1 unchanged")
    with pytest.raises(CommandError, match="cannot name a source"):
        imported(path, tmp_path, source="Two Words")


def test_an_erased_customer_does_not_come_back(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "bank.csv", FIRST, SECOND)
    imported(path, tmp_path)
    with cast.ho_administrator.scope() as scope:
        gone = customers_known_by(scope=scope, words=number_of(source="bank", row=1)).get()
    with system_scope(at=AT, cause="test") as scope:
        erase_customer(scope=scope, customer_id=gone.pk, why="来信")
    assert imported(path, tmp_path) == "0 new, 0 changed, 1 unchanged, 1 refused"
    assert [(line, code) for line, _column, code, *_rest in refused(tmp_path)] == [("2", "erased")]


def test_an_imported_customer_logs_in_through_wechat(
    cast: Cast, tmp_path: Path, wechat: WeChatStandIn, phone: Phone
) -> None:
    imported(written(tmp_path / "bank-full.csv", FIRST, SECOND), tmp_path)
    answer = phone.log_in(f"demo-{unionid_of(source='bank-full', row=2)}")
    assert answer.status_code == 200
    assert answer.json()["customer"]["number"] == "****0002"


@pytest.mark.parametrize(
    ("name", "source"),
    [("bank-full.csv", "bank-full"), ("Kunden 2026.CSV", "kunden-2026"), ("a", "a"), ("客户.csv", "")],
)
def test_a_source_is_named_after_its_file(name: str, source: str) -> None:
    assert source_of(name) == source


def by_page(cast: Cast, path: Path) -> dict[str, Any]:
    """The four steps of the pages, with workers beside them; what the last one says of the file."""
    files = "/admin/customers/customerfile/"
    asks, confirms = Client(), Client()
    asks.force_login(cast.ho_administrator.login)
    confirms.force_login(hired(cast, "administrator", "HO", "second").login)
    with path.open("rb") as file:
        columns = asks.post(f"{files}add/", {"file": file, "source": ""})["Location"]
    page = columns.removesuffix("columns/")
    fields = asks.get(columns).context["fields"]
    assert [field["heading"] for field in fields] == list(COLUMNS)
    chosen = {f"column_{field['number']}": field["target"] for field in fields}
    assert asks.post(columns, chosen | {"by_row": "on", "home": SPREAD}).status_code == 302
    work()
    assert "data-of-run" not in (verdicts := asks.get(f"{page}change/").content.decode())
    asks.post(f"{page}apply/")
    assert f"{page}confirm/" not in asks.get(f"{page}change/").content.decode()
    assert f"{page}confirm/" in confirms.get(f"{page}change/").content.decode()
    confirms.post(f"{page}confirm/")
    assert asks.get(f"{page}progress/").json()["is_over"] is False
    work()
    told = asks.get(f"{page}progress/").json()
    assert (told["is_over"], told["done"]) == (True, told["total"])
    done = asks.get(f"{page}change/")
    assert f"{page}undo/" in done.content.decode() and f"{page}apply/" in verdicts
    return dict(done.context["file"].counts)


def work() -> None:
    while run_jobs(AT + timedelta(hours=2)):
        pass


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.exists(), reason="the shared folder of real files is absent")
def test_every_customer_of_the_real_file_comes_in_once_by_page_and_by_command(
    cast: Cast, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    with REAL.open(newline="") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    assert len(lines) == 45_211

    def demand_all(source: str) -> None:
        with cast.ho_administrator.scope(), connection.cursor() as cursor:
            for column in COLUMNS:
                cursor.execute(
                    "SELECT attributes ->> %s, count(*) FROM customers_customer WHERE source = %s GROUP BY 1",
                    [column, source],
                )
                assert dict(cursor.fetchall()) == dict(Counter(line[column] for line in lines)), column
            homes = Counter(Customer.objects.filter(source=source).values_list("branch__code", flat=True))
            assert set(homes) == {"NB", "SB"}
            # By hash: even within four standard deviations.
            assert abs(homes["NB"] - homes["SB"]) < 4 * 45_211**0.5
            assert Identity.objects.filter(source=source).count() == 2 * 45_211
        with cast.sb_manager.scope():
            assert set(Customer.objects.values_list("branch__code", flat=True)) == {"SB"}

    assert by_page(cast, REAL) == {"new": len(lines), "changed": 0, "same": 0, "refused": 0}
    demand_all("bank-full")
    # Whoever came in by one door is known at the other.
    assert imported(REAL, tmp_path) == f"0 new, 0 changed, {len(lines)} unchanged, 0 refused"
    assert imported(REAL, tmp_path, source="again") == f"{len(lines)} new, 0 changed, 0 unchanged, 0 refused"
    demand_all("again")
