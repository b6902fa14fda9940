"""How a livestream goes: announced, begun, its drops, over, replayed, cancelled. By the operator, or by its time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from psycopg.types.range import TimestamptzRange

from campaigns.jobs.services.due import lay
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.rewards.services.releases import close_releases, release_batch
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Booking, Broadcast, Livestream, Showing
from community.livestreams.notes import CODE, note
from community.livestreams.platforms import is_public_https
from community.livestreams.refusals import DropNotOpenable, NotNow, ReasonMissing, ReplayIsWrong, TooEarly
from community.livestreams.rules import (
    COMING,
    ENDS_AFTER,
    STARTS_AFTER,
    STARTS_BEFORE,
    State,
)
from community.livestreams.selectors import livestream_in_scope
from community.livestreams.services.livestreams import clashes, time_is_taken
from community.livestreams.services.reminders import cancel_reminders

LEAVE = f"{CODE}.leave"
_LOT = 2_000


@transaction.atomic
def start_livestream(*, scope: Scope, livestream_id: UUID) -> Showing:
    """It begins now; its planned drops open by minutes from this moment.

    Raises NotFound, NotNow, TooEarly, TimeIsTaken when a host or the channel is still with another livestream.
    """
    scope.demand("community.livestream.run")
    draft, live = _approved(scope, livestream_id)
    if scope.at < max(live.planned_from - STARTS_BEFORE, live.shown_from):
        raise TooEarly(minutes=int(STARTS_BEFORE.total_seconds()) // 60)
    return _start(scope, draft, live)


@transaction.atomic
def end_livestream(*, scope: Scope, livestream_id: UUID) -> Showing:
    """It is over now; drops that are open or to come close. Raises NotFound, NotNow."""
    scope.demand("community.livestream.run")
    draft, _live = _approved(scope, livestream_id)
    return _end(scope, draft)


@transaction.atomic
def cancel_livestream(*, scope: Scope, livestream_id: UUID, reason: str) -> Showing:
    """It does not take place; customers read that it is cancelled. Raises NotFound, NotNow, ReasonMissing."""
    scope.demand("community.livestream.run")
    if not reason.strip():
        raise ReasonMissing
    draft, _live = _approved(scope, livestream_id)
    showing = _move(scope, draft, COMING, State.CANCELLED, why=reason.strip()[:200])
    Booking.objects.within(scope).filter(livestream=draft).delete()
    cancel_reminders(scope=scope, livestream_id=livestream_id)
    note(scope, draft, "cancel", reason=reason.strip()[:200])
    return showing


@transaction.atomic
def replay_livestream(*, scope: Scope, livestream_id: UUID, url: str = "") -> Showing:
    """It can be watched again. `url`: https; empty where the channel itself replays. Raises NotFound, NotNow,
    ReplayIsWrong.
    """
    scope.demand("community.livestream.run")
    if url.strip() and not is_public_https(url.strip()):
        raise ReplayIsWrong
    draft, live = _approved(scope, livestream_id)
    if not live.replay_days:
        raise ReplayIsWrong
    showing = _move(scope, draft, [State.ENDED], State.REPLAY, replay_url=url.strip()[:300])
    note(scope, draft, "replay")
    return showing


@transaction.atomic
def end_replay(*, scope: Scope, livestream_id: UUID) -> Showing:
    """It cannot be watched again any more. Raises NotFound, NotNow."""
    scope.demand("community.livestream.run")
    draft, _live = _approved(scope, livestream_id)
    showing = _move(scope, draft, [State.REPLAY], State.ENDED)
    note(scope, draft, "end_replay")
    return showing


@transaction.atomic
def open_drop(*, scope: Scope, livestream_id: UUID, drop_id: UUID) -> None:
    """Open a drop now, by hand: one without a minute, or before its minute comes.

    Raises NotFound, NotNow, DropNotOpenable, ReleasedAlready.
    """
    scope.demand("community.livestream.run")
    draft, live = _approved(scope, livestream_id)
    showing = Showing.objects.within(scope).get(livestream_id=livestream_id)
    if showing.state != State.LIVE:
        raise NotNow(state=showing.get_state_display())
    drop = next((each for each in live.drops if each["id"] == str(drop_id)), None)
    if drop is None:
        raise NotFound
    _release(scope, live, drop, scope.at)
    note(scope, draft, "drop", batch=drop["batch"])


# --- what the clock does -------------------------------------------------------------------------------------


def announce_due(*, scope: Scope, livestream_id: UUID) -> bool:
    """Customers see it from now on; whether it was still to be announced."""
    live = (
        Broadcast.objects.within(scope).filter(livestream_id=livestream_id, shown_from__lte=scope.at).first()
    )
    if live is None:
        return False
    moved = (
        Showing.objects.within(scope)
        .filter(livestream_id=livestream_id, state=State.PLANNED)
        .update(state=State.ANNOUNCED, announced_at=scope.at)
    )
    if moved:
        note(scope, livestream_in_scope(scope=scope, livestream_id=livestream_id), "announce")
    return bool(moved)


def start_due(*, scope: Scope, livestream_id: UUID) -> bool:
    """One that nobody started begins by itself; whether it did."""
    live = Broadcast.objects.within(scope).filter(livestream_id=livestream_id).first()
    showing = Showing.objects.within(scope).filter(livestream_id=livestream_id, state__in=COMING).first()
    if live is None or showing is None or scope.at < showing.planned_from + STARTS_AFTER:
        return False
    if scope.at >= showing.planned_until:  # nobody was there to carry it out
        return False
    _start(scope, livestream_in_scope(scope=scope, livestream_id=livestream_id), live)
    return True


def end_due(*, scope: Scope, livestream_id: UUID) -> bool:
    """One that nobody ended is over by itself; whether it was. One that never began is cancelled."""
    showing = Showing.objects.within(scope).filter(livestream_id=livestream_id).first()
    if showing is None or scope.at < showing.planned_until + ENDS_AFTER:
        return False
    draft = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    if showing.state in COMING:
        _move(scope, draft, COMING, State.CANCELLED)
        Booking.objects.within(scope).filter(livestream=draft).delete()
        note(scope, draft, "cancel")
        return True
    if showing.state == State.LIVE:
        _end(scope, draft)
        return True
    return False


def note_left(*, scope: Scope, livestream_id: UUID) -> bool:
    """Tell of a lot of viewers that they have left; whether there may be more."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT note_livestream_left(%s, %s)", [livestream_id, _LOT])
        return bool(cursor.fetchone()[0] == _LOT)


