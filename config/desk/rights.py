"""The page of rights: who may open what, generated from what the tests found, and the side doors by name."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaigns.tenants.desk import scope_of
from campaigns.tenants.roles import PRESETS
from config.rights.cells import table
from config.rights.doors import DOORS
from config.rights.words import Named, named

# Rooms as the sidebar has them; others follow.
_ORDER = (
    "content",
    "approvals",
    "planning",
    "rewards",
    "points",
    "community",
    "customers",
    "tenants",
    "audit",
)
_LAST = ("django_celery_beat", "shell", "api")

PLACES = {
    "": "",
    "own": pgettext_lazy("place", "own"),
    "child": pgettext_lazy("place", "below"),
    "parent": pgettext_lazy("place", "above"),
    "sibling": pgettext_lazy("place", "beside"),
    "other": pgettext_lazy("place", "another customer's"),
}
_METHODS = {
    "get": pgettext_lazy("method", "open"),
    "post": pgettext_lazy("method", "send"),
    "put": pgettext_lazy("method", "change"),
}
_LEADS = {
    "login": _("to the log-in"),
    "inbox": _("to the inbox"),
    "rewards_batch_hand": _("to grants and codes"),
    "approvals_revision_versions": _("to all revisions of the thing"),
    "community_livestream_desk": _("to the desk of the livestream"),
    "home": _("to the home page"),
    "list": _("to the list"),
    "thing": _("to the thing"),
    "wrote": _("written"),
}
WRITES, OPENS, REFUSED = "✎", "✓", "–"


@dataclass(frozen=True)
class Party:
    code: str
    name: str


@dataclass(frozen=True)
class Shown:
    """A role at an address: one mark a place, and the exact answers in words."""

    party: Party
    marks: str
    words: str

    @property
    def is_shut(self) -> bool:
        return set(self.marks) == {REFUSED}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Everything, or one role, or one room, by `role` and `room` of the query."""
    scope = scope_of(request)
    if not scope.may("tenants.role.view"):
        raise PermissionDenied
    parties, rooms = _tabled(get_language() or "")
    role, room = request.GET.get("role", ""), request.GET.get("room", "")
    role = role if role in {party.code for party in parties} else ""
    room = room if room in {code for code, _name, _rows in rooms} else ""
    shown = [
        {
            "code": code,
            "name": name,
            "rows": [(what, [c for c in cells if role in ("", c.party.code)]) for what, cells in rows],
        }
        for code, name, rows in rooms
        if room in ("", code)
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Rights"),
        "parties": [party for party in parties if role in ("", party.code)],
        "rooms": shown,
        "role_links": _links(
            "role", role, [("", _("All roles")), *((p.code, p.name) for p in parties)], room=room
        ),
        "room_links": _links(
            "room", room, [("", _("All rooms")), *((c, n) for c, n, _rows in rooms)], role=role
        ),
        "one_role": role,
        "first": parties[0].code,
        "doors": DOORS,
    }
    return TemplateResponse(request, "admin/rights.html", context)


def _links(name: str, chosen: str, choices: list[tuple[str, Any]], **kept: str) -> list[dict[str, Any]]:
    return [
        {
            "name": label,
            "is_chosen": value == chosen,
            "query": "?" + urlencode({key: v for key, v in {**kept, name: value}.items() if v}),
        }
        for value, label in choices
    ]


Rows = list[tuple[Named, list[Shown]]]


@cache
def _tabled(language: str) -> tuple[list[Party], list[tuple[str, str, Rows]]]:
    """Parties and, room by room, every address with a cell for each; in the language that is active."""
    cells = table()
    codes = list(dict.fromkeys(cell.party for cell in cells))
    parties = [Party(code, _party_name(code, language)) for code in codes]
    asked: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for cell, said in cells.items():
        if cell.place != "absent":
            by_place = asked.setdefault(cell.address, {}).setdefault(cell.party, {})
            by_place.setdefault(cell.place, {})[cell.method] = said
    rooms: dict[str, tuple[str, Rows]] = {}
    for address, by_party in asked.items():
        what = named(address)
        row = [_shown(party, by_party[party.code]) for party in parties]
        rooms.setdefault(what.room, (what.room_name, []))[1].append((what, row))
    for _name, rows in rooms.values():
        rows.sort(key=lambda row: (row[0].thing, row[0].rank, row[0].page))
    order = [*_ORDER, *sorted(set(rooms) - {*_ORDER, *_LAST}), *_LAST]
    return parties, [(code, *rooms[code]) for code in order if code in rooms]


def _party_name(code: str, language: str) -> str:
    if code in PRESETS:
        chinese, english, _verbs = PRESETS[code]
        return english if language.startswith("en") else chinese
    names = {
        "customer": pgettext("party", "Customer"),
        "wrong_key": pgettext("party", "Key of the other door"),
        "anonymous": pgettext("party", "Nobody"),
    }
    return names.get(code, code)


def _shown(party: Party, by_place: dict[str, dict[str, str]]) -> Shown:
    places = [place for place in PLACES if place in by_place]
    marks = "".join(mark(by_place[place]) for place in places)
    said = "; ".join(
        f"{PLACES[place]}: {words}" if place else words
        for place in places
        if (words := ", ".join(f"{_METHODS[m]} {_answer(s)}" for m, s in sorted(by_place[place].items())))
    )
    return Shown(party, marks, said)


def mark(said: dict[str, str]) -> str:
    """One sign for what the methods of an address answered about one thing."""
    if any(answer.endswith("wrote") for answer in said.values()):
        return WRITES
    return OPENS if any(answer.startswith("2") for answer in said.values()) else REFUSED


def _answer(said: str) -> str:
    return " ".join(str(_LEADS.get(word, word)) for word in said.split())
