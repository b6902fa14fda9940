"""The scope is what stands between a branch and its neighbours."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from campaigns.tenants.guard import NoScope
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import ScopeClosed, staff_scope
from campaigns.tenants.services.people import add_person
from tests.support.cast import AT, Cast


def names(queryset: object) -> set[str]:
    return {p.name for p in queryset}  # type: ignore[attr-defined]


def test_staff_see_their_branch_and_all_below_it_without_any_filter(cast: Cast) -> None:
    with cast.north_editor.scope():
        assert names(Person.objects.all()) == {
            "north_editor", "north_reviewer", "north_rewards", "nb_manager", "nb_editor", "nb_clerk",
        }  # fmt: skip
    with cast.sb_clerk.scope():
        assert names(Person.objects.all()) == {"sb_manager", "sb_clerk"}


def test_a_branch_sees_itself_its_children_and_its_ancestors_only(cast: Cast) -> None:
    with cast.north_editor.scope():
        assert [b.code for b in Branch.objects.all()] == ["HO", "N", "NC", "NB"]
    with cast.nb_clerk.scope():
        assert [b.code for b in Branch.objects.all()] == ["HO", "N", "NC", "NB"]
        assert not Branch.objects.filter(code="N").update(name="x")


def test_a_tenant_query_outside_a_scope_is_an_error_and_not_an_empty_list(cast: Cast) -> None:
    with pytest.raises(NoScope):
        Person.objects.count()
    with pytest.raises(NoScope), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenants_branch")


def test_leaving_an_inner_scope_gives_the_outer_one_back(cast: Cast) -> None:
    with cast.ho_editor.scope():
        assert Person.objects.count() == 15
        with cast.sb_clerk.scope():
            assert Person.objects.count() == 2
        assert Person.objects.count() == 15


def test_a_rolled_back_savepoint_does_not_take_the_scope_along(cast: Cast) -> None:
    with cast.ho_editor.scope():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert Person.objects.count() == 15  # applied inside the savepoint
            1 / 0  # noqa: B018
        assert Person.objects.count() == 15


def test_a_scope_ends_with_the_assignment_and_never_starts_before_it(cast: Cast) -> None:
    player = cast.nb_clerk
    player.assignment.held_until = AT + timedelta(hours=1)
    with cast.ho_administrator.scope():
        player.assignment.save()
    with player.scope(at=AT + timedelta(minutes=59)) as scope:
        assert scope.branch_id == cast.branch["NB"].pk
    for at in (AT.replace(year=2025), AT + timedelta(hours=1)):
        with pytest.raises(ScopeClosed), player.scope(at=at) as scope:
            assert scope.branch_id


def test_nobody_stands_outside_the_assignments_branch(cast: Cast) -> None:
    with cast.north_editor.scope(stand_at=cast.branch["NB"].pk) as scope:
        assert names(Person.objects.all()) == {"nb_manager", "nb_editor", "nb_clerk"}
        assert scope.may("content.item.submit") and not scope.may("content.item.approve")
    for code in ("S", "SB", "HO"):
        with pytest.raises(ScopeClosed), cast.north_editor.scope(stand_at=cast.branch[code].pk) as scope:
            assert scope.lo


def test_an_assignment_opens_only_for_its_own_persons_log_in(cast: Cast) -> None:
    with (
        pytest.raises(ScopeClosed),
        staff_scope(
            login_id=cast.nb_clerk.login.pk, assignment_id=cast.ho_editor.assignment.pk, at=AT
        ) as scope,
    ):
        assert scope.lo


def test_a_row_cannot_be_written_for_a_branch_outside_the_scope(cast: Cast) -> None:
    south = cast.branch["SB"]
    with (
        cast.north_editor.scope(),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Person.objects.create(branch=south, branch_pos=south.pos, name="x", staff_number="x")


def test_branch_and_position_cannot_disagree(cast: Cast) -> None:
    north, south = cast.branch["NB"], cast.branch["SB"]
    with (
        cast.north_editor.scope(),
        pytest.raises(DatabaseError, match="tenants_person_follows_its_branch"),
        transaction.atomic(),
    ):
        Person.objects.create(branch=south, branch_pos=north.pos, name="x", staff_number="x")


def test_a_role_without_the_verb_is_refused_by_the_service(cast: Cast) -> None:
    from campaigns.lib.refusals import NotAllowed

    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        add_person(scope=scope, branch_id=cast.branch["NB"].pk, name="x", staff_number="x")


def test_history_knows_who_and_why_also_for_bulk_updates(cast: Cast) -> None:
    from django.apps import apps

    events = apps.get_model("tenants", "PersonEvent")
    with cast.ho_administrator.scope() as scope:
        Person.objects.filter(staff_number="E0001").update(name="新名字")
        event = events.objects.filter(pgh_label="update").get()
        assert event.name == "新名字"
        assert event.pgh_context["person"] == str(scope.person_id)
        assert event.pgh_context["cause"] == "test"


def test_no_setting_switches_history_off(cast: Cast) -> None:
    from django.apps import apps

    events = apps.get_model("tenants", "PersonEvent")
    with cast.ho_administrator.scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(tgname)::text FROM pg_trigger WHERE tgrelid = 'tenants_person'::regclass"
            " AND tgname LIKE 'pgtrigger%%'"
        )
        (every,) = cursor.fetchone()
        assert "pgtrigger_update_update" in every
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [every])
        Person.objects.filter(staff_number="E0001").update(name="新名字")
        assert events.objects.filter(pgh_label="update", name="新名字").count() == 1


def test_nothing_of_a_scope_remains_after_it_in_the_same_transaction(cast: Cast) -> None:
    with cast.ho_editor.scope():
        assert Person.objects.count() == 15
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, app_lo(), app_person(), app_branch()")
        assert cursor.fetchone() == ("fenhang_app", None, None, None)
