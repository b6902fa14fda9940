"""A layer of things that have a draft with a window, and a published copy beside it (rooms above bring their models).

Each thing stands where its draft plans it, and its published copy where customers meet it, when the two differ. Of a
day only the first few are read, by an index on the moment (`LATERAL ... LIMIT`): a bank of 400,000 things a month
answers like one of 2,000.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import revisions_within
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.planning.calendar.layers import Asked, Entry, Fill, Found, Part
from campaigns.tenants.scopes import Scope

Window = tuple[datetime, datetime]
_MOST_SCHEDULED = 500


@dataclass(frozen=True, slots=True)
class Windowed:
    """What to read of a draft and its copy. `noun` is the review's kind; `key` the copy's column with the draft's id.
    `window` names the draft's columns, `shown` the copy's; `kind` a column of both; `title` a path from the draft, and
    `author` says whether the draft knows its maker. `as_moments`: begin and end stand as two moments, not as a bar.
    """

    noun: str
    draft: Any
    copy: Any
    key: str
    title: str
    kind: str = ""
    window: tuple[str, str] = ("shown_from", "shown_until")
    shown: tuple[str, str] = ("shown_from", "shown_until")
    as_moments: bool = False
    author: bool = True
    change: str = ""  # the verb that moving takes; "" where nothing is moved

    @property
    def parts(self) -> Sequence[Part]:
        return (Part.FROM, Part.UNTIL) if self.as_moments else (Part.WINDOW,)


@dataclass(frozen=True, slots=True)
class _Draft:
    key: UUID
    window: Window
    title: str
    kind: str
    owner_id: UUID | None
    owner: str
    branch: str


def windowed_entries(scope: Scope, things: Windowed, asked: Asked) -> Found:
    """What of these things begins, runs or ends on the days asked for? Six queries, whatever there is."""
    picked, copied, full = _picked(scope, things, asked)
    waiting = _scheduled(scope, things, asked)
    drafts = _drafts(scope, things, asked, picked | copied | set(waiting))
    live = _copies(scope, things, drafts)
    states = _states(scope, things, drafts)
    totals = _counted(scope, things, asked, full)
    entries: list[Entry] = []
    for draft in drafts.values():
        shown = [window for window in (live.get(draft.key), waiting.get(draft.key)) if window]
        submitted, ended = states.get(draft.key, (False, ()))
        if draft.key in picked and draft.window not in shown:
            fill = Fill.DONE if draft.window in ended else Fill.REVIEW if submitted else Fill.DRAFT
            entries += _boxes(scope, things, asked, draft, draft.window, fill, is_draft=True)
        for window in dict.fromkeys(shown):
            same = window == draft.window
            entries += _boxes(scope, things, asked, draft, window, Fill.SET, is_draft=same)
    entries.sort(key=lambda each: (each.at, each.key))
    return _cut(entries, asked, totals)


def _boxes(
    scope: Scope,
    things: Windowed,
    asked: Asked,
    draft: _Draft,
    window: Window,
    fill: Fill,
    *,
    is_draft: bool,
) -> Iterator[Entry]:
    first, until = window
    is_open = until >= FOREVER
    may = bool(things.change) and is_draft and fill is not Fill.DONE and scope.may(things.change)
    is_out = fill is Fill.SET
    moves = frozenset(
        part
        for part, moment in ((Part.FROM, first), (Part.UNTIL, until))
        if may and until > scope.at and (moment > scope.at or not is_out)
    )
    for part in things.parts:
        at = until if part is Part.UNTIL else first
        end = until if part is Part.WINDOW else at
        # A bar that runs through the days stands there too; a moment only on its own.
        if at >= asked.until or (end <= asked.first if part is Part.WINDOW else at < asked.first):
            continue
        over = until <= scope.at if part is Part.WINDOW else at <= scope.at
        yield Entry(
            key=draft.key,
            part=part,
            at=at,
            until=None if part is not Part.WINDOW or is_open else until,
            title=draft.title,
            kind=draft.kind,
            fill=Fill.DONE if is_out and over else fill,
            owner_id=draft.owner_id,
            owner=draft.owner,
            branch=draft.branch,
            moves=moves,
            is_open=is_open,
        )


def _cut(entries: Sequence[Entry], asked: Asked, totals: Mapping["_Place", int]) -> Found:
    """At most so many of each day, and how many are left out; `totals` says it of days that were not read wholly."""
    seen: dict[_Place, int] = {}
    kept = []
    for each in entries:
        place = (max(each.at, asked.first).astimezone(asked.zone).date(), each.part)
        seen[place] = seen.get(place, 0) + 1
        if seen[place] <= asked.most:
            kept.append(each)
    more: dict[date, int] = {}
    for place, many in seen.items():
        left = max(totals.get(place, 0), many) - min(many, asked.most)
        if left:
            more[place[0]] = more.get(place[0], 0) + left
    return Found(kept, more, frozenset(day for (day, _part), many in totals.items() if many >= _COUNTED))


# --- questions ----------------------------------------------------------------------------------------------

# Names of columns are ours, values are parameters. `n` counts the days from 1; 0 is what began before them.
_OF_DAYS = """
SELECT {source}, d.n, r.key FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS d (first, until, n),
 LATERAL (SELECT t.{key} AS key FROM {table} t WHERE t.{moment} >= d.first AND t.{moment} < d.until
             AND t.branch_pos BETWEEN %s AND %s{narrowed} ORDER BY t.{moment}, t.{key} LIMIT %s) r
