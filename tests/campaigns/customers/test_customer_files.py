"""Files of customers with columns of their own: judged, carried out by a second person's word, taken back."""

import csv
import io
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.translation import override
from openpyxl import Workbook

from campaigns.audit.models import Entry
from campaigns.customers.import_selectors import refused_csv, rows_of
from campaigns.customers.imports.lots import path_of
from campaigns.customers.imports.mapping import Columns
from campaigns.customers.imports.refusals import (
    ColumnsMissing,
    ColumnTwice,
    FileSettled,
    NothingToDo,
    SecondPersonNeeded,
    UndoTooLate,
)
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
from campaigns.customers.rights_models import Tombstone
from campaigns.customers.selectors import customer_by_identity, lookup_of
from campaigns.customers.services import import_runs, imports
from campaigns.customers.services.customers import add_customer
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.selectors import unread
from campaigns.notices.sentences import words_of
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT, Cast, Player, hired

HEADINGS = ("客户号", "手机号", "机构号", "年龄", "职业", "标签", "理财偏好")
ROWS = [
    ("C-10000001", "13800000001", "NB", "41", "teacher", "gold;vip", "是"),
    ("C-10000002", "+86 139-0000-0002", "SB", "", "", "", ""),
    ("C-10000003", "", "NB", "20", "student", "vip", "否"),
]


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def words(cast: Cast) -> dict[str, int]:
    """Attributes and tags that files may speak of; tags: code -> id."""
    with cast.ho_administrator.scope():
        for code, name, kind in (("age", "年龄", "number"), ("job", "职业", "text")):
            Attribute.objects.update_or_create(code=code, defaults={"name": name, "kind": kind})
        category = TagCategory.objects.create(code="files", name="导入", owner=cast.branch["HO"])
        return {
            code: Tag.objects.create(code=code, category=category, name=name, kind=kind).pk
            for code, name, kind in (
                ("gold", "金卡", "imported"),
                ("vip", "贵宾", "manual"),
                ("fixed", "理财偏好", "imported"),
            )
        }


def text_of(*rows: Any, headings: Any = HEADINGS) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([headings, *rows])
    return written.getvalue().encode("gb18030")


def taken(scope: Scope, raw: bytes, *, source: str = "core", name: str = "客户.csv") -> CustomerFile:
    return imports.take_file(scope=scope, file=BytesIO(raw), name=name, source=source)


def judged(scope: Scope, raw: bytes, *, source: str = "core", **more: Any) -> CustomerFile:
    file = taken(scope, raw, source=source)
    columns = Columns.from_json(file.mapping | more)
    imports.choose_columns(scope=scope, file_id=file.pk, columns=columns)
    return import_runs.judge_file(scope=scope, file_id=file.pk)


def applied(scope: Scope, file: CustomerFile) -> CustomerFile:
    imports.ask_apply(scope=scope, file_id=file.pk)
    while not import_runs.apply_next(scope=scope, file_id=file.pk).is_over:
        pass
    file.refresh_from_db()
    return file


def undone(scope: Scope, file: CustomerFile) -> CustomerFile:
    CustomerFile.objects.filter(pk=file.pk).update(state="undoing")
    while not import_runs.undo_next(scope=scope, file_id=file.pk).is_over:
        pass
    file.refresh_from_db()
    return file


def refusals(scope: Scope, file: CustomerFile) -> list[tuple[int, str, str]]:
    rows = rows_of(scope=scope, file=file, kinds=("refused",), start=0, many=100)
    return [(row.line, row.column, row.code) for row in rows]


def known(number: str) -> Customer:
    found = customer_by_identity(kind="customer_number", value=number)
    assert found is not None, number
    return Customer.objects.get(pk=found.customer_id)


def table(*names: str) -> dict[str, list[Any]]:
    """All rows of these tables, as text, so that before and after can be compared."""
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SELECT (to_jsonb(t) - 'attributes_at')::text FROM {name} t ORDER BY 1")
            found[name] = [row[0] for row in cursor.fetchall()]
    return found


THEIRS = ("customers_customer", "customers_customerkey", "customers_identity", "customers_profile")


