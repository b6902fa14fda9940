"""What `manage.py up` decides by: is the database migrated, empty, the demo's?"""

import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from campaigns.tenants.models import Login
from config.running import bank_state
from config.running.bank_state import Bank
from tests.support.cast import Cast

pytestmark = pytest.mark.commits


@pytest.fixture
def owner_url(committed: None) -> str:
    found = settings.DATABASES["owner"]
    return make_conninfo(
        dbname=found["NAME"],
        user=found["USER"],
        password=found["PASSWORD"],
        host=found["HOST"],
        port=found["PORT"],
    )


def test_an_empty_database_is_empty(owner_url: str) -> None:
    assert bank_state.look(owner_url) == Bank(is_empty=True, is_demo=False)


def test_a_bank_whose_people_have_log_ins_of_their_own_is_not_the_demo(
    owner_url: str, committed_cast: Cast
) -> None:
    assert bank_state.look(owner_url) == Bank(is_empty=False, is_demo=False)


def test_the_demos_log_ins_make_it_the_demo(owner_url: str, committed_cast: Cast) -> None:
    Login.objects.using("owner").update(is_demo=True)
    assert bank_state.look(owner_url) == Bank(is_empty=False, is_demo=True)


def test_a_migrated_database_says_so_until_the_code_has_other_migrations(
    owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bank_state.pending(owner_url)  # migrated, but not by `up`: it asks Django once
    assert bank_state.migrate(owner_url) == 0
    assert not bank_state.pending(owner_url)
    monkeypatch.setattr(bank_state, "_shape", lambda: "another")
    assert bank_state.pending(owner_url)
