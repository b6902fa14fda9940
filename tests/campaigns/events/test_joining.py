"""What the events do when customers merge, part, are erased; when branches move; and what a customer's page tells."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from campaigns.audit.models import Entry
from campaigns.customers.panels import moments_of
from campaigns.customers.steps import Step, steps_of, told_by
from campaigns.events.models import Event
from campaigns.events.moments import event_moments
from campaigns.events.registry import kinds
from campaigns.events.rules import Horizon, judged
from campaigns.events.selectors import events_of
from campaigns.events.services.events import take_outside_events
from campaigns.events.services.months import check_places
from campaigns.lib.clock import FOREVER, now
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon, reverse_redemption
from campaigns.tenants.scopes import system, system_scope
from campaigns.tenants.services.tree import move_branch
from tests.support.cast import AT, Cast
from tests.support.events import ITEM, bought, days_ago, stored, tell, viewed
from tests.support.rewards import live_batch

NAME = "events: what they did"


def step(verb: Any, name: str) -> Step:
    return next(each for each in steps_of(verb) if each.name == name)


def whose(cast: Cast) -> dict[str, int]:
    """How many events each of the cast has now."""
    names = {player.customer.pk: name for name, player in cast.customers.items()}
    found: dict[str, int] = {}
    for row in stored():
        name = names.get(row["customer_id"], "nobody")
        found[name] = found.get(name, 0) + 1
    return found


def test_events_follow_two_mergers_and_come_back_as_each_is_undone(cast: Cast) -> None:
    nb, nb2, sb = (cast.customers[name].customer for name in ("nb", "nb2", "sb"))
    for name, many in (("nb", 1), ("nb2", 2), ("sb", 3)):
        tell(cast.customers[name], *(viewed() for _ in range(many)))
    merge, unmerge = step("merge", NAME), step("unmerge", NAME)
    with cast.ho_administrator.scope() as scope:
        first = merge.act(scope=scope, kept=nb2, absorbed=nb)
        assert whose(cast) == {"nb2": 3, "sb": 3}
        second = merge.act(scope=scope, kept=sb, absorbed=nb2)
    assert whose(cast) == {"sb": 6}
    tell(cast.customers["sb"], viewed())
    with cast.ho_administrator.scope() as scope:
        # The step hands over of whom they were told: two people here, however many events.
        assert len(second) == 2
        unmerge.act(scope=scope, kept=sb, absorbed=nb2, moved=second)
        assert whose(cast) == {"nb2": 3, "sb": 4}
        unmerge.act(scope=scope, kept=nb2, absorbed=nb, moved=first)
    assert whose(cast) == {"nb": 1, "nb2": 2, "sb": 4}
    assert all(row["recorded_of"] is None for row in stored())


def test_the_steps_reach_nobody_outside_the_scope(cast: Cast) -> None:
    tell(cast.customers["sb"], viewed())
    nb, sb = cast.customers["nb"].customer, cast.customers["sb"].customer
    for act in (
        lambda scope: step("merge", NAME).act(scope=scope, kept=sb, absorbed=nb),
        lambda scope: step("unmerge", NAME).act(scope=scope, kept=sb, absorbed=nb, moved=[]),
        lambda scope: step("erase", "events: who did it").act(scope=scope, customer=sb),
    ):
        with (
            cast.nb_manager.scope() as scope,
            pytest.raises(DatabaseError, match="within the scope"),
            transaction.atomic(),
        ):
            act(scope)
    with cast.customers["nb"].scope() as scope:
        assert events_of(scope=scope, customer_id=sb.pk) == []
    assert whose(cast) == {"sb": 1}


def test_after_erasure_nothing_leads_from_the_person_to_what_was_done(cast: Cast) -> None:
    nb = cast.customers["nb"]
    events = [viewed(), viewed()]
    tell(nb, *events)
    tell(cast.customers["nb2"], viewed())
    with nb.scope() as scope:
        assert step("erase", "events: who did it").act(scope=scope, customer=nb.customer)
    assert whose(cast) == {"nobody": 2, "nb2": 1}
    with connection.cursor() as cursor, system_scope(at=AT, cause="test"):
        cursor.execute("SELECT count(*) FROM events_event e WHERE e::text LIKE %s", [f"%{nb.customer.pk}%"])
        assert cursor.fetchone() == (0,)
    # What the phone still has in its pocket is known, and becomes nobody's again.
    assert tell(nb, *events).json()["known"] == [each["id"] for each in events]


def test_a_branch_moves_with_its_events(cast: Cast) -> None:
    for name in ("nb", "nb2", "sb"):
        tell(cast.customers[name], viewed(), viewed(days_ago(40)), viewed(days_ago(200)))
    with cast.ho_administrator.scope() as scope:
        move_branch(scope=scope, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["SC"].pk)
    with cast.south_editor.scope():
        assert Event.objects.count() == 9
    with cast.north_editor.scope():
        assert Event.objects.count() == 0
    assert check_places(scope=system(at=AT, cause="test")) == 0


def test_staff_see_events_of_their_branches_and_change_none(cast: Cast) -> None:
    tell(cast.customers["nb"], viewed())
    tell(cast.customers["sb"], viewed())
    for player, seen in (
        (cast.nb_clerk, 1),
        (cast.sb_clerk, 1),
        (cast.north_editor, 1),
        (cast.ho_auditor, 2),
    ):
        with player.scope():
            assert Event.objects.count() == seen
    for statement in (
        "DELETE FROM events_event",
        "UPDATE events_event SET kind = 'x'",
        "INSERT INTO events_event SELECT * FROM events_event",
    ):
        with (
            cast.ho_administrator.scope(),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with (
        cast.customers["nb"].scope(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        Event.objects.count()


def test_a_coupons_life_is_told_by_its_verbs_in_the_same_transaction(cast: Cast) -> None:
    nb, at = cast.customers["nb"], now()
    batch = live_batch(cast, at=at)
    with nb.scope(at=at) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.sb_clerk.scope(at=at + timedelta(minutes=1)) as scope:
        redemption = redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00)
        reverse_redemption(scope=scope, redemption_id=redemption.pk, reason="王敏 13800138000")
    rows = stored()
    assert [row["kind"] for row in rows] == [
        "rewards.coupon.claimed",
        "rewards.coupon.redeemed",
        "rewards.coupon.reversed",
    ]
    # Where the customer is at home, wherever the counter was; and as the registry has it, though SQL wrote it.
    assert {row["branch_id"] for row in rows} == {cast.branch["NB"].pk}
    assert {row["subject"] for row in rows} == {f"rewards.coupon:{coupon.pk}"}
    assert rows[1]["properties"] == {
        "redemption": str(redemption.pk),
        "off_fen": 20_00,
        "order_fen": 200_00,
    }
    for row in rows:
        kind = kinds()[row["kind"]]
        assert row["properties"].keys() >= set(kind.required)
        assert all(kind.properties[name].fits(value) for name, value in row["properties"].items())
    with cast.nb_manager.scope(at=at) as scope, override("zh-hans"):
        told = [m.sentence for m in event_moments(scope, nb.customer.pk, FOREVER, 10)]
    assert told == [
        "冲正了优惠券的核销《北方满减券》",
        "核销了优惠券《北方满减券》",
        "领取了优惠券《北方满减券》",
    ]
    with nb.scope() as scope:
        assert Coupon.objects.count() == 1


def test_a_page_reads_events_as_sentences_newest_first_and_pages_through_them(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    nb = cast.customers["nb"]
    tell(nb, viewed(days_ago(3)), viewed(days_ago(40), kind="app.opened", subject="", properties={}))
    take_outside_events(events=[(0, bought(nb.number, at=days_ago(9)))], door="hook", source="core", at=now())
    with cast.nb_manager.scope(at=now()) as scope, override("zh-hans"):
        scope.facts  # noqa: B018 - opened before counting
        with django_assert_num_queries(2):  # events, titles of content
            told = event_moments(scope, nb.customer.pk, FOREVER, 10)
        assert [(m.kind, m.sentence, m.why) for m in told] == [
            ("seen", "阅读了内容", "手机上报"),
            ("done", "购买了产品，¥52,000.00", "由 core 报送"),
            ("seen", "打开了小程序", "手机上报"),
        ]
        older = event_moments(scope, nb.customer.pk, told[1].at, 10)
        assert [m.sentence for m in older] == ["打开了小程序"]
        assert moments_of(scope=scope, customer_id=nb.customer.pk, before=FOREVER, many=2) == told[:2]
    with cast.sb_manager.scope(at=now()) as scope:
        assert event_moments(scope, nb.customer.pk, FOREVER, 10) == []


def test_a_customer_is_told_everything_page_by_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.events.moments._PAGE", 3)
    at = days_ago(1)
    # Several of one moment, on both sides of a page's end.
    tell(cast.customers["nb"], *(viewed(at, at=at.isoformat()) for _ in range(7)), viewed())
    tell(cast.customers["nb2"], viewed())
    [told] = [each for each in told_by() if each.name == "events: what you did"]
    with cast.customers["nb"].scope() as scope:
        rows = list(told.act(scope=scope, customer_id=cast.customers["nb"].customer.pk))
    assert len(rows) == 8 and len({row["id"] for _table, row in rows}) == 8
    assert {table for table, _row in rows} == {"events.event"}
    assert rows[1][1]["subject"] == ITEM and rows[1][1]["properties"] == {"seconds": 35, "percent": 80}


def test_every_kind_says_what_it_is_in_chinese_and_takes_no_free_text() -> None:
    horizon = Horizon.of(now(), kinds())
    with override("zh-hans"):
        for kind in kinds().values():
            assert any("\u4e00" <= c <= "\u9fff" for c in str(kind.label)), kind.code
            for name, each in kind.properties.items():
                for secret in ("王敏", "a b", "13800138000", "6222021234567890", "x" * 61, 10**14, 1.5, None):
                    assert not each.fits(secret), (kind.code, name, secret)
    event = viewed()
    assert judged(event, door="phone", kinds=kinds(), horizon=horizon).kind == event["kind"]


def test_the_nightly_check_sets_right_what_a_move_would_have_missed_and_notes_it(
    committed_cast: Cast,
) -> None:
    tell(committed_cast.customers["nb"], viewed(), viewed())
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE events_event SET branch_pos = branch_pos + 1")
    at = now()
    assert check_places(scope=system(at=at, cause="test")) == 2
    assert check_places(scope=system(at=at, cause="test")) == 0
    assert {row["branch_pos"] for row in stored()} == {committed_cast.branch["NB"].pos}
    with system_scope(at=at, cause="test"):
        assert Entry.objects.get(verb="events.event.move").detail == {"count": 2}
