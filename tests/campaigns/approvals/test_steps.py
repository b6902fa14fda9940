"""A review goes through its steps: who signs, who is asked instead, what happens when nobody can or nobody does."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.approvals import rules
from campaigns.approvals.models import Decision, Remark, Revision, Seat
from campaigns.approvals.selectors import queue
from campaigns.approvals.services.delegations import end_delegation
from campaigns.approvals.services.reviews import (
    approve_revision,
    reject_revision,
    send_back_to_step,
    submit_revision,
)
from campaigns.approvals.services.signers import add_signer, hand_on
from campaigns.approvals.services.talk import comment, copy_to, look_at, remind
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import end_assignment
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.closing import close_branch
from campaigns.tenants.services.leaving import leave
from campaigns.tenants.services.places import settle_now
from content.models import LiveItem
from tests.support.cast import AT, Cast, Player, hired
from tests.support.content import approve
from tests.support.reviews import DAY, also, deputy, named, role, routed, seats_of, step, steps_of, submitted
from tests.support.times import escalated

HOUR = timedelta(hours=1)


def waits_for(player: Player, revision: Revision, at: Any = AT) -> bool:
    with player.scope(at=at) as scope:
        return queue(scope=scope).filter(pk=revision.pk).exists()


def states(cast: Cast, revision: Revision) -> list[str]:
    with cast.ho_auditor.scope():
        return [each.state for each in steps_of(revision)]


def told(player: Player) -> list[str]:
    """Codes of what lies unread in somebody's inbox."""
    with player.scope():
        return sorted(Notice.objects.filter(read_at__isnull=True).values_list("code", flat=True))


def seen(revision: Revision) -> dict[str, Any]:
    return {"revision_id": revision.pk, "sha256": revision.sha256}


def test_steps_are_signed_in_their_order_and_the_last_puts_it_live(cast: Cast) -> None:
    revision = submitted(
        cast.nb_editor,
        step("行长", role("branch_manager", cast, "NB")),
        step("分行", role("reviewer", cast, "N")),
        step("总行", role("reviewer", cast, "HO")),
    )
    signers = [cast.nb_manager, cast.north_reviewer, cast.ho_reviewer]
    for number, signer in enumerate(signers):
        assert [waits_for(each, revision) for each in signers] == [n == number for n in range(3)]
        assert told(signer) == ["approvals.waiting"]
        approve(signer, revision, at=AT + number * HOUR)
        assert told(signer) == []
        assert states(cast, revision) == ["passed"] * (number + 1) + ["open", "waiting"][: 2 - number]
    with cast.nb_editor.scope():
        assert LiveItem.objects.get().revision_id == revision.pk
        assert [d.step_id for d in Decision.objects.order_by("id")] == [s.pk for s in steps_of(revision)]
    assert told(cast.nb_editor) == ["approvals.approved"]


def test_any_all_and_a_number_of_signers(cast: Cast) -> None:
    second = hired(cast, "reviewer", "HO", "ho_second")
    revision = submitted(
        cast.nb_editor,
        step("会签", role("branch_manager", cast, "NB"), role("reviewer", cast, "HO"), how="all"),
        step("两人", role("reviewer"), how="count", count=2),
    )
    approve(cast.ho_reviewer, revision)
    assert states(cast, revision) == ["open", "waiting"]
    # The other seat of the joint signature is the manager's alone.
    with second.scope() as scope, pytest.raises(rules.NotYourTurn):
        approve_revision(scope=scope, **seen(revision))
    approve(cast.nb_manager, revision)
    assert states(cast, revision) == ["passed", "open"]
    approve(second, revision)
    assert states(cast, revision) == ["passed", "open"]
    approve(cast.north_reviewer, revision)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()


def test_one_no_ends_it_at_any_step(cast: Cast) -> None:
    revision = submitted(cast.nb_editor, step("一", role("reviewer", cast, "N")), step("二"))
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        reject_revision(scope=scope, comment="不合规", **seen(revision))
        assert Revision.objects.get(pk=revision.pk).state == "rejected"
    assert told(cast.nb_manager) == [] and not waits_for(cast.nb_manager, revision)


def test_a_review_sent_back_to_a_step_is_decided_anew_from_there(cast: Cast) -> None:
    revision = submitted(
        cast.nb_editor,
        step("行长", role("branch_manager", cast, "NB")),
        step("分行", role("reviewer", cast, "N")),
        step("总行", role("reviewer", cast, "HO")),
    )
    approve(cast.nb_manager, revision)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        middle = steps_of(revision)[1]
        again = send_back_to_step(scope=scope, step_id=middle.pk, comment="利率再核", **seen(revision))
        assert (again.round, again.state) == (2, "submitted")
    assert states(cast, revision) == ["passed", "open", "waiting"]
    # What the first step decided counts on; the second signs again.
    approve(cast.north_reviewer, revision)
    approve(cast.ho_reviewer, revision)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()
        assert [(d.verdict, d.round) for d in Decision.objects.order_by("id")] == [
            ("approve", 1), ("approve", 1), ("step_back", 1), ("approve", 2), ("approve", 2),
        ]  # fmt: skip


