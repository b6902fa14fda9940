"""What WeCom's answers are and mean: errcodes as exceptions, group chats, pages. Pure: nothing is asked here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.lib import wechat_messages as wechat

AGAIN_SECONDS = 10.0

# errcode -> seconds to leave WeCom alone: calls of the minute or day, too many at once.
TO_WAIT = {**wechat.TO_WAIT, 45047: 60.0}
# The app may not: its secret is no secret of customer contact, or somebody lies outside its visible range.
NOT_PERMITTED = {48001, 48002, 60011, 60020, 60111, 84074, 301002}
# The group chat was dissolved, or there is none of that id.
GONE = {40050, 49008}


class Later(Exception):
    """No answer, a broken one, or one that asks to wait: to be asked again after `seconds`."""

    def __init__(self, why: str, *, seconds: float = AGAIN_SECONDS) -> None:
        super().__init__(why)
        self.seconds = seconds


class Stopped(Exception):
    """WeCom says no, and would say so again. `errcode` says why."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}".strip())
        self.errcode = errcode


class NotPermitted(Stopped):
    """The app has no right to it: an administrator of WeCom has to give it."""


class Gone(Stopped):
    """The group chat is no more."""


@dataclass(frozen=True, slots=True)
class ChatMember:
    """`external` is empty for a colleague, `unionid` where the app is not bound to the mini-program's platform."""

    userid: str
    is_colleague: bool
    unionid: str
    joined_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChatDetail:
    """One group chat as `groupchat/get` has it."""

    chat_id: str
    name: str
    owner: str
    founded_at: datetime | None
    notice: str
    members: tuple[ChatMember, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next; "" at the end."""

    rows: tuple[Mapping[str, Any], ...]
    cursor: str


def judged(code: int, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer, or what an errcode means for who asked."""
    errmsg = str(found.get("errmsg", ""))[:200]
    if code == 0:
        return found
    if code in TO_WAIT:
        raise Later(f"{code} {errmsg}", seconds=TO_WAIT[code])
    if code in wechat.BUSY or code in wechat.STALE_TOKEN:
        raise Later(f"{code} {errmsg}")
    if code in NOT_PERMITTED:
        raise NotPermitted(code, errmsg)
    if code in GONE:
        raise Gone(code, errmsg)
    raise Stopped(code, errmsg)


def page_of(found: Mapping[str, Any], name: str) -> Page:
    """Rows under `name`, and the next cursor. Raises Later."""
    return Page(tuple(rows_of(found, name)), str(found.get("next_cursor") or ""))


def rows_of(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Objects in a list; none where there is no such list. Raises Later."""
    rows = found.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise Later(f"unreadable: {name}")
    return rows


def mapping_of(found: Any) -> Mapping[str, Any]:
    """An object. Raises Later."""
    if not isinstance(found, dict):
        raise Later("unreadable")
    return found


def word_of(found: Mapping[str, Any], name: str) -> str:
    """A text that is not empty. Raises Later."""
    word = found.get(name)
    if not isinstance(word, str) or not word:
        raise Later(f"unreadable: {name}")
    return word


def chat_of(found: Any, chat_id: str) -> ChatDetail:
    """The `group_chat` of an answer. Raises Later for what is none: it is asked for again; garbage undoes nothing."""
    told = mapping_of(found)
    members = told.get("member_list")
    if told.get("chat_id") != chat_id or not isinstance(members, list) or not told.get("owner"):
        raise Later("unreadable: group_chat")
    return ChatDetail(
        chat_id=chat_id,
        name=str(told.get("name") or ""),
        owner=str(told["owner"]),
        founded_at=_moment(told.get("create_time")),
        notice=str(told.get("notice") or ""),
        members=tuple(_member(each) for each in members),
    )


def _member(found: Any) -> ChatMember:
    told = mapping_of(found)
    userid = told.get("userid")
    if not isinstance(userid, str) or not userid or told.get("type") not in (1, 2):
        raise Later("unreadable: member_list")
    unionid = told.get("unionid")
    return ChatMember(
        userid=userid,
        is_colleague=told["type"] == 1,
        unionid=unionid if isinstance(unionid, str) else "",
        joined_at=_moment(told.get("join_time")),
    )


def _moment(seconds: Any) -> datetime | None:
    """UTC; None for what is no moment between 2000 and 2100."""
    if not isinstance(seconds, int) or not 946_684_800 <= seconds < 4_102_444_800:
        return None
    return datetime.fromtimestamp(seconds, UTC)
