"""Deciding of touches whose time has come: may it be told, which way, and what became of it. One worker at a time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections

from campaigns.customers.consent_rules import INBOX, MARKETING, SUBSCRIBE
from campaigns.customers.consent_selectors import may_send
from campaigns.jobs.models import Message
from campaigns.jobs.outbox_rules import words_of
from campaigns.jobs.services.outbox import Note, put_many
from campaigns.lib.refs import ref
from campaigns.outreach import rules
from campaigns.outreach.kinds import touch_kind, touch_kinds
from campaigns.outreach.models import Credit, Touch
from campaigns.outreach.selectors import template_of, terms_now
from campaigns.tenants.scopes import Scope

LOT = 500
# Caps and credits are counted before they are spent, so that two workers never decide side by side.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('outreach: decide of touches'))"
# WeChat: the customer allows no such message. Asking again would be refused for ever.
NOT_ALLOWED = "43101"


def send_due(*, scope: Scope, limit: int = LOT) -> int:
    """Decide of the touches that are due, and note what became of those handed over; how many of both. 0 also while
    another worker is at it.
    """
    scope.demand("outreach.touch.send")
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return 0
    return _follow(scope, limit) + _decide(scope, limit)


# --- deciding ---


def _decide(scope: Scope, limit: int) -> int:
    rows = Touch.objects.within(scope).filter(
        state="waiting", due_at__lte=scope.at, kind__in=list(touch_kinds())
    )
    due: list[Touch] = list(
        rows.select_related("branch").order_by("due_at", "id").select_for_update(of=("self",))[:limit]
    )
    if not due:
        return 0
    may, stands = _allowed(scope, due), _standing(scope, due)
    left, lately, terms = _credits(scope, due), _lately(scope, due), terms_now()
    notes: dict[str, list[Note]] = defaultdict(list)
    spent: list[Credit] = []
    for touch in due:
        mine = left[touch.customer_id, touch.kind]
        decided = rules.decide(
            rules.Standing(
                purpose=touch.purpose,
                until=touch.until,
                zone=ZoneInfo(touch.branch.zone),
                may={way for way in rules.WAYS if touch.customer_id in may[touch.purpose, way]},
                tried=touch.tried,
                has_credit=bool(mine) and bool(template_of(kind=touch.kind)),
                still_stands=touch.thing in stands[touch.kind],
                lately=lately[touch.customer_id],
            ),
            terms,
            scope.at,
        )
        if decided.later is not None:
            touch.due_at = decided.later
        elif decided.why is not None:
            touch.state, touch.decided_at, touch.why = "stopped", scope.at, words_of(decided.why())
        else:
            touch.way, touch.decided_at = decided.way, scope.at
            lately[touch.customer_id].append(scope.at)
            if decided.way == INBOX:
                touch.state, touch.sent_at = "sent", scope.at
            else:
                touch.state, touch.tries = "handed", touch.tries + 1
                credit = mine.pop(0)
                credit.spent_at, credit.touch = scope.at, touch
                spent.append(credit)
                notes[SUBSCRIBE].append(_note(touch))
    if notes[SUBSCRIBE]:
        Credit.objects.within(scope).bulk_update(spent, ["spent_at", "touch"])
        put_many(scope=scope, adapter="wechat.subscribe", notes=notes[SUBSCRIBE])
        keys = [note.key for note in notes[SUBSCRIBE]]
        made = dict(
            Message.objects.within(scope)
            .filter(adapter="wechat.subscribe", key__in=keys)
            .values_list("key", "id")
        )
        for touch in due:
            if touch.state == "handed":
                touch.message_id = made[_key(touch)]
    Touch.objects.bulk_update(
        due, ["state", "way", "why", "due_at", "decided_at", "sent_at", "message_id", "tries"], batch_size=LOT
    )
    return len(due)


def _allowed(scope: Scope, due: Sequence[Touch]) -> dict[tuple[str, str], set[UUID]]:
    return {
        (purpose, way): may_send(
            scope=scope,
            customer_ids={touch.customer_id for touch in due if touch.purpose == purpose},
            purpose=purpose,
            channel=way,
        )
        for purpose in {touch.purpose for touch in due}
        for way in rules.WAYS
    }


def _standing(scope: Scope, due: Sequence[Touch]) -> dict[str, set[str]]:
    return {
        kind: set(touch_kind(kind).stands(scope, {touch.thing for touch in due if touch.kind == kind}))
        for kind in {touch.kind for touch in due}
    }


def _credits(scope: Scope, due: Sequence[Touch]) -> defaultdict[tuple[UUID, str], list[Credit]]:
    """Those left, the oldest first."""
    found: defaultdict[tuple[UUID, str], list[Credit]] = defaultdict(list)
    rows = Credit.objects.within(scope).filter(
        customer_id__in={touch.customer_id for touch in due}, spent_at=None, void_at=None
    )
    for credit in rows.order_by("granted_at", "id"):
        found[credit.customer_id, credit.kind].append(credit)
    return found


def _lately(scope: Scope, due: Sequence[Touch]) -> defaultdict[UUID, list[datetime]]:
    found: defaultdict[UUID, list[datetime]] = defaultdict(list)
    people = {touch.customer_id for touch in due if touch.purpose == MARKETING}
    if people:
        rows = Touch.objects.within(scope).filter(
            customer_id__in=people,
            purpose=MARKETING,
            state__in=["handed", "sent"],
            decided_at__gt=scope.at - rules.WEEK,
        )
        for customer_id, at in rows.values_list("customer_id", "decided_at"):
            found[customer_id] += [at] if at else []
    return found


def _key(touch: Touch) -> str:
    """A touch that is decided anew is another message: the outbox keeps what became of the first."""
    return f"touch:{touch.pk}:{touch.tries}"


def _note(touch: Touch) -> Note:
    kind = touch_kind(touch.kind)
    body: dict[str, Any] = {
        "to": ref("outreach.touch", touch.pk),
        "purpose": touch.purpose,
        "template_id": template_of(kind=touch.kind),
        "data": rules.message_fields(kind.fields, _plain(touch.words)),
    }
    if touch.page:
        body["page"] = touch.page
    return Note(ref("outreach.touch", touch.pk), _key(touch), body, touch.branch_id, touch.branch_pos)


def _plain(words: Any) -> dict[str, str]:
    """WeChat shows Chinese."""
    return {
        name: str(said.get("zh", "") if isinstance(said, dict) else said)
        for name, said in dict(words).items()
    }


# --- what became of it ---


def _follow(scope: Scope, limit: int) -> int:
    """Read from the outbox what became of what was handed to it."""
    rows = Touch.objects.within(scope).filter(state="handed")
    ended = Message.objects.within(scope).filter(
        pk__in=rows.values("message_id"), state__in=["sent", "dead", "cancelled"]
    )
    told = {message.pk: message for message in ended.only("id", "state", "sent_at", "why")[:limit]}
    touches = list(rows.filter(message_id__in=told).select_for_update(of=("self",)))
    for touch in touches:
        if touch.message_id:
            _note_end(scope, touch, told[touch.message_id])
    Touch.objects.bulk_update(touches, ["state", "sent_at", "why", "tried", "due_at", "message_id"])
    return len(touches)


def _note_end(scope: Scope, touch: Touch, message: Message) -> None:
    why = message.why
    if message.state == "sent":
        touch.state, touch.sent_at = "sent", message.sent_at
        return
    mine = Credit.objects.within(scope).filter(touch=touch)
    if NOT_ALLOWED in str(why.get("zh", "")):
        # The tap is worth nothing, and neither are the others: nothing of this kind is tried again.
        touch.state, touch.why = "stopped", why
        Credit.objects.within(scope).filter(
            customer_id=touch.customer_id, kind=touch.kind, void_at=None
        ).exclude(spent_at__isnull=False, touch__state="sent").update(void_at=scope.at)
        return
    mine.update(spent_at=None, touch=None)
    if why.get("code") in {rules.NothingStands.code, rules.TooLate.code} or message.state == "cancelled":
        touch.state, touch.why = "stopped", why
        return
    # Not now, or not this way: what it is told by then is decided anew.
    touch.state, touch.why, touch.message_id = "waiting", why, None
    if why.get("code") != rules.IsQuiet.code:
        touch.tried = [*touch.tried, SUBSCRIBE]
    touch.due_at = scope.at
