"""Somebody outside who is sent messages: keeps each effect key once, and counts how often it came.

A message is on its way for a while, and so is the answer, as to any service outside the bank: who is killed meanwhile
does not know what became of it. Without that the controls have next to no time in which to lose anything.
"""

import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ON_THE_WAY = 0.03  # seconds, each way


class Receiver(ThreadingHTTPServer):
    """`with Receiver() as there: there.url, there.came` (effect key -> how often it was sent)."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.came: Counter[str] = Counter()
        self.last = 0.0  # when a message of the outbox came last; seconds since 1970
        self.lock = threading.Lock()

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers["Idempotency-Key"]
        time.sleep(ON_THE_WAY)
        with self.server.lock:
            self.server.came[key] += 1
            if key.endswith("reful"):
                self.server.last = time.time()
        time.sleep(ON_THE_WAY)
        with suppress(ConnectionError):  # who asked was killed
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Nothing."""
