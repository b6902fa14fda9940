"""The ledger's desk: adjustments with a second person, what is taken back by hand, and closes."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction

from campaigns.audit.models import Entry as Note
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.points.models import Adjustment, Entry, LedgerClose, Movement
from campaigns.points.refusals.desk import (
    AdjustmentDecided,
    AdjustmentIsOwn,
    AmountNotClear,
    LimitOfHeadOffice,
    PeriodNotOver,
    ReasonNotGiven,
)
from campaigns.points.refusals.ledger import AlreadyReversed, PointsShort
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.desk import may_adjust_alone, movement_told, periods_due, told_entries
from campaigns.points.services import desk, postings
from campaigns.points.services.closing import close_ledger
from campaigns.points.services.postings import Accrual, Validity
from campaigns.points.sql.close import CHECKS, DAILY
from campaigns.points.tasks import close_ledgers
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast, hired

DAY = timedelta(days=1)


def earn(cast: Cast, points: int, *, who: str = "nb", issuer: str = "N", at: Any = AT, **more: Any) -> UUID:
    with system_scope(at=at, cause="test") as scope:
        posted = postings.accrue_points(
            scope=scope,
            accruals=[Accrual(cast.customers[who].customer.pk, points, uuid4())],
            issuer_id=cast.branch[issuer].pk,
            title="签到奖励",
            **more,
        )[0]
    assert posted is not None
    return posted.movement_id


def adjust(
    cast: Cast, points: int, *, by: str = "north_rewards", at: Any = AT, who: str = "nb"
) -> Adjustment:
    with cast.play(by).scope(at=at) as scope:
        return desk.ask_adjustment(
            scope=scope, customer_id=cast.customers[who].customer.pk, points=points, reason="补发活动积分"
        )


def usable(cast: Cast, who: str = "nb") -> int:
    with system_scope(at=AT, cause="test") as scope:
        return balance_of(scope=scope, customer_id=cast.customers[who].customer.pk).usable


def test_small_adjustments_are_posted_at_once_and_many_small_ones_are_a_large_one(cast: Cast) -> None:
    first = adjust(cast, 600)
    assert (first.state, first.alone, usable(cast)) == ("posted", 1_000, 600)
    taken = adjust(cast, -300)
    assert (taken.state, usable(cast)) == ("posted", 300)
    # 600 and 300 were moved alone today: 101 more is above the limit, for this customer alone.
    waiting = adjust(cast, 101)
    assert (waiting.state, waiting.movement_id, usable(cast)) == ("asked", None, 300)
    assert adjust(cast, 900, who="nb2").state == "posted"
    assert adjust(cast, 1_000, at=AT + 2 * DAY).state == "posted"
    with system_scope(at=AT, cause="test"):
        movement = Movement.objects.get(pk=first.movement_id)
        assert (movement.kind, movement.key, movement.cause) == (
            "adjust", first.pk, f"points.adjustment:{first.pk}",
        )  # fmt: skip
        back = Entry.objects.get(movement_id=taken.movement_id, customer=None)
        # To who issued them, whose liability they were: the home branch.
        assert (back.account, back.points, back.issuer_id) == ("issued", 300, cast.branch["NB"].pk)
        assert Note.objects.filter(verb="points.adjustment.add").count() == 5
    with pytest.raises(PointsShort):
        adjust(cast, -9_000 // 10, who="sb", by="ho_rewards")
    with system_scope(at=AT, cause="test"):
        assert not Adjustment.objects.filter(customer=cast.customers["sb"].customer).exists()
    for points, refusal in ((0, AmountNotClear), (10**9 + 1, AmountNotClear)):
        with pytest.raises(refusal):
            adjust(cast, points)
    with pytest.raises(NotFound):
        adjust(cast, 5, who="sb")
    with pytest.raises(NotAllowed):
        adjust(cast, 5, by="nb_clerk")


def test_a_large_adjustment_is_posted_by_another_person(cast: Cast) -> None:
    asked = adjust(cast, 5_000)
    assert asked.state == "asked"
    with cast.north_rewards.scope() as scope, pytest.raises(AdjustmentIsOwn):
        desk.decide_adjustment(scope=scope, adjustment_id=asked.pk, is_agreed=True)
    with hired(cast, "branch_manager", "S").scope() as scope, pytest.raises(NotFound):
        desk.decide_adjustment(scope=scope, adjustment_id=asked.pk, is_agreed=True)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(ReasonNotGiven):
            desk.decide_adjustment(scope=scope, adjustment_id=asked.pk, is_agreed=False)
        done = desk.decide_adjustment(scope=scope, adjustment_id=asked.pk, is_agreed=True)
        assert (done.state, done.decided_by_id) == ("posted", cast.nb_manager.person.pk)
        with pytest.raises(AdjustmentDecided):
            desk.decide_adjustment(scope=scope, adjustment_id=asked.pk, is_agreed=True)
    assert usable(cast) == 5_000
    # More is asked to be taken than there is: it stays undecided, and can be refused.
    much = adjust(cast, -6_000)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(PointsShort), transaction.atomic():
            desk.decide_adjustment(scope=scope, adjustment_id=much.pk, is_agreed=True)
        no = desk.decide_adjustment(
            scope=scope, adjustment_id=much.pk, is_agreed=False, remark="余额不足，不予扣减"
        )
        assert (no.state, no.movement_id) == ("refused", None)
    assert usable(cast) == 5_000
    with system_scope(at=AT, cause="test"):
        verbs = Note.objects.filter(verb__startswith="points.adjustment.").values_list("verb", flat=True)
        assert sorted(verbs) == [
            "points.adjustment.add", "points.adjustment.add", "points.adjustment.approve", "points.adjustment.reject",
        ]  # fmt: skip


def test_head_office_sets_how_much_one_person_adjusts_and_the_nearest_says(cast: Cast) -> None:
    boss, local = cast.ho_administrator, hired(cast, "administrator", "N")
    with boss.scope() as scope:
        desk.set_limit(scope=scope, branch_id=cast.branch["HO"].pk, points=50)
        desk.set_limit(scope=scope, branch_id=cast.branch["NB"].pk, points=0)
        desk.set_limit(scope=scope, branch_id=cast.branch["NB"].pk, points=20)
        assert [may_adjust_alone(scope=scope, branch_id=cast.branch[code].pk) for code in ("NB", "NC", "SB")] == [
            20, 50, 50,
        ]  # fmt: skip
    with local.scope() as scope, pytest.raises(LimitOfHeadOffice):
        desk.set_limit(scope=scope, branch_id=cast.branch["N"].pk, points=10**6)
    assert [adjust(cast, 21).state, adjust(cast, 20).state, adjust(cast, 1).state] == [
        "asked",
        "posted",
        "asked",
    ]


def test_what_moved_is_told_with_both_sides_and_taken_back_once(cast: Cast) -> None:
    given = earn(cast, 100)
    who = cast.customers["nb"].customer.pk
    earn(cast, 40, validity=Validity(None))
    with cast.north_rewards.scope() as scope:
        told = movement_told(scope=scope, movement=Movement.objects.get(pk=given))
        assert [(each.account, each.points) for each in told.entries] == [("issued", -100), ("wallet", 100)]
        assert (told.elsewhere, told.before, told.after) == (0, None, [])
        assert [each.left for each in told_entries(scope=scope, customer_id=who)] == [140, 100]
        with pytest.raises(ReasonNotGiven):
            desk.take_back(scope=scope, movement_id=given, customer_id=who, reason="错")
        back = desk.take_back(scope=scope, movement_id=given, customer_id=who, reason="重复发放")
        with pytest.raises(AlreadyReversed):
            desk.take_back(scope=scope, movement_id=given, customer_id=who, reason="重复发放")
        told = movement_told(scope=scope, movement=Movement.objects.get(pk=back.movement_id))
        assert told.before is not None and told.before.pk == given
        assert told.person == cast.north_rewards.person.name
        assert [each.left for each in told_entries(scope=scope, customer_id=who)] == [40, 140, 100]
        note = Note.objects.get(verb="points.movement.reverse")
        assert note.detail["reason"] == "重复发放"
    # From the customer's branch the issuer's side is not seen, and is said to be elsewhere.
    with cast.nb_manager.scope() as scope:
        told = movement_told(scope=scope, movement=Movement.objects.get(pk=given))
        assert ([each.points for each in told.entries], told.elsewhere) == ([100], -100)
        with pytest.raises(NotAllowed):
            desk.take_back(scope=scope, movement_id=given, customer_id=who, reason="重复发放")


def book(close: LedgerClose, code: str, cast: Cast) -> dict[str, int]:
    return {
        line["line"]: line["points"]
        for line in close.figures["book"]
        if line["branch"] == cast.branch[code].pk and line["points"]
    }


def test_a_close_rolls_the_liability_forward_and_names_what_disagrees(committed_cast: Cast) -> None:
    cast = committed_cast
    day = AT.date()
    earn(cast, 500, at=AT - DAY)
    earn(cast, 70, issuer="HO")
    with system_scope(at=AT, cause="test") as scope:
        who = cast.customers["nb"].customer.pk
        postings.burn_points(scope=scope, customer_id=who, points=120, title="兑换", key=uuid4())
        postings.hold_points(
            scope=scope,
            customer_id=who,
            points=50,
            until=AT + timedelta(minutes=5),
            key=uuid4(),
            title="下单",
        )
    with cast.north_rewards.scope() as scope, pytest.raises(PeriodNotOver):
        close_ledger(scope=scope, branch_id=scope.branch_id, period="day", day=day)
    later = AT + DAY
    with cast.ho_rewards.scope(at=later) as scope:
        close = close_ledger(scope=scope, branch_id=scope.branch_id, period="day", day=day)
        assert (close.is_green, close.differences) == (True, [])
        # What ends first was spent first: both lots end with the year, the older one is North's.
        assert book(close, "N", cast) == {"opening": 500, "burn": -120, "closing": 380}
        assert book(close, "HO", cast) == {"accrue": 70, "closing": 70}
    with hired(cast, "branch_manager", "S").scope(at=later) as scope, pytest.raises(NotFound):
        close_ledger(scope=scope, branch_id=cast.branch["N"].pk, period="day", day=day)
    # By itself: head office's missed days, North's and what lies between; then nothing is left.
    with time_machine.travel(later, tick=False):
        with system_scope(at=later, cause="test") as scope:
            due = periods_due(scope=scope, limit=100)
        assert (cast.branch["N"].pk, "day", day) in due
        assert close_ledgers() == len(due)
        assert close_ledgers() == 0
    # The day after goes on where this one ended; a wallet that lies is named, and so is a month that is closed then.
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE points_wallet SET usable = usable + 1")
        cursor.execute("ALTER TABLE points_entry DISABLE TRIGGER points_is_never_edited")
        cursor.execute(
            "UPDATE points_entry SET points = points - 7 WHERE kind = 'burn' AND account = 'wallet'"
        )
        cursor.execute("ALTER TABLE points_entry ENABLE TRIGGER points_is_never_edited")
    with cast.ho_rewards.scope(at=AT + 2 * DAY) as scope:
        wrong = close_ledger(scope=scope, branch_id=scope.branch_id, period="day", day=day + DAY)
        assert not wrong.is_green
        found = {each["code"]: each for each in wrong.differences}
        assert {"wallets", "shares", "lots", "liability", "carried"} <= set(found) <= {*CHECKS, *DAILY}
        assert found["carried"]["rows"] == [{"branch": cast.branch["N"].pk, "before": 380, "opening": 373}]
    with cast.ho_rewards.scope(at=AT + 40 * DAY) as scope:
        month = close_ledger(scope=scope, branch_id=scope.branch_id, period="month", day=day)
        assert month.day == date(day.year, day.month, 1) and not month.is_green
        assert "zero" in {each["code"] for each in month.differences}
    # A second log-in of the same person is the same person, and the table says so without the verb.
    with (
        pytest.raises(IntegrityError, match="points_adjustment_maker_is_not_checker"),
        transaction.atomic("owner"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO points_adjustment (id, branch_id, branch_pos, customer_id, points, reason, alone, asked_at,"
            " asked_by_id, decided_by_id) SELECT uuidv7(), id, pos, uuidv7(), 9, 'x', 1, now(), p, p"
            " FROM tenants_branch, (SELECT uuidv7() AS p) p WHERE parent_id IS NULL"
        )
    with (
        pytest.raises(IntegrityError, match="points_close_stays"),
        transaction.atomic("owner"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute("UPDATE points_ledgerclose SET is_green = true")
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "TRUNCATE points_wallet, points_movement, points_entry, points_lot, points_hold CASCADE"
        )
