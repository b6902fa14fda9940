"""Where an instance keeps its files, and as whom its servers run. Cheap: a few stat calls, no process."""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from config.embedded.words import StartRefused

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# sockaddr_un holds 107 bytes and a NUL; PostgreSQL adds "/.s.PGSQL.5432.lock" to the folder for its lock file.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Account:
    """The unprivileged user that servers run as when we are root, because PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    name: str


def var_dir() -> Path:
    """FENHANG_VAR, or var/ beside manage.py."""
    return Path(os.environ.get("FENHANG_VAR") or BASE_DIR / "var").absolute()


def instance_dir(name: str = "main") -> Path:
    """The instance's own folder: secrets, lock, logs, media; and the servers' files unless `services_dir` differs."""
    return var_dir() / name


def services_dir(name: str = "main") -> Path:
    """Where the servers keep their files: the instance's folder, when the account they run as can get there.

    As root with the project below a private folder (such as root's home) it cannot, and opening that folder up for
    the world is not ours to do; then it is a folder of the system, named after the instance's.
    """
    folder = instance_dir(name)
    if os.geteuid() != 0 or _open_to_others(folder.parent):
        return folder
    return Path("/var/lib/fenhang") / _digest(folder) / name


def socket_dir(name: str = "main") -> Path:
    """Where the servers listen; a short folder in /tmp when the path would be too long for a socket."""
    folder = services_dir(name) / "run"
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return folder
    # Not tempfile.gettempdir(): processes of one instance may see different TMPDIRs, and must agree on this.
    return Path("/tmp") / f"fenhang-{_digest(folder)}"


def shared_dir(name: str = "main") -> Path:
    """Beside the servers' folders: copies of binaries, for every instance that runs below this `var`."""
    return services_dir(name).parent / "bin"


def postgres_dir(name: str = "main") -> Path:
    """PostgreSQL's data folder."""
    return services_dir(name) / "postgres"


def account(name: str = "main") -> Account | None:
    """As whom the servers run: None means as ourselves. As root: the owner of existing files, else `nobody`."""
    if os.geteuid() != 0:
        return None
    try:
        owner = postgres_dir(name).stat()
    except OSError:
        owner = None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, _user_name(owner.st_uid))
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534, "65534")
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def make_folders(name: str = "main") -> None:
    """Make the instance's folders with the narrowest rights that work. Raises StartRefused in words."""
    who = account(name)
    try:
        var_dir().mkdir(parents=True, exist_ok=True)
        # 0711: the account may pass through to its own folders, and read nothing of ours.
        mode = 0o711 if who else 0o700
        for folder in (instance_dir(name), services_dir(name)):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(mode)
        _make_socket_dir(socket_dir(name), who)
    except PermissionError as refused:
        path = str(refused.filename or instance_dir(name))
        raise StartRefused("folder_unwritable", path=path, reason=refused.strerror) from refused


def _make_socket_dir(folder: Path, who: Account | None) -> None:
    owner = who.uid if who else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if who:
            os.chown(folder, who.uid, who.gid)
    except FileExistsError:
        # In /tmp somebody else may have made it first, to listen in our place.
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            raise StartRefused("folder_of_another", path=folder) from None
        if who and found.st_uid != owner:
            os.chown(folder, who.uid, who.gid)
        folder.chmod(0o700)


def _open_to_others(folder: Path) -> bool:
    """May any user pass through `folder` (or, where it does not exist yet, through its nearest ancestor)?"""
    folder = folder.resolve()
    for step in (folder, *folder.parents):
        try:
            mode = step.stat().st_mode
        except OSError:
            continue
        if not mode & stat.S_IXOTH:
            return False
    return True


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
