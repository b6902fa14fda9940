"""What a week of the calendar takes at head office, where ten thousand branches have two hundred thousand posts in it.

The whole request is timed, in one process: session, rights, every layer, JSON. Beside it the same week at a province
and at a branch, and at head office on an ordinary week, with a hundredth of the posts.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from campaigns.lib.clock import now
from campaigns.tenants.models import Branch, Login
from campaigns.tenants.scopes import Scope, system_scope
from config.bench.bank import plant, staff_at
from config.bench.harness import Report, Target, Variant, compare
from config.bench.scratch import scratch_database

_DATABASE = "fenhang_bench_calendar"
MOST_MS = 300.0  # of a week at head office
# One group and one run a branch; the columns as the services write them. A bench has no year to wait for.
_FILL = """
WITH place AS MATERIALIZED (
    SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth, gen_random_uuid() AS team, gen_random_uuid() AS run
      FROM tenants_branch WHERE level IN ('branch', 'outlet')
), teams AS (
    INSERT INTO community_group (id, branch_id, branch_pos, name, owner_id, source, chat_id, capacity, notice,
                                 founded_at)
    SELECT team, id, pos, '社群 ' || nth, %(owner)s, 'hand', '', 200, '', %(monday)s FROM place
), runs AS (
    INSERT INTO community_planrun (id, branch_id, branch_pos, plan_id, plan_title, group_id, zero, counts_from, state,
                                   has_members_days, lay_at, laid_until)
    SELECT run, id, pos, gen_random_uuid(), '三十天计划', team, %(monday)s::date, %(monday)s, 'running', false,
           'infinity', 'infinity' FROM place
)
INSERT INTO community_post (id, branch_id, branch_pos, run_id, group_id, card_id, occasion, title, day, due_at, state,
                            text, assignee_id)
SELECT uuidv7(), p.id, p.pos, p.run, p.team, gen_random_uuid(), n::text, '理财早报 ' || n, at.due::date, at.due,
       'planned', '', %(owner)s
  FROM generate_series(1, %(posts)s) n
  JOIN place p ON p.nth = n %% (SELECT count(*) FROM place)
 CROSS JOIN LATERAL (SELECT %(monday)s + (n * 7919 %% (7 * 13 * 60)) / 780 * interval '1 day'
                            + interval '8 hours' + (n * 7919 %% 780) * interval '1 minute' AS due) at
"""


def calendar(*, report: Report, quick: bool, say: Callable[[str], None]) -> None:
    """A week of head office, a province and a branch, and a week with few posts."""
    branches, posts, rounds, items = (40, 2_000, 3, 4) if quick else (10_000, 200_000, 7, 12)
    rooms = (
        "audit",
        "notices",
        "jobs",
        "requests",
        "access",
        "outreach",
        "rewards",
        "points",
        "content",
        "community",
    )
    with scratch_database(_DATABASE, rooms=rooms), ExitStack() as stack:
        bank = Bank(branches, posts)
        case = f"a week, {branches:,} branches, {posts:,} posts"
        say(case)
        head_office = bank.client("head_office")
        asked = {
            "branch": (bank.client("branch"), bank.full),
            "province": (bank.client("province"), bank.full),
            "few posts": (head_office, bank.thin),
            "head office": (head_office, bank.full),
        }
        queries = {name: counted(client, monday) for name, (client, monday) in asked.items()}
        report.parameters["queries"] = queries
        variants = [
            Variant(name, lambda _n, client=client, monday=monday: ask(client, monday))  # type: ignore[misc]
            for name, (client, monday) in asked.items()
        ]
        report.comparisons.append(compare(case, variants, rounds=rounds, items=items))
        report.targets.append(Target(case, "head office", MOST_MS, "p50_ms"))
        stack.callback(connections.close_all)


def ask(client: Client, monday: datetime) -> int:
    """The boxes of the week that begins so; how many bytes they are."""
    days = {"start": monday.date().isoformat(), "end": (monday.date() + timedelta(days=7)).isoformat()}
    answer = client.get(
        reverse("admin:planning_campaign_calendar_boxes"), days, headers={"host": "127.0.0.1"}
    )
    if answer.status_code != 200:
        raise AssertionError(answer.status_code)
    return len(answer.content)


def counted(client: Client, monday: datetime) -> int:
    """How many queries it takes."""
    asked = 0

    def count(execute: Any, *call: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*call)

    ask(client, monday)
    with connection.execute_wrapper(count):
        ask(client, monday)
    return asked


class Bank:
    """Posts of one week at every branch, and a hundredth of them the week after."""

    def __init__(self, branches: int, posts: int) -> None:
        self.places: dict[str, Branch] = plant(branches)
        today = now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self.full = today - timedelta(days=today.weekday()) + timedelta(days=7)
        self.thin = self.full + timedelta(days=7)
        owner = staff_at(self.places["head_office"], "branch_manager")
        with system_scope(at=now(), cause="bench"):
            person = Login.objects.get(pk=owner.carry["login"]).person_id
        with connections["owner"].cursor() as cursor:
            tables = ("community_group", "community_planrun", "community_post")
            # What the triggers ask of a writer row by row is true of all of them.
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for monday, many in ((self.full, posts), (self.thin, posts // 100)):
                cursor.execute(_FILL, {"owner": person, "monday": monday, "posts": many})
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER; ANALYZE {table}")

    def client(self, level: str) -> Client:
        """A community operator's browser at a branch of this level."""
        scope: Scope = staff_at(self.places[level], "community_operator")
        client = Client()
        with system_scope(at=now(), cause="bench"):
            client.force_login(Login.objects.get(pk=scope.carry["login"]))
        return client
