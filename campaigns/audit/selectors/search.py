"""What was done: by a person, to a thing, in a window of time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import Q

from campaigns.audit.models import BY_SYSTEM, Entry
from campaigns.audit.rules import beyond, first_id_at
from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch, Person, TenantQuerySet
from campaigns.tenants.rules import pinyin_of
from campaigns.tenants.scopes import Scope

SYSTEM = "system"
# An id is made after the moment of its scope, but maybe on a machine whose clock is behind; and at most so long after:
# seconds in service, weeks where a story of the past is told (the demo bank's).
_SKEW, _LATE = timedelta(hours=1), timedelta(days=62)
# Planning over all months takes longer than reading a page of a few of them: so the latest are asked first.
_STEPS = (timedelta(days=60), timedelta(days=400))
# How many of the latest deeds are looked through for people and things that are not found otherwise.
_LATEST = 1_000
_PEOPLE = 5_000


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for; empty parts ask for nothing. `who`: a reference, or SYSTEM. `thing`: a reference.

    `named`: how the name of the thing begins. `since`, `until`: the window, its end exclusive (UTC).
    """

    who: str = ""
    thing: str = ""
    named: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Place(NamedTuple):
    """Where a page of entries ended."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """One page, newest first; `further` is where the next one begins, None on the last."""

    entries: list[Entry]
    further: Place | None


class Named(NamedTuple):
    """A person or thing to choose: its reference, its name, and what else tells it from others."""

    ref: str
    name: str
    more: str


def entries_found(*, scope: Scope, search: Search, after: Place | None = None, limit: int = 50) -> Found:
    """Which deeds match? Newest first, `limit` after the place `after`. Nothing is counted."""
    entries = _newest(scope, search, after, limit + 1)
    further = None
    if len(entries) > limit:
        entries = entries[:limit]
        further = Place(entries[-1].at, entries[-1].pk)
    _with_branches(scope, entries)
    return Found(entries, further)


def _newest(scope: Scope, search: Search, after: Place | None, limit: int) -> list[Entry]:
    """The first `limit` matches, from as few months as they fill."""
    edge = min(each for each in (after.at if after else None, search.until, scope.at) if each)
    for step in (*_STEPS, None):
        since = edge - step if step else None
        is_last = since is None or (search.since is not None and since <= search.since)
        part = search if is_last else replace(search, since=since)
        rows = _below(_matching(scope, part), after)
        if not search.named:
            found = list(rows.order_by("-at", "-id")[:limit])
        elif step == _STEPS[0] and len(found := _among_latest(scope, part, after, limit)) == limit:
            return found
        else:
            found = _by_name(scope, rows, limit)
        if is_last or len(found) == limit:
            return found
    raise AssertionError("the last step is the last")


def _below(rows: TenantQuerySet, after: Place | None) -> TenantQuerySet:
    """What follows a place; the first condition is for the index, the second for those of the same moment."""
    if after is None:
        return rows
    rows = rows.filter(Q(at__lte=after.at) & (Q(at__lt=after.at) | Q(id__lt=after.id)))
    return rows.filter(id__lt=first_id_at(after.at + _LATE))


def _among_latest(scope: Scope, search: Search, after: Place | None, limit: int) -> list[Entry]:
    """Matches among the latest rows alone: enough for a name that everything has, of which there are too many."""
    latest = _below(_matching(scope, replace(search, named="")), after).order_by("-at", "-id")
    names = latest.values_list("pk", "subject_name")[:_LATEST]
    ids = [pk for pk, name in names if name.startswith(search.named)][:limit]
    return _these(scope, ids)


def _these(scope: Scope, ids: list[UUID]) -> list[Entry]:
    return list(Entry.objects.within(scope).filter(pk__in=ids).order_by("-at", "-id")) if ids else []


def _by_name(scope: Scope, rows: TenantQuerySet, limit: int) -> list[Entry]:
    """The newest of rows that match the beginning of a name; all of them are looked through in the index of names.

    Left to itself the planner walks back through time instead, since it guesses one row in 200 for any beginning:
    for a name that was last used two years ago it reads millions of others (measured: more than 20 s).
    """
    inner, params = rows.order_by().values_list("at", "id").query.sql_with_params()
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            f"WITH named AS MATERIALIZED ({inner}) SELECT id FROM named ORDER BY at DESC, id DESC LIMIT %s",  # noqa: S608
            [*params, limit],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return _these(scope, ids)


def _matching(scope: Scope, search: Search) -> TenantQuerySet:
    rows: TenantQuerySet = Entry.objects.within(scope)
    if search.who == SYSTEM:
        rows = rows.filter(BY_SYSTEM)
    elif search.who:
        rows = rows.filter(actor=search.who)
    if search.thing:
        rows = rows.filter(subject=search.thing)
    if search.named:
        # LIKE is not leakproof, and its index would be of no use under the policies; comparisons are.
        rows = rows.filter(subject_name__gte=search.named, subject_name__lt=beyond(search.named))
    if search.since:
        # The id is for the months that need not be read.
        rows = rows.filter(at__gte=search.since, id__gte=first_id_at(search.since - _SKEW))
    if search.until:
        rows = rows.filter(at__lt=search.until, id__lt=first_id_at(search.until + _LATE))
    return rows


def _with_branches(scope: Scope, entries: list[Entry]) -> None:
    """Branches by one query of their own: joined, they would tempt the planner away from the order."""
    inside = Branch.objects.filter(pos__range=(scope.lo, scope.hi))
    branches = inside.in_bulk({each.branch_id for each in entries})
    for entry in entries:
        if entry.branch_id in branches:
            entry.branch = branches[entry.branch_id]


def entry_in_scope(*, scope: Scope, entry_id: UUID) -> Entry | None:
    """The entry, if it lies in the scope; None for a foreign and an absent one alike."""
    return Entry.objects.within(scope).select_related("branch").filter(pk=entry_id).first()


def deeds_along_with(*, scope: Scope, entry: Entry, limit: int = 20) -> list[Entry]:
    """What else was done in the same request? In the order it was done, the entry itself included."""
    if entry.request_id is None:
        return [entry]
    window = Search(who=entry.actor, since=entry.at, until=entry.at + timedelta(microseconds=1))
    same = _matching(scope, window).filter(request_id=entry.request_id)
    return list(same.order_by("-at", "-id")[:limit])[::-1]


def people_matching(*, scope: Scope, words: str, limit: int = 12) -> list[Named]:
    """Which people may be meant, by name, staff number or pinyin?

    Those who work in the scope, and those from elsewhere who lately did something in it.
    """
    words = words.strip()
    if not words:
        return []
    here = Person.objects.within(scope)
    found = list(
        here.filter(Q(name__contains=words) | Q(staff_number__startswith=words))
        .select_related("branch")
        .order_by("staff_number")[:limit]
    )
    if words.isascii() and len(found) < limit:
        wanted = words.lower().replace(" ", "")
        names = here.order_by("branch_pos").values_list("pk", "name")[:_PEOPLE]
        alike = [pk for pk, name in names if wanted in _pinyin(name)][:limit]
        known = {person.pk for person in found}
        found += [p for p in here.filter(pk__in=alike).select_related("branch") if p.pk not in known]
    named = [Named(ref("tenants.person", p.pk), p.name, f"{p.staff_number} · {p.branch}") for p in found]
    known_refs = {each.ref for each in named}
    lately = _matching(scope, Search(since=scope.at - _STEPS[0])).order_by("-at", "-id")
    for actor, name in dict.fromkeys(lately.values_list("actor", "actor_name")[:_LATEST]):
        if actor not in known_refs and actor.startswith("tenants.person:") and _is_meant(words, name):
            named.append(Named(actor, name, ""))
    return named[:limit]


def _is_meant(words: str, name: str) -> bool:
    return words in name or (words.isascii() and words.lower().replace(" ", "") in _pinyin(name))


@lru_cache(maxsize=20_000)
def _pinyin(name: str) -> str:
    return pinyin_of(name)


def things_matching(*, scope: Scope, words: str, limit: int = 12) -> list[Named]:
    """Which things may be meant, by how their name begins? Those that something was done to, the latest first."""
    words = words.strip()
    if not words:
        return []
    found: dict[str, str] = {}
    for entry in _newest(scope, Search(named=words), None, 200):
        found.setdefault(entry.subject, entry.subject_name)
    return [Named(subject, name, subject.partition(":")[0]) for subject, name in list(found.items())[:limit]]


def actor_named(*, scope: Scope, who: str) -> str:
    """The name under which somebody last did something in the scope; "" when nothing is known."""
    found = _newest(scope, Search(who=who), None, 1)
    return found[0].actor_name if found else ""


def latest_of(*, scope: Scope, thing: str) -> Entry | None:
    """The last deed on a thing in the scope."""
    found = _newest(scope, Search(thing=thing), None, 1)
    return found[0] if found else None
