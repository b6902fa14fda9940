"""One world for all leak tests of a worker, committed: walls are taken down by the owner, who sees only commits."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.conftest import _OURS
from tests.leaks.objects import World, build, plant_marks
from tests.support.agreeing import assert_what_is_there_agrees


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
        tables = [m._meta.db_table for m in apps.get_models() if m._meta.app_label in _OURS]
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(f'"{t}"' for t in tables) + " RESTART IDENTITY CASCADE")
        for alias in connections:
            connections[alias].close()
