"""The calendar's pages, mixed into the campaigns' admin: the page, its boxes, a card, and moving something."""

from typing import Any
from uuid import UUID

import orjson
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import get_language, gettext

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.planning.calendar.answer import MARKS, calendar_answer
from campaigns.planning.calendar.asking import days_asked, filters_asked, moment_of, zone_at
from campaigns.planning.calendar.feeds import end_feed, make_feed, own_feed
from campaigns.planning.calendar.layers import IsFixed, Layer, MomentIsMissing, Part, calendar_layers
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope


class CalendarPages:
    """What `CampaignAdmin` answers of the calendar."""

    admin_site: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view

        def own(route: str, act: Any, name: str) -> Any:
            return path(f"calendar/{route}", view(act), name=f"planning_campaign_{name}")

        return [
            own("", self.calendar_view, "calendar"),
            own("boxes/", self.boxes_view, "calendar_boxes"),
            own("subscription/", self.feed_view, "calendar_feed"),
            own("<str:layer>/<uuid:thing_id>/", self.card_view, "calendar_card"),
            own("<str:layer>/<uuid:thing_id>/move/", self.move_view, "calendar_move"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        scope = self._may_look(request)
        layers = calendar_layers(scope=scope)
        here = scope.at.astimezone(zone_at(scope)).replace(tzinfo=None)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Calendar"),
            "layers": layers,
            "has_marks": any(layer.marks for layer in layers),
            "kinds": [(layer, kinds) for layer in layers if (kinds := layer.kinds())],
            "script": {
                "boxes": reverse("admin:planning_campaign_calendar_boxes"),
                "now": here.isoformat(timespec="seconds"),
                "language": (get_language() or "zh").partition("-")[0],
                "words": _words(),
            },
        }
        return TemplateResponse(request, "planning/calendar.html", context)

    def boxes_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that the days asked for show, as JSON: the calendar's one question."""
        scope = self._may_look(request)
        given = request.GET
        lists = {name: given.getlist(name) for name in ("layer", "kind")}
        boxes = calendar_answer(
            scope=scope,
            asked=days_asked(scope, given.dict()),
            filters=filters_asked(scope, given.dict(), lists),
        )
        return HttpResponse(orjson.dumps(boxes), content_type="application/json")

    def card_view(self, request: HttpRequest, layer: str, thing_id: UUID) -> HttpResponse:
        scope = self._may_look(request)
        try:
            found = _layer(scope, layer)
            card = found.card(scope, thing_id)
        except NotFound as refusal:
            return HttpResponse(str(refusal), status=404, content_type="text/plain; charset=utf-8")
        zone = zone_at(scope)
        first, until = (
            None if moment >= FOREVER else moment.astimezone(zone).replace(tzinfo=None)
            for moment in card.window
        )
        context = {
            "card": card,
            "layer": found,
            "first": first,
            "until": until,
            "moves": [str(part) for part in card.moves],
            "move_url": reverse("admin:planning_campaign_calendar_move", args=[layer, thing_id]),
        }
        return TemplateResponse(request, "planning/calendar_card.html", context)

    def move_view(self, request: HttpRequest, layer: str, thing_id: UUID) -> HttpResponse:
        """New moments, `from` and `until` as clocks of the branch's zone say them; what is left out stays."""
        scope = self._may_look(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                mover = _layer(scope, layer).move
                if mover is None:
                    raise IsFixed
                zone = zone_at(scope)
                given = {
                    part: moment_of(text, zone)
                    for part in (Part.FROM, Part.UNTIL)
                    if (text := request.POST.get(part, ""))
                }
                if not given:
                    raise MomentIsMissing
                said = mover(scope, thing_id, given)
        except Refusal as refusal:
            return JsonResponse({"code": refusal.code, "said": str(refusal)}, status=refusal.status)
        return JsonResponse({"said": said})

    def feed_view(self, request: HttpRequest) -> HttpResponse:
        """One's own subscription: whether there is one, a new secret address (shown this once), or its end."""
        scope = self._may_look(request)
        address = ""
        if request.method == "POST":
            try:
                with transaction.atomic():
                    if request.POST.get("act") == "end":
                        end_feed(scope=scope)
                        messages.success(
                            request, gettext("The subscription has ended: its address answers nothing.")
                        )
                    else:
                        token = make_feed(scope=scope, is_mine="is_mine" in request.POST)
                        address = request.build_absolute_uri(reverse("calendar-feed", args=[token]))
            except Refusal as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Subscribe to the calendar"),
            "feed": own_feed(scope=scope),
            "address": address,
        }
        answer = TemplateResponse(request, "planning/calendar_feed.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    def _may_look(self, request: HttpRequest) -> Scope:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return scope_of(request)


def _layer(scope: Scope, code: str) -> Layer:
    """Raises NotFound for a layer that is none, or none of this party's."""
    for layer in calendar_layers(scope=scope):
        if layer.code == code:
            return layer
    raise NotFound


def _words() -> dict[str, str]:
    """What the script says."""
    return {
        "month": gettext("Month"),
        "week": gettext("Week"),
        "agenda": gettext("Agenda"),
        "today": gettext("Today"),
        "before": gettext("Previous page"),
        "after": gettext("Next page"),
        "all_day": gettext("all day"),
        "more": gettext("{n} more"),
        "until": gettext("until {day}"),
        "nothing": gettext("Nothing stands on these days."),
        "lost": gettext("The server does not answer: what you see may be old. Try again."),
        "marks": MARKS,
        "review": gettext("It is in review: moving it ends the review, and it has to be submitted again."),
        "set": gettext(
            "It is approved: customers see it as it was approved until the new time has passed a review."
        ),
    }
