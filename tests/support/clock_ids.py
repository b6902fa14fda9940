"""Ids of the clock that tests have."""

import secrets
import time
from collections.abc import Callable
from itertools import count
from uuid import UUID


def ids_by_the_tests_clock() -> Callable[[], UUID]:
    """A maker of UUIDv7s of the travelled clock, each later than the one before.

    The real ones are made outside Python, by the clock of the machine, which time_machine does not reach. Rows that are
    found by the moment of their ids lie months away from the day that a test asks for, once the machine's day is.
    """
    turns = count(1)

    def make() -> UUID:
        turn = next(turns) << 32 | secrets.randbits(32)  # the 74 bits that are not the moment's
        moment = time.time_ns() // 1_000_000
        return UUID(int=moment << 80 | 7 << 76 | (turn >> 62) << 64 | 2 << 62 | turn & (1 << 62) - 1)

    return make
