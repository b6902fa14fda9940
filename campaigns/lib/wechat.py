"""A thin client of WeChat's server. No call here may be made inside a transaction."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import structlog
from django.conf import settings

from campaigns.lib.refusals import Refusal

log = structlog.get_logger(__name__)

# httpx logs whole addresses, and this one carries the app's secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 5.0
_MAX_ANSWER = 65_536  # bytes; an answer has a few hundred


class CodeInvalid(Refusal):
    """40029, 40163: the code is wrong, five minutes old, or used."""

    code = "wechat.code.invalid"
    status = 401
    zh = "微信登录凭证无效或已使用，请重新进入小程序。"
    en = "The WeChat code is invalid or was used already: open the mini-program again."


class PersonBlocked(Refusal):
    """40226: WeChat itself holds this person for a risk."""

    code = "wechat.person.blocked"
    status = 403
    zh = "微信判定该账号存在风险，暂时无法登录。"
    en = "WeChat considers this account a risk; it cannot log in."


class TooOften(Refusal):
    """45011: more than 100 codes of one person in a minute."""

    code = "wechat.too_often"
    status = 429
    zh = "登录过于频繁，请在 {retry_after} 秒后重试。"
    en = "Too many log-ins: try again in {retry_after} seconds."


class Busy(Refusal):
    """-1, or no answer in time."""

    code = "wechat.busy"
    status = 503
    zh = "微信服务繁忙，请在 {retry_after} 秒后重试。"
    en = "WeChat is busy: try again in {retry_after} seconds."


class Failed(Refusal):
    """WeChat refuses us, or answers what nobody can read: ours to mend, and in our log."""

    code = "wechat.failed"
    status = 502
    zh = "微信登录暂时不可用，请稍后重试。"
    en = "Logging in with WeChat does not work at present: try again later."


@dataclass(frozen=True, slots=True)
class WeChatPerson:
    """Who WeChat says this is. `openid` is of this app alone; `unionid` is empty unless the app is bound."""

    app: str
    openid: str
    unionid: str


_clients: dict[str, httpx.Client] = {}
_lock = threading.Lock()


def _client(base_url: str) -> httpx.Client:
    """One client of the process: its connections are kept between log-ins."""
    with _lock:
        if base_url not in _clients:
            _clients[base_url] = httpx.Client(
                base_url=base_url,
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=20),
                headers={"User-Agent": "fenhang"},
            )
        return _clients[base_url]


def close_clients() -> None:
    """Close every connection to WeChat; the next log-in opens new ones."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()


def _ask(path: str, params: dict[str, str]) -> dict[str, Any]:
    """GET as an object; WeChat declares its JSON to be text/plain. Raises Busy and Failed."""
    try:
        with _client(settings.WECHAT_BASE_URL).stream("GET", path, params=params) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER:
                    log.error("wechat_answer_too_long", path=path)
                    raise Failed
            status = response.status_code
    except httpx.TimeoutException as error:
        log.warning("wechat_silent", path=path, reason=type(error).__name__)
        raise Busy(retry_after=3) from error
    except httpx.HTTPError as error:
        log.warning("wechat_unreachable", path=path, reason=type(error).__name__)
        raise Busy(retry_after=10) from error
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        log.error("wechat_answer_unreadable", path=path, status=status)
        raise Failed from error
    if status != 200 or not isinstance(answer, dict):
        log.error("wechat_answer_unexpected", path=path, status=status)
        raise Failed
    return answer


def _demand_no_error(answer: dict[str, Any]) -> None:
    errcode = answer.get("errcode", 0)
    match errcode:
        case 0:
            return
        case 40029 | 40163:
            raise CodeInvalid
        case 40226:
            raise PersonBlocked
        case 45011:
            raise TooOften(retry_after=60)
        case -1:
            raise Busy(retry_after=1)
    log.error("wechat_refused_us", errcode=errcode, errmsg=str(answer.get("errmsg", ""))[:200])
    raise Failed


def exchange_code(*, code: str) -> WeChatPerson:
    """Whose log-in is this? The code of `wx.login()` is exchanged once; the session key is not kept.

    Takes at most CONNECT_SECONDS + ANSWER_SECONDS of silence. Raises CodeInvalid, PersonBlocked, TooOften, Busy and
    Failed.
    """
    answer = _ask(
        "/sns/jscode2session",
        {
            "appid": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
            "js_code": code,
            "grant_type": "authorization_code",
        },
    )
    _demand_no_error(answer)
    openid, unionid = answer.get("openid"), answer.get("unionid") or ""
    if not isinstance(openid, str) or not openid or not isinstance(unionid, str):
        log.error("wechat_answer_without_openid")
        raise Failed
    return WeChatPerson(app=settings.WECHAT_APP_ID, openid=openid, unionid=unionid)
