"""What the demo bank knows of its customers, and the tags it makes of that."""

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from campaigns.customers.models import Tag
from campaigns.customers.services.attributes import add_attribute
from campaigns.customers.services.scoring import score_customers
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tag_runs import run_tag
from campaigns.customers.services.tags import tag_customers
from campaigns.tenants.scopes import Scope

_LIKES = [
    ("fixed_income", "固收", "fixed income"),
    ("fixed_income_plus", "固收+", "fixed income plus"),
    ("mixed", "混合", "mixed"),
    ("equity", "权益", "equity"),
]
_JOBS = [
    ("office", "企事业单位职员", "employee"),
    ("owner", "企业主", "business owner"),
    ("retired", "退休人员", "retired"),
    ("student", "学生", "student"),
]
# code, name, English name, kind, choices
ATTRIBUTES: list[tuple[str, str, str, str, list[tuple[str, str, str]]]] = [
    ("birthday", "生日", "birthday", "date", []),
    ("occupation", "职业类别", "occupation", "choice", _JOBS),
    ("aum", "管理资产", "assets under management", "money", []),
    ("monthly_purchase", "每月理财申购金额", "monthly purchase of wealth products", "money", []),
    ("wealth_preference", "理财偏好", "preferred wealth products", "choice", _LIKES),
    ("uses_app", "使用手机银行", "uses mobile banking", "flag", []),
]
_PLUS = {
    "all": [
        {"about": "attribute:monthly_purchase", "is": ">", "value": 5_000_000},
        {"about": "attribute:wealth_preference", "is": "in", "value": ["fixed_income_plus"]},
    ]
}
_DORMANT = {
    "all": [
        {"about": "attribute:aum", "is": ">=", "value": 20_000_000},
        {"not": {"about": "attribute:uses_app", "is": "=", "value": True}},
        {"about": "tags", "is": "none", "value": ["wealth_plus"]},
    ]
}
# code, category, name, English name, kind, rule, days
TAGS: list[tuple[str, str, str, str, str, Any, int | None]] = [
    ("vip", "value", "贵宾客户", "VIP", "manual", None, None),
    ("interested", "intent", "近期有理财意向", "interested in wealth products", "manual", None, 90),
    ("payroll", "source", "代发工资户", "payroll account", "imported", None, None),
    ("wealth_plus", "intent", "月申购超5万且偏好固收+", "buys over 50,000 a month, likes fixed income plus",
     "computed", _PLUS, None),
    ("app_to_win", "intent", "高资产未用手机银行", "high assets, no mobile banking", "computed", _DORMANT, None),
]  # fmt: skip


def attributes_of(number: int, *, at: date) -> dict[str, Any]:
    """What is known of the demo customer of this number, the same each time."""
    rng = random.Random(number)  # noqa: S311 - a story, no secret
    return {
        "birthday": (at - timedelta(days=rng.randint(7_000, 25_000))).isoformat(),
        "occupation": rng.choice(_JOBS)[0],
        "aum": rng.randint(1, 90) * 1_000_000,
        "monthly_purchase": rng.randint(0, 12) * 1_000_000,
        "wealth_preference": rng.choice(_LIKES)[0],
        "uses_app": rng.random() < 0.6,
    }


def define_tags(*, scope: Scope, head_office: int) -> None:
    """Attributes, categories and tags, by the system at head office."""
    for place, (code, name, name_en, kind, choices) in enumerate(ATTRIBUTES, start=1):
        named = [dict(zip(("code", "name", "name_en"), choice, strict=True)) for choice in choices]
        add_attribute(
            scope=scope, code=code, name=name, name_en=name_en, kind=kind, choices=named, place=place * 10
        )
    for place, (code, name, name_en) in enumerate(
        [("value", "客户价值", "value"), ("intent", "意向", "intent"), ("source", "来源", "origin")], start=1
    ):
        add_category(
            scope=scope, code=code, name=name, name_en=name_en, owner_id=head_office, place=place * 10
        )
    for code, category, name, name_en, kind, rule, days in TAGS:
        add_tag(
            scope=scope,
            code=code,
            category_code=category,
            name=name,
            name_en=name_en,
            kind=kind,
            rule=rule,
            valid_days=days,
        )


def give_tags(*, scope: Scope, customers: dict[str, list[UUID]]) -> None:
    """Some by hand and by import, then the night's work."""
    tags = {tag.code: tag for tag in Tag.objects.all()}
    for some in customers.values():
        tag_customers(scope=scope, tag_id=tags["vip"].pk, customer_ids=some[:1])
        tag_customers(scope=scope, tag_id=tags["interested"].pk, customer_ids=some[1:3])
        tag_customers(scope=scope, tag_id=tags["payroll"].pk, customer_ids=some[2:5], source="core-banking")
    score_customers(scope=scope)
    for code in ("wealth_plus", "app_to_win"):
        run_tag(scope=scope, tag_id=tags[code].pk)
