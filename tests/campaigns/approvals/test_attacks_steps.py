"""Steps, seats and rounds are got round: out of turn, twice, by hand."""

import pytest

from campaigns.approvals import rules
from campaigns.approvals.models import Revision, Seat, Step
from campaigns.approvals.services import live, reviews, signers
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import Scope
from tests.support.attacks import (
    Attacks,
    Attempt,
    approving,
    assert_refused,
    hands_on,
    seat_for,
    signing,
    signs,
    step_for,
)
from tests.support.cast import AT, Cast
from tests.support.content import approve
from tests.support.reviews import (
    also,
    role,
    seats_of,
    step,
    steps_of,
    submitted,
)

attack = Attacks()


def in_two_steps(cast: Cast) -> Revision:
    return submitted(
        cast.nb_editor, step("分行", role("reviewer", cast, "N")), step("总行", role("reviewer", cast, "HO"))
    )


@attack
def signing_out_of_turn(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    with cast.ho_reviewer.scope():
        second, seat = steps_of(revision)[1], seats_of(revision)[1]
    return signs(
        cast.ho_reviewer,
        revision,
        rules.NotYourTurn,
        "at the open step",
        step_id=second.pk,
        seat_id=seat.pk,
    )


@attack
def one_person_signs_both_steps(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("一"), step("二"))
    approve(cast.ho_reviewer, revision)
    return signs(cast.ho_reviewer, revision, rules.AlreadySigned, "once for each person")


@attack
def one_person_takes_all_seats(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("会签", role("reviewer"), role("", cast, "HO"), how="all"))
    approve(cast.ho_reviewer, revision)
    return signs(cast.ho_reviewer, revision, rules.AlreadySigned, "once for each person")


@attack
def one_person_counts_as_two(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("两人", how="count", count=2))
    approve(cast.ho_reviewer, revision)
    return signs(cast.ho_reviewer, revision, rules.AlreadySigned, "once for each person")


@attack
def approving_with_one_signature_of_two(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("两人", how="count", count=2))
    approve(cast.north_reviewer, revision)
    return Attempt(
        cast.north_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        rules.NotThrough,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT),
        "passed every step",
        revision,
    )


@attack
def passing_a_step_by_hand(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    return Attempt(
        cast.north_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        rules.NotThrough,
        lambda scope: Step.objects.filter(pk=steps_of(revision)[0].pk).update(state="passed", closed_at=AT),
        "passes when it is signed",
        revision,
    )


@attack
def leaving_a_step_out_by_hand(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    approve(cast.north_reviewer, revision)
    return Attempt(
        cast.north_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        rules.NotThrough,
        lambda scope: Step.objects.filter(pk=steps_of(revision)[1].pk).update(state="skipped", closed_at=AT),
        "left out only when empty",
        revision,
    )


@attack
def making_a_step_easier(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("两人", how="count", count=2))
    approve(cast.north_reviewer, revision)
    return Attempt(
        cast.north_reviewer,
        approving(revision),
        rules.AlreadySigned,
        lambda scope: Step.objects.filter(revision_id=revision.pk).update(count=1),
        "a step is frozen",
        revision,
    )


@attack
def emptying_a_seat_of_a_joint_signature(cast: Cast) -> Attempt:
    revision = submitted(
        cast.nb_editor, step("会签", role("reviewer", cast, "N"), role("reviewer", cast, "HO"), how="all")
    )
    approve(cast.north_reviewer, revision)

    def emptied(scope: Scope) -> None:
        seat = seats_of(revision)[1]
        Seat.objects.filter(pk=seat.pk).update(void_at=AT, is_open=False)
        Step.objects.filter(pk=seat.step_id).update(state="passed", closed_at=AT)

    return Attempt(
        cast.north_reviewer,
        approving(revision),
        rules.AlreadySigned,
        emptied,
        "passes when it is signed",
        revision,
    )


@attack
def opening_the_last_step_first(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)

    def jumped(scope: Scope) -> None:
        first, second = steps_of(revision)
        Step.objects.filter(pk=first.pk).update(state="waiting")
        Step.objects.filter(pk=second.pk).update(state="open", opened_at=AT, due_at=AT)

    return Attempt(
        cast.ho_reviewer, approving(revision), rules.NotYourTurn, jumped, "opens in its turn", revision
    )


@attack
def counting_signatures_of_an_earlier_round(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        first, _second = steps_of(revision)
        revision = reviews.send_back_to_step(
            scope=scope, revision_id=revision.pk, step_id=first.pk, sha256=revision.sha256, comment="再看"
        )
    return Attempt(
        cast.ho_reviewer,
        approving(revision),
        rules.NotYourTurn,
        lambda scope: Step.objects.filter(pk=first.pk).update(state="passed", closed_at=AT),
        "passes when it is signed",
        revision,
    )


@attack
def signing_in_an_earlier_round(cast: Cast) -> Attempt:
    attempt = counting_signatures_of_an_earlier_round(cast)
    attempt.database = signing(attempt.revision, round=1)
    attempt.because = "at the open step"
    return attempt


@attack
def beginning_another_round_by_hand(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    return Attempt(
        cast.north_reviewer,
        lambda scope: reviews.send_back_to_step(
            scope=scope,
            revision_id=revision.pk,
            step_id=steps_of(revision)[1].pk,
            sha256=revision.sha256,
            comment="回去",
        ),
        rules.NoSuchStep,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(round=2),
        "another round when sent back",
        revision,
    )


@attack
def handing_on_to_the_maker(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    friend = also(cast, cast.north_editor, "reviewer", "N")
    return hands_on(cast.north_reviewer, friend, revision, "never the makers")


@attack
def handing_on_to_somebody_without_the_right(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return hands_on(cast.north_reviewer, cast.ho_editor, revision, "handed on among equals")


@attack
def handing_on_to_somebody_in_another_role(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("行长", role("branch_manager")))
    return hands_on(cast.nb_manager, cast.ho_reviewer, revision, "handed on among equals")


@attack
def handing_on_what_is_not_ones_turn(cast: Cast) -> Attempt:
    revision = in_two_steps(cast)
    attempt = hands_on(cast.ho_reviewer, cast.north_reviewer, revision, "handed on among equals")
    attempt.refused = rules.NotYourTurn
    return attempt


@attack
def signing_at_a_seat_that_was_handed_on(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    with cast.north_reviewer.scope() as scope:
        seat = seats_of(revision)[0]
        signers.hand_on(
            scope=scope, revision_id=revision.pk, person_id=cast.ho_reviewer.person.pk, words="请处理"
        )
    return signs(cast.north_reviewer, revision, rules.NotYourTurn, "who may sign there", seat_id=seat.pk)


@attack
def slipping_a_seat_into_a_step(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")))
    return Attempt(
        cast.north_reviewer,
        approving(revision),
        rules.NotYourTurn,
        lambda scope: seat_for(revision, cast.north_reviewer, given_by_id=scope.person_id),
        "from a signer",
        revision,
    )


@attack
def adding_an_easy_step_afterwards(cast: Cast) -> Attempt:
    revision = submitted(cast.nb_editor)
    return Attempt(
        cast.ho_editor,
        lambda scope: signers.add_signer(
            scope=scope,
            revision_id=revision.pk,
            person_id=cast.north_reviewer.person.pk,
            where="after",
            words="加",
        ),
        NotAllowed,
        lambda scope: step_for(revision),
        "from a signer",
        revision,
    )


@pytest.mark.parametrize("name", attack)
def test_an_attack_on_the_steps_is_refused_by_service_and_database(cast: Cast, name: str) -> None:
    assert_refused(cast, attack[name])
