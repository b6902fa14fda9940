"""Two people at once: one of them decides, and the controls show what each wall prevents."""

import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connections

from campaigns.approvals.flow import close, pass_if_signed
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.rules import ReviewIsClosed
from campaigns.approvals.services import reviews
from campaigns.approvals.services.reviews import approve_revision, send_back_revision, withdraw_revision
from campaigns.audit.models import Entry
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope
from content.copies import item_columns
from content.models import Item, LiveItem
from content.services import live as serving
from content.services.items import change_item
from tests.support.cast import Cast, Player
from tests.support.content import signature, submitted_item
from tests.support.races import together
from tests.support.unguarded import BEHIND_THE_LOCKS, LOCK, WHERE, crosswise, refused, steps_down, without

Act = Callable[[Scope], object]


def at_once(*acts: tuple[Player, Act]) -> list[object]:
    """Run each act in a thread and a transaction of its own; what it returned or how it was refused."""
    gate = threading.Barrier(len(acts), timeout=30)
    results: list[object] = [None] * len(acts)

    def run(place: int, player: Player, act: Act) -> None:
        try:
            with player.scope() as scope:
                assert scope.lo is not None
                gate.wait()
                results[place] = act(scope)
        except Refusal as refusal:
            results[place] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, *each)) for place, each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def acting(player: Player, act: Act) -> Callable[[], object]:
    """One person's act in a transaction of its own."""

    def run() -> object:
        with player.scope() as scope:
            return act(scope)

    return run


def approving(revision: Revision) -> Act:
    return lambda scope: approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


def withdrawing(revision: Revision) -> Act:
    return lambda scope: withdraw_revision(scope=scope, revision_id=revision.pk)


def editing(revision: Revision) -> Act:
    """Its maker goes on writing the draft."""

    def edit(scope: Scope) -> Item:
        item = Item.objects.get(pk=item_id_of(revision))
        return change_item(
            scope=scope, item_id=item.pk, title="没人看过", summary="", body="", asset_id=item.asset_id,
            campaign_id=None, batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until,
            handed_down=False,
        )  # fmt: skip

    return edit


def item_id_of(revision: Revision) -> UUID:
    return UUID(read_ref(revision.subject).id)


def how_it_stands(cast: Cast, revision: Revision) -> tuple[str, bool]:
    """The revision's state, and whether customers see it."""
    with cast.ho_reviewer.scope():
        state = Revision.objects.get(pk=revision.pk).state
        return state, LiveItem.objects.filter(revision_id=revision.pk).exists()


def test_two_reviewers_approve_at_once_and_one_of_them_did(committed_cast: Cast) -> None:
    cast = committed_cast
    revision = submitted_item(cast.north_editor)
    results = at_once(
        *[
            (player, approving(revision))
            for player in (cast.north_reviewer, cast.ho_reviewer)
            for _turn in range(2)
        ]
    )
    assert sum(isinstance(r, Revision) for r in results) == 1
    assert sum(isinstance(r, ReviewIsClosed) for r in results) == 3
    with cast.ho_reviewer.scope():
        assert Decision.objects.count() == 1
        assert LiveItem.objects.get().revision_id == revision.pk
        assert Entry.objects.filter(verb="approvals.revision.approve").count() == 1


def test_control_reading_deciding_and_then_writing_approves_twice(committed_cast: Cast) -> None:
    """Without the service's lock: both read "submitted" before either writes, and both believe they approved."""
    cast = committed_cast
    revision = submitted_item(cast.north_editor)
    read = threading.Barrier(2, timeout=30)

    def naive(scope: Scope) -> bool:
        seen = Revision.objects.get(pk=revision.pk)
        read.wait()
        if seen.state != "submitted":
            return False
        signature(seen, scope.person_id).save(force_insert=True)
        return True

    results = at_once((cast.north_reviewer, naive), (cast.ho_reviewer, naive))
    assert results == [True, True]
    with cast.ho_reviewer.scope():
        assert Decision.objects.count() == 2


@pytest.mark.parametrize("down", [(), (LOCK,)], ids=["all walls", "rows alone"])
def test_approval_against_withdrawal_ends_in_one_of_the_two(
    committed_cast: Cast, down: tuple[str, ...]
) -> None:
    """The row's lock alone would do; the subject's lock orders whole verbs before any row is read."""
    cast = committed_cast
    with without(*down):
        for turn in range(4):
            revision = submitted_item(cast.north_editor, title=f"第{turn}张")
            results = at_once(
                (cast.north_reviewer, approving(revision)), (cast.north_editor, withdrawing(revision))
            )
            assert sum(isinstance(r, ReviewIsClosed) for r in results) == 1
            assert how_it_stands(cast, revision) in {("approved", True), ("withdrawn", False)}


def in_review(cast: Cast) -> tuple[Revision, Callable[[], object]]:
    """A poster in review, and head office's approval of it."""
    revision = submitted_item(cast.north_editor)
    return revision, acting(cast.ho_reviewer, approving(revision))


