"""Settlement and coupon book of a period, beside the days that were closed: the same sums, whoever adds them."""

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from campaigns.jobs.long_models import Job
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.close.periods import (
    LONGEST,
    DayBook,
    adds_up,
    changed_days,
    day_books,
    spans,
    whole_book,
)
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Close, Coupon
from campaigns.rewards.refusals.close import NothingMissed, PeriodTooLong
from campaigns.rewards.selectors.periods import Period, period_of
from campaigns.rewards.services.closing import ask_missed_days, close_day
from campaigns.rewards.services.coupons import claim_coupon, expire_due_coupons, redeem_coupon
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_admin import desk_of
from tests.campaigns.rewards.test_closing_days import DAY, busy_day
from tests.support import jobs
from tests.support.cast import AT, Cast

LATE = AT + timedelta(days=12)
WHOLE = (DAY - timedelta(days=1), DAY + timedelta(days=11))


@given(st.dates(date(2024, 1, 1), date(2031, 12, 31)))
def test_spans_are_whole_and_end_by_today(today: date) -> None:
    found = spans(today=today)
    for name in ("week", "month", "quarter"):
        (first, last), (before, until) = found[name], found[f"last_{name}"]
        assert (last, until + timedelta(days=1)) == (today, first)
        assert before < first <= today
    assert found["quarter"][0].month in (1, 4, 7, 10)
    assert found["quarter"][0] <= found["month"][0]
    assert found["week"][0].weekday() == 0


_MOVES = st.dictionaries(
    st.sampled_from(["claimed", "granted", "redeemed", "void", "reversed"]),
    st.tuples(st.integers(1, 50), st.integers(0, 10**6)),
)


@given(st.lists(_MOVES, min_size=1, max_size=8), st.tuples(st.integers(0, 9), st.integers(0, 999)), st.data())
def test_days_carry_on_from_one_another_and_a_changed_one_is_named_alone(
    days: list[dict[str, tuple[int, int]]], opening: tuple[int, int], data: Any
) -> None:
    rows = [{"line": "opening", "day": DAY.isoformat(), "many": opening[0], "fen": opening[1]}]
    rows += [
        {"line": line, "day": (DAY + timedelta(days=n)).isoformat(), "many": many, "fen": fen}
        for n, moves in enumerate(days)
        for line, (many, fen) in moves.items()
    ]
    last = DAY + timedelta(days=len(days) - 1)
    books = day_books(rows, [], first=DAY, last=last)
    assert [each.lines["opening"] for each in books[1:]] == [each.lines["closing"] for each in books[:-1]]
    end = books[-1].lines["closing"]
    assert adds_up(whole_book([*rows, {"line": "closing", "day": "", "many": end[0], "fen": end[1]}]))
    assert not adds_up(whole_book([*rows, {"line": "closing", "day": "", "many": end[0] + 1, "fen": end[1]}]))

    def figures(book: DayBook) -> dict[str, Any]:
        return {
            "book": [{"line": line, "many": many, "fen": fen} for line, (many, fen) in book.lines.items()],
            "settlement": [],
        }

    closes = {each.day: figures(each) for each in books}
    assert changed_days(books, closes) == {}
    # One more claim on one day moves the begin and end of all after it; it alone has changed.
    day = data.draw(st.integers(0, len(days) - 1))
    more = [*rows, {"line": "extended", "day": (DAY + timedelta(days=day)).isoformat(), "many": 1, "fen": 7}]
    found = changed_days(day_books(more, [], first=DAY, last=last), closes)
    assert list(found) == [DAY + timedelta(days=day)]
    assert [(each.code, each.after_fen) for each in found[DAY + timedelta(days=day)]] == [
        ("line:extended", 7)
    ]


def _period(cast: Cast, who: str = "north_rewards", span: tuple[date, date] = WHOLE, **more: Any) -> Period:
    with cast.play(who).scope(at=LATE) as scope:
        return period_of(scope=scope, branch_id=scope.branch_id, first=span[0], last=span[1], **more)


