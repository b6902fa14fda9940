from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def head_file(settings: Settings, tmp_path: Path) -> Path:
    """The end of the chain is noted down in a file of each test's own."""
    settings.AUDIT_HEAD = tmp_path / "audit-head.json"
    return tmp_path / "audit-head.json"