def test_columns_are_guessed_rows_judged_customers_written_and_the_second_time_says_the_same(
    cast: Cast, words: dict[str, int]
) -> None:
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, text_of(*ROWS))
        assert file.mapping["columns"] == [
            "customer_number", "phone", "branch", "attribute:age", "attribute:job", "tags", "tag:fixed"
        ]  # fmt: skip
        assert (file.rows, file.counts) == (3, {"new": 3, "changed": 0, "same": 0, "refused": 0})
        assert Customer.objects.count() == 3, "judging changes nothing"
        applied(scope, file)
        assert (file.state, file.counts["new"]) == ("applied", 3)
        first, second = known("C-10000001"), known("C-10000002")
        assert first.attributes == {"age": 41, "job": "teacher"}
        assert (first.branch.code, first.number_tail, first.source) == ("NB", "0001", "core")
        assert second.attributes == {} and second.branch.code == "SB"
        assert customer_by_identity(kind="phone", value="+8613900000002").customer_id == second.pk  # type: ignore[union-attr]
        assert Profile.objects.get(pk=first.pk).tag_ids == sorted(words.values())
        assert not Profile.objects.filter(pk=second.pk).exists()
        assert CustomerKey.objects.filter(customer_id__in=[first.pk, second.pk]).count() == 2
        again = judged(scope, text_of(*ROWS))
        assert again.mapping == file.mapping and again.counts["same"] == 3
        with pytest.raises(NothingToDo):
            imports.ask_apply(scope=scope, file_id=again.pk)
        entry = Entry.objects.get(verb="customers.customer.import")
        assert entry.detail["new"] == 3 and entry.actor == scope.actor
        (given,) = Entry.objects.filter(verb="customers.tag.give")
        assert given.subject.endswith(str(file.pk))
        assert given.detail == {"lot": 0, "tags": {"fixed": 1, "gold": 1, "vip": 2}}
    path = path_of(file.pk)
    assert path.exists() and b"13800000001" not in path.read_bytes()


def test_what_is_known_changes_and_a_new_identity_is_added_to_the_person(
    cast: Cast, words: dict[str, int]
) -> None:
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*ROWS)))
        changed = [
            ("C-10000001", "13800000001", "SB", "42", "", "gold", ""),  # known: keeps home and job
            ("C-10000002", "13900000002", "", "", "", "", ""),  # the same, said otherwise
            ("C-10000003", "13700000003", "NB", "20", "", "", ""),  # a phone that nobody had
            ("", "13700000009", "NB", "33", "", "", "是"),  # new, known by a phone alone
        ]
        file = judged(scope, text_of(*changed))
        assert file.counts == {"new": 1, "changed": 2, "same": 1, "refused": 0}
        applied(scope, file)
        first = known("C-10000001")
        assert (first.attributes, first.branch.code) == ({"age": 42, "job": "teacher"}, "NB")
        owner = customer_by_identity(kind="phone", value="+8613700000003")
        assert owner is not None and owner.customer_id == known("C-10000003").pk
        newcomer = customer_by_identity(kind="phone", value="+8613700000009")
        assert newcomer is not None
        assert Customer.objects.get(pk=newcomer.customer_id).number_tail == ""


def test_every_reason_names_its_line_and_column_and_nothing_of_the_row_is_written(
    cast: Cast, words: dict[str, int]
) -> None:
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*ROWS)))
        Customer.objects.filter(pk=known("C-10000003").pk).update(status="erased")
        before = table(*THEIRS)
        rows = [
            ("C-10000001", "13900000002", "NB", "", "", "", ""),  # two different customers
            ("C-10000003", "", "NB", "1", "", "", ""),  # erased
            ("C-20000001", "12345", "NB", "", "", "", ""),
            ("C-20000002", "", "XX", "", "", "", ""),
            ("C-20000003", "", "NC", "", "", "", ""),  # a city branch has no customers
            ("C-20000004", "", "", "", "", "", ""),  # no home
            ("C-20000005", "", "NB", "old", "", "", ""),
            ("C-20000006", "", "NB", "", "", "platinum", ""),
            ("C-20000007", "", "NB", "", "", "", "maybe"),
            ("", "", "NB", "7", "", "", ""),  # nobody
            ("1.23E+11", "", "NB", "", "", "", ""),
            ("C-20000008", "", "NB", "", "", "", "", "more"),
            ("C-20000009", "13811111111", "NB", "", "", "", ""),
            ("C-20000010", "13811111111", "NB", "", "", "", ""),  # the same phone as the row above
        ]
        file = judged(scope, text_of(*rows))
        assert refusals(scope, file) == [
            (2, "", "conflict"), (3, "", "erased"), (4, "手机号", "phone"), (5, "机构号", "branch"),
            (6, "机构号", "branch"), (7, "", "no_home"), (8, "年龄", "number"), (9, "标签", "tag"),
            (10, "理财偏好", "flag"), (11, "", "nobody"), (12, "客户号", "rounded"), (13, "", "columns"),
            (15, "", "twice"),
        ]  # fmt: skip
        assert file.counts == {"new": 1, "changed": 0, "same": 0, "refused": 13}
        assert table(*THEIRS) == before
        written = list(refused_csv(scope=scope, file=file))
        assert len(written) == 14 and written[1][4:6] == ["C-10000001", "13900000002"]


