"""The test database is made and emptied by its owner, and used as the serving roles: for an owner or a superuser
the walls would silently be off.
"""

import gc
import os
from collections.abc import Generator, Iterator
from datetime import timedelta
from time import monotonic

import pytest
import time_machine
from django.conf import settings
from hypothesis import settings as properties
from pytest_django.plugin import DjangoDbBlocker

from content.delivery.pages import PAGES
from tests.support import stages
from tests.support.agreeing import agreeing
from tests.support.browser import chromium  # noqa: F401 - a fixture
from tests.support.cast import AT, Cast
from tests.support.emptying import empty_tables
from tests.support.template import at_database, drop_database, make_database

# How long an example takes says something of the machine, and nothing of the property.
properties.register_profile("fenhang", deadline=None)
properties.load_profile("fenhang")


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Two databases a worker, migrated by fenhang_owner: an empty one, and one where the cast is at home."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"test_fenhang_{os.environ.get('FENHANG_TEST_NAME', '')}{worker}"
    with django_db_blocker.unblock():
        make_database(name)
        with at_database(name):
            stages.open(name, django_db_blocker)
            yield
        stages.close()
        drop_database(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tests have a day of their own: the cast's. What it does at AT is an hour ago for whoever asks the clock."""
    if item.get_closest_marker("real_clock"):
        return (yield)
    with time_machine.travel(AT + timedelta(hours=1, seconds=monotonic() - _BEGAN)):
        return (yield)


_BEGAN = monotonic()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the test's transaction begins: the database that it plays in."""
    stages.prepare(with_cast="cast" in getattr(item, "fixturenames", ()))


# Files that take longest. Workers are handed files in this order, the rest as collected: a long one that came last
# would keep one worker busy while the others have nothing left. The second needs no database for its first minute,
# while the first worker migrates one.
LONGEST_FIRST = (
    "tests/leaks/test_rights_table.py",
    "tests/config/test_up.py",
    "tests/chaos/test_kills.py",
    "tests/leaks/test_leaks.py",
    "tests/config/test_migrate.py",
    "tests/config/test_bench.py",
    "tests/browser/test_pages.py",
    "tests/config/test_backup.py",
    "tests/leaks/test_side_doors.py",
    "tests/config/test_embedded.py",
    "tests/browser/test_story.py",
    "tests/leaks/test_leaks_without_filters.py",
    "tests/browser/test_review_morning.py",
    "tests/leaks/test_leaks_without_policies.py",
    "tests/campaigns/customers/test_import.py",
    "tests/content/test_hostile_pictures.py",
    "tests/content/test_rich_text.py",
    "tests/content/test_home.py",
    "tests/config/test_supervisor.py",
    "tests/config/test_checks.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with the cast may write on the second connection too; the longest files come first."""
    for item in items:
        if "cast" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db(databases=["default", "aside"]))
    places = {file: place for place, file in enumerate(LONGEST_FIRST)}
    assert all((settings.BASE_DIR / file).exists() for file in LONGEST_FIRST)
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(autouse=True)
def _no_prepared_pages() -> None:
    """A web process lives longer than a test, and its prepared pages with it; the rows of a test are rolled back."""
    PAGES.feed.reset()


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast, in a transaction that is rolled back."""
    return stages.cast()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real commits, for races and other connections; every table of ours is emptied afterwards by the owner."""
    with django_db_blocker.unblock():
        yield
        empty_tables()


@pytest.fixture
def committed_cast(committed: None) -> Cast:
    """The fixed cast, committed."""
    return stages.committed_cast()


@pytest.fixture(autouse=True)
def _books_agree(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did, stock, coupons, money, audit and history agree afterwards."""
    yield from agreeing(request)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector need not walk them again and again. Nor after every 700 objects:
    a page makes a hundred times as many.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
