"""Long jobs: each part is done or refused exactly once, whatever happens to the worker and to who asked."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connections, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.models import Entry
from campaigns.audit.services import record
from campaigns.audit.words import sentence_of
from campaigns.jobs import long_kinds, long_results
from campaigns.jobs.long_kinds import Result, Step, register_job, register_many
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.long_pace import Pace, pace_of
from campaigns.jobs.long_rules import (
    JobDoesNotGoOn,
    JobGoesOn,
    JobIsOver,
    KindIsGone,
    NothingChosen,
    NotYourJob,
    TooManyChosen,
)
from campaigns.jobs.long_selectors import job_in_scope, jobs_among, jobs_seen, kinds_by_hand, my_jobs
from campaigns.jobs.services import long_runs
from campaigns.jobs.services.long import Asked, ask_job, ask_many, pause_job, resume_job, stop_job
from campaigns.lib.both import in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT, Cast, Player
from tests.support.deaths import die, until_the_dead_are_gone
from tests.support.jobs import log_of, now_is, outcomes, reopen, run

LEASE = timedelta(seconds=20)
STEPS = 5


class Odd(Refusal):
    code = "test.odd"
    zh = "第{n}项是单数，状态“{state}”。"
    en = "Number {n} is odd, its state “{state}”."


class Acts(dict[int, Callable[[], None]]):
    """`acts[n]` happens in the middle of part n; `ended` is what the room above was told."""

    ended: list[str]


@pytest.fixture
def act() -> Iterator[Acts]:
    """Two kinds of job that note each part in the audit."""
    acts = Acts()
    acts.ended = []

    def note(scope: Scope, n: int) -> None:
        record(scope=scope, verb="test.part.do", subject=f"test.part:{n}")
        if n in acts:
            acts.pop(n)()

    def each(*, scope: Scope, item: JobItem, args: dict[str, Any]) -> None:
        n = int(item.subject.partition(":")[2])
        if n in args.get("odd", ()):
            raise Odd(n=n, state=_("Paused"))
        note(scope, n)

    def step(*, scope: Scope, job: Job) -> Step:
        n = job.cursor.get("n", 0) + 1
        note(scope, n)
        return Step(
            done=n,
            total=STEPS,
            refused=n // 3,
            cursor={"n": n},
            doing=in_both("part %(n)s", n=n),
            log=(in_both("did %(n)s", n=n),),
            result=Result("out.csv", "text/csv", b"a,b") if n == STEPS else None,
            is_over=n == STEPS,
        )

    def on_end(*, scope: Scope, job: Job) -> None:
        acts.ended.append(job.state)

    before = dict(long_kinds._KINDS)
    told: dict[str, Any] = {
        "label": "试",
        "title": "试 %(total)s 项",
        "verb": "content.item.add",
        "on_end": on_end,
    }
    register_many("test.many", each=each, at_most=50, **told)
    register_job("test.steps", step=step, by_hand=True, **told)
    yield acts
    long_kinds._KINDS.clear()
    long_kinds._KINDS.update(before)


def ask(player: Player, many: int = 6, **args: Any) -> Job:
    items = [Asked(f"test.part:{n}", f"第{n}项") for n in range(1, many + 1)]
    with player.scope() as scope:
        return ask_many(scope=scope, kind="test.many", items=items, args=args)


def ask_steps(player: Player) -> Job:
    with player.scope() as scope:
        return ask_job(scope=scope, kind="test.steps")


def parts() -> list[int]:
    """Which parts were done, with repetitions."""
    with system_scope(at=AT, cause="test"):
        rows = Entry.objects.filter(verb="test.part.do").order_by("pk").values_list("subject", flat=True)
        return [int(subject.partition(":")[2]) for subject in rows]


def taken(at: Any = AT) -> Any:
    found = long_runs._take(at)
    assert isinstance(found, long_runs._Taken)
    return found


def elsewhere(act: Callable[[], None]) -> None:
    """On a connection of its own, and to its end."""

    def acting() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=acting)
    thread.start()
    thread.join()


def test_many_items_are_done_or_refused_each_with_its_reason_in_both_languages(cast: Cast, act: Acts) -> None:
    job = ask(cast.north_editor, 5, odd=[1, 3], comment="请看")
    assert str(job) == "试 5 项" and not run(AT - timedelta(seconds=1))
    assert run() and not run()
    done = now_is(job)
    assert (done.state, done.done, done.refused, done.went_through, done.left) == ("done", 5, 2, 3, 0)
    assert (done.attempt, done.lease_until, done.ended_at) == (None, None, AT)
    assert parts() == [2, 4, 5]
    assert [outcome for outcome, _code in outcomes(job)] == ["refused", "done", "refused", "done", "done"]
    with cast.north_editor.scope():
        odd = JobItem.objects.get(job=job, number=3)
        assert odd.words == {
            "zh": "第3项是单数，状态“已暂停”。",
            "en": "Number 3 is odd, its state “Paused”.",
        }
        first, last = Entry.objects.filter(verb__startswith="jobs.job.").order_by("pk")
        assert sentence_of(first) == "north_editor 发起了 长任务《试 5 项》"
        assert (first.detail["comment"], last.verb, last.detail["refused"]) == ("请看", "jobs.job.finish", 2)
    assert log_of(job)[1:] == ["全部完成：共 5 项，其中 2 项未成功。"]
    assert log_of(job, "en")[1:] == ["All through: 5 done, of these 2 refused."]


def test_a_job_in_steps_goes_on_from_its_cursor_and_leaves_its_file(committed_cast: Cast, act: Acts) -> None:
    job = ask_steps(committed_cast.north_editor)
    assert run(at_most=timedelta(0))  # handed back after one step, so that others have their turn
    half = now_is(job)
    assert (half.state, half.done, half.total, half.cursor, half.doing["en"]) == (
        "waiting", 1, STEPS, {"n": 1}, "part 1",
    )  # fmt: skip
    assert run() and not run()
    done = now_is(job)
    assert (done.state, done.done, done.refused, done.doing) == ("done", STEPS, 1, {})
    assert parts() == [1, 2, 3, 4, 5]
    assert (done.result_name, long_results.path_of(job.pk).read_bytes()) == ("out.csv", b"a,b")
    assert act.ended == ["done"]
    assert [line for line in log_of(job, "en") if line.startswith("did")] == [f"did {n}" for n in range(1, 6)]


@pytest.mark.parametrize("ask_for", [ask, ask_steps])
def test_a_worker_killed_in_a_part_has_not_done_it_and_another_goes_on(
    committed_cast: Cast, act: Acts, ask_for: Callable[[Player], Job]
) -> None:
    """A process of its own, killed after the third part's effect and before it commits."""
    job = ask_for(committed_cast.north_editor)
    connections.close_all()
    child = os.fork()
    if not child:
        act[3] = die
        run()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    until_the_dead_are_gone()
    half = now_is(job)
    assert (half.state, half.done, parts()) == ("running", 2, [1, 2])
    assert not run()  # its lease runs
    assert run(AT + LEASE)
    done = now_is(job)
    assert (done.state, done.lost, done.tries, parts()) == ("done", 1, 0, list(range(1, done.total + 1)))
    assert any("已由另一个接手" in line for line in log_of(job))


