"""Synchronising with WeCom: a run reads the list page by page, then every chat that is due is fetched.

The calls to WeCom are made here, outside any transaction; what they answered is written by services/chats.py, each in
one of its own. Any number of workers may do this side by side, and each may be killed at any moment.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.lib.both import refusal_in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.notices.services import tell
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, system_scope
from community.groups.refusals import (
    SyncGoesOn,
    SyncIsHeadOffices,
    WeComAway,
    WeComNotConfigured,
    WeComNotPermitted,
    WeComRefused,
)
from community.groups.selectors import administrators
from community.groups.services.chats import (
    Held,
    apply_chat,
    apply_gone,
    claim_chats,
    count_applied,
    note_again,
    note_chats,
    put_off,
    stop_chat,
)
from community.groups.wecom import WeCom
from community.groups.wecom_answers import Gone, Later, NotPermitted, Page, Stopped
from community.groups.wecom_models import Chat, GroupSync

TASK = "community.sync_groups"
LEASE = timedelta(minutes=2)
# Tries of a page or a chat until it stands still; together they take about an hour.
TRIES = 8
_WAITS = (10, 30, 60, 300, 600, 900, 1800)
_LOT = 10
# After WeCom has said that we may not ask, the chats that wait are left alone for so long.
_REST = timedelta(hours=1)
# A page of the list that is no page: the list is read from its beginning, a few times.
_BAD_CURSOR = {40035, 40058}

State = GroupSync.State
OPEN = (State.LISTING, State.FETCHING)
Clock = Callable[[], datetime]


def ask_sync(*, scope: Scope) -> GroupSync:
    """Have all group chats of WeCom fetched; whether WeCom is configured is the caller's to ask (`demand_configured`).

    Raises SyncIsHeadOffices, SyncGoesOn.
    """
    scope.demand("community.groupsync.add")
    if scope.ancestors:
        raise SyncIsHeadOffices
    root = Branch.objects.get(parent__isnull=True)
    try:
        with transaction.atomic(using=scope.using):
            sync: GroupSync = GroupSync.objects.create(
                branch=root,
                branch_pos=root.pos,
                asked_at=scope.at,
                ready_at=scope.at,
                asked_by_name=scope.facts.actor_name if scope.person_id else "",
            )
    except IntegrityError as error:
        if broken(error) != "community_groupsync_is_one_at_a_time":
            raise
        raise SyncGoesOn from error
    record(
        scope=scope,
        verb="community.groupsync.add",
        subject=ref("community.groupsync", sync.pk),
        subject_name=str(sync.asked_at.date()),
        branch_id=root.pk,
        branch_pos=root.pos,
    )
    return sync


def fetch_chat(*, scope: Scope, chat_id: UUID) -> Chat:
    """Have one chat fetched at once, also one that stands still. Raises NotFound."""
    scope.demand("community.chat.fetch")
    chat: Chat | None = Chat.objects.within(scope).filter(pk=chat_id).first()
    if chat is None:
        raise NotFound
    note_again(scope=scope, rows=Chat.objects.filter(pk=chat.pk))
    record(
        scope=scope,
        verb="community.chat.fetch",
        subject=ref("community.chat", chat.pk),
        subject_name=str(chat)[:60],
        branch_id=chat.branch_id,
        branch_pos=chat.branch_pos,
    )
    return chat


def sync_groups(*, wecom: WeCom, clock: Clock, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Read what is left of the list, fetch what is due; how many chats were written. Ends when nothing is due."""
    if not wecom.is_configured:
        return 0
    _read_list(wecom, clock, goes_on)
    written = 0
    while goes_on():
        with system_scope(at=clock(), cause=TASK) as scope:
            lot = claim_chats(scope=scope, many=_LOT)
        if not lot:
            break
        for held in lot:
            written += _fetch(wecom, clock, held)
    _finish(clock)
    return written


