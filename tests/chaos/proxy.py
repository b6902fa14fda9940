"""A relay before the database's socket that now and then loses the reply after a COMMIT.

The server has committed and the client cannot know: it has to ask again, and asking again must do no harm.
"""

import contextlib
import random
import selectors
import socket
import threading
from pathlib import Path


class LossyRelay:
    """Listens on `folder`/.s.PGSQL.5432 and leads on to the same socket in `server`; `loses` is a share of commits."""

    def __init__(self, folder: Path, server: Path, *, seed: int) -> None:
        self.folder, self.server = folder, server
        self.loses = 0.0
        self.lost = 0
        self._luck = random.Random(seed)
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> "LossyRelay":
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        path = self.folder / ".s.PGSQL.5432"
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        path.chmod(0o777)
        self._listener.listen(256)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(str(self.server / ".s.PGSQL.5432"))
            watch = selectors.DefaultSelector()
            watch.register(client, selectors.EVENT_READ)
            watch.register(server, selectors.EVENT_READ)
            is_losing = False
            while True:
                for key, _events in watch.select():
                    block = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not block:
                        return
                    if key.fileobj is client:
                        is_losing = self._draws(block)
                        server.sendall(block)
                    elif is_losing:
                        self.lost += 1
                        return  # the server has answered: it is done, and nobody hears of it
                    else:
                        client.sendall(block)

    def _draws(self, block: bytes) -> bool:
        return b"COMMIT\x00" in block and self._luck.random() < self.loses