# --- parts ---------------------------------------------------------------------------------------------------


def _approved(scope: Scope, livestream_id: UUID) -> tuple[Livestream, Broadcast]:
    """The draft and its published copy. Raises NotFound, also for one that nobody approved or that was taken down."""
    draft = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    live = Broadcast.objects.within(scope).filter(livestream_id=livestream_id).first()
    if live is None:
        raise NotFound
    return draft, live


def _move(scope: Scope, draft: Livestream, before: Any, to: str, **columns: Any) -> Showing:
    """One guarded move: the condition rides in the WHERE, the table of moves in a trigger. Raises NotNow."""
    rows = Showing.objects.within(scope).filter(livestream_id=draft.pk)
    if not rows.filter(state__in=list(before)).update(state=to, **columns):
        showing = rows.first()
        raise NotNow(state=showing.get_state_display() if showing else "")
    return rows.get()


def _start(scope: Scope, draft: Livestream, live: Broadcast) -> Showing:
    if scope.at < live.planned_from:
        _stretch(scope, draft, live)
    showing = _move(scope, draft, COMING, State.LIVE, started_at=scope.at)
    shut = []
    for drop in live.drops:
        if drop["minute"] is not None:
            try:
                _release(scope, live, drop, scope.at + timedelta(minutes=drop["minute"]))
            except DropNotOpenable:
                # The livestream goes on without it; the desk says which.
                shut.append(drop["id"])
    note(scope, draft, "start", **({"shut": shut} if shut else {}))
    return showing


def _stretch(scope: Scope, draft: Livestream, live: Broadcast) -> None:
    """It begins before its time: hosts and channel are taken from now on."""
    rows = Booking.objects.within(scope).filter(livestream=draft)
    try:
        with transaction.atomic():
            rows.update(span=TimestamptzRange(scope.at, live.planned_until, "[)"))
    except IntegrityError as error:
        if violated(error) != "community_booking_is_of_one_livestream_at_once":
            raise
        names = {UUID(host["person"]): host["name"] for host in live.hosts if host["person"]}
        names[live.channel_id] = live.channel_name
        found = clashes(
            scope=scope, livestream_id=draft.pk, taken=list(names), since=scope.at, until=live.planned_from
        )
        key, title = found[0] if found else (live.channel_id, "")
        raise time_is_taken(name=names[key], title=title) from error


def _end(scope: Scope, draft: Livestream) -> Showing:
    showing = _move(scope, draft, [State.LIVE], State.ENDED, ended_at=scope.at)
    for booking in Booking.objects.within(scope).filter(livestream=draft):
        if booking.span.lower < scope.at < booking.span.upper:
            booking.span = TimestamptzRange(booking.span.lower, scope.at, "[)")
            booking.save(update_fields=["span"])
    close_releases(scope=scope, cause=ref(CODE, draft.pk))
    lay(
        scope=scope, kind=LEAVE, subject=ref(CODE, draft.pk), version=str(showing.ended_at), at=scope.at,
        branch_id=draft.branch_id, branch_pos=draft.branch_pos,
    )  # fmt: skip
    note(scope, draft, "end")
    return showing


def _release(scope: Scope, live: Broadcast, drop: dict[str, Any], since: datetime) -> None:
    """Raises DropNotOpenable, ReleasedAlready."""
    try:
        release_batch(
            scope=scope,
            batch_id=UUID(drop["batch"]),
            cause=ref(CODE, live.livestream_id),
            slot=UUID(drop["id"]),
            branch_id=live.branch_id,
            handed_down=live.handed_down,
            released_from=since,
            released_until=since + timedelta(minutes=drop["minutes"]),
        )
    except NotFound as refusal:
        raise DropNotOpenable from refusal
