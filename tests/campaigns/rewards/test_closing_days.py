"""The end-of-day close: a day with everything in it agrees to the unit, and whatever does not is named."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards import tasks
from campaigns.rewards.close.rules import CHECKS, LINES, owed, taken_by
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Close
from campaigns.rewards.refusals.close import DayNotOver
from campaigns.rewards.selectors.closes import (
    MOST_MISSED,
    changed_since,
    days_due,
    last_closes,
    owed_of,
    settlement,
    taken_of,
)
from campaigns.rewards.services.closing import close_day, close_missed_day
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.sql.close import CHECKS as ASKED
from campaigns.rewards.sql.close import DAILY
from campaigns.rewards.tasks import close_all
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_budgets import SPLIT, budget_of, funded, publish
from tests.support.cast import AT, Cast

DAY = AT.date()
MORROW = AT + timedelta(days=1)


def test_every_check_and_line_has_its_words() -> None:
    assert set(CHECKS) == {*ASKED, *DAILY}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(1, 4),
            st.sampled_from(["head_office", "branch", "merchant"]),
            st.integers(-9, 10**9),
            st.sampled_from([None, "m1", "m2"]),
        )
    )
)
@settings(max_examples=100)
def test_what_is_owed_is_what_was_redeemed(rows: list[tuple[int, int, str, int, str | None]]) -> None:
    lines = [
        {"issuer": i, "place": p, "payer": who, "fen": fen, "merchant": till} for i, p, who, fen, till in rows
    ]
    found = owed(lines, head_office=1)
    # A merchant is owed by others what it took less its own part.
    for taken in taken_by(lines):
        assert taken.fen == sum(line["fen"] for line in lines if line["merchant"] == taken.merchant)
        from_others = [each.fen for each in found if each.creditor == taken.merchant and not each.is_own]
        assert sum(from_others) == taken.owed
    assert sum(each.fen for each in found) == sum(line["fen"] for line in lines)
    assert len({(each.debtor, each.creditor) for each in found}) == len(found)


def busy_day(cast: Cast) -> Batch:
    """Seven claims by two customers; three redeemed at home and elsewhere, one of them reversed, one void."""
    batch = publish(
        cast,
        funded(
            cast,
            budget_of(cast, 2_000_00),
            ("head_office", "branch", "merchant"),
            per_customer_limit=9,
            off_fen=20_01,
            **SPLIT,
        ),
        NB=20,
    )
    held = []
    for name, many in (("nb", 4), ("nb2", 3)):
        with cast.customers[name].scope() as scope:
            held += [claim_coupon(scope=scope, batch_id=batch.pk) for _n in range(many)]
    with cast.nb_clerk.scope() as scope:
        for coupon in held[:2]:
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M1")
        mistake = redeem_coupon(scope=scope, code=code_of(held[2].pk), order_fen=200_00, merchant="M1")
        reverse_redemption(scope=scope, redemption_id=mistake.pk, reason="退单")
        redeem_coupon(scope=scope, code=code_of(held[2].pk), order_fen=200_00, merchant="M1")
    with cast.sb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(held[3].pk), order_fen=200_00, merchant="M1")
    with cast.north_rewards.scope() as scope:
        void_coupon(scope=scope, coupon_id=held[4].pk, reason="错发")
    return batch


def _book(close: Close) -> dict[str, int]:
    return {line["line"]: line["many"] for line in close.figures["book"] if line["many"]}


def test_a_day_with_everything_in_it_agrees_to_the_unit(cast: Cast) -> None:
    busy_day(cast)
    with cast.north_rewards.scope() as scope, pytest.raises(DayNotOver):
        close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
    with cast.north_rewards.scope(at=MORROW) as scope:
        close = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
        assert (close.is_green, close.differences, close.nth) == (True, [], 1)
        # Two claimed coupons are left; what was reversed came back and went again.
        assert _book(close) == {"claimed": 7, "reversed": 1, "redeemed": 5, "void": 1, "closing": 2}
        fen = {line["line"]: line["fen"] for line in close.figures["book"]}
        assert (fen["claimed"], fen["closing"]) == (7 * 20_01, 2 * 20_01)
        assert {line["line"] for line in close.figures["book"]} == set(LINES)
        # Four open redemptions: three at home, one in the south, each split by who pays.
        lines = settlement(scope=scope, since=AT, until=MORROW)
        assert sum(line.fen for line in lines) == 4 * 20_01
        assert {(line.place, line.payer, line.redeemed, line.reversed) for line in lines} == {
            *((cast.branch["NB"].pk, payer, 4, 1) for payer in ("head_office", "branch", "merchant")),
            *((cast.branch["SB"].pk, payer, 1, 0) for payer in ("head_office", "branch", "merchant")),
        }
        # Whose till it was, is owed: the merchant, wherever the clerk stood. Its own part is its own account.
        [m1] = {str(line.merchant) for line in lines}
        debts = owed_of(close=close)
        assert [(each.debtor, each.creditor, each.fen, each.is_own) for each in debts] == [
            (cast.branch["HO"].pk, m1, 4 * 10_01, False),
            (cast.branch["N"].pk, m1, 4 * 6_00, False),
            (m1, m1, 4 * 4_00, True),
        ]
        [taken] = taken_of(close=close)
        assert (taken.head_office, taken.branch, taken.own) == (4 * 10_01, 4 * 6_00, 4 * 4_00)
        assert (taken.fen, taken.owed) == (4 * 20_01, 4 * 16_01)
    # The next day opens with what the first left, and they expire in it or not at all.
    later = AT + timedelta(days=8)
    with system_scope(at=later, cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 2
    with cast.north_rewards.scope(at=later + timedelta(days=1)) as scope:
        quiet = close_day(scope=scope, branch_id=scope.branch_id, day=MORROW.date())
        ended = close_day(scope=scope, branch_id=scope.branch_id, day=later.date())
        again = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
        assert (quiet.is_green, _book(quiet)) == (True, {"opening": 2, "closing": 2})
        assert (ended.is_green, _book(ended)) == (True, {"opening": 2, "expired": 2})
        # What happened since changes nothing of a day that is over.
        assert (again.nth, again.figures, changed_since(scope=scope, close=again)) == (2, close.figures, [])
    # South sees its own side of it, and head office all; neither sees the other's runs.
    with cast.sb_manager.scope(at=MORROW) as scope:
        south = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
        assert (south.is_green, _book(south)) == (True, {})
        assert sum(line["fen"] for line in south.figures["settlement"]) == 20_01
        with pytest.raises(NotFound):
            close_day(scope=scope, branch_id=cast.branch["NB"].pk, day=DAY)
        assert [each.pk for each in last_closes(scope=scope)] == [south.pk]
    with cast.ho_auditor.scope(at=MORROW) as scope:
        assert last_closes(scope=scope).count() == 4
        with pytest.raises(NotAllowed):
            close_day(scope=scope, branch_id=scope.branch_id, day=DAY)


def swept(at: datetime) -> int:
    """The timetable's sweep, at this moment."""
    with time_machine.travel(at, tick=False):
        return close_all()


