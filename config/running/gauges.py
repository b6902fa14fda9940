"""Gauges of what runs around the database: queues of the workers, signs of life; and of what must never be."""

import redis

from campaigns.approvals.selectors import last_verification
from campaigns.jobs.watch_gauges import register_gauges
from campaigns.jobs.watch_rules import Family, Measured
from campaigns.tenants.scopes import Scope
from config.celery import PART_OF_QUEUE
from config.running import heartbeats

PARTS = ("worker", "heavy", "outbox", "beat")
FAMILIES = [
    Family("queue_length", "Messages to workers that none has taken.", "queue"),
    Family("part_alive", "1 when any such part of any machine gave a sign of life within 20 s.", "part"),
    Family("parts_silent", "Kinds of parts of which none gave a sign of life."),
    Family("valkey_up", "1 when Valkey answers; without it there are no figures of queues and parts."),
    Family("served_unapproved", "Things served that differ from what was approved, when compared last."),
]


def running_figures(scope: Scope) -> list[Measured]:
    """Do the parts live, and do the queues grow? Asks Valkey."""
    try:
        alive = {part: heartbeats.is_alive(part) for part in PARTS}
        queues = {queue: heartbeats.queue_length(queue) for queue in PART_OF_QUEUE}
    except redis.RedisError:
        return [Measured("valkey_up", 0)]
    return [
        Measured("valkey_up", 1),
        *(Measured("queue_length", length, queue) for queue, length in queues.items()),
        *(Measured("part_alive", int(answers), part) for part, answers in alive.items()),
        Measured("parts_silent", sum(not answers for answers in alive.values())),
    ]


def approval_figures(scope: Scope) -> list[Measured]:
    """What did the last whole comparison of what is served find?"""
    last = last_verification(scope=scope)
    return [] if last is None else [Measured("served_unapproved", last.failed)]


def register() -> None:
    register_gauges("running", running_figures, FAMILIES)
    register_gauges("approvals", approval_figures)