"""
_BEFORE = """
SELECT {source}, 0, r.key FROM (
    SELECT t.{key} AS key FROM {table} t WHERE t.{first} < %s AND t.{until} > %s
       AND t.branch_pos BETWEEN %s AND %s{narrowed} ORDER BY t.{until}, t.{key} LIMIT %s) r
"""
# Nobody reads on after two hundred: enough to say that there are more.
_COUNTED = 200
_COUNT = """
SELECT {source}, d.n, c.many FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[]) AS d (first, until, n),
 LATERAL (SELECT count(*) AS many FROM (
     SELECT FROM {table} t WHERE t.{moment} >= d.first AND t.{moment} < d.until
        AND t.branch_pos BETWEEN %s AND %s{narrowed} LIMIT {most}) l) c
"""
_COUNT_BEFORE = """
SELECT {source}, 0, count(*) FROM (
    SELECT FROM {table} t WHERE t.{first} < %s AND t.{until} > %s AND t.branch_pos BETWEEN %s AND %s{narrowed}
     LIMIT {most}) c
"""
# The copies of one maker's drafts: found by the maker, and not by a walk over the bank's days.
_OF_MAKER = """
SELECT {source}, 0, t.{key} AS key FROM {draft} o JOIN {table} t ON t.{key} = o.id
 WHERE o.author_id = %s AND o.branch_pos BETWEEN %s AND %s AND t.{first} < %s AND t.{until} >= %s LIMIT 500
