"""The ledger by its verbs: earned, spent, held, lapsed, taken back, passed on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Entry, Lot, Movement, Wallet
from campaigns.points.refusals.ledger import (
    AlreadyReversed,
    HoldIsOver,
    HoldIsSettled,
    NothingToExtend,
    NotOneHousehold,
    PointsMissing,
    PointsShort,
)
from campaigns.points.rules import key_of
from campaigns.points.selectors.balances import Balance, balance_of, ends_of, liability_of, lots_of
from campaigns.points.services import postings
from campaigns.points.services.postings import Accrual, Posted, Validity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.points_walk import assert_ledger_agrees

DAY = timedelta(days=1)


class Desk:
    """What a test does with one customer's points, at a moment that it may move."""

    def __init__(self, cast: Cast, who: str = "nb") -> None:
        self.cast, self.id, self.at = cast, cast.customers[who].customer.pk, AT

    def _do(self, act: Any, **args: Any) -> Any:
        with system_scope(at=self.at, cause="test") as scope:
            return act(scope=scope, **args)

    def earn(self, points: int, issuer: str = "N", key: UUID | None = None, **more: Any) -> Posted | None:
        accrual = Accrual(self.id, points, key or uuid4())
        return self._do(
            postings.accrue_points,
            accruals=[accrual],
            issuer_id=self.cast.branch[issuer].pk,
            title="签到奖励",
            **more,
        )[0]

    def burn(self, points: int, **more: Any) -> Posted:
        return self._do(
            postings.burn_points, customer_id=self.id, points=points, title="兑换", key=uuid4(), **more
        )

    def hold(self, points: int, minutes: int = 15) -> Posted:
        until = self.at + timedelta(minutes=minutes)
        return self._do(
            postings.hold_points, customer_id=self.id, points=points, until=until, key=uuid4(), title="下单"
        )

    def undo(self, made: Posted | None, **more: Any) -> Posted:
        assert made is not None
        return self._do(
            postings.reverse_points,
            movement_id=made.movement_id,
            customer_id=self.id,
            key=uuid4(),
            title="冲正",
            **more,
        )

    def balance(self) -> Balance:
        return self._do(balance_of, customer_id=self.id)

    def has(self) -> tuple[int, int, int]:
        now = self.balance()
        return now.usable, now.pending, now.held


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return Desk(cast)


def test_what_is_earned_is_spent_oldest_end_first_and_once_a_key(desk: Desk) -> None:
    key = key_of("test", 1)
    first = desk.earn(100, key=key, validity=Validity(1, "day"))
    assert first is not None and first.is_new
    assert desk.earn(100, key=key) == Posted(first.movement_id, False)
    desk.earn(50, issuer="NB", validity=Validity(None))
    assert desk.has() == (150, 0, 0)
    assert desk.balance().next_points == 100

    spent = desk.burn(120)
    with system_scope(at=AT, cause="test") as scope:
        rows = Entry.objects.filter(movement_id=spent.movement_id).order_by("points")
        assert [(e.account, e.points, e.issuer.code) for e in rows] == [
            ("wallet", -100, "N"), ("wallet", -20, "NB"), ("mall", 20, "NB"), ("mall", 100, "N"),
        ]  # fmt: skip
        liability = {row["issuer_id"]: row["closing"] for row in liability_of(scope=scope, until=AT + DAY)}
    assert liability == {desk.cast.branch["N"].pk: 0, desk.cast.branch["NB"].pk: 30}
    with pytest.raises(PointsShort):
        desk.burn(31)
    with pytest.raises(PointsMissing):
        desk.burn(0)
    assert desk.has() == (30, 0, 0)