def test_a_seat_is_handed_on_to_somebody_of_the_same_right(cast: Cast) -> None:
    second = hired(cast, "reviewer", "HO", "ho_second")
    revision = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")))
    with cast.ho_reviewer.scope() as scope:
        hand_on(scope=scope, revision_id=revision.pk, person_id=second.person.pk, words="出差")
        assert [(s.person_id, s.void_at is None) for s in seats_of(revision)] == [
            (None, False), (second.person.pk, True),
        ]  # fmt: skip
    assert not waits_for(cast.ho_reviewer, revision) and waits_for(second, revision)
    assert "approvals.handed_on" in told(second)
    with cast.ho_reviewer.scope() as scope, pytest.raises(rules.NotYourTurn):
        approve_revision(scope=scope, **seen(revision))
    approve(second, revision)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()


@pytest.mark.parametrize("where", ["before", "after"])
def test_one_more_signer_before_or_after(cast: Cast, where: Any) -> None:
    revision = submitted(cast.nb_editor, step("分行", role("reviewer", cast, "N")))
    with cast.north_reviewer.scope() as scope:
        add_signer(
            scope=scope,
            revision_id=revision.pk,
            person_id=cast.ho_reviewer.person.pk,
            where=where,
            words="请法务看",
        )
    order = [cast.ho_reviewer, cast.north_reviewer]
    first, last = order if where == "before" else order[::-1]
    assert (waits_for(first, revision), waits_for(last, revision)) == (True, False)
    approve(first, revision)
    with cast.nb_editor.scope():
        assert not LiveItem.objects.exists()
    approve(last, revision)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()


def test_nobody_is_asked_twice_to_sign(cast: Cast) -> None:
    revision = submitted(cast.nb_editor, step("一", role("reviewer", cast, "N")), step("二"))
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope, pytest.raises(rules.CannotSign):
        add_signer(
            scope=scope,
            revision_id=revision.pk,
            person_id=cast.north_reviewer.person.pk,
            where="after",
            words="再签",
        )


def test_a_deputy_decides_for_a_time_and_in_whose_place_stands_in_the_record(cast: Cast) -> None:
    revision = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")))
    made = deputy(cast.ho_reviewer, cast.ho_editor, held_until=AT + DAY)
    assert "approvals.delegated" in told(cast.ho_editor)
    assert waits_for(cast.ho_editor, revision) and waits_for(cast.ho_reviewer, revision)
    assert not waits_for(cast.ho_editor, revision, at=AT + DAY)
    approve(cast.ho_editor, revision)
    with cast.ho_editor.scope() as scope:
        decision = Decision.objects.get()
        assert (decision.person_id, decision.for_person_id) == (
            cast.ho_editor.person.pk, cast.ho_reviewer.person.pk,
        )  # fmt: skip
        end_delegation(scope=scope, delegation_id=made.pk)
    later = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")), title="又一张")
    assert not waits_for(cast.ho_editor, later)


def test_an_empty_step_goes_up_is_left_out_or_refuses(cast: Cast) -> None:
    nobody = role("reviewer", cast, "NC")
    revision = submitted(cast.nb_editor, step("市分行", nobody))
    with cast.ho_auditor.scope():
        assert [s.at_branch_id for s in seats_of(revision) if s.void_at is None] == [cast.branch["N"].pk]
    assert waits_for(cast.north_reviewer, revision)

    skipped = submitted(
        cast.nb_editor,
        step("市分行", nobody, if_empty="skip"),
        step("总行", role("reviewer", cast, "HO")),
        title="二",
    )
    assert states(cast, skipped) == ["skipped", "open"]
    with cast.ho_auditor.scope():
        assert Remark.objects.get(revision=skipped).deed == "skip"
    approve(cast.ho_reviewer, skipped)

    for plan in (step("市分行", nobody, if_empty="refuse"), step("市分行", nobody, if_empty="skip")):
        with pytest.raises(rules.NobodyCanReview):
            submitted(cast.nb_editor, plan, title="三")


def test_a_late_step_is_escalated_once_and_the_branch_above_may_sign(cast: Cast) -> None:
    plan = step("行长", role("branch_manager", cast, "NB"), due_after=HOUR, escalate_after=2 * HOUR)
    revision = submitted(cast.nb_editor, plan)
    north_manager = hired(cast, "branch_manager", "N")
    for at, many in ((AT + HOUR, 0), (AT + 2 * HOUR, 1), (AT + 3 * HOUR, 0)):
        assert escalated(at) == many
    assert waits_for(north_manager, revision) and waits_for(cast.nb_manager, revision)
    assert "approvals.overdue" in told(north_manager)
    approve(north_manager, revision, at=AT + 3 * HOUR)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()


