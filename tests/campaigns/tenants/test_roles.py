"""Roles that exclude each other, roles given to others only, and people who leave."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from campaigns.approvals.rules import MakerIsChecker
from campaigns.approvals.services.reviews import approve_revision, withdraw_revision
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Assignment, Login, Role, RoleExclusion
from campaigns.tenants.scopes import ScopeClosed, system_scope
from campaigns.tenants.services.assignments import NotToOneself, RolesExclude, end_assignment
from campaigns.tenants.services.leaving import NotOneself, SuccessorHasNoRole, leave
from content.models import Item
from content.selectors import my_drafts
from tests.support.cast import AT, Cast, give, hired
from tests.support.content import submitted_item
from tests.support.races import together


def test_who_makes_does_not_audit_wherever(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope, pytest.raises(RolesExclude) as refused:
        give(scope, cast.nb_editor, "auditor", cast.branch["S"])
    assert "nb_editor" in str(refused.value)
    # One after the other is no conflict.
    with cast.ho_administrator.scope() as scope:
        end_assignment(scope=scope, assignment=cast.nb_editor.assignment)
        give(scope, cast.nb_editor, "auditor", cast.branch["S"])


def test_the_other_role_counts_even_where_the_giver_cannot_see_it(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        give(scope, cast.nb_clerk, "auditor", cast.branch["SB"])
    with hired(cast, "administrator", "N").scope() as scope, pytest.raises(RolesExclude):
        give(scope, cast.nb_clerk, "editor", cast.branch["NB"])


def test_two_who_assign_at_once_cannot_give_both(committed_cast: Cast) -> None:
    cast = committed_cast

    def rival(role: str) -> str:
        try:
            with cast.ho_administrator.scope() as scope:
                give(scope, cast.nb_clerk, role, cast.branch["NB"])
            return "given"
        except RolesExclude:
            return "refused"

    for _turn in range(3):
        done = together([lambda: rival("editor"), lambda: rival("auditor")])
        assert sorted(done) == ["given", "refused"]
        with system_scope(at=AT, cause="test"):
            Assignment.objects.filter(person=cast.nb_clerk.person).exclude(role_id="clerk").delete()
    # The control: without the rule both get through.
    with system_scope(at=AT, cause="test"):
        RoleExclusion.objects.all().delete()
    assert together([lambda: rival("editor"), lambda: rival("auditor")]) == ["given", "given"]


def test_a_rule_is_not_added_over_somebody_who_breaks_it(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        give(scope, cast.nb_clerk, "editor", cast.branch["NB"])
        with pytest.raises(IntegrityError, match="both roles"), transaction.atomic():
            RoleExclusion.objects.create(role_id="clerk", excludes_id="editor")


def test_nobody_gives_a_role_to_himself_by_service_or_statement(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        with pytest.raises(NotToOneself):
            give(scope, cast.ho_administrator, "reviewer", cast.branch["HO"])
        with pytest.raises(DatabaseError, match="himself"), transaction.atomic():
            Assignment.objects.filter(pk=cast.ho_administrator.assignment.pk).update(role_id="reviewer")


def test_no_role_may_do_everything(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="may_not_do_everything"), transaction.atomic():
        Role.objects.create(code="root", name="根", name_en="Root", verbs=["*"])


def test_a_change_of_role_is_felt_by_the_next_request(cast: Cast) -> None:
    with cast.nb_editor.scope() as scope:
        assert scope.may("content.item.add")
    with system_scope(at=AT, cause="test"):
        Role.objects.filter(code="editor").update(verbs=["content.item.view"])
    with cast.nb_editor.scope() as scope:
        assert not scope.may("content.item.add")
    with cast.ho_administrator.scope() as scope:
        end_assignment(scope=scope, assignment=cast.nb_editor.assignment)
    with cast.nb_editor.scope() as scope, pytest.raises(ScopeClosed):
        scope.may("content.item.view")


def test_who_leaves_finds_every_door_shut_and_leaves_no_work_lying(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.ho_administrator.scope() as scope:
        done = leave(
            scope=scope,
            person_id=cast.north_editor.person.pk,
            successor_id=cast.nb_editor.person.pk,
        )
    assert done == {
        "approvals: reviews of one's own": 1,
        "content: drafts": 2,
    }  # the poster, and the picture on it
    with cast.north_editor.scope() as scope, pytest.raises(ScopeClosed):
        scope.may("content.item.view")
    with system_scope(at=AT, cause="test"):
        assert not Login.objects.get(pk=cast.north_editor.login.pk).is_active
        assert not Assignment.objects.filter(person=cast.north_editor.person, held_until__gt=AT).exists()
        item = Item.objects.get()
        assert (item.author_id, item.author_name) == (cast.nb_editor.person.pk, "nb_editor")
        assert revision.author_id == cast.north_editor.person.pk


def test_who_keeps_a_review_may_withdraw_it_and_not_decide_it(cast: Cast) -> None:
    revision = submitted_item(cast.nb_editor)
    with cast.ho_administrator.scope() as scope:
        leave(scope=scope, person_id=cast.nb_editor.person.pk, successor_id=cast.nb_manager.person.pk)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(MakerIsChecker):
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        with (
            pytest.raises(DatabaseError, match="never by the maker"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "INSERT INTO approvals_decision (id, branch_id, branch_pos, revision_id, person_id, person_name,"
                " verdict, comment, sha256, at) VALUES (uuidv7(), %s, %s, %s, %s, 'x', 'approve', '', %s, now())",
                [scope.branch_id, scope.branch_pos, revision.pk, cast.nb_manager.person.pk, revision.sha256],
            )
    with cast.ho_administrator.scope() as scope:
        give(scope, cast.nb_manager, "editor", cast.branch["NB"], AT.replace(day=1))
        held = Assignment.objects.get(person=cast.nb_manager.person, role_id="editor")
    cast.nb_manager.assignment = held
    with cast.nb_manager.scope() as scope:
        assert [item.title for item in my_drafts(scope=scope)] == []  # in review, not a draft
        assert withdraw_revision(scope=scope, revision_id=revision.pk).state == "withdrawn"
        assert len(my_drafts(scope=scope)) == 1


def test_leaving_is_refused_in_words(cast: Cast) -> None:
    admin, clerk, south = cast.ho_administrator, cast.nb_clerk, cast.sb_clerk
    with admin.scope() as scope:
        with pytest.raises(NotOneself):
            leave(scope=scope, person_id=admin.person.pk, successor_id=clerk.person.pk)
        with pytest.raises(NotOneself):
            leave(scope=scope, person_id=clerk.person.pk, successor_id=clerk.person.pk)
        end_assignment(scope=scope, assignment=south.assignment)
        with pytest.raises(SuccessorHasNoRole):
            leave(scope=scope, person_id=clerk.person.pk, successor_id=south.person.pk)
    with hired(cast, "administrator", "N").scope() as scope, pytest.raises(NotFound):
        leave(scope=scope, person_id=clerk.person.pk, successor_id=south.person.pk)
