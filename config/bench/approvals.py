"""What a long queue costs: its page, the next review, its figures, and signing a thousand at once.

Pages are asked of the real views as people who stand high and low, for whom much or little waits; their limit is a
time. A bulk approval is measured against the bare statements it cannot do without, on one connection, in the same
transactions and through the same triggers.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import neighbours_in_queue, queue, queue_count, queue_figures
from campaigns.approvals.services.bulks import ask_bulk_approval
from campaigns.approvals.services.reviews import approve_revision
from campaigns.jobs.services.long_runs import run_long
from campaigns.lib.memory import settle_memory
from campaigns.tenants.models import Branch, Login
from campaigns.tenants.scopes import Scope, opened, staff, system, system_scope
from campaigns.tenants.services.assignments import assign_role, load_roles
from campaigns.tenants.services.people import add_login, add_person
from config.bench.bank import AT, plant, staff_at
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.machine import BackendClock, machine
from config.bench.reviews import plant_people, plant_reviews, register_kind
from config.bench.scratch import scratch_database
from config.bench.signing import bare_connection, sign_bare

PAGE_MS = 300.0
QUEUE = "/admin/approvals/revision/"


@dataclass(frozen=True)
class Reader:
    """Somebody with a queue."""

    name: str
    scope: Scope
    client: Client
    person_id: UUID

    def fresh(self) -> Scope:
        """The scope again, as each request opens its own."""
        return staff(
            login_id=self.scope.carry["login"],
            assignment_id=UUID(self.scope.carry["assignment"]),
            at=AT,
            cause="bench",
        )


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """The queue at 100,000 open reviews in 10,000 branches, and a thousand signed at once."""
    if quick:
        return measure(branches=300, people=60, reviews=2_000, samples=3, bulk=60, say=say)
    return measure(say=say)


def measure(
    *,
    branches: int = 10_000,
    people: int = 1_000,
    reviews: int = 100_000,
    few: int = 100,
    samples: int = 30,
    bulk: int = 1_000,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size; query counts are taken at `few` open reviews and again at `reviews`."""
    register_kind()
    rooms = tuple(sorted(MigrationLoader(None).migrated_apps))
    with scratch_database("fenhang_bench_approvals", rooms=rooms, like=migrated):
        report = Report(
            "approvals",
            machine(),
            {"branches": branches, "people": people, "reviews": reviews, "samples": samples, "bulk": bulk},
        )
        say(f"planting {branches} branches and {people} reviewers")
        places = plant(branches)
        load_roles()
        plant_people(people)
        readers = _readers(places)
        plant_reviews(few, places["head_office"])
        report.parameters["queries_at_few"] = {r.name: _queries(r) for r in readers}
        say(f"planting {reviews} open reviews")
        plant_reviews(reviews - few, places["head_office"], first=few)
        plant_reviews(10, places["head_office"], first=reviews, named_to=readers[-1].person_id)
        report.parameters["queries_at_many"] = {r.name: _queries(r) for r in readers}
        report.parameters["waiting"] = {r.name: _waiting(r) for r in readers}
        settle_memory()  # as a web process does
        for reader in readers:
            say(f"the queue of {reader.name}")
            for case, ask in _asked(reader).items():
                report.comparisons.append(_timed(f"{case}, {reader.name}", ask, samples))
            report.targets.append(Target(f"page, {reader.name}", "ours", PAGE_MS, "p99_ms"))
        say(f"approving {bulk} at once")
        report.comparisons += _approving(readers[0], bulk, samples)
    return report


# --- who asks ---


def _readers(places: dict[str, Branch]) -> list[Reader]:
    """Head office and a province, for whom thousands wait; a manager of one branch; and one of head office whom ten of
    them ask by name, and no role.
    """
    top = places["head_office"]
    return [
        _reader("head office", staff_at(top, "reviewer")),
        _reader("province", staff_at(places["province"], "reviewer")),
        _reader("branch", staff_at(places["branch"], "branch_manager")),
        _reader("by name", _hired(top, "compliance")),
    ]


def _hired(branch: Branch, role: str) -> Scope:
    with system_scope(at=AT, cause="bench") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=role, staff_number="B2")
        login = add_login(scope=scope, person=person, username=role, password="never used")  # noqa: S106
        held = assign_role(
            scope=scope, person=person, role=role, branch_id=branch.pk, held_from=AT.replace(year=2020)
        )
    return staff(login_id=login.pk, assignment_id=held.pk, at=AT, cause="bench")


def _reader(name: str, scope: Scope) -> Reader:
    client = Client(SERVER_NAME="127.0.0.1")
    login = Login.objects.get(pk=scope.carry["login"])
    client.force_login(login)
    return Reader(name, scope, client, login.person_id)


def _get(reader: Reader, path: str = QUEUE) -> int:
    answer = reader.client.get(path)
    if answer.status_code != 200:
        raise AssertionError(f"{path} answered {answer.status_code}")
    return len(answer.content)


def _queries(reader: Reader) -> int:
    """Of one page, asked a second time."""
    _get(reader)
    with CaptureQueriesContext(connection) as asked:
        _get(reader)
    return len(asked)


def _waiting(reader: Reader) -> int:
    with opened(reader.fresh()) as scope:
        return queue(scope=scope).count()


