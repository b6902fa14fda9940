"""A real Chromium before a real server on committed rows. Skipped, with the reason, where no Chromium is found;
`.ci/run` sets FENHANG_REQUIRE_BROWSER=1, and then its absence is a failure.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client

from tests.support.cast import Player


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return None


@pytest.fixture
def address(committed: None) -> Iterator[str]:
    """Where the whole application is served from a thread, static files included."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Watched:
    """A page that remembers what went wrong on it: console errors, failed requests, requests that left the machine."""

    page: Any
    address: str
    wrongs: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrongs.append(f"{self._where()}: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        # Two frames: what scripts do on load has been done, or has asked for something that is watched too.
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def enter_as(self, player: Player) -> None:
        """Come in by session, as after a log-in."""
        client = Client()
        client.force_login(player.login)
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": self.address,
                }
            ]
        )

    def _where(self) -> str:
        return urlsplit(self.page.url).path

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.wrongs.append(f"{self._where()}: console: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrongs.append(f"{self._where()}: asked {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.wrongs.append(f"{self._where()}: {response.status} for {response.url}")


@pytest.fixture
def browser_page(chromium: Any, address: str) -> Iterator[Watched]:
    """A fresh page, 1280 wide, before the running application."""
    context = chromium.new_context(viewport={"width": 1280, "height": 820}, locale="zh-CN")
    context.set_default_timeout(30_000)
    watched = Watched(context.new_page(), address)
    watched.watch()
    yield watched
    context.close()
