"""Livestreams on the calendar (campaigns/planning/calendar): when each is planned, and where two are at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import combinations
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import Standing, standing_of, standings
from campaigns.approvals.standing import draft_words
from campaigns.lib.refs import ref
from campaigns.planning.calendar.layers import (
    Asked,
    Card,
    Entry,
    Fill,
    Found,
    IsFixed,
    IsOver,
    Layer,
    Mark,
    Part,
    register_calendar_layer,
)
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Livestream
from community.livestreams.notes import CODE
from community.livestreams.rules import State, overlaps
from community.livestreams.selectors import livestream_in_scope, livestreams_within
from community.livestreams.services.livestreams import change_livestream
from community.livestreams.terms import terms_of

_MOST = 200
_FEW = 10


def livestream_entries(scope: Scope, asked: Asked) -> Found:
    """Livestreams that begin on these days; none for a maker's own, since nobody's name is kept with them."""
    if asked.owner is not None:
        return Found([])
    rows = _planned(scope, asked)
    found = list(rows[: _MOST + 1])
    stand = standings(scope=scope, subjects=[ref(CODE, each.pk) for each in found[:_MOST]])
    entries = [
        Entry(
            key=each.pk,
            part=Part.FROM,
            at=each.planned_from,
            until=None,
            title=each.title,
            kind="",
            fill=_fill(each, stand[ref(CODE, each.pk)]),
            owner_id=None,
            owner="",
            branch=each.branch.name,
            moves=frozenset(_moves(scope, each)),
        )
        for each in found[:_MOST]
    ]
    if len(found) <= _MOST:
        return Found(entries)
    return Found(entries, {asked.days[-1]: 1}, frozenset(asked.days[-1:]))


def livestream_card(scope: Scope, livestream_id: UUID) -> Card:
    """Raises NotFound."""
    each = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    stand = standing_of(scope=scope, subject=ref(CODE, each.pk))
    showing = getattr(each, "showing", None)
    hosts = "、".join(host["name"] for host in each.hosts)
    is_desk = showing is not None and stand.is_live
    return Card(
        title=each.title,
        kind=gettext("livestream"),
        state=str(showing.get_state_display()) if showing else draft_words(stand, live=gettext("live")),
        fill=_fill(each, stand),
        owner="",
        branch=each.branch.name,
        lines=[
            (gettext("hosts and guests"), hosts or "–"),
            (gettext("live channel"), each.channel.name if each.channel else "–"),
            (gettext("coupon drops"), str(len(each.drops))),
        ],
        page=reverse(f"admin:community_livestream_{'desk' if is_desk else 'change'}", args=[each.pk]),
        next=gettext("To the desk") if is_desk else gettext("Open it"),
        window=(each.planned_from, each.planned_until),
        moves=frozenset(_moves(scope, each)),
        warning=gettext("Moving it ends the review; it has to be submitted again.")
        if stand.is_in_review
        else "",
    )


def move_livestream(scope: Scope, livestream_id: UUID, moments: Mapping[Part, datetime]) -> str:
    """Plan it for another time; it keeps its length when its beginning alone is moved.

    Raises NotFound, IsOver, IsFixed, and as `change_livestream`.
    """
    each = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    showing = getattr(each, "showing", None)
    if showing is not None and showing.started_at is not None:
        raise IsOver
    if not _moves(scope, each):
        raise IsFixed
    terms = terms_of(each)
    begins = moments.get(Part.FROM, terms.planned_from)
    ends = moments.get(Part.UNTIL, terms.planned_until + (begins - terms.planned_from))
    announced = terms.announce_from + (begins - terms.planned_from) if terms.announce_from else None
    moved = replace(terms, planned_from=begins, planned_until=ends, announce_from=announced)
    change_livestream(scope=scope, livestream_id=livestream_id, terms=moved)
    if showing is not None:
        return gettext("The draft is moved. Customers see what was approved until you submit the new time.")
    return gettext("Moved.")


def livestream_marks(scope: Scope, asked: Asked) -> Sequence[Mark]:
    """Two of one host or one channel at once, whatever was approved of them."""
    rows = list(_planned(scope, asked)[:_MOST])
    by_day: dict[date, list[Livestream]] = {}
    for each in rows:
        by_day.setdefault(each.planned_from.astimezone(asked.zone).date(), []).append(each)
    marks: list[Mark] = []
    for day, found in by_day.items():
        for one, other in combinations(found, 2):
            if not overlaps(_window(one), _window(other)):
                continue
            both = sorted(_taken(one).items() & _taken(other).items(), key=lambda pair: pair[1])
            marks += [Mark(day, "livestream_clash", _said(name, one, other)) for _key, name in both]
    return marks[:_FEW]


def _said(name: str, one: Livestream, other: Livestream) -> str:
    return gettext("“%(name)s” is in two livestreams at once: “%(one)s” and “%(other)s”") % {
        "name": name,
        "one": one.title,
        "other": other.title,
    }


def _planned(scope: Scope, asked: Asked) -> QuerySet[Livestream]:
    rows: QuerySet[Livestream] = (
        livestreams_within(scope=scope)
        .filter(planned_from__gte=asked.first, planned_from__lt=asked.until)
        .exclude(showing__state=State.CANCELLED)
        .order_by("planned_from", "id")
    )
    return rows


def _window(each: Livestream) -> tuple[datetime, datetime]:
    return each.planned_from, each.planned_until


def _taken(each: Livestream) -> dict[str, str]:
    taken = {host["person"]: host["name"] for host in each.hosts if host["person"]}
    if each.channel:
        taken[str(each.channel_id)] = each.channel.name
    return taken


def _fill(each: Livestream, stand: Standing) -> Fill:
    showing = getattr(each, "showing", None)
    if showing is not None and (showing.ended_at is not None or showing.state == State.CANCELLED):
        return Fill.DONE
    return Fill.REVIEW if stand.is_in_review else Fill.SET if showing is not None else Fill.DRAFT


def _moves(scope: Scope, each: Livestream) -> list[Part]:
    showing = getattr(each, "showing", None)
    if not scope.may("community.livestream.change") or (
        showing is not None and showing.started_at is not None
    ):
        return []
    return [Part.FROM, Part.UNTIL]


LAYER = Layer(
    "livestreams",
    _("Livestreams"),
    icon="sensors",
    needs="community.livestream.view",
    entries=livestream_entries,
    card=livestream_card,
    move=move_livestream,
    marks=livestream_marks,
)


def register_layer() -> None:
    register_calendar_layer(LAYER)