def test_what_somebody_who_leaves_was_to_sign_by_name_goes_to_the_successor(cast: Cast) -> None:
    second = hired(cast, "reviewer", "HO", "ho_second")
    revision = submitted(cast.nb_editor, step("专家", named(cast.ho_reviewer)))
    with cast.ho_administrator.scope() as scope:
        leave(scope=scope, person_id=cast.ho_reviewer.person.pk, successor_id=second.person.pk)
    assert waits_for(second, revision)
    approve(second, revision)
    with cast.nb_editor.scope():
        assert LiveItem.objects.exists()


def test_reviews_of_a_closed_branch_go_on_at_its_successor(cast: Cast) -> None:
    revision = submitted(
        cast.nb_editor,
        step("行长", role("branch_manager", cast, "NB")),
        step("分行", role("reviewer", cast, "N")),
    )
    with system_scope(at=AT, cause="test") as scope:
        parent = cast.branch["NC"].pk
        other = add_branch(scope=scope, parent_id=parent, code="NB2", name="北城二支行", level="branch")
    with cast.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=cast.branch["NB"].pk, successor_id=other.pk)
        settle_now()
    with cast.ho_auditor.scope():
        assert {s.branch_id for s in [*steps_of(revision), *seats_of(revision)]} == {other.pk}
        assert seats_of(revision)[0].at_branch_id == other.pk


def test_a_role_that_is_lost_decides_nothing_and_leaves_the_step_to_others(cast: Cast) -> None:
    revision = submitted(cast.nb_editor, step("总行", role("reviewer", cast, "HO")))
    also(cast, cast.ho_reviewer, "analyst", "HO")
    with system_scope(at=AT, cause="test") as scope:
        end_assignment(scope=scope, assignment=cast.ho_reviewer.assignment)
    newcomer = hired(cast, "reviewer", "HO")
    assert waits_for(newcomer, revision)
    approve(newcomer, revision)


def test_talk_is_kept_and_the_right_people_hear_of_it(cast: Cast) -> None:
    revision = submitted(cast.nb_editor, step("分行", role("reviewer", cast, "N")))
    with cast.north_reviewer.scope() as scope:
        comment(scope=scope, revision_id=revision.pk, words="图片有点暗")
        copy_to(scope=scope, revision_id=revision.pk, people=[cast.ho_editor.person.pk], words="供参考")
        assert look_at(scope=scope, revision_id=revision.pk) == []
    with cast.nb_editor.scope() as scope:
        remind(scope=scope, revision_id=revision.pk)
        with pytest.raises(rules.TooSoon):
            remind(scope=scope, revision_id=revision.pk)
        assert [look.person_name for look in look_at(scope=scope, revision_id=revision.pk)] == [
            "north_reviewer"
        ]
        assert [r.deed for r in Remark.objects.order_by("id")] == ["comment", "copy", "remind"]
    assert told(cast.nb_editor) == ["approvals.commented"]
    assert told(cast.ho_editor) == ["approvals.copied"]
    assert told(cast.north_reviewer) == ["approvals.reminded", "approvals.waiting"]


def test_a_policy_that_asks_for_the_maker_finds_somebody_else_or_nobody(cast: Cast) -> None:
    """Whoever may both make and check does not count where he made it."""
    both = also(cast, cast.north_reviewer, "editor", "N")
    with pytest.raises(rules.NobodyCanReview):
        submitted(both, step("分行", role("reviewer", cast, "N"), if_empty="refuse"))
    revision = submitted(both, step("分行", role("reviewer", cast, "N"), if_empty="up"), title="上报")
    assert waits_for(cast.ho_reviewer, revision) and not waits_for(cast.north_reviewer, revision)


def test_a_placement_is_stale_when_its_poster_has_changed_meanwhile(cast: Cast) -> None:
    from content.models import Placement
    from content.services.items import change_item
    from content.services.placements import add_placement
    from tests.support.content import FROM, make_item

    with cast.north_editor.scope() as scope, routed(step("一")):
        item = make_item(scope)
        poster = submit_revision(scope=scope, subject=f"content.item:{item.pk}")
        placement: Placement = add_placement(scope=scope, slot="home.feed", item_id=item.pk, shown_from=FROM)
        shown = submit_revision(scope=scope, subject=f"content.placement:{placement.pk}")
    with cast.north_editor.scope() as scope:
        change_item(
            scope=scope, item_id=item.pk, title="换了", summary="", body="", asset_id=item.asset_id, campaign_id=None,
            batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until, handed_down=False,
        )  # fmt: skip
        poster = submit_revision(scope=scope, subject=poster.subject)
    approve(cast.north_reviewer, poster)
    with cast.north_reviewer.scope() as scope, pytest.raises(rules.ReferenceHasChanged):
        approve_revision(scope=scope, **seen(shown))
    with cast.ho_auditor.scope():
        assert Seat.objects.filter(revision=shown, is_open=True).exists()
