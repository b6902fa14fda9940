"""A small server that answers as WeChat and WeCom do, for the demo bank and for tests: log-ins by
`/sns/jscode2session`, tokens and messages as config/standins/messages.py has them, and WeCom's group chats as
config/standins/wecom.py does.

demo-<unionid>          logs that person in, as often as wanted (a real code works once)
demo-openid:<openid>    a person whose app is not bound to an open platform: no unionid
once-<unionid>          works once, then answers 40163
error-<errcode>         answers that error
slow-<seconds>          answers late;  garbled / broken / endless answer what is no JSON object, HTTP 500, and
                        one long line
anything else           40029
"""

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from config.standins.messages import FAULTS, STABLE_TOKEN, SUBSCRIBE, WECOM_SEND, WECOM_TOKEN, Desk, error
from config.standins.wecom import QR, ROOT, Contacts

PATH = "/sns/jscode2session"

# errcode -> errmsg, as the official page of code2Session words them.
ERRORS = {
    -1: "system error",
    40013: "invalid appid",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
}


def openid_of(*, app: str, unionid: str) -> str:
    """The openid a person has in one app: 28 characters that begin with "o", the same every time."""
    digest = hashlib.sha256(f"{app}\x00{unionid}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


def _error(errcode: int) -> dict[str, Any]:
    return {
        "errcode": errcode,
        "errmsg": f"{ERRORS.get(errcode, 'unknown error')}, rid: 00000000-00000000-00000000",
    }


class WeChatStandIn(ThreadingHTTPServer):
    """`with WeChatStandIn(("127.0.0.1", 0)) as server: ...`; with `app` and `secret` it refuses any other."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, app: str = "", secret: str = "") -> None:
        super().__init__(address, _Answers)
        self.app, self.secret = app, secret
        self.asked: list[str] = []  # the codes, in order
        self.desk = Desk()
        self.contacts = Contacts()
        self.contacts.url = self.url
        self._used: set[str] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        """The JSON object for one exchange."""
        app, code = query.get("appid", ""), query.get("js_code", "")
        if self.app and app != self.app:
            return _error(40013)
        if self.secret and query.get("secret", "") != self.secret:
            return _error(40125)
        kind, _dash, rest = code.partition("-")
        with self._lock:
            self.asked.append(code)
            is_used = code in self._used
            self._used.add(code)
        if kind == "error" and rest.lstrip("-").isdigit():
            return _error(int(rest))
        if kind == "once" and is_used:
            return _error(40163)
        if kind == "slow":
            time.sleep(float(rest))
            return self._person(app, f"slow-{rest}")
        if kind not in ("demo", "once") or not rest:
            return _error(40029)
        if rest.startswith("openid:"):
            return {"session_key": _session_key(rest), "openid": rest.removeprefix("openid:")}
        return self._person(app, rest)

    @staticmethod
    def _person(app: str, unionid: str) -> dict[str, Any]:
        return {
            "session_key": _session_key(unionid),
            "expires_in": 7200,
            "openid": openid_of(app=app, unionid=unionid),
            "unionid": unionid,
        }


def _session_key(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()


class _Answers(BaseHTTPRequestHandler):
    server: WeChatStandIn
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/healthz":
            self._send(200, b"ok")
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith(ROOT + "/"):
            self._ask(parts.path, query.pop("access_token", ""), query)
            return
        if parts.path.startswith(QR):
            picture = self.server.contacts.picture(parts.path.removeprefix(QR))
            self._send(200 if picture else 404, picture or b"not found")
            return
        if parts.path not in (PATH, WECOM_TOKEN):
            self._send(404, b"not found")
            return
        if parts.path == WECOM_TOKEN:
            self._send(200, orjson.dumps(self._token(query.get("corpid", ""), query.get("corpsecret", ""))))
            return
        match query.get("js_code"):
            case "garbled":
                self._send(200, b"<html>captive portal</html>")
            case "broken":
                self._send(500, b"{}")
            case "endless":
                self._send(200, b'{"openid": "' + b"x" * 1_000_000 + b'"}')
            case _:
                self._send(200, orjson.dumps(self.server.answer(query)))

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == STABLE_TOKEN:
            asked = orjson.loads(body)
            answer = self._token(asked["appid"], asked["secret"], renew=asked.get("force_refresh", False))
            self._send(200, orjson.dumps(answer))
        elif parts.path in (SUBSCRIBE, WECOM_SEND):
            self._take(parts.path, query.get("access_token", ""), body)
        elif parts.path.startswith(ROOT + "/"):
            self._ask(parts.path, query.get("access_token", ""), orjson.loads(body or b"{}"))
        elif parts.path == FAULTS:
            asked = orjson.loads(body)
            self.server.desk.fail(str(asked["fault"]), int(asked.get("times", 1)))
            self._send(200, b"ok")
        else:
            self._send(404, b"not found")

    def _token(self, app: str, secret: str, *, renew: bool = False) -> dict[str, Any]:
        if self.server.app and app != self.server.app:
            return error(40013)
        if self.server.secret and secret != self.server.secret:
            return error(40125)
        return self.server.desk.token(app, renew=renew)

    def _take(self, path: str, token: str, body: bytes) -> None:
        self._answered(self.server.desk.next_fault(), lambda: self.server.desk.take(path, token, body))

    def _ask(self, path: str, token: str, asked: dict[str, Any]) -> None:
        desk = self.server.desk

        def answer() -> dict[str, Any]:
            return desk.judged(token) or self.server.contacts.answer(path, asked)

        self._answered(desk.next_fault(path), answer)

    def _answered(self, fault: str, answer: Callable[[], dict[str, Any]]) -> None:
        kind, _colon, rest = fault.partition(":")
        if kind == "slow":
            time.sleep(float(rest))
        if kind == "http":
            self._send(int(rest), b"<html>bad gateway</html>")
            return
        if kind == "garbage":
            self._send(200, b"<html>captive portal</html>")
            return
        told = error(int(rest)) if kind == "errcode" else answer()
        if kind == "deaf":
            self.close_connection = True
            return
        self._send(200, orjson.dumps(told))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")  # as WeChat does
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return None
