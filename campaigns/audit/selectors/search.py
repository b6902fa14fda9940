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
# An id is made after the moment of its scope, but maybe on a machine whose clock is behind.
_SKEW = timedelta(hours=1)
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
    rows = _matching(scope, search)
    if after is not None:
        # The first condition is for the index, the second for those of the same moment.
        rows = rows.filter(Q(at__lte=after.at) & (Q(at__lt=after.at) | Q(id__lt=after.id)))
    entries = list(rows.order_by("-at", "-id")[: limit + 1])
    further = None
    if len(entries) > limit:
        entries = entries[:limit]
        further = Place(entries[-1].at, entries[-1].pk)
    _with_branches(scope, entries)
    return Found(entries, further)


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
        rows = rows.filter(at__lt=search.until)
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
    same = Entry.objects.within(scope).filter(actor=entry.actor, at=entry.at, request_id=entry.request_id)
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
    lately = Entry.objects.within(scope).order_by("-at", "-id").values_list("actor", "actor_name")[:_LATEST]
    for actor, name in dict.fromkeys(lately):
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
    rows = _matching(scope, Search(named=words)).order_by("-at", "-id")
    found: dict[str, str] = {}
    for subject, name in rows.values_list("subject", "subject_name")[:500]:
        found.setdefault(subject, name)
    return [Named(subject, name, subject.partition(":")[0]) for subject, name in list(found.items())[:limit]]


def actor_named(*, scope: Scope, who: str) -> str:
    """The name under which somebody last did something in the scope; "" when nothing is known."""
    rows = Entry.objects.within(scope).filter(actor=who).order_by("-at", "-id")
    return rows.values_list("actor_name", flat=True).first() or ""


def latest_of(*, scope: Scope, thing: str) -> Entry | None:
    """The last deed on a thing in the scope."""
    found: Entry | None = Entry.objects.within(scope).filter(subject=thing).order_by("-at", "-id").first()
    return found


def narrowed(*, search: Search, since: datetime | None, until: datetime | None) -> Search:
    """The same search within a window."""
    return replace(search, since=since, until=until)
