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


def test_what_is_the_same_is_never_in_one_lot() -> None:
    began, go_on = threading.Event(), threading.Event()
    lots: list[list[str]] = []

    def act(items: Sequence[str]) -> list[str]:
        lots.append(list(items))
        began.set()
        assert go_on.wait(30)
        return list(items)

    gathering: Gathering[str, str] = Gathering(act, most=3, apart=lambda item: item[0])

    def later(item: str) -> str:
        assert began.wait(30)
        return gathering.submit(item)

    def release() -> None:
        while len(gathering._waiting) < 6:
            threading.Event().wait(0.001)
        go_on.set()

    asked = ["a2", "a3", "b1", "b2", "c1", "d1"]
    together([lambda: gathering.submit("a1"), *(lambda item=item: later(item) for item in asked), release])  # type: ignore[misc]
    assert sorted(item for lot in lots for item in lot) == ["a1", *asked]
    assert all(len({item[0] for item in lot}) == len(lot) <= 3 for lot in lots)
    assert len(lots) <= 5
