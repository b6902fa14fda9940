"""Which database a test plays in: an empty one, or one where the cast was hired once for all its tests.

Hiring fifteen people and a bank takes longer than most tests. A test with the cast works in a transaction that is
rolled back, so the people stay; a test that commits has the empty database, and hires its own.
"""

import copy
from dataclasses import dataclass
from unittest import mock

from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from campaigns.lib import ids
from tests.support.cast import Cast, build_cast
from tests.support.clock_ids import ids_by_the_tests_clock
from tests.support.emptying import keep_rows, leave, put_back_rows
from tests.support.template import at_database, drop_database, lead_to, make_database


@dataclass
class _Stages:
    """Of this worker: the empty database's name, the cast once it is hired, and what the next test needs."""

    name: str = ""
    blocker: DjangoDbBlocker | None = None
    hired: Cast | None = None
    committed: Cast | None = None
    with_cast: bool = False

    @property
    def name_with_cast(self) -> str:
        return f"{self.name}_cast"


_stages = _Stages()


def open(name: str, blocker: DjangoDbBlocker) -> None:
    """The empty database is there; lead to the one that the first test needs."""
    _stages.name, _stages.blocker = name, blocker
    _lead()


def close() -> None:
    """Drop the database with the cast, if any test asked for it; nothing leads to the empty one any more."""
    leave()
    if _stages.hired is not None:
        lead_to(_stages.name)
        drop_database(_stages.name_with_cast)
    _stages.name, _stages.hired, _stages.committed = "", None, None


def prepare(*, with_cast: bool) -> None:
    """The next test needs the cast, or an empty database."""
    _stages.with_cast = with_cast
    if _stages.name:
        _lead()


def cast() -> Cast:
    """The cast as it was hired; a test may change its copy."""
    assert _stages.hired is not None
    return copy.deepcopy(_stages.hired)


def committed_cast() -> Cast:
    """The cast in the empty database, committed: hired there by the first test that asks, and put back as it was for
    each of the others. A test may change its copy.
    """
    if _stages.committed is None or not put_back_rows("cast"):
        _stages.committed = build_cast()
        keep_rows("cast")
    return copy.deepcopy(_stages.committed)


def _lead() -> None:
    assert _stages.blocker is not None
    if _stages.with_cast and _stages.hired is None:
        with _stages.blocker.unblock():
            _hire()
    wanted = _stages.name_with_cast if _stages.with_cast else _stages.name
    if connections["owner"].settings_dict["NAME"] != wanted:
        lead_to(wanted)


def _hire() -> None:
    make_database(_stages.name_with_cast)
    # On the day of the tests, before anything that they do.
    with at_database(_stages.name_with_cast), mock.patch.object(ids, "uuid7", ids_by_the_tests_clock()):
        _stages.hired = build_cast()