def test_the_same_person_far_apart_in_the_file_counts_once(
    cast: Cast, words: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.customers.imports.lots.LOT", 2)
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*ROWS)))
        rows = [
            ("C-30000001", "13800000031", "NB", "1", "", "", ""),
            ("C-10000001", "", "", "50", "", "", ""),
            ("C-30000002", "", "NB", "2", "", "", ""),
            ("C-30000003", "13800000031", "NB", "3", "", "", ""),  # the phone of the first, two lots on
            ("", "13800000001", "", "60", "", "", ""),  # the second one by another name
        ]
        file = judged(scope, text_of(*rows))
        assert refusals(scope, file) == [(5, "", "twice"), (6, "", "twice")]
        applied(scope, file)
        assert file.counts == {"new": 2, "changed": 1, "same": 0, "refused": 2}
        assert known("C-10000001").attributes["age"] == 50


def test_what_happened_since_a_file_was_judged_counts(cast: Cast, words: dict[str, int]) -> None:
    """Somebody came to be known in another way, and somebody was erased: both were new when it was judged."""
    nb, ho = cast.branch["NB"], cast.ho_administrator
    with ho.scope() as scope:
        file = judged(scope, text_of(*ROWS))
        assert file.counts["new"] == 3
        imports.ask_apply(scope=scope, file_id=file.pk)
    with system_scope(at=AT, cause="test") as system:
        add_customer(scope=system, branch_id=nb.pk, number="C-10000001", source="counter")
    with ho.scope() as scope:
        assert import_runs.apply_next(scope=scope, file_id=file.pk).done == 3
        lot = FileLot.objects.get(file=file)
        assert (bytes(lot.verdicts), len(lot.made), len(lot.prints)) == (b"cnn", 2, 2)
        assert known("C-10000001").attributes["age"] == 41

        later = judged(
            scope,
            text_of(("C-20000001", "", "NB", "1", "", "", ""), ("C-20000002", "", "NB", "2", "", "", "")),
        )
        imports.ask_apply(scope=scope, file_id=later.pk)
        lookup = lookup_of(kind="customer_number", value="C-20000001")
        Tombstone.objects.create(lookup=lookup, erased_at=AT)
        import_runs.apply_next(scope=scope, file_id=later.pk)
        assert bytes(FileLot.objects.get(file=later).verdicts) == b"rn"
        assert refusals(scope, later) == [(2, "", "erased")]


def test_a_file_may_only_touch_customers_of_the_tree_it_was_loaded_for(
    cast: Cast, words: dict[str, int]
) -> None:
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*ROWS)))
    north = hired(cast, "administrator", "N")
    with north.scope() as scope:
        rows = [ROWS[0], ("C-10000002", "", "NB", "99", "", "", ""), ("C-9", "", "SB", "", "", "", "")]
        file = judged(scope, text_of(*rows))
        assert refusals(scope, file) == [(3, "", "elsewhere"), (4, "机构号", "branch")]
    with cast.sb_manager.scope() as scope:
        with pytest.raises(NotAllowed):
            taken(scope, text_of(*ROWS))
        with pytest.raises(NotFound):
            rows_of_absent(scope, file)


def rows_of_absent(scope: Scope, file: CustomerFile) -> None:
    from campaigns.customers.import_selectors import file_in_scope

    file_in_scope(scope=scope, file_id=file.pk)


