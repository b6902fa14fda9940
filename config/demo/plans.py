"""Groups of the demo bank and a plan that runs in them: thirty days, some sent, some waiting for their owners today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from campaigns.tenants.scopes import system_scope
from community.groups.models import Group
from community.groups.services.groups import add_group
from community.plans.cards import Card, PlanTerms
from community.plans.models import Post
from community.plans.services.laying import lay_due
from community.plans.services.plans import add_plan, submit_plan
from community.plans.services.posts import confirm_post
from community.plans.services.runs import apply_plan
from community.plans.services.sending import send_due
from content.models import LiveItem

if TYPE_CHECKING:
    from uuid import UUID

    from config.demo.story import DemoBank

# What an owner of the demo bank has in which branch.
_GROUPS = (("xihu.clerk", "ZJ0101", "西湖宝妈理财群"), ("xihu.clerk", "ZJ0101", "西湖职场新人攒钱群"),
           ("xihu.manager", "ZJ0101", "西湖贵宾服务群"))  # fmt: skip
_CARDS = (
    Card(title="开群问好", day={"day": 0}, at=time(9), open=["text"],
         text="欢迎来到{群名称}！我是{机构名称}的客户经理，接下来三十天，每天一个理财小知识，有问题随时找我。"),
    Card(title="第 1 天：记账", day={"day": 1}, at=time(9), asks_check_in=True,
         text="今天的小任务：记下昨天的三笔支出，完成后在群里打卡。"),
    Card(title="第 3 天：应急金", day={"day": 3}, at=time(9), holiday="next", open=["text", "time"],
         text="应急金留多少合适？一般是三到六个月的生活开支，先从一个月开始。"),
    Card(title="第 7 天：存款期限", day={"day": 7}, at=time(9), holiday="next", open=["material"],
         text="期限怎么选？先想清楚这笔钱什么时候要用。产品详情以柜面公示为准。"),
    Card(title="第 14 天：防诈骗", day={"day": 14}, at=time(9),
         text="凡是让您转账到“安全账户”的都是诈骗。{机构名称}不会在群里索要密码和验证码。"),
    Card(title="第 30 天：回顾", day={"day": 30}, at=time(10), text="三十天到了，晒晒您的收获吧！"),
    Card(title="周三理财课", day={"weekdays": [3]}, at=time(19, 30), holiday="skip",
         text="今晚八点，理财课准时开讲，{机构名称}邀您一起来听。"),
    Card(title="工作日早报", day={"workdays": True}, at=time(8, 30), text="早安！今日早报已更新，点击查看。"),
    Card(title="入群欢迎", day={"joined": 0}, at=time(9), text="欢迎加入{群名称}，入群请先看群公告。"),
)  # fmt: skip


def run_plans(demo: DemoBank) -> None:
    """A plan of head office, approved five days ago and applied to the groups of one branch."""
    item = _poster(demo)
    cards = [replace(card, items=[item] if item and "存款" in card.title else []) for card in _CARDS]
    with demo.act("community", days_ago=6) as scope:
        plan = add_plan(
            scope=scope,
            terms=PlanTerms(
                title="三十天攒钱计划",
                note="新建群的前三十天：养成习惯，认识网点",
                days=30,
                handed_down=True,
                cards=cards,
            ),
        )
        revision = submit_plan(scope=scope, plan_id=plan.pk)
    demo.approve("reviewer", revision, days_ago=5.5)
    groups = [_group(demo, owner, code, name) for owner, code, name in _GROUPS]
    with demo.act("community", days_ago=5) as scope:
        for group in groups:
            apply_plan(scope=scope, plan_id=plan.pk, group_id=group)
    for days_ago in (5, 4, 3, 2, 1):
        _a_day(demo, days_ago)
    _sweep(demo.at)


def _a_day(demo: DemoBank, days_ago: int) -> None:
    """What the worker did by the evening of a day, and what owners had confirmed by then."""
    evening = demo.days_ago(days_ago).astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=19, minute=40)
    _sweep(evening)
    later = (demo.at - evening - timedelta(minutes=5)) / timedelta(days=1)
    for owner in {owner for owner, _code, _name in _GROUPS}:
        with demo.act(owner, days_ago=later) as scope:
            open_tasks = Post.objects.within(scope).filter(assignee_id=scope.person_id, state=Post.State.DUE)
            # One of them forgets one.
            for key in list(open_tasks.values_list("pk", flat=True))[: 1 if days_ago == 1 else None]:
                confirm_post(scope=scope, post_id=key)


def _sweep(at: datetime) -> None:
    with system_scope(at=at, cause="load_demo") as scope:
        while lay_due(scope=scope):
            pass
        while send_due(scope=scope):
            pass


def _group(demo: DemoBank, owner: str, code: str, name: str) -> UUID:
    """The group of that name, or a new one."""
    with demo.act(owner, days_ago=5.2) as scope:
        person_id = scope.person_id
    with system_scope(at=demo.days_ago(5.2), cause="load_demo") as scope:
        found = Group.objects.within(scope).filter(name=name).first()
        branch_id = demo.branches[code].pk
        return (found or add_group(scope=scope, name=name, owner_id=person_id, branch_id=branch_id)).pk  # type: ignore[arg-type]


def _poster(demo: DemoBank) -> UUID | None:
    """Something of head office that every branch may show."""
    with demo.act("community", days_ago=6) as scope:
        rows = LiveItem.objects.visible(scope).filter(
            handed_down=True, branch_id=scope.branch_id, shown_from__lte=scope.at
        )
        return rows.order_by("shown_from").values_list("item_id", flat=True).first()