"""

_Place = tuple[date, Part]
_Full = set[
    tuple[int, int]
]  # which column of the draft's window, and the days of which more is there than was read


def _picked(scope: Scope, things: Windowed, asked: Asked) -> tuple[set[UUID], set[UUID], _Full]:
    """The first drafts and the first copies of each day, and which days have more drafts."""
    parts: list[str] = []
    params: list[Any] = []
    edges = [list(asked.edges[:-1]), list(asked.edges[1:])]
    inside = [scope.lo, scope.hi]
    for source, model, key, window in (
        (0, things.draft, "id", things.window),
        (1, things.copy, things.key, things.shown),
    ):
        narrowed, more = _narrowed(things, asked)
        names = {"table": model._meta.db_table, "key": key, "narrowed": narrowed}
        if source and asked.owner is not None:
            if things.author:
                draft = things.draft._meta.db_table
                parts.append(
                    _OF_MAKER.format(source=2, draft=draft, first=window[0], until=window[1], **names)
                )
                params += [asked.owner, *inside, asked.until, asked.first]
            continue
        for moment in window if things.as_moments else window[:1]:
            nth = source * 2 + (moment == window[1])
            parts.append(_OF_DAYS.format(source=nth, moment=moment, **names))
            params += [*edges, *inside, *more, asked.most + 1]
        if not things.as_moments:
            parts.append(_BEFORE.format(source=source * 2, first=window[0], until=window[1], **names))
            params += [asked.first, asked.first, *inside, *more, asked.most + 1]
    picked: set[UUID] = set()
    copied: set[UUID] = set()
    many: dict[tuple[int, int], int] = {}
    with connections[scope.using].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"({part})" for part in parts), params)
        for source, n, key in cursor.fetchall():
            (picked if source < 2 else copied).add(key)
            many[source, n] = many.get((source, n), 0) + 1
    full = {place for place, number in many.items() if place[0] < 2 and number > asked.most}
    return picked, copied, full


def _counted(scope: Scope, things: Windowed, asked: Asked, full: _Full) -> dict[_Place, int]:
    """How many drafts stand on the days that were not read wholly; of what began before them, two hundred at most."""
    if not full:
        return {}
    narrowed, more = _narrowed(things, asked)
    names = {"table": things.draft._meta.db_table, "narrowed": narrowed, "most": _COUNTED}
    parts: list[str] = []
    params: list[Any] = []
    for source in sorted({source for source, _n in full}):
        days = [n - 1 for nth, n in sorted(full) if nth == source and n]
        parts.append(_COUNT.format(source=source, moment=things.window[source], **names))
        params += [[asked.edges[n] for n in days], [asked.edges[n + 1] for n in days], days]
        params += [scope.lo, scope.hi, *more]
        if (source, 0) in full:
            first, until = things.window
            parts.append(_COUNT_BEFORE.format(source=source, first=first, until=until, **names))
            params += [asked.first, asked.first, scope.lo, scope.hi, *more]
    totals: dict[_Place, int] = {}
    with connections[scope.using].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"({part})" for part in parts), params)
        for source, n, number in cursor.fetchall():
            place = (asked.days[n], things.parts[source])
            totals[place] = totals.get(place, 0) + number
    return totals


def _narrowed(things: Windowed, asked: Asked) -> tuple[str, list[Any]]:
    said = ""
    params: list[Any] = []
    if asked.kinds and things.kind:
        said += f" AND t.{things.kind} = ANY (%s)"
        params.append(sorted(asked.kinds))
    if asked.owner is not None:
        said += " AND t.author_id = %s" if things.author else " AND %s::uuid IS NULL"
        params.append(asked.owner)
    return said, params


def _scheduled(scope: Scope, things: Windowed, asked: Asked) -> dict[UUID, Window]:
    """Approved revisions that wait for their time while another one serves; there are few."""
    rows = (
        revisions_within(scope=scope)
        .filter(
            kind=things.noun,
            state=Revision.State.SCHEDULED,
            shown_from__lt=asked.until,
            shown_until__gte=asked.first,
        )
        .order_by("shown_from")
        .values_list("subject", "shown_from", "shown_until")[:_MOST_SCHEDULED]
    )
    return {
        UUID(read_ref(subject).id): (first, until)
        for subject, first, until in rows
        if first is not None and until is not None
    }


def _drafts(scope: Scope, things: Windowed, asked: Asked, keys: set[UUID]) -> dict[UUID, _Draft]:
    rows = things.draft.objects.within(scope).filter(pk__in=keys)
    if asked.kinds and things.kind:
        rows = rows.filter(**{f"{things.kind}__in": asked.kinds})
    if asked.owner is not None:
        rows = rows.filter(author_id=asked.owner) if things.author else rows.none()
    names = ["pk", *things.window, things.title, "branch__name"]
    names += [things.kind] if things.kind else []
    names += ["author_id", "author_name"] if things.author else []
    found = {}
    for row in rows.order_by().values(*names):
        found[row["pk"]] = _Draft(
            key=row["pk"],
            window=(row[things.window[0]], row[things.window[1]]),
            title=row[things.title],
            kind=row[things.kind] if things.kind else "",
            owner_id=row.get("author_id"),
            owner=row.get("author_name", ""),
            branch=row["branch__name"],
        )
    return found


def _copies(scope: Scope, things: Windowed, drafts: Mapping[UUID, _Draft]) -> dict[UUID, Window]:
    rows = things.copy.objects.within(scope).filter(**{f"{things.key}__in": list(drafts)}).order_by()
    return {key: (first, until) for key, first, until in rows.values_list(things.key, *things.shown)}


def _states(
    scope: Scope, things: Windowed, drafts: Mapping[UUID, _Draft]
) -> dict[UUID, tuple[bool, tuple[Window, ...]]]:
    """Which are in review, and which windows are over."""
    rows = revisions_within(scope=scope).filter(
        subject__in=[ref(things.noun, key) for key in drafts],
        state__in=[Revision.State.SUBMITTED, Revision.State.ENDED],
    )
    found: dict[UUID, tuple[bool, tuple[Window, ...]]] = {}
    for subject, state, first, until in rows.order_by().values_list(
        "subject", "state", "shown_from", "shown_until"
    ):
        key = UUID(read_ref(subject).id)
        submitted, ended = found.get(key, (False, ()))
        if state == Revision.State.SUBMITTED:
            found[key] = (True, ended)
        elif first is not None and until is not None:
            found[key] = (submitted, (*ended, (first, until)))
    return found
