"""Each time that is set has its due row, each that is taken away has none; what comes to nothing is told."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from campaigns.approvals.models import Revision
from campaigns.approvals.services.live import cancel_schedule, take_down
from campaigns.approvals.services.schedule import lay_missing
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import cancel, run_again
from campaigns.notices.models import Notice
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.services.batches import BatchTerms, change_batch, submit_batch
from campaigns.rewards.services.stock import allot_stock, draw_back_stock
from campaigns.tenants.scopes import system_scope
from content.models import LiveItem
from tests.campaigns.approvals.test_schedule import LATER, SOON, changed
from tests.support.cast import AT, Cast
from tests.support.content import approve, submitted_item
from tests.support.due import due_rows, run_at
from tests.support.reviews import role, step, steps_of, submitted
from tests.support.rewards import TERMS, live_batch
from tests.support.times import Served, sweep

SECOND = timedelta(seconds=1)


@pytest.fixture
def waiting(cast: Cast) -> Revision:
    """An item is live until LATER; its successor is approved and begins at SOON."""
    approve(cast.north_reviewer, submitted_item(cast.north_editor, shown_until=LATER))
    return approve(cast.north_reviewer, changed(cast.north_editor, "新一版", shown_until=LATER + SECOND))


def rows() -> list[tuple[str, str, Any]]:
    return [(due.kind.partition(".")[2], due.state, due.run_at) for due in due_rows()]


def test_what_waits_begins_and_ends_and_what_it_replaces_does_not_end(cast: Cast, waiting: Revision) -> None:
    assert rows() == [
        ("go_live", "waiting", SOON),
        ("end", "waiting", LATER),
        ("end", "waiting", LATER + SECOND),
    ]
    assert {due.branch_id for due in due_rows()} == {cast.branch["N"].pk}
    assert sweep(SOON) == Served(1, 0)
    assert rows() == [
        ("go_live", "done", SOON),
        ("end", "cancelled", LATER),
        ("end", "waiting", LATER + SECOND),
    ]
    with cast.north_reviewer.scope(at=SOON) as scope:
        take_down(scope=scope, subject=waiting.subject, reason="撤下")
    assert {due.state for due in due_rows(kind="approvals.end")} == {"cancelled"}


def test_what_is_cancelled_or_taken_down_leaves_nothing_for_the_clock(cast: Cast, waiting: Revision) -> None:
    with cast.north_reviewer.scope() as scope:
        cancel_schedule(scope=scope, revision_id=waiting.pk, reason="推迟")
    assert [each[:2] for each in rows()] == [
        ("go_live", "cancelled"),
        ("end", "waiting"),
        ("end", "cancelled"),
    ]
    assert sweep(LATER) == Served(0, 1)


def test_a_thing_that_somebody_writes_to_is_asked_for_again_a_second_later(
    cast: Cast, waiting: Revision
) -> None:
    with patch("campaigns.approvals.services.schedule.lock_if_free", return_value=False):
        assert sweep(SOON) == Served(0, 0)
    [due] = due_rows(kind="approvals.go_live")
    assert (due.state, due.tries, due.ready_at) == ("waiting", 0, SOON + SECOND)
    assert sweep(SOON + SECOND) == Served(1, 0)


def test_a_batch_that_cannot_go_live_is_given_up_with_its_reason_and_can_be_run_again(cast: Cast) -> None:
    batch = live_batch(cast)
    less: dict[str, Any] = TERMS.columns() | {"claim_from": SOON, "quota": 20}
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=BatchTerms(**less))
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    approve(cast.north_reviewer, revision)
    more: dict[str, Any] = TERMS.columns() | {"claim_from": SOON}
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=BatchTerms(**more))
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=15)
    at = SOON
    for _try in range(8):
        run_at(at)
        [due] = due_rows(kind="approvals.go_live")
        at = due.ready_at
    assert (due.state, due.tries) == ("dead", 8)
    assert timedelta(minutes=8) < due.late_by(at) < timedelta(minutes=20)
    with cast.north_rewards.scope(at=at) as scope:
        notice = Notice.objects.get(code="approvals.not_live")
        assert notice.args["comment"] == due.why["zh"] != ""
        assert LiveBatch.objects.get().quota == 100
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=15)
    with cast.ho_administrator.scope(at=at) as scope:
        run_again(scope=scope, due_id=due.pk)
    assert sweep(at) == Served(1, 0)
    with cast.north_rewards.scope(at=at):
        assert LiveBatch.objects.get().quota == 20


def test_what_was_changed_while_it_waited_is_given_up_at_once(cast: Cast, waiting: Revision) -> None:
    with patch("campaigns.approvals.services.schedule.hash_of", return_value="0" * 64):
        assert run_at(SOON).dead == 1
    [due] = due_rows(kind="approvals.go_live")
    assert (due.why["code"], due.tries) == ("approvals.revision.scheduled_was_changed", 0)


def test_a_step_goes_up_unless_it_is_signed_before(cast: Cast) -> None:
    hour = timedelta(hours=1)
    plan = step("行长", role("branch_manager", cast, "NB"), due_after=hour, escalate_after=2 * hour)
    revision = submitted(cast.nb_editor, plan, step("分行", role("reviewer", cast, "N")))
    with cast.ho_auditor.scope():
        first = steps_of(revision)[0]
    [due] = due_rows(kind="approvals.escalate")
    assert (due.subject, due.state, due.run_at) == (f"approvals.step:{first.pk}", "waiting", AT + 2 * hour)
    approve(cast.nb_manager, revision)
    assert due_rows(kind="approvals.escalate")[0].state == "cancelled"


def test_rows_that_are_missing_are_laid_by_the_safety_net(cast: Cast, waiting: Revision) -> None:
    hour = timedelta(hours=1)
    submitted(
        cast.nb_editor,
        step("行长", role("branch_manager", cast, "NB"), due_after=hour, escalate_after=2 * hour),
        title="另一张",
    )
    with system_scope(at=SOON, cause="test") as scope:
        assert lay_missing(scope=scope) == 0
        for due in Due.objects.all():
            cancel(scope=scope, kind=due.kind, subject=due.subject)
        assert lay_missing(scope=scope) == 4
        assert lay_missing(scope=scope) == 0
    assert sweep(SOON) == Served(1, 0)
    with cast.north_reviewer.scope(at=SOON):
        assert LiveItem.objects.get().title == "新一版"
