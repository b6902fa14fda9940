"""What a heartbeat of a viewer costs over HTTP, beside a view that reads the same body and answers, and asks nobody.

Both are served by the same processes and threads, behind the same middleware, token and limits, to the same clients in
turns. A heartbeat is judged by the bank's clock, credited and kept; the bare view parses and answers. Each request is
another customer's.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from itertools import count
from uuid import UUID

import orjson
from PIL import Image

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, opened, staff
from community.livestreams.services.channels import add_channel
from community.livestreams.services.livestreams import add_livestream, submit_livestream
from community.livestreams.services.showings import start_livestream
from community.livestreams.terms import Host, LivestreamTerms, SheetLine
from config.bench import serving
from config.bench.bank import customers_at, plant, staff_at
from config.bench.callers import call
from config.bench.harness import Report, Target
from config.bench.scratch import scratch_database
from content.services.assets import add_asset

_DATABASE = "fenhang_bench_watch"
THREADS = 32  # of each web process
# Of a view that only parses and answers, so many heartbeats a second at least.
SHARE = 0.7
_BODY = orjson.dumps({"seconds": 15, "position": 900})


def watch(*, report: Report, quick: bool, say: Callable[[str], None]) -> None:
    """Heartbeats a second and their cost, at 64 clients and at 8."""
    rounds, requests = (3, 192) if quick else (7, 3_840)
    rooms = ("audit", "notices", "jobs", "requests", "outreach", "rewards", "points", "content", "community")
    with scratch_database(_DATABASE, rooms=rooms):
        bank = Bank(40, many=min(requests, 1_920))
        with serving.site(_DATABASE, "config.bench.community.watch_site", threads=THREADS) as (port, pid):
            for clients in (64, 8):
                case = f"heartbeats, {clients} clients"
                say(case)
                ways: dict[str, Callable[[], tuple[float, list[float]]]] = {
                    name: lambda name=name, clients=clients: _ask(bank, port, name, clients, requests)  # type: ignore[misc]
                    for name in ("bare", "watch")
                }
                report.comparisons.append(
                    serving.in_turns(case, ways, rounds=rounds, items=requests, unit="beat", site=pid)
                )
                if clients == 64:
                    report.targets.append(Target(case, "watch", 1 / SHARE, "per_beat"))


def _ask(bank: "Bank", port: int, address: str, clients: int, requests: int) -> tuple[float, list[float]]:
    """So many requests by so many clients, each of another customer."""
    turn: Iterator[int] = count()
    given = [
        [bank.request(address, next(turn)) for _ in range(requests // clients)] for _client in range(clients)
    ]
    seconds, told = call(port, given)
    if set(told.statuses) != {200}:
        raise AssertionError((address, told.statuses, told.last_no))
    return seconds, told.times


class Bank:
    """A bank with one livestream that is on, and customers who watch it."""

    def __init__(self, branches: int, *, many: int) -> None:
        planted = plant(branches)
        branch: Branch = planted["branch"]
        self.maker: Scope = staff_at(branch, "community_operator")
        self.editor: Scope = staff_at(branch, "editor")
        self.checker: Scope = staff_at(planted["head_office"], "reviewer")
        self.livestream = self._on_air()
        self.tokens = [
            tokens.issue(kind="customer", subject=str(each.pk), seconds=7200)
            for each in customers_at(branch, many)
        ]

    def _on_air(self) -> UUID:
        with opened(_now(self.editor)) as scope:
            drawn = BytesIO()
            Image.new("RGB", (900, 500), (200, 40, 40)).save(drawn, "PNG")
            cover = add_asset(scope=scope, raw=drawn.getvalue(), name="封面", alt="红色的封面")
        with opened(_now(self.maker)) as scope:
            channel = add_channel(
                scope=scope, name="直播间", platform="hls", url="https://live.bank.com.cn/x.m3u8"
            )
            draft = add_livestream(
                scope=scope,
                terms=LivestreamTerms(
                    title="行长直播间",
                    theme="年底理财",
                    planned_from=scope.at + timedelta(minutes=5),
                    planned_until=scope.at + timedelta(hours=2),
                    channel_id=channel.pk,
                    asset_id=cover.pk,
                    hosts=[Host(name="行长", title="支行行长", person=scope.person_id)],
                    run_sheet=[
                        SheetLine(minute=0, minutes=60, heading="开场", script="投资有风险，选择须谨慎。")
                    ],
                    handed_down=True,
                ),
            )
            revision = submit_livestream(scope=scope, livestream_id=draft.pk)
        with opened(_now(self.checker)) as scope:
            seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen)
        with opened(_now(self.maker)) as scope:
            start_livestream(scope=scope, livestream_id=draft.pk)
        return draft.pk

    def request(self, address: str, number: int) -> bytes:
        """A whole request of the customer whose turn it is."""
        return (
            f"POST /api/v1/livestreams/{self.livestream}/{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer"
            f" {self.tokens[number % len(self.tokens)]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(_BODY)}\r\n\r\n"
        ).encode() + _BODY


def _now(scope: Scope) -> Scope:
    carry = scope.carry
    return staff(login_id=carry["login"], assignment_id=UUID(carry["assignment"]), at=now(), cause="bench")
