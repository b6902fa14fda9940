"""Reminders of livestreams: asked for by a customer, decided and sent by campaigns.outreach."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.lib.refs import ref
from campaigns.outreach.services.touches import (
    ask_touch,
    cancel_touches_of,
    grant_credit,
    move_touches_of,
)
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope, system_scope
from community.livestreams.refusals import TooLateToRemind
from community.livestreams.rules import COMING
from community.livestreams.selectors import one_shown

KIND = "community.livestream.reminder"
REMINDS_BEFORE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Reminder:
    """`is_new`: false when it was asked for before; `remind_at` UTC."""

    is_new: bool
    remind_at: datetime
    has_credit: bool


def ask_reminder(*, scope: Scope, livestream_id: UUID, is_allowed: bool = False, key: str = "") -> Reminder:
    """Remind the customer ten minutes before a livestream begins. `is_allowed`: the phone's tap on "allow" for one
    subscribe message came along, under `key`; without one it comes into the inbox.

    Raises NotFound, TooLateToRemind once it has begun or is cancelled.
    """
    live, showing = one_shown(scope=scope, livestream_id=livestream_id)
    if showing.state not in COMING:
        raise TooLateToRemind
    assert scope.customer_id is not None
    # No credit for what is not asked for: the tap is good for this message.
    if is_allowed:
        grant_credit(scope=scope, customer_id=scope.customer_id, kind=KIND, key=key or str(livestream_id))
    remind_at = _moment(live.planned_from, scope.at)
    when = f"{live.planned_from.astimezone(zone_of(scope=scope)):%Y-%m-%d %H:%M}"
    is_new = ask_touch(
        scope=scope,
        customer_id=scope.customer_id,
        kind=KIND,
        thing=ref("community.livestream", livestream_id),
        key=f"{KIND}:{livestream_id}",
        words={
            "title": {"zh": f"直播即将开始：{live.title}", "en": f"Livestream soon: {live.title}"},
            "text": {"zh": f"{when} 开播，点此进入直播间。", "en": f"It begins at {when}. Tap to enter."},
            "name": live.title[:20],
            "time": when,
        },
        due_at=remind_at,
        until=live.planned_until,
        page=f"/pages/livestream/index?id={livestream_id}",
    )
    return Reminder(is_new, remind_at, is_allowed)


def move_reminders(*, scope: Scope, livestream_id: UUID, begins: datetime, ends: datetime) -> None:
    """It was approved for another time: who asked is told then. Who approves need not see what customers are told."""
    with system_scope(at=scope.at, cause=KIND) as whole:
        move_touches_of(
            scope=whole,
            thing=ref("community.livestream", livestream_id),
            due_at=_moment(begins, scope.at),
            until=ends,
        )


def cancel_reminders(*, scope: Scope, livestream_id: UUID) -> None:
    """It does not take place."""
    with system_scope(at=scope.at, cause=KIND) as whole:
        cancel_touches_of(scope=whole, thing=ref("community.livestream", livestream_id))


def _moment(begins: datetime, at: datetime) -> datetime:
    return max(begins - REMINDS_BEFORE, at)