def test_undo_gives_everything_back_but_what_was_changed_since_or_hangs_on_it(
    cast: Cast, words: dict[str, int]
) -> None:
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*ROWS)))
        before = table(*THEIRS)
        rows = [
            ("C-10000001", "13500000001", "", "77", "", "gold", ""),
            ("C-10000003", "", "", "21", "nurse", "gold", ""),
            ("C-40000001", "", "NB", "1", "", "vip", ""),
            ("C-40000002", "", "SB", "2", "", "", ""),
        ]
        file = applied(scope, judged(scope, text_of(*rows)))
        assert table(*THEIRS) != before
        undone(scope, file)
        # A phone, two ages, a job and a tag.
        assert file.counts["removed"] == 2 and file.counts["restored"] == 5
        now = table(*THEIRS)
        # An ended tag leaves its profile behind, and an identity of its own time is gone.
        assert {k: v for k, v in now.items() if k != "customers_profile"} == {
            k: v for k, v in before.items() if k != "customers_profile"
        }
        assert Profile.objects.get(pk=known("C-10000003").pk).tag_ids == [words["vip"]]
        # Once more, and this time the world goes on in between.
        file = applied(scope, judged(scope, text_of(*rows)))
        touched, hung = known("C-40000001"), known("C-40000002")
        Customer.objects.filter(pk=touched.pk).update(attributes={"age": 2})
        Customer.objects.filter(pk=known("C-10000003").pk).update(attributes={"age": 21, "job": "doctor"})
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO customers_stagechange (customer_id, branch_id, branch_pos, at, was, became)"
                " VALUES (%s, %s, %s, %s, '', 'new')",
                [hung.pk, hung.branch_id, hung.branch_pos, AT],
            )
        undone(scope, file)
        assert (file.counts["removed"], file.counts["stayed"], file.counts["changed_since"]) == (0, 2, 1)
        assert known("C-10000003").attributes == {"age": 20, "job": "doctor"}
        assert {touched.pk, hung.pk} <= set(Customer.objects.values_list("pk", flat=True))
        with pytest.raises(FileSettled):
            imports.ask_undo(scope=scope, file_id=file.pk)


def test_undo_is_over_after_a_day_and_then_the_content_goes(cast: Cast, words: dict[str, int]) -> None:
    with cast.ho_administrator.scope() as scope:
        file = applied(scope, judged(scope, text_of(*ROWS)))
        assert not imports.delete_content(scope=scope, file_id=file.pk)
    with cast.ho_administrator.scope(at=AT + timedelta(days=1)) as scope:
        with pytest.raises(UndoTooLate):
            imports.ask_undo(scope=scope, file_id=file.pk)
        assert imports.delete_content(scope=scope, file_id=file.pk)
        assert not path_of(file.pk).exists()
        assert FileLot.objects.filter(file=file).values_list("made", "before").get() == ([], b"")
        file.refresh_from_db()
        assert rows_of(scope=scope, file=file, kinds=("new",), start=0, many=9) == []


def test_a_large_file_needs_a_second_person(cast: Cast, words: dict[str, int], settings: Any) -> None:
    settings.IMPORT_ALONE_AT_MOST = 2
    other = hired(cast, "administrator", "HO", "second")
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, text_of(*ROWS))
        imports.ask_apply(scope=scope, file_id=file.pk)
        file.refresh_from_db()
        assert file.state == "waiting" and file.job_id is None
        with pytest.raises(SecondPersonNeeded):
            imports.confirm_apply(scope=scope, file_id=file.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            CustomerFile.objects.filter(pk=file.pk).update(confirmed_by_id=file.asked_by_id)
        with pytest.raises(IntegrityError), transaction.atomic():
            CustomerFile.objects.filter(pk=file.pk).update(state="applying")
    with other.scope() as scope:
        imports.confirm_apply(scope=scope, file_id=file.pk)
        file.refresh_from_db()
        assert (file.state, file.confirmed_by) == ("applying", "second") and file.job_id


def test_who_may_confirm_is_told_once_and_who_asked_hears_what_came_of_it(
    cast: Cast, words: dict[str, int], settings: Any
) -> None:
    settings.IMPORT_ALONE_AT_MOST = 2
    other, third = (hired(cast, "administrator", "HO", name) for name in ("second", "third"))
    gone = hired(cast, "administrator", "HO", "gone")
    with system_scope(at=AT, cause="test"):
        Login.objects.filter(pk=gone.login.pk).update(is_active=False)

    def told(player: Player, *, minutes: int = 0) -> list[str]:
        with player.scope(at=AT + timedelta(minutes=minutes)) as scope, override("zh-hans"):
            return [words_of(code=n.code, args=n.args, subject=n.subject) for n in unread(scope=scope)]

    waits = "客户文件“客户.csv”（共 3 条）等待您复核，提交人：ho_administrator。"
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, text_of(*ROWS))
        imports.ask_apply(scope=scope, file_id=file.pk)
    assert told(other) == told(third) == [waits]
    with system_scope(at=AT, cause="test"):
        Login.objects.filter(pk=gone.login.pk).update(is_active=True)
    nobody = (cast.ho_administrator, cast.ho_auditor, cast.nb_manager, gone)
    assert [told(each) for each in nobody] == [[]] * len(nobody)
    with other.scope() as scope:
        imports.send_back(scope=scope, file_id=file.pk)
    assert told(cast.ho_administrator) == ["second未通过客户文件“客户.csv”的复核。"] and told(third) == []
    with cast.ho_administrator.scope(at=AT + timedelta(minutes=1)) as scope:
        imports.ask_apply(scope=scope, file_id=file.pk)
    assert told(third, minutes=1) == [waits]
    with third.scope(at=AT + timedelta(minutes=2)) as scope:
        imports.confirm_apply(scope=scope, file_id=file.pk)
    assert told(cast.ho_administrator, minutes=2)[0] == "third已复核通过客户文件“客户.csv”，正在执行。"
    assert told(other, minutes=2) == []
    with third.scope() as scope, pytest.raises(FileSettled):
        imports.confirm_apply(scope=scope, file_id=file.pk)
    assert len(told(cast.ho_administrator, minutes=2)) == 2


