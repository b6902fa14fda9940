"""WeCom on a port of its own, and what a bank needs to hear it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.jobs.services.access_tokens import forget_tokens
from campaigns.tenants.scopes import system_scope
from community.groups.services.accounts import bind_account
from community.groups.wecom import WeCom
from config.standins.wechat import WeChatStandIn
from tests.support.cast import AT, Cast
from tests.support.wechat import wechat_server

CORP, SECRET = "corp", "s3cret"


@pytest.fixture
def server(settings: Any) -> Iterator[WeChatStandIn]:
    """The stand-in; settings point at it."""
    with wechat_server(app="", secret=SECRET) as running:
        settings.WECOM_BASE_URL, settings.WECOM_CORP_ID = running.url, CORP
        settings.WECOM_CONTACT_SECRET = SECRET
        forget_tokens()
        yield running
        forget_tokens()


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client_of(server: WeChatStandIn, clock: Clock, **other: str) -> WeCom:
    given = {"base_url": server.url, "corp": CORP, "secret": SECRET} | other
    return WeCom(clock=clock, **given)


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def member(userid: str, joined: datetime, unionid: str = "") -> dict[str, Any]:
    """A customer as WeCom lists members; a colleague's userid begins with an "@"."""
    row = {
        "userid": userid.lstrip("@"),
        "type": 1 if userid.startswith("@") else 2,
        "join_time": seconds(joined),
    }
    return row | ({"unionid": unionid} if unionid else {})


def owners(cast: Cast) -> None:
    """The managers of NB and SB own groups in WeCom."""
    with system_scope(at=AT, cause="test") as scope:
        for name in ("nb_manager", "sb_manager"):
            bind_account(scope=scope, person_id=cast.play(name).person.pk, userid=name.upper())
