"""The audit's page: search by person, thing and time; a row is a sentence that opens to old and new values."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.dateparse import parse_date
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from campaigns.audit.admin.base import ReadOnly
from campaigns.audit.admin.values import NOTHING, detail_words, is_sealed, name_of, words_of
from campaigns.audit.models import Entry
from campaigns.audit.selectors.history import ThingChange, changes_of, names_of
from campaigns.audit.selectors.search import (
    SYSTEM,
    Named,
    Place,
    Search,
    actor_named,
    deeds_along_with,
    entries_found,
    entry_in_scope,
    latest_of,
    people_matching,
    things_matching,
)
from campaigns.audit.words import detail_name, kind_of, sentence_of
from campaigns.lib.refs import read_ref
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

_LONGEST = 120
WINDOWS = {
    "today": gettext_lazy("Today"),
    "7": gettext_lazy("Last 7 days"),
    "30": gettext_lazy("Last 30 days"),
    "year": pgettext_lazy("window", "This year"),
    "all": gettext_lazy("All time"),
}


@dataclass
class Asked:
    """The three fields as they were filled in, and the search they make."""

    search: Search
    window: str
    who_name: str = ""
    thing_name: str = ""
    first: str = ""
    last: str = ""
    # Several people may be meant: to choose from.
    people: tuple[Named, ...] = ()
    nobody: str = ""

    def query(self, **other: str) -> str:
        """The address of this search with something changed."""
        kept = {
            "who": self.search.who, "thing": self.search.thing, "named": self.search.named, "when": self.window,
            "from": self.first, "until": self.last,
        }  # fmt: skip
        return "?" + urlencode({name: value for name, value in (kept | other).items() if value})


def asked_by(request: HttpRequest, scope: Scope) -> Asked:
    """Read the fields; what makes no sense is left out."""
    given = {name: _typed(request, name) for name in
             ("who", "who_words", "thing", "named", "when", "from", "until")}  # fmt: skip
    who, thing, named = given["who"], given["thing"], given["named"]
    people: tuple[Named, ...] = ()
    nobody = ""
    if not who and given["who_words"]:
        if given["who_words"] == gettext("The system"):
            who = SYSTEM
        else:
            people = tuple(people_matching(scope=scope, words=given["who_words"]))
            if len(people) == 1:
                who, people = people[0].ref, ()
            elif not people:
                nobody = given["who_words"]
    window = given["when"]
    first, last = parse_day(given["from"]), parse_day(given["until"])
    if first or last:
        window = "days"
    elif window not in WINDOWS:
        window = "all" if who or thing or named else "30"
    since, until = _window(scope, window, first, last)
    thing_entry = latest_of(scope=scope, thing=thing) if thing else None
    return Asked(
        search=Search(who=who, thing=thing, named=named, since=since, until=until),
        window=window,
        who_name=_who_name(scope, who) or given["who_words"],
        thing_name=f"{kind_of(thing)}《{thing_entry.subject_name}》" if thing_entry else thing or named,
        first=first.isoformat() if first else "",
        last=last.isoformat() if last else "",
        people=people,
        nobody=nobody,
    )


def _typed(request: HttpRequest, name: str) -> str:
    """What a field says; the database knows no NUL."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:_LONGEST]


