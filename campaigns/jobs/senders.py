"""The ways out that come with the system: the bank's own systems, WeChat subscribe messages, WeCom messages.

An account is a name under which settings have an address or a secret: of `http.hook` a name of HOOKS; of
`wechat.subscribe` the app's id, of `wecom.message` the agent's, both empty for the one configured.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.adapters import Adapter, Letter, Refused, TryLater, Wait
from campaigns.jobs.outbox_rules import (
    AskedToWait,
    NoAnswer,
    NotConfigured,
    ReceiverFailed,
    RefusedForGood,
    Terms,
)
from campaigns.jobs.services.access_tokens import Fetch, access_token
from campaigns.lib import wechat_messages as wechat
from campaigns.lib.hooks import call_hook
from campaigns.lib.outward import Limits, Silent

# Status codes that say "not now" and nothing about the message.
_NOT_NOW = {408, 425, 429}
_WAIT_SECONDS, _LONGEST_WAIT = 10.0, 3600.0


def senders(clock: Callable[[], datetime]) -> list[Adapter]:
    """All of them; `clock` is what they tell the time by."""
    return [
        # A system of the bank rebuilds a state from what it is told: one that is left out makes the next ones wrong.
        Adapter(
            "http.hook",
            _("System of the bank"),
            partial(send_hook, clock=clock),
            Terms(order="strict", tries=10),
        ),
        # People read each message by itself, and one that is refused says nothing of the next.
        Adapter(
            "wechat.subscribe",
            _("WeChat subscribe message"),
            partial(send_subscribe, clock=clock),
            Terms(per_second=100, burst=100),
            keeps=("to", "purpose", "template_id", "page"),
            addressed=True,
        ),
        Adapter(
            "wecom.message",
            _("WeCom message"),
            partial(send_wecom, clock=clock),
            Terms(per_second=20, burst=20),
            keeps=("to", "purpose", "msgtype"),
            addressed=True,
        ),
    ]


def send_hook(letter: Letter, terms: Terms, *, clock: Callable[[], datetime]) -> Mapping[str, Any]:
    """POST the body to the system that the account names, signed."""
    hook = settings.HOOKS.get(letter.account)
    if hook is None:
        raise TryLater(NotConfigured(account=letter.account))
    try:
        answer = call_hook(
            url=hook["url"],
            secret=hook["secret"],
            key=letter.key,
            # As it was hashed when it was put: the database keeps what it says, and not how it was written.
            body=orjson.dumps(orjson.loads(letter.body), option=orjson.OPT_SORT_KEYS),
            at=clock(),
            limits=_limits(terms),
        )
    except Silent as silent:
        raise TryLater(NoAnswer(reason=str(silent))) from silent
    reason = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return {"status": answer.status}
    if answer.status in _NOT_NOW or (answer.status == 503 and "retry-after" in answer.headers):
        seconds = _retry_after(answer.headers.get("retry-after", ""))
        raise Wait(AskedToWait(seconds=int(seconds), reason=reason), seconds=seconds)
    if answer.status >= 500:
        raise TryLater(ReceiverFailed(reason=reason))
    raise Refused(RefusedForGood(reason=reason))


def send_subscribe(letter: Letter, terms: Terms, *, clock: Callable[[], datetime]) -> Mapping[str, Any]:
    """One subscribe message of the mini-program to the customer whose openid is the address."""
    app = letter.account or settings.WECHAT_APP_ID
    if not app or app != settings.WECHAT_APP_ID:
        raise TryLater(NotConfigured(account=app))
    base_url, body = settings.WECHAT_BASE_URL, _body(letter)

    def fetch(is_stale: bool) -> wechat.Token:
        return wechat.fetch_wechat_token(
            base_url=base_url, app=app, secret=settings.WECHAT_APP_SECRET, is_stale=is_stale
        )

    def tell(token: str) -> wechat.Told:
        return wechat.send_subscribe_message(
            base_url=base_url, token=token, openid=letter.address, body=body, limits=_limits(terms)
        )

    return _told(f"wechat:{app}", fetch, tell, clock)


def send_wecom(letter: Letter, terms: Terms, *, clock: Callable[[], datetime]) -> Mapping[str, Any]:
    """One message to a colleague in WeCom whose user id is the address."""
    agent = letter.account or settings.WECOM_AGENT_ID
    if not agent or agent != settings.WECOM_AGENT_ID or not agent.isdigit():
        raise TryLater(NotConfigured(account=agent))
    base_url, body = settings.WECOM_BASE_URL, _body(letter)

    def fetch(_is_stale: bool) -> wechat.Token:
        return wechat.fetch_wecom_token(
            base_url=base_url, corp=settings.WECOM_CORP_ID, secret=settings.WECOM_SECRET
        )

    def tell(token: str) -> wechat.Told:
        return wechat.send_wecom_message(
            base_url=base_url,
            token=token,
            agent=int(agent),
            receivers=letter.address,
            body=body,
            limits=_limits(terms),
        )

    return _told(f"wecom:{settings.WECOM_CORP_ID}:{agent}", fetch, tell, clock)


def _told(
    app: str, fetch: Fetch, tell: Callable[[str], wechat.Told], clock: Callable[[], datetime]
) -> Mapping[str, Any]:
    """Ask with the app's token, and once more with a new one when it was stale; read what the server says."""
    try:
        token = access_token(app=app, fetch=fetch, clock=clock)
        told = tell(token)
        if told.errcode in wechat.STALE_TOKEN:
            told = tell(access_token(app=app, fetch=fetch, clock=clock, stale=token))
    except Silent as silent:
        raise TryLater(NoAnswer(reason=str(silent))) from silent
    except wechat.NoToken as refused:
        raise TryLater(ReceiverFailed(reason=f"access_token {refused}")) from refused
    reason = f"{told.errcode} {told.errmsg}".strip()
    if told.errcode == 0:
        return {name: told.answer[name] for name in ("msgid", "invaliduser") if name in told.answer}
    if told.errcode in wechat.TO_WAIT:
        seconds = wechat.TO_WAIT[told.errcode]
        raise Wait(AskedToWait(seconds=int(seconds), reason=reason), seconds=seconds)
    if told.errcode in wechat.BUSY or told.errcode in wechat.STALE_TOKEN:
        raise TryLater(ReceiverFailed(reason=reason))
    raise Refused(RefusedForGood(reason=reason))


def _body(letter: Letter) -> dict[str, Any]:
    """What the receiver's server is told: who it is for and why it may be sent is ours."""
    ours = ("to", "purpose")
    return {name: value for name, value in orjson.loads(letter.body).items() if name not in ours}


def _limits(terms: Terms) -> Limits:
    return Limits(terms.connect, terms.read, terms.whole)


def _retry_after(text: str) -> float:
    """Seconds, as the header has them; a date there is nobody's habit among machines."""
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() else _WAIT_SECONDS
