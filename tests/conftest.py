"""The test database is made and emptied by its owner, and used as the serving roles: for an owner or a superuser
the walls would silently be off.
"""

import os
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests.support import stages
from tests.support.cast import Cast, build_cast
from tests.support.template import at_database, drop_database, make_database


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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the test's transaction begins: the database that it plays in."""
    stages.prepare(with_cast="cast" in getattr(item, "fixturenames", ()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with the cast may write on the second connection too."""
    for item in items:
        if "cast" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db(databases=["default", "aside"]))


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast, in a transaction that is rolled back."""
    return stages.cast()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real commits, for races and other connections; every table of ours is emptied afterwards by the owner."""
    with django_db_blocker.unblock():
        yield
        for alias in connections:
            connections[alias].close()
        tables = [m._meta.db_table for m in apps.get_models() if m._meta.app_label in _OURS]
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(f'"{t}"' for t in tables) + " RESTART IDENTITY CASCADE")
        connections["owner"].close()


_OURS = {path.rpartition(".")[2] for path in settings.ROOMS} | {"sessions", "django_celery_beat"}


@pytest.fixture
def committed_cast(committed: None) -> Cast:
    """The fixed cast, committed."""
    return build_cast()