def test_control_withdrawn_and_live_at_once_when_every_wall_is_down(committed_cast: Cast) -> None:
    """Approved first: the withdrawal believes in what it read. The guarded move holds, and behind it the trigger."""
    for down, held in steps_down(*BEHIND_THE_LOCKS[-2:]):
        revision, approve = in_review(committed_cast)
        with without(*down):
            approved, withdrawn = crosswise(
                approve, acting(committed_cast.north_editor, withdrawing(revision))
            )
        assert isinstance(approved, Revision)
        refused(withdrawn, held)
        stands = ("approved", True) if held else ("withdrawn", True)
        assert how_it_stands(committed_cast, revision) == stands


def test_control_live_after_a_withdrawal_when_every_wall_is_down(committed_cast: Cast) -> None:
    """Withdrawn first: four walls are behind the locks, and each of them is the last one once."""
    for down, held in steps_down(*BEHIND_THE_LOCKS):
        revision, approve = in_review(committed_cast)
        with without(*down):
            withdrawn, approved = crosswise(
                acting(committed_cast.north_editor, withdrawing(revision)), approve
            )
        assert isinstance(withdrawn, Revision)
        refused(approved, held)
        stands = ("withdrawn", False) if held else ("approved", True)
        assert how_it_stands(committed_cast, revision) == stands


def test_approving_against_sending_back_leaves_one_verdict(committed_cast: Cast) -> None:
    cast = committed_cast
    revision = submitted_item(cast.north_editor)
    at_once(
        (cast.north_reviewer, approving(revision)),
        (
            cast.ho_reviewer,
            lambda scope: send_back_revision(
                scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="改一下"
            ),
        ),
    )
    with cast.ho_reviewer.scope():
        [decision] = Decision.objects.all()
        assert LiveItem.objects.exists() == (decision.verdict == "approve")


def test_an_edit_while_it_is_approved_neither_deadlocks_nor_goes_live_unseen(committed_cast: Cast) -> None:
    cast = committed_cast
    for turn in range(4):
        revision = submitted_item(cast.north_editor, title=f"第{turn}张")
        edited, approved = at_once(
            (cast.north_editor, editing(revision)), (cast.ho_reviewer, approving(revision))
        )
        assert isinstance(edited, Item)
        if isinstance(approved, Revision):
            assert how_it_stands(cast, revision) == ("approved", True)
            with cast.ho_reviewer.scope():
                assert LiveItem.objects.get(revision_id=revision.pk).title == f"第{turn}张"
        else:
            assert isinstance(approved, ReviewIsClosed)
            assert how_it_stands(cast, revision) == ("superseded", False)


def test_control_without_the_subjects_lock_an_edit_and_an_approval_wait_for_each_other(
    committed_cast: Cast,
) -> None:
    """The approval holds the review's row and wants its notices, the edit has those and wants the row."""
    revision, approve = in_review(committed_cast)
    # Each goes on when the other holds what it holds: a late one would find the review over, and nobody waiting.
    both_hold = threading.Barrier(2, timeout=30)

    def settling(*of_review: Any) -> None:
        close(*of_review)
        both_hold.wait()

    def waiting(*of_step: Any) -> bool:
        both_hold.wait()
        return pass_if_signed(*of_step)

    with (
        without(LOCK),
        patch.object(reviews, "close", settling),
        patch.object(reviews, "pass_if_signed", waiting),
    ):
        results = together([approve, acting(committed_cast.north_editor, editing(revision))])
    assert sum("deadlock detected" in str(result) for result in results) == 1, results


def test_control_an_edit_voids_what_is_live_when_the_move_says_not_from_where(committed_cast: Cast) -> None:
    """Approved first. No trigger is behind the guarded move here: what is live may be superseded, by a newer one."""
    for down, held in steps_down((WHERE, (ReviewIsClosed, "审核已经结束"))):
        revision, approve = in_review(committed_cast)
        edit = acting(committed_cast.north_editor, editing(revision))
        with without(*down):
            approved, edited = crosswise(approve, edit)
        assert isinstance(approved, Revision)
        refused(edited, held)
        stands = ("approved", True) if held else ("superseded", True)
        assert how_it_stands(committed_cast, revision) == stands


def test_control_an_approval_goes_live_after_an_edit_when_every_wall_is_down(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edited first. Customers would still read what the reviewer saw, since the copy is made of the frozen payload;
    made of the draft, they would read what nobody saw.
    """
    cast = committed_cast

    def crossed(*down: str) -> tuple[Revision, object]:
        revision, approve = in_review(cast)
        with without(*down):
            edited, approved = crosswise(acting(cast.north_editor, editing(revision)), approve)
        assert isinstance(edited, Item)
        return revision, approved

    def title(revision: Revision) -> str:
        with cast.ho_reviewer.scope():
            return LiveItem.objects.get(revision_id=revision.pk).title

    for down, held in steps_down(*BEHIND_THE_LOCKS):
        revision, approved = crossed(*down)
        refused(approved, held)
        assert how_it_stands(cast, revision) == (("superseded", False) if held else ("approved", True))
    assert title(revision) == revision.title != "没人看过"

    def of_the_draft(revision: Revision) -> dict[str, Any]:
        return item_columns(revision) | {"title": Item.objects.get(pk=item_id_of(revision)).title}

    monkeypatch.setattr(serving, "item_columns", of_the_draft)
    revision, _approved = crossed(*down)
    assert title(revision) == "没人看过"
