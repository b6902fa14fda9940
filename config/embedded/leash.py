"""Runs one server as its only child, and ends with it; nothing that server started is left behind.

A program of its own (`python -I -S leash.py ...`), because it must outlive a `kill -9` of whoever started it:

* our starter dies in whatever way: the kernel signals us, and we end the server;
* the server dies but leaves children: they become ours, and we end them;
* we are killed: the kernel signals the server, and the supervisor adopts and ends the rest.

Exits with the server's own code, or 128 + the signal it died of. Imports nothing of the project.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_WAITED_FOR = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def processes() -> dict[int, tuple[int, str]]:
    """Parent and state (a letter, as the kernel has it) of every process this user may see."""
    found: dict[int, tuple[int, str]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    # The name is in brackets and may hold spaces and brackets itself.
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            found[int(entry)] = int(parent), state.decode()
    return found


def children() -> dict[int, list[int]]:
    """Every process this user may see, by its parent; none that has ended."""
    found: dict[int, list[int]] = {}
    for pid, (parent, state) in processes().items():
        if state != "Z":
            found.setdefault(parent, []).append(pid)
    return found


def descendants(root: int) -> list[int]:
    """Processes below `root`, nearest first."""
    tree = children()
    found: list[int] = []
    level = [root]
    while level:
        level = [child for parent in level for child in tree.get(parent, [])]
        found += level
    return found


def kill_all(pids: list[int], number: int = signal.SIGKILL) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap() -> dict[int, int]:
    """Exit codes of the children that have ended, by pid."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = 128 - code if code < 0 else code


def _become_server(asked: argparse.Namespace, leash: int) -> None:
    """In the child: drop rights, tie its life to the leash's, and become the server. Never returns."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED_FOR)
        # Python ignores SIGPIPE, and a shell's background job SIGINT; an exec would hand both on.
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(asked.cwd)
        if asked.uid is not None:
            os.setgroups([])
            os.setgid(asked.gid)
            os.setuid(asked.uid)
        # After setuid, which clears it.
        prctl(PR_SET_PDEATHSIG, asked.orphaned)
        if os.getppid() != leash:
            os._exit(0)
        os.execvp(asked.command[0], asked.command)
    except OSError as refused:
        os.write(2, f"{asked.command[0]}: {refused}\n".encode())
    finally:
        os._exit(127)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--stop", type=int, required=True, help="signal that asks the server to end")
    parser.add_argument("--grace", type=float, required=True, help="seconds it gets before --then")
    parser.add_argument("--then", type=int, default=signal.SIGKILL)
    parser.add_argument("--orphaned", type=int, default=signal.SIGKILL)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--cwd", default="/")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()

    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != asked.parent:
        return 0
    leash = os.getpid()
    server = os.fork()
    if server == 0:
        _become_server(asked, leash)

    code: int | None = None
    steps: list[tuple[float, int]] = []  # (when, signal) still to be sent
    while code is None:
        wait = max(0.0, steps[0][0] - time.monotonic()) if steps else 3600.0
        got = signal.sigtimedwait(_WAITED_FOR, wait)
        if got is not None and got.si_signo != signal.SIGCHLD and not steps:
            now = time.monotonic()
            steps = [
                (now, asked.stop),
                (now + asked.grace, asked.then),
                (now + asked.grace + 0.5, signal.SIGKILL),
            ]
        while steps and steps[0][0] <= time.monotonic():
            kill_all([server], steps.pop(0)[1])
            if not steps:
                steps = [(time.monotonic() + 0.2, signal.SIGKILL)]
        code = _reap().get(server)
    # What the server left behind is ours now; it gets a moment to notice by itself (PostgreSQL's backends do).
    patience = time.monotonic() + 0.2
    while left := descendants(leash):
        if time.monotonic() > patience:
            kill_all(left)
        time.sleep(0.02)
        _reap()
    _reap()
    return code


if __name__ == "__main__":
    sys.exit(main())
