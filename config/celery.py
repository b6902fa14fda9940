"""The Celery app. Tasks are sweeps over due rows: safe twice and side by side, so a lost worker costs nothing."""

import os
import signal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from kombu.entity import Queue

from campaigns.lib.memory import settle_memory
from config.embedded import leash
from config.running.heartbeats import note_alive
from config.running.signs import EVERY

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def broker_of(redis_url: str) -> str:
    """The broker's address for kombu, which spells Unix sockets in its own way."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    # The password is URL-safe and the path already quoted; both stand as they are.
    return f"redis+socket://:{unquote(parts.password or '')}@{parts.path}?virtual_host={database}"


# What is due in seconds waits behind nothing that takes minutes, nor behind receivers that are slow to answer.
PROMPT, HEAVY, OUTBOX = "prompt", "heavy", "outbox"
# Tasks that may take minutes, by name or by room; every other one is prompt.
HEAVY_TASKS = (
    "jobs.run_long",
    "jobs.materialise",
    "approvals.verify",
    "tenants.apply_files",
    "audit.seal",
    "events.take_drops",
    "events.keep_months",
    "events.check_places",
    "points.sweep_points",
    "points.close_ledgers",
    "content.render",
    "content.purge_assets",
    "community.sync_groups",
    "community.make_join_ways",
    "community.judge_groups",
    "community.ask_results",
    "backup.*",
)
# Seconds. A message of a lost worker comes back after VISIBILITY; no task may run longer, or it runs twice at once.
VISIBILITY, LONGEST = 900, 840


def _settings() -> dict[str, Any]:
    from django.conf import settings

    return {
        "broker_url": broker_of(settings.REDIS_URL),
        "timezone": settings.TIME_ZONE,
    }


app = Celery("fenhang")
app.conf.update(
    enable_utc=True,
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    # Nobody waits for a result: what a task did is in the database.
    task_ignore_result=True,
    result_backend=None,
    result_expires=None,  # or beat adds a clean-up of results that nobody keeps
    # Acknowledged when done, so a task of a killed worker runs again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={
        "visibility_timeout": VISIBILITY,
        # Who publishes is told within seconds that the broker is away: a tick comes again, a nudge may be lost.
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
    },
    task_time_limit=LONGEST,
    task_soft_time_limit=LONGEST - 60,
    task_queues=[Queue(PROMPT), Queue(HEAVY), Queue(OUTBOX)],  # type: ignore[no-untyped-call]
    task_default_queue=PROMPT,
    task_routes={name: {"queue": HEAVY} for name in HEAVY_TASKS} | {"jobs.deliver": {"queue": OUTBOX}},
    task_create_missing_queues=False,
    broker_connection_retry_on_startup=True,
    # A worker waits for its broker however long it is away.
    broker_connection_max_retries=None,
    # What a lost connection left unacknowledged comes back by itself, and the due rows decide what is done once.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_scheduler="config.timetable:Timetable",
)
app.conf.update(_settings())
# Threads of a web server have no "current" app, and would publish to a default broker that is not there.
app.set_default()
app.autodiscover_tasks()


# What a worker of a queue is called among the parts (config/running/heartbeats.py).
PART_OF_QUEUE = {PROMPT: "worker", HEAVY: "heavy", OUTBOX: "outbox"}


@worker_ready.connect  # type: ignore[untyped-decorator]
def _keep_noting(sender: Any, **_: Any) -> None:
    """The worker's own timer, so that a worker whose loop hangs is not called alive. It outlives a lost connection."""
    for queue in sender.app.amqp.queues.consume_from:
        part = PART_OF_QUEUE[queue]
        note_alive(part)
        sender.timer.call_repeatedly(EVERY, note_alive, (part,))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: Any) -> None:
    """A pool process whose worker was killed must not go on taking messages from its pipe."""
    leash.prctl(leash.PR_SET_PDEATHSIG, signal.SIGKILL)
    settle_memory(bulk=True)
