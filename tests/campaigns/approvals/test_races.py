"""Two people at once: one of them decides, and the control shows what the guard prevents."""

import threading
from collections.abc import Callable

from django.db import connections

from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.rules import ReviewIsClosed
from campaigns.approvals.services.reviews import approve_revision, send_back_revision, withdraw_revision
from campaigns.audit.models import Entry
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope
from content.models import LiveItem
from tests.support.cast import Cast, Player
from tests.support.content import signature, submitted_item

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


def approving(revision: Revision) -> Act:
    return lambda scope: approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


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


def test_approval_against_withdrawal_ends_in_one_of_the_two(committed_cast: Cast) -> None:
    cast = committed_cast
    for turn in range(4):
        revision = submitted_item(cast.north_editor, title=f"第{turn}张")
        results = at_once(
            (cast.north_reviewer, approving(revision)),
            (cast.north_editor, lambda scope, r=revision: withdraw_revision(scope=scope, revision_id=r.pk)),  # type: ignore[misc]
        )
        assert sum(isinstance(r, ReviewIsClosed) for r in results) == 1
        with cast.ho_reviewer.scope():
            state = Revision.objects.get(pk=revision.pk).state
            is_live = LiveItem.objects.filter(revision_id=revision.pk).exists()
            assert (state, is_live) in {("approved", True), ("withdrawn", False)}


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
    from content.models import Item
    from content.services.items import change_item

    cast = committed_cast
    revision = submitted_item(cast.north_editor)

    def edit(scope: Scope) -> Item:
        item = Item.objects.get()
        return change_item(
            scope=scope, item_id=item.pk, title="没人看过", summary="", body="", asset_id=item.asset_id,
            campaign_id=None, batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until,
            handed_down=False,
        )  # fmt: skip

    edited, approved = at_once((cast.north_editor, edit), (cast.ho_reviewer, approving(revision)))
    assert isinstance(edited, Item)
    with cast.ho_reviewer.scope():
        if isinstance(approved, Revision):
            assert LiveItem.objects.get().title == "春节存款"
        else:
            assert isinstance(approved, ReviewIsClosed) and not LiveItem.objects.exists()
