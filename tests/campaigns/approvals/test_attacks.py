"""Ways round maker-checker, each by its name: refused by the service, and by the database where somebody gets past it.

An attack sets its stage and answers who attacks, through which service call, and with which statements of the
application's own role. Whatever was tried, the review stands as it stood and nothing is live.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals import rules
from campaigns.approvals.models import Decision, Delegation, Revision, Seat, Step
from campaigns.approvals.services import live, reviews, signers
from campaigns.approvals.services.delegations import delegate, end_delegation
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.assignments import end_assignment
from campaigns.tenants.services.leaving import leave
from content.models import Item, LiveItem
from content.services.items import change_item
from tests.support.cast import AT, Cast, Player
from tests.support.content import approve, signature
from tests.support.reviews import (
    DAY,
    also,
    deputy,
    named,
    role,
    seats_of,
    second_login,
    step,
    steps_of,
    submitted,
)

LATER = AT + timedelta(hours=1)


@dataclass
class Attempt:
    """Who attacks, how through the services, how past them; in words of the database why not."""

    by: Any
    service: Callable[[Scope], object]
    refused: type[Refusal] | tuple[type[Refusal], ...]
    database: Callable[[Scope], object]
    because: str | None
    revision: Revision
    at: Any = AT
    is_live: bool = False


ATTACKS: dict[str, Callable[[Cast], Attempt]] = {}


def attack(make: Callable[[Cast], Attempt]) -> Callable[[Cast], Attempt]:
    ATTACKS[make.__name__] = make
    return make


def approving(revision: Revision, sha256: str = "") -> Callable[[Scope], object]:
    return lambda scope: reviews.approve_revision(
        scope=scope, revision_id=revision.pk, sha256=sha256 or revision.sha256
    )


def signing(revision: Revision, **more: Any) -> Callable[[Scope], object]:
    """The row that the service would write, in the name of who acts unless told otherwise."""
    return lambda scope: signature(revision, scope.person_id, **more).save(force_insert=True)


def signs(by: Player, revision: Revision, refused: Any, because: str | None, **more: Any) -> Attempt:
    """Approving where one may not; the commonest attack."""
    return Attempt(by, approving(revision), refused, signing(revision, **more), because, revision)


# The maker ------------------------------------------------------------------------------------------------------


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


# The content ----------------------------------------------------------------------------------------------------


@attack
def approving_what_one_did_not_see(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        approving(revision, "0" * 64),
        rules.RevisionHasChanged,
        signing(revision, sha256="0" * 64),
        "seen the submitted hash",
        revision,
    )


@attack
def approving_with_the_hash_of_another_thing(cast: Cast) -> Attempt:
    revision, other = submitted(cast.north_editor), submitted(cast.north_editor, title="别的")
    return Attempt(
        cast.north_reviewer,
        approving(revision, other.sha256),
        rules.RevisionHasChanged,
        signing(revision, sha256=other.sha256),
        "seen the submitted hash",
        revision,
    )


def over(cast: Cast, revision: Revision, refused: type[Refusal] = rules.ReviewIsClosed) -> Attempt:
    """A review that is over, approved all the same."""
    return signs(cast.ho_reviewer, revision, refused, "on an open review")


@attack
def approving_what_was_withdrawn(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_editor.scope() as scope:
        reviews.withdraw_revision(scope=scope, revision_id=revision.pk)
    return over(cast, revision)


@attack
def approving_what_was_rejected(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        reviews.reject_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="不合规"
        )
    return over(cast, revision)


@attack
def approving_what_was_sent_back(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        reviews.send_back_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="改改"
        )
    return over(cast, revision)


@attack
def approving_a_draft_that_was_edited_meanwhile(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_editor.scope() as scope:
        item = Item.objects.get()
        change_item(
            scope=scope, item_id=item.pk, title="保本", summary="", body="", asset_id=item.asset_id,
            campaign_id=None, batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until,
            handed_down=False,
        )  # fmt: skip
    return over(cast, revision)


@attack
def approving_once_more_after_a_take_down(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        live.take_down(scope=scope, subject=revision.subject, reason="利率已变")
    return over(cast, revision)


@attack
def one_person_brings_back_what_was_taken_down(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        live.take_down(scope=scope, subject=revision.subject, reason="利率已变")
    return Attempt(
        cast.ho_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        (rules.NotThrough, rules.ReviewIsClosed),
        lambda scope: Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT),
        "moves along its table",
        revision,
    )


@attack
def replaying_an_approval(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    attempt = signs(cast.north_reviewer, revision, rules.ReviewIsClosed, "on an open review")
    attempt.is_live = True
    return attempt


@attack
def rewriting_the_frozen_text(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        approving(revision, rules.hash_of(subject=revision.subject, title="假", payload=revision.payload)),
        rules.RevisionHasChanged,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(payload={"title": "假"}),
        "is frozen",
        revision,
    )


@attack
def rewriting_who_made_it(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        also(cast, cast.north_editor, "reviewer", "N"),
        approving(revision),
        rules.MakerIsChecker,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(author_id=cast.ho_editor.person.pk),
        "is frozen",
        revision,
    )


@attack
def submitting_in_anothers_name(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)

    def forged(scope: Scope) -> None:
        copy = Revision.objects.get(pk=revision.pk)
        copy.pk = copy.id = scope.request_id
        copy.number, copy.author_id, copy.subject = 2, cast.ho_editor.person.pk, revision.subject + "x"
        copy.save(force_insert=True)

    return Attempt(
        cast.north_reviewer,
        lambda scope: reviews.submit_revision(scope=scope, subject=revision.subject),
        NotAllowed,
        forged,
        "author is who acts",
        revision,
    )


@attack
def publishing_without_an_approval(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        rules.NotThrough,
        lambda scope: LiveItem.objects.create(
            branch_id=revision.branch_id,
            branch_pos=revision.branch_pos,
            item_id=revision.subject.partition(":")[2],
            kind="poster",
            title="偷上线",
            picture={},
            revision_id=revision.pk,
            sha256=revision.sha256,
            shown_from=AT,
        ),
        "was approved",
        revision,
    )


@attack
def publishing_under_anothers_approval(cast: Cast) -> Attempt:
    revision, other = submitted(cast.north_editor), submitted(cast.north_editor, title="别的")
    approve(cast.north_reviewer, other)

    def swapped(scope: Scope) -> None:
        copy = LiveItem.objects.get()
        copy.pk = copy.id = scope.request_id
        copy.item_id = revision.subject.partition(":")[2]
        copy.save(force_insert=True)

    return Attempt(
        cast.north_reviewer,
        approving(revision, other.sha256),
        rules.RevisionHasChanged,
        swapped,
        "of the approved thing",
        revision,
    )


# Roles and branches ---------------------------------------------------------------------------------------------


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


# Steps ----------------------------------------------------------------------------------------------------------


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


# Deputies -------------------------------------------------------------------------------------------------------


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


# Rows that the attacks write by hand ------------------------------------------------------------------------------


def void(revision: Revision) -> Seat:
    """Empty the first seat, as its holder would to hand it on."""
    seat = seats_of(revision)[0]
    Seat.objects.filter(pk=seat.pk).update(void_at=AT, is_open=False)
    return seat


def seat_for(revision: Revision, player: Player, **more: Any) -> Seat:
    first = steps_of(revision)[0]
    return Seat.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        step=first,
        revision_id=revision.pk,
        person_id=player.person.pk,
        person_name=player.person.name,
        is_open=True,
        **more,
    )


def step_for(revision: Revision, **more: Any) -> Step:
    return Step.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision_id=revision.pk,
        position=1,
        title="容易",
        due_after=DAY,
        **more,
    )


def delegation_row(scope: Scope, to: Player, person_id: Any, **more: Any) -> Delegation:
    row = {
        "branch_id": scope.branch_id,
        "branch_pos": scope.branch_pos,
        "assignment_id": scope.carry["assignment"],
        "person_id": person_id,
        "person_name": "x",
        "deputy_id": to.person.pk,
        "deputy_name": to.person.name,
        "held_from": AT,
        "held_until": AT + DAY,
        "reason": "x",
    }
    return Delegation.objects.create(**(row | more))


def hands_on(by: Player, to: Player, revision: Revision, because: str) -> Attempt:
    return Attempt(
        by,
        lambda scope: signers.hand_on(
            scope=scope, revision_id=revision.pk, person_id=to.person.pk, words="请处理"
        ),
        rules.CannotSign,
        lambda scope: seat_for(revision, to, replaces=void(revision), given_by_id=scope.person_id),
        because,
        revision,
    )


def by_hand(revision: Revision, scope: Scope) -> None:
    """Sign and approve without the service."""
    signature(revision, scope.person_id).save(force_insert=True)
    Step.objects.filter(revision_id=revision.pk, state="open").update(state="passed", closed_at=AT)
    Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT)


def standing(cast: Cast) -> tuple[object, ...]:
    """Everything a successful attack would have changed."""
    with cast.ho_auditor.scope(at=LATER):
        return (
            sorted(Revision.objects.values_list("pk", "state", "round", "author_id", "sha256")),
            sorted(Step.objects.values_list("pk", "state", "since", "count")),
            sorted(Seat.objects.values_list("pk", "person_id", "void_at"), key=str),
            Decision.objects.count(),
            sorted(Delegation.objects.values_list("pk", "held_until")),
            sorted(LiveItem.objects.values_list("item_id", "title", "revision_id"), key=str),
        )


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_by_the_service_and_by_the_database(cast: Cast, name: str) -> None:
    attempt = ATTACKS[name](cast)
    before = standing(cast)

    def acting() -> Any:
        return attempt.by.scope(at=attempt.at) if attempt.by else system_scope(at=attempt.at, cause="test")

    with pytest.raises(attempt.refused), acting() as scope:
        attempt.service(scope)
    assert standing(cast) == before
    with (
        pytest.raises(DatabaseError, match=attempt.because),
        acting() as scope,
        transaction.atomic(),
    ):
        assert scope.lo is not None
        attempt.database(scope)
    assert standing(cast) == before


def test_there_are_at_least_forty_attacks() -> None:
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("model", [Revision, Step, Seat, Decision, Delegation])
def test_nothing_of_a_review_is_ever_deleted(cast: Cast, model: Any) -> None:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with (
        cast.north_reviewer.scope(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        model.objects.all()._raw_delete("default")
