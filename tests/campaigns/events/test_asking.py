"""Rules about what customers did: the SQL finds whom a plain count of each one's events finds."""

import random
from datetime import UTC, date, datetime, timedelta
from json import dumps
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from campaigns.customers.condition_rows import rows_of, rule_of
from campaigns.customers.condition_selectors import how_many_meet, offered
from campaigns.customers.condition_sql import FROM_CUSTOMERS, compile_condition
from campaigns.customers.condition_words import sentence_of
from campaigns.customers.conditions import RuleWrong, read_rule
from campaigns.customers.models import Profile
from campaigns.customers.services.care import move_customer_home
from campaigns.customers.services.customers import add_customer
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tag_runs import run_tag
from campaigns.customers.tag_selectors import catalogue
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.events import id_at

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)  # the day begins, in the bank's zone
KINDS = ["core.bought", "core.paid", "app.logged_in"]


class Deeds:
    """Customers, and what each did: (kind, moment, properties)."""

    def __init__(self, cast: Cast) -> None:
        rng = random.Random(11)
        self.did: dict[Any, list[tuple[str, datetime, dict[str, Any]]]] = {}
        edges = [timedelta(days=d, seconds=s) for d in (0, -1, -6, -29, -30, -90) for s in (-1, 0, 1)]
        with system_scope(at=AT, cause="test") as scope:
            for n in range(60):
                home = cast.branch["NB" if n % 3 else "SB"]
                who = add_customer(scope=scope, branch_id=home.pk, number=f"C-{n:08}", attributes={})
                self.did[who.pk] = [
                    (kind, min(MIDNIGHT + rng.choice(edges), AT), self._some(rng, kind))
                    for kind in rng.choices(KINDS, k=rng.choice([0, 0, 1, 3, 9]))
                ]
            rows = [(who, *deed) for who, deeds in self.did.items() for deed in deeds]
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT taken FROM take_events(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[],"
                    " %s::timestamptz[], %s::text[], %s::jsonb[], 'test', %s)",
                    [
                        [id_at(AT) for _row in rows], [row[0] for row in rows], [row[1] for row in rows],
                        [row[2] for row in rows], [None] * len(rows), [""] * len(rows),
                        [dumps(row[3]) for row in rows], AT,
                    ],
                )  # fmt: skip
                assert cursor.fetchone() == (len(rows),)
            self.catalogue = catalogue()

    @staticmethod
    def _some(rng: random.Random, kind: str) -> dict[str, Any]:
        if kind == "app.logged_in":
            return rng.choice([{}, {"by": "face"}, {"by": "wechat"}])
        found: dict[str, Any] = {"amount_fen": rng.choice([-500, 0, 100, 5_000_000, "much"])}
        if rng.random() < 0.7:
            found |= {"product_class": rng.choice(["wealth", "fund"]), "product": rng.choice(["P1", "P'2"])}
        return found

    def found(self, rule: object) -> set[Any]:
        asked = compile_condition(read_rule(rule, self.catalogue), day=TODAY, zone=ZONE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id FROM {FROM_CUSTOMERS} WHERE c.source = '' AND {asked.sql}", asked.params
            )
            return {key for (key,) in cursor.fetchall()} & self.did.keys()

    def holds(self, rule: Any, who: Any) -> bool:
        """The oracle: one customer at a time, in Python."""
        if "not" in rule:
            return not self.holds(rule["not"], who)
        _room, kind, *summed = rule["about"].split(":")
        since = MIDNIGHT - timedelta(days=rule["days"] - 1)
        counted = [
            properties for each, at, properties in self.did[who]
            if each == kind and since <= at and rule.get("where", {}).items() <= properties.items()
        ]  # fmt: skip
        numbers = [p.get(summed[0]) for p in counted] if summed else [1] * len(counted)
        total, value = sum(n for n in numbers if isinstance(n, int)), rule["value"]
        if rule["is"] == "between":
            return bool(value[0] <= total <= value[1])
        return bool({"=": total == value, "!=": total != value, ">": total > value, ">=": total >= value,
                     "<": total < value, "<=": total <= value}[rule["is"]])  # fmt: skip