def test_points_are_pending_until_their_day_and_lapse_at_theirs_whoever_sweeps(desk: Desk) -> None:
    desk.earn(40, waits_until=AT + 7 * DAY, validity=Validity(1, "month"))
    assert desk.has() == (0, 40, 0)
    with pytest.raises(PointsShort):
        desk.burn(1)
    # In force by the clock, though nobody has written it down.
    desk.at = AT + 8 * DAY
    assert desk.has() == (40, 0, 0)
    desk.burn(15)
    # In force on 29 November, one month, to the end of that month.
    with system_scope(at=desk.at, cause="test") as scope:
        (lot,) = lots_of(scope=scope, customer_id=desk.id)
        assert lot.expires_at == datetime(2026, 12, 31, 16, tzinfo=UTC)
        assert ends_of(scope=scope, customer_id=desk.id, limit=5) == [(lot.expires_at, 25)]
    desk.at = lot.expires_at
    assert desk.has() == (0, 0, 0)
    with system_scope(at=desk.at, cause="test") as scope:
        assert Wallet.objects.get(pk=desk.id).usable == 25
        assert postings.sweep_points(scope=scope) == 1
        assert postings.sweep_points(scope=scope) == 0
        assert Wallet.objects.get(pk=desk.id).usable == 0
        assert [e.points for e in Entry.objects.filter(account="expired")] == [25]


def test_a_hold_is_spent_or_freed_once_and_frees_itself(desk: Desk) -> None:
    desk.earn(100, validity=Validity(1, "day"))
    held = desk.hold(60)
    assert desk.has() == (40, 0, 60)
    with pytest.raises(PointsShort):
        desk.burn(41)
    with system_scope(at=AT, cause="test") as scope:
        postings.commit_hold(scope=scope, hold_id=held.movement_id)
        with pytest.raises(HoldIsSettled):
            postings.release_hold(scope=scope, hold_id=held.movement_id)
    assert desk.has() == (40, 0, 0)

    second, third = desk.hold(30), desk.hold(10)
    with system_scope(at=AT, cause="test") as scope:
        postings.release_hold(scope=scope, hold_id=third.movement_id)
    desk.at = AT + timedelta(minutes=16)
    with system_scope(at=desk.at, cause="test") as scope:
        with pytest.raises(HoldIsOver):
            postings.commit_hold(scope=scope, hold_id=second.movement_id)
        assert postings.sweep_points(scope=scope) == 1
    assert desk.has() == (40, 0, 0)

    # What its lot outlived while it was held lapses when it is freed.
    desk.hold(40, minutes=60 * 24 * 40)
    desk.at = AT + 41 * DAY
    with system_scope(at=desk.at, cause="test") as scope:
        assert postings.sweep_points(scope=scope) == 2
    assert desk.has() == (0, 0, 0)


def test_taken_back_what_is_pending_first_then_usable_then_owed_or_waived(desk: Desk) -> None:
    bought = desk.earn(100, validity=Validity(None))
    desk.earn(30, waits_until=AT + DAY, validity=Validity(None))
    desk.burn(90)
    desk.undo(bought)
    assert desk.has() == (-60, 0, 0)
    assert desk.balance().owed == 60
    with pytest.raises(AlreadyReversed):
        desk.undo(bought)
    with pytest.raises(PointsShort):
        desk.burn(1)
    # What is earned later pays first, at once or once it is in force.
    desk.earn(20)
    desk.earn(50, waits_until=AT + DAY)
    assert desk.has() == (-40, 50, 0)
    desk.at = AT + 2 * DAY
    assert desk.has() == (10, 0, 0)
    desk.burn(10)
    assert desk.balance().owed == 0

    given = desk.earn(5)
    desk.burn(5)
    desk.undo(given, owes_rest=False)
    assert desk.has() == (0, 0, 0)
    with system_scope(at=desk.at, cause="test"):
        assert [e.points for e in Entry.objects.filter(account="waived")] == [-5]


def test_points_spent_go_back_to_the_lots_that_gave_them(desk: Desk) -> None:
    desk.earn(10, validity=Validity(1, "day"))
    desk.earn(20, validity=Validity(None))
    spent = desk.burn(25)
    desk.undo(spent)
    with system_scope(at=AT, cause="test") as scope:
        assert [(lot.points, lot.rest) for lot in lots_of(scope=scope, customer_id=desk.id)] == [
            (10, 10),
            (20, 20),
        ]
    again = desk.burn(25)
    desk.at = AT + 60 * DAY
    desk.undo(again)
    # The ten had lapsed by then.
    assert desk.has() == (20, 0, 0)
    with system_scope(at=desk.at, cause="test"):
        assert [e.points for e in Entry.objects.filter(account="expired")] == [10]


