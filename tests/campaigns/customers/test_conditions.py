"""Conditions: the SQL finds whom a plain look at each customer finds, and the sentence says what is asked."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from json import dumps
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.customers.condition_sql import FROM_CUSTOMERS, compile_condition
from campaigns.customers.condition_words import sentence_of
from campaigns.customers.conditions import RuleWrong, in_order, leaves_of, read_rule, tags_in
from campaigns.customers.services.attributes import add_attribute
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.tag_selectors import catalogue
from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)
CHOICES = ["fixed", "fixed_plus", "stock"]
STAGES = ["new", "active", "asleep"]
TAGS = ["a", "b", "c", "d"]
WORDS = ["", "杭州", "杭州西湖", "a%_b", "O'Hara", "éa", "Z"]


def some_attributes(rng: random.Random) -> dict[str, Any]:
    """Some of each kind; some missing, some of another form than their definition."""
    found: dict[str, Any] = {
        "monthly": rng.choice([0, 4_999_999, 5_000_000, 5_000_001, -1, "much"]),
        "rate": rng.choice([0, 0.1, 1.5, -2, 3, True]),
        "born": rng.choice(["1990-11-22", "2026-11-22", "2026-11-16", "2026-11-15", "2026-12-01", "soon", 7]),
        "likes": rng.choice([*CHOICES, "gone", 3]),
        "city": rng.choice([*WORDS[1:], 5]),
        "app": rng.choice([True, False, "yes"]),
    }
    return {code: value for code, value in found.items() if rng.random() < 0.8}


class Bank:
    """Definitions, and customers as plain dictionaries beside their rows."""

    def __init__(self, cast: Cast) -> None:
        self.people: dict[Any, dict[str, Any]] = {}
        with system_scope(at=AT, cause="test") as scope:
            names = {"monthly": ("每月理财申购金额", "money"), "rate": ("利率", "number"), "born": ("生日", "date"),
                     "city": ("城市", "text"), "app": ("用手机银行", "flag")}  # fmt: skip
            for code, (name, kind) in names.items():
                add_attribute(scope=scope, code=code, name=name, kind=kind)
            named = zip(CHOICES, ["固收", "固收+", "股票"], strict=True)
            choices = [{"code": code, "name": name} for code, name in named]
            add_attribute(scope=scope, code="likes", name="理财偏好", kind="choice", choices=choices)
            add_category(scope=scope, code="any", name="任意", owner_id=cast.branch["HO"].pk)
            self.tags = {
                code: add_tag(scope=scope, code=code, category_code="any", name=f"标签{code}").pk
                for code in TAGS
            }
            self._fill(cast)
            self.catalogue = catalogue()

    def _fill(self, cast: Cast) -> None:
        rng, branch = random.Random(7), cast.branch["NB"]
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM customers_profile")
            for n in range(120):
                key = new_id()
                joined = datetime(2026, 11, 22, 3, tzinfo=UTC) - timedelta(
                    days=rng.choice([0, 1, 6, 7, 30]), hours=n % 24
                )
                who = {
                    "attributes": some_attributes(rng),
                    "joined": joined,
                    "tags": set(),
                    "stage": "",
                    "scores": {},
                }
                cursor.execute(
                    "INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes,"
                    " source, joined_at, is_personalised, status)"
                    " VALUES (%s, %s, %s, '', %s::jsonb, 'test', %s, true, 'active')",
                    [key, branch.pk, branch.pos, dumps(who["attributes"]), joined],
                )
                if rng.random() < 0.7:
                    who["tags"] = {code for code in TAGS if rng.random() < 0.4}
                    for code in who["tags"]:
                        cursor.execute(
                            "INSERT INTO customers_tagging (customer_id, branch_id, branch_pos, tag_id, since, until,"
                            " source, ended_by) VALUES (%s, %s, %s, %s, %s, %s, 'test', '')",
                            [key, branch.pk, branch.pos, self.tags[code], AT, FOREVER],
                        )
                if rng.random() < 0.6:
                    who["stage"] = rng.choice(STAGES)
                    who["scores"] = {s: rng.randint(1, 5) for s in ("recency", "frequency", "monetary")}
                    cursor.execute(
                        "INSERT INTO customers_profile AS p (customer_id, branch_id, branch_pos, stage, recency,"
                        " frequency, monetary) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (customer_id) DO UPDATE"
                        " SET stage = excluded.stage, recency = excluded.recency, frequency = excluded.frequency,"
                        " monetary = excluded.monetary",
                        [key, branch.pk, branch.pos, who["stage"], *who["scores"].values()],
                    )
                self.people[key] = who

    def found(self, rule: object) -> set[Any]:
        asked = compile_condition(read_rule(rule, self.catalogue), day=TODAY, zone=ZONE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id FROM {FROM_CUSTOMERS} WHERE c.source = 'test' AND {asked.sql}", asked.params
            )
            return {key for (key,) in cursor.fetchall()}


# --- the oracle: one customer at a time, in Python ---------------------------------------------------------------


def holds(rule: Any, who: dict[str, Any]) -> bool:
    if "all" in rule:
        return all(holds(part, who) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, who) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], who)
    about, how, value = rule["about"], rule["is"], rule.get("value")
    if about == "tags":
        have = [code in who["tags"] for code in value]
        return bool({"all": all(have), "any": any(have), "none": not any(have)}[how])
    known = value_of(about, who)
    if how in ("filled", "empty"):
        return (known is not None) == (how == "filled")
    if known is None:
        return False
    if about in ("joined", "attribute:born"):
        return in_days(known, about == "joined", how, value)
    return compared(known, how, value)


def value_of(about: str, who: dict[str, Any]) -> Any:
    if about == "joined":
        return who["joined"]
    if about == "stage":
        return who["stage"] or None
    if not about.startswith("attribute:"):
        return who["scores"].get(about)
    code = about.removeprefix("attribute:")
    value = who["attributes"].get(code)
    if code in ("monthly", "rate"):
        return None if isinstance(value, (str, bool)) or value is None else Decimal(str(value))
    if code == "app":
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def compared(known: Any, how: str, value: Any) -> bool:
    if how == "between":
        return bool(Decimal(str(value[0])) <= known <= Decimal(str(value[1])))
    if how in ("in", "not_in"):
        return bool((known in value) == (how == "in"))
    if how == "contains":
        return bool(value in known)
    if how == "starts":
        return bool(known.startswith(value))
    if isinstance(value, bool):
        return bool(known == value)
    other = Decimal(str(value))
    return bool({"=": known == other, "!=": known != other, ">": known > other, ">=": known >= other,
                 "<": known < other, "<=": known <= other}[how])  # fmt: skip


def in_days(known: Any, is_moment: bool, how: str, value: Any) -> bool:
    day = known.astimezone(ZONE).date().isoformat() if is_moment else known
    ago = (TODAY - timedelta(days=value - 1)).isoformat() if isinstance(value, int) else ""
    match how:
        case "on":
            # What is no date sorts as text, and lies on no day but its own.
            return bool(value <= day < (date.fromisoformat(value) + timedelta(days=1)).isoformat())
        case "before":
            return bool(day < value)
        case "from":
            return bool(day >= value)
        case "between":
            return bool(value[0] <= day < (date.fromisoformat(value[1]) + timedelta(days=1)).isoformat())
        case "last_days":
            return bool(ago <= day < (TODAY + timedelta(days=1)).isoformat())
        case "before_last_days":
            return bool(day < ago)
    return bool(TODAY.isoformat() <= day < (TODAY + timedelta(days=value)).isoformat())


# --- random rules --------------------------------------------------------------------------------------------------

_COMPARED = st.sampled_from(["=", "!=", ">", ">=", "<", "<="])
_KNOWN = st.sampled_from(["filled", "empty"])
_DATES = st.sampled_from(["1990-11-22", "2026-11-15", "2026-11-16", "2026-11-22", "2026-12-01"])


def asked(about: st.SearchStrategy[str], how: Any, value: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"about": about, "is": how, "value": value})


def numbers(about: st.SearchStrategy[str], one: Any) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.lists(one, min_size=2, max_size=2).map(sorted)
    return asked(about, _COMPARED, one) | asked(about, st.just("between"), pairs)


def dates(about: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.lists(_DATES, min_size=2, max_size=2).map(sorted)
    days = st.sampled_from(["last_days", "before_last_days", "next_days"])
    return (
        asked(about, st.sampled_from(["on", "before", "from"]), _DATES)
        | asked(about, st.just("between"), pairs)
        | asked(about, days, st.sampled_from([1, 2, 7, 8, 31]))
    )


def lists(of: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=3, unique=True)


_ABOUT = [f"attribute:{code}" for code in ("monthly", "rate", "born", "likes", "city", "app")]
LEAVES = st.one_of(
    numbers(st.just("attribute:monthly"), st.sampled_from([0, 4_999_999, 5_000_000, 5_000_001])),
    numbers(st.just("attribute:rate"), st.sampled_from([0, 0.1, 1.5, -2, 3])),
    numbers(st.sampled_from(["recency", "frequency", "monetary"]), st.integers(0, 6)),
    dates(st.sampled_from(["attribute:born", "joined"])),
    asked(st.just("attribute:likes"), st.sampled_from(["in", "not_in"]), lists(CHOICES)),
    asked(st.just("stage"), st.sampled_from(["in", "not_in"]), lists(STAGES)),
    asked(st.just("attribute:city"), st.just("in"), lists(WORDS[1:])),
    asked(
        st.just("attribute:city"),
        st.sampled_from(["contains", "starts"]),
        st.sampled_from([*WORDS[1:], "%", "州"]),
    ),
    asked(st.just("attribute:app"), st.just("="), st.booleans()),
    asked(st.just("tags"), st.sampled_from(["all", "any", "none"]), lists(TAGS)),
    st.fixed_dictionaries({"about": st.sampled_from([*_ABOUT, "stage", "recency", "joined"]), "is": _KNOWN}),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=8,
).filter(lambda rule: deep(rule) < 6)


def deep(rule: Any) -> int:
    parts = rule.get("all") or rule.get("any") or ([rule["not"]] if "not" in rule else [])
    return 1 + max((deep(part) for part in parts), default=0)


@pytest.fixture
def bank(cast: Cast) -> Bank:
    return Bank(cast)


def test_the_sql_finds_whom_a_plain_look_at_each_finds(bank: Bank) -> None:
    seen: list[int] = []

    @settings(
        max_examples=250, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(rule=RULES)
    def agree(rule: Any) -> None:
        found = bank.found(rule)
        assert found == {key for key, who in bank.people.items() if holds(rule, who)}
        seen.append(len(found))
        for language in ("zh-hans", "en"):
            with override(language):
                assert "%(" not in sentence_of(read_rule(rule, bank.catalogue))

    with system_scope(at=AT, cause="test") as scope:
        assert scope.lo is not None
        agree()
    # Rules that find everybody or nobody would agree whatever the SQL said.
    assert len({many for many in seen if 0 < many < 120}) > 20


RULE = {
    "all": [
        {"about": "attribute:monthly", "is": ">", "value": 5_000_000},
        {"about": "attribute:likes", "is": "in", "value": ["fixed_plus"]},
    ]
}


def test_the_tag_of_the_bank_is_found_and_said(bank: Bank) -> None:
    """每月理财申购金额超5万且偏好固收+."""
    with system_scope(at=AT, cause="test"):
        wanted = {
            key for key, who in bank.people.items()
            if who["attributes"].get("monthly") == 5_000_001 and who["attributes"].get("likes") == "fixed_plus"
        }  # fmt: skip
        assert bank.found(RULE) == wanted != set()
    read = read_rule(RULE, bank.catalogue)
    assert len(list(leaves_of(read))) == 2
    with override("zh-hans"):
        assert sentence_of(read) == "每月理财申购金额大于 ¥50,000.00，且理财偏好是“固收+”"


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ([], "rule"),
        ({}, "rule"),
        ({"all": []}, "rule"),
        ({"all": [RULE, {"any": 3}]}, "rule.all.2"),
        ({"all": [RULE], "any": [RULE]}, "rule"),
        ({"about": "attribute:none", "is": "filled"}, "rule"),
        ({"about": "attribute:monthly", "is": "starts", "value": "x"}, "rule"),
        ({"about": "attribute:monthly", "is": ">", "value": "1; DROP TABLE x"}, "rule"),
        ({"about": "attribute:monthly", "is": ">", "value": 1.5}, "rule"),
        ({"about": "attribute:monthly", "is": ">", "value": True}, "rule"),
        ({"about": "attribute:rate", "is": ">", "value": float("nan")}, "rule"),
        ({"about": "attribute:rate", "is": "between", "value": [3, 1]}, "rule"),
        ({"about": "attribute:rate", "is": "between", "value": []}, "rule"),
        ({"about": "attribute:born", "is": "on", "value": "2026-02-30"}, "rule"),
        ({"about": "joined", "is": "last_days", "value": 10**9}, "rule"),
        ({"about": "attribute:likes", "is": "in", "value": ["gone"]}, "rule"),
        ({"about": "attribute:city", "is": "contains", "value": "a\x00"}, "rule"),
        ({"about": "attribute:app", "is": "=", "value": 1}, "rule"),
        ({"about": "tags", "is": "all", "value": ["none"]}, "rule"),
        ({"about": "tags", "is": "all", "value": []}, "rule"),
        ({"not": {"not": {"not": {"not": {"not": {"not": RULE}}}}}}, "rule.not.not.not.not.not.not"),
        ({"all": [RULE] * 40}, "rule.all.31.all.1"),
        ({"about": "stage", "is": "filled", "value": 1}, "rule"),
        ({"about": "stage", "is": "filled", "else": 1}, "rule"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_its_place(bank: Bank, rule: object, where: str) -> None:
    with pytest.raises(RuleWrong) as refused:
        read_rule(rule, bank.catalogue)
    assert refused.value.values["where"] == where
    assert refused.value.detail("zh") and refused.value.detail("en")


def test_tags_are_run_after_those_their_rules_ask_for() -> None:
    def on(*codes: str) -> dict[str, Any]:
        return {"not": {"any": [{"about": "tags", "is": "any", "value": [code]} for code in codes]}}

    assert tags_in(on("a", "b")) == {"a", "b"}
    assert in_order({"a": on("c"), "b": RULE, "c": on("b", "manual")}) == ["b", "c", "a"]
    with pytest.raises(RuleWrong, match="a, c"):
        in_order({"a": on("c"), "b": RULE, "c": on("a")})