def closed_on(day: date) -> set[str]:
    return set(Close.objects.filter(day=day).values_list("branch__code", flat=True))


def test_the_sweep_closes_yesterday_once_where_something_was(cast: Cast) -> None:
    busy_day(cast)
    with system_scope(at=AT, cause="tree"):
        Branch.objects.filter(pk=cast.branch["SB"].pk).update(zone="Asia/Urumqi")  # two hours behind
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # in Shanghai
    # Head office alone has the day before; nothing was then elsewhere.
    assert swept(midnight + timedelta(minutes=9)) == 1
    with system_scope(at=midnight, cause="test"):
        assert not Close.objects.filter(day=DAY).exists()
    assert swept(midnight + timedelta(minutes=10)) == 6
    assert swept(midnight + timedelta(minutes=11)) == 0
    with system_scope(at=midnight, cause="test"):
        assert closed_on(DAY) == {"HO", "N", "NC", "NB", "S", "SC"}
        assert all(each.is_green and not each.closed_by for each in Close.objects.all())
    assert swept(midnight + timedelta(hours=2, minutes=10)) == 1
    with system_scope(at=midnight, cause="test"):
        assert Close.objects.get(day=DAY, branch=cast.branch["SB"]).is_green


def test_days_that_nobody_closed_are_made_up_for_the_oldest_first(cast: Cast, monkeypatch: Any) -> None:
    batch = busy_day(cast)
    midnight = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)
    assert swept(midnight) == 7
    # On the third day after, one more claim in the north; then the timetable stands still until the sixth.
    lively = AT + timedelta(days=3)
    with cast.customers["nb"].scope(at=lively) as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.ho_rewards.scope(at=midnight + timedelta(days=4)) as scope:
        # A day closed by hand says nothing of those before it.
        close_day(scope=scope, branch_id=scope.branch_id, day=lively.date() + timedelta(days=1))
    late = midnight + timedelta(days=6)
    order: list[tuple[date, str]] = []

    def killed_after_four(**asked: Any) -> Close | None:
        if len(order) == 4:
            raise SystemExit
        done = close_missed_day(**asked)
        if done:
            order.append((done.day, done.branch.code))
        return done

    monkeypatch.setattr(tasks, "close_missed_day", killed_after_four)
    with pytest.raises(SystemExit):
        swept(late)
    # Head office always, and last on each day; its line where something was.
    assert order == [
        (DAY + timedelta(days=1), "HO"),
        (DAY + timedelta(days=2), "HO"),
        (lively.date(), "N"),
        (lively.date(), "NC"),
    ]
    monkeypatch.setattr(tasks, "close_missed_day", close_missed_day)
    # What was closed stays, and the rest follows: two of the third day, two more of head office.
    assert (swept(late), swept(late)) == (4, 0)
    with system_scope(at=late, cause="test"):
        assert closed_on(lively.date()) == {"HO", "N", "NC", "NB"}
        assert [Close.objects.filter(day=DAY + timedelta(days=n)).count() for n in range(1, 7)] == [
            1,
            1,
            4,
            1,
            1,
            1,
        ]
        assert all(each.is_green for each in Close.objects.all())
    # However long it stood still, a month and no more.
    much_later = late + timedelta(days=90)
    with system_scope(at=much_later, cause="test") as scope:
        due = days_due(scope=scope, limit=1_000)
    assert (len(due), due[0][1]) == (MOST_MISSED, much_later.date() + timedelta(days=1 - MOST_MISSED))


