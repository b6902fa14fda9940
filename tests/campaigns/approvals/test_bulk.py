"""Many approvals asked for at once: each is signed or refused exactly once, whatever happens to the worker."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.approvals import selectors
from campaigns.approvals.bulk_selectors import AT_MOST, all_in_queue, choice_of
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.selectors import neighbours_in_queue, queue, queue_count, queue_figures
from campaigns.approvals.services import bulks
from campaigns.approvals.services.bulks import ask_bulk_approval
from campaigns.approvals.services.delegations import delegate
from campaigns.approvals.services.reviews import approve_revision, submit_revision, withdraw_revision
from campaigns.approvals.services.signers import add_signer
from campaigns.audit.models import Entry
from campaigns.jobs.long_kinds import kind_of
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.long_rules import NothingChosen, TooManyChosen
from campaigns.jobs.long_selectors import refused_items
from campaigns.jobs.services import long_runs
from campaigns.jobs.services.long import resume_job
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.selectors import unread
from campaigns.notices.sentences import words_of
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import end_assignment
from content.models import LiveItem
from tests.support.cast import AT, Cast, Player, give
from tests.support.content import make_asset, make_item, submitted_item
from tests.support.deaths import die, until_the_dead_are_gone
from tests.support.jobs import log_of, now_is, outcomes, reopen, run

KIND = kind_of(bulks.KIND)
assert KIND is not None
LEASE = KIND.lease


def posters(maker: Player, many: int) -> list[Revision]:
    """So many posters in review."""
    with maker.scope() as scope:
        asset = make_asset(scope).pk
        items = [make_item(scope, f"第{n}张", asset_id=asset) for n in range(1, many + 1)]
        return [submit_revision(scope=scope, subject=ref("content.item", item.pk)) for item in items]


def ask(checker: Player, revisions: list[Revision], **more: Any) -> Job:
    with checker.scope() as scope:
        return ask_bulk_approval(scope=scope, chosen=[(r.pk, r.sha256) for r in revisions], **more)


def signed(revisions: list[Revision]) -> Counter[UUID]:
    with system_scope(at=AT, cause="test"):
        rows = Decision.objects.filter(revision__in=revisions).values_list("revision_id", flat=True)
        return Counter(rows)


@pytest.fixture
def dies_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """`dies_at(7, act)`: `act` in the middle of the seventh approval."""
    real = bulks.approve_revision

    def arrange(nth: int, act: Callable[[], None]) -> None:
        count = 0

        def approving(**given: Any) -> Revision:
            nonlocal count
            count += 1
            revision = real(**given)
            if count == nth:
                act()
            return revision

        monkeypatch.setattr(bulks, "approve_revision", approving)

    return arrange


def test_thirty_reviews_of_which_some_are_refused_each_for_its_own_reason(committed_cast: Cast) -> None:
    cast = committed_cast
    reviewer = cast.north_reviewer
    ours = posters(cast.north_editor, 27)
    with cast.ho_administrator.scope() as scope:
        desk = give(scope, reviewer, "editor", cast.branch["N"], held_from=AT - timedelta(days=1))
    own = submitted_item(Player(reviewer.person, reviewer.login, desk), "自己的")
    theirs = submitted_item(cast.north_editor, "加签的")
    withdrawn = submitted_item(cast.north_editor, "撤回的")
    with reviewer.scope() as scope:
        to = cast.ho_reviewer.person.pk
        add_signer(scope=scope, revision_id=theirs.pk, person_id=to, where="before", words="请先看")
        chosen = [(r.pk, r.sha256) for r in [*ours, own, theirs, withdrawn]]
        chosen[3] = (ours[3].pk, "0" * 64)  # the list showed something else
        choice = choice_of(scope=scope, chosen=chosen)
        assert (choice.total, choice.kinds, choice.own, choice.closed) == (30, {"content.item": 30}, 1, 0)
        bulk = ask_bulk_approval(scope=scope, chosen=chosen, comment="逐项看过")
        assert str(bulk) == "通过 30 项审核"
    with cast.north_editor.scope() as scope:
        withdraw_revision(scope=scope, revision_id=withdrawn.pk)
    assert run() is True and run() is False
    done = now_is(bulk)
    assert (done.state, done.total, done.done, done.went_through, done.refused) == ("done", 30, 30, 26, 4)
    assert (done.attempt, done.lease_until, done.ended_at) == (None, None, AT)
    with reviewer.scope() as scope:
        refused = {item.title: item for item in refused_items(scope=scope, job=bulk)}
        assert {title: item.code for title, item in refused.items()} == {
            "第4张": "approvals.revision.has_changed",
            "自己的": "approvals.revision.maker_is_checker",
            "加签的": "approvals.step.not_your_turn",
            "撤回的": "approvals.revision.review_is_closed",
        }
        assert refused["自己的"].words["zh"].startswith("您是这一版的经办人")
        assert refused["自己的"].words["en"].startswith("You made this revision")
        # A state that a refusal names speaks the reader's language too, whatever the worker's is.
        assert "已撤回" in refused["撤回的"].words["zh"] and "Withdrawn" in refused["撤回的"].words["en"]
        assert LiveItem.objects.count() == 26
        assert Decision.objects.filter(comment="逐项看过", person_id=reviewer.person.pk).count() == 26
        verbs = Counter(Entry.objects.filter(at=AT).values_list("verb", flat=True))
        assert verbs["approvals.revision.approve"] == 26
        assert [verbs[f"jobs.job.{verb}"] for verb in ("ask", "finish", "stop")] == [1, 1, 0]
        told = unread(scope=scope).get(code="approvals.bulk_done")
        assert (
            words_of(code=told.code, args=told.args, subject=told.subject)
            == "批量通过已完成：26 项通过，4 项未通过。"
        )
        assert told.opens == f"jobs.job:{bulk.pk}"


def test_a_worker_that_is_killed_in_the_middle_has_done_each_item_or_not_and_another_goes_on(
    committed_cast: Cast, dies_at: Callable[[int, Callable[[], None]], None]
) -> None:
    """A process of its own, killed after it has signed the seventh and before it commits."""
    cast = committed_cast
    revisions = posters(cast.north_editor, 12)
    bulk = ask(cast.north_reviewer, revisions)
    connections.close_all()
    child = os.fork()
    if not child:
        dies_at(7, die)
        run()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    until_the_dead_are_gone()
    half = now_is(bulk)
    assert (half.state, half.done) == ("running", 6)
    assert sum(signed(revisions).values()) == 6
    assert run() is False  # its lease runs
    assert run(AT + LEASE) is True
    done = now_is(bulk)
    assert (done.state, done.done, done.refused, done.lost) == ("done", 12, 0, 1)
    assert "已由另一个接手" in log_of(bulk)[1]
    assert signed(revisions) == dict.fromkeys([r.pk for r in revisions], 1)


def test_two_workers_at_once_share_the_bulks_and_no_item_is_signed_twice(committed_cast: Cast) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 12)
    # One of them is chosen by two people, in two bulks that run side by side.
    first = ask(cast.north_reviewer, revisions[:7])
    second = ask(cast.ho_reviewer, revisions[6:])
    gate = threading.Barrier(3, timeout=30)

    def work() -> None:
        try:
            gate.wait()
            while run():
                pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert signed(revisions) == dict.fromkeys([r.pk for r in revisions], 1)
    both = [now_is(first), now_is(second)]
    assert [bulk.state for bulk in both] == ["done", "done"]
    assert (sum(b.done for b in both), sum(b.went_through for b in both)) == (13, 12)
    assert sorted({code for bulk in both for _o, code in outcomes(bulk)}) == [
        "", "approvals.revision.review_is_closed",
    ]  # fmt: skip


def test_a_role_that_is_lost_on_the_way_pauses_it_with_the_reason_and_comes_back_to_go_on(
    committed_cast: Cast, dies_at: Callable[[int, Callable[[], None]], None]
) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 6)
    bulk = ask(cast.north_reviewer, revisions)

    def dismiss() -> None:
        def elsewhere() -> None:
            with cast.ho_administrator.scope() as scope:
                end_assignment(scope=scope, assignment=cast.north_reviewer.assignment)
            connections.close_all()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    dies_at(2, dismiss)
    assert run(AT) is True
    paused = now_is(bulk)
    assert (paused.state, paused.done, paused.refused) == ("paused", 2, 0)
    assert paused.why["zh"].startswith("您在这个机构的岗位已不再有效")
    assert run(AT + LEASE) is False
    with cast.ho_administrator.scope() as scope:
        again = give(scope, cast.north_reviewer, "reviewer", cast.branch["N"])
    reviewer = Player(cast.north_reviewer.person, cast.north_reviewer.login, again)
    with reviewer.scope() as scope:
        assert unread(scope=scope).filter(code="approvals.bulk_halted").count() == 1
        assert resume_job(scope=scope, job_id=bulk.pk).why == {}
    assert run() is True
    assert (now_is(bulk).state, now_is(bulk).went_through) == ("done", 6)


def test_a_right_that_is_taken_from_the_role_pauses_it_too(committed_cast: Cast) -> None:
    cast = committed_cast
    bulk = ask(cast.north_reviewer, posters(cast.north_editor, 2))
    role = cast.north_reviewer.assignment.role
    role.verbs = [verb for verb in role.verbs if verb != "approvals.revision.decide"]
    role.save()
    assert run() is True
    paused = now_is(bulk)
    assert (paused.state, paused.done) == ("paused", 0) and "不能执行" in paused.why["zh"]


def test_what_may_not_be_asked_for(cast: Cast) -> None:
    [ours, below] = [submitted_item(cast.north_editor), submitted_item(cast.nb_editor, "支行的")]
    foreign = submitted_item(cast.south_editor, "南方的")
    some = [(ours.pk, ours.sha256)]
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        ask_bulk_approval(scope=scope, chosen=some)
    with cast.north_reviewer.scope() as scope:
        for chosen, refusal in (
            ([], NothingChosen),
            ([(new_id(), "x") for _n in range(AT_MOST + 1)], TooManyChosen),
            ([*some, (foreign.pk, foreign.sha256)], NotFound),
            ([*some, (new_id(), "0" * 64)], NotFound),
        ):
            with pytest.raises(refusal):
                ask_bulk_approval(scope=scope, chosen=chosen)
        assert not Job.objects.exists()
        assert {revision_id for revision_id, _sha in all_in_queue(scope=scope)} == {ours.pk, below.pk}


def test_the_database_calls_an_item_approved_only_by_a_decision(cast: Cast) -> None:
    bulk = ask(cast.north_reviewer, posters(cast.north_editor, 2))
    with cast.north_reviewer.scope() as scope:
        Job.objects.filter(pk=bulk.pk).update(state="running", attempt=new_id(), lease_until=AT)
        first, second = JobItem.objects.filter(job=bulk)
        with pytest.raises(DatabaseError, match="approved by a decision"), transaction.atomic():
            JobItem.objects.filter(pk=first.pk).update(outcome="done", at=AT)
        JobItem.objects.filter(pk=first.pk).update(outcome="refused", at=AT)
        approve_revision(
            scope=scope, revision_id=UUID(second.subject.partition(":")[2]), sha256=second.args["sha256"]
        )
        JobItem.objects.filter(pk=second.pk).update(outcome="done", at=AT)


def test_an_item_costs_the_same_whatever_the_size_of_the_bulk(committed_cast: Cast) -> None:
    cast = committed_cast
    spent = []
    for many in (3, 9):
        bulk = ask(cast.north_reviewer, posters(cast.north_editor, many))
        taken = long_runs._take(AT)
        assert isinstance(taken, long_runs._Taken)
        costs = []
        for _item in range(many):
            with CaptureQueriesContext(connection) as queries:
                assert long_runs._run_next(taken, reopen("staff", taken.opened_as["carry"], AT))
            costs.append(len(queries))
        assert not long_runs._run_next(taken, reopen("staff", taken.opened_as["carry"], AT))
        assert now_is(bulk).done == many
        spent.append(set(costs))
    assert spent[0] == spent[1] and len(spent[0]) == 1


def test_the_queue_is_the_same_whether_little_or_much_waits(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up one by one, or read in order: the same reviews, for one's own chair and for a deputy's."""
    revisions = [*posters(cast.north_editor, 5), submitted_item(cast.nb_editor, "支行的")]
    south = submitted_item(cast.south_editor, "南方的")
    reviewer = cast.north_reviewer
    with cast.ho_administrator.scope() as scope:
        desk = give(scope, reviewer, "editor", cast.branch["N"], held_from=AT - timedelta(days=1))
    own = submitted_item(Player(reviewer.person, reviewer.login, desk), "自己的")
    with reviewer.scope() as scope:
        until = AT + timedelta(days=1)
        deputy = cast.ho_editor.person.pk
        delegate(scope=scope, deputy_id=deputy, held_from=AT, held_until=until, reason="出差")
        approve_revision(scope=scope, revision_id=revisions[0].pk, sha256=revisions[0].sha256)
    open_ = [r.pk for r in revisions[1:]]
    for player, waiting in (
        (reviewer, open_),
        (cast.ho_editor, open_),  # as the reviewer's deputy, and not what the reviewer made
        (cast.nb_manager, open_[-1:]),
        (cast.ho_reviewer, [*open_, own.pk, south.pk]),
        (cast.south_editor, []),
    ):
        seen = []
        for few in (5_000, 0):
            monkeypatch.setattr(selectors, "FEW", few)
            with player.scope() as scope:
                found = list(queue(scope=scope))
                rows = [each.pk for each in found]
                beside = [neighbours_in_queue(scope=scope, revision=each) for each in found]
                seen.append((rows, beside, queue_count(scope=scope), queue_figures(scope=scope).waiting))
                assert queue_count(scope=scope, at_most=2) == min(2, len(rows))
        assert seen[0] == seen[1]
        rows, beside, *counts = seen[0]
        assert sorted(rows) == sorted(waiting) and counts == [len(waiting)] * 2
        assert beside == list(zip([None, *rows], [*rows[1:], None], strict=False))[: len(rows)]
