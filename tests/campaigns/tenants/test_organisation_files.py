"""A file of branches loaded, applied and taken back."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from campaigns.audit.models import Entry
from campaigns.customers.models import Customer
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.reviews import Review, review_of
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.branches import add_branch, rename_branch
from campaigns.tenants.services.organisation_files import (
    ColumnsMissing,
    FileSettled,
    choose_columns,
    choose_missing,
    load_file,
)
from campaigns.tenants.services.organisation_trees import NothingToDo, TreeChanged, apply_file
from campaigns.tenants.services.organisation_undo import TouchedSince, UndoTooLate, undo_file
from campaigns.tenants.services.people import add_person
from campaigns.tenants.services.tree import move_branch
from tests.support.cast import AT, Cast
from tests.support.organisation import CAST, csv_of, with_row, workbook_of

WITH_STATE = ("机构代码", "机构名称", "上级机构代码", "层级", "状态")
CHANGES = [
    ("HO", "总行", "", "总行", "营业"),
    ("N", "北方省分行", "HO", "省分行", "营业"),
    ("NC", "北城市分行", "N", "市分行", "营业"),  # another name
    ("NB", "北城中山路支行", "SC", "支行", "营业"),  # moved, with two customers and people
    ("NB2", "北城新街支行", "NC", "支行", "营业"),  # new, below it another new one
    ("NB2A", "新街网点", "NB2", "网点", ""),
    ("S", "南方省分行", "HO", "省分行", "营业"),
    ("SC", "南城分行", "S", "市分行", "营业"),
    ("SB", "南城解放路支行", "SC", "支行", "撤销"),  # people and customers are still there
    ("XX", "无上级支行", "NOWHERE", "支行", "营业"),
]


def loaded(scope: Scope, raw: bytes, *, name: str = "机构.csv") -> tuple[OrganisationFile, Review]:
    file = load_file(scope=scope, name=name, raw=raw)
    return file, review_of(scope=scope, file=file)


def applied(scope: Scope, raw: bytes) -> OrganisationFile:
    file, review = loaded(scope, raw)
    return apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)


def tree() -> dict[str, tuple[Any, ...]]:
    """The whole tree by code, without its positions."""
    fields = ("code", "name", "pinyin", "level", "parent__code", "zone", "is_open", "closed_at", "successor")
    return {row[0]: row for row in Branch.objects.values_list(*fields)}


def stray_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM customers_customer c JOIN tenants_branch b ON b.id = c.branch_id"
            " WHERE b.pos <> c.branch_pos"
        )
        return int(cursor.fetchone()[0])


def test_a_file_is_judged_and_applied_and_the_second_time_says_the_same(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        file, review = loaded(scope, csv_of(CHANGES, headings=WITH_STATE))
        assert {k: review.counts[k] for k in sorted(review.counts)} == {
            "changed": 1,
            "moved": 1,
            "new": 2,
            "refused": 2,
            "same": 4,
        }
        refused = {v.code: v.reason.code for v in review.verdicts if v.reason}
        assert refused == {"SB": "in_use", "XX": "unknown_parent"}
        apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)
        file.refresh_from_db()
        assert file.state == "applied" and file.counts["new"] == 2
        assert [row[:2] + row[3:4] for row in file.refused] == [
            [10, "SB", "in_use"],
            [11, "XX", "unknown_parent"],
        ]
        found = tree()
        assert found["NB"][4] == "SC" and found["NB2A"][4:7] == ("NB2", "Asia/Shanghai", True)
        assert found["NC"][1:3] == ("北城市分行", "beichengshifenhang bcsfh")
        assert found["SB"][6] is True
        assert stray_rows() == 0
        _again, second = loaded(scope, csv_of(CHANGES[:-1], headings=WITH_STATE))
        assert second.changes == 0
        with pytest.raises(NothingToDo):
            applied(scope, csv_of(CAST[:1]))
    with cast.nb_manager.scope() as scope:
        assert cast.branch["SC"].pk in scope.line
        assert Customer.objects.within(scope).count() == 2
    with system_scope(at=AT, cause="test"):
        deeds = Entry.objects.filter(verb__startswith="tenants.branch").order_by("id")
        assert [(e.verb, e.subject_name) for e in deeds] == [
            ("tenants.branch.add", "北城新街支行"),
            ("tenants.branch.add", "新街网点"),
            ("tenants.branch.change", "北城市分行"),
            ("tenants.branch.move", "北城中山路支行"),
        ]
        [whole] = Entry.objects.filter(verb="tenants.organisationfile.import")
        assert (whole.branch_id, whole.detail["moved"]) == (cast.branch["HO"].pk, 1)


def test_undo_gives_back_the_former_tree_and_takes_the_new_branches_away(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        before = tree()
        file = applied(scope, csv_of(CHANGES, headings=WITH_STATE))
        assert tree() != before
    with cast.ho_administrator.scope(at=AT + timedelta(hours=23)) as scope:
        undo_file(scope=scope, file_id=file.pk)
        assert tree() == before
        assert stray_rows() == 0
        file.refresh_from_db()
        assert (file.state, file.counts["removed"], file.counts["kept"]) == ("undone", 2, 0)
        with pytest.raises(FileSettled):
            undo_file(scope=scope, file_id=file.pk)
        assert Entry.objects.filter(verb="tenants.branch.delete").count() == 2
        # And the whole way once more.
        applied(scope, csv_of(CHANGES, headings=WITH_STATE))


def test_a_closed_branch_opens_again_by_undo_or_by_a_file(cast: Cast) -> None:
    new = ("NB9", "北城九号支行", "NC", "支行", "营业")
    with cast.ho_administrator.scope() as scope:
        applied(scope, csv_of([new], headings=WITH_STATE))
        closing = applied(scope, csv_of([(*new[:4], "已撤销")], headings=WITH_STATE))
        branch = Branch.objects.get(code="NB9")
        assert (branch.is_open, branch.closed_at) == (False, AT)
        undo_file(scope=scope, file_id=closing.pk)
        assert Branch.objects.get(code="NB9").is_open
        applied(scope, csv_of([(*new[:4], "已撤销")], headings=WITH_STATE))
        applied(scope, csv_of([new], headings=WITH_STATE))
        assert Branch.objects.get(code="NB9").closed_at is None


def test_what_the_file_leaves_out_closes_only_when_asked(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        applied(scope, csv_of([("NB9", "北城九号支行", "NC", "支行")]))
        file, review = loaded(scope, csv_of(CAST))
        assert review.changes == 0
        choose_missing(scope=scope, file_id=file.pk, close_missing=True)
        file.refresh_from_db()
        review = review_of(scope=scope, file=file)
        assert {v.code: str(v.kind) for v in review.verdicts if v.line == 0} == {"NB9": "closed"}
        apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)
        assert not Branch.objects.get(code="NB9").is_open


def test_a_tree_that_changed_since_the_preview_is_looked_at_again(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        file, review = loaded(scope, csv_of(CHANGES, headings=WITH_STATE))
        rename_branch(scope=scope, branch_id=cast.branch["S"].pk, name="南方分行")
        before = tree()
        with pytest.raises(TreeChanged):
            apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)
        assert tree() == before
        file.refresh_from_db()
        again = review_of(scope=scope, file=file)
        apply_file(scope=scope, file_id=file.pk, fingerprint=again.fingerprint)
        with pytest.raises(FileSettled):
            apply_file(scope=scope, file_id=file.pk, fingerprint=again.fingerprint)
        with pytest.raises(FileSettled):
            choose_missing(scope=scope, file_id=file.pk, close_missing=True)


def test_undo_is_refused_for_what_has_changed_since_and_after_a_day(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        file = applied(scope, csv_of(CHANGES, headings=WITH_STATE))
        before = tree()
    with cast.ho_administrator.scope(at=AT + timedelta(days=1)) as scope, pytest.raises(UndoTooLate):
        undo_file(scope=scope, file_id=file.pk)
    with cast.ho_administrator.scope() as scope:
        new = Branch.objects.get(code="NB2")
        move_branch(scope=scope, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["NC"].pk)
        rename_branch(scope=scope, branch_id=new.pk, name="新街支行")
        with pytest.raises(TouchedSince) as refused:
            undo_file(scope=scope, file_id=file.pk)
        assert refused.value.values["names"] == "北城中山路支行、新街支行"
        assert set(tree()) == set(before)
        assert tree()["NB2"][1] == "新街支行"


def test_undo_keeps_a_new_branch_on_which_something_hangs_and_closes_it(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        file = applied(scope, csv_of(CHANGES, headings=WITH_STATE))
        outlet = Branch.objects.get(code="NB2A")
        add_person(scope=scope, branch_id=outlet.pk, name="新人", staff_number="X1")
        undo_file(scope=scope, file_id=file.pk)
        file.refresh_from_db()
        assert (file.counts["removed"], file.counts["kept"]) == (0, 2)
        assert set(Branch.objects.filter(is_open=False).values_list("code", flat=True)) == {"NB2", "NB2A"}
        assert tree()["NB"][4] == "NC"


def test_undo_is_refused_when_others_have_built_on_the_new_branches(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        file = applied(scope, csv_of(CHANGES, headings=WITH_STATE))
        new = Branch.objects.get(code="NB2")
        add_branch(scope=scope, parent_id=new.pk, code="NB2B", name="后来的网点", level="outlet")
        with pytest.raises(TouchedSince, match="后来的网点"):
            undo_file(scope=scope, file_id=file.pk)


def test_a_province_loads_its_own_subtree_only(cast: Cast) -> None:
    with cast.play("ho_administrator").scope(stand_at=cast.branch["N"].pk) as scope:
        rows = with_row(("NC", "北城分行新名", "N", "市分行"), with_row(("SB", "抢来的", "NC", "支行")))
        file, review = loaded(scope, csv_of([*rows, ("NX", "北城新支行", "NC", "支行")]))
        assert {v.code: v.reason.code for v in review.verdicts if v.reason} == {
            "HO": "elsewhere",
            "S": "elsewhere",
            "SC": "elsewhere",
            "SB": "elsewhere",
        }
        apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)
        assert Branch.objects.get(code="NX").parent_id == cast.branch["NC"].pk
        undo_file(scope=scope, file_id=file.pk)
        assert not Branch.objects.filter(code="NX").exists()
    with cast.play("ho_administrator").scope(stand_at=cast.branch["S"].pk) as scope:
        with pytest.raises(NotFound):
            apply_file(scope=scope, file_id=file.pk, fingerprint=review.fingerprint)
        assert not OrganisationFile.objects.exists()
    with cast.ho_administrator.scope():
        assert tree()["SB"][1] == "南城解放路支行"
    with cast.ho_editor.scope() as scope, pytest.raises(NotAllowed):
        load_file(scope=scope, name="x.csv", raw=csv_of(CAST))


def test_foreign_columns_are_chosen_once_and_remembered(cast: Cast) -> None:
    headings = ("甲", "乙", "丙", "丁")
    raw = csv_of([(name, code, level, parent) for code, name, parent, level in CAST], headings=headings)
    with cast.ho_administrator.scope() as scope:
        file = load_file(scope=scope, name="a.csv", raw=raw)
        assert file.columns == {}
        for wrong in (
            {},
            {"code": 1, "name": 0, "parent": 3, "level": 3},
            {"code": 1, "name": 0, "parent": 3, "level": 9},
        ):
            with pytest.raises(ColumnsMissing):
                choose_columns(scope=scope, file_id=file.pk, columns=wrong)
        chosen = {"code": 1, "name": 0, "parent": 3, "level": 2}
        choose_columns(scope=scope, file_id=file.pk, columns=chosen)
        other = load_file(scope=scope, name="b.csv", raw=raw + "新名,NX,支行,NC\r\n".encode())
        assert other.columns == chosen
        assert review_of(scope=scope, file=other).counts == {"same": 7, "new": 1}


def test_a_workbook_says_the_same_as_a_text_and_a_title_above_the_headings_is_skipped(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        _file, one = loaded(scope, workbook_of(CAST), name="a.xlsx")
        assert one.counts == {"same": 7}
        title = "某某银行机构一览表,,,\r\n".encode() + csv_of(CAST)
        file, two = loaded(scope, title)
        assert two.counts == {"same": 7} and file.rows == 7
        assert [v.line for v in two.verdicts] == [3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("many", [3, 300])
def test_the_verdicts_cost_the_same_queries_however_many_the_rows(
    cast: Cast, many: int, django_assert_num_queries: Any
) -> None:
    rows = [(f"NX{n}", f"北城{n}号支行", "NC", "支行") for n in range(many)]
    with cast.ho_administrator.scope(stand_at=cast.branch["N"].pk) as scope:
        file = load_file(scope=scope, name="x", raw=csv_of(rows))
        # The branches; the parent of the file's own; codes elsewhere.
        with django_assert_num_queries(3):
            assert review_of(scope=scope, file=file).counts["new"] == len(rows)


def test_the_command_judges_applies_and_takes_back(committed_cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "机构.csv"
    path.write_bytes(csv_of([*CAST, ("NB9", "北城九号支行", "NC", "支行")]))

    def told(*given: Any) -> str:
        out = io.StringIO()
        call_command("load_branches", *given, stdout=out)
        return out.getvalue()

    assert "新增 1 · 变更 0 · 移动 0 · 撤销 0 · 相同 7 · 拒绝 0" in told(path)
    with system_scope(at=AT, cause="test"):
        assert not OrganisationFile.objects.exists() and not Branch.objects.filter(code="NB9").exists()
    undo = told(path, "--apply").split("--undo ")[1].split()[0]
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.filter(code="NB9").exists()
    assert "1 个新增机构已移除" in told("--undo", undo)
    path.write_bytes(csv_of([("NB9", "", "NC", "支行")]))
    with pytest.raises(SystemExit) as ended:
        told(path)
    assert ended.value.code == 2
    for wrong in ([], [path, "--undo", undo], ["--undo", undo], [tmp_path / "absent.csv"]):
        with pytest.raises(CommandError):
            told(*wrong)


GEO = Path(__file__).resolve().parents[4] / "shared" / "data" / "geo_cn"


@pytest.mark.real_data
@pytest.mark.skipif(not GEO.exists(), reason="the shared folder of real files is absent")
def test_provinces_cities_and_districts_of_china_come_in_as_a_bank_and_go_again(cast: Cast) -> None:
    rows = [("HO", "总行", "", "总行")]
    for name, parent, level, end in (
        ("provinces", "", "省分行", "分行"),
        ("cities", "provinceCode", "市分行", "分行"),
        ("areas", "cityCode", "支行", "支行"),
    ):
        with (GEO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows += [
                (f"G{r['code']}", r["name"] + end, f"G{r[parent]}" if parent else "HO", level)
                for r in csv.DictReader(file)
            ]
    with cast.ho_administrator.scope() as scope:
        before = tree()
        file = applied(scope, workbook_of(rows))
        assert file.counts == {"new": len(rows) - 1, "same": 1} and len(rows) > 3_300
        assert applied_again(scope, csv_of(rows)) == {"same": len(rows)}
        undo_file(scope=scope, file_id=file.pk)
        assert tree() == before


def applied_again(scope: Scope, raw: bytes) -> dict[str, int]:
    return dict(loaded(scope, raw)[1].counts)
