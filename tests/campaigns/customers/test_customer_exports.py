"""Customers given out as a file: masked, marked, confirmed by a second person, noted."""

import csv
import io
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from campaigns.audit.models import Entry
from campaigns.customers.imports.refusals import (
    ColumnsUnknown,
    ExportSettled,
    NobodyToExport,
    OtherPersonNeeded,
    ReasonNeeded,
)
from campaigns.customers.models import Attribute, Customer, CustomerExport
from campaigns.customers.services import exports
from campaigns.jobs.long_models import Job
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.selectors import unread
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.leaving import leave
from tests.support.cast import AT, Cast, Player, hired


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


COLUMNS = ["number", "branch", "status", "identity:unionid", "attribute:job"]


@pytest.fixture(autouse=True)
def words(cast: Cast) -> None:
    with cast.ho_administrator.scope():
        Attribute.objects.create(code="job", name="职业", kind="text")
        Attribute.objects.create(code="illness", name="病史", kind="text", is_sensitive=True)
        Customer.objects.filter(pk=str(cast.customers["nb"].customer.pk)).update(
            attributes={"job": "=cmd|' /C calc'!A0", "illness": "asthma"}
        )


def asked(scope: Scope, **more: Any) -> CustomerExport:
    given: dict[str, Any] = {"form": "csv", "asks": {}, "columns": COLUMNS} | more
    return exports.ask_export(scope=scope, **given)


def written(export: CustomerExport, scope: Scope) -> CustomerExport:
    exports.write_step(scope=scope, job=Job.objects.get(pk=export.job_id))
    export.refresh_from_db()
    return export


def lines_of(export: CustomerExport) -> list[list[str]]:
    text = exports.path_of(export_id=export.pk).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def told(player: Player) -> list[tuple[str, str, str]]:
    with player.scope() as scope:
        mine = [n for n in unread(scope=scope) if n.code.startswith("customers.")]
        return [(n.code, n.args["title"], n.args["rows"]) for n in mine]


def test_a_file_holds_the_branches_own_customers_masked_marked_and_harmless(cast: Cast) -> None:
    with cast.nb_manager.scope() as scope:
        export = written(asked(scope), scope)
        mark, headings, *rows, end = lines_of(export)
        assert mark == end and "nb_manager" in mark[0] and str(export) in mark[0] and "已脱敏" in mark[0]
        assert headings == ["客户号", "机构", "状态", "微信 unionid", "职业"]
        assert [row[:2] for row in rows] == [["****0001", "北城中山路支行"], ["****0002", "北城中山路支行"]]
        assert rows[0][3:] == ["********", "'=cmd|' /C calc'!A0"]
        done, path = exports.take_export(scope=scope, export_id=export.pk)
        assert done.rows == 2 and path.stat().st_mode & 0o077 == 0
        verbs = Entry.objects.filter(subject=f"customers.customerexport:{export.pk}").order_by("id")
        assert [entry.verb.rpartition(".")[2] for entry in verbs] == ["ask", "finish", "download"]
    with cast.sb_manager.scope() as scope, pytest.raises(NotFound):
        exports.take_export(scope=scope, export_id=export.pk)
    with cast.ho_administrator.scope() as scope, pytest.raises(ExportSettled):
        exports.take_export(scope=scope, export_id=export.pk)  # seen, but not theirs to take
    with cast.nb_manager.scope(at=AT + timedelta(days=2)) as scope:
        assert exports.delete_export(scope=scope, export_id=export.pk)
        assert not exports.path_of(export_id=export.pk).exists()
        with pytest.raises(ExportSettled):
            exports.take_export(scope=scope, export_id=export.pk)


def test_in_the_clear_needs_the_right_and_a_reason_and_so_do_sensitive_attributes(cast: Cast) -> None:
    with system_scope(at=AT, cause="test"):
        role = Role.objects.get(code="branch_manager")
        role.verbs = [verb for verb in role.verbs if verb != exports.UNMASK]
        role.save()
    with cast.nb_manager.scope() as scope:
        with pytest.raises(NotAllowed):
            asked(scope, is_unmasked=True, reason="客户来访核对")
        with pytest.raises(ColumnsUnknown):
            asked(scope, columns=["attribute:illness"])
        with pytest.raises(NobodyToExport):
            asked(scope, asks={"branch": "SB"})
    with system_scope(at=AT, cause="test"):
        role = Role.objects.get(code="branch_manager")
        role.verbs = [*role.verbs, exports.UNMASK]
        role.save()
    with cast.nb_manager.scope() as scope:
        with pytest.raises(ReasonNeeded):
            asked(scope, is_unmasked=True)
        more = {"is_unmasked": True, "reason": "客户来访核对", "columns": [*COLUMNS, "attribute:illness"]}
        _mark, _headings, first, *_rest = lines_of(written(asked(scope, **more), scope))
        assert first == ["N-nb-000001", "北城中山路支行", "有效", "union-nb", "'=cmd|' /C calc'!A0", "asthma"]


