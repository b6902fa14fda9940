"""What closing a day and asking for a year cost in a large bank, beside the plain sums over the same rows.

A bank of so many branches issued one batch; its coupons were claimed and redeemed over a year at a thousand branches,
and the last day of it is closed, by head office and by one branch. The peer is one statement of the owner that only
counts: no walls, no comparisons, nothing written. The period is the whole year at head office, with every redemption.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections

from campaigns.approvals.services.reviews import approve_revision
from campaigns.rewards.selectors.periods import period_of
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.closing import close_day
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import opened, system_scope
from config.bench.bank import AT, plant, staff_at
from config.bench.harness import Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.scratch import scratch_database

ROOMS = ("audit", "jobs", "customers", "approvals", "planning", "events", "notices", "requests", "rewards")
DAY = AT.astimezone(ZoneInfo("Asia/Shanghai")).date()
MORROW = AT + timedelta(days=1)
YEAR = 365
EACH = 10  # coupons of a customer
# Milliseconds.
HEAD_OFFICE, BRANCH = 60_000, 1_000

_CUSTOMERS = """
INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised,
    status)
SELECT uuidv7(), b.id, b.pos, '0000', '{}', 'bench', %(at)s, true, 'active'
  FROM (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch WHERE id = ANY (%(homes)s)) b
  JOIN generate_series(0, %(customers)s - 1) AS n ON n %% cardinality(%(homes)s::int[]) = b.nth
"""
# Claimed evenly over the year that ends with the day; one in `stride` is redeemed at once.
_COUPONS = """
INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id, nth, code_hash,
    title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until, status, redeemed_times,
    redeemed_at, redeemed_place_id, moved_at, how, caused_by)
SELECT uuidv7(), c.branch_id, c.branch_pos, l.batch_id, l.revision_id, l.branch_id, c.id, k.nth,
       sha256((c.id::text || k.nth)::bytea), l.title, l.kind, l.threshold_fen, l.off_fen, l.payer, w.at, w.at,
       w.at + interval '400 days', CASE WHEN w.gone THEN 'redeemed' ELSE 'claimed' END, w.gone::int,
       CASE WHEN w.gone THEN w.at END, CASE WHEN w.gone THEN c.branch_id END, CASE WHEN w.gone THEN w.at END,
       'claimed', ''
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS turn FROM customers_customer) c
 CROSS JOIN generate_series(1, %(each)s) AS k (nth) CROSS JOIN rewards_livebatch l
 CROSS JOIN LATERAL (SELECT %(at)s - ((c.turn * 7919 + k.nth * 104729) %% %(year)s) * interval '1 day' AS at,
                            (c.turn + k.nth) %% %(stride)s = 0 AS gone) w
 WHERE l.batch_id = %(batch)s
"""
_TABLES = (
    "rewards_coupon",
    "rewards_redemption",
    "rewards_stock",
    "customers_customer",
    "audit_entry",
    "events_event",
)
_COLUMNS = """
SELECT string_agg(quote_ident(c.attname), ', ') FROM pg_attribute c
 WHERE c.attrelid = 'rewards_couponevent'::regclass AND c.attnum > 0 AND NOT c.attisdropped
   AND NOT starts_with(c.attname, 'pgh_')
"""
_AT_FIRST = {
    "status": "'claimed'",
    "redeemed_times": "0",
    **dict.fromkeys(("redeemed_at", "redeemed_place_id", "moved_at"), "NULL"),
}
_HISTORY = (
    """
INSERT INTO rewards_couponevent ({columns}, pgh_label, pgh_obj_id, pgh_created_at, pgh_context)
SELECT {first}, 'insert', id, claimed_at, '{{}}' FROM rewards_coupon
""",
    """
INSERT INTO rewards_couponevent ({columns}, pgh_label, pgh_obj_id, pgh_created_at, pgh_context)
SELECT {columns}, 'update', id, claimed_at, '{{}}' FROM rewards_coupon WHERE status = 'redeemed'
""",
)
_REST = (
    """
INSERT INTO rewards_redemption (id, branch_id, branch_pos, coupon_id, home_id, issuer_id, person_id, at, title, off_fen,
    order_fen, payer)
SELECT uuidv7(), c.branch_id, c.branch_pos, c.id, c.branch_id, c.issuer_id, %(person)s, c.redeemed_at, c.title,
       c.off_fen, 10000, c.payer FROM rewards_coupon c WHERE c.status = 'redeemed'
""",
    """
UPDATE rewards_stock s SET claimed = n.mine FROM (
    SELECT k.id, least(k.allotted, greatest(0, t.many - sum(k.allotted) OVER w + k.allotted)) AS mine
      FROM rewards_stock k JOIN (SELECT batch_id, branch_id, count(*) AS many FROM rewards_coupon GROUP BY 1, 2) t
     USING (batch_id, branch_id) WINDOW w AS (PARTITION BY k.batch_id, k.branch_id ORDER BY k.bucket)) n
 WHERE n.id = s.id
""",
    # Every claim and redemption of the year, as they are told.
    """
CREATE TABLE b_deeds AS
SELECT c.branch_id, c.branch_pos, c.customer_id, c.claimed_at AS at, 'rewards.coupon.claim' AS verb,
       'rewards.coupon.claimed' AS kind, 'rewards.coupon:' || c.id AS subject, '{}'::jsonb AS detail
  FROM rewards_coupon c
UNION ALL SELECT r.branch_id, r.branch_pos, c.customer_id, r.at, 'rewards.coupon.redeem', 'rewards.coupon.redeemed',
       'rewards.coupon:' || c.id, jsonb_build_object('redemption', r.id)
  FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
""",
    """
INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail)
SELECT uuidv7(at - clock_timestamp()), branch_id, branch_pos, at, 'bench', '', verb, subject, '', detail FROM b_deeds
""",
    """
INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject, properties)
SELECT uuidv7(at - clock_timestamp()), customer_id, branch_id, branch_pos, kind, at, at, 'rewards', subject, detail
  FROM b_deeds
""",
)
_PEER = """
SELECT (SELECT sum(many) FROM (SELECT count(*) AS many FROM rewards_coupon WHERE branch_pos BETWEEN %(lo)s AND %(hi)s
                                GROUP BY batch_id, branch_id) c),
       (SELECT sum(claimed) FROM rewards_stock WHERE branch_pos BETWEEN %(lo)s AND %(hi)s),
       (SELECT sum(off_fen) FROM rewards_redemption WHERE branch_pos BETWEEN %(lo)s AND %(hi)s),
       (SELECT count(*) FROM rewards_couponevent WHERE branch_pos BETWEEN %(lo)s AND %(hi)s),
       (SELECT count(*) FROM audit_entry
         WHERE at >= %(at)s - interval '1 day' AND branch_pos BETWEEN %(lo)s AND %(hi)s),
       (SELECT count(*) FROM events_event
         WHERE at >= %(at)s - interval '1 day' AND branch_pos BETWEEN %(lo)s AND %(hi)s)
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Close a day at head office and at a branch, and ask for a year, beside the sums."""
    if quick:
        return measure(branches=200, coupons=2_000, redemptions=400, rounds=1, say=say)
    return measure(say=say)


def measure(
    *,
    branches: int = 10_000,
    coupons: int = 1_000_000,
    redemptions: int = 200_000,
    rounds: int = 3,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: so many `coupons` of one batch, of which about `redemptions` are redeemed."""
    with scratch_database("fenhang_bench_close", rooms=ROOMS, like=migrated):
        say(f"filling {branches:,} branches, {coupons:,} coupons, {redemptions:,} redemptions")
        head_office, branch = _plant(branches, coupons, coupons // redemptions)
        sizes = {"branches": branches, "coupons": coupons, "redemptions": redemptions}
        report = Report("close", machine(), {"rounds": rounds, **sizes})
        for case, place, ours, does, limit in (
            ("a day of head office", head_office, "close_day", _closes, HEAD_OFFICE),
            ("a day of a branch", branch, "close_day", _closes, BRANCH),
            ("a year of head office", head_office, "period", _asks, HEAD_OFFICE),
            ("a year of a branch", branch, "period", _asks, BRANCH),
        ):
            say(case)
            ways = [Variant("sums", _sums(place)), Variant(ours, does(place))]
            report.comparisons.append(compare(case, ways, rounds=rounds, items=1))
            report.targets.append(Target(case, ours, limit, "p50_ms"))
        return report


def _sums(place: Branch) -> Callable[[int], None]:
    def ask(_n: int) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(_PEER, {"lo": place.pos, "hi": place.pos_end, "at": AT})

    return ask


def _closes(place: Branch) -> Callable[[int], None]:
    def close(_n: int) -> None:
        with system_scope(at=MORROW, cause="bench") as scope:
            closed = close_day(scope=scope, branch_id=place.pk, day=DAY)
            if not closed.is_green:
                raise AssertionError(closed.differences)

    return close


def _asks(place: Branch) -> Callable[[int], None]:
    def ask(_n: int) -> None:
        first = DAY - timedelta(days=YEAR - 1)
        with system_scope(at=MORROW, cause="bench") as scope:
            period = period_of(scope=scope, branch_id=place.pk, first=first, last=DAY)
            if not period.adds_up or period.changed:
                raise AssertionError(period.changed)

    return ask


def _plant(branches: int, coupons: int, stride: int) -> tuple[Branch, Branch]:
    """Head office and one of the branches that have customers."""
    planted = plant(branches)
    maker, checker = (staff_at(planted["head_office"], role) for role in ("rewards_operator", "reviewer"))
    with system_scope(at=AT, cause="bench"):
        homes = list(
            Branch.objects.filter(children__isnull=True).order_by("pos")[: min(1_000, branches // 4)]
        )
    terms = BatchTerms(
        title="满100减20",
        threshold_fen=100_00,
        off_fen=20_00,
        claim_from=AT - timedelta(days=YEAR + 1),
        claim_until=AT + timedelta(days=30),
        usable_days=300,
        quota=2 * coupons,
        per_customer_limit=EACH,
        handed_down=True,
    )
    with opened(maker) as scope:
        batch = add_batch(scope=scope, terms=terms)
        for home in homes:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=home.pk, quantity=2 * coupons // len(homes))
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with opened(checker) as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    values: dict[str, Any] = {
        "at": AT,
        "homes": [home.pk for home in homes],
        "customers": coupons // EACH,
        "each": EACH,
        "year": YEAR,
        "stride": stride,
        "batch": batch.pk,
        "person": maker.person_id,
    }
    with connections["owner"].cursor() as cursor:
        first = (AT - timedelta(days=YEAR + 1)).date()
        cursor.execute("SELECT audit_make_months(%s, 14), events_make_months(%s, 14)", [first, first])
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_COLUMNS)
        columns = cursor.fetchone()[0]
        at_first = ", ".join(_AT_FIRST.get(column, column) for column in columns.split(", "))
        history = [each.format(columns=columns, first=at_first) for each in _HISTORY]
        for statement in (_CUSTOMERS, _COUPONS, *_REST):
            cursor.execute(statement, values)
        for statement in history:
            cursor.execute(statement)
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would have by then
    return planted["head_office"], homes[0]
