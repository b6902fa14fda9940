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


def histories(cast: Cast, many: int, steps: int, every: int = 0) -> Counter[str]:
    """How often each deed was answered how; every so many histories, where it stands is said."""
    said: Counter[str] = Counter()
    for nth in range(many):
        if every and nth % every == 0:
            print(f"{nth:,} of {many:,} histories agree", flush=True)
        with transaction.atomic():
            said += Walk(cast, SEED + nth).run(steps).said
            transaction.set_rollback(True)
    return said


def test_random_histories_agree(cast: Cast) -> None:
    said = histories(cast, 24, 30)
    assert len(said) > 15, said


@pytest.mark.proof
def test_five_thousand_histories_agree(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        said = histories(cast, 5_000, 25, every=250)
        print(f"{sum(said.values()):,} deeds: {dict(said.most_common())}")


@pytest.mark.proof
def test_ten_long_histories_of_a_thousand_steps_agree(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    for nth in range(10):
        said = Walk(cast, SEED - 1 - nth).run(1_000).said
        with capsys.disabled():
            print(f"history {nth + 1}: {sum(said.values()):,} deeds agree", flush=True)


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
