"""The demo bank's story, told through the same services that people use: nothing is written past a rule.

Head office runs a savings season with a coupon and a poster for all branches; 西湖支行 has a poster of its own that
天河支行 never sees; a week of claims and redemptions lies behind; some work waits in the reviewers' queue.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from campaigns.approvals.lists import FIRST_WORDS
from campaigns.approvals.models import Revision
from campaigns.approvals.services.reviews import approve_revision, send_back_revision
from campaigns.approvals.services.word_lists import add_word_list, submit_word_list
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.care import assign_manager
from campaigns.customers.services.customers import add_customer
from campaigns.customers.services.merges import propose_merge
from campaigns.planning.services import add_campaign
from campaigns.rewards.codes import code_of
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.budgets import add_budget, approve_budget, fund_batch
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.models import Branch, Login
from campaigns.tenants.scopes import Scope, staff_scope, system_scope
from campaigns.tenants.services.assignments import assign_role, load_roles
from campaigns.tenants.services.branches import add_tree
from campaigns.tenants.services.people import add_person
from config.demo import bank, pictures, tags
from config.demo.checkins import check_in_for_weeks
from config.demo.contents import publish_contents
from config.demo.desk import keep_desk
from config.demo.groups import keep_groups
from config.demo.handed_down import hand_down, meet_content
from config.demo.livestreams import hold_livestreams
from config.demo.merchants import contract_merchants
from config.demo.plans import run_plans
from config.demo.points import give_points
from config.demo.policies import set_policies
from content.models import Slot
from content.services.assets import add_asset
from content.services.items import add_item, submit_item
from content.services.placements import add_placement, submit_placement

# Demo customers: unionid is demo-<branch code>-<number>; the stand-in logs them in by that.
CUSTOMERS_PER_BRANCH = 6


@dataclass
class DemoBank:
    """What has been made so far. `at` is the moment the story ends: now."""

    at: datetime
    branches: dict[str, Branch] = field(default_factory=dict)
    logins: dict[str, tuple[int, UUID]] = field(default_factory=dict)
    customers: dict[str, list[UUID]] = field(default_factory=dict)

    def days_ago(self, days: float) -> datetime:
        return self.at - timedelta(days=days)

    def act(self, name: str, *, days_ago: float = 0) -> AbstractContextManager[Scope]:
        """Act as the log-in `name`, so many days ago."""
        login_id, assignment_id = self.logins[name]
        return staff_scope(
            login_id=login_id, assignment_id=assignment_id, at=self.days_ago(days_ago), cause="load_demo"
        )

    def approve(self, name: str, revision: Revision, *, days_ago: float) -> None:
        with self.act(name, days_ago=days_ago) as scope:
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


@transaction.atomic
def tell(*, at: datetime, say: Callable[[str], None] = lambda _line: None) -> DemoBank:
    """Make the demo bank in one transaction: all of it, or nothing."""
    demo = DemoBank(at=at)
    say("机构与员工 …")
    _found(demo)
    say("广告用语 …")
    _put_words_in_force(demo)
    say("优惠券 …")
    batch = _issue_coupons(demo)
    say("海报与资源位 …")
    _publish_posters(demo, batch)
    publish_contents(demo, batch)
    hand_down(demo)
    say("客户与一周的领取、核销 …")
    _live_a_week(demo, batch)
    meet_content(demo)
    contract_merchants(demo)
    with system_scope(at=demo.at, cause="load_demo") as scope:
        tags.define_tags(scope=scope, head_office=demo.branches["HO"].pk)
        tags.give_tags(scope=scope, customers=demo.customers)
    _look_after_customers(demo)
    give_points(demo)
    say("积分商城与柜台 …")
    keep_desk(demo)
    say("行长直播间 …")
    hold_livestreams(demo)
    say("社群 …")
    keep_groups(demo)
    run_plans(demo)
    say("社群打卡 …")
    check_in_for_weeks(demo)
    _leave_work_open(demo)
    # Last: what was told so far went the way without policies.
    set_policies(demo, days_ago=0.2)
    return demo


def _found(demo: DemoBank) -> None:
    load_roles()
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    password = make_password(bank.PASSWORD)
    with system_scope(at=demo.days_ago(30), cause="load_demo") as scope:
        demo.branches = add_tree(scope=scope, rows=bank.tree_rows())
        for number, (username, (name, code, role)) in enumerate(bank.PEOPLE.items(), start=1):
            branch_id = demo.branches[code].pk
            person = add_person(
                scope=scope, branch_id=branch_id, name=name, staff_number=f"{100000 + number}"
            )
            # One hash for all: hashing a known password for each of them would only cost time.
            login = Login.objects.create(username=username, person=person, password=password, is_demo=True)
            assignment = assign_role(
                scope=scope, person=person, role=role, branch_id=branch_id, held_from=min(long_ago, scope.at)
            )
            demo.logins[username] = (login.pk, assignment.pk)
        for code, branch in demo.branches.items():
            if branch.level != Branch.Level.BRANCH:
                continue
            demo.customers[code] = [
                add_customer(
                    scope=scope,
                    branch_id=branch.pk,
                    number=f"62{branch.pk:04d}{n:06d}",
                    unionid=bank.unionid(code, n),
                    attributes=tags.attributes_of(branch.pk * 100 + n, at=demo.at.date()),
                    source="demo",
                ).pk
                for n in range(1, CUSTOMERS_PER_BRANCH + 1)
            ]


def _put_words_in_force(demo: DemoBank) -> None:
    """Head office's word list, so that what follows is examined."""
    words = FIRST_WORDS.read_text(encoding="utf-8")
    with demo.act("admin", days_ago=20) as scope:
        draft = add_word_list(scope=scope, title="广告宣传用语", text=f"{words}\n域名：bank.example\n")
        revision = submit_word_list(scope=scope, word_list_id=draft.pk)
    demo.approve("reviewer", revision, days_ago=19)


