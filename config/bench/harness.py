"""Compares variants of one piece of work within one run.

The variants take turns in short slices, in an order that changes from round to round, so that a noisy minute of
the machine falls on all of them. What is compared is the processor time of both sides, application and database,
as a ratio within each round; the median over the rounds is the figure.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from config.bench.machine import BackendClock, NoDatabase

Work = Callable[[int], object]


@dataclass(frozen=True)
class Variant:
    """One way of doing the work: `do(n)` does the n-th item. `around` wraps a whole slice of items, untimed."""

    name: str
    do: Work
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Figures:
    """What one variant cost. Times of one item in ms, processor time of one item in µs; None: not measurable."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    cpu_app_us: float
    cpu_database_us: float | None
    spread: float  # (third quartile - first) / median of the rounds' processor time
    items: int


@dataclass
class Comparison:
    """A case: figures by variant, and ratios to the base (the first variant)."""

    case: str
    base: str
    figures: dict[str, Figures]
    ratios: dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Target:
    """A promise: the ratio `measure` of `variant` in `case` is at most `limit`; or the time, "p50_ms" or "p99_ms"."""

    case: str
    variant: str
    limit: float
    measure: str = "cpu"


@dataclass
class Report:
    """Everything one bench has to say."""

    name: str
    machine: dict[str, Any]
    parameters: dict[str, Any]
    comparisons: list[Comparison] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def value(self, target: Target) -> float | None:
        """The ratio or time a target speaks of, or None when it was not measured."""
        for comparison in self.comparisons:
            if comparison.case == target.case:
                if target.measure.endswith("_ms"):
                    return round(float(getattr(comparison.figures[target.variant], target.measure)), 3)
                return comparison.ratios[target.variant][target.measure]
        return None

    @property
    def met(self) -> bool | None:
        """Were all targets met? None when one could not be measured."""
        values = [(self.value(t), t.limit) for t in self.targets]
        if any(v is None for v, _limit in values):
            return None
        return all(v <= limit for v, limit in values if v is not None)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "machine": self.machine,
            "parameters": self.parameters,
            "figures": {
                c.case: {n: _short(asdict(f)) for n, f in c.figures.items()} for c in self.comparisons
            },
            "ratios": {c.case: {"base": c.base, **c.ratios} for c in self.comparisons},
            "targets": [{**asdict(t), "value": self.value(t)} for t in self.targets],
            "met": self.met,
        }


def compare(
    case: str,
    variants: Sequence[Variant],
    *,
    rounds: int,
    items: int,
    seed: int = 7,
    with_database: bool = True,
) -> Comparison:
    """Run `rounds` rounds in which each variant does `items` items; the first variant is the base.

    Without `with_database` the work asks none, and the application's processor time is all there is.
    """
    clocks = {v.name: _clock_of(v) if with_database else NoDatabase() for v in variants}
    order = random.Random(seed)
    walls: dict[str, list[float]] = {v.name: [] for v in variants}
    app: dict[str, list[float]] = {v.name: [] for v in variants}
    database: dict[str, list[float | None]] = {v.name: [] for v in variants}
    for variant in variants:  # caches and plans warm, uncounted
        _slice(variant, items=max(3, items // 4), start=0, clock=clocks[variant.name])
    for turn in range(rounds):
        for variant in order.sample(list(variants), len(variants)):
            # The same items for every variant of a round.
            times, app_cpu, database_cpu = _slice(
                variant, items=items, start=turn * items, clock=clocks[variant.name]
            )
            walls[variant.name] += times
            app[variant.name].append(app_cpu / items)
            database[variant.name].append(None if database_cpu is None else database_cpu / items)
    figures = {v.name: _figures(walls[v.name], app[v.name], database[v.name]) for v in variants}
    base = variants[0].name
    ratios = {
        v.name: {
            "cpu": _ratio(_sums(app[v.name], database[v.name]), _sums(app[base], database[base])),
            "cpu_database": _ratio(database[v.name], database[base]),
            "p50": round(figures[v.name].p50_ms / figures[base].p50_ms, 3),
        }
        for v in variants[1:]
    }
    return Comparison(case=case, base=base, figures=figures, ratios=ratios)


def _clock_of(variant: Variant) -> BackendClock:
    """A variant may bring a database of its own, and with it another process to look at."""
    variant.before()
    try:
        return BackendClock()
    finally:
        variant.after()


def _slice(
    variant: Variant, *, items: int, start: int, clock: BackendClock | NoDatabase
) -> tuple[list[float], float, float | None]:
    """One variant's turn: seconds of each item, and processor seconds of both sides over all of them."""
    variant.before()
    was_on = gc.isenabled()
    gc.disable()
    try:
        times = []
        app_before, database_before = time.process_time(), clock.seconds()
        for n in range(start, start + items):
            began = time.perf_counter()
            variant.do(n)
            times.append(time.perf_counter() - began)
        app_after, database_after = time.process_time(), clock.seconds()
    finally:
        if was_on:
            gc.enable()
        variant.after()
    spent = None if database_before is None or database_after is None else database_after - database_before
    return times, app_after - app_before, spent


def _sums(app: Sequence[float], database: Sequence[float | None]) -> list[float | None]:
    return [None if d is None else a + d for a, d in zip(app, database, strict=True)]


def _ratio(some: Sequence[float | None], base: Sequence[float | None]) -> float | None:
    """The median of the ratios within each round."""
    pairs = [(s, b) for s, b in zip(some, base, strict=True) if s is not None and b]
    return round(statistics.median(s / b for s, b in pairs), 3) if pairs else None


def _figures(walls: list[float], app: list[float], database: list[float | None]) -> Figures:
    both = _sums(app, database)
    rounds = [b if b is not None else a for a, b in zip(app, both, strict=True)]
    low, middle, high = statistics.quantiles(rounds, n=4) if len(rounds) > 1 else (rounds[0],) * 3
    ordered = sorted(walls)
    known = [d for d in database if d is not None]
    return Figures(
        per_second=len(walls) / sum(walls),
        p50_ms=statistics.median(walls) * 1e3,
        p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3,
        cpu_us=middle * 1e6 if known else None,
        cpu_app_us=statistics.median(app) * 1e6,
        cpu_database_us=statistics.median(known) * 1e6 if known else None,
        spread=(high - low) / middle if middle else 0.0,
        items=len(walls),
    )


def _short(figures: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
