"""WeChat beside the tests, and a client that speaks JSON."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from config.standins.wechat import WeChatStandIn
from tests.support.wechat import wechat_server


@pytest.fixture
def wechat(settings: Any) -> Iterator[WeChatStandIn]:
    """WeChat's server, and an installation that knows its app and secret."""
    with wechat_server() as server:
        settings.WECHAT_BASE_URL = server.url
        settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET = server.app, server.secret
        yield server


class Phone:
    """What the mini-program does."""

    def __init__(self) -> None:
        self.client = Client()

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    def log_in(self, code: str, branch_code: str = "") -> Any:
        body = {"code": code} | ({"branch_code": branch_code} if branch_code else {})
        return self.post("auth/wechat", body)

    def me(self, access: str) -> Any:
        return self.client.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})


@pytest.fixture
def phone() -> Phone:
    return Phone()
