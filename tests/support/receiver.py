"""A system outside for tests: takes signed calls over HTTP, keeps one effect for each key, and fails on request."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from campaigns.lib.hooks import KEY, NONCE, SIGNATURE, TIMESTAMP, signature_of
from campaigns.lib.outward import close_clients

SECRET = "hook-secret"


class Receiver(ThreadingHTTPServer):
    """`calls`: (key, body) as they came, twins too. `effects`: what each key did, once.

    `misbehaves(key, nth)` says what to do with the n-th call of a key: "" well, "deaf" does it and hangs up, "http:503"
    answers so without doing it, "slow:0.5" does it late; a number in "wait:7" is sent as Retry-After with 429.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.effects: dict[str, dict[str, Any]] = {}
        self.misbehaves: Callable[[str, int], str] = lambda key, nth: ""
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/told"

    @property
    def hook(self) -> dict[str, str]:
        """An account of settings.HOOKS."""
        return {"url": self.url, "secret": SECRET}


class _Calls(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers[KEY]
        signed = signature_of(
            secret=SECRET, timestamp=self.headers[TIMESTAMP], nonce=self.headers[NONCE], body=body
        )
        if signed != self.headers[SIGNATURE]:
            self._answer(401)
            return
        with self.server.lock:
            self.server.seen[key] += 1
            fault, _colon, rest = self.server.misbehaves(key, self.server.seen[key]).partition(":")
        if fault == "slow":
            time.sleep(float(rest))
        if fault in ("http", "wait"):
            self._answer(429 if fault == "wait" else int(rest), rest if fault == "wait" else "")
            return
        told = orjson.loads(body)
        with self.server.lock:
            self.server.calls.append((key, told))
            self.server.effects.setdefault(key, told)
        if fault == "deaf":
            self.close_connection = True
            return
        self._answer(200)

    def _answer(self, status: int, retry_after: str = "") -> None:
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", "2")
        self.end_headers()
        try:
            self.wfile.write(b"{}")
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return None


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A running one; `settings.HOOKS = {"core": server.hook}`."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            close_clients()
            server.shutdown()
            thread.join(timeout=5)