PLANTED = {
    "stock": "UPDATE rewards_stock SET claimed = claimed + 1 WHERE claimed > 0",
    "allotted": "UPDATE rewards_batch SET allotted = allotted - 1",
    "quota": "UPDATE rewards_share SET received = received + 1, kept = kept + 1 WHERE giver_id IS NULL",
    "shares": "UPDATE rewards_stock SET allotted = allotted + 1",
    "buckets": "DELETE FROM rewards_share WHERE kept > 0",
    "budgets": "UPDATE rewards_budget SET taken_fen = taken_fen - 1",
    "reservations": "UPDATE rewards_reservation SET held_fen = held_fen + 1",
    "reserved": "UPDATE rewards_reservation SET reserved_fen = reserved_fen - 1",
    "spent": "UPDATE rewards_reservation SET spent_fen = spent_fen + 1",
    "states": "UPDATE rewards_coupon SET redeemed_times = redeemed_times + 1",
    "worth": "UPDATE rewards_redemption SET off_fen = 100000",
    "caps": "INSERT INTO rewards_capcount (id, branch_id, branch_pos, batch_id, period, starts, taken)"
    " SELECT gen_random_uuid(), branch_id, branch_pos, batch_id, 'day', '2026-11-22', 999 FROM rewards_stock LIMIT 1",
    "origins": "UPDATE rewards_livebatch SET per_device_limit = 1; INSERT INTO rewards_origin (id, branch_id,"
    " branch_pos, batch_id, kind, origin_hash, claimed) SELECT gen_random_uuid(), branch_id, branch_pos, id, 'device',"
    " '', 2 FROM rewards_batch",
    "audited": "DELETE FROM audit_entry WHERE verb = 'rewards.coupon.claim'",
    "lists": "INSERT INTO rewards_batchfile (id, branch_id, branch_pos, batch_id, batch_title, purpose, name, sha256,"
    ' delimiter, rows, headings, "column", args, reason, loaded_at, loaded_by, job_id, kept_until) SELECT'
    " gen_random_uuid(), branch_id, branch_pos, id, 'b', 'grant', 'n', '', ',', 1, 1, 0, '{}', 'r', now(), '', j, now()"
    " FROM rewards_batch, gen_random_uuid() j; UPDATE rewards_coupon c SET how = 'granted',"
    " caused_by = 'jobs.job:' || f.job_id FROM rewards_batchfile f",
    "events": "DELETE FROM events_event WHERE kind = 'rewards.coupon.redeemed'",
    "book": "UPDATE rewards_coupon SET status = 'void' WHERE status = 'claimed'",
    "merchants": "UPDATE rewards_redemption SET merchant_id = NULL",
    "settlement": "UPDATE rewards_movement SET spent_fen = spent_fen + 1 WHERE did = 'spend'",
}


