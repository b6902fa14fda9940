"""The tree re-organised: added, renamed, moved, dealt out again; with everything that hangs on it."""

import threading
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from campaigns.audit.models import Entry
from campaigns.customers.models import Customer
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.guard import tenant_tables
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import AddRefused, add_branch, rename_branch
from campaigns.tenants.services.places import TreeBusy, stop_scopes
from campaigns.tenants.services.tree import MoveRefused, move_branch, renumber_tree
from tests.support.cast import AT, Cast, hired
from tests.support.races import together


def places() -> dict[str, tuple[int, int]]:
    return {b.code: (b.pos, b.pos_end) for b in Branch.objects.all()}


def stray_rows() -> list[str]:
    """Tables with a row whose position is not that of its branch; asked inside a scope that sees everything."""
    found = []
    # Benches have tables of their own, where they run.
    elsewhere = {m._meta.db_table for m in apps.get_models() if not m._meta.managed}
    with connection.cursor() as cursor:
        for table in sorted(tenant_tables() - elsewhere - {"tenants_branch"}):
            key, pos = ("id", "pos") if table == "tenants_branchevent" else ("branch_id", "branch_pos")
            cursor.execute(
                f"SELECT count(*) FROM {table} t LEFT JOIN tenants_branch b ON b.id = t.{key}"
                f" WHERE b.pos IS DISTINCT FROM t.{pos}"
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_a_branch_moves_with_all_its_rows_and_leaves_no_history_but_its_own(cast: Cast) -> None:
    nb, sc = cast.branch["NB"], cast.branch["SC"]
    with system_scope(at=AT, cause="test"):
        before = Customer.objects.get(pk=cast.customers["nb"].customer.pk)
        events = {m: m.objects.count() for m in (Customer.pgh_event_model, Person.pgh_event_model)}  # type: ignore[attr-defined]
    with cast.ho_administrator.scope() as scope:
        moved = move_branch(scope=scope, branch_id=nb.pk, to_parent_id=sc.pk)
    with system_scope(at=AT, cause="test"):
        sc.refresh_from_db()
        assert sc.pos < moved.pos <= moved.pos_end <= sc.pos_end
        after = Customer.objects.get(pk=before.pk)
        assert (after.branch_id, after.branch_pos) == (nb.pk, moved.pos)
        assert stray_rows() == []
        assert {m: m.objects.count() for m in events} == events
        entry = Entry.objects.get(verb="tenants.branch.move")
        assert (entry.branch_id, entry.detail["old_parent"], entry.detail["new_parent"]) == (
            nb.pk,
            "北城分行",
            "南城分行",
        )
        assert Branch.pgh_event_model.objects.filter(pgh_obj_id=nb.pk).count() == 2  # type: ignore[attr-defined]


def test_after_a_move_the_new_line_sees_it_and_the_old_one_does_not(cast: Cast) -> None:
    nb, sc = cast.branch["NB"], cast.branch["SC"]
    with cast.ho_administrator.scope() as scope:
        move_branch(scope=scope, branch_id=nb.pk, to_parent_id=sc.pk)
    with cast.north_editor.scope() as scope:
        assert not Branch.objects.filter(pk=nb.pk).exists()
        assert not Customer.objects.filter(branch_id=nb.pk).exists()
    with cast.south_editor.scope() as scope:
        assert Customer.objects.within(scope).filter(branch_id=nb.pk).count() == 2
    with cast.nb_manager.scope() as scope:
        assert scope.branch_id == nb.pk and sc.pk in scope.line
    with cast.customers["nb"].scope() as scope:
        assert sc.pk in scope.line and cast.branch["N"].pk not in scope.line


def test_an_open_scope_sees_nothing_foreign_when_the_tree_moves_under_it(committed_cast: Cast) -> None:
    """Two moves later its interval holds nobody's rows but its own former ones."""
    cast = committed_cast
    with cast.nb_manager.scope() as scope:
        assert Person.objects.count() == 3
        here = scope.lo, scope.hi

        def reorganise() -> None:
            with cast.ho_administrator.scope() as other:
                move_branch(scope=other, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["SC"].pk)
                move_branch(scope=other, branch_id=cast.branch["SB"].pk, to_parent_id=cast.branch["NC"].pk)

        [outcome] = together([reorganise])
        assert outcome is None
        assert Person.objects.count() == 0
        assert (scope.lo, scope.hi) == here
    with system_scope(at=AT, cause="test"):
        assert stray_rows() == []


def test_places_are_not_dealt_again_while_a_scope_is_open(committed_cast: Cast, monkeypatch: Any) -> None:
    cast = committed_cast
    monkeypatch.setattr("campaigns.tenants.services.places._PATIENCE", 0.7)
    is_open, may_end = threading.Event(), threading.Event()

    def stand() -> None:
        with cast.south_editor.scope():
            Person.objects.count()
            is_open.set()
            may_end.wait(30)

    def renumber() -> str:
        is_open.wait(30)
        try:
            with cast.ho_administrator.scope() as scope:
                renumber_tree(scope=scope)
            return "dealt again"
        except TreeBusy:
            return "waited in vain"
        finally:
            may_end.set()

    assert together([stand, renumber]) == [None, "waited in vain"]
    # The control: with nobody there it works.
    assert together([renumber]) == ["dealt again"]


@pytest.mark.parametrize(
    ("what", "where"),
    [("NC", "NB"), ("NC", "NC"), ("NC", "N"), ("HO", "N"), ("NC", "SB"), ("N", "S")],
)
def test_a_move_that_makes_no_sense_is_refused_in_words_and_changes_nothing(
    cast: Cast, what: str, where: str
) -> None:
    with cast.ho_administrator.scope() as scope:
        before = places()
        with pytest.raises(MoveRefused):
            move_branch(scope=scope, branch_id=cast.branch[what].pk, to_parent_id=cast.branch[where].pk)
        assert places() == before


def test_who_stands_at_a_province_moves_nothing_in_or_out_of_it(cast: Cast) -> None:
    north = hired(cast, "administrator", "N")
    with north.scope() as scope:
        for what, where in (("NB", "SC"), ("SB", "NC"), ("NB", "HO")):
            with pytest.raises(NotFound):
                move_branch(scope=scope, branch_id=cast.branch[what].pk, to_parent_id=cast.branch[where].pk)
        moved = move_branch(scope=scope, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["N"].pk)
        assert moved.parent_id == cast.branch["N"].pk
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        move_branch(scope=scope, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["NC"].pk)


def test_when_places_run_out_they_are_dealt_again_and_no_row_is_left_behind(cast: Cast) -> None:
    nc = cast.branch["NC"]
    with system_scope(at=AT, cause="test") as scope:
        # As if the city had been given a hundred times more branches than it has.
        Branch.objects.filter(pk=nc.pk).update(filled_until=F("pos_end"))
        made = [
            add_branch(scope=scope, parent_id=nc.pk, code=f"NX{n}", name=f"新支行{n}", level="branch")
            for n in range(3)
        ]
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        nc.refresh_from_db()
        assert [b.code for b in Branch.objects.filter(parent=nc).order_by("pos")] == [
            "NB",
            "NX0",
            "NX1",
            "NX2",
        ]
        assert made[-1].pos_end <= nc.pos_end and nc.filled_until == made[-1].pos_end
        assert stray_rows() == []


def test_renumbering_the_whole_tree_keeps_every_row_at_its_branch(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        before = {b.pk: b.parent_id for b in Branch.objects.all()}
        renumber_tree(scope=scope)
    with system_scope(at=AT, cause="test"):
        assert {b.pk: b.parent_id for b in Branch.objects.all()} == before
        assert stray_rows() == []


def test_a_branch_is_renamed_and_found_by_its_new_pinyin(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        renamed = rename_branch(scope=scope, branch_id=cast.branch["NB"].pk, name="北城人民路支行")
        assert "renminlu" in renamed.pinyin
        assert Entry.objects.get(verb="tenants.branch.rename").detail["old_name"] == "北城中山路支行"


def test_a_branch_is_not_added_below_a_lower_one(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope, pytest.raises(AddRefused):
        add_branch(scope=scope, parent_id=cast.branch["NB"].pk, code="X", name="新市", level="city")


@pytest.mark.parametrize(
    ("code", "change", "constraint"),
    [
        ("NB", {"level": "province"}, "level_is_below_its_parents"),
        ("NC", {"is_open": False}, "open_one_is_not_below_a_closed_one"),
        ("NB", {"pos": 2_000_000_000, "pos_end": 2_000_000_001}, "lies_inside_its_parent"),
    ],
)
def test_the_database_keeps_the_tree_a_tree(
    cast: Cast, code: str, change: dict[str, Any], constraint: str
) -> None:
    wanted = pytest.raises(IntegrityError, match=constraint.replace("_", " "))
    with system_scope(at=AT, cause="test"), wanted, transaction.atomic():
        Branch.objects.filter(code=code).update(**change)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_two_who_change_the_tree_at_once_take_turns(committed_cast: Cast) -> None:
    cast = committed_cast

    def move(code: str, under: str) -> str:
        try:
            with cast.ho_administrator.scope() as scope:
                move_branch(scope=scope, branch_id=cast.branch[code].pk, to_parent_id=cast.branch[under].pk)
            return "moved"
        except MoveRefused:
            return "refused"

    # Each alone is fine; both together would be a circle of cities without a province.
    done = together([lambda: move("NC", "S"), lambda: move("NC", "S"), lambda: move("SC", "N")])
    assert sorted(done) == ["moved", "moved", "refused"]
    with system_scope(at=AT, cause="test"):
        assert stray_rows() == []


def test_the_scope_lock_is_held_by_whoever_is_open_and_let_go_at_the_end(committed_cast: Cast) -> None:
    with committed_cast.nb_manager.scope():
        Person.objects.count()
        [outcome] = together([lambda: _alone(0.6)])
        assert outcome == "busy"
    assert together([lambda: _alone(0.6)]) == ["alone"]


def _alone(patience: float) -> str:
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("campaigns.tenants.services.places._PATIENCE", patience)
        try:
            stop_scopes()
            return "alone"
        except TreeBusy:
            return "busy"
