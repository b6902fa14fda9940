"""What the home page costs: prepared pages beside a plain view on the same server.

The peer checks the same token and returns as many bytes from Valkey; both are served by the same processes and threads
to the same clients, in turns. Hot: a thousand customers of a hundred branches, and nothing that depends on who looks.
Personalised: ten placements more for some tags, and customers with tags of their own. Then a publish of head office,
and a customer of each branch asks a second later; and what the processes hold after some branches were asked for, and
after all.
"""

import http.client
import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import redis
from django.conf import settings
from django.db import connections

from campaigns.lib.clock import FOREVER
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from config.bench import serving
from config.bench.bank import AT, plant
from config.bench.callers import call
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.home_site import KEY
from config.bench.machine import machine
from config.bench.scratch import scratch_database

_DATABASE = "fenhang_bench_home"
CLIENTS = 64
SHARE_HOT, SHARE_PERSONAL = 0.8, 0.6
_FULL = {"banner": 5, "grid": 8, "popup": 1, "feed": 30}
TAGS = 20

_CUSTOMERS = """
INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised,
    status)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, b.id, b.pos, '0000', '{}', 'bench', %(at)s, true,
       'active'
  FROM generate_series(0, %(many)s - 1) AS n
  JOIN (SELECT id, pos, row_number() OVER (ORDER BY id) - 1 AS nth, count(*) OVER () AS all_of FROM tenants_branch
         WHERE level IN ('branch', 'outlet')) b ON b.nth = n %% b.all_of;
INSERT INTO customers_profile (customer_id, branch_id, branch_pos, tag_ids)
SELECT id, branch_id, branch_pos, ARRAY[1 + (random() * %(tags)s)::int, 1 + (random() * %(tags)s)::int]
  FROM customers_customer;
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Pages a second, hot and personalised, each beside the plain view; the publish; the memory."""
    if quick:
        return measure(branches=200, customers=2_000, items=100, rounds=3, requests=512, say=say)
    return measure(say=say)


