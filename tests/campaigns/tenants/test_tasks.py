"""A task acts as whoever published it, as the database knows them when it runs; over the real broker."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection

from campaigns.audit.models import Entry
from campaigns.audit.services import record
from campaigns.lib.clock import now
from campaigns.tenants.guard import NoScope
from campaigns.tenants.scopes import Scope, ScopeClosed, system_scope
from campaigns.tenants.tasks import scoped_task
from config.celery import app
from config.timetable import SWEEPS, load_timetable
from tests.support.cast import AT, Cast


@scoped_task(name="tests.note")
def note(*, scope: Scope, words: str) -> None:
    record(scope=scope, verb="tests.task.ran", subject="tests.task:1", subject_name=words)


@scoped_task(name="tests.sweep", system=True)
def sweep(*, scope: Scope) -> None:
    record(scope=scope, verb="tests.task.ran", subject="tests.task:1", subject_name="sweep")


LOOKS: list[tuple[str, UUID]] = []


@scoped_task(name="tests.look")
def look(*, scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, app_customer()")
        LOOKS.append(cursor.fetchone())


@pytest.fixture
def queue(committed_cast: Cast) -> Iterator[str]:
    """A worker of our own on the real broker, reading a queue of its own."""
    name = f"tests-{uuid4().hex}"
    app.amqp.queues.add(name)  # none is made by itself, so that a misspelt one is an error
    with start_worker(app, pool="solo", queues=[name], perform_ping_check=False, shutdown_timeout=20):
        yield name
    with app.connection_for_write() as connection:
        connection.default_channel.queue_delete(name)
    app.amqp.queues.pop(name)


def noted(count: int, within: float = 10) -> list[Entry]:
    """The entries of the tasks that ran, once there are `count`."""
    until = time.monotonic() + within
    while True:
        with system_scope(at=AT, cause="test"):
            found = list(Entry.objects.filter(verb="tests.task.ran").order_by("id"))
        if len(found) >= count or time.monotonic() > until:
            return found
        time.sleep(0.05)


def test_a_task_acts_in_its_publishers_scope(committed_cast: Cast, queue: str) -> None:
    started = now()
    with committed_cast.nb_manager.scope():
        note.apply_async(kwargs={"words": "hello"}, queue=queue)
    [entry] = noted(1)
    assert entry.subject_name == "hello"
    assert entry.actor == f"tenants.person:{committed_cast.nb_manager.person.pk}"
    assert entry.branch_id == committed_cast.branch["NB"].pk
    # Its own moment, not the publisher's.
    assert started <= entry.at <= now()


def test_a_task_keeps_to_the_branch_that_the_publisher_stood_at(committed_cast: Cast, queue: str) -> None:
    with committed_cast.north_editor.scope(stand_at=committed_cast.branch["NB"].pk):
        note.apply_async(kwargs={"words": "below"}, queue=queue)
    [entry] = noted(1)
    assert entry.branch_id == committed_cast.branch["NB"].pk


def test_a_customers_task_acts_as_that_customer(committed_cast: Cast, queue: str) -> None:
    customer = committed_cast.customers["nb"]
    with customer.scope():
        look.apply_async(queue=queue)
    until = time.monotonic() + 10
    while not LOOKS and time.monotonic() < until:
        time.sleep(0.05)
    assert [("fenhang_customer", customer.customer.pk)] == LOOKS


def test_a_sweep_stands_at_the_root_whoever_set_it_off(committed_cast: Cast, queue: str) -> None:
    sweep.apply_async(queue=queue)
    with committed_cast.nb_clerk.scope():
        sweep.apply_async(queue=queue)
    assert [(e.actor, e.branch_id) for e in noted(2)] == [
        ("system:tests.sweep", committed_cast.branch["HO"].pk)
    ] * 2


def test_a_closed_assignment_closes_its_waiting_tasks_and_the_worker_goes_on(
    committed_cast: Cast, queue: str
) -> None:
    cast = committed_cast
    with cast.ho_administrator.scope():
        cast.nb_clerk.assignment.held_until = AT.replace(hour=0)
        cast.nb_clerk.assignment.save()
    with cast.nb_clerk.scope(at=AT.replace(day=1)):
        note.apply_async(kwargs={"words": "too late"}, queue=queue)
    with cast.nb_manager.scope():
        note.apply_async(kwargs={"words": "in time"}, queue=queue)
    assert [entry.subject_name for entry in noted(2, within=3)] == ["in time"]


@pytest.mark.parametrize(
    "publish", [lambda: note.apply(kwargs={"words": "x"}, throw=True), lambda: note(words="x")]
)
def test_a_task_without_a_scope_raises(cast: Cast, publish: Callable[[], Any]) -> None:
    with pytest.raises(NoScope, match=r"tests\.note"):
        publish()


def test_a_header_that_names_somebody_elses_assignment_opens_nothing(cast: Cast) -> None:
    carry = {
        "login": cast.nb_clerk.login.pk,
        "assignment": str(cast.ho_editor.assignment.pk),
        "stand_at": None,
    }
    with pytest.raises(ScopeClosed):
        note.apply(kwargs={"words": "x"}, headers={"scope": {"kind": "staff", "carry": carry}}, throw=True)


def test_the_timetable_is_loaded_once_and_leaves_operators_changes_alone(cast: Cast) -> None:
    from django_celery_beat.models import PeriodicTask

    assert load_timetable() == len(SWEEPS)
    assert load_timetable() == 0
    PeriodicTask.objects.filter(name="requests.purge").update(enabled=False)
    assert load_timetable() == 0
    assert not PeriodicTask.objects.get(name="requests.purge").enabled


def test_every_sweep_of_the_timetable_is_a_task_of_the_system() -> None:
    app.loader.import_default_modules()
    for row in SWEEPS:
        assert app.tasks[row.task].is_system, row.task
