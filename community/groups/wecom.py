"""A thin client of WeCom's customer contact (客户联系): group chats, group messages, contact ways, hand-overs.

WeCom answers HTTP 200 with an `errcode`. What is to be done about each is decided in one place, `judged`: `Later` is
tried again after a while, `Stopped` never, `NotPermitted` is for an administrator to mend, `Gone` says that the thing
is no more (wecom_answers.py). No call here may be made inside a transaction.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from campaigns.jobs.services.access_tokens import access_token
from campaigns.lib import wechat_messages as wechat
from campaigns.lib.outward import Limits, Silent, call
from community.groups.wecom_answers import (
    ChatDetail,
    Later,
    NotPermitted,
    Page,
    chat_of,
    judged,
    mapping_of,
    page_of,
    rows_of,
    word_of,
)

_ROOT = "/cgi-bin/externalcontact"
# A group of 500 with names is some 150 kB.
_MOST_BYTES = 1_048_576
_LIMITS = Limits(connect=2.0, read=8.0, whole=10.0)
_QR_LIMITS = Limits(connect=3.0, read=5.0, whole=8.0)


@dataclass(frozen=True, slots=True)
class WeCom:
    """The corporation's server. `secret` is that of customer contact (or of an app that may use it)."""

    base_url: str
    corp: str
    secret: str
    clock: Callable[[], datetime]

    @property
    def is_configured(self) -> bool:
        return bool(self.corp and self.secret)

    # Group chats

    def list_chats(self, *, cursor: str = "", limit: int = 500) -> Page:
        """Group chats of everybody whom the app may see, in pages."""
        asked = {"status_filter": 0, "limit": limit, **({"cursor": cursor} if cursor else {})}
        found = self._post(f"{_ROOT}/groupchat/list", asked)
        return page_of(found, "group_chat_list")

    def chat(self, chat_id: str) -> ChatDetail:
        """One group chat with its members. Raises Gone for one that was dissolved."""
        found = self._post(f"{_ROOT}/groupchat/get", {"chat_id": chat_id, "need_name": 0})
        return chat_of(found.get("group_chat"), chat_id)

    def transfer_chats(self, *, chat_ids: Sequence[str], to: str) -> dict[str, int]:
        """Groups of a colleague who has left get another owner. By chat the errcode of those that did not (within
        errcode 0).
        """
        found = self._post(f"{_ROOT}/groupchat/transfer", {"chat_id_list": list(chat_ids), "new_owner": to})
        return {
            str(each["chat_id"]): int(each.get("errcode", -1)) for each in rows_of(found, "failed_chat_list")
        }

    def owner_figures(self, *, owner: str, day: datetime) -> Mapping[str, Any]:
        """What the owner's groups did on the day that begins at `day`; {} where WeCom counts nothing."""
        asked = {
            "day_begin_time": int(day.timestamp()),
            "day_end_time": int(day.timestamp()),
            "owner_filter": {"userid_list": [owner]},
            "order_by": 1,
            "order_asc": 0,
            "offset": 0,
            "limit": 1,
        }
        rows = rows_of(self._post(f"{_ROOT}/groupchat/statistic", asked), "items")
        return mapping_of(rows[0].get("data")) if rows else {}

    def reply_minutes(self, *, userid: str, day: datetime) -> int | None:
        """How many minutes a colleague took on average to reply to customers on that day."""
        moment = int(day.timestamp())
        asked = {"userid": [userid], "start_time": moment, "end_time": moment}
        rows = rows_of(self._post(f"{_ROOT}/get_user_behavior_data", asked), "behavior_data")
        found = rows[0].get("avg_reply_time") if rows else None
        return found if isinstance(found, int) and found >= 0 else None

    # Group messages: a task for the owner, who sends by hand

    def add_group_message(
        self,
        *,
        sender: str,
        text: str,
        chat_ids: Sequence[str] = (),
        external_userids: Sequence[str] = (),
        attachments: Sequence[Mapping[str, Any]] = (),
    ) -> tuple[str, tuple[str, ...]]:
        """Make a message that `sender` is asked to send: to whole groups, or to customers. (msgid, whom it cannot
        reach): some may fail within errcode 0. Attachments are WeCom's own objects.
        """
        asked: dict[str, Any] = {"sender": sender, "text": {"content": text}}
        if chat_ids:
            asked |= {"chat_type": "group", "chat_id_list": list(chat_ids)}
        else:
            asked |= {"chat_type": "single", "external_userid": list(external_userids)}
        if attachments:
            asked["attachments"] = list(attachments)
        found = self._post(f"{_ROOT}/add_msg_template", asked)
        return word_of(found, "msgid"), tuple(str(each) for each in found.get("fail_list") or ())

    def message_tasks(self, *, msgid: str, cursor: str = "", limit: int = 500) -> Page:
        """Who was asked to send it, and who did (status 2)."""
        asked = {"msgid": msgid, "limit": limit, **({"cursor": cursor} if cursor else {})}
        return page_of(self._post(f"{_ROOT}/get_groupmsg_task", asked), "task_list")

    def message_results(self, *, msgid: str, userid: str, cursor: str = "", limit: int = 500) -> Page:
        """What became of it, one row a customer or group: status 0 not sent, 1 sent, 2 not a friend any more,
        3 had another one already.
        """
        asked = {"msgid": msgid, "userid": userid, "limit": limit, **({"cursor": cursor} if cursor else {})}
        return page_of(self._post(f"{_ROOT}/get_groupmsg_send_result", asked), "send_list")

    def remind_sender(self, *, msgid: str) -> None:
        """WeCom reminds the senders of a message that is not sent; three times a day at most."""
        self._post(f"{_ROOT}/remind_groupmsg_send", {"msgid": msgid})

    # Contact ways, and ways to join

    def add_contact_way(self, *, users: Sequence[str], state: str, remark: str = "") -> tuple[str, str]:
        """A code by which customers add a colleague: (config_id, address of its QR)."""
        asked = {
            "type": 1 if len(users) == 1 else 2,
            "scene": 2,
            "skip_verify": True,
            "state": state,
            "user": list(users),
            "remark": remark,
        }
        found = self._post(f"{_ROOT}/add_contact_way", asked)
        return word_of(found, "config_id"), str(found.get("qr_code", ""))

    def update_contact_way(self, *, config_id: str, users: Sequence[str], state: str) -> None:
        self._post(
            f"{_ROOT}/update_contact_way", {"config_id": config_id, "user": list(users), "state": state}
        )

    def del_contact_way(self, *, config_id: str) -> None:
        self._post(f"{_ROOT}/del_contact_way", {"config_id": config_id})

    def add_join_way(self, *, chat_ids: Sequence[str], state: str, opens_next: bool = False) -> str:
        """A code by which customers join these groups, one after the other; its config_id. `opens_next`: WeCom founds
        the next group itself when all are full.
        """
        asked = {
            "scene": 2,
            "auto_create_room": int(opens_next),
            "chat_id_list": list(chat_ids),
            "state": state,
        }
        return word_of(self._post(f"{_ROOT}/groupchat/add_join_way", asked), "config_id")

    def join_way(self, config_id: str) -> Mapping[str, Any]:
        """What a way to join is; `qr_code` is the address of its picture."""
        found = self._post(f"{_ROOT}/groupchat/get_join_way", {"config_id": config_id})
        return mapping_of(found.get("join_way"))

    def update_join_way(self, *, config_id: str, chat_ids: Sequence[str], state: str) -> None:
        asked = {"config_id": config_id, "scene": 2, "chat_id_list": list(chat_ids), "state": state}
        self._post(f"{_ROOT}/groupchat/update_join_way", asked)

    def del_join_way(self, *, config_id: str) -> None:
        self._post(f"{_ROOT}/groupchat/del_join_way", {"config_id": config_id})

    def picture(self, url: str) -> bytes:
        """A QR that WeCom has drawn. Raises Later."""
        try:
            answer = call("GET", url, limits=_QR_LIMITS)
        except Silent as silent:
            raise Later(str(silent)) from silent
        if answer.status != 200:
            raise Later(f"HTTP {answer.status}")
        return answer.body

    # Customers of colleagues

    def external_contact(self, external_userid: str) -> Mapping[str, Any]:
        """Who an external contact is. Raises Stopped (84061) when no colleague has them as a customer."""
        found = self._get(f"{_ROOT}/get", {"external_userid": external_userid})
        return mapping_of(found.get("external_contact"))

    def unassigned(self, *, cursor: str = "", limit: int = 1000) -> Page:
        """Customers of colleagues who have left, whom nobody has taken over yet."""
        asked = {"page_size": limit, **({"cursor": cursor} if cursor else {})}
        return page_of(self._post(f"{_ROOT}/get_unassigned_list", asked), "info")

    def transfer_customers(
        self, *, leaver: str, heir: str, external_userids: Sequence[str]
    ) -> dict[str, int]:
        """Customers of who has left go to `heir`. By customer the errcode of those that did not (within errcode 0)."""
        asked = {
            "handover_userid": leaver,
            "takeover_userid": heir,
            "external_userid": list(external_userids),
        }
        rows = rows_of(self._post(f"{_ROOT}/resigned/transfer_customer", asked), "customer")
        codes = {str(each["external_userid"]): int(each.get("errcode", -1)) for each in rows}
        return {who: code for who, code in codes.items() if code}

    # One call

    def _post(self, path: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._asked("POST", path, orjson.dumps(asked), {})

    def _get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        return self._asked("GET", path, None, params)

    def _asked(
        self, method: Literal["GET", "POST"], path: str, content: bytes | None, params: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """With the app's token, and once more with a new one when it was stale. Raises Later and Stopped."""
        try:
            token = self._token()
            code, found = self._told(method, path, content, params, token)
            if code in wechat.STALE_TOKEN:
                code, found = self._told(method, path, content, params, self._token(stale=token))
        except Silent as silent:
            raise Later(str(silent)) from silent
        except wechat.NoToken as refused:
            raise NotPermitted(refused.errcode, f"access_token {refused}") from refused
        return judged(code, found)

    def _token(self, *, stale: str = "") -> str:
        def fetch(_is_stale: bool) -> wechat.Token:
            return wechat.fetch_wecom_token(base_url=self.base_url, corp=self.corp, secret=self.secret)

        return access_token(app=f"wecom:{self.corp}:contact", fetch=fetch, clock=self.clock, stale=stale)

    def _told(
        self, method: str, path: str, content: bytes | None, params: Mapping[str, str], token: str
    ) -> tuple[int, Mapping[str, Any]]:
        """errcode and answer. Raises Silent, for HTTP errors and what nobody can read as well."""
        answer = call(
            method,
            f"{self.base_url}{path}",
            params={**params, "access_token": token},
            content=content,
            headers={"Content-Type": "application/json"},
            limits=_LIMITS,
            most=_MOST_BYTES,
        )
        if answer.status != 200:
            raise Silent(f"HTTP {answer.status}")
        found = answer.as_object()
        code = found.get("errcode", 0)
        if not isinstance(code, int):
            raise Silent("unreadable")
        return code, found


def pages(ask: Any, **given: Any) -> Iterator[Page]:
    """Page after page of a question that takes a cursor. A cursor that comes again ends it: Later."""
    cursor, seen = "", set[str]()
    while True:
        page: Page = ask(cursor=cursor, **given)
        yield page
        cursor = page.cursor
        if not cursor:
            return
        if cursor in seen:
            raise Later("the same cursor again")
        seen.add(cursor)