def test_columns_that_name_nobody_or_stand_twice_are_refused(cast: Cast, words: dict[str, int]) -> None:
    with cast.ho_administrator.scope() as scope:
        file = taken(scope, text_of(*ROWS))
        for columns in (
            {"columns": ["", "", "branch"]},
            {"columns": ["phone"]},
            {"columns": ["phone", "branch", *[""] * 6, "phone"]},
            {"columns": ["phone", "attribute:nothing", "branch"]},
            {"columns": ["phone"], "home": "NC"},
        ):
            with pytest.raises(ColumnsMissing):
                imports.choose_columns(scope=scope, file_id=file.pk, columns=Columns.from_json(columns))
        twice = Columns.from_json({"columns": ["", "phone", "branch", "phone"]})
        with pytest.raises(ColumnTwice) as refused:
            imports.choose_columns(scope=scope, file_id=file.pk, columns=twice)
        assert f"“{HEADINGS[1]}”列和“{HEADINGS[3]}”列" in refused.value.detail("zh")


def test_a_workbook_says_the_same_as_a_csv(cast: Cast, words: dict[str, int]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["客户一览"])
    sheet.append(HEADINGS)
    for row in ROWS:
        sheet.append(row)
    raw = BytesIO()
    book.save(raw)
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, raw.getvalue())
        assert (file.form, file.headings, file.counts["new"]) == ("xlsx", 2, 3)


def test_the_four_steps_in_the_admin(cast: Cast, words: dict[str, int]) -> None:
    client = logged_in(cast.ho_administrator)
    raw = text_of(*ROWS, ("C-10000009", "12", "NB", "", "", "", "")) + b'C-10000010,,NB,,,,"ye"s\r\n'
    upload = BytesIO(raw)
    upload.name = "core 2026.csv"
    answer = client.post("/admin/customers/customerfile/add/", {"file": upload, "source": ""})
    assert answer.status_code == 302, answer.content.decode()
    with cast.ho_administrator.scope() as scope:
        file = CustomerFile.objects.get()
        assert file.source == "core-2026"
        page = f"/admin/customers/customerfile/{file.pk}/"
        shown = client.get(f"{page}columns/").content.decode()
        assert "C-10000001" in shown and "客户号" in shown
        form = {f"column_{n}": target for n, target in enumerate(file.mapping["columns"])}
        assert client.post(f"{page}columns/", form).status_code == 302
        file.refresh_from_db()
        assert file.state == "judging"
        import_runs.judge_file(scope=scope, file_id=file.pk)
        answer = client.get(f"{page}change/")
        assert answer.status_code == 200, answer.headers
        shown = answer.content.decode()
        assert '<td class="is-bad">12</td>' in shown and "手机号" in shown
        # What cannot be taken apart is no content of the first column.
        assert shown.count("<td colspan=") == 1 and shown.count('class="is-bad"') == 1
        assert client.post(f"{page}apply/").status_code == 302
        while not import_runs.apply_next(scope=scope, file_id=file.pk).is_over:
            pass
        shown = client.get(f"{page}change/").content.decode()
        assert f"{page}undo/" in shown
        refused = b"".join(client.get(f"{page}refused/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert "C-10000009" in refused
        listed = client.get("/admin/customers/customerfile/").content.decode()
        assert 'href="/admin/customers/customerfile/add/"' in listed, "a list with rows says where to add one"


def logged_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def test_who_was_added_by_hand_is_found_by_the_file(cast: Cast, words: dict[str, int]) -> None:
    with system_scope(at=AT, cause="test") as scope:
        add_customer(scope=scope, branch_id=cast.branch["NB"].pk, number="C-50000001", unionid="u-5")
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, text_of(("C-50000001", "13600000005", "", "5", "", "", "")))
        applied(scope, file)
        assert Identity.objects.filter(customer=known("C-50000001")).count() == 3