def _issue_coupons(demo: DemoBank) -> UUID:
    with demo.act("rewards", days_ago=9.5) as scope:
        budget = add_budget(
            scope=scope,
            name="岁末购物券预算",
            valid_from=demo.days_ago(10),
            valid_until=demo.days_ago(-40),
            asked_fen=50_000_00,
        )
    with demo.act("reviewer", days_ago=9.2) as scope:
        approve_budget(scope=scope, budget_id=budget.pk, asked_fen=50_000_00)
    with demo.act("rewards", days_ago=9) as scope:
        campaign = add_campaign(
            scope=scope,
            title="岁末存款季",
            goal="新增储蓄客户 2,000 户",
            starts_at=demo.days_ago(8),
            ends_at=demo.days_ago(-40),
            budget_fen=5_000_000,
        )
        batch = add_batch(
            scope=scope,
            terms=BatchTerms(
                title="岁末购物满减券",
                threshold_fen=100_00,
                off_fen=20_00,
                claim_from=demo.days_ago(8),
                claim_until=demo.days_ago(-40),
                usable_days=30,
                quota=2_000,
                handed_down=True,
                campaign_id=campaign.pk,
            ),
        )
        fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=budget.pk)
        for code in demo.customers:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=demo.branches[code].pk, quantity=100)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    demo.approve("reviewer", revision, days_ago=8.5)
    return batch.pk


def _publish_posters(demo: DemoBank, batch_id: UUID) -> None:
    _poster(
        demo,
        maker="editor",
        checker="reviewer",
        picture=pictures.spring(),
        name="晨光",
        alt="晨光里的层层山丘",
        title="岁末存款季",
        summary="三年期存款，网点与手机均可办理。",
        body="<p>即日起至活动结束，在<strong>任一网点</strong>办理三年期存款，可领取购物满减券一张。</p>"
        "<ul><li>券面：满100元减20元</li><li>每位客户限领一张</li></ul><p>存款利率以办理当日公布为准。</p>",
        product_class="deposit",
        slot=Slot.HOME_BANNER,
        batch_id=batch_id,
        handed_down=True,
    )
    _poster(
        demo,
        maker="editor",
        checker="reviewer",
        picture=pictures.coins(),
        name="积少成多",
        alt="由低到高的一排硬币",
        title="积少成多，从每月500元开始",
        summary="为孩子准备一份十年后的礼物。",
        body="<p>零存整取，每月固定日期自动转入。</p><p>存款利率以办理当日公布为准。</p>",
        product_class="deposit",
        slot=Slot.HOME_FEED,
        handed_down=True,
    )
    _poster(
        demo,
        maker="xihu.editor",
        checker="zj.reviewer",
        picture=pictures.lake(),
        name="湖光",
        alt="傍晚的湖面与远山",
        title="西湖支行 周六亲子理财课",
        summary="周六上午十点，二楼客户活动室，限二十组家庭。",
        body="<p>请提前一天预约，孩子年满六岁即可参加。</p><p>地址：西湖支行二楼客户活动室。</p>",
        slot=Slot.HOME_FEED,
        handed_down=False,
    )


