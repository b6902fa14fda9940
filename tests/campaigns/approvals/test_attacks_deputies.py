"""A delegation is stretched: in time, to other people, by oneself."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.approvals import rules
from campaigns.approvals.models import Delegation, Revision
from campaigns.approvals.services.delegations import delegate, end_delegation
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import end_assignment
from tests.support.attacks import (
    LATER,
    Attacks,
    Attempt,
    approving,
    assert_refused,
    delegation_row,
    signs,
)
from tests.support.cast import AT, Cast
from tests.support.content import approve
from tests.support.reviews import (
    DAY,
    deputy,
    step,
    submitted,
)

attack = Attacks()


def by_deputy(cast: Cast, revision: Revision, refused: Any, because: str) -> Attempt:
    return signs(cast.ho_editor, revision, refused, because, for_person_id=cast.ho_reviewer.person.pk)


@attack
def deputy_signs_after_the_end(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    deputy(cast.ho_reviewer, cast.ho_editor, held_from=AT - DAY, held_until=AT + timedelta(minutes=1))
    attempt = by_deputy(cast, revision, NotAllowed, "deputy of today")
    attempt.at = LATER
    return attempt


@attack
def deputy_signs_before_the_beginning(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    deputy(cast.ho_reviewer, cast.ho_editor, held_from=AT + DAY, held_until=AT + 2 * DAY)
    return by_deputy(cast, revision, NotAllowed, "deputy of today")


@attack
def deputy_of_somebody_who_lost_the_role(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    deputy(cast.ho_reviewer, cast.ho_editor)
    with system_scope(at=AT, cause="test") as scope:
        end_assignment(scope=scope, assignment=cast.ho_reviewer.assignment)
    return by_deputy(cast, revision, NotAllowed, "who may sign there")


@attack
def deputy_of_a_deputy(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    deputy(cast.ho_reviewer, cast.ho_editor)
    return Attempt(
        cast.ho_editor,
        lambda scope: delegate(
            scope=scope,
            deputy_id=cast.ho_rewards.person.pk,
            held_from=AT,
            held_until=AT + DAY,
            reason="再委派",
        ),
        NotAllowed,
        lambda scope: delegation_row(scope, cast.ho_rewards, scope.person_id),
        "between people who may",
        revision,
    )


@attack
def making_oneself_somebodys_deputy(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    return Attempt(
        cast.ho_editor,
        approving(revision),
        NotAllowed,
        lambda scope: delegation_row(scope, cast.ho_editor, cast.ho_reviewer.person.pk),
        "is of who acts",
        revision,
    )


@attack
def making_the_auditor_a_deputy(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    return Attempt(
        cast.ho_reviewer,
        lambda scope: delegate(
            scope=scope,
            deputy_id=cast.ho_auditor.person.pk,
            held_from=AT,
            held_until=AT + DAY,
            reason="休假",
        ),
        rules.CannotDelegate,
        lambda scope: delegation_row(scope, cast.ho_auditor, scope.person_id),
        "between people who may",
        revision,
    )


@attack
def delegating_for_half_a_year(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    return Attempt(
        cast.ho_reviewer,
        lambda scope: delegate(
            scope=scope,
            deputy_id=cast.ho_editor.person.pk,
            held_from=AT,
            held_until=AT + 180 * DAY,
            reason="长假",
        ),
        rules.CannotDelegate,
        lambda scope: delegation_row(scope, cast.ho_editor, scope.person_id, held_until=AT + 180 * DAY),
        "window_is_short",
        revision,
    )


@attack
def prolonging_a_delegation(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    made = deputy(cast.ho_reviewer, cast.ho_editor)
    return Attempt(
        cast.ho_administrator,
        lambda scope: end_delegation(scope=scope, delegation_id=made.pk),
        NotFound,
        lambda scope: Delegation.objects.filter(pk=made.pk).update(held_until=AT + 30 * DAY),
        "only ends",
        revision,
    )


@attack
def one_deputy_signs_for_two(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("两人", how="count", count=2))
    deputy(cast.ho_reviewer, cast.ho_editor)
    deputy(cast.north_reviewer, cast.ho_editor)
    approve(cast.ho_editor, revision)
    return signs(
        cast.ho_editor,
        revision,
        rules.AlreadySigned,
        "once for each person",
        for_person_id=cast.north_reviewer.person.pk,
    )


@pytest.mark.parametrize("name", attack)
def test_an_attack_of_a_deputy_is_refused_by_service_and_database(cast: Cast, name: str) -> None:
    assert_refused(cast, attack[name])