_FOUND = """SELECT code, many, jsonb_array_length(rows) FROM rewards_differences(0, 2147483647,
    '2026-11-21 16:00+00', '2026-11-22 16:00+00')"""


def test_each_check_names_what_was_planted(committed_cast: Cast) -> None:
    assert set(PLANTED) == set(CHECKS)
    busy_day(committed_cast)
    owner = connections["owner"]

    def found(sql: str) -> dict[str, tuple[int, int]]:
        """What the checks find once this was written past every trigger; undone afterwards."""
        with transaction.atomic(using="owner"), owner.cursor() as cursor:
            for table in sorted(set(re.findall(r"\b(?:rewards_\w+|audit_entry|events_event)", sql))):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            if sql:
                cursor.execute(sql)
            cursor.execute("SET LOCAL ROLE fenhang_verbs")
            cursor.execute(_FOUND)
            rows = {code: (many, shown) for code, many, shown in cursor.fetchall()}
            transaction.set_rollback(True, using="owner")
        return rows

    assert found("") == {}
    for code, sql in PLANTED.items():
        wrong = found(sql)
        assert code in wrong, (code, wrong)
        assert 0 < wrong[code][1] <= wrong[code][0]
    many, shown = found(
        "INSERT INTO rewards_redemption SELECT (jsonb_populate_record(NULL::rewards_redemption, to_jsonb(r)"
        " || jsonb_build_object('id', gen_random_uuid(), 'follows_id', NULL, 'coupon_id', c.id))).*"
        " FROM (SELECT * FROM rewards_redemption LIMIT 1) r"
        " CROSS JOIN (SELECT id FROM rewards_coupon WHERE redeemed_times = 0) c"
    )["audited"]
    assert many == shown == 3


def test_a_difference_is_kept_as_it_was_found(committed_cast: Cast) -> None:
    busy_day(committed_cast)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE rewards_stock SET claimed = claimed + 1 WHERE bucket = 0")
    with committed_cast.north_rewards.scope(at=MORROW) as scope:
        red = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
        assert not red.is_green
        assert red.differences[0]["code"] == "stock"
        assert red.differences[0]["rows"] == [
            {
                "batch": str(Batch.objects.get().pk),
                "branch": committed_cast.branch["NB"].pk,
                "taken": 8,
                "coupons": 7,
            }
        ]
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE rewards_stock SET claimed = claimed - 1 WHERE bucket = 0")
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(using="owner"):
            cursor.execute("UPDATE rewards_close SET is_green = true")
    with committed_cast.north_rewards.scope(at=MORROW) as scope:
        green = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
        assert (green.is_green, green.nth) == (True, 2)
        assert [(each.code, each.before, each.after) for each in changed_since(scope=scope, close=green)] == [
            ("check:stock", 1, 0)
        ]
