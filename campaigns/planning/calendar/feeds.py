"""A person's calendar under a secret address: making it, ending it, and what the address answers (RFC 5545)."""

import hashlib
import secrets
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext
from icalendar import Calendar, Event

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.planning.calendar.asking import Filters, zone_at
from campaigns.planning.calendar.layers import Asked, Entry, Fill, Layer, Part, calendar_layers
from campaigns.planning.models import Feed
from campaigns.tenants.scopes import Scope, staff_scope, system_scope

# What a subscription shows: a week back and five ahead, and of a layer at most so many that begin on one day.
BACK, DAYS, MOST = timedelta(days=7), 42, 40
# A subscriber is told to ask again so often; phones ask more rarely.
AGAIN = timedelta(minutes=30)
_STATUS = {
    Fill.DRAFT: "TENTATIVE",
    Fill.REVIEW: "TENTATIVE",
    Fill.SET: "CONFIRMED",
    Fill.DONE: "CONFIRMED",
}


def own_feed(*, scope: Scope) -> Feed | None:
    """The subscription of who asks, in this assignment at this branch; None for none."""
    found: Feed | None = _own(scope).first()
    return found


def make_feed(*, scope: Scope, is_mine: bool) -> str:
    """A new secret token; the one before it ends at once. The token is kept nowhere. Raises NotFound for no person."""
    scope.demand("planning.campaign.view")
    login, assignment = _who(scope)
    _own(scope).update(ended_at=scope.at)
    token = secrets.token_urlsafe(24)
    feed = Feed.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        login_id=login,
        assignment_id=assignment,
        is_mine=is_mine,
        token_hash=_hash(token),
        made_at=scope.at,
    )
    _note(scope, feed, "planning.feed.add")
    return token


def end_feed(*, scope: Scope) -> None:
    """The address answers nothing any more. Raises NotFound when there is none."""
    feed = own_feed(scope=scope)
    if feed is None:
        raise NotFound
    _own(scope).update(ended_at=scope.at)
    _note(scope, feed, "planning.feed.end")


def read_feed(*, token: str, at: datetime) -> bytes:
    """The calendar as its person would see it at `at`. Raises NotFound for a token that is none or has ended,
    ScopeClosed for a person who may not stand there any more.
    """
    with system_scope(at=at, cause="planning.feed"):
        feed = Feed.objects.filter(token_hash=_hash(token), ended_at=None).first()
    if feed is None:
        raise NotFound
    with staff_scope(
        login_id=feed.login_id,
        assignment_id=feed.assignment_id,
        stand_at=feed.branch_id,
        at=at,
        cause="planning.feed",
    ) as scope:
        if not scope.may("planning.campaign.view"):
            raise NotFound
        return _written(scope, is_mine=feed.is_mine)


def _written(scope: Scope, *, is_mine: bool) -> bytes:
    asked, owner = _asked(scope), scope.person_id if is_mine else None
    filters = Filters(frozenset(), frozenset(), owner)
    calendar = Calendar()
    calendar.add("prodid", "-//Fenhang//Calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", gettext("Campaign calendar"))
    calendar.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    for layer in calendar_layers(scope=scope):
        found = layer.entries(scope, filters.asked_of(layer.code, asked))
        for entry in found.entries:
            calendar.add_component(_event(layer, entry, scope.at, asked.zone))
    return bytes(calendar.to_ical())


def _event(layer: Layer, entry: Entry, at: datetime, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{layer.code}.{entry.key}.{entry.part}@fenhang")
    event.add("dtstamp", at)
    before = gettext("Ends") + " · " if entry.part is Part.UNTIL else ""
    event.add("summary", f"[{layer.label}] {before}{entry.title}")
    event.add("status", _STATUS[entry.fill])
    event.add("description", "\n".join(line for line in (entry.branch, entry.owner) if line))
    if entry.part is Part.WINDOW:
        # What runs for days is a bar above them, and makes nobody busy.
        first = entry.at.astimezone(zone).date()
        last = (entry.until - timedelta(microseconds=1)).astimezone(zone).date() if entry.until else first
        event.add("dtstart", first)
        event.add("dtend", last + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", entry.at)
        event.add("dtend", entry.until or entry.at)
    return event


def _asked(scope: Scope) -> Asked:
    zone = zone_at(scope)
    first = (scope.at - BACK).astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range(DAYS + 1)]
    return Asked(days[:-1], [datetime.combine(day, time(), zone) for day in days], zone, MOST)


def _own(scope: Scope) -> QuerySet[Feed]:
    login, assignment = _who(scope)
    mine: QuerySet[Feed] = Feed.objects.within(scope).filter(
        login_id=login, assignment_id=assignment, branch_id=scope.branch_id, ended_at=None
    )
    return mine


def _who(scope: Scope) -> tuple[int, UUID]:
    """The log-in and the assignment. Raises NotFound where nobody of the staff asks."""
    login, assignment = scope.carry.get("login"), scope.carry.get("assignment")
    if login is None or assignment is None:
        raise NotFound
    return int(login), UUID(str(assignment))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _note(scope: Scope, feed: Feed, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("planning.feed", feed.pk),
        branch_id=feed.branch_id,
        branch_pos=feed.branch_pos,
    )
