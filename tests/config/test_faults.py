"""Each part killed, stopped and ended in each way, while all others run: how long until everybody works again.

`uv run pytest -m chaos tests/config/test_faults.py -n 0 -s` prints a line for each kind of fault.
"""

import signal
from collections.abc import Iterator

import pytest

from tests.support.processes import end_all, public_folder, wait_until
from tests.support.running import PARTS, Bank, hurt, is_stopped

pytestmark = [pytest.mark.chaos, pytest.mark.real_clock]

# On a machine that does nothing else the slowest takes less than ten seconds; this one may be busy.
PATIENCE = 60.0


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    with public_folder() as var:
        bank = Bank(var)
        try:
            bank.begin(patience=300)
            assert wait_until(lambda: bank.main_of("heavy"), within=30)
            yield bank
        finally:
            bank.end()
            end_all(var)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("which", ["itself", "a child"])
def test_a_part_that_is_hurt_is_back_and_everybody_works(
    bank: Bank, part: str, which: str, number: int
) -> None:
    pid = bank.main_of(part) if which == "itself" else bank.child_of(part)
    if not pid:
        pytest.skip(f"{part} has no children")
    at = hurt(pid, number)
    if number == signal.SIGSTOP:
        assert wait_until(lambda: not is_stopped(pid), within=PATIENCE)
    took = bank.back_within(PATIENCE, at)
    assert took is not None, (bank.works(at), bank.said)
    print(f"\n{part:>9} {which:<8} {signal.Signals(number).name}: everybody works after {took:.1f} s")
    assert bank.up is not None and bank.up.poll() is None


def test_after_an_immediate_stop_of_the_database_everybody_works(bank: Bank) -> None:
    """What `pg_ctl stop -m immediate` sends."""
    at = hurt(bank.main_of("postgres"), signal.SIGQUIT)
    took = bank.back_within(PATIENCE, at)
    assert took is not None, (bank.works(at), bank.said)
    print(f"\n postgres stopped at once: everybody works after {took:.1f} s")
