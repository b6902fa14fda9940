"""One world for all leak tests of a worker, committed: walls are taken down by the owner, who sees only commits."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.leaks.objects import World, build, plant_marks
from tests.support.agreeing import assert_what_is_there_agrees
from tests.support.emptying import empty_tables


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        with django_db_blocker.unblock():
            made = build()
            assert plant_marks(made) > 100
            for alias in connections:
                connections[alias].close()
        yield made
    with django_db_blocker.unblock():
        assert_what_is_there_agrees()
        empty_tables()