def parse_day(text: str) -> date | None:
    """A day as a date field sends it; None for one that no deed can be of."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and _is_possible(day) else None


def _is_possible(day: date) -> bool:
    return 1970 < day.year < 9000


def _who_name(scope: Scope, who: str) -> str:
    if who == SYSTEM:
        return gettext("The system")
    return actor_named(scope=scope, who=who) or who if who else ""


def _window(
    scope: Scope, window: str, first: date | None, last: date | None
) -> tuple[datetime | None, datetime | None]:
    zone = get_current_timezone()

    def start(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=zone)

    today = localtime(scope.at).date()
    if window == "days":
        until = start(last + timedelta(days=1)) if last else None
        return (start(first) if first else None), until
    since = {
        "today": today,
        "7": today - timedelta(days=6),
        "30": today - timedelta(days=29),
        "year": today.replace(month=1, day=1),
    }.get(window)
    return (start(since) if since else None), None


def place_of(text: str) -> Place | None:
    """Where to go on, from an address; None for anything else."""
    moment, _comma, key = text.partition(",")
    try:
        place = Place(datetime.fromisoformat(moment), UUID(key))
    except ValueError:
        return None
    return place if place.at.tzinfo and _is_possible(place.at) else None


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    """Its own list and its own page of one entry: neither counts, and both are made for reading."""

    class Media:
        css = {"all": ("audit/audit.css",)}
        js = ("audit/audit.js",)

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "proposals/",
                self.admin_site.admin_view(self.proposals_view),
                name="audit_entry_proposals",
            )
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        asked = asked_by(request, scope)
        after = place_of(request.GET.get("after", ""))
        is_open = not asked.people and not asked.nobody
        found = entries_found(scope=scope, search=asked.search, after=after) if is_open else None
        further = found.further if found else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Audit"),
            "media": self.media,
            "asked": asked,
            "windows": [(code, name, asked.query(when=code, **{"from": "", "until": ""}))
                        for code, name in WINDOWS.items()],
            "people": [(each, asked.query(who=each.ref)) for each in asked.people],
            "rows": [(entry, sentence_of(entry)) for entry in found.entries] if found else [],
            "is_first_page": after is None,
            "first_page": asked.query(),
            "further": asked.query(after=f"{further.at.isoformat()},{further.id}") if further else "",
            **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "audit/entries.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One entry with what it changed; with `part`, only what opens below a row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            raise PermissionDenied
        scope = scope_of(request)
        try:
            entry = entry_in_scope(scope=scope, entry_id=UUID(object_id))
        except ValueError:
            entry = None
        if entry is None:
            absent: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
            return absent
        is_part = "part" in request.GET
        context = {
            **({} if is_part else self.admin_site.each_context(request)),
            "opts": self.opts,
            "title": sentence_of(entry),
            "media": self.media,
            "entry": entry,
            **_opened(scope, entry),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "audit/opened.html" if is_part else "audit/entry.html", context)

    def proposals_view(self, request: HttpRequest) -> JsonResponse:
        """People or things for what was typed so far."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope, words = scope_of(request), _typed(request, "q")
        items: list[dict[str, str]] = []
        if request.GET.get("of") == "things":
            items += [
                {"ref": each.ref, "name": each.name, "more": kind_of(each.ref)}
                for each in things_matching(scope=scope, words=words)
            ]
        else:
            items += [each._asdict() for each in people_matching(scope=scope, words=words)]
            system = gettext("The system")
            if not words or words.lower() in system.lower():
                items.append({"ref": SYSTEM, "name": system, "more": gettext("timetable and commands")})
        return JsonResponse({"items": items})


def _opened(scope: Scope, entry: Entry) -> dict[str, Any]:
    """What one entry says when it is opened."""
    changes = changes_of(scope=scope, entry=entry)
    names = names_of(scope=scope, changes=changes)
    return {
        "changes": [
            {
                "thing": _thing_words(each, entry),
                "label": each.label,
                "fields": [
                    row
                    for one in each.fields
                    if not is_sealed(one.field)
                    for row in [
                        (
                            name_of(one.field),
                            *(words_of(one.field, v, names) for v in (one.before, one.after)),
                        )
                    ]
                    if row[1:] != (NOTHING, NOTHING)
                ],
                "is_sealed": any(is_sealed(one.field) for one in each.fields),
            }
            for each in changes
        ],
        "detail": [
            (detail_name(name), detail_words(name, value))
            for name, value in (entry.detail.items() if isinstance(entry.detail, dict) else ())
            if detail_words(name, value) != NOTHING
        ],
        "along": [
            (each, sentence_of(each))
            for each in deeds_along_with(scope=scope, entry=entry)
            if each.pk != entry.pk
        ],
        "thing_url": _page_of(scope, entry.subject),
    }


def _thing_words(change: ThingChange, entry: Entry) -> str:
    kind = str(change.model._meta.verbose_name)
    is_subject = entry.subject == f"{change.model._meta.label_lower}:{change.key}"
    return f"{kind}《{entry.subject_name}》" if is_subject and entry.subject_name else kind


def _page_of(scope: Scope, subject: str) -> str:
    """The thing's own page, where the reader may open it."""
    try:
        kind, key = read_ref(subject)
        if scope.may(f"{kind}.view"):
            return reverse("admin:{}_{}_change".format(*kind.split(".")), args=[key])
    except (ValueError, NoReverseMatch):
        pass
    return ""
