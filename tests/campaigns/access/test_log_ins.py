"""Tries are counted before they are looked at: by account and address together, and each of them alone, more slowly.
No answer tells which names exist, and nobody is kept out by a stranger.
"""

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier

import pytest
from django.test import override_settings

from campaigns.access import lock_out
from campaigns.access.lock_out import purge_tries
from campaigns.access.log_ins import LogInLocked, LogInRefused, check_log_in
from campaigns.access.models import PasswordTerms, Try
from campaigns.access.refusals import TemporaryPasswordOver
from campaigns.access.rules import bucket_of
from campaigns.audit.models import SecurityRecord
from campaigns.tenants.models import Login
from tests.support.cast import AT, PASSWORD, Cast
from tests.support.races import together

WRONG = "not the password"
DESK, STRANGER = "10.1.2.3", "203.0.113.9"


def attempt(name: str, password: str = WRONG, minutes: float = 0, address: str = DESK) -> Login:
    return check_log_in(username=name, password=password, address=address, at=AT + timedelta(minutes=minutes))


def fail(name: str, times: int, *, address: str = DESK, minutes: float = 0) -> None:
    """So many tries that were looked at and refused, a second apart."""
    for number in range(times):
        with pytest.raises(LogInRefused):
            attempt(name, minutes=minutes + number / 60, address=address)


def is_locked(name: str, *, address: str = DESK, minutes: float = 0) -> bool:
    """Whether the right password is not even looked at."""
    try:
        attempt(name, PASSWORD, minutes, address)
    except LogInLocked:
        return True
    return False


def plant(
    count: int, *, account: str = "", address: str = "", minutes: float = 0, is_known: bool = False
) -> None:
    """Failed tries of others: many, without the cost of their passwords."""
    Try.objects.using("aside").bulk_create(
        Try(
            account=account or f"name-{number}",
            address=address or f"198.51.100.{number}",
            at=AT + timedelta(minutes=minutes),
            step=Try.Step.PASSWORD,
            is_known=is_known,
        )
        for number in range(count)
    )


def kinds(name: str) -> list[str]:
    return list(
        SecurityRecord.objects.using("aside").filter(who=name).order_by("id").values_list("kind", flat=True)
    )


def test_the_right_password_opens_the_log_in_and_is_noted(cast: Cast) -> None:
    assert attempt("north_editor", PASSWORD) == cast.north_editor.login
    assert kinds("north_editor") == ["login.succeeded"]


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
    assert kinds("north_editor") == ["login.failed"]


def test_the_eleventh_try_in_a_quarter_of_an_hour_is_not_even_looked_at(cast: Cast) -> None:
    for minute in range(10):
        fail("north_editor", 1, minutes=minute)
    with pytest.raises(LogInLocked) as locked:
        attempt("north_editor", PASSWORD, minutes=10)
    assert locked.value.values == {"minutes": 5, "seconds": 300}
    assert kinds("north_editor")[-1] == "login.locked"
    # Nobody else is kept out, and the first try leaves the window at its fifteenth minute.
    assert not is_locked("north_reviewer", minutes=10)
    assert not is_locked("north_editor", minutes=15)


def test_a_success_begins_the_count_anew(cast: Cast) -> None:
    fail("north_editor", 9)
    assert attempt("north_editor", PASSWORD, minutes=1)
    fail("north_editor", 9, minutes=2)
    assert attempt("north_editor", PASSWORD, minutes=3)


def test_a_stranger_does_not_lock_a_known_account_for_its_owner(cast: Cast) -> None:
    assert attempt("north_editor", PASSWORD)
    fail("north_editor", 10, address=STRANGER, minutes=1)
    assert is_locked("north_editor", address=STRANGER, minutes=2)
    assert not is_locked("north_editor", address=DESK, minutes=2)


def test_many_strangers_close_an_account_for_strangers_alone(cast: Cast) -> None:
    """50 a day from addresses that the account never came in from, wherever they are."""
    assert attempt("north_editor", PASSWORD)
    plant(49, account="north_editor", minutes=10)
    assert not is_locked("north_editor", address="192.0.2.1", minutes=20)
    plant(1, account="north_editor", minutes=10)
    assert is_locked("north_editor", address="192.0.2.2", minutes=20)
    assert not is_locked("north_editor", address=DESK, minutes=20)
    assert is_locked("north_editor", address="192.0.2.2", minutes=10 + 24 * 60 - 1)
    assert not is_locked("north_editor", address="192.0.2.2", minutes=10 + 24 * 60)


