import os
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.rights.cells import FILE, Cell, read, written
from tests.leaks.objects import World
from tests.leaks.rights import PARTIES, ask_everything


@pytest.fixture(scope="module")
def answers(world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[Cell, str]]:
    with django_db_blocker.unblock():
        import time

        t, c = time.monotonic(), time.process_time()
        if os.environ.get("PROF"):
            import cProfile
            import pstats

            import tests.leaks.zz_prof as z

            pr = cProfile.Profile()
            if os.environ["PROF"] == "2":
                pr.enable()
        try:
            found = ask_everything(world)
        except AssertionError as e:
            print(e)
            found = {}
        if os.environ.get("PROF"):
            pr.disable()
            z.report()
            if os.environ["PROF"] == "2":
                pstats.Stats(pr).sort_stats("tottime").print_stats(45)
                pstats.Stats(pr).sort_stats("cumtime").print_stats(90)
        print("asked", len(found), time.monotonic() - t, time.process_time() - c)
        yield found
        for alias in connections:
            connections[alias].close()


def test_the_answers_are_those_of_the_file(answers: dict[Cell, str]) -> None:
    if "FENHANG_WRITE_RIGHTS" in os.environ:
        FILE.write_text(written(answers, PARTIES))
    assert written(answers, PARTIES) == FILE.read_text()
    assert read(FILE.read_text()) == answers
