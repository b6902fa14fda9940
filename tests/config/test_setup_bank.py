"""`manage.py setup_bank` founds a bank once, and never a second one beside it."""

import io
from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from campaigns.tenants.models import Assignment, Branch, Login
from campaigns.tenants.scopes import staff_scope, system_scope
from config.management.commands.setup_bank import PASSWORD_VARIABLE
from tests.support.cast import AT, Cast


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(PASSWORD_VARIABLE, "a river in flood 7")
    return "a river in flood 7"


@pytest.mark.django_db
def test_the_first_administrator_logs_in_and_stands_at_head_office(password: str) -> None:
    call_command("setup_bank", name="分行银行总行", admin="root", stdout=io.StringIO())
    login = authenticate(username="root", password=password)
    assert isinstance(login, Login)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    with system_scope(at=later, cause="test"):
        assignment = Assignment.objects.get(person=login.person_id)
    with staff_scope(login_id=login.pk, assignment_id=assignment.pk, at=later) as scope:
        assert [b.name for b in Branch.objects.all()] == ["分行银行总行"]
        assert scope.may("tenants.branch.add")


def test_a_second_bank_is_refused_and_nothing_changes(cast: Cast, password: str) -> None:
    with pytest.raises(CommandError, match="总行"):
        call_command("setup_bank", name="另一家", admin="second")
    assert not Login.objects.filter(username="second").exists()
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.filter(parent=None).count() == 1


@pytest.mark.django_db
def test_a_weak_password_founds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "12345")
    with pytest.raises(CommandError):
        call_command("setup_bank", name="分行银行总行", admin="root")
    with system_scope(at=AT, cause="test"):
        assert not Branch.objects.exists()
