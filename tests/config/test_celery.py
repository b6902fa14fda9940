"""How tasks travel."""

import time

import pytest
from kombu.exceptions import OperationalError

from config.celery import HEAVY, LONGEST, OUTBOX, PART_OF_QUEUE, PROMPT, VISIBILITY, app, broker_of
from config.running import programs
from config.timetable import TICKS


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("redis://:secret@valkey.bank:6379/3", "redis://:secret@valkey.bank:6379/3"),
        ("rediss://valkey.bank/0", "rediss://valkey.bank/0"),
        (
            "unix://:secret@/run/a%20b/valkey.sock?db=2",
            "redis+socket://:secret@/run/a%20b/valkey.sock?virtual_host=2",
        ),
        ("unix:///run/valkey.sock", "redis+socket://:@/run/valkey.sock?virtual_host=0"),
    ],
)
def test_the_broker_is_spelled_as_kombu_wants_it(redis_url: str, broker: str) -> None:
    assert broker_of(redis_url) == broker


def test_the_broker_answers() -> None:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def test_tasks_are_json_and_acknowledged_when_done() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.task_ignore_result
    # A task that outlives the visibility timeout would be handed out a second time.
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_what_takes_minutes_has_a_queue_and_a_worker_of_its_own() -> None:
    router = app.amqp.router

    def queue_of(task: str) -> str:
        return str(router.route({}, task)["queue"].name)

    assert [queue_of(task) for task in TICKS] == [PROMPT, OUTBOX]
    assert {queue_of("jobs.watch"), queue_of("approvals.keep_times")} == {PROMPT}
    assert {
        queue_of(task) for task in ("jobs.run_long", "approvals.verify", "backup.make", "points.sweep_points")
    } == {HEAVY}
    # Every queue has a worker program, a sign of life, and takes only what it names.
    assert set(app.conf.task_queues and [queue.name for queue in app.conf.task_queues]) == set(PART_OF_QUEUE)
    commands = [start("", 0, {}).command for start in (programs.worker, programs.heavy, programs.outbox)]
    assert [command[command.index("--queue") + 1] for command in commands] == list(PART_OF_QUEUE)


def test_no_task_of_ours_may_run_longer_than_its_message_stays_invisible() -> None:
    app.loader.import_default_modules()  # as a worker does when it starts
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) > 5
    for task in ours:
        assert (task.time_limit or app.conf.task_time_limit) < VISIBILITY, task.name
        assert (task.soft_time_limit or app.conf.task_soft_time_limit) < (task.time_limit or LONGEST), (
            task.name
        )


def test_who_publishes_while_the_broker_is_away_is_told_within_seconds() -> None:
    """A request must not hang on a nudge that it could do without."""
    away = app.connection_for_write("redis://127.0.0.1:1/0")
    began = time.monotonic()
    with pytest.raises(OperationalError), away:
        app.send_task("jobs.watch", connection=away, retry=False, ignore_result=True)
    assert time.monotonic() - began < 5