def measure(
    *,
    branches: int = 10_000,
    customers: int = 100_000,
    items: int = 1_000,
    rounds: int = 9,
    requests: int = 1_920,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size."""
    with scratch_database(
        _DATABASE,
        rooms=("audit", "customers", "events", "approvals", "planning", "rewards", "content"),
        like=migrated,
    ):
        report = Report("home", machine(), {"branches": branches, "customers": customers, "items": items})
        say(f"filling {branches:,} branches, {customers:,} customers, {items:,} items")
        bank = Bank(branches, customers, items)
        with serving.site(_DATABASE, "config.bench.home_site") as (port, pid):
            bank.lay_bytes(port)
            for case, share in (("hot", SHARE_HOT), ("personalised", SHARE_PERSONAL)):
                if case == "personalised":
                    bank.publish_for_some()
                    time.sleep(1)
                _warm(bank, port)
                say(case)
                ways = {
                    "plain": lambda: _ask(bank, port, "plain", requests),
                    "home": lambda: _ask(bank, port, "home", requests),
                }
                report.comparisons.append(
                    serving.in_turns(case, ways, rounds=rounds, items=requests, unit="page", site=pid)
                )
                report.targets.append(Target(case, "home", 1 / share, "per_page"))
            report.comparisons.append(_publish(bank, port, pid, say))
        return report


def _warm(bank: "Bank", port: int) -> None:
    """Every customer that will ask has asked both processes before: who gets which is luck, so eight times."""
    for _turn in range(8):
        given = [
            [bank.request("home", nth) for nth in range(bank.warm)][client::CLIENTS]
            for client in range(CLIENTS)
        ]
        call(port, given)


def _ask(bank: "Bank", port: int, address: str, requests: int) -> tuple[float, list[float]]:
    given = [
        [bank.request(address, bank.draw.randrange(bank.warm)) for _ in range(requests // CLIENTS)]
        for _client in range(CLIENTS)
    ]
    seconds, told = call(port, given)
    if set(told.statuses) != {200}:
        raise AssertionError((address, told.statuses, told.last_no))
    return seconds, told.times


def _publish(bank: "Bank", port: int, pid: int, say: Callable[[str], None]) -> Comparison:
    """Head office publishes; from a second on, a customer of each branch asks. Nobody may get the page of before."""
    before = _memory(pid)
    _each(bank, port, range(min(100, bank.places)))
    few = _memory(pid)
    _each(bank, port, range(bank.places))
    many = _memory(pid)
    title = "刚刚发布"
    bank.publish(bank.head_office, title, "home.banner", priority=9_000)
    time.sleep(1.0)
    began = time.perf_counter()
    times, old = _each(bank, port, range(bank.places), wanted=title)
    took = time.perf_counter() - began
    if old:
        raise AssertionError(f"{old} branches were shown a page from before the publish")
    say(
        f"{bank.places:,} branches asked a second after a publish: none is shown the page of before, {took:.1f} s for"
        f" all; the site holds {before:.0f} MB before, {few:.0f} after 100 branches, {many:.0f} after {bank.places:,}"
    )
    ordered = sorted(times)
    figures = Figures(
        bank.places / took, ordered[len(ordered) // 2] * 1e3, ordered[len(ordered) * 99 // 100] * 1e3, None, 0.0, None,
        0.0, bank.places,
    )  # fmt: skip
    return Comparison(
        "after a publish",
        "each branch",
        {"each branch": figures},
        {"each branch": {"megabytes": round(many, 1)}},
    )


def _each(bank: "Bank", port: int, places: range, wanted: str = "") -> tuple[list[float], int]:
    """One customer of each of these branches asks, one after the other: seconds of each, and how many got it old."""
    times, old, code = [], 0, wanted.encode()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        for nth in places:
            began = time.perf_counter()
            line.request("GET", "/api/v1/home", headers={"Authorization": f"Bearer {bank.token(nth)}"})
            answer = line.getresponse()
            body = answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200:
                raise AssertionError((answer.status, body))
            old += code not in body
    return times, old


def _memory(pid: int) -> float:
    """What the site's processes hold, in MB: their own pages, and their share of what several hold."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    ours = {pid}
    for _level in range(3):
        ours |= {child for child, parent in parents.items() if parent in ours}
    total = 0
    for each in ours:
        for row in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if row.startswith("Pss:"):
                total += int(row.split()[1])
    return total / 1024


class Bank:
    """A tree of branches, published items with placements, and customers with tags."""

    def __init__(self, branches: int, customers: int, items: int) -> None:
        self.draw, self.customers = random.Random(7), customers
        self.head_office: Branch = plant(branches)["head_office"]
        self._tokens: dict[int, str] = {}
        with connections["owner"].cursor() as cursor:
            for table in ("customers_customer", "customers_profile"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(_CUSTOMERS, {"at": AT, "many": customers, "tags": TAGS})
            for table in ("customers_customer", "customers_profile"):
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("ANALYZE customers_customer, customers_profile")
            # Only approvals publish: their guards stand aside, what makes prepared pages old does not.
            for table in ("item", "liveitem", "placement", "liveplacement"):
                cursor.execute(f"ALTER TABLE content_{table} DISABLE TRIGGER USER")
            for table in ("liveitem", "liveplacement"):
                cursor.execute(f"ALTER TABLE content_{table} ENABLE TRIGGER content_stirs")
        with system_scope(at=AT, cause="bench"):
            below = list(Branch.objects.exclude(parent=None).order_by("id")[: max(1, items // 4)])
            self.places = Branch.objects.filter(level__in=["branch", "outlet"]).count()
        # Hot are customers of a hundred branches, as many of each as there are.
        self.warm = min(customers, 1_000)
        placed = [(self.head_office, f"home.{slot}") for slot, many in _FULL.items() for _nth in range(many)]
        placed += [(self.draw.choice(below), "home.feed") for _nth in range(items - len(placed))]
        for nth, (branch, slot) in enumerate(placed):
            self.publish(branch, f"第{nth}号内容", slot, priority=nth if branch is self.head_office else -nth)

    def publish(
        self, branch: Branch, title: str, slot: str, *, priority: int, tags: Sequence[int] = ()
    ) -> None:
        """A published item and its placement, as an approval leaves them; without the approval."""
        item, now = new_id(), AT
        made = [
            {
                "id": str(new_id()),
                "name": name,
                "format": "webp",
                "width": 750,
                "height": 1000,
                "sha256": "0" * 64,
            }
            for name in ("thumb", "banner", "poster", "desk", "share", "fallback", "original")
        ]
        picture = orjson.dumps(
            {"asset": str(new_id()), "alt": "山上的朝霞", "colour": "#c82828", "width": 750, "height": 1000,
             "sha256": "0" * 64, "renditions": made}
        ).decode()  # fmt: skip
        shared = [branch.pk, branch.pos, now, FOREVER, True]
        with connections["owner"].cursor() as cursor:
            self._insert(
                cursor, "content_item", shared, id=item, kind="poster", title=title, summary="三年期利率上浮", body="",
                product_class="", changed_at=now, author_name="",
            )  # fmt: skip
            self._insert(
                cursor, "content_liveitem", shared, id=new_id(), item_id=item, kind="poster", title=title,
                summary="三年期利率上浮", body="", picture=picture, revision_id=new_id(), sha256="0" * 64,
            )  # fmt: skip
            place = new_id()
            whom: dict[str, Any] = {"tag_ids": list(tags)}
            self._insert(
                cursor, "content_placement", shared, id=place, slot=slot, item_id=item, priority=priority,
                changed_at=now, author_name="", **whom,
            )  # fmt: skip
            self._insert(
                cursor, "content_liveplacement", shared, id=new_id(), placement_id=place, slot=slot, item_id=item,
                priority=priority, revision_id=new_id(), sha256="0" * 64, **whom,
            )  # fmt: skip

    @staticmethod
    def _insert(cursor: Any, table: str, shared: list[Any], **values: Any) -> None:
        columns = ["branch_id", "branch_pos", "shown_from", "shown_until", "handed_down", *values]
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
            [*shared, *values.values()],
        )

    def publish_for_some(self) -> None:
        """Ten placements for who has one of two tags."""
        for nth in range(10):
            tags = [2 * nth + 1, 2 * nth + 2]
            self.publish(self.head_office, f"为您推荐{nth}", "home.feed", priority=5_000 + nth, tags=tags)

    def lay_bytes(self, port: int) -> None:
        """As many bytes as a page has, for the peer."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            line.request("GET", "/api/v1/home", headers={"Authorization": f"Bearer {self.token(0)}"})
            answer = line.getresponse()
            body = answer.read()
        if answer.status != 200 or len(body) < 1_000:
            raise AssertionError((answer.status, body))
        redis.Redis.from_url(settings.REDIS_URL).set(KEY, b"x" * len(body), ex=3_600)

    def token(self, number: int) -> str:
        """Of a customer; number and number + branches are at the same one."""
        if number not in self._tokens:
            who = UUID(f"00000000-0000-7000-8000-{number:012x}")
            self._tokens[number] = tokens.issue(kind="customer", subject=str(who), seconds=7_200)
        return self._tokens[number]

    def request(self, address: str, number: int) -> bytes:
        """A whole request of one customer. The warm ones are at home in a hundred branches."""
        at_home = number % 100 + number // 100 * self.places
        who = at_home if at_home < self.customers else number
        return (
            f"GET /api/v1/{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token(who)}\r\n\r\n"
        ).encode()