def _read_list(wecom: WeCom, clock: Clock, goes_on: Callable[[], bool]) -> None:
    while goes_on() and (taken := _take_list(clock)) is not None:
        sync_id, attempt, cursor, tries = taken
        try:
            page = wecom.list_chats(cursor=cursor)
            if page.cursor and page.cursor == cursor:
                raise Later("the same cursor again")
        except Later as later:
            _list_later(clock, sync_id, attempt, tries, WeComAway(why=str(later)), later.seconds)
        except NotPermitted as no:
            _list_failed(clock, sync_id, attempt, WeComNotPermitted(why=str(no)))
        except Stopped as no:
            if cursor and no.errcode in _BAD_CURSOR and tries < TRIES:
                _list_later(clock, sync_id, attempt, tries, WeComRefused(why=str(no)), 0, is_anew=True)
            else:
                _list_failed(clock, sync_id, attempt, WeComRefused(why=str(no)))
        else:
            _write_page(clock, sync_id, attempt, page)


def _take_list(clock: Clock) -> tuple[UUID, UUID, str, int] | None:
    """The run whose list is to be read on, held for a while: its id, our attempt, the cursor, tries so far."""
    with system_scope(at=clock(), cause=TASK) as scope:
        free = Q(attempt__isnull=True) | Q(lease_until__lte=scope.at)
        rows = GroupSync.objects.within(scope).filter(free, state=State.LISTING, ready_at__lte=scope.at)
        sync = rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if sync is None:
            return None
        attempt = new_id()
        _change(scope, sync.pk, attempt=attempt, lease_until=scope.at + LEASE)
        return sync.pk, attempt, sync.cursor, sync.tries


def _write_page(clock: Clock, sync_id: UUID, attempt: UUID, page: Page) -> None:
    with system_scope(at=clock(), cause=TASK) as scope:
        sync = _ours(scope, sync_id, attempt)
        if sync is None:
            return
        listed = [str(row.get("chat_id", "")) for row in page.rows]
        noted = note_chats(scope=scope, chat_ids=listed, is_listed=True)
        to: dict[str, Any] = {
            "cursor": page.cursor[:256],
            "tries": 0,
            "listed": F("listed") + noted,
            "why": {},
        }
        if not page.cursor:
            to["state"] = State.FETCHING
            # What is on the list no more is asked for by its id: only WeCom says that a group is dissolved.
            unlisted = Chat.objects.within(scope).filter(gone_at=None, is_stuck=False)
            unlisted = unlisted.exclude(listed_at__gte=sync.asked_at)
            note_chats(scope=scope, chat_ids=list(unlisted.values_list("chat_id", flat=True)))
        _change(scope, sync.pk, attempt=None, lease_until=None, **to)


def _list_later(
    clock: Clock,
    sync_id: UUID,
    attempt: UUID,
    tries: int,
    why: Refusal,
    seconds: float,
    *,
    is_anew: bool = False,
) -> None:
    if tries + 1 >= TRIES:
        _list_failed(clock, sync_id, attempt, why)
        return
    with system_scope(at=clock(), cause=TASK) as scope:
        if _ours(scope, sync_id, attempt) is None:
            return
        anew = {"cursor": "", "listed": 0} if is_anew else {}
        _change(
            scope,
            sync_id,
            attempt=None,
            lease_until=None,
            tries=tries + 1,
            ready_at=scope.at + _wait(tries, seconds),
            why=refusal_in_both(why),
            **anew,
        )


def _list_failed(clock: Clock, sync_id: UUID, attempt: UUID, why: Refusal) -> None:
    with system_scope(at=clock(), cause=TASK) as scope:
        if _ours(scope, sync_id, attempt) is None:
            return
        _end(scope, sync_id, State.FAILED, why)
        _tell_administrators(scope, why)