def test_many_customers_need_a_second_person_and_the_file_stays_the_first_ones(
    cast: Cast, settings: Any
) -> None:
    settings.EXPORT_ALONE_AT_MOST = 1
    with cast.nb_manager.scope() as scope:
        export = asked(scope, form="xlsx")
        assert (export.state, export.job_id) == ("waiting", None)
        with pytest.raises(OtherPersonNeeded):
            exports.confirm_export(scope=scope, export_id=export.pk)
        assert told(cast.nb_manager) == []
    # Whoever may decide there and above; a relationship manager gives no files out, another branch's is elsewhere.
    assert [told(cast.play(name)) for name in ("ho_administrator", "ho_auditor", "nb_clerk", "sb_manager")] == [
        [("customers.waiting", str(export), "2")], [], [], []
    ]  # fmt: skip
    with cast.ho_administrator.scope() as scope:
        exports.confirm_export(scope=scope, export_id=export.pk)
        export.refresh_from_db()
        written(export, scope)
        # Head office reaches further; the file does not.
        assert export.rows == 2
        with pytest.raises(ExportSettled):
            exports.take_export(scope=scope, export_id=export.pk)
    book = load_workbook(BytesIO(exports.path_of(export_id=export.pk).read_bytes()), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 5 and "ho_administrator" in str(rows[0][0]) and rows[-1][0] == rows[0][0]
    assert rows[2][4] == "'=cmd|' /C calc'!A0"
    other = hired(cast, "branch_manager", "NB")
    with cast.nb_manager.scope() as scope:
        second = asked(scope)
    with other.scope() as scope:
        exports.decline_export(scope=scope, export_id=second.pk)
        second.refresh_from_db()
        assert second.state == "declined"
    assert told(cast.ho_administrator) == told(other) == []
    codes = {(code, title) for code, title, _rows in told(cast.nb_manager)}
    assert codes == {("customers.confirmed", str(export)), ("customers.declined", str(second))}
    # In the clear: the second person needs that right, too.
    with system_scope(at=AT, cause="test"):
        role = Role.objects.get(code="administrator")
        role.verbs.remove(exports.UNMASK)
        role.save()
    with cast.nb_manager.scope() as scope:
        asked(scope, is_unmasked=True, reason="核对客户名单")
    assert told(cast.ho_administrator) == [] and len(told(other)) == 1


def test_the_pages_ask_and_hand_the_file_out(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.nb_manager.login)
    page = "/admin/customers/customerexport/"
    assert "职业" in client.get(f"{page}add/").content.decode()
    assert "至少选一列" in client.post(f"{page}add/", {"form": "csv"}).content.decode()
    answer = client.post(f"{page}add/", {"form": "csv", "column": COLUMNS})
    assert answer.status_code == 302
    with cast.nb_manager.scope() as scope:
        export = CustomerExport.objects.get()
        written(export, scope)
        assert str(export) in client.get(f"{page}{export.pk}/change/").content.decode()
        assert str(export) in client.get(page).content.decode()
        answer = client.post(f"{page}{export.pk}/file/")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert "****0001" in b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def test_a_file_that_waits_for_somebody_who_leaves_is_told_to_the_successor(
    cast: Cast, settings: Any
) -> None:
    settings.EXPORT_ALONE_AT_MOST = 1
    leaver = hired(cast, "branch_manager", "NB", "leaver")
    with cast.nb_manager.scope() as scope:
        export = asked(scope)
    successor = hired(cast, "branch_manager", "NB", "successor")
    line = ("customers.waiting", str(export), "2")
    assert (told(leaver), told(successor)) == ([line], [])
    with cast.ho_administrator.scope() as scope:
        done = leave(scope=scope, person_id=leaver.person.pk, successor_id=successor.person.pk)
        assert done["customers: files that wait"] == 1
    # Nobody hears of it twice, and the one who asked hears of it not at all.
    assert [told(each) for each in (successor, cast.nb_manager, cast.ho_administrator)] == [
        [line],
        [],
        [line],
    ]
    with successor.scope() as scope:
        assert unread(scope=scope)[0].args["who"] == "nb_manager"
        exports.decline_export(scope=scope, export_id=export.pk)
