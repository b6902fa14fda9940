"""What arrives together is done together, and each hears of its own."""

import threading
from collections.abc import Sequence

import pytest

from campaigns.lib.gathering import Gathering
from tests.support.races import together


def test_those_who_come_while_one_works_are_the_next_lot() -> None:
    began, go_on = threading.Event(), threading.Event()
    lots: list[list[int]] = []

    def act(items: Sequence[int]) -> list[int]:
        lots.append(list(items))
        began.set()
        assert go_on.wait(30)
        return [item * 2 for item in items]

    gathering: Gathering[int, int] = Gathering(act, most=5)

    def first() -> int:
        return gathering.submit(1)

    def later(item: int) -> int:
        assert began.wait(30)
        return gathering.submit(item)

    def release() -> int:
        """When all the others wait, and not before."""
        while len(gathering._waiting) < 7:
            threading.Event().wait(0.001)
        go_on.set()
        return 0

    done = together([first, *(lambda n=n: later(n) for n in range(2, 9)), release])  # type: ignore[misc]
    assert done == [2, 4, 6, 8, 10, 12, 14, 16, 0]
    assert [len(lot) for lot in lots] == [1, 5, 2]
    assert gathering.submit(9) == 18


def test_a_bad_one_fails_alone() -> None:
    lots: list[list[int]] = []

    def act(items: Sequence[int]) -> list[int]:
        lots.append(list(items))
        if 3 in items:
            raise ValueError("three")
        return [-item for item in items]

    gathering: Gathering[int, int] = Gathering(act, most=100)
    done = together([lambda n=n: gathering.submit(n) for n in range(8)])  # type: ignore[misc]
    assert isinstance(done.pop(3), ValueError)
    assert done == [0, -1, -2, -4, -5, -6, -7]
    with pytest.raises(ValueError, match="three"):
        gathering.submit(3)
    assert gathering.submit(4) == -4