def test_an_extension_moves_the_rest_to_a_later_end(desk: Desk) -> None:
    desk.earn(10, validity=Validity(1, "day"))
    until = AT + 90 * DAY
    args: dict[str, Any] = {"customer_id": desk.id, "until": until, "title": "延期"}
    with system_scope(at=AT, cause="test") as scope:
        postings.extend_points(scope=scope, key=uuid4(), **args)
        assert ends_of(scope=scope, customer_id=desk.id, limit=2) == [(until, 10)]
        with pytest.raises(NothingToExtend):
            postings.extend_points(scope=scope, key=uuid4(), **args)


def test_pending_for_an_event_comes_into_force_by_it(desk: Desk) -> None:
    made = desk.earn(10, waits_for_event=True)
    assert made is not None
    desk.at = AT + 400 * DAY
    assert desk.has() == (0, 10, 0)
    with system_scope(at=desk.at, cause="test") as scope:
        postings.activate_points(scope=scope, movement_id=made.movement_id)
        with pytest.raises(HoldIsSettled):
            postings.activate_points(scope=scope, movement_id=made.movement_id)
    assert desk.has() == (10, 0, 0)


def test_an_award_is_one_movement_for_many_and_is_taken_back_for_one(cast: Cast) -> None:
    who = [cast.customers[name].customer.pk for name in ("nb", "nb2", "sb")]
    key = key_of("job", 1)
    with cast.north_rewards.scope() as scope:
        args: dict[str, Any] = {
            "customer_ids": who,
            "points": [5, 6, 7],
            "key": key,
            "issuer_id": cast.branch["N"].pk,
            "title": "春节积分",
        }
        made, missing = postings.award_points(scope=scope, **args)
        assert missing == [3]  # of the south, and not to be seen from the north
        assert postings.award_points(scope=scope, **args) == (made, [])
    nb, nb2 = Desk(cast, "nb"), Desk(cast, "nb2")
    assert (nb.has(), nb2.has()) == ((5, 0, 0), (6, 0, 0))
    assert made is not None
    nb.undo(Posted(made, True))
    assert (nb.has(), nb2.has()) == ((0, 0, 0), (6, 0, 0))
    with system_scope(at=AT, cause="test"):
        assert [e.points for e in Entry.objects.filter(account="issued").order_by("id")] == [-11, 5]


def test_points_pass_within_a_household_alone_and_keep_their_end(cast: Cast) -> None:
    from campaigns.points.models import Household, Member

    giver, receiver = Desk(cast, "nb"), Desk(cast, "nb2")
    giver.earn(10, validity=Validity(1, "day"))
    end = giver.balance().next_end
    with cast.customers["nb"].scope() as scope:
        args: dict[str, Any] = {
            "giver_id": giver.id,
            "receiver_id": receiver.id,
            "points": 4,
            "title": "赠送",
        }
        with pytest.raises(NotOneHousehold):
            postings.transfer_points(scope=scope, key=uuid4(), **args)
    nb = cast.branch["NB"]
    with cast.nb_manager.scope():
        home = Household.objects.create(branch=nb, branch_pos=nb.pos, name="王家", opened_at=AT)
        for each in (giver, receiver):
            Member.objects.create(
                branch=nb, branch_pos=nb.pos, household=home, customer_id=each.id, evidence="户口簿", since=AT
            )
    with cast.customers["nb"].scope() as scope:
        postings.transfer_points(scope=scope, key=uuid4(), **args)
        assert Wallet.objects.count() == 1  # one's own alone
        assert not Entry.objects.exclude(customer_id=giver.id).exists()
    assert (giver.has(), receiver.has(), receiver.balance().next_end) == ((6, 0, 0), (4, 0, 0), end)
    # Nobody gives what is another's.
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotFound):
        postings.transfer_points(scope=scope, key=uuid4(), **args)


