"""The database forgets every policy: the application's explicit conditions hold alone."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from tests.leaks.asking import Asker
from tests.leaks.everything import PLAIN, TAKING, assert_nothing_leaks
from tests.leaks.objects import FOREIGN, World
from tests.leaks.test_leaks_without_filters import take_filters_down

pytestmark = pytest.mark.django_db(databases=["default", "aside"])


@pytest.fixture(scope="module")
def bare_world(world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world without row-level security, until the end of this module."""
    with django_db_blocker.unblock(), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        connections["owner"].close()
    yield world
    with django_db_blocker.unblock(), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        connections["owner"].close()


@pytest.mark.parametrize("name", [*TAKING, *PLAIN])
def test_the_application_holds_alone(bare_world: World, name: str) -> None:
    assert_nothing_leaks(bare_world, name)


def test_with_both_walls_down_it_leaks(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: these tests can see a leak."""
    take_filters_down(monkeypatch)
    asker = Asker("staff", bare_world.makers["N"])
    assert set(FOREIGN) <= asker.ask("get", reverse("admin:planning_campaign_changelist")).marks()