def test_many_names_from_one_address_close_it_for_who_never_came_in_from_there(cast: Cast) -> None:
    """100 within a quarter of an hour; the colleagues behind the same address go on working."""
    assert attempt("north_editor", PASSWORD)
    plant(100, address=DESK, minutes=5)
    assert is_locked("south_editor", address=DESK, minutes=6)
    assert not is_locked("south_editor", address=STRANGER, minutes=6)
    assert not is_locked("north_editor", address=DESK, minutes=6)


def test_what_those_mistype_who_are_known_there_does_not_close_an_address(cast: Cast) -> None:
    plant(200, address=DESK, minutes=5, is_known=True)
    assert not is_locked("south_editor", minutes=6)


def test_a_pair_is_known_for_thirty_days(cast: Cast) -> None:
    day = 24 * 60
    assert attempt("north_editor", PASSWORD)
    plant(50, account="north_editor", minutes=30 * day - 1)
    assert not is_locked("north_editor", minutes=30 * day - 1)
    plant(50, account="south_editor", minutes=30 * day)
    attempt("south_editor", PASSWORD)
    assert is_locked("south_editor", minutes=30 * day)


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("unknown", ""),
        (None, ""),
    ],
)
def test_one_network_of_ipv6_counts_as_one_address(address: str | None, bucket: str) -> None:
    assert bucket_of(address) == bucket


def test_a_demo_log_in_works_while_demo_mode_is_on_and_not_else(cast: Cast) -> None:
    Login.objects.filter(pk=cast.north_editor.login.pk).update(is_demo=True)
    with override_settings(DEMO=False), pytest.raises(LogInRefused):
        attempt("north_editor", PASSWORD)
    with override_settings(DEMO=True):
        assert attempt("north_editor", PASSWORD, minutes=1)


def test_a_temporary_password_is_good_for_its_time(cast: Cast) -> None:
    PasswordTerms.objects.filter(pk=cast.north_editor.login.pk).update(
        chosen_at=None, good_until=AT + timedelta(hours=24)
    )
    assert attempt("north_editor", PASSWORD, minutes=24 * 60 - 1)
    with pytest.raises(TemporaryPasswordOver):
        attempt("north_editor", PASSWORD, minutes=24 * 60)
    with pytest.raises(LogInRefused):
        attempt("north_editor", minutes=24 * 60)


def test_what_counts_no_more_is_swept(cast: Cast) -> None:
    attempt("north_editor", PASSWORD)
    fail("north_reviewer", 2)
    assert purge_tries(at=AT + timedelta(hours=23)) == 0
    assert purge_tries(at=AT + timedelta(hours=25)) == 2
    assert purge_tries(at=AT + timedelta(days=31)) == 1
    assert not Try.objects.using("aside").exists()


# --- at once --------------------------------------------------------------------------------------------------


def tries_at_once(count: int) -> Iterator[bool]:
    """Who was looked at, of `count` wrong tries in the same moment."""
    results = together([lambda: attempt("north_editor")] * count)
    assert {type(each) for each in results} <= {LogInRefused, LogInLocked}
    return (isinstance(each, LogInRefused) for each in results)


def test_of_sixteen_tries_at_once_ten_are_looked_at(committed_cast: Cast) -> None:
    assert sum(tries_at_once(16)) == 10


def test_control_counting_without_waiting_lets_all_sixteen_through(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the locks every rival counts before any other has written."""
    counted = Barrier(16, timeout=30)
    count = lock_out._closed_until

    def count_together(*args: object, **more: object) -> object:
        until = count(*args, **more)  # type: ignore[arg-type]
        counted.wait()
        return until

    monkeypatch.setattr(lock_out, "_one_at_a_time", lambda *names: None)
    monkeypatch.setattr(lock_out, "_closed_until", count_together)
    assert sum(tries_at_once(16)) == 16
