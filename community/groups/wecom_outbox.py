"""The way out for a hand-over of groups in WeCom: told by the outbox, so that it is told once and not forgotten."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.adapters import Adapter, Letter, Refused, TryLater, Wait
from campaigns.jobs.outbox_rules import AskedToWait, NoAnswer, NotConfigured, RefusedForGood, Terms
from community.groups.refusals import WeComNotPermitted
from community.groups.wecom import WeCom
from community.groups.wecom_answers import TO_WAIT, Later, NotPermitted, Stopped
from community.groups.wecom_settings import wecom

TRANSFER = "wecom.groups"
T = TypeVar("T")


def transfer_adapter() -> Adapter:
    """Registered by the package's setup. A call of WeCom's is longer than most."""
    return Adapter(
        TRANSFER,
        _("Hand-over of WeCom groups"),
        send_transfer,
        Terms(connect=2.0, read=8.0, whole=12.0, per_second=5, burst=5),
        keeps=("chat_id_list", "new_owner"),
    )


def send_transfer(letter: Letter, terms: Terms) -> Mapping[str, Any]:
    """Groups get another owner. A group that fails within errcode 0 is refused for good, with its own errcode."""
    body = orjson.loads(letter.body)
    failed = answered(
        letter, lambda server: server.transfer_chats(chat_ids=body["chat_id_list"], to=body["new_owner"])
    )
    if failed:
        raise Refused(RefusedForGood(reason=", ".join(f"{chat}: {code}" for chat, code in failed.items())))
    return {"chats": len(body["chat_id_list"])}


def answered(letter: Letter, ask: Callable[[WeCom], T]) -> T:
    """What WeCom answers, or in the outbox's words why it does not. Raises TryLater, Wait, Refused."""
    server = wecom()
    if not server.is_configured:
        raise TryLater(NotConfigured(account=letter.account))
    try:
        return ask(server)
    except Later as later:
        if later.seconds in TO_WAIT.values():
            raise Wait(
                AskedToWait(seconds=int(later.seconds), reason=str(later)), seconds=later.seconds
            ) from later
        raise TryLater(NoAnswer(reason=str(later))) from later
    except NotPermitted as no:
        raise Refused(WeComNotPermitted(why=str(no))) from no
    except Stopped as no:
        raise Refused(RefusedForGood(reason=str(no))) from no
