"""Group posts at size: a week on the calendar at each level of the tree, and how fast a worker lays and hands out.

A bank of 10,000 branches with a group each and about twenty posts a group and week: 200,000 in the week in view.
What the layer asks is measured beside a count of two hundred of one day, its smallest part; the target is a time.
"""

import time
from collections.abc import Callable
from datetime import time as clock
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.services.reviews import approve_revision
from campaigns.planning.calendar.layers import Asked
from campaigns.tenants.scopes import Scope, opened, system_scope
from community.plans.calendar_layer import post_entries
from community.plans.cards import Card, PlanTerms
from community.plans.models import PlanRun, Post
from community.plans.services.laying import lay_due
from community.plans.services.plans import add_plan, submit_plan
from community.plans.services.sending import send_due
from config.bench.bank import AT, LEVELS, plant, staff_at
from config.bench.harness import Comparison, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.scratch import scratch_database

LIMIT = 300.0
# At nine in the morning after, when all of them are due at once.
NINE = AT + timedelta(hours=23)
PLAN = "01a20000-0000-7000-8000-000000000001"
# One owner, for whom the walls and not the people are measured.
_FILL = """
INSERT INTO community_group (id, branch_id, branch_pos, name, owner_id, source, chat_id, capacity, member_count, notice,
                             founded_at)
SELECT uuidv7(), b.id, b.pos, '社群 ' || b.id, p.id, 'hand', '', 200, 0, '', %(at)s
  FROM tenants_branch b, (SELECT id FROM tenants_person LIMIT 1) p WHERE b.level IN ('branch', 'outlet');
INSERT INTO community_planrun (id, branch_id, branch_pos, plan_id, plan_title, group_id, zero, counts_from, state,
                               has_members_days, lay_at, laid_until)
SELECT uuidv7(), g.branch_id, g.branch_pos, %(plan)s, '计划', g.id, %(at)s::date, %(at)s, 'running', false,
       %(at)s::timestamptz + interval '1 year', %(at)s FROM community_group g;
INSERT INTO community_post (id, branch_id, branch_pos, run_id, group_id, card_id, occasion, title, day, due_at, state,
                            text)
SELECT uuidv7(), r.branch_id, r.branch_pos, r.id, r.group_id, md5(n::text)::uuid, n::text, '第 ' || n || ' 条',
       (%(at)s::date + n / 3), %(at)s::date + (n / 3) * interval '1 day' + (n %% 3 * 5 + 1) * interval '1 hour',
       'planned', ''
  FROM community_planrun r, generate_series(0, %(each)s - 1) n;
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure a week's calendar at four levels, and the sweep."""
    return measure(branches=500, rounds=5, say=say) if quick else measure(say=say)


def measure(*, branches: int = 10_000, rounds: int = 20, say: Callable[[str], None]) -> Report:
    """The bench at a size: a tree of `branches`, four weeks of posts in each group, `rounds` rounds."""
    rooms = ("tenants", "audit", "jobs", "notices", "approvals", "customers", "content", "community")
    with scratch_database("fenhang_bench_posts", rooms=rooms):
        report = Report(name="posts", machine=machine(), parameters={"branches": branches, "rounds": rounds})
        say(f"filling {branches} branches and four weeks of posts")
        places = plant(branches)
        scopes = {level: staff_at(places[level], "community_operator") for level in LEVELS}
        _fill(each=84)
        for level in LEVELS:
            report.comparisons.append(_calendar(level, scopes[level], rounds, say))
            report.targets.append(Target(f"week, {level}", "layer", LIMIT, measure="p50_ms"))
        _sweep(scopes["head_office"], staff_at(places["head_office"], "reviewer"), say)
        return report


def _fill(each: int) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in ("community_group", "community_planrun", "community_post"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_FILL, {"at": AT, "plan": PLAN, "each": each})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("community_group", "community_planrun", "community_post"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE community_post")
        cursor.execute("VACUUM ANALYZE community_group")


def _calendar(level: str, scope: Scope, rounds: int, say: Callable[[str], None]) -> Comparison:
    zone = ZoneInfo("Asia/Shanghai")
    first = AT.astimezone(zone).replace(hour=0, minute=0) + timedelta(days=1)
    edges = [first + timedelta(days=n) for n in range(8)]
    asked = Asked(days=[edge.date() for edge in edges[:-1]], edges=edges, zone=zone, most=40)
    with opened(scope):
        with CaptureQueriesContext(connection) as queries:
            found = post_entries(scope, asked)
        many = Post.objects.within(scope).filter(due_at__gte=asked.first, due_at__lt=asked.until).count()
        say(f"  {level}: {many} posts in the week, {len(found.entries)} shown, {len(queries)} queries")
        whole = Variant("layer", lambda _n: post_entries(scope, asked))
        plain = Variant("count of a day", lambda _n: Post.objects.within(scope).filter(
            due_at__gte=edges[0], due_at__lt=edges[1])[:200].count())  # fmt: skip
        return compare(f"week, {level}", [whole, plain], rounds=rounds, items=1)


def _sweep(maker: Scope, checker: Scope, say: Callable[[str], None]) -> None:
    """How many groups a worker looks at in a second, and how many posts it hands out: texts, owners, caps and all."""
    cards = [Card(title=f"卡 {n}", day={"every": 1}, at=clock(9), text="{群名称}早安") for n in range(3)]
    with opened(maker) as scope:
        plan = add_plan(scope=scope, terms=PlanTerms(title="计划", days=None, handed_down=True, cards=cards))
        revision = submit_plan(scope=scope, plan_id=plan.pk)
    with opened(checker) as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    with system_scope(at=AT, cause="bench"):
        some = list(PlanRun.objects.order_by("pk").values_list("pk", flat=True)[:2_000])
        PlanRun.objects.filter(pk__in=some).update(plan_id=plan.pk, lay_at=AT, laid_until=AT)
    for act, at, what in (
        (lay_due, AT, "groups laid five weeks ahead"),
        (send_due, NINE, "posts handed out"),
    ):
        began, many = time.perf_counter(), 0
        while True:
            with system_scope(at=at, cause="bench") as scope:
                done = act(scope=scope)
            if not done:
                break
            many += done
        say(f"  {many} {what} at {many / (time.perf_counter() - began):.0f}/s")