def test_nobody_moves_points_of_customers_elsewhere(cast: Cast) -> None:
    south = Desk(cast, "sb")
    south.earn(10, issuer="S")
    with cast.north_rewards.scope() as scope:
        args: dict[str, Any] = {"customer_id": south.id, "points": 1, "key": uuid4(), "title": "x"}
        with pytest.raises(NotFound):
            postings.burn_points(scope=scope, **args)
        assert balance_of(scope=scope, customer_id=south.id).usable == 0
        assert not Lot.objects.exists() and not Movement.objects.exists()
        # Nor does a branch issue for another.
        nb = cast.customers["nb"].customer.pk
        rows = postings.accrue_points(
            scope=scope, accruals=[Accrual(nb, 1, uuid4())], issuer_id=cast.branch["S"].pk, title="x"
        )
        assert rows == [None]


def test_the_database_books_nothing_that_does_not_sum_to_zero_and_edits_nothing(desk: Desk) -> None:
    made = desk.earn(10)
    assert made is not None
    from django.db import connections

    owner = connections["owner"]
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        for word in (
            "INSERT INTO points_entry (branch_id) VALUES (1)",
            "UPDATE points_wallet SET usable = 9",
        ):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                cursor.execute(word)
    assert owner is not None


def test_the_ledger_is_never_edited(committed_cast: Cast) -> None:
    from django.db import connections

    desk = Desk(committed_cast)
    desk.earn(10)
    with connections["owner"].cursor() as cursor:
        for table in ("points_entry", "points_movement"):
            for deed in (f"UPDATE {table} SET title = 'x'", f"DELETE FROM {table}"):
                with pytest.raises(IntegrityError, match="never edited"):
                    cursor.execute(deed)
        half = (
            "INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, points, at, title)"
            " SELECT branch_id, branch_pos, movement_id, kind, 'issued', -1, at, '' FROM points_entry LIMIT 1"
        )
        with pytest.raises(IntegrityError, match="does not sum to zero"):
            cursor.execute(half)


def test_who_is_erased_after_an_undone_merge_takes_along_what_a_hold_of_the_other_has(cast: Cast) -> None:
    kept = Desk(cast, "nb")
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
    gone = Desk(cast, "nb2")
    gone.id = visitor
    gone.earn(30)
    with cast.ho_administrator.scope() as scope:
        merge = merge_customers(
            scope=scope, kept=kept.id, absorbed=visitor, why={"zh": "同一人", "en": "one"}
        )
    held = kept.hold(20)
    with cast.ho_administrator.scope() as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
    assert (gone.has(), kept.has()) == ((10, 0, 20), (0, 0, 0))
    with system_scope(at=AT, cause="test") as scope:
        with connection.cursor() as cursor:
            cursor.execute("SELECT forfeit_points(%s, '注销')", [visitor])
        with pytest.raises(HoldIsSettled):
            postings.commit_hold(scope=scope, hold_id=held.movement_id)
    assert (gone.has(), kept.has()) == ((0, 0, 0), (0, 0, 0))


def test_what_comes_back_to_somebody_who_is_erased_is_given_up(cast: Cast) -> None:
    """A burn of the time when two were one took from the lots of both; it is taken back when one is forgotten."""
    kept = Desk(cast, "nb")
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
    gone = Desk(cast, "nb2")
    gone.id = visitor
    gone.earn(30)
    kept.earn(10)
    with cast.ho_administrator.scope() as scope:
        merge = merge_customers(
            scope=scope, kept=kept.id, absorbed=visitor, why={"zh": "同一人", "en": "one"}
        )
    burnt = kept.burn(40)
    with cast.ho_administrator.scope() as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        cursor.execute("SELECT forfeit_points(%s, '注销')", [visitor])
        cursor.execute("UPDATE customers_customer SET status = 'erased' WHERE id = %s", [visitor])
    kept.undo(burnt)
    assert (gone.has(), kept.has()) == ((0, 0, 0), (10, 0, 0))
    with system_scope(at=AT, cause="test"):
        assert_ledger_agrees()
        given_up = Movement.objects.filter(kind="forfeit", customer_id=visitor)
        assert given_up.get().reason == "客户已注销 · customer erased"
