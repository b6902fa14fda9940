"""The ledger as a model: random histories of earn, burn, hold, refund, lapse, extend, merge, unmerge and erase beside
books in plain Python (tests/support/points_books.py).

WALK_SEED begins elsewhere; a history that failed says its seed and the steps before.
"""

import os
from collections import Counter

import pytest
from django.db import transaction

from campaigns.lib.clock import FOREVER
from tests.support.cast import AT, Cast
from tests.support.points_books import BookLot, PointsBooks
from tests.support.points_walk import Walk

SEED = int(os.environ.get("WALK_SEED", "20261123"))


def histories(cast: Cast, many: int, steps: int) -> Counter[str]:
    said: Counter[str] = Counter()
    for nth in range(many):
        with transaction.atomic():
            said += Walk(cast, SEED + nth).run(steps).said
            transaction.set_rollback(True)
    return said


def test_random_histories_agree(cast: Cast) -> None:
    said = histories(cast, 24, 30)
    assert len(said) > 15, said


@pytest.mark.proof
def test_five_thousand_histories_agree(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    said = histories(cast, 5_000, 25)
    with capsys.disabled():
        print(f"\n{sum(said.values()):,} deeds: {dict(said.most_common())}")


@pytest.mark.proof
def test_ten_thousand_steps_of_one_history_agree(cast: Cast) -> None:
    for nth in range(10):
        Walk(cast, SEED - 1 - nth).run(1_000)


def test_books_that_are_wrong_are_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: histories in which no step could fail would prove nothing. What ends last gives first here."""
    right = PointsBooks._take

    def wrong(books: PointsBooks, who: str, points: int) -> list[tuple[BookLot, int]]:
        lots = books.lots[who]
        ends = [lot.expires for lot in lots]
        for lot in lots:
            lot.expires = FOREVER - (lot.expires - AT) if lot.expires else None
        took = right(books, who, points)
        for lot, end in zip(lots, ends, strict=True):
            lot.expires = end
        return took

    monkeypatch.setattr(PointsBooks, "_take", wrong)
    with pytest.raises(AssertionError, match="lots of"):
        histories(cast, 24, 30)
