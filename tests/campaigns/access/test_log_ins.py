"""Ten tries, then the door stays shut for a while; and no answer tells which names exist."""

from datetime import timedelta

import pytest
from django.test import override_settings

from campaigns.access.log_ins import LogInLocked, LogInRefused, check_log_in
from campaigns.audit.models import SecurityRecord
from campaigns.tenants.models import Login
from tests.support.cast import AT, PASSWORD, Cast

WRONG = "not the password"


def attempt(name: str, password: str = WRONG, minutes: float = 0) -> Login:
    return check_log_in(
        username=name, password=password, address="127.0.0.1", at=AT + timedelta(minutes=minutes)
    )


def kinds(name: str) -> list[str]:
    return list(
        SecurityRecord.objects.using("aside").filter(who=name).order_by("id").values_list("kind", flat=True)
    )


def test_the_right_password_opens_the_log_in_and_is_noted(cast: Cast) -> None:
    assert attempt("north_editor", PASSWORD) == cast.north_editor.login
    assert kinds("north_editor") == ["login.tried", "login.succeeded"]


def test_a_wrong_password_an_unknown_name_and_a_closed_log_in_are_refused_alike(cast: Cast) -> None:
    Login.objects.filter(pk=cast.south_editor.login.pk).update(is_active=False)
    answers = set()
    for name, password in (
        ("north_editor", WRONG),
        ("nobody", WRONG),
        ("south_editor", PASSWORD),
        ("x" * 500, WRONG),
        ("nul\x00", WRONG),
    ):
        with pytest.raises(LogInRefused) as refused:
            attempt(name, password)
        answers.add((refused.value.code, refused.value.status, str(refused.value)))
    assert len(answers) == 1
    assert kinds("north_editor") == ["login.tried", "login.failed"]


def test_the_eleventh_try_in_a_quarter_of_an_hour_is_not_even_looked_at(cast: Cast) -> None:
    for minute in range(10):
        with pytest.raises(LogInRefused):
            attempt("north_editor", minutes=minute)
    with pytest.raises(LogInLocked) as locked:
        attempt("north_editor", PASSWORD, minutes=10)
    assert locked.value.values == {"minutes": 5, "seconds": 300}
    assert kinds("north_editor")[-1] == "login.locked"
    # Nobody else is kept out, and the first try leaves the window at its fifteenth minute.
    assert attempt("north_reviewer", PASSWORD, minutes=10)
    assert attempt("north_editor", PASSWORD, minutes=15)


def test_a_success_begins_the_count_anew(cast: Cast) -> None:
    for minute in range(9):
        with pytest.raises(LogInRefused):
            attempt("north_editor", minutes=minute / 10)
    assert attempt("north_editor", PASSWORD, minutes=1)
    for minute in range(9):
        with pytest.raises(LogInRefused):
            attempt("north_editor", minutes=2 + minute / 10)
    assert attempt("north_editor", PASSWORD, minutes=3)


def test_a_demo_log_in_works_while_demo_mode_is_on_and_not_else(cast: Cast) -> None:
    Login.objects.filter(pk=cast.north_editor.login.pk).update(is_demo=True)
    with override_settings(DEMO=False), pytest.raises(LogInRefused):
        attempt("north_editor", PASSWORD)
    with override_settings(DEMO=True):
        assert attempt("north_editor", PASSWORD, minutes=1)
