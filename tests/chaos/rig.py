"""The bank under fire: started, fed, struck, drained and accounted for."""

import json
import signal
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from tests.chaos.customers import Claims
from tests.chaos.faults import Faults, Works, answers, database_answers, valkey_answers
from tests.chaos.ledger import Account, is_drained, last_effect, settle_up
from tests.chaos.proxy import LossyRelay
from tests.chaos.receiver import Receiver
from tests.support.processes import end_all, public_folder, python, run, start, wait_until

PATIENCE = 400  # seconds for the start; other tests run beside it


@dataclass
class Rig:
    """A bank that serves, with everything that feeds and strikes it."""

    var: Path
    port: int
    faults: Faults
    receiver: Receiver
    owner_url: str
    bank: subprocess.Popen[bytes]
    feed: subprocess.Popen[bytes]
    claims: Claims

    def account(self, *, within: float) -> Account:
        """Feed no more, let everything end, and compare."""
        self.feed.send_signal(signal.SIGTERM)
        self.feed.wait(10)
        self.claims.stop()
        wait_until(lambda: is_drained(self.owner_url), within=within)
        return settle_up(owner=self.owner_url, promised=self.var / "promised", receiver=self.receiver,
                         claims=self.claims)  # fmt: skip

    def said(self) -> str:
        return (self.var / "out").read_text(errors="replace")


@contextmanager
def bank_under_fire(*, seed: int = 1, customers: int = 2) -> Iterator[Rig]:
    """Everything started and working; ended with nothing left behind."""
    with ExitStack() as stack:
        var = stack.enter_context(public_folder())
        stack.callback(end_all, var)
        receiver = stack.enter_context(Receiver())
        relay = stack.enter_context(LossyRelay(var / "relay", var / "main" / "run", seed=seed))
        port = _free_port()
        more = {
            "CHAOS_RECEIVER": receiver.url,
            "CHAOS_RELAY": str(relay.folder),
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        }
        bank = start(var, *python("-m", "tests.chaos.bank", str(port)), output=var / "out", **more)
        stack.callback(bank.wait)
        stack.callback(bank.kill)
        is_up = wait_until(
            lambda: "Ctrl-C" in (var / "out").read_text() or bank.poll() is not None, within=PATIENCE
        )
        if not is_up or bank.poll() is not None:
            raise AssertionError((var / "out").read_text())
        keys = json.loads((var / "main" / "secrets.json").read_text())
        folder = relay.server
        there = urlencode({"host": str(folder)})
        owner = f"postgresql://fenhang_owner:{keys['owner_password']}@/fenhang?{there}"
        valkey = f"unix://:{keys['valkey_password']}@{quote(str(folder / 'valkey.sock'))}"
        ready = run(var, *python("-m", "tests.chaos.prepare"), **more)
        if ready.returncode:
            raise AssertionError(ready.stderr)
        feed = start(
            var, *python("-m", "tests.chaos.feed", str(var / "promised")), output=var / "fed", **more
        )
        stack.callback(feed.wait)
        stack.callback(feed.kill)
        base = f"http://127.0.0.1:{port}"
        claims = Claims(base, ready.stdout.split()[-1])
        claims.start(customers)
        stack.callback(claims.stop)
        works = _works(base, owner, valkey, var / "main" / "signs", receiver)
        faults = Faults(var, relay, valkey, works, seed)
        rig = Rig(var, port, faults, receiver, owner, bank, feed, claims)
        if not wait_until(lambda: receiver.came and claims.told, within=60):
            raise AssertionError(rig.said() + (var / "fed").read_text())
        yield rig


def _works(base: str, owner: str, valkey: str, signs: Path, receiver: Receiver) -> dict[str, Works]:
    """How each part shows that it does its work since a moment. What beat ticks, worker carries out and outbox sends;
    heavy has nothing to do here and only says that it takes orders.
    """

    def gave_sign(part: str, since: float) -> bool:
        try:
            return (signs / part).stat().st_mtime > since
        except OSError:
            return False

    return {
        "web": lambda _since: answers(f"{base}/healthz"),
        "worker": lambda since: last_effect(owner) > since,
        "heavy": lambda since: gave_sign("heavy", since),
        "outbox": lambda since: receiver.last > since,
        "beat": lambda since: gave_sign("beat", since) and last_effect(owner) > since,
        "valkey": lambda _since: valkey_answers(valkey),
        "postgres": lambda _since: database_answers(owner),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drawn(rig: Rig, account: Account) -> str:
    """The run in a table, for whoever reads the log."""
    away = defaultdict(list)
    for hit in rig.faults.struck:
        away[hit.fault].append(hit)
    lines = [f"{'fault':<34}{'times':>6}{'median s':>10}{'longest s':>11}{'alone s':>9}"]
    for fault, hits in sorted(away.items()):
        known = sorted(hit.back_after for hit in hits if hit.back_after is not None)
        alone = max((hit.alone for hit in hits if hit.alone is not None), default=0.0)
        never = f"  never: {len(hits) - len(known)}" if len(known) < len(hits) else ""
        middle, longest = (f"{known[len(known) // 2]:.1f}", f"{known[-1]:.1f}") if known else ("–", "–")
        lines.append(f"{fault:<34}{len(hits):>6}{middle:>10}{longest:>11}{alone:>9.1f}{never}")
    late = account.lateness
    if late:
        lines.append(f"lateness of {len(late)} effects: p50 {late[len(late) // 2]:.2f} s,"
                     f" p99 {late[int(len(late) * 0.99)]:.2f} s, longest {late[-1]:.2f} s")  # fmt: skip
    lines.append(
        f"promised {account.promised}: missing {len(account.missing)}, phantom {len(account.phantom)},"
        f" doubled {len(account.doubled)}; messages that came twice under one key {account.sent_again};"
        f" replies lost after COMMIT {rig.faults.relay.lost}; requests asked again {rig.claims.faults}"
    )
    lines.append(f"controls: sending after the commit lost {account.careless_lost},"
                 f" sending before it told {account.eager_told_again} twice")  # fmt: skip
    return "\n".join(lines)
