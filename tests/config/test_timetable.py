"""Beat's loop: a tick each second whatever happens around it, and the timetable no more often than it wants."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from campaigns.lib.clock import now
from config import timetable
from config.celery import app, broker_of
from config.running import heartbeats
from config.timetable import TICKS_WAIT, Every, Timetable

TICK = "test.tick"


class Clock:
    """The monotonic clock as the test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timetable, "monotonic", clock)
    return clock


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The prompt queue of a database of Valkey that no worker reads; ticks are messages of our own task."""
    url = (
        settings.REDIS_URL.replace("db=0", "db=41")
        if "db=" in settings.REDIS_URL
        else f"{settings.REDIS_URL}?db=41"
    )
    client = redis.Redis.from_url(url)
    client.flushdb()
    monkeypatch.setattr(timetable, "TICKS", (TICK,))
    heartbeats._client.cache_clear()
    yield client
    client.flushdb()
    client.close()


def nothing() -> None:
    """What the tick's task does here."""


def beat(queue: redis.Redis | None, url: str = "") -> Timetable:
    """A beat of its own, as another process has it: on the queue, or on an address where nobody listens."""
    own = Celery("other", set_as_current=False)
    own.conf.update(app.conf.changes, broker_url=url or broker_of(_url(queue)))
    own.conf.broker_transport_options = app.conf.broker_transport_options
    own.task(name=TICK)(nothing)
    return Timetable(app=own, lazy=True)


def _url(client: Any) -> str:
    given = client.connection_pool.connection_kwargs
    return f"unix://:{given.get('password') or ''}@{given['path']}?db={given['db']}"


def turn(beat: Timetable, clock: Clock, seconds: int) -> list[float]:
    """Let the loop run for so long, sleeping as told; what it slept."""
    slept, until = [], clock.now + seconds
    while clock.now < until:
        pause = beat.tick()
        slept.append(pause)
        clock.now += pause
    return slept


# Beat closes and opens its connection as it likes, so these stand in no transaction.
def test_each_second_has_a_tick_and_only_each_fifth_asks_the_database(
    committed: None, clock: Clock, queue: redis.Redis
) -> None:
    one = beat(queue)
    turn(one, clock, 1)
    queue.flushdb()
    with CaptureQueriesContext(connection) as asked:
        slept = turn(one, clock, 15)
    assert queue.llen("prompt") == 15
    assert max(slept) <= 1
    # Has the timetable changed? Three times.
    assert len([query for query in asked if "periodictasks" in query["sql"]]) <= 4


def test_two_beats_tick_twice_and_neither_fills_a_queue_that_nobody_empties(
    committed: None, clock: Clock, queue: redis.Redis
) -> None:
    one, other = beat(queue), beat(queue)
    for _ in range(60):
        one.tick()
        other.tick()
        clock.now += 1
    assert queue.llen("prompt") == TICKS_WAIT


def test_a_broker_that_is_away_costs_its_ticks_and_nothing_else(
    clock: Clock, queue: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # a worker within a test sets the root's higher
    away = beat(None, "redis+socket:///nowhere/valkey.sock")
    for _ in range(5):
        assert away.publish_ticks() == 0
    assert [record.message.partition(":")[0] for record in caplog.records] == ["beat cannot reach the broker"]
    away.app = beat(queue).app
    assert away.publish_ticks() == 1
    assert caplog.records[-1].message == "beat reaches the broker again"


def test_a_flushed_queue_loses_ticks_and_nothing_else(
    committed: None, clock: Clock, queue: redis.Redis
) -> None:
    one = beat(queue)
    turn(one, clock, 3)
    queue.flushdb()
    turn(one, clock, 3)
    assert queue.llen("prompt") == 3


def test_a_clock_that_was_set_back_by_an_hour_stops_no_sweep(
    committed: None, clock: Clock, queue: redis.Redis
) -> None:
    each_minute = IntervalSchedule.objects.create(every=60, period=IntervalSchedule.SECONDS)
    task = PeriodicTask.objects.create(
        name="sweep", task=TICK, interval=each_minute, queue="heavy", last_run_at=now() + timedelta(hours=1)
    )
    one = beat(queue)
    turn(one, clock, 6)
    task.refresh_from_db()
    assert task.last_run_at <= now()
    # Not at once, as nobody knows when it ran; a minute later, not an hour.
    assert one._schedule["sweep"].is_due().next < 61


def test_a_database_that_is_away_does_not_end_beat(
    clock: Clock, queue: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> float:
        raise OperationalError("gone")

    monkeypatch.setattr("django_celery_beat.schedulers.DatabaseScheduler.tick", away)
    one = beat(queue)
    assert turn(one, clock, 3) and queue.llen("prompt") == 3


def test_seconds_are_counted_by_the_clock_that_nobody_sets(clock: Clock) -> None:
    every = Every(5)
    assert every.is_due() and not every.is_due()
    clock.now += 4.9
    assert not every.is_due()
    assert every.left() == pytest.approx(0.1)
    clock.now += 0.1
    assert every.is_due()
