"""Calling the API as somebody: `as_staff(cast.nb_clerk).post("/api/v1/staff/redemptions", {...}, key="k-0000001")`."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from django.test import Client

from campaigns.lib.http import tokens
from tests.support.cast import Player


@dataclass
class Caller:
    """A client with an access token; answers are Django's test responses."""

    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def _headers(self, key: str, more: dict[str, str]) -> dict[str, str]:
        headers = dict(more)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def get(self, path: str, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=self._headers("", named))

    def post(self, path: str, body: Any = None, *, key: str = "", language: str = "") -> Any:
        """`body` is made JSON, unless it is bytes already."""
        raw = body if isinstance(body, bytes) else orjson.dumps({} if body is None else body)
        more = {"Accept-Language": language} if language else {}
        return self.client.post(path, raw, content_type="application/json", headers=self._headers(key, more))


def staff_token(player: Player, seconds: int = 900) -> str:
    """A good access token of this member of staff, as staff/auth/token gives it."""
    return tokens.issue(
        kind="staff", subject=str(player.login.pk), seconds=seconds, assignment=str(player.assignment.pk)
    )


def as_staff(player: Player) -> Caller:
    return Caller(staff_token(player))
