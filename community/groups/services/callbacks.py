"""What WeCom tells of changes makes the group chats due to be fetched: the call itself changes no group."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.audit.services import record_security
from campaigns.events.services.hooks import WINDOW, is_first_call
from campaigns.tenants.scopes import system_scope
from community.groups.callbacks import Unreadable, fields_of, opened
from community.groups.models import Group, Member
from community.groups.refusals import CallbackUnsigned
from community.groups.selectors import person_keys
from community.groups.services.chats import note_chats

SOURCE = "wecom"
CAUSE = "community.callback"
_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_NONCE = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Terms:
    """What WeCom was given for this address; shut while one of them is empty."""

    token: str
    key: str
    corp: str


@dataclass(frozen=True, slots=True)
class Signed:
    """The query of a call as it came in."""

    signature: str
    timestamp: str
    nonce: str
    address: str | None


def answer_verification(*, terms: Terms, signed: Signed, echo: str, at: datetime) -> str:
    """The plain text that WeCom asks for when the address is entered there. Raises CallbackUnsigned."""
    return _opened(terms, signed, echo, at)


def take_callback(*, terms: Terms, signed: Signed, body: bytes, at: datetime) -> int:
    """Make due what the message speaks of; how many chats. One that came before changes nothing.

    Raises CallbackUnsigned for what is not WeCom's, not for us, or five minutes old.
    """
    try:
        encrypted = fields_of(body).get("Encrypt", "")
    except Unreadable as error:
        raise _refused(signed, at, error) from error
    message = _opened(terms, signed, encrypted, at)
    try:
        told = fields_of(message)
    except Unreadable as error:
        raise _refused(signed, at, error) from error
    with system_scope(at=at, cause=CAUSE) as scope:
        # Of the text as well: two messages of one second may share a nonce.
        if not is_first_call(source=SOURCE, nonce=f"{signed.nonce}:{signed.signature}", at=at):
            return 0
        chats = _chats_of(told, terms.corp)
        return note_chats(scope=scope, chat_ids=chats) if chats else 0


def _chats_of(told: Mapping[str, str], corp: str) -> list[str]:
    match told.get("Event"):
        case "change_external_chat":
            return [told.get("ChatId", "")]
        case "change_external_contact":
            # Somebody became known or left: the groups that they are in say more of them now.
            who = told.get("ExternalUserID", "")
            keys = person_keys(userids=[who], corp=corp) if who else {}
            spells = Member.objects.filter(person_key__in=keys.values(), left_at=None)
            rows = Group.objects.filter(pk__in=spells.values("group_id"), dissolved_at=None)
            return list(rows.exclude(chat_id="").values_list("chat_id", flat=True)[:500])
    return []


def _opened(terms: Terms, signed: Signed, encrypted: str, at: datetime) -> str:
    is_formed = _TIMESTAMP.fullmatch(signed.timestamp) and _NONCE.fullmatch(signed.nonce)
    try:
        if not is_formed or not terms.token or not terms.key or not terms.corp:
            raise Unreadable("form")
        text = opened(
            token=terms.token,
            key=terms.key,
            receiver=terms.corp,
            signature=signed.signature,
            timestamp=signed.timestamp,
            nonce=signed.nonce,
            encrypted=encrypted,
        )
        if abs(int(signed.timestamp) - at.timestamp()) > WINDOW.total_seconds():
            raise Unreadable("old")
    except Unreadable as error:
        raise _refused(signed, at, error) from error
    return text


def _refused(signed: Signed, at: datetime, error: Unreadable) -> CallbackUnsigned:
    record_security(kind="hook.refused", at=at, who=SOURCE, address=signed.address, why=str(error))
    return CallbackUnsigned()
