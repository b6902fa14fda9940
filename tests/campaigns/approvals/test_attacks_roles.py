"""Somebody decides without the role, or with one that holds elsewhere or at another time."""

import pytest

from campaigns.approvals import rules
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import end_assignment
from tests.support.attacks import (
    Attacks,
    Attempt,
    assert_refused,
    signs,
)
from tests.support.cast import AT, Cast
from tests.support.reviews import (
    DAY,
    also,
    named,
    role,
    step,
    submitted,
)

attack = Attacks()


@attack
def approving_without_the_right(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return signs(cast.ho_editor, revision, NotAllowed, "who may sign there")


@attack
def approving_with_a_role_that_was_lost_meanwhile(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    also(cast, cast.north_reviewer, "community_operator", "N")
    with system_scope(at=AT, cause="test") as scope:
        end_assignment(scope=scope, assignment=cast.north_reviewer.assignment)
    by = also(cast, cast.north_reviewer, "analyst", "N")
    return signs(by, revision, NotAllowed, "who may sign there")


@attack
def approving_with_a_role_that_has_not_begun(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    also(cast, cast.ho_editor, "reviewer", "HO", held_from=AT + DAY)
    return signs(cast.ho_editor, revision, NotAllowed, "who may sign there")


@attack
def approving_for_a_foreign_branch(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return signs(cast.south_reviewer, revision, NotFound, None)


@attack
def approving_from_below(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return signs(cast.nb_manager, revision, NotFound, None)


@attack
def approving_in_the_wrong_role(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("行长", role("branch_manager")))
    return signs(cast.ho_reviewer, revision, rules.NotYourTurn, "who may sign there")


@attack
def approving_at_the_wrong_branch(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")))
    return signs(cast.north_reviewer, revision, rules.NotYourTurn, "who may sign there")


@attack
def approving_in_a_named_persons_place(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("专家", named(cast.ho_reviewer)))
    return signs(cast.north_reviewer, revision, rules.NotYourTurn, "who may sign there")


@pytest.mark.parametrize("name", attack)
def test_an_attack_without_the_role_is_refused_by_service_and_database(cast: Cast, name: str) -> None:
    assert_refused(cast, attack[name])
