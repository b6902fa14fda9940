"""What WeChat's and WeCom's servers take from us: access tokens and messages. Thin, and outside any transaction.

Both answer HTTP 200 with an `errcode`. Neither takes an effect key: WeCom drops a like message to the like people on
request, WeChat does not, so that a subscribe message whose answer was lost may arrive twice.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from campaigns.lib.outward import Limits, Silent, call

# The token that was sent is unknown, wrong or over.
STALE_TOKEN = {40001, 40014, 42001}
# errcode -> seconds to leave the account alone: quota of the minute or day, too many at once.
TO_WAIT = {45009: 60.0, 45011: 60.0, 45033: 2.0}
BUSY = {-1}

_TOKEN_LIMITS = Limits(connect=2.0, read=5.0, whole=5.0)
_SAME_MESSAGE_SECONDS = 14_400  # of WeCom: the longest it takes


class Told(NamedTuple):
    """0 is well done."""

    errcode: int
    errmsg: str
    answer: Mapping[str, Any]


class NoToken(Exception):
    """The server gives us no token: app or secret are wrong, or this address may not ask."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode


class Token(NamedTuple):
    text: str
    lasts: timedelta


def fetch_wechat_token(*, base_url: str, app: str, secret: str, is_stale: bool) -> Token:
    """The app's token. The stable one: asking for it ends no token that another system of the bank is using, but for
    `is_stale`, which asks for a new one. Raises Silent, NoToken.
    """
    asked = {"grant_type": "client_credential", "appid": app, "secret": secret, "force_refresh": is_stale}
    answer = call(
        "POST", f"{base_url}/cgi-bin/stable_token", content=orjson.dumps(asked), limits=_TOKEN_LIMITS
    )
    return _token(answer.as_object())


def fetch_wecom_token(*, base_url: str, corp: str, secret: str) -> Token:
    """The token of one app of WeCom (a secret is of one app). Raises Silent, NoToken."""
    params = {"corpid": corp, "corpsecret": secret}
    answer = call("GET", f"{base_url}/cgi-bin/gettoken", params=params, limits=_TOKEN_LIMITS)
    return _token(answer.as_object())


def send_subscribe_message(
    *, base_url: str, token: str, openid: str, body: Mapping[str, Any], limits: Limits
) -> Told:
    """One subscribe message of the mini-program; `body`: template_id, data, page, miniprogram_state. Raises Silent."""
    content = orjson.dumps({"lang": "zh_CN", **body, "touser": openid})
    return _told(f"{base_url}/cgi-bin/message/subscribe/send", token, content, limits)


def send_wecom_message(
    *, base_url: str, token: str, agent: int, receivers: str, body: Mapping[str, Any], limits: Limits
) -> Told:
    """One message to colleagues ("a|b") in WeCom; `body`: msgtype and its own field. Raises Silent."""
    twins = {"enable_duplicate_check": 1, "duplicate_check_interval": _SAME_MESSAGE_SECONDS}
    content = orjson.dumps({**twins, **body, "touser": receivers, "agentid": agent})
    return _told(f"{base_url}/cgi-bin/message/send", token, content, limits)


def _told(url: str, token: str, content: bytes, limits: Limits) -> Told:
    headers = {"Content-Type": "application/json"}
    answer = call(
        "POST", url, params={"access_token": token}, content=content, headers=headers, limits=limits
    )
    if answer.status != 200:
        raise Silent(f"HTTP {answer.status}")
    found = answer.as_object()
    return Told(_errcode(found), str(found.get("errmsg", ""))[:200], found)


def _token(answer: Mapping[str, Any]) -> Token:
    errcode, text, seconds = _errcode(answer), answer.get("access_token"), answer.get("expires_in")
    if errcode in BUSY:
        raise Silent("busy")
    if errcode:
        raise NoToken(errcode, str(answer.get("errmsg", ""))[:200])
    if not isinstance(text, str) or not text or not isinstance(seconds, int):
        raise Silent("no token in the answer")
    return Token(text, timedelta(seconds=seconds))


def _errcode(answer: Mapping[str, Any]) -> int:
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise Silent("unreadable")
    return code
