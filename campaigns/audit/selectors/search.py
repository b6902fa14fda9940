"""What was done: by a person, to a thing, in a window of time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from campaigns.audit.models import BY_SYSTEM, Entry
from campaigns.audit.rules import first_id_at
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
_LATEST = 2_000
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
        rows = _matching(scope, part)
        if after is not None:
            # The first condition is for the index, the second for those of the same moment.
            rows = rows.filter(Q(at__lte=after.at) & (Q(at__lt=after.at) | Q(id__lt=after.id)))
            rows = rows.filter(id__lt=first_id_at(after.at + _LATE))
        found = list(rows.order_by("-at", "-id")[:limit])
        if is_last or len(found) == limit:
            return found
    raise AssertionError("the last step is the last")


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
        rows = rows.filter(subject_name__gte=search.named, subject_name__lt=_after(search.named))
    if search.since:
        # The id is for the months that need not be read.
        rows = rows.filter(at__gte=search.since, id__gte=first_id_at(search.since - _SKEW))
    if search.until:
        rows = rows.filter(at__lt=search.until, id__lt=first_id_at(search.until + _LATE))
    return rows


def _after(words: str) -> str:
    """The first text that no longer begins with `words`, in the order of code points."""
    return words[:-1] + chr(min(ord(words[-1]) + 1, 0x10FFFF))


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
