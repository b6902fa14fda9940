"""The bank that benches measure in: a tree of any size, and somebody at each level of it."""

import random
from datetime import UTC, datetime

from django.db import connections

from campaigns.customers.models import Customer
from campaigns.customers.services.customers import add_customer
from campaigns.lib.clock import now
from campaigns.tenants.models import Assignment, Branch
from campaigns.tenants.scopes import Scope, staff, system_scope
from campaigns.tenants.services.assignments import assign_role, load_roles
from campaigns.tenants.services.branches import add_tree
from campaigns.tenants.services.people import add_login, add_person

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LEVELS = ("head_office", "province", "city", "branch")
PLACES = [
    "北京", "上海", "天津", "重庆", "杭州", "宁波", "南京", "苏州", "广州", "深圳",
    "成都", "武汉", "西安", "长沙", "青岛", "济南", "大连", "厦门", "福州", "昆明",
]  # fmt: skip
ROADS = [
    "中山", "解放", "人民", "建设", "和平", "胜利", "新华", "长江", "黄河", "朝阳",
    "光明", "文化", "体育", "科技", "金融", "湖滨", "江南", "城东", "城西", "开发",
]  # fmt: skip
KINDS = {"province": "省分行", "city": "分行", "branch": "支行", "outlet": "社区网点"}


def _name(rng: random.Random, level: str) -> str:
    road = "" if level in {"province", "city"} else rng.choice(ROADS) + "路"
    return f"{rng.choice(PLACES)}{rng.choice(ROADS)}{road}{KINDS[level]}"


def plant(branches: int) -> dict[str, Branch]:
    """Head office, 31 provinces (or fewer), and below each what remains; one branch of each level is returned.

    A second province, without anything below, is "other".
    """
    rng = random.Random(7)
    rows = [{"code": "HO", "name": "总行", "level": "head_office", "parent": ""}]
    above = ["HO"]
    for level, many in zip(
        ("province", "city", "branch", "outlet"),
        (31, branches // 33, branches // 3, branches - 32 - branches // 33 - branches // 3),
        strict=True,
    ):
        made = [f"{level[0].upper()}{n}" for n in range(many)]
        # The first parents in turn, so that none of them is empty.
        parents = [above[n] if n < len(above) else rng.choice(above) for n in range(many)]
        rows += [
            {"code": c, "name": _name(rng, level), "level": level, "parent": p}
            for c, p in zip(made, parents, strict=True)
        ]
        above = made
    # Each row's neighbours are checked at commit, which at this size takes longer than everything else together.
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_branch DISABLE TRIGGER USER")
    with system_scope(at=AT, cause="bench") as scope:
        planted = add_tree(scope=scope, rows=rows)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_branch ENABLE TRIGGER USER; ANALYZE tenants_branch")
    return {
        "head_office": planted["HO"],
        "province": planted["P0"],
        "city": planted["C0"],
        "branch": planted["B0"],
        "other": planted["P1"],
    }


_LONG_AGO = AT.replace(year=2020)


def staff_at(branch: Branch, role: str = "editor", *, since: datetime = _LONG_AGO) -> Scope:
    """A member of staff of `branch`, alone there in this role."""
    load_roles()
    with system_scope(at=AT, cause="bench") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=branch.name, staff_number=f"B-{role}")
        login = add_login(scope=scope, person=person, username=f"{branch.code}-{role}", password="never used")  # noqa: S106
        held: Assignment = assign_role(
            scope=scope, person=person, role=role, branch_id=branch.pk, held_from=since
        )
    return staff(login_id=login.pk, assignment_id=held.pk, at=AT, cause="bench")


def customers_at(branch: Branch, many: int) -> list[Customer]:
    """So many customers of a branch."""
    with system_scope(at=now(), cause="bench") as scope:
        made = [
            add_customer(
                scope=scope, branch_id=branch.pk, number=f"B-{n:08d}", unionid=f"u-{n}", source="bench"
            )
            for n in range(many)
        ]
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")  # as autovacuum would have by then
    return made