def _fetch(wecom: WeCom, clock: Clock, held: Held) -> int:
    """Ask WeCom for one chat and write what it says; 1 when something was written."""
    try:
        detail = wecom.chat(held.chat_id)
    except Later as later:
        away = WeComAway(why=str(later))
        with system_scope(at=clock(), cause=TASK) as scope:
            if held.tries + 1 >= TRIES:
                stop_chat(scope=scope, held=held, why=refusal_in_both(away))
            else:
                until = scope.at + _wait(held.tries, later.seconds)
                put_off(scope=scope, held=held, until=until, why=refusal_in_both(away))
        return 0
    except Gone:
        with system_scope(at=clock(), cause=TASK) as scope:
            applied = apply_gone(scope=scope, held=held)
            _count(scope, applied)
        return int(applied.is_ours)
    except NotPermitted as no:
        _not_permitted(clock, held, WeComNotPermitted(why=str(no)))
        return 0
    except Stopped as no:
        with system_scope(at=clock(), cause=TASK) as scope:
            stop_chat(scope=scope, held=held, why=refusal_in_both(WeComRefused(why=str(no))))
        return 0
    with system_scope(at=clock(), cause=TASK) as scope:
        applied = apply_chat(scope=scope, held=held, detail=detail, corp=wecom.corp)
        _count(scope, applied)
    return int(applied.is_ours)


def _count(scope: Scope, applied: Any) -> None:
    sync = GroupSync.objects.within(scope).filter(state__in=OPEN).values_list("pk", flat=True).first()
    if sync is not None and applied.is_ours:
        count_applied(scope=scope, sync_id=sync, applied=applied)


def _not_permitted(clock: Clock, held: Held, why: Refusal) -> None:
    """Every other chat would be answered alike: the run ends, and those that wait rest until somebody has mended it."""
    with system_scope(at=clock(), cause=TASK) as scope:
        words = refusal_in_both(why)
        put_off(scope=scope, held=held, until=scope.at + _REST, why=words, is_try=False)
        waiting = Chat.objects.within(scope).filter(due_at__lte=scope.at + _REST, attempt=None)
        waiting.update(due_at=scope.at + _REST)
        for sync in GroupSync.objects.within(scope).filter(state__in=OPEN):
            _end(scope, sync.pk, State.FAILED, why)
        _tell_administrators(scope, why)


def _finish(clock: Clock) -> None:
    """A run whose chats are all written, or stand still, is over."""
    with system_scope(at=clock(), cause=TASK) as scope:
        sync = GroupSync.objects.within(scope).filter(state=State.FETCHING).first()
        if sync is None:
            return
        waits = Q(due_at__isnull=False) | Q(attempt__isnull=False)
        if not Chat.objects.within(scope).filter(waits, is_stuck=False).exists():
            _end(scope, sync.pk, State.DONE, None)


def _ours(scope: Scope, sync_id: UUID, attempt: UUID) -> GroupSync | None:
    rows = GroupSync.objects.within(scope).filter(pk=sync_id, attempt=attempt, state=State.LISTING)
    sync: GroupSync | None = rows.select_for_update(no_key=True, of=("self",)).first()
    return sync


def _end(scope: Scope, sync_id: UUID, state: str, why: Refusal | None) -> None:
    rows = GroupSync.objects.within(scope).filter(pk=sync_id, state__in=OPEN)
    rows.update(
        state=state,
        ended_at=scope.at,
        attempt=None,
        lease_until=None,
        why=refusal_in_both(why) if why is not None else {},
    )


def _change(scope: Scope, sync_id: UUID, **to: Any) -> None:
    GroupSync.objects.within(scope).filter(pk=sync_id).update(**to)


def _wait(tries: int, seconds: float) -> timedelta:
    return timedelta(seconds=max(seconds, _WAITS[min(tries, len(_WAITS) - 1)] if seconds else 0))


def _tell_administrators(scope: Scope, why: Refusal) -> None:
    """Once a day for one reason: who runs WeCom for the bank has to mend it."""
    people: Sequence[UUID] = administrators(scope=scope)
    tell(
        scope=scope,
        people=people,
        code="community.sync_failed",
        key=f"community.sync_failed:{why.code}:{scope.at.date()}",
        subject="",
        why=why.detail("zh-hans"),
    )


def demand_configured(*, wecom: WeCom) -> None:
    """Raises WeComNotConfigured, for pages that offer to ask for a run."""
    if not wecom.is_configured:
        raise WeComNotConfigured
