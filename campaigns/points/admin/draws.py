"""The pages of prize draws: the list, the form with its prizes, what came of a draw, and drawing all of it again."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import NotFound
from campaigns.points.admin.drafts import DraftPage
from campaigns.points.admin.draw_form import FIELDSETS, DrawForm
from campaigns.points.draw_publishing import price_of_try, times_words
from campaigns.points.draw_showing import fairness, redrawn
from campaigns.points.draw_terms import terms_of
from campaigns.points.draws import percent
from campaigns.points.models import Draw, DrawPledge
from campaigns.points.refusals.draws import PrizesBelowTaken
from campaigns.points.refusals.mall import ReasonMissing
from campaigns.points.selectors.draws import came_of, draw_in_scope
from campaigns.points.selectors.redraws import drawn_again, has_tries
from campaigns.points.services import draws
from campaigns.points.services.draws import CODE
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

# Beyond this, drawing again takes longer than a page may.
MOST_HERE = 100_000


class StockForm(forms.Form):
    total = forms.IntegerField(min_value=0, max_value=2_000_000_000)


@admin.register(Draw)
class DrawAdmin(DraftPage):
    noun = CODE
    form = DrawForm
    fieldsets = FIELDSETS
    list_display = ("title", "price", "branch", "state", "open_from", "open_until")
    list_select_related = ("branch",)
    list_filter = ("handed_down",)
    search_fields = ("title",)
    list_before_template = "points/draws_empty.html"
    change_form_outer_before_template = "points/draw_head.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "rewards/close.css", "points/draw.css")}
        js = (Script("points/draw.js", type="module"),)

    @admin.display(description=_("price"), ordering="price_points")
    def price(self, draw: Draw) -> str:
        return price_of_try(draw.price_points)

    @admin.display(description=_("prizes"))
    def prizes(self, draw: Draw) -> SafeString:
        """For who may only look at the form."""
        rows = ((percent(each.parts), each.title) for each in draw.prizes.all() if each.is_offered)
        return format_html_join("", "<div>{} · {}</div>", rows)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("prizes")

    def save_model(self, request: HttpRequest, obj: Draw, form: Any, change: bool) -> None:
        if change:
            draws.change_draw(scope=scope_of(request), draw_id=obj.pk, terms=form.terms())
        else:
            made = draws.add_draw(scope=scope_of(request), terms=form.terms())
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:draw_id>/submit/", view(self.submit_view), name="points_draw_submit"),
            path("<uuid:draw_id>/stock/<uuid:prize_id>/", view(self.stock_view), name="points_draw_stock"),
            path("<uuid:draw_id>/down/", view(self.down_view), name="points_draw_down"),
            path("<uuid:draw_id>/check/", view(self.check_view), name="points_draw_check"),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        draw = draw_in_scope(scope=scope, draw_id=draft.pk)
        terms = terms_of(draw)
        return super().told(scope, draft) | {
            "draw": draw,
            "draw_said": f"{price_of_try(terms.price_points)} · {times_words(terms)}",
            "fairness": fairness(draw=draw, came=came_of(scope=scope, draw_id=draft.pk)),
            "pledges": _pledges(scope, draft.pk),
            "may_stock": scope.may("points.draw.stock"),
            "may_see_tries": scope.may("points.drawtry.view"),
        }

    def submit_view(self, request: HttpRequest, draw_id: UUID) -> HttpResponse:
        return self._act(
            request,
            draw_id,
            lambda: draws.submit_draw(scope=scope_of(request), draw_id=draw_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def stock_view(self, request: HttpRequest, draw_id: UUID, prize_id: UUID) -> HttpResponse:
        form = StockForm(request.POST)

        def stock() -> None:
            if not form.is_valid():
                raise PrizesBelowTaken
            draws.stock_prize(
                scope=scope_of(request), draw_id=draw_id, prize_id=prize_id, total=form.cleaned_data["total"]
            )

        return self._act(request, draw_id, stock, gettext("Noted: so many there are in all."))

    def down_view(self, request: HttpRequest, draw_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def down() -> None:
            if not form.is_valid():
                raise ReasonMissing
            draws.take_down_draw(scope=scope_of(request), draw_id=draw_id, reason=form.cleaned_data["reason"])

        return self._act(
            request,
            draw_id,
            down,
            gettext(
                "Taken down. Nobody can try it now; what was won stays won, and its seed is shown in ten minutes."
            ),
        )

    def check_view(self, request: HttpRequest, draw_id: UUID) -> HttpResponse:
        """Every try drawn again and compared; writes nothing."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        try:
            draw = draw_in_scope(scope=scope, draw_id=draw_id)
        except NotFound as refusal:
            raise Http404 from refusal
        is_long = has_tries(draw_id=draw_id, more_than=MOST_HERE)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": gettext("Check of “%(title)s”") % {"title": draw.title},
            "draw": draw,
            "pledges": _pledges(scope, draw_id),
            "most_here": MOST_HERE,
            "shown": None if is_long else redrawn(drawn_again(scope=scope, draw_id=draw_id)),
            "may_see_tries": scope.may("points.drawtry.view"),
        }
        return TemplateResponse(request, "points/draw_check.html", context)


def _pledges(scope: Any, draw_id: UUID) -> list[dict[str, Any]]:
    rows = DrawPledge.objects.within(scope).filter(draw_id=draw_id).order_by("made_at")
    return [{"row": row, "seed": bytes(row.seed).hex() if row.seed is not None else ""} for row in rows]
