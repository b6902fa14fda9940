"""What races of this room are compared with."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from tests.support.races import together


@pytest.fixture
def control(committed: None) -> Iterator[Callable[[int, int], int]]:
    """control(rivals, left): rivals take from `left` by reading, deciding and writing; how many got one."""

    def run(rivals: int, left: int) -> int:
        met = threading.Barrier(rivals)
        with connections["owner"].cursor() as cursor:
            cursor.execute("CREATE TABLE control_stock (taken int, whole int)")
            cursor.execute("INSERT INTO control_stock VALUES (0, %s)", [left])

        def take() -> bool:
            with connections["owner"].cursor() as cursor:
                cursor.execute("SELECT taken < whole FROM control_stock")
                may = bool(cursor.fetchone()[0])
                met.wait(30)
                if may:
                    cursor.execute("UPDATE control_stock SET taken = taken + 1")
                return may

        return sum(together([take] * rivals))

    yield run
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS control_stock")
