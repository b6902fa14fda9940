"""How WeChat's and WeCom's servers take messages: tokens that end, messages that arrive, and faults on request.

A fault is for the next so many messages: "slow:3" answers late, "http:502" with a status, "errcode:45009" with an
error, "deaf" does what was asked and hangs up without an answer. `POST /faults {"fault": "deaf", "times": 2}` sets one
from outside; `end_tokens` makes every token given so far answer 42001.
"""

import secrets
import threading
from typing import Any

import orjson

STABLE_TOKEN, WECOM_TOKEN = "/cgi-bin/stable_token", "/cgi-bin/gettoken"
SUBSCRIBE, WECOM_SEND = "/cgi-bin/message/subscribe/send", "/cgi-bin/message/send"
FAULTS = "/faults"
ERRORS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40125: "invalid appsecret",
    42001: "access_token expired",
    43101: "user refuse to accept the msg",
    40014: "invalid access_token",
    45009: "reach max api daily quota limit",
    45033: "api concurrent out of limit",
    40058: "invalid request parameter",
    48002: "api forbidden for no authority",
    60020: "not allow to access from your ip",
    84061: "not external contact",
    81013: "user & party & tag all invalid",
}
# As documented, for both.
_SECONDS = 7200


class Desk:
    """The part of the server that knows tokens and messages. `asked_for_tokens` and `taken` are for tests."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.asked_for_tokens = 0
        self._good: dict[str, str] = {}
        self._ended: set[str] = set()
        self._faults: list[str] = []
        self._lock = threading.Lock()

    def fail(self, fault: str, times: int = 1) -> None:
        """Let the next so many messages meet with `fault`."""
        with self._lock:
            self._faults += [fault] * times

    def next_fault(self, path: str = "") -> str:
        """The fault that the call now asking meets with, "" for none. "path:/get:http:502" is kept for calls whose
        path ends so.
        """
        with self._lock:
            for number, fault in enumerate(self._faults):
                if not fault.startswith("path:"):
                    return self._faults.pop(number)
                _path, end, rest = fault.split(":", 2)
                if path.endswith(end):
                    self._faults.pop(number)
                    return rest
            return ""

    def end_tokens(self) -> None:
        """Every token given so far is over."""
        with self._lock:
            self._ended |= set(self._good.values())
            self._good.clear()

    def token(self, app: str, *, renew: bool = False) -> dict[str, Any]:
        """The app's present token: the same one until it ends, or somebody insists on another."""
        with self._lock:
            self.asked_for_tokens += 1
            if renew and app in self._good:
                self._ended.add(self._good.pop(app))
            text = self._good.setdefault(app, secrets.token_urlsafe(24))
            return {"errcode": 0, "errmsg": "ok", "access_token": text, "expires_in": _SECONDS}

    def judged(self, token: str) -> dict[str, Any] | None:
        """What a token that is not good is answered with."""
        with self._lock:
            if token in self._ended:
                return error(42001)
            return None if token in self._good.values() else error(40001)

    def take(self, path: str, token: str, body: bytes) -> dict[str, Any]:
        """One message, if the token is good and it says to whom."""
        message = orjson.loads(body)
        if no := self.judged(token):
            return no
        with self._lock:
            if not message.get("touser"):
                return error(81013 if path == WECOM_SEND else 40003)
            self.taken.append((path, message))
            return {"errcode": 0, "errmsg": "ok", "msgid": str(len(self.taken))}


def error(errcode: int) -> dict[str, Any]:
    """An answer that says no, as both servers word it."""
    return {
        "errcode": errcode,
        "errmsg": f"{ERRORS.get(errcode, 'unknown error')}, rid: 00000000-00000000-00000000",
    }