# --- what is asked ---


def _asked(reader: Reader) -> dict[str, Callable[[], object]]:
    """The page, and beneath it the questions it asks, each in a request's own scope."""
    with opened(reader.fresh()) as scope:
        rows = list(queue(scope=scope)[:60])
    middle = rows[len(rows) // 2] if rows else Revision(due_at=reader.fresh().at)

    def within(ask: Callable[[Scope], object]) -> Callable[[], object]:
        def asking() -> object:
            with opened(reader.fresh()) as scope:
                return ask(scope)

        return asking

    return {
        "page": lambda: _get(reader),
        "first fifty": within(lambda scope: list(queue(scope=scope).defer("payload")[:50])),
        "neighbours": within(lambda scope: neighbours_in_queue(scope=scope, revision=middle)),
        "figures": within(lambda scope: queue_figures(scope=scope)),
        "count for the sidebar": within(lambda scope: queue_count(scope=scope, at_most=100)),
    }


def _timed(case: str, ask: Callable[[], object], samples: int) -> Comparison:
    """One way of asking, against the limit; p99 is the slowest of so many."""
    ask()
    clock, times = BackendClock(), []
    app, database = time.process_time(), clock.seconds()
    for _n in range(samples):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    app, spent = time.process_time() - app, clock.seconds()
    on_database = None if database is None or spent is None else spent - database
    limit = Figures(1e3 / PAGE_MS, PAGE_MS, PAGE_MS, None, 0.0, None, 0.0, samples)
    ours = _figures(times, app, on_database)
    ratios: dict[str, float | None] = {
        "cpu": None,
        "cpu_database": None,
        "p50": round(ours.p50_ms / PAGE_MS, 3),
    }
    return Comparison(case, "limit", {"limit": limit, "ours": ours}, {"ours": ratios})


def _figures(times: list[float], app: float, database: float | None) -> Figures:
    many = len(times)
    p95 = sorted(times)[min(many - 1, int(many * 0.95))]
    return Figures(
        per_second=many / sum(times),
        p50_ms=statistics.median(times) * 1e3,
        p99_ms=max(times) * 1e3,
        cpu_us=None if database is None else (app + database) / many * 1e6,
        cpu_app_us=app / many * 1e6,
        cpu_database_us=None if database is None else database / many * 1e6,
        spread=p95 / statistics.median(times) - 1,
        items=many,
    )


# --- signing ---


def _approving(reader: Reader, bulk: int, samples: int) -> list[Comparison]:
    """One review by itself; a thousand at once; and the same thousand writes with nothing around them."""
    with opened(reader.fresh()) as scope:
        chosen = list(queue(scope=scope).values_list("pk", "sha256")[: 2 * bulk + samples])
    single, at_once, bare = chosen[:samples], chosen[samples : samples + bulk], chosen[samples + bulk :]
    ordinary = BackendClock()
    singles = _spent(_one_by_one(reader, single), len(single), ordinary)
    with opened(reader.fresh()) as scope:
        asked = ask_bulk_approval(scope=scope, chosen=at_once)
    ours = _spent(lambda: _run_bulk(reader), len(at_once), ordinary)
    with bare_connection() as alone:
        clock = BackendClock(pid=alone.info.backend_pid)
        least = _spent(lambda: sign_bare(alone, reader.fresh(), bare), len(bare), clock)
    with opened(reader.fresh()):
        left = Revision.objects.filter(pk__in=[key for key, _sha in chosen], state="submitted").count()
    if left:
        raise AssertionError(f"{left} of {len(chosen)} were not approved: {asked.pk}")
    ratios = {
        name: {
            "cpu": _over(each.cpu_us, least.cpu_us),
            "cpu_database": _over(each.cpu_database_us, least.cpu_database_us),
            "p50": round(each.p50_ms / least.p50_ms, 3),
        }
        for name, each in {"approve_revision": singles, "bulk approval": ours}.items()
    }
    figures = {"bare statements": least, "approve_revision": singles, "bulk approval": ours}
    return [Comparison(f"signing {bulk}", "bare statements", figures, ratios)]


def _over(some: float | None, least: float | None) -> float | None:
    return None if some is None or least is None else round(some / least, 3)


def _spent(work: Callable[[], object], many: int, clock: BackendClock) -> Figures:
    app, database, began = time.process_time(), clock.seconds(), time.perf_counter()
    work()
    took, app, spent = time.perf_counter() - began, time.process_time() - app, clock.seconds()
    on_database = None if database is None or spent is None else spent - database
    return _figures([took / many] * many, app, on_database)


def _one_by_one(reader: Reader, chosen: list[tuple[UUID, str]]) -> Callable[[], None]:
    def sign() -> None:
        for revision_id, sha256 in chosen:
            with opened(reader.fresh()) as scope:
                approve_revision(scope=scope, revision_id=revision_id, sha256=sha256)

    return sign


def _run_bulk(reader: Reader) -> None:
    def reopen(_kind: str, _carry: dict[str, Any], _at: datetime) -> Scope:
        return reader.fresh()

    if not run_long(scope=system(at=AT, cause="bench"), reopen=reopen, clock=lambda: AT):
        raise AssertionError("no bulk approval waits")
