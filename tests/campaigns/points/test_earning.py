"""Points by rules: approved, heard with the event, given once, trimmed, pending, taken back."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import IntegrityError, connection

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.audit.models import Entry as AuditEntry
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.identities import link_identity
from campaigns.customers.services.merges import merge_customers
from campaigns.events.services.events import take_outside_events, take_phone_events
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.points.earning_rules import Boost
from campaigns.points.models import Earning, Movement, Rule, RuleCount
from campaigns.points.publishing import said
from campaigns.points.refusals.rules import (
    BoostsUnclear,
    ChosenElsewhere,
    EventUnknown,
    GivesNothing,
    NotCounted,
    WaitsUnclear,
    WindowUnclear,
)
from campaigns.points.rule_terms import terms_of
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.rules import Names, came_to, not_all_given
from campaigns.points.services import earnings
from campaigns.points.services.rules import take_down_rule
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.events import viewed
from tests.support.point_rules import TERMS, draft_rule, live_rule
from tests.support.races import together
from tests.support.rewards import live_batch

DAY = timedelta(days=1)


_moments = count()


def paid(
    cast: Cast, key: str, fen: int = 100_00, who: str = "nb", at: datetime | None = None, **more: Any
) -> Any:
    """As the core tells it; each a second after the one before, unless told otherwise."""
    at = at or AT + timedelta(seconds=next(_moments))
    event = {
        "id": key,
        "kind": "core.paid",
        "at": at.isoformat(),
        "customer_number": cast.customers[who].number,
        "properties": {"amount_fen": fen},
    } | more
    if event["kind"] == "core.reversed":
        del event["properties"]
    return event


def tell(*events: Any, at: datetime = AT + DAY, source: str = "core") -> None:
    made = take_outside_events(events=list(enumerate(events)), door="hook", source=source, at=at)
    assert not made.refused, [str(each.refusal) for each in made.refused]


def earn(at: datetime = AT + DAY) -> int:
    with system_scope(at=at, cause="test") as scope:
        return earnings.earn_for_events(scope=scope)


def has(cast: Cast, who: str = "nb", at: datetime = AT + DAY) -> tuple[int, int]:
    with system_scope(at=at, cause="look") as scope:
        now = balance_of(scope=scope, customer_id=cast.customers[who].customer.pk)
        return now.usable, now.pending


def states(rule: Rule) -> list[tuple[str, int, int, str]]:
    with system_scope(at=AT, cause="look"):
        rows = Earning.objects.filter(rule=rule).order_by("at", "id")
        return [(e.state, e.asked, e.points, e.word) for e in rows]


def test_a_rule_serves_once_another_person_approved_it_and_names_its_version_on_every_movement(
    cast: Cast,
) -> None:
    tell(paid(cast, "t-0"))
    rule = draft_rule(cast)
    tell(paid(cast, "t-1", at=AT - DAY))
    assert (earn(), has(cast)) == (0, (0, 0))
    live_rule(cast, rule=rule)
    # South is none of North's; the same id is the same event, also of another moment; a draft is not what serves.
    tell(paid(cast, "t-2", 59_90), paid(cast, "s-1", who="sb"))
    tell(paid(cast, "t-2", 59_90), paid(cast, "t-2", 59_90, at=AT - DAY))
    assert (earn(), earn(), has(cast), has(cast, "sb")) == (1, 0, (5, 0), (0, 0))
    with system_scope(at=AT, cause="look"):
        moved = Movement.objects.get(kind="accrue")
        revision = Revision.objects.get(kind="points.rule", state="approved")
        row = Earning.objects.get()
        assert (moved.rule_id, moved.revision_id, moved.title) == (rule.pk, revision.pk, "消费积分")
        assert (moved.cause, row.movement_id) == (f"points.earning:{row.pk}", moved.pk)
        audited = AuditEntry.objects.filter(verb__startswith="points.rule.").order_by("id")
        assert [entry.verb for entry in audited] == [
            "points.rule.add", "points.rule.change", "points.rule.submit",
        ]  # fmt: skip
    with cast.north_rewards.scope() as scope:
        assert kind_of("points.rule").differences(scope, revision) == []
    # Told while the first version was live, given under it though a second one is by then.
    tell(paid(cast, "t-3", 100_00))
    live_rule(cast, rule=rule, points=2)
    tell(paid(cast, "t-4", 100_00))
    assert (earn(), earn(), has(cast)) == (1, 1, (5 + 10 + 20, 0))
    with cast.north_rewards.scope() as scope:
        take_down_rule(scope=scope, rule_id=rule.pk, reason="到期")
    tell(paid(cast, "t-5"))
    assert (earn(), has(cast)) == (0, (35, 0))


def test_caps_trim_times_refuse_and_each_reason_is_kept(cast: Cast) -> None:
    rule = live_rule(cast, cap_day=15, cap_month=22, times_day=3)
    tell(paid(cast, "a"), paid(cast, "b"), paid(cast, "c"), paid(cast, "d", 5_00))
    tell(paid(cast, "e", at=AT + DAY), paid(cast, "f", at=AT + DAY), at=AT + 2 * DAY)
    assert earn() == 6
    assert states(rule) == [
        ("earned", 10, 10, ""),
        ("earned", 10, 5, "trimmed"),
        ("refused", 10, 0, "capped"),
        ("refused", 0, 0, "too_little"),
        ("earned", 10, 7, "trimmed"),
        ("refused", 10, 0, "capped"),
    ]
    assert has(cast) == (22, 0)
    with cast.north_rewards.scope() as scope:
        came = came_to(scope=scope, rule_id=rule.pk)
        assert (came.many, came.points, came.trimmed) == (3, 22, 5 + 10 + 3 + 10)
        assert came.refused == {"trimmed": 2, "capped": 2, "too_little": 1}
        assert [row.told for row in not_all_given(scope=scope, rule_id=rule.pk, limit=1)]
    # Three times a day, whatever they gave; and of other customers each has caps of their own.
    other = live_rule(cast, points=2, counted_by="", per=None, times_day=2, event_kind="core.received")
    tell(*(paid(cast, f"r-{n}", kind="core.received") for n in range(3)))
    tell(paid(cast, "r-9", kind="core.received", who="nb2"))
    assert earn() == 4
    assert sorted(states(other)) == sorted([("earned", 2, 2, "")] * 3 + [("refused", 2, 0, "times_day")])


def test_what_a_system_takes_back_frees_its_caps_and_what_is_spent_is_owed(cast: Cast) -> None:
    rule = live_rule(cast, cap_day=10, times_day=1)
    tell(paid(cast, "a"), paid(cast, "b"))
    assert (earn(), has(cast)) == (2, (10, 0))
    back = paid(cast, "a", kind="core.reversed", at=AT + timedelta(hours=1))
    # Another system's word for another transaction, and another customer's, change nothing.
    tell(back, source="crm")
    tell(paid(cast, "a", kind="core.reversed", who="nb2", at=AT + timedelta(hours=2)))
    assert (earn(), has(cast)) == (0, (10, 0))
    tell(back)
    tell(back, paid(cast, "a", kind="core.reversed", at=AT + timedelta(hours=3)))
    assert (earn(), earn(), has(cast)) == (1, 0, (0, 0))
    assert states(rule)[0] == ("returned", 10, 10, "")
    # The day has room again, once; and what was taken back before it was given is never given.
    tell(paid(cast, "c"), paid(cast, "d"), paid(cast, "c", kind="core.reversed", at=AT + timedelta(hours=1)))
    assert (earn(), has(cast)) == (1, (10, 0))
    assert [row[0] for row in states(rule)] == ["returned", "refused", "refused", "earned"]
    with system_scope(at=AT, cause="look"):
        assert [(c.period, c.points, c.times) for c in RuleCount.objects.all()] == [("day", 10, 1)]


def test_points_wait_for_days_or_for_another_event_of_the_same_customer(cast: Cast) -> None:
    live_rule(cast, pending_days=7, months=None)
    tell(paid(cast, "a"))
    assert (earn(), has(cast)) == (1, (0, 10))
    assert has(cast, at=AT + 8 * DAY) == (10, 0)
    rule = live_rule(
        cast, waits_for="app.logged_in", event_kind="core.bought", counted_by="", per=None, points=30
    )
    tell(paid(cast, "b", kind="core.bought", properties={"amount_fen": 1}))
    assert (earn(), has(cast)) == (1, (0, 40))
    login = {"kind": "app.logged_in", "at": (AT + timedelta(hours=1)).isoformat()}
    tell({**login, "id": "l-1", "customer_number": cast.customers["nb2"].number})
    assert (earn(), has(cast)) == (0, (0, 40))
    tell({**login, "id": "l-2", "customer_number": cast.customers["nb"].number})
    assert (earn(), has(cast)) == (1, (30, 10))
    assert states(rule) == [("earned", 30, 30, "")]


def test_phones_and_our_own_verbs_are_heard_as_well_as_systems(cast: Cast) -> None:
    read = live_rule(
        cast, event_kind="content.viewed", points=1, counted_by="seconds", per=30, times_day=1, title="阅读"
    )
    claimed = live_rule(
        cast, event_kind="rewards.coupon.claimed", points=5, counted_by="", per=None, title="领券"
    )
    batch = live_batch(cast)
    nb = cast.customers["nb"].customer.pk
    with customer_scope(customer_id=nb, at=AT, cause="test") as scope:
        pass
    told = viewed(AT, at=AT.isoformat(), properties={"seconds": 65, "percent": 80})
    for _again in range(2):
        assert not take_phone_events(scope=scope, events=[told]).refused
    with customer_scope(customer_id=nb, at=AT, cause="test") as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    assert (earn(), earn(), has(cast)) == (1, 1, (7, 0))
    assert states(read) == [("earned", 2, 2, "")] and states(claimed) == [("earned", 5, 5, "")]


def test_who_is_merged_before_the_points_are_given_has_them_as_who_is_kept(cast: Cast) -> None:
    rule = live_rule(cast, waits_for="app.logged_in", counted_by="", per=None, points=8)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        link_identity(scope=scope, customer_id=visitor, kind="unionid", value="union-walk-in", source="core")

    def told(key: str) -> dict[str, Any]:
        event = paid(cast, key) | {"unionid": "union-walk-in"}
        del event["customer_number"]
        return event

    tell(told("a"), told("b"))
    assert earn() == 2
    tell(told("c"))
    with system_scope(at=AT + DAY, cause="test") as scope:
        merge_customers(
            scope=scope, kept=cast.customers["nb"].customer.pk, absorbed=visitor, why={"by": "test"}
        )
    assert (earn(), has(cast)) == (1, (0, 24))
    # What the kept one does is what was waited for, and what the core takes back comes out of the kept one's.
    back = paid(cast, "b", kind="core.reversed", at=AT + timedelta(hours=1))
    login = {"id": "l", "kind": "app.logged_in", "at": (AT + timedelta(hours=2)).isoformat()}
    tell({**login, "customer_number": cast.customers["nb"].number}, back)
    assert (earn(), has(cast)) == (3, (16, 0))
    assert sorted(row[0] for row in states(rule)) == ["earned", "earned", "returned"]


def test_a_draft_says_what_is_wrong_with_it_and_is_its_branchs_own(cast: Cast) -> None:
    for wrong, refusal in (
        ({"event_kind": "core.danced"}, EventUnknown),
        ({"event_kind": "content.viewed", "counted_by": "seconds", "source": "core"}, EventUnknown),
        ({"counted_by": "channel"}, NotCounted),
        ({"per": None}, NotCounted),
        ({"counted_by": ""}, NotCounted),
        ({"points": 0}, GivesNothing),
        ({"cap_week": 0}, GivesNothing),
        ({"months": 0}, GivesNothing),
        ({"runs_until": TERMS.runs_from}, WindowUnclear),
        ({"pending_days": 3, "waits_for": "core.bought"}, WaitsUnclear),
        ({"waits_for": "core.paid"}, WaitsUnclear),
        ({"boosts": [Boost("weekday", 8, 200)]}, BoostsUnclear),
        ({"boosts": [Boost("weekday", 7, 200), Boost("weekday", 7, 300)]}, BoostsUnclear),
        ({"branches": [cast.branch["SB"].pk]}, ChosenElsewhere),
        ({"boosts": [Boost("branch", cast.branch["SB"].pk, 200)]}, ChosenElsewhere),
        ({"tags_any": [987_654]}, ChosenElsewhere),
    ):
        with pytest.raises(refusal):
            draft_rule(cast, **wrong)
    with system_scope(at=AT, cause="look"):
        assert not Rule.objects.exists()
    with pytest.raises(NotAllowed):
        draft_rule(cast, by="nb_manager")
    rule = draft_rule(cast, boosts=[Boost("weekday", 3, 200), Boost("branch", cast.branch["NB"].pk, 150)],
                      cap_day=500, pending_days=7)  # fmt: skip
    with cast.north_rewards.scope():
        names = Names({}, {cast.branch["NB"].pk: "北城一支行"})
        assert said(terms_of(rule), names, "zh-hans") == (
            "“支付”每满10元得1分；北城一支行客户1.5倍、周三2倍（取最高）；每天最多500分；7天后生效；"
            "生效后12个月、至当年末有效"
        )
        assert said(terms_of(rule), names, "en") == (
            "1 point for every ¥10 of “Paid”; at 北城一支行 ×1.5, Wednesdays ×2 (the highest applies); at most 500"
            " points a day; in force after 7 days; good for 12 months, to the end of that year"
        )
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope, pytest.raises(NotFound):
        take_down_rule(scope=scope, rule_id=rule.pk, reason="x")


@pytest.mark.commits
def test_many_workers_never_pass_a_cap_and_the_database_would_not_let_them(committed_cast: Cast) -> None:
    cast = committed_cast
    rule = live_rule(cast, cap_day=25)
    unheld = _unread()

    def rush(name: str, who: str) -> list[Any]:
        for n in range(4):
            tell(paid(cast, f"{name}-{n}", who=who))

        def one() -> int:
            with system_scope(at=AT + DAY, cause="race") as scope:
                return earnings.earn_for_events(scope=scope, limit=1)

        return together([one] * 4)

    assert rush("held", "nb") == [1, 1, 1, 1]
    assert has(cast) == (25, 0)
    assert sorted(states(rule)) == [("earned", 10, 5, "trimmed"), ("earned", 10, 10, ""), ("earned", 10, 10, ""),
                                    ("refused", 10, 0, "capped")]  # fmt: skip
    # Without the held counts all read none: the guarded count refuses whoever would pass the cap.
    with patch.object(earnings, "hold_counts", unheld):
        came = rush("unheld", "nb2")
    assert sorted(type(each).__name__ for each in came) == ["IntegrityError"] * 2 + ["int"] * 2
    assert any(isinstance(each, IntegrityError) for each in came)
    assert has(cast, "nb2") == (20, 0)
    # The control: without that either, four times ten.
    with system_scope(at=AT, cause="look"):
        assert Earning.objects.filter(state="waiting").count() == 2
    with patch.object(earnings, "hold_counts", unheld), patch.object(earnings, "_count", lambda *_: None):
        assert [earn(), earn()] == [2, 0]
    assert has(cast, "nb2") == (40, 0)


def _unread() -> Any:
    def none_given(*, rule_id: UUID, keys: Any) -> Any:
        with connection.cursor() as cursor:
            # Made, so that there is something to count in, and not read.
            cursor.execute(
                "SELECT count(*) FROM hold_rule_counts(%s, %s::uuid[], %s, %s::date[])",
                [rule_id, *(list(part) for part in zip(*keys, strict=True))],
            )
        return {key: earnings.Counted(0, 0) for key in keys}

    return none_given
