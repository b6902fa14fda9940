from pathlib import Path

import pytest
from pytest_django import Settings

from campaigns.lib import ids
from tests.support.clock_ids import ids_by_the_tests_clock


@pytest.fixture(autouse=True)
def head_file(settings: Settings, tmp_path: Path) -> Path:
    """The end of the chain is noted down in a file of each test's own."""
    settings.AUDIT_HEAD = tmp_path / "audit-head.json"
    return tmp_path / "audit-head.json"


@pytest.fixture(autouse=True)
def entries_of_the_day(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are looked for by the moment of their ids: here that is the day of the tests, as it is in life."""
    if not request.node.get_closest_marker("real_clock"):
        monkeypatch.setattr(ids, "uuid7", ids_by_the_tests_clock())
