"""Many approvals asked for at once: each is signed or refused exactly once, whatever happens to the worker."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.approvals import selectors
from campaigns.approvals.bulk_models import Bulk, BulkItem
from campaigns.approvals.bulk_rules import AT_MOST, BulkGoesOn, BulkIsOver, NothingChosen, TooManyChosen
from campaigns.approvals.bulk_selectors import all_in_queue, bulk_in_scope, choice_of, my_bulks, refused_items
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.selectors import neighbours_in_queue, queue, queue_count, queue_figures
from campaigns.approvals.services import bulks
from campaigns.approvals.services.bulks import LEASE, ask_bulk_approval, resume_bulk, run_waiting, stop_bulk
from campaigns.approvals.services.delegations import delegate
from campaigns.approvals.services.reviews import approve_revision, submit_revision, withdraw_revision
from campaigns.approvals.services.signers import add_signer
from campaigns.audit.models import Entry
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope, staff, system, system_scope
from campaigns.tenants.services.assignments import end_assignment
from content.models import LiveItem
from tests.support.cast import AT, Cast, Player, give
from tests.support.content import make_asset, make_item, submitted_item


def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
    assert kind == "staff"
    return staff(
        login_id=carry["login"], assignment_id=carry["assignment"], stand_at=carry["stand_at"], at=at
    )


def run(at: datetime = AT) -> bool:
    return run_waiting(scope=system(at=at, cause="test"), reopen=reopen, clock=lambda: at)


def posters(maker: Player, many: int) -> list[Revision]:
    """So many posters in review."""
    with maker.scope() as scope:
        asset = make_asset(scope).pk
        items = [make_item(scope, f"第{n}张", asset_id=asset) for n in range(1, many + 1)]
        return [submit_revision(scope=scope, subject=ref("content.item", item.pk)) for item in items]


def ask(checker: Player, revisions: list[Revision], **more: Any) -> Bulk:
    with checker.scope() as scope:
        return ask_bulk_approval(scope=scope, chosen=[(r.pk, r.sha256) for r in revisions], **more)


def now_is(bulk: Bulk) -> Bulk:
    with system_scope(at=AT, cause="test"):
        found: Bulk = Bulk.objects.get(pk=bulk.pk)
        return found


def outcomes(bulk: Bulk) -> list[tuple[str, str]]:
    with system_scope(at=AT, cause="test"):
        return list(BulkItem.objects.filter(bulk=bulk).values_list("outcome", "code"))


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
    with cast.north_editor.scope() as scope:
        withdraw_revision(scope=scope, revision_id=withdrawn.pk)
    assert run() is True and run() is False
    done = now_is(bulk)
    assert (done.state, done.total, done.done, done.approved, done.refused) == ("done", 30, 30, 26, 4)
    assert (done.attempt, done.lease_until, done.ended_at) == (None, None, AT)
    with reviewer.scope() as scope:
        refused = {item.title: item for item in refused_items(scope=scope, bulk=bulk)}
        assert {title: item.code for title, item in refused.items()} == {
            "第4张": "approvals.revision.has_changed",
            "自己的": "approvals.revision.maker_is_checker",
            "加签的": "approvals.step.not_your_turn",
            "撤回的": "approvals.revision.review_is_closed",
        }
        assert refused["自己的"].words["zh"].startswith("您是这一版的经办人")
        assert refused["自己的"].words["en"].startswith("You made this revision")
        assert LiveItem.objects.count() == 26
        assert Decision.objects.filter(comment="逐项看过", person_id=reviewer.person.pk).count() == 26
        verbs = Counter(Entry.objects.filter(at=AT).values_list("verb", flat=True))
        assert verbs["approvals.revision.approve"] == 26
        assert [verbs[f"approvals.bulk.{verb}"] for verb in ("ask", "finish", "stop")] == [1, 1, 0]


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
        dies_at(7, lambda: os.kill(os.getpid(), signal.SIGKILL))
        run()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    half = now_is(bulk)
    assert (half.state, half.done, half.approved) == ("running", 6, 6)
    assert sum(signed(revisions).values()) == 6
    assert run() is False  # its lease runs
    assert run(AT + LEASE) is True
    done = now_is(bulk)
    assert (done.state, done.done, done.approved) == ("done", 12, 12)
    assert signed(revisions) == dict.fromkeys([r.pk for r in revisions], 1)


def test_a_slow_worker_whose_lease_was_taken_leaves_without_signing(committed_cast: Cast) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 3)
    bulk = ask(cast.north_reviewer, revisions)
    slow = bulks._take(AT)
    assert slow is not None
    scope_now = [reopen("staff", slow.opened_as["carry"], AT) for _turn in range(2)]
    assert bulks._run_next(slow, scope_now[0]) is True
    assert run(AT + LEASE) is True
    assert bulks._run_next(slow, scope_now[1]) is False
    done = now_is(bulk)
    assert (done.state, done.done, done.approved) == ("done", 3, 3)
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
    assert (sum(b.done for b in both), sum(b.approved for b in both)) == (13, 12)
    assert sorted({code for bulk in both for _o, code in outcomes(bulk)}) == [
        "", "approvals.revision.review_is_closed",
    ]  # fmt: skip


def test_a_role_that_is_lost_on_the_way_stops_it_with_the_reason_and_comes_back_to_go_on(
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
    stopped = now_is(bulk)
    assert (stopped.state, stopped.done, stopped.approved) == ("stopped", 2, 2)
    assert stopped.why_not["zh"].startswith("您在这个机构的岗位已不再有效")
    assert run(AT + LEASE) is False
    with cast.ho_administrator.scope() as scope:
        again = give(scope, cast.north_reviewer, "reviewer", cast.branch["N"])
    reviewer = Player(cast.north_reviewer.person, cast.north_reviewer.login, again)
    with reviewer.scope() as scope:
        assert resume_bulk(scope=scope, bulk_id=bulk.pk).why_not == {}
    assert run() is True
    assert (now_is(bulk).state, now_is(bulk).approved) == ("done", 6)


def test_a_right_that_is_taken_from_the_role_stops_it_too(committed_cast: Cast) -> None:
    cast = committed_cast
    bulk = ask(cast.north_reviewer, posters(cast.north_editor, 2))
    role = cast.north_reviewer.assignment.role
    role.verbs = [verb for verb in role.verbs if verb != "approvals.revision.decide"]
    role.save()
    assert run() is True
    stopped = now_is(bulk)
    assert (stopped.state, stopped.done) == ("stopped", 0) and "不能执行" in stopped.why_not["zh"]


def test_it_is_stopped_between_two_items_and_resumed_behind_the_last(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 5)
    bulk = ask(cast.north_reviewer, revisions)
    with cast.north_reviewer.scope() as scope, pytest.raises(BulkGoesOn):
        resume_bulk(scope=scope, bulk_id=bulk.pk)
    real, turns = bulks._run_next, iter(range(5))

    def stopping(taken: Any, scope: Scope) -> bool:
        if next(turns) == 2:
            with cast.north_reviewer.scope() as own:
                stop_bulk(scope=own, bulk_id=bulk.pk)
        return real(taken, scope)

    monkeypatch.setattr(bulks, "_run_next", stopping)
    assert run() is True
    monkeypatch.undo()
    stopped = now_is(bulk)
    assert (stopped.state, stopped.done, stopped.why_not) == ("stopped", 2, {})
    assert run(AT + LEASE) is False
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(BulkIsOver):
            stop_bulk(scope=scope, bulk_id=bulk.pk)
        resume_bulk(scope=scope, bulk_id=bulk.pk)
    assert run() is True
    assert (now_is(bulk).state, now_is(bulk).approved) == ("done", 5)
    with cast.north_reviewer.scope() as scope, pytest.raises(BulkGoesOn):
        resume_bulk(scope=scope, bulk_id=bulk.pk)
    assert signed(revisions) == dict.fromkeys([r.pk for r in revisions], 1)


def test_a_mistake_of_ours_is_one_items_and_the_others_go_on(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 3)
    bulk = ask(cast.north_reviewer, revisions)
    real = bulks.approve_revision

    def breaking(**given: Any) -> Revision:
        approved = real(**given)
        if given["revision_id"] == revisions[1].pk:
            raise RuntimeError("disk")
        return approved

    monkeypatch.setattr(bulks, "approve_revision", breaking)
    assert run() is True
    assert (now_is(bulk).done, now_is(bulk).approved) == (3, 2)
    assert outcomes(bulk)[1] == ("refused", "approvals.bulk.item_failed")
    assert signed(revisions)[revisions[1].pk] == 0
    assert "disk" in caplog.text


def test_nobody_else_sees_or_stops_it(cast: Cast) -> None:
    bulk = ask(cast.north_reviewer, posters(cast.north_editor, 1))
    for other in (cast.ho_reviewer, cast.south_reviewer, cast.north_editor):
        with other.scope() as scope:
            assert not my_bulks(scope=scope).exists()
            for act in (bulk_in_scope, stop_bulk, resume_bulk):
                with pytest.raises(NotFound):
                    act(scope=scope, bulk_id=bulk.pk)  # type: ignore[operator]
            for absent in (new_id(), "x"):
                with pytest.raises(NotFound):
                    bulk_in_scope(scope=scope, bulk_id=absent)
    with cast.north_reviewer.scope() as scope:
        assert bulk_in_scope(scope=scope, bulk_id=str(bulk.pk)) == bulk
    assert now_is(bulk).state == "waiting"


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
        assert not Bulk.objects.exists()
        assert {revision_id for revision_id, _sha in all_in_queue(scope=scope)} == {ours.pk, below.pk}


def test_the_database_settles_an_item_once_and_only_by_a_decision(cast: Cast) -> None:
    revisions = posters(cast.north_editor, 2)
    bulk = ask(cast.north_reviewer, revisions)
    with cast.north_reviewer.scope() as scope:
        item = BulkItem.objects.filter(bulk=bulk).first()
        assert item is not None

        def refused(sentence: str, act: Callable[[], object]) -> None:
            with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
                act()

        mine, this = Bulk.objects.filter(pk=bulk.pk), BulkItem.objects.filter(pk=item.pk)
        refused("settled while it runs", lambda: this.update(outcome="refused", at=AT))
        refused("moves along its table", lambda: mine.update(state="done"))
        mine.update(state="running", attempt=new_id(), lease_until=AT)
        refused("done when all are settled", lambda: mine.update(state="done"))
        refused("approved by a decision", lambda: this.update(outcome="approved", at=AT))
        refused("settled once", lambda: this.update(sha256="1" * 64))
        refused("asked with the others", lambda: BulkItem.objects.bulk_create([_copy(item)]))
        refused("is frozen", lambda: mine.update(total=1))
        this.update(outcome="refused", at=scope.at)
        refused("settled once", lambda: this.update(outcome="waiting", at=None))
        mine.update(done=1)
        refused("counts back", lambda: mine.update(done=0))
        refused("permission denied", lambda: this.delete())
    with cast.ho_reviewer.scope():
        refused("of who acts", lambda: mine.update(state="stopped"))
        refused("of who asked", lambda: this.update(title="别的"))


def _copy(item: BulkItem) -> BulkItem:
    return BulkItem(
        branch_id=item.branch_id, branch_pos=item.branch_pos, bulk_id=item.bulk_id,
        revision_id=item.revision_id, number=9, sha256=item.sha256, title=item.title,
    )  # fmt: skip


def test_an_item_costs_the_same_whatever_the_size_of_the_bulk(committed_cast: Cast) -> None:
    cast = committed_cast
    spent = []
    for many in (3, 9):
        bulk = ask(cast.north_reviewer, posters(cast.north_editor, many))
        taken = bulks._take(AT)
        assert taken is not None
        costs = []
        for _item in range(many):
            with CaptureQueriesContext(connection) as queries:
                assert bulks._run_next(taken, reopen("staff", taken.opened_as["carry"], AT))
            costs.append(len(queries))
        assert not bulks._run_next(taken, reopen("staff", taken.opened_as["carry"], AT))
        assert now_is(bulk).state == "done"
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