def some_rule(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(KINDS)
    is_sum = kind != "app.logged_in" and rng.random() < 0.5
    values = [-500, 0, 1, 100, 5_000_000] if is_sum else [0, 1, 2, 5]
    how = rng.choice(["=", "!=", ">", ">=", "<", "<=", "between"])
    value = sorted(rng.choices(values, k=2)) if how == "between" else rng.choice(values)
    rule = {"about": f"events:{kind}" + ":amount_fen" * is_sum, "days": rng.choice([1, 2, 7, 30, 31, 365])}
    rule |= {"is": how, "value": value}
    if rng.random() < 0.5:
        pairs = (
            [("by", "face")] if kind == "app.logged_in" else [("product_class", "wealth"), ("product", "P'2")]
        )
        rule["where"] = dict([rng.choice(pairs)])
    return {"not": rule} if rng.random() < 0.2 else rule


def test_the_sql_finds_whom_a_plain_count_of_each_ones_events_finds(cast: Cast) -> None:
    deeds, rng, seen = Deeds(cast), random.Random(5), set()
    rules = [some_rule(rng) for _n in range(150)]
    with system_scope(at=AT, cause="test"):
        for rule in rules:
            found = deeds.found(rule)
            assert found == {who for who in deeds.did if deeds.holds(rule, who)}, rule
            seen.add(len(found))
            again = rule_of(rows_of(rule, deeds.catalogue), deeds.catalogue)
            assert again.rule == rule and not again.findings
            for language in ("zh-hans", "en"):
                with override(language):
                    assert "%(" not in sentence_of(read_rule(rule, deeds.catalogue))
    # Rules that find everybody or nobody would agree whatever the SQL said.
    assert len(seen - {0, 60}) > 12


def test_a_branch_counts_its_own_customers_with_what_they_did_at_their_old_home(cast: Cast) -> None:
    deeds = Deeds(cast)
    rule = {"about": "events:core.bought", "days": 90, "is": ">=", "value": 1}
    condition = read_rule(rule, deeds.catalogue)
    with cast.ho_administrator.scope() as scope:
        everybody = deeds.found(rule)
        mover = next(who for who in deeds.did if deeds.holds(rule, who))
        move_customer_home(scope=scope, customer_id=mover, branch_id=cast.branch["SB"].pk)
        add_category(scope=scope, code="deeds", name="行为", owner_id=cast.branch["HO"].pk)
        tag = add_tag(
            scope=scope, code="buyer", category_code="deeds", name="买过", kind="computed", rule=rule
        )
        assert run_tag(scope=scope, tag_id=tag.pk)["held"] == len(everybody)
        assert tag.pk in Profile.objects.get(pk=mover).tag_ids
    with cast.sb_manager.scope() as scope:
        there = deeds.found(rule)
        assert mover in there and how_many_meet(scope=scope, condition=condition).many == len(there)
    with cast.nb_manager.scope() as scope:
        assert deeds.found(rule) == everybody - there
        # Of others' customers nothing is told, not even to who asks the verb itself.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM events_tally('core.bought', '', %s, %s, '{}')",
                [MIDNIGHT - timedelta(days=89), AT],
            )
            assert cursor.fetchone() == (len(everybody - there),)
    with (
        cast.customers["nb"].scope() as own,
        pytest.raises(DatabaseError, match="permission"),
        transaction.atomic(),
    ):
        assert own.facts
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM events_tally('core.bought', '', now(), now(), '{}')")


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": None},
        {"days": 0},
        {"days": True},
        {"days": 10**6},
        {"is": "filled", "value": None},
        {"where": {}},
        {"where": {"product_class": "gold"}},
        {"where": {"product_class": "wealth", "product": "P1"}},
        {"where": {"amount_fen": "1"}},
        {"where": {"product": "a\x00"}},
        {"value": "1"},
        {"about": "events:core.unheard"},
        {"about": "joined", "is": "last_days", "value": 3},
    ],
)
def test_a_count_that_means_nothing_is_refused_and_kept_as_it_stands(
    cast: Cast, wrong: dict[str, Any]
) -> None:
    with system_scope(at=AT, cause="test"):
        known = catalogue()
    good = {
        "about": "events:core.bought",
        "days": 30,
        "where": {"product_class": "wealth"},
        "is": ">=",
        "value": 2,
    }
    read_rule(good, known)
    with pytest.raises(RuleWrong):
        read_rule(good | wrong, known)
    assert rule_of(rows_of(good | wrong, known), known).rule == good | wrong


def test_forms_offer_counts_with_names_and_the_sentence_says_them(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope, override("zh-hans"):
        known = catalogue(scope=scope)
        by_about = {each["about"]: each for each in offered(scope=scope, known=known)["subjects"]}
        bought = by_about["events:core.bought"]
        assert bought["counted"] and bought["group"] == "客户行为"
        assert [(each["name"], len(each["choices"])) for each in bought["wheres"]] == [
            ("产品类别", 7), ("产品代码", 0), ("渠道", 6)
        ]  # fmt: skip
        for subject in by_about.values():
            said = [subject["name"], *(w["name"] for w in subject.get("wheres", ()))]
            assert not [each for each in said if each.isascii()], subject
        rule = {
            "all": [
                {
                    "about": "events:core.bought",
                    "days": 30,
                    "where": {"product_class": "wealth"},
                    "is": ">=",
                    "value": 2,
                },
                {"about": "events:core.bought:amount_fen", "days": 90, "is": ">", "value": 5_000_000},
            ]
        }
        assert sentence_of(read_rule(rule, known)) == (
            "近30天“购买了产品”次数（产品类别为“理财”）不少于 2，且近90天“购买了产品”金额合计大于 ¥50,000.00"
        )
        # In the middle of filling in.
        for row in ({"days": "", "where": []}, {"days": "30", "where": ["product", ""]}):
            [finding] = rule_of(
                {"box": "all", "parts": [{"about": "events:core.bought", "is": ">=", "typed": ["2"], **row}]},
                known,
            ).findings
            assert finding.is_blank
