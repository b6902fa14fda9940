"""The sums of a draw: the database's and ours are one, numbers are even, and a record that was touched is told."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.lib.ids import new_id
from campaigns.points.draws import WHOLE, chi_square, outcome, outcomes, percent, prize_at, scaled, upper_tail
from campaigns.points.redrawing import Made, Stock, Stocked, redraw
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast

SEED = hashlib.sha512(b"a seed of 64 bytes").digest()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.binary(min_size=64, max_size=64), draw=st.uuids(), who=st.uuids(), nth=st.integers(1, 2**31 - 1)
)
def test_the_database_draws_the_same_numbers(
    cast: Cast, seed: bytes, draw: UUID, who: UUID, nth: int
) -> None:
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        cursor.execute("SELECT points_draw_number(%s, %s, %s, %s), points_hmac(%s, %s)",
                       [seed, draw, who, nth, seed, who.bytes])  # fmt: skip
        number, digest = cursor.fetchone()
    assert number == outcome(seed=seed, draw_id=draw, customer_id=who, nth=nth) < WHOLE
    assert number == outcomes(seed=seed, draw_id=draw)(who, nth)
    assert bytes(digest) == hmac.digest(seed, who.bytes, "sha256")


def test_the_ends_of_the_scale_and_of_each_prize() -> None:
    assert scaled(b"\0" * 32) == 0 and scaled(b"\xff" * 32) == WHOLE - 1
    # The first value of each number: the least that the fraction reaches it with.
    for number in (1, 499_999, 500_000, WHOLE - 1):
        least = -(-(number << 64) // WHOLE)
        assert scaled(least.to_bytes(8, "big")) == number == scaled((least - 1).to_bytes(8, "big")) + 1
    prizes = [{"id": "a", "parts": 1}, {"id": "b", "parts": 2}]
    assert [(p or {}).get("id") for p in (prize_at(n, prizes) for n in (0, 1, 2, 3, 999_999))] == [
        "a", "b", "b", None, None,
    ]  # fmt: skip
    assert [percent(parts) for parts in (1, 12_345, 500_000, WHOLE)] == ["0.0001%", "1.2345%", "50%", "100%"]


def test_chi_square_as_tables_have_it() -> None:
    # Abramowitz and Stegun, table 26.8: the value that is passed with this chance.
    for degrees, p, value in ((1, 0.05, 3.84146), (2, 0.05, 5.99146), (3, 0.01, 11.3449), (10, 0.05, 18.3070),
                              (9, 0.001, 27.8772), (4, 0.5, 3.35670)):  # fmt: skip
        assert upper_tail(value, degrees) == pytest.approx(p, rel=1e-4)
    assert chi_square([50, 50], [50.0, 50.0]) == (0.0, 1, 1.0)
    assert chi_square([], []) == (0.0, 0, 1.0)
    value, degrees, p = chi_square([60, 40], [50.0, 50.0])
    assert (value, degrees) == (4.0, 1) and p == pytest.approx(0.0455, abs=1e-4)
    # What is expected less than five times is counted together.
    assert chi_square([1, 2, 97], [2.0, 4.0, 94.0])[1] == 1


def _evenness(tries: int) -> float:
    """p of so many seeded tries: a customer each fifty, against the odds of six prizes and the rest."""
    prizes = [{"id": str(nth), "parts": parts} for nth, parts in enumerate((1_000, 9_000, 40_000, 50_000, 100_000,
                                                                            300_000))]  # fmt: skip
    draw = outcomes(seed=SEED, draw_id=UUID(int=7))
    came = dict.fromkeys([*(prize["id"] for prize in prizes), ""], 0)
    for nth in range(tries):
        prize = prize_at(draw(UUID(int=nth // 50), nth % 50 + 1), prizes)
        came[prize["id"] if prize else ""] += 1
    parts: list[Any] = [prize["parts"] for prize in prizes]
    expected = [tries * part / WHOLE for part in [*parts, WHOLE - sum(parts)]]
    return chi_square(list(came.values()), expected)[2]


def test_twenty_thousand_tries_meet_the_odds() -> None:
    assert 0.001 < _evenness(20_000) < 0.999


@pytest.mark.proof
def test_a_million_tries_meet_the_odds(capsys: pytest.CaptureFixture[str]) -> None:
    p = _evenness(1_000_000)
    # And without a table of prizes: a hundred strips of ten thousand numbers each.
    draw = outcomes(seed=SEED, draw_id=UUID(int=8))
    strips = [0] * 100
    for nth in range(1_000_000):
        strips[draw(UUID(int=nth // 50), nth % 50 + 1) // 10_000] += 1
    value, degrees, even = chi_square(strips, [10_000.0] * 100)
    with capsys.disabled():
        print(f"\nprizes: p = {p:.4f}; strips: chi-square {value:.2f} ({degrees}), p = {even:.4f}")
    assert 0.001 < p < 0.999 and 0.001 < even < 0.999


@dataclass
class Record:
    """A draw as it would be on record: two customers, a prize of which there are two, raised to three."""

    draw: UUID
    pledge: UUID
    revision: UUID
    prize: UUID
    made: list[Made]
    changes: list[Stocked]
    stock: Stock
    payload: dict[str, Any]

    def words(self, seed: bytes | None = SEED) -> list[str]:
        said = redraw(
            draw_id=self.draw, seeds={self.pledge: seed}, payloads={self.revision: self.payload}, made=self.made,
            changes=self.changes, stocks=[self.stock],
        )  # fmt: skip
        assert said.many == len(said.differences)
        return [each.word for each in said.differences]


def record() -> Record:
    draw, pledge, revision, prize = (UUID(int=nth) for nth in range(1, 5))
    payload = {
        "prizes": [{"id": str(prize), "title": "杯", "kind": "pickup", "parts": 500_000, "points": 0}],
        "fallback_title": "谢谢", "fallback_points": 0, "price_points": 10,
    }  # fmt: skip
    made: list[Made] = []
    changes = [Stocked(prize, 1, 2)]
    total, taken, serial = 2, 0, 1
    for who in (UUID(int=11), UUID(int=12)):
        for nth in range(1, 13):
            number = outcome(seed=SEED, draw_id=draw, customer_id=who, nth=nth)
            hit = number < 500_000
            missed = ""
            if hit and taken == total == 2 and len(changes) == 1 and nth > 10:
                serial += 1
                total = 3
                changes.append(Stocked(prize, serial, total))
            if hit:
                serial += 1
                missed = "" if taken < total else "stock"
                taken += not missed
            row = (
                pledge,
                revision,
                who,
                nth,
                number,
                prize if hit else None,
                serial if hit else None,
                missed,
            )
            gave = ("pickup", "杯") if hit and not missed else ("", "谢谢")
            made.append(Made(UUID(int=100 * who.int + nth), *row, *gave, 10, 0, 10, 0, None))
    return Record(
        draw, pledge, revision, prize, made, changes, Stock(prize, "杯", total, taken, serial), payload
    )


def test_a_record_that_nobody_touched_comes_out_the_same_and_one_that_was_is_told() -> None:
    sound = record()
    assert sound.words() == []
    assert (
        sound.words(seed=None) == []
    )  # before the seed is shown: the numbers are left out, the rest is compared
    won = next(n for n, each in enumerate(sound.made) if each.kind)
    gone = next(n for n, each in enumerate(sound.made) if each.missed)
    lost = next(n for n, each in enumerate(sound.made) if each.prize_id is None)

    def touched(change: Callable[[Record], Any]) -> set[str]:
        one = record()
        change(one)
        return set(one.words())

    def at(nth: int, **values: Any) -> Callable[[Record], None]:
        return lambda one: one.made.__setitem__(nth, one.made[nth]._replace(**values))

    # A friend's number, with the prize that goes with it and without.
    assert touched(at(lost, number=1)) >= {"number", "prize"}
    favoured = at(
        lost, number=1, prize_id=sound.prize, kind="pickup", title="杯", serial=sound.stock.serial + 1
    )
    assert touched(favoured) == {"number", "too_many", "stock"}
    assert touched(at(won, number=(sound.made[won].number + 1) % 500_000)) == {"number"}
    assert touched(at(won, kind="", title="谢谢")) == {"promise"}
    assert touched(at(gone, missed="", kind="pickup", title="杯")) == {"too_many", "stock"}
    assert touched(at(won, missed="stock", kind="", title="谢谢")) >= {"gone"}
    assert touched(at(won, paid=0)) == {"paid"}
    assert touched(at(lost, given=5)) == {"given"}
    assert touched(at(lost, revision_id=new_id())) == {"revision"}
    assert touched(lambda one: one.made.pop(0)) >= {"turn"}
    assert touched(lambda one: one.changes.pop()) >= {"order"}
    assert touched(lambda one: one.changes.__setitem__(1, one.changes[1]._replace(total=1))) >= {"below"}
    assert touched(lambda one: setattr(one, "stock", one.stock._replace(taken=1))) == {"stock"}
    other = hashlib.sha512(b"another seed").digest()
    assert set(sound.words(seed=other)) == {"number"}
