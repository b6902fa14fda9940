"""Parts are killed, stopped, flushed and cut off while the bank works."""

import time

import pytest

from tests.chaos.rig import bank_under_fire, drawn

pytestmark = pytest.mark.real_clock

ORDINARY = [
    "SIGKILL worker",
    "pg_ctl stop -m immediate",
    "replies lost after COMMIT",
    "SIGKILL web",
    "SIGKILL valkey",
]
KILLS, MINUTES = 250, 10


def test_five_kills_lose_double_and_invent_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with bank_under_fire() as rig:
        for fault in ORDINARY:
            assert rig.faults.strike(fault).back_after is not None, (fault, rig.said())
        account = rig.account(within=120)
        with capsys.disabled():
            print("\n" + drawn(rig, account))
        assert account.promised > 20
        assert account.is_clean, (account.missing[:5], account.phantom[:5], account.doubled[:5])


@pytest.mark.chaos
def test_250_kills_in_ten_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    with bank_under_fire(seed=int(time.time()), customers=3) as rig:
        began = time.monotonic()
        for number, hit in enumerate(rig.faults.storm(seconds=MINUTES * 60, at_least=KILLS), 1):
            with capsys.disabled():
                print(f"{time.monotonic() - began:5.0f} s  {number:>3}  {hit}", flush=True)
        account = rig.account(within=120)
        with capsys.disabled():
            print("\n" + drawn(rig, account))
        assert account.is_clean, (account.missing[:5], account.phantom[:5], account.doubled[:5])
        assert account.careless_lost > 0, "the control lost nothing: these kills would not find a loss"
        slow = [hit for hit in rig.faults.struck if hit.back_after is None or hit.back_after > 10]
        assert not slow, slow