def _poster(
    demo: DemoBank,
    *,
    maker: str,
    checker: str,
    picture: bytes,
    name: str,
    alt: str,
    slot: str,
    handed_down: bool,
    **words: Any,
) -> None:
    """A poster and its place, made by one and approved by another."""
    with demo.act(maker, days_ago=8) as scope:
        asset = add_asset(scope=scope, raw=picture, name=name, alt=alt)
        item = add_item(
            scope=scope, asset_id=asset.pk, shown_from=demo.days_ago(8), handed_down=handed_down, **words
        )
        placement = add_placement(
            scope=scope, slot=slot, item_id=item.pk, shown_from=demo.days_ago(8), handed_down=handed_down
        )
        revisions = [
            submit_item(scope=scope, item_id=item.pk),
            submit_placement(scope=scope, placement_id=placement.pk),
        ]
    for revision in revisions:
        demo.approve(checker, revision, days_ago=7.5)


def _live_a_week(demo: DemoBank, batch_id: UUID) -> None:
    """Claims and redemptions at every branch, spread over the last seven days; two customers have yet to claim."""
    clerks = {"ZJ0101": "xihu.clerk", "GD0101": "tianhe.clerk"}
    for code, customers in demo.customers.items():
        for number, customer_id in enumerate(customers[2:]):
            day = 6.4 - (number * 1.7 + len(code) * demo.branches[code].pk) % 6
            with customer_scope(customer_id=customer_id, at=demo.days_ago(day), cause="load_demo") as scope:
                coupon = claim_coupon(scope=scope, batch_id=batch_id)
            if code in clerks and number % 2 == 0:
                with demo.act(clerks[code], days_ago=max(0.1, day - 0.3)) as scope:
                    redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=12_800)


def _look_after_customers(demo: DemoBank) -> None:
    """Each manager looks after a few customers; two of them may be one person, and wait to be compared."""
    for name, (_staff_name, code, role) in bank.PEOPLE.items():
        if role != "branch_manager" or code not in demo.customers:
            continue
        with demo.act(name, days_ago=6) as scope:
            for customer_id in demo.customers[code][:3]:
                assign_manager(scope=scope, customer_id=customer_id, person_id=scope.person_id)
        first, second, *_others = demo.customers[code]
        with demo.act("admin", days_ago=1.5) as scope:
            propose_merge(scope=scope, first=first, second=second, comment="两位预留了同一手机号")


def _leave_work_open(demo: DemoBank) -> None:
    """What a visitor finds to do: a poster in the queue, one sent back with words, one just begun."""
    drafts = {
        "老年客户防诈骗提示": "陌生来电要求转账，一律挂断并到网点核实。",
        "手机银行新版上线": "登录更快，转账更稳。",
        "积分换年货": "米面油到店自提。",
    }
    with demo.act("editor", days_ago=1) as scope:
        asset = add_asset(
            scope=scope,
            raw=pictures.lake((900, 600)),
            name="静水",
            alt="平静的水面",
            rights_until=demo.days_ago(-300),
        )
        made = [
            add_item(
                scope=scope,
                title=title,
                summary=summary,
                body=f"<p>{summary}</p>",
                asset_id=asset.pk if number < 2 else None,
                shown_from=demo.at,
                handed_down=True,
            )
            for number, (title, summary) in enumerate(drafts.items())
        ]
        revisions = [submit_item(scope=scope, item_id=item.pk) for item in made[:2]]
    with demo.act("reviewer", days_ago=0.5) as scope:
        send_back_revision(
            scope=scope,
            revision_id=revisions[1].pk,
            sha256=revisions[1].sha256,
            comment="请写明新版支持的手机系统版本，并换一张能看出手机银行界面的图。",
        )
