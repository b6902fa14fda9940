"""What a check-in costs over HTTP, beside a view that commits one row without a rule.

Both are served by the same processes and threads, behind the same middleware, token and limits, to the same clients in
turns. A check-in judges day, streak and history, writes the row, the points with their ledger, the group's count, the
audit and the event, behind the walls, out of a cap; the bare view writes one row of a table without any of it. Each
request is another customer's; every turn has groups of its own, whose members have two weeks of check-ins.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, opened, staff
from community.checkins.services.programmes import add_programme, submit_programme
from community.checkins.terms import ProgrammeTerms
from community.groups.services.groups import add_group
from config.bench import serving
from config.bench.bank import customers_at, plant, staff_at
from config.bench.callers import call
from config.bench.harness import Report, Target
from config.bench.scratch import scratch_database

_DATABASE = "fenhang_bench_checkins"
THREADS = 32  # of each web process
# Of a view that commits one row, so many check-ins a second at least.
SHARE = 0.8
HISTORY = 14  # days that each has checked in on before
MEMBERS = 480  # of a group
_TABLES = """
CREATE TABLE bench_row (id uuid PRIMARY KEY, thing uuid NOT NULL, customer uuid NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON bench_row (thing, customer);
GRANT SELECT, INSERT ON bench_row TO fenhang_app;
"""
# As the services write them; a bench has no hour to wait for.
_JOIN = """
INSERT INTO community_member (id, branch_id, branch_pos, group_id, customer_id, person_key, joined_at)
SELECT gen_random_uuid(), %s, %s, %s, c, c::text, now() - interval '60 days' FROM unnest(%s::uuid[]) AS c
"""
_BEFORE = """
INSERT INTO community_checkin (id, branch_id, branch_pos, programme_id, group_id, customer_id, day, nth, at, is_makeup,
                               state, text, hint, has_picture, streak, units, points, cost, looked_at)
SELECT gen_random_uuid(), %s, %s, %s, %s, c, current_date - n, 20 - n, now() - make_interval(days => n), false,
       'counted', '', '', false, 1, 0, 5, 0, now()
  FROM unnest(%s::uuid[]) AS c CROSS JOIN generate_series(1, %s) AS n
"""


def check_ins(*, report: Report, quick: bool, say: Callable[[str], None]) -> None:
    """Check-ins a second and their cost at 64 clients and at 8."""
    rounds, requests, branches = (3, 192, 40) if quick else (5, 1_920, 40)
    rooms = ("audit", "notices", "jobs", "requests", "rewards", "points", "community")
    with scratch_database(_DATABASE, rooms=rooms):
        bank = Bank(branches, most=requests)
        with serving.site(_DATABASE, "config.bench.community.checkins_site", threads=THREADS) as (port, pid):
            for clients in (64, 8):
                case = f"check-ins, {clients} clients"
                say(case)
                groups = [bank.groups() for _turn in range(rounds + 1)]
                ways: dict[str, Callable[[], tuple[float, list[float]]]] = {
                    "bare": lambda clients=clients: _ask(bank, port, "bare", [uuid4()], clients, requests),  # type: ignore[misc]
                    "check-ins": lambda groups=groups, clients=clients: _ask(  # type: ignore[misc]
                        bank, port, "check-ins", groups.pop(), clients, requests
                    ),
                }
                report.comparisons.append(
                    serving.in_turns(case, ways, rounds=rounds, items=requests, unit="check_in", site=pid)
                )
                if clients == 64:
                    report.targets.append(Target(case, "check-ins", 1 / SHARE, "per_check_in"))


def _ask(
    bank: "Bank", port: int, address: str, groups: list[UUID], clients: int, requests: int
) -> tuple[float, list[float]]:
    """So many requests by so many clients, each of another customer."""
    turn: Iterator[int] = count()
    given = [
        [bank.request(address, groups, next(turn)) for _ in range(requests // clients)]
        for _client in range(clients)
    ]
    seconds, told = call(port, given)
    if set(told.statuses) != {201}:
        raise AssertionError((address, told.statuses, told.last_no))
    return seconds, told.times


class Bank:
    """A head office, and customers of a branch who are in groups that have a programme each turn."""

    def __init__(self, branches: int, *, most: int) -> None:
        planted = plant(branches)
        with connections["owner"].cursor() as cursor:
            cursor.execute(_TABLES)
        self.branch: Branch = planted["branch"]
        self.maker: Scope = staff_at(self.branch, "branch_manager")
        self.checker: Scope = staff_at(planted["head_office"], "reviewer")
        self.customers = [each.pk for each in customers_at(self.branch, most)]
        self.tokens = [
            tokens.issue(kind="customer", subject=str(customer), seconds=7200) for customer in self.customers
        ]

    def groups(self) -> list[UUID]:
        """Groups with everybody in one of them, and a programme for them that another person approved."""
        today = now().date()
        lots = [self.customers[n : n + MEMBERS] for n in range(0, len(self.customers), MEMBERS)]
        with opened(_now(self.maker)) as scope:
            assert scope.person_id is not None
            made = [
                add_group(scope=scope, name=f"bench {new_id()}", owner_id=scope.person_id, capacity=500).pk
                for _ in lots
            ]
            programme = add_programme(
                scope=scope,
                terms=ProgrammeTerms(
                    title="每日打卡", text="每天打卡得积分。", group_ids=made, first_day=today - timedelta(days=20),
                    last_day=today + timedelta(days=30), points=5, streak_days=7, streak_points=20,
                    goal_count=1_000_000, goal_points=50, points_cap=2_000_000_000,
                ),
            )  # fmt: skip
            revision = submit_programme(scope=scope, programme_id=programme.pk)
        with opened(_now(self.checker)) as scope:
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        place: list[Any] = [self.branch.pk, self.branch.pos]
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE community_member DISABLE TRIGGER USER")
            for group, lot in zip(made, lots, strict=True):
                cursor.execute(_JOIN, [*place, group, lot])
                cursor.execute(_BEFORE, [*place, programme.pk, group, lot, HISTORY])
            cursor.execute("ALTER TABLE community_member ENABLE TRIGGER USER")
            cursor.execute("ANALYZE community_member, community_checkin")
        return made

    def request(self, address: str, groups: list[UUID], number: int) -> bytes:
        """A whole request of the customer whose turn it is."""
        number %= len(self.customers)
        group = groups[number // MEMBERS % len(groups)]
        return (
            f"POST /api/v1/groups/{group}/{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer"
            f" {self.tokens[number]}\r\nIdempotency-Key: {uuid4().hex}\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def _now(scope: Scope) -> Scope:
    carry = scope.carry
    return staff(login_id=carry["login"], assignment_id=UUID(carry["assignment"]), at=now(), cause="bench")
