"""Check-ins of the demo bank: a programme of a branch's group with three weeks behind it, and words to look at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from campaigns.customers.scopes import customer_scope
from campaigns.tenants.models import Assignment
from campaigns.tenants.scopes import system_scope
from community.checkins.services.checkins import Shown, check_in
from community.checkins.services.looking import pay_due_goals
from community.checkins.services.programmes import add_programme, submit_programme
from community.checkins.terms import ProgrammeTerms
from community.groups.services.groups import add_group, add_member

if TYPE_CHECKING:
    from config.demo.story import DemoBank

_BRANCH, _OWNER = "ZJ0101", "xihu.manager"
_WORDS = (
    "今天存了 20 元，目标 2000 元",
    "少喝一杯奶茶，存 15 元",
    "工资到账先存一笔",
    "记完账了，本月结余 600 元",
)


def check_in_for_weeks(demo: DemoBank) -> None:
    """The group saves a little every day; who is number n misses every (n + 3)rd day."""
    today = demo.at.astimezone(ZoneInfo("Asia/Shanghai")).date()
    members = demo.customers[_BRANCH]
    with demo.act(_OWNER, days_ago=24) as scope:
        owner_id = Assignment.objects.get(pk=demo.logins[_OWNER][1]).person_id
        group = add_group(
            scope=scope, name="西湖攒钱打卡群", owner_id=owner_id, notice="每天存一笔，群主每晚公布榜单。"
        )
        for each in members:
            add_member(scope=scope, group_id=group.pk, customer_id=each)
        programme = add_programme(
            scope=scope,
            terms=ProgrammeTerms(
                title="30 天攒钱打卡",
                text="每天写一句今天存了多少，连续 7 天另有奖励。漏了可以补签。",
                group_ids=[group.pk],
                first_day=today - timedelta(days=21),
                last_day=today + timedelta(days=9),
                proof="text",
                points=2,
                streak_days=7,
                streak_points=20,
                goal_count=len(members) * 12,
                goal_points=30,
                makeup_most=3,
                makeup_days=3,
                makeup_cost=5,
                points_cap=50_000,
            ),
        )
        revision = submit_programme(scope=scope, programme_id=programme.pk)
    demo.approve("reviewer", revision, days_ago=23)
    for back in range(20, -1, -1):
        for number, customer_id in enumerate(members):
            if (back + number) % (number + 3) == 0 or (back == 0 and number % 2):
                continue
            at = demo.days_ago(back + 0.002 * number)
            # The moment of the story may be early in the day.
            if at.astimezone(ZoneInfo("Asia/Shanghai")).date() != today - timedelta(days=back):
                continue
            words = _WORDS[(back + number) % len(_WORDS)]
            with customer_scope(customer_id=customer_id, at=at, cause="load_demo") as scope:
                check_in(scope=scope, group_id=group.pk, shown=Shown(text=words))
    with system_scope(at=demo.at, cause="load_demo") as scope:
        pay_due_goals(scope=scope)