def test_a_slow_worker_whose_lease_was_taken_leaves_without_an_effect(
    committed_cast: Cast, act: Acts
) -> None:
    job = ask(committed_cast.north_editor, 3)
    slow = taken()
    mine = [reopen("staff", slow.opened_as["carry"], AT) for _turn in range(2)]
    assert long_runs._run_next(slow, mine[0]) is True
    assert run(AT + LEASE)
    assert long_runs._run_next(slow, mine[1]) is False
    long_runs._finish(slow, AT)
    assert (now_is(job).state, now_is(job).done, parts()) == ("done", 3, [1, 2, 3])


def test_a_worker_frozen_in_a_part_is_put_out_by_the_server_and_its_rows_are_free(
    committed_cast: Cast, act: Acts
) -> None:
    job = ask(committed_cast.north_editor, 2)
    object.__setattr__(long_kinds._KINDS["test.many"], "idle", timedelta(milliseconds=40))
    act[1] = lambda: bool(threading.Event().wait(0.4)) and None  # frozen: says nothing to the server
    with pytest.raises(OperationalError):
        run()
    connections.close_all()
    assert parts() == [] and now_is(job).done == 0
    assert run(AT + LEASE) and parts() == [1, 2]


def test_three_workers_share_the_jobs_and_no_part_is_done_twice(committed_cast: Cast, act: Acts) -> None:
    jobs = [ask(committed_cast.north_editor, 8), ask_steps(committed_cast.ho_editor)]
    jobs += [ask(committed_cast.south_editor, 8)]
    gate = threading.Barrier(3, timeout=30)

    def work() -> None:
        gate.wait()
        while run():
            pass

    threads = [threading.Thread(target=elsewhere, args=(work,)) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [now_is(job).state for job in jobs] == ["done"] * 3
    assert sorted(parts()) == sorted([*range(1, 9), *range(1, 9), *range(1, STEPS + 1)])


def test_it_is_paused_resumed_and_stopped_while_it_runs(committed_cast: Cast, act: Acts) -> None:
    """From another connection, while a worker has it: no further part begins."""
    player = committed_cast.north_editor
    job = ask(player, 5)

    def from_outside(verb: Callable[..., Job]) -> None:
        with player.scope() as scope:
            verb(scope=scope, job_id=job.pk)

    with player.scope() as scope, pytest.raises(JobGoesOn):
        resume_job(scope=scope, job_id=job.pk)
    for part, verb, state in ((2, pause_job, "paused"), (4, stop_job, "stopped")):
        work = taken()
        while now_is(job).done < part:
            assert long_runs._run_next(work, reopen("staff", work.opened_as["carry"], AT))
        elsewhere(partial(from_outside, verb))
        assert not long_runs._run_next(work, reopen("staff", work.opened_as["carry"], AT))
        long_runs._finish(work, AT)
        left = now_is(job)
        assert (left.state, left.done, left.attempt) == (state, part, None)
        assert not run(AT + LEASE)
        with player.scope() as scope:
            if state == "paused":
                with pytest.raises(JobDoesNotGoOn):
                    pause_job(scope=scope, job_id=job.pk)
                resume_job(scope=scope, job_id=job.pk)
            else:
                for again in (resume_job, pause_job, stop_job):
                    with pytest.raises(JobIsOver):
                        again(scope=scope, job_id=job.pk)
    assert parts() == [1, 2, 3, 4]
    assert [line.removeprefix("north_editor ") for line in log_of(job, "en")] == [
        "asked for it.", "paused it at 2.", "resumed it at 2.", "stopped it at 4.",
    ]  # fmt: skip


def test_who_may_not_any_more_has_the_job_paused_with_the_reason(committed_cast: Cast, act: Acts) -> None:
    """One part raises what speaks against the person and not against the item."""
    job = ask(committed_cast.north_editor, 3)

    def refuse() -> None:
        raise NotAllowed(verb="content.item.add")

    def other() -> None:
        raise NotAllowed(verb="content.asset.add")

    act[1], act[2] = other, refuse
    assert run() and not run(AT + LEASE)
    assert act.ended == ["paused"]
    paused = now_is(job)
    assert (paused.state, paused.done, paused.ended_at) == ("paused", 1, None)
    assert "content.item.add" in paused.why["zh"] and outcomes(job)[0] == ("refused", "not_allowed")
    with committed_cast.north_editor.scope() as scope:
        resume_job(scope=scope, job_id=job.pk)
    assert run() and now_is(job).state == "done" and parts() == [2, 3]


def test_a_mistake_of_ours_costs_one_item_and_a_step_is_tried_again(
    committed_cast: Cast, act: Acts, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("disk")

    act[2] = broken
    job = ask(committed_cast.north_editor, 3)
    assert run() and parts() == [1, 3]
    assert outcomes(job)[1] == ("refused", "jobs.item.failed") and "disk" in caplog.text

    steps = ask_steps(committed_cast.north_editor)
    at = AT
    for turn in range(long_runs.TRIES):
        act[2] = broken
        assert run(at), turn
        at += timedelta(hours=1)
    failed = now_is(steps)
    assert (failed.state, failed.done, failed.why["zh"][:7]) == ("failed", 1, "执行中多次出错")
    assert not run(at)
    with committed_cast.north_editor.scope() as scope:
        resume_job(scope=scope, job_id=steps.pk)
    act.pop(2, None)
    assert run(at) and now_is(steps).state == "done"


def test_a_part_that_kills_its_workers_waits_for_a_person_at_last(committed_cast: Cast, act: Acts) -> None:
    job = ask(committed_cast.north_editor, 2)
    at = AT
    for _turn in range(long_runs.TRIES):
        taken(at)
        at += LEASE
    assert run(at) and not run(at + LEASE)
    failed = now_is(job)
    assert (failed.state, failed.lost, failed.done) == ("failed", long_runs.TRIES, 0)
    assert "意外退出" in failed.why["zh"] and parts() == []


def test_another_persons_job_is_absent_and_head_office_may_look_and_stop(cast: Cast, act: Acts) -> None:
    job = ask(cast.north_editor, 2)
    for other in (cast.ho_editor, cast.north_reviewer, cast.nb_manager, cast.south_editor):
        with other.scope() as scope:
            assert not jobs_seen(scope=scope).exists() and jobs_among(scope=scope, job_ids=[job.pk]) == []
            for verb in (job_in_scope, stop_job, pause_job, resume_job):
                with pytest.raises(NotFound):
                    verb(scope=scope, job_id=job.pk)  # type: ignore[operator]
            for absent in (new_id(), "x"):
                with pytest.raises(NotFound):
                    job_in_scope(scope=scope, job_id=absent)
    with cast.ho_administrator.scope() as scope:
        assert list(jobs_seen(scope=scope)) == [job] and not my_jobs(scope=scope).exists()
        with pytest.raises(NotFound):
            job_in_scope(scope=scope, job_id=job.pk, own=True)
        pause_job(scope=scope, job_id=job.pk)
        with pytest.raises(NotYourJob):
            resume_job(scope=scope, job_id=job.pk)
    with cast.north_editor.scope() as scope:
        resume_job(scope=scope, job_id=job.pk)
    assert now_is(job).state == "waiting"


def test_what_may_not_be_asked_for(cast: Cast, act: Acts) -> None:
    item = Asked("test.part:1", "一")
    with cast.north_editor.scope() as scope:
        assert [kind.code for kind in kinds_by_hand(scope=scope)] == ["test.steps"]
        too_many = [Asked(f"test.part:{n}", "") for n in range(51)]
        for kind, items, refusal in (
            ("test.many", [], NothingChosen),
            ("test.many", too_many, TooManyChosen),
            ("test.gone", [item], KindIsGone),
        ):
            with pytest.raises(refusal):
                ask_many(scope=scope, kind=kind, items=items)
        assert ask_many(scope=scope, kind="test.many", items=[item, item]).total == 1
    with cast.north_reviewer.scope() as scope, pytest.raises(NotAllowed):
        assert kinds_by_hand(scope=scope) == []
        ask_job(scope=scope, kind="test.steps")


def test_a_kind_that_is_gone_fails_with_words(cast: Cast, act: Acts) -> None:
    job = ask_steps(cast.north_editor)
    del long_kinds._KINDS["test.steps"]
    assert run() and (now_is(job).state, str(now_is(job))) == ("failed", "test.steps")
    assert "test.steps" in now_is(job).why["en"]


def test_the_database_counts_forward_and_settles_an_item_once(cast: Cast, act: Acts) -> None:
    job = ask(cast.north_editor, 2)
    with cast.north_editor.scope() as scope:
        item = JobItem.objects.filter(job=job).first()
        assert item is not None

        def refused(sentence: str, change: Callable[[], object]) -> None:
            with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
                change()

        mine, this = Job.objects.filter(pk=job.pk), JobItem.objects.filter(pk=item.pk)
        refused("settled while it runs", lambda: this.update(outcome="refused", at=AT))
        refused("moves along its table", lambda: mine.update(state="done"))
        mine.update(state="running", attempt=new_id(), lease_until=AT)
        refused("done when all is settled", lambda: mine.update(state="done"))
        refused("settled once", lambda: this.update(subject="test.part:9"))
        copy = JobItem(
            branch_id=job.branch_id,
            branch_pos=job.branch_pos,
            job=job,
            number=9,
            subject="test.part:9",
            title="",
        )
        refused("asked with the others", lambda: JobItem.objects.bulk_create([copy]))
        refused("is frozen", lambda: mine.update(kind="test.other"))
        this.update(outcome="refused", at=scope.at)
        refused("settled once", lambda: this.update(outcome="waiting", at=None))
        mine.update(done=1, refused=1)
        refused("counts back", lambda: mine.update(done=0, refused=0))
        refused("no_more_than_was_asked", lambda: mine.update(done=3))
        refused("permission denied", lambda: this.delete())
    with cast.ho_administrator.scope():
        refused("of who acts", lambda: mine.update(done=2))
        refused("of who acts", lambda: mine.update(state="waiting", opened_as={}))
        refused("of who asked", lambda: this.update(title="别的"))
        mine.update(state="stopped")
    with system_scope(at=AT, cause="test"):
        refused("moves along its table", lambda: mine.update(state="waiting"))


def test_the_pace_is_told_when_there_is_enough_to_tell_by() -> None:
    assert pace_of(done=0, left=9, seconds=60) == pace_of(done=5, left=9, seconds=1) == Pace(None, None)
    assert pace_of(done=30, left=90, seconds=60) == Pace(30, 180)
    assert pace_of(done=30, left=0, seconds=60) == Pace(30, 0)