def _closed(cast: Cast, day: date, who: str = "north_rewards") -> Close:
    with cast.play(who).scope(at=LATE) as scope:
        return close_day(scope=scope, branch_id=scope.branch_id, day=day)


def _lines(book: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {line["line"]: (line["many"], line["fen"]) for line in book if line["many"]}


def _plant(coupon: object, *, fen: int, void_at: datetime) -> None:
    """Past every trigger: a redemption was worth more or less, and what is void was claimed then."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE rewards_redemption SET off_fen = off_fen + %s WHERE coupon_id = %s", [fen, coupon]
        )
        cursor.execute("ALTER TABLE rewards_coupon DISABLE TRIGGER USER")
        cursor.execute("UPDATE rewards_coupon SET claimed_at = %s WHERE status = 'void'", [void_at])
        cursor.execute("ALTER TABLE rewards_coupon ENABLE TRIGGER USER")


def test_a_period_is_the_sum_of_its_days_and_names_what_is_not_closed(committed_cast: Cast) -> None:
    cast = committed_cast
    batch = busy_day(cast)
    third = DAY + timedelta(days=3)
    with cast.customers["nb"].scope(at=AT + timedelta(days=3)) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.sb_clerk.scope(at=AT + timedelta(days=3)) as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M1")
    with system_scope(at=AT + timedelta(days=8), cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 2
    gone = DAY + timedelta(days=8)

    fresh = _period(cast)
    assert (fresh.missed, fresh.closed, fresh.quiet, fresh.is_green) == ([DAY, third, gone], 0, 10, False)
    assert fresh.unfinished is None
    assert _lines(fresh.figures["book"]) == {
        "claimed": (8, 8 * 20_01), "reversed": (1, 20_01), "redeemed": (6, 6 * 20_01), "void": (1, 20_01),
        "expired": (2, 2 * 20_01),
    }  # fmt: skip
    assert sum(line["fen"] for line in fresh.figures["settlement"]) == 5 * 20_01

    closes = [_closed(cast, day) for day in (DAY, third, gone)]
    green = _period(cast)
    assert (green.missed, green.closed, green.quiet, green.is_green) == ([], 3, 10, True)
    # To the unit: lines that move are the sums of the days' own, and so is what is settled.
    for line in green.figures["book"]:
        if line["line"] not in ("opening", "closing"):
            kept = [
                each for close in closes for each in close.figures["book"] if each["line"] == line["line"]
            ]
            assert (line["many"], line["fen"]) == (sum(k["many"] for k in kept), sum(k["fen"] for k in kept))
    by_party: dict[tuple[Any, ...], int] = {}
    for close in closes:
        for each in close.figures["settlement"]:
            key = (each["issuer"], each["place"], each["payer"])
            by_party[key] = by_party.get(key, 0) + each["fen"]
    assert by_party == {(e["issuer"], e["place"], e["payer"]): e["fen"] for e in green.figures["settlement"]}
    # A part of it begins with what its first day's close begins with, and ends with what its last one's ends with.
    part = _lines(_period(cast, span=(third, third)).figures["book"])
    assert part == _lines(closes[1].figures["book"])
    assert part["opening"] == part["closing"] == (2, 2 * 20_01)

    # What changed since is named with what it was and is; the days after it only begin otherwise.
    _plant(coupon.pk, fen=-1, void_at=AT - timedelta(days=1))
    changed = _period(cast)
    found = {close.day: [(c.code, c.before, c.after) for c in changes] for close, changes in changed.changed}
    assert found == {
        DAY: [("line:claimed", 7, 6), ("line:opening", 0, 1)],
        third: [("settled", 0, 0)],
    }
    assert changed.missed == [DAY - timedelta(days=1)]
    assert changed.adds_up
    _plant(coupon.pk, fen=1, void_at=AT)
    assert _period(cast).is_green
    # The south sees its own side; nobody a branch of others.
    south = _period(cast, "sb_manager")
    assert _lines(south.figures["book"]) == {}
    assert [line["fen"] for line in south.figures["settlement"]] != []
    assert south.missed == [DAY, third]
    with cast.sb_manager.scope(at=LATE) as scope:
        with pytest.raises(NotFound):
            period_of(scope=scope, branch_id=cast.branch["N"].pk, first=DAY, last=DAY)
        for first, last in ((DAY, DAY - timedelta(days=1)), (DAY, DAY + timedelta(days=LONGEST))):
            with pytest.raises(PeriodTooLong):
                period_of(scope=scope, branch_id=scope.branch_id, first=first, last=last)


_MOMENTS = {
    "rewards_coupon": "claimed_at moved_at",
    "rewards_couponevent": "claimed_at moved_at",
    "rewards_redemption": "at",
    "rewards_reversal": "at",
    "audit_entry": "at",
    "events_event": "at",
}


def test_a_period_on_the_desk_and_its_missed_days_as_one_job(committed_cast: Cast) -> None:
    cast = committed_cast
    busy_day(cast)
    # The desk's clock is the cast's day, of which nothing is over: all that happened was two days ago.
    with connections["owner"].cursor() as cursor:
        for table, columns in _MOMENTS.items():
            moved = ", ".join(f"{column} = {column} - interval '2 days'" for column in columns.split())
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET {moved}")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    client = desk_of(cast, "north_rewards")
    address = reverse("admin:rewards_close_period")
    asked = {"first": (DAY - timedelta(days=9)).isoformat(), "last": DAY.isoformat()}
    text = client.get(address, asked).content.decode()
    assert "有 1 天需要先处理" in text
    assert "今天尚未结束" in text
    assert text.index("<h2>需要先处理的日子") < text.index("<h2>券账") < text.index("<h2>结算")
    assert "¥80.04" in text
    sheet = reverse("admin:rewards_close_period_sheet")
    book = load_workbook(io.BytesIO(client.get(sheet, asked | {"form": "xlsx"}).content))
    lines = {row[0]: row[2:4] for row in book["券账"].iter_rows(min_row=2, values_only=True)}
    assert (lines["领取"], lines["期末可用"]) == ((7, 140.07), (2, 40.02))
    assert [row[6] for row in book["结算"].iter_rows(min_row=2, values_only=True)][-1] == 80.04
    assert ((DAY - timedelta(days=2)).isoformat(), "未对账") in [
        row[:2] for row in book["结果"].iter_rows(min_row=2, values_only=True)
    ]
    body = client.get(sheet, asked | {"form": "pdf"}).content
    with PdfDocument(body) as paper:
        said = "".join(paper[n].get_textpage().get_text_range() for n in range(len(paper)))
    assert "¥80.04" in said and "未对账" in said
    # Too long, or nonsense: said in words, and last month shown instead.
    told = client.get(address, {"first": "2024-01-01", "last": "2026-01-01"}, follow=True).content.decode()
    assert "最长 366 天" in told
    assert client.get(address, {"first": "x"}).status_code == 200

    missed = reverse("admin:rewards_close_missed")
    desk_of(cast, "ho_auditor").post(missed, asked)
    assert desk_of(cast, "nb_clerk").get(address).status_code != 200
    with system_scope(at=now(), cause="test"):
        assert not Job.objects.exists()
    went = client.post(missed, asked)
    with system_scope(at=now(), cause="test"):
        job = Job.objects.get()
    assert went.headers["Location"] == reverse("admin:jobs_job_change", args=[job.pk])
    assert jobs.run(at=now())
    assert "全部已对账，分毫不差" in client.get(address, asked).content.decode()
    assert "没有漏对账的日子" in client.post(missed, asked, follow=True).content.decode()
    with cast.north_rewards.scope(at=now()) as scope, pytest.raises(NothingMissed):
        ask_missed_days(scope=scope, branch_id=scope.branch_id, first=DAY, last=DAY)
    with cast.ho_auditor.scope(at=now()) as scope, pytest.raises(NotAllowed):
        ask_missed_days(scope=scope, branch_id=scope.branch_id, first=DAY, last=DAY)
    with system_scope(at=now(), cause="test"):
        assert Close.objects.get().closed_by == cast.north_rewards.person.name
        assert Coupon.objects.count() == 7
