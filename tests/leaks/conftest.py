"""One world for all leak tests of a worker, committed: walls are taken down by the owner, who sees only commits."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.leaks.objects import World, build, plant_marks
from tests.support.agreeing import assert_what_is_there_agrees
from tests.support.emptying import empty_tables, keep_rows, put_back_rows


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Built for the first file of leak tests that a worker is handed, and put back as it was for the others."""
    media = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=media):
        with django_db_blocker.unblock():
            made = _put_back(media) or _built(media, tmp_path_factory.mktemp("kept"))
            for alias in connections:
                connections[alias].close()
        yield made
    with django_db_blocker.unblock():
        assert_what_is_there_agrees()
        empty_tables()


# The world as it was built, and its pictures.
_kept: list[tuple[World, Path]] = []


def _built(media: Path, beside: Path) -> World:
    made = build()
    assert plant_marks(made) > 100
    keep_rows("world")
    shutil.copytree(media, beside, dirs_exist_ok=True)
    _kept[:] = [(copy.deepcopy(made), beside)]
    return made


def _put_back(media: Path) -> World | None:
    if not _kept or not put_back_rows("world"):
        return None
    made, beside = _kept[0]
    shutil.copytree(beside, media, dirs_exist_ok=True)
    return copy.deepcopy(made)
