"""Group chats of the demo bank in WeCom: for the stand-in that answers, and for the demo bank that has heard them.

Fixed moments, so that whoever asks again hears the same.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from config.demo.bank import unionid
from config.standins.wecom import Contacts

CORP = "ww-demo-bank"
# log-in -> user id in WeCom, and the branch whose groups it owns
OWNERS = {
    "xihu.manager": "xihu.manager",
    "tianhe.manager": "tianhe.manager",
    "community": "sunyue",
}
FOUNDED = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)

# chat id, name, owner, notice, branch of its members, how many of them are customers, others, days after FOUNDED
_CHATS = (
    (
        "wrDemoXihu01AAAAAAAA",
        "西湖宝妈理财一群",
        "xihu.manager",
        "每晚八点分享理财小课，请勿发布广告",
        "ZJ0101",
        6,
        3,
        0,
    ),
    (
        "wrDemoXihu02AAAAAAAA",
        "西湖宝妈理财二群",
        "xihu.manager",
        "一群已满，新朋友请进二群",
        "ZJ0101",
        3,
        1,
        21,
    ),
    ("wrDemoTianhe1AAAAAAA", "天河职场新人攒钱群", "tianhe.manager", "365 天攒钱打卡", "GD0101", 5, 2, 9),
    ("wrDemoHome01AAAAAAAA", "总行黑金客户沙龙群", "sunyue", "", "BJ0101", 4, 0, 14),
    # Its owner is nobody's user id yet: head office sees why it is no group.
    ("wrDemoNobodyAAAAAAAA", "望京社区生活群", "wangjing.zhang", "", "BJ0103", 0, 4, 30),
)


def fill(contacts: Contacts) -> None:
    """Let the stand-in know them."""
    for chat_id, name, owner, notice, branch, known, others, after in _CHATS:
        founded = FOUNDED + timedelta(days=after)
        contacts.add_chat(
            chat_id,
            owner=owner,
            name=name,
            notice=notice,
            founded=_seconds(founded),
            members=[
                {"userid": owner, "type": 1, "join_time": _seconds(founded), "join_scene": 1},
                *(_member(chat_id, n, founded, unionid(branch, n)) for n in range(1, known + 1)),
                *(_member(chat_id, n, founded, "") for n in range(known + 1, known + others + 1)),
            ],
        )
    for owner in OWNERS.values():
        contacts.statistics[owner] = {"chat_total": 2, "chat_has_msg": 1, "msg_total": 36, "member_total": 13}
        contacts.replies[owner] = 14


def _member(chat_id: str, number: int, founded: datetime, known_as: str) -> dict[str, Any]:
    row = {
        "userid": f"wm{chat_id[2:]}{number:02d}",
        "type": 2,
        "join_time": _seconds(founded + timedelta(hours=7 * number)),
        "join_scene": 3,
    }
    return row | ({"unionid": known_as} if known_as else {})


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
