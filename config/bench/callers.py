"""Many phones at once, at little cost: what is measured is the site. One thread, kept connections, whole requests."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial


class _Phone(asyncio.Protocol):
    """Sends the next of `requests` as soon as the last was answered."""

    def __init__(self, requests: Iterator[bytes], told: "Told", ended: asyncio.Event) -> None:
        self.requests, self.told, self.ended = requests, told, ended
        self.transport: asyncio.Transport | None = None
        self.answer = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self.told.times.append(time.perf_counter() - self.began)
        status = int(head[9:12])
        self.told.statuses[status] = self.told.statuses.get(status, 0) + 1
        if status >= 400:
            self.told.last_no = body
        self.answer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()

    def _next(self) -> None:
        assert self.transport is not None
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(request)


class Told:
    """What came back: seconds of each request, and how often each status."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.statuses: dict[int, int] = {}
        self.last_no = b""


def call(port: int, requests: Sequence[Sequence[bytes]]) -> tuple[float, Told]:
    """Every list of whole requests by a phone of its own, all at once: seconds by the clock, and what came back."""
    # In a thread of its own: whoever calls may stand in a loop already.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(_call(port, requests))).result()


async def _call(port: int, requests: Sequence[Sequence[bytes]]) -> tuple[float, Told]:
    told = Told()
    loop = asyncio.get_running_loop()
    ended = [asyncio.Event() for _list in requests]
    began = time.perf_counter()
    for mine, end in zip(requests, ended, strict=True):
        await loop.create_connection(partial(_Phone, iter(mine), told, end), "127.0.0.1", port)
    for end in ended:
        await end.wait()
    return time.perf_counter() - began, told


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0
