"""What is asked at each look, and what was found. Every query goes by an index over what is open or ended lately: a
million rows that wait for their time cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import F, QuerySet

from campaigns.audit.rules import first_id_at
from campaigns.jobs.watch_gauges import Ask, gauges
from campaigns.jobs.watch_models import Alert, Reading
from campaigns.jobs.watch_rules import Measured
from campaigns.tenants.scopes import Scope

# A percentile and a rate are of this stretch; leases lost are noticed for an hour.
LATELY = timedelta(minutes=5)
HOUR = timedelta(hours=1)

_DUE = """
SELECT (SELECT count(*) FROM jobs_due WHERE state = 'waiting' AND ready_at <= %(at)s),
       (SELECT count(*) FROM jobs_due WHERE state = 'running'),
       (SELECT count(*) FROM jobs_due WHERE state = 'dead'),
       (SELECT extract(epoch FROM %(at)s - min(ready_at)) FROM jobs_due
         WHERE state IN ('waiting', 'running') AND ready_at <= %(at)s),
       (SELECT coalesce(sum(lost), 0) FROM jobs_due
         WHERE state = 'running' OR ended_at > %(hour_ago)s)
"""
_DUE_ENDED = """
SELECT state, count(*),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM claimed_at - run_at))
           FILTER (WHERE state = 'done' AND tries = 0)
  FROM jobs_due WHERE ended_at > %(lately)s GROUP BY state
"""
_MESSAGES = """
SELECT (SELECT count(*) FROM jobs_message WHERE state = 'waiting' AND ready_at <= %(at)s),
       (SELECT count(*) FROM jobs_message WHERE state = 'sending'),
       (SELECT count(*) FROM jobs_message WHERE state = 'dead'),
       (SELECT extract(epoch FROM %(at)s - min(ready_at)) FROM jobs_message
         WHERE state IN ('waiting', 'sending') AND ready_at <= %(at)s),
       (SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - at))
          FROM jobs_message WHERE state = 'sent' AND id >= %(first_id)s AND sent_at > %(lately)s)
"""
_LONG = """
SELECT (SELECT count(*) FROM jobs_job WHERE state = 'waiting' AND ready_at <= %(at)s),
       (SELECT count(*) FROM jobs_job WHERE state = 'running'),
       (SELECT count(*) FROM jobs_job WHERE state = 'paused'),
       (SELECT count(*) FROM jobs_job WHERE state = 'failed'),
       (SELECT extract(epoch FROM %(at)s - min(coalesce(lease_until, ready_at))) FROM jobs_job
         WHERE state IN ('waiting', 'running') AND coalesce(lease_until, ready_at) <= %(at)s),
       (SELECT coalesce(sum(lost), 0) FROM jobs_job WHERE state IN ('waiting', 'running'))
"""


def due_figures(scope: Scope) -> list[Measured]:
    """How deep and how late are the due rows?"""
    ready, running, dead, oldest, lost = _rows(_DUE, scope)[0]
    ended = {state: (number, late) for state, number, late in _rows(_DUE_ENDED, scope)}
    return [
        Measured("due", ready, "ready"),
        Measured("due", running, "running"),
        Measured("due", dead, "dead"),
        Measured("due_oldest_seconds", _number(oldest)),
        Measured("due_leases_lost", _number(lost)),
        Measured("due_late_seconds", _number(ended.get("done", (0, 0))[1])),
        *(Measured("due_ended", ended.get(state, (0, 0))[0], state) for state in ("done", "skipped", "dead")),
    ]


def message_figures(scope: Scope) -> list[Measured]:
    """How deep and how late is the outbox?"""
    ready, sending, dead, oldest, late = _rows(_MESSAGES, scope)[0]
    return [
        Measured("message", ready, "ready"),
        Measured("message", sending, "sending"),
        Measured("message", dead, "dead"),
        Measured("message_oldest_seconds", _number(oldest)),
        Measured("message_late_seconds", _number(late)),
    ]


def long_job_figures(scope: Scope) -> list[Measured]:
    """How many long jobs wait, and for how long?"""
    waiting, running, paused, failed, oldest, lost = _rows(_LONG, scope)[0]
    return [
        Measured("long_job", waiting, "waiting"),
        Measured("long_job", running, "running"),
        Measured("long_job", paused, "paused"),
        Measured("long_job", failed, "failed"),
        Measured("long_job_oldest_seconds", _number(oldest)),
        Measured("long_job_leases_lost", _number(lost)),
    ]


# By the table that each asks.
TABLES: dict[str, Ask] = {
    "jobs_due": due_figures,
    "jobs_message": message_figures,
    "jobs_job": long_job_figures,
}


def measured_now(*, scope: Scope) -> list[Measured]:
    """What does every gauge say at the scope's moment?"""
    return [each for ask in gauges().values() for each in ask(scope)]


@dataclass(frozen=True)
class Course:
    """One figure over the last hours: how it stands, and how it stood at its worst in each stretch."""

    name: str
    value: float
    worst: float
    points: list[float]


def last_reading() -> Reading | None:
    """When was it looked last, and what was found?"""
    return Reading.objects.order_by("-at").first()


def courses(*, scope: Scope, names: Sequence[str], hours: int = 24, points: int = 48) -> dict[str, Course]:
    """How did these figures go over the last `hours`? One query; a figure never measured is left out."""
    since = scope.at - timedelta(hours=hours)
    stretch = timedelta(hours=hours) / points
    rows = _rows(
        """
        SELECT name, width_bucket(extract(epoch FROM at), %(since)s, %(until)s, %(points)s), max(value)
          FROM jobs_reading, LATERAL (SELECT key, value::float8 FROM jsonb_each_text(figures)) AS f (name, value)
         WHERE at > %(from)s AND at <= %(at)s AND name = ANY (%(names)s)
         GROUP BY 1, 2
        """,
        scope,
        since=since.timestamp(), until=(since + stretch * points).timestamp(), points=points,
        names=list(names), **{"from": since},
    )  # fmt: skip
    last = last_reading()
    found: dict[str, list[float]] = {}
    for name, bucket, worst in rows:
        line, place = found.setdefault(name, [0.0] * points), min(max(bucket, 1), points) - 1
        line[place] = max(line[place], worst)
    return {
        name: Course(name, float(last.figures.get(name, 0)) if last else 0.0, max(line), line)
        for name, line in found.items()
    }


def open_alerts() -> QuerySet[Alert]:
    """What stands above its limit now, longest first."""
    return Alert.objects.filter(closed_at__isnull=True).order_by(F("opened_at"))


def _rows(query: str, scope: Scope, **more: Any) -> list[tuple[Any, ...]]:
    given: dict[str, Any] = {
        "at": scope.at,
        "lately": scope.at - LATELY,
        "hour_ago": scope.at - HOUR,
        "first_id": first_id_at(scope.at - HOUR),
        **more,
    }
    with connections[scope.using].cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def _number(value: Any) -> float:
    """Nothing to measure is nought."""
    return round(float(value or 0), 3)


def is_stale(reading: Reading | None, at: datetime) -> bool:
    """Has nobody looked for so long that the figures say nothing?"""
    return reading is None or at - reading.at > timedelta(minutes=3)
