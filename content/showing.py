"""What items and placements have in common when they are frozen and read: when, where, for how many, for how much."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from campaigns.approvals.kinds import Frozen, Line
from campaigns.customers.selectors import reach_of
from campaigns.lib.clock import FOREVER
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope

# Beside the phone's own.
STYLES = ("content/phone.css",)


def window_payload(draft: Any) -> dict[str, Any]:
    """When and where a draft is to be shown, as it is frozen."""
    return {
        "shown_from": draft.shown_from.isoformat(),
        "shown_until": draft.shown_until.isoformat(),
        "handed_down": draft.handed_down,
    }


def window_values(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What `window_payload` froze."""
    return {
        "shown_from": datetime.fromisoformat(payload["shown_from"]),
        "shown_until": datetime.fromisoformat(payload["shown_until"]),
        "handed_down": payload["handed_down"],
    }


def window_lines(scope: Scope, payload: Mapping[str, Any]) -> list[Line]:
    """What a reviewer reads of it, in the zone of the scope's branch."""
    zone = zone_of(scope=scope)
    first, last = (
        datetime.fromisoformat(payload["shown_from"]),
        datetime.fromisoformat(payload["shown_until"]),
    )
    return [
        Line("from", gettext("shown from"), _moment(first, zone)),
        Line(
            "until", gettext("shown until"), gettext("open end") if last >= FOREVER else _moment(last, zone)
        ),
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below")
            if payload["handed_down"]
            else gettext("this branch alone"),
        ),
    ]


def reach(scope: Scope, frozen: Frozen) -> int:
    """How many customers can see it."""
    return reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])


def reward(scope: Scope, batch_ids: Collection[str]) -> int:
    """What these batches give away in all, as customers can claim them, in fen; nothing of one that is not live."""
    batches = LiveBatch.objects.visible(scope).filter(batch_id__in=batch_ids) if batch_ids else ()
    return sum(batch.quota * batch.off_fen for batch in batches)


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return str(date_format(moment.astimezone(zone), "DATETIME_FORMAT"))
