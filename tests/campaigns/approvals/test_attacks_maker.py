"""The maker decides on his own work: by another role, log-in or deputy, or in somebody else's name."""

import pytest

from campaigns.approvals import rules
from campaigns.approvals.services import reviews, signers
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.services.leaving import leave
from tests.support.attacks import (
    LATER,
    Attacks,
    Attempt,
    approving,
    assert_refused,
    by_hand,
    seat_for,
    signing,
    signs,
    step_for,
    void,
)
from tests.support.cast import Cast
from tests.support.content import approve, signature
from tests.support.reviews import (
    also,
    deputy,
    role,
    second_login,
    step,
    submitted,
)

attack = Attacks()


@attack
def maker_approves_in_a_second_role(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    by = also(cast, cast.north_editor, "reviewer", "N")
    return signs(by, revision, rules.MakerIsChecker, "never by the maker")


@attack
def maker_approves_by_another_log_in(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    by = second_login(also(cast, cast.north_editor, "reviewer", "N"))
    return signs(by, revision, rules.MakerIsChecker, "never by the maker")


@attack
def maker_approves_from_head_office(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    by = also(cast, cast.north_editor, "reviewer", "HO")
    return signs(by, revision, rules.MakerIsChecker, "never by the maker")


@attack
def maker_rejects_his_own(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        also(cast, cast.north_editor, "reviewer", "N"),
        lambda scope: reviews.reject_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="不要了"
        ),
        rules.MakerIsChecker,
        signing(revision, verdict="reject"),
        "never by the maker",
        revision,
    )


@attack
def maker_names_himself_as_the_signer(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    by = also(cast, cast.north_editor, "reviewer", "N")
    return Attempt(
        by,
        lambda scope: signers.hand_on(
            scope=scope, revision_id=revision.pk, person_id=by.person.pk, words="我来"
        ),
        rules.MakerIsChecker,
        lambda scope: seat_for(revision, by, replaces=void(revision)),
        "never the makers",
        revision,
    )


@attack
def maker_hands_the_review_to_a_friend(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        also(cast, cast.north_editor, "reviewer", "N"),
        lambda scope: signers.hand_on(
            scope=scope, revision_id=revision.pk, person_id=cast.ho_reviewer.person.pk, words="帮忙"
        ),
        rules.MakerIsChecker,
        lambda scope: seat_for(
            revision, cast.ho_reviewer, replaces=void(revision), given_by_id=scope.person_id
        ),
        "never the makers",
        revision,
    )


@attack
def maker_adds_a_signer_of_his_choice(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        also(cast, cast.north_editor, "reviewer", "N"),
        lambda scope: signers.add_signer(
            scope=scope,
            revision_id=revision.pk,
            person_id=cast.ho_reviewer.person.pk,
            where="before",
            words="先看",
        ),
        rules.MakerIsChecker,
        lambda scope: step_for(revision, added_by_id=scope.person_id),
        "from a signer",
        revision,
        at=LATER,
    )


@attack
def maker_signs_through_his_deputy(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    deputy(also(cast, cast.north_editor, "reviewer", "N"), cast.ho_editor)
    return signs(
        cast.ho_editor,
        revision,
        rules.NotYourTurn,
        "never by the maker",
        for_person_id=cast.north_editor.person.pk,
    )


@attack
def maker_signs_as_the_deputy_of_a_checker(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    deputy(cast.north_reviewer, cast.north_editor)
    return signs(
        cast.north_editor,
        revision,
        rules.MakerIsChecker,
        "never by the maker",
        for_person_id=cast.north_reviewer.person.pk,
    )


@attack
def keeper_approves_what_he_answers_for(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.ho_administrator.scope() as scope:
        leave(scope=scope, person_id=cast.north_editor.person.pk, successor_id=cast.north_reviewer.person.pk)
    return signs(cast.north_reviewer, revision, rules.MakerIsChecker, "never by the maker")


@attack
def signer_becomes_the_keeper_before_the_end(cast: Cast) -> Attempt:
    revision = submitted(
        cast.north_editor,
        step("分行", role("reviewer", cast, "N")),
        step("总行", role("reviewer", cast, "HO")),
    )
    approve(cast.north_reviewer, revision)
    with cast.ho_administrator.scope() as scope:
        leave(scope=scope, person_id=cast.north_editor.person.pk, successor_id=cast.north_reviewer.person.pk)
    return Attempt(
        cast.ho_reviewer,
        approving(revision),
        rules.KeeperHasSigned,
        lambda scope: by_hand(revision, scope),
        "approved by another person",
        revision,
    )


@attack
def the_system_approves(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        None,
        approving(revision),
        rules.NobodyActs,
        lambda scope: signature(revision, cast.north_reviewer.person.pk).save(force_insert=True),
        "is by who acts",
        revision,
    )


@attack
def somebody_signs_in_anothers_name(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.ho_editor,
        approving(revision),
        NotAllowed,
        lambda scope: signature(revision, cast.north_reviewer.person.pk).save(force_insert=True),
        "is by who acts",
        revision,
    )


@pytest.mark.parametrize("name", attack)
def test_an_attack_of_a_maker_is_refused_by_service_and_database(cast: Cast, name: str) -> None:
    assert_refused(cast, attack[name])
