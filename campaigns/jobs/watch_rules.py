"""What is measured, and when it is too much. Pure.

A figure is named by its family and, where the family has one, its label: "due_oldest_seconds", "due.dead".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class UnknownLimit(ValueError):
    """A limit was set for a figure that is none, or to what is no number."""


@dataclass(frozen=True)
class Measured:
    """One figure. `label` says which of the family ("dead"); never whose: figures name no branch and no person."""

    family: str
    value: float
    label: str = ""

    @property
    def name(self) -> str:
        return f"{self.family}.{self.label}" if self.label else self.family


@dataclass(frozen=True)
class Family:
    """Figures of one kind: what they say, in English for machines, and what tells them apart."""

    code: str
    says: str
    label: str = ""


FAMILIES = [
    Family("due", "Due rows: ready to be claimed, running, dead.", "state"),
    Family(
        "due_oldest_seconds", "Seconds for which the row that has waited longest could have been claimed."
    ),
    Family("due_late_seconds", "Seconds between due and begun, 99th percentile of the last five minutes."),
    Family("due_ended", "Due rows that ended in the last five minutes.", "state"),
    Family("due_leases_lost", "Leases lost by due rows that run now or ended in the last hour."),
    Family("message", "Messages of the outbox: ready to be sent, being sent, dead.", "state"),
    Family(
        "message_oldest_seconds",
        "Seconds for which the message that has waited longest could have been sent.",
    ),
    Family(
        "message_late_seconds", "Seconds between written and sent, 99th percentile of the last five minutes."
    ),
    Family("long_job", "Long jobs: waiting, running, paused, failed.", "state"),
    Family(
        "long_job_oldest_seconds",
        "Seconds for which the long job that has waited longest could have been taken up.",
    ),
    Family("long_job_leases_lost", "Leases lost by long jobs that wait or run now."),
]

# Above these an alert opens; an installation sets others by FENHANG_WATCH_LIMITS. Seconds, or numbers.
LIMITS: dict[str, float] = {
    "due_oldest_seconds": 30,
    "due.dead": 0,
    "due_leases_lost": 20,
    "message_oldest_seconds": 300,
    "message.dead": 0,
    "long_job_oldest_seconds": 900,
    "queue_length.prompt": 500,
    "queue_length.heavy": 100,
    "queue_length.outbox": 100,
    "parts_silent": 0,
    "served_unapproved": 0,
}


def limits_of(text: str) -> dict[str, float]:
    """LIMITS, with those of `text` ("due_oldest_seconds=60, queue_length.prompt=2000") instead.

    A limit of "off" never opens an alert. Raises UnknownLimit.
    """
    limits = dict(LIMITS)
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        code, _equals, value = (piece.strip() for piece in part.partition("="))
        if code not in LIMITS:
            raise UnknownLimit(f"“{code}” has no limit; these have: {', '.join(sorted(LIMITS))}")
        try:
            limits[code] = float("inf") if value == "off" else float(value)
        except ValueError:
            raise UnknownLimit(f"{code}: “{value}” is neither a number nor “off”") from None
    return limits


def figures_of(measured: Iterable[Measured]) -> dict[str, float]:
    """By name."""
    return {each.name: each.value for each in measured}


def passed(figures: Mapping[str, float], limits: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Which figures stand above their limits? (value, limit) by code. What was not measured passes none."""
    return {
        code: (figures[code], limit)
        for code, limit in limits.items()
        if code in figures and figures[code] > limit
    }
