"""The clock, a stop and a take-down at the same moment as somebody else: one order or the other, never a mixture."""

import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.moves import note
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import approve_revision
from campaigns.approvals.services.stops import add_stop
from campaigns.approvals.stop_rules import IsStopped
from campaigns.audit.models import Entry
from campaigns.jobs.services.due import run_due
from campaigns.tenants.scopes import Scope, system, system_scope
from content.models import LiveItem
from tests.campaigns.approvals.test_schedule import SOON, changed
from tests.support.cast import Cast, Player
from tests.support.content import approve, submitted_item
from tests.support.races import together


def acting(player: Player, act: Callable[[Scope], object]) -> Callable[[], object]:
    """One person's act in a transaction of its own."""

    def run() -> object:
        with player.scope() as scope:
            return act(scope)

    return run


def sweeping() -> int:
    return run_due(scope=system(at=SOON, cause="sweep"), clock=lambda: SOON).done


def many_waiting(cast: Cast, many: int) -> list[Revision]:
    """Posters of as many branches' editors as there are, each live with a successor that waits."""
    editors = [cast.north_editor, cast.nb_editor, cast.ho_editor][:many]
    waiting = []
    for editor in editors:
        approve(cast.ho_reviewer, submitted_item(editor))
        with editor.scope() as scope:
            branch = scope.branch_id
        waiting.append(approve(cast.ho_reviewer, changed(editor, "新一版", which={"branch": branch})))
    return waiting


def entries(cast: Cast, verb: str) -> int:
    with cast.ho_reviewer.scope():
        return Entry.objects.filter(verb=verb).count()


def test_workers_that_sweep_together_put_each_live_once(committed_cast: Cast) -> None:
    cast = committed_cast
    waiting = many_waiting(cast, 3)
    assert {revision.state for revision in waiting} == {"scheduled"}
    assert sum(together([sweeping] * 4)) == 3
    assert entries(cast, "content.item.go_live") == 3
    with cast.ho_reviewer.scope():
        assert set(LiveItem.objects.values_list("revision_id", flat=True)) == {r.pk for r in waiting}
        assert Revision.objects.filter(state="superseded").count() == 3


def test_control_two_sweeps_that_read_and_then_write_put_it_live_twice(committed_cast: Cast) -> None:
    cast = committed_cast
    many_waiting(cast, 1)
    read = threading.Barrier(2, timeout=30)

    def naive() -> int:
        with system_scope(at=SOON, cause="sweep") as scope:
            due = Revision.objects.get(state="scheduled")
            read.wait()
            Revision.objects.filter(subject=due.subject, state="approved").exclude(pk=due.pk).update(
                state="superseded"
            )
            Revision.objects.filter(pk=due.pk).update(state="approved")
            note(scope, due, "content.item.go_live")
            return 1

    assert together([naive, naive]) == [1, 1]
    assert entries(cast, "content.item.go_live") == 2


def test_a_take_down_against_the_clock_leaves_nothing_live(committed_cast: Cast) -> None:
    cast = committed_cast
    for turn in range(3):
        approve(cast.north_reviewer, submitted_item(cast.north_editor, title=f"第{turn}张"))
        with cast.north_editor.scope():
            item = LiveItem.objects.get().item
        waiting = approve(cast.north_reviewer, changed(cast.north_editor, f"新{turn}", which={"pk": item.pk}))
        taken, _swept = together(
            [
                acting(
                    cast.north_reviewer,
                    lambda scope, s=waiting.subject: take_down(scope=scope, subject=s, reason="停"),  # type: ignore[misc]
                ),
                sweeping,
            ]
        )
        assert isinstance(taken, Revision)
        with cast.north_reviewer.scope():
            states = set(Revision.objects.filter(subject=waiting.subject).values_list("state", flat=True))
            assert states <= {"taken_down", "superseded"} and not LiveItem.objects.exists()


def test_control_a_sweep_without_the_lock_puts_live_what_was_taken_down(committed_cast: Cast) -> None:
    """It believes what it read before the take-down; nothing but the database refuses."""
    cast = committed_cast
    [waiting] = many_waiting(cast, 1)
    with system_scope(at=SOON, cause="sweep") as scope:
        due = Revision.objects.get(state="scheduled")
        together(
            [
                acting(
                    cast.north_reviewer,
                    lambda scope: take_down(scope=scope, subject=due.subject, reason="停"),
                )
            ]
        )
        assert due.is_scheduled
        with pytest.raises(DatabaseError, match="was approved"):
            kind_of(due.kind).go_live(scope, due)
    with cast.north_reviewer.scope():
        assert not LiveItem.objects.exists() and Revision.objects.get(pk=waiting.pk).state == "taken_down"


def approving(revision: Revision) -> Callable[[Scope], Revision]:
    return lambda scope: approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


def stopping(scope: Scope) -> Stop:
    return add_stop(scope=scope, branch_id=scope.branch_id, reason="停")


def shown_to_customers(cast: Cast) -> bool:
    with cast.customers["nb"].scope() as scope:
        assert scope.branch_id
        return LiveItem.objects.exists()


def test_an_approval_against_a_stop_shows_nobody_anything(committed_cast: Cast) -> None:
    cast = committed_cast
    revision = submitted_item(cast.north_editor, handed_down=True)
    approved, stopped = together(
        [acting(cast.north_reviewer, approving(revision)), acting(cast.ho_administrator, stopping)]
    )
    assert isinstance(stopped, Stop) and isinstance(approved, Revision | IsStopped)
    assert not shown_to_customers(cast)
    with cast.north_reviewer.scope():
        assert LiveItem.objects.exists() == isinstance(approved, Revision)


def test_control_the_check_alone_would_serve_what_was_stopped_meanwhile(committed_cast: Cast) -> None:
    """The approval has passed its check when the stop commits: only what customers may read asks again."""
    cast = committed_cast
    revision = submitted_item(cast.north_editor, handed_down=True)
    with cast.north_reviewer.scope() as scope:
        approving(revision)(scope)
        together([acting(cast.ho_administrator, stopping)])
    with cast.north_reviewer.scope():
        assert LiveItem.objects.get().revision_id == revision.pk  # it is live in its table ...
    assert not shown_to_customers(cast)  # ... and nobody is shown it
