"""The part of WeCom's server that knows customers and group chats: lists in pages, tokens that end, errors on request.

`contacts.chats` are group chats as `groupchat/get` has them; a test changes them as people do. What is asked is kept in
`asked` as (path, body). Faults are those of messages.py, and "path:<end of path>:<fault>" for one kind of call alone.
"""

import hashlib
import io
import itertools
import threading
from collections.abc import Callable
from typing import Any

import segno

ROOT = "/cgi-bin/externalcontact"
QR = "/wecom-qr/"
ERRORS = {
    40050: "chatid not exist",
    40058: "invalid request parameter",
    40035: "invalid parameter",
    45033: "api concurrent out of limit",
    48002: "api forbidden for no authority",
    49008: "group chat is dissmissed",
    60020: "not allow to access from your ip",
    84061: "not external contact",
    90500: "owner of group chat is not resign",
}

Body = dict[str, Any]


class Contacts:
    """Group chats, ways to join, messages. Any thread may ask."""

    def __init__(self) -> None:
        self.chats: dict[str, Body] = {}
        self.contacts: dict[str, Body] = {}
        self.statistics: dict[str, Body] = {}
        self.replies: dict[str, int] = {}
        self.unassigned: list[Body] = []
        self.dissolved: set[str] = set()
        self.unreachable: set[str] = set()  # chats and customers that end in a list of failures
        self.page = 2  # rows of a page, whatever was asked for
        self.asked: list[tuple[str, Body]] = []
        self.ways: dict[str, Body] = {}
        self.messages: dict[str, Body] = {}
        self.url = ""
        self._number = itertools.count(1)
        self._lock = threading.Lock()

    def add_chat(
        self, chat_id: str, *, owner: str, name: str, founded: int, members: list[Body], notice: str = ""
    ) -> None:
        """`members`: {"userid", "type", "join_time"} and for customers "unionid"."""
        self.chats[chat_id] = {
            "chat_id": chat_id,
            "name": name,
            "owner": owner,
            "create_time": founded,
            "notice": notice,
            "member_list": members,
            "admin_list": [],
        }

    def answer(self, path: str, asked: Body) -> Body:
        """The JSON object for one call that has a good token."""
        does = self._does().get(path.removeprefix(ROOT))
        if does is None:
            return error(40058)
        with self._lock:
            self.asked.append((path.removeprefix(ROOT), asked))
            return {"errcode": 0, "errmsg": "ok"} | does(asked)

    def picture(self, config_id: str) -> bytes:
        """The QR of a way to join, as PNG; b"" for an unknown one."""
        if config_id not in self.ways:
            return b""
        drawn = io.BytesIO()
        segno.make(f"https://work.weixin.qq.com/gm/{config_id}", error="m").save(drawn, kind="png", scale=6)
        return drawn.getvalue()

    def _does(self) -> dict[str, Callable[[Body], Body]]:
        return {
            "/groupchat/list": lambda asked: self._page(
                "group_chat_list", asked, [{"chat_id": key, "status": 0} for key in sorted(self.chats)]
            ),
            "/groupchat/get": self._get,
            "/groupchat/transfer": self._transfer,
            "/groupchat/statistic": self._statistic,
            "/groupchat/add_join_way": self._add_way,
            "/groupchat/get_join_way": self._way,
            "/groupchat/update_join_way": self._change_way,
            "/groupchat/del_join_way": self._del_way,
            "/add_contact_way": self._add_way,
            "/update_contact_way": self._change_way,
            "/del_contact_way": self._del_way,
            "/add_msg_template": self._add_message,
            "/get_groupmsg_task": self._tasks,
            "/get_groupmsg_send_result": self._results,
            "/remind_groupmsg_send": lambda asked: {} if asked["msgid"] in self.messages else error(40058),
            "/get": self._contact,
            "/get_unassigned_list": lambda asked: self._page("info", asked, self.unassigned),
            "/resigned/transfer_customer": lambda asked: {
                "customer": [
                    {"external_userid": each, "errcode": 40096 if each in self.unreachable else 0}
                    for each in asked["external_userid"]
                ]
            },
            "/get_user_behavior_data": lambda asked: {
                "behavior_data": [
                    {"stat_time": asked["start_time"], "avg_reply_time": self.replies[who]}
                    for who in asked["userid"]
                    if who in self.replies
                ]
            },
        }

    def _page(self, name: str, asked: Body, rows: list[Body]) -> Body:
        first = int(str(asked.get("cursor") or "c0")[1:])
        last = first + self.page
        return {name: rows[first:last], "next_cursor": f"c{last}" if last < len(rows) else ""}

    def _get(self, asked: Body) -> Body:
        chat_id = asked.get("chat_id", "")
        if chat_id in self.dissolved:
            return error(49008)
        if chat_id not in self.chats:
            return error(40050)
        return {"group_chat": self.chats[chat_id]}

    def _transfer(self, asked: Body) -> Body:
        failed = []
        for chat_id in asked["chat_id_list"]:
            if chat_id in self.unreachable or chat_id not in self.chats:
                failed.append({"chat_id": chat_id, **error(90500)})
            else:
                self.chats[chat_id]["owner"] = asked["new_owner"]
        return {"failed_chat_list": failed}

    def _statistic(self, asked: Body) -> Body:
        owners = [who for who in asked["owner_filter"]["userid_list"] if who in self.statistics]
        return {
            "total": len(owners),
            "items": [{"owner": who, "data": self.statistics[who]} for who in owners],
        }

    def _add_way(self, asked: Body) -> Body:
        config_id = hashlib.md5(str(next(self._number)).encode(), usedforsecurity=False).hexdigest()
        self.ways[config_id] = {"config_id": config_id, "qr_code": f"{self.url}{QR}{config_id}", **asked}
        return {"config_id": config_id, "qr_code": f"{self.url}{QR}{config_id}"}

    def _way(self, asked: Body) -> Body:
        way = self.ways.get(asked["config_id"])
        return {"join_way": way} if way else error(40058)

    def _change_way(self, asked: Body) -> Body:
        if asked["config_id"] not in self.ways:
            return error(40058)
        self.ways[asked["config_id"]] |= asked
        return {}

    def _del_way(self, asked: Body) -> Body:
        return {} if self.ways.pop(asked["config_id"], None) else error(40058)

    def _add_message(self, asked: Body) -> Body:
        targets = asked.get("chat_id_list") or asked.get("external_userid") or []
        if not targets or not asked.get("sender"):
            return error(40058)
        msgid = f"msgGCAAAXtWyujaWJHDDGi0mACas{next(self._number)}"
        failed = [each for each in targets if each in self.unreachable]
        self.messages[msgid] = {
            "sender": asked["sender"],
            "text": asked["text"]["content"],
            "targets": [t for t in targets if t not in failed],
        }
        return {"msgid": msgid, "fail_list": failed}

    def _tasks(self, asked: Body) -> Body:
        message = self.messages.get(asked["msgid"])
        if message is None:
            return error(40058)
        rows = [{"userid": message["sender"], "status": 2 if message.get("sent_at") else 0}]
        if message.get("sent_at"):
            rows[0]["send_time"] = message["sent_at"]
        return self._page("task_list", asked, rows)

    def _results(self, asked: Body) -> Body:
        message = self.messages.get(asked["msgid"])
        if message is None:
            return error(40058)
        kind = "chat_id" if all(each in self.chats for each in message["targets"]) else "external_userid"
        status = message.get("status", {})
        rows = [
            {
                kind: each,
                "userid": message["sender"],
                "status": status.get(each, 1 if message.get("sent_at") else 0),
                "send_time": message.get("sent_at", 0),
            }
            for each in message["targets"]
        ]
        return self._page("send_list", asked, rows)

    def _contact(self, asked: Body) -> Body:
        found = self.contacts.get(asked.get("external_userid", ""))
        return {"external_contact": found, "follow_user": []} if found else error(84061)


def error(errcode: int) -> Body:
    """An answer that says no, as the server words it."""
    return {"errcode": errcode, "errmsg": f"{ERRORS.get(errcode, 'unknown error')}, hint: [1650000000]"}
