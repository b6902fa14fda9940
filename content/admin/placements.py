"""Placements: what fills the slots of the mini-program."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Profile, Tagging
from campaigns.customers.tag_selectors import tags_usable
from campaigns.lib.clock import FOREVER
from campaigns.tenants.choosing import ChosenField, branches_field
from campaigns.tenants.desk import scope_of
from content.admin.approvable import ApprovableAdmin, WindowForm, words_of
from content.admin.home_preview import HomePreviewPage
from content.models import Placement
from content.placement_terms import NAMES, Whom
from content.services.placements import add_placement, change_placement, submit_placement, take_down_placement


class PlacementForm(WindowForm):
    branch_ids = branches_field(
        label=_("only these branches"), help_text=_("With all below them. Empty: all it is handed down to.")
    )
    tag_ids = ChosenField(
        lambda scope: tags_usable(scope=scope),
        Tagging._meta.get_field("tag"),
        label=_("only with one of these tags"),
        help_text=_("Not shown to who has switched personal recommendation off."),
    )
    stages = forms.MultipleChoiceField(
        label=_("only in these stages"),
        choices=Profile.Stage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Not shown to who has switched personal recommendation off."),
    )

    class Meta:
        model = Placement
        fields = ("slot", "item", "priority", "shown_from", "shown_until", "handed_down", *NAMES)

    def values(self) -> dict[str, Any]:
        """What the services take."""
        names = ("slot", "priority", "shown_from", "shown_until", "handed_down")
        whom = Whom(**{name: self.cleaned_data[name] for name in NAMES})
        return {name: self.cleaned_data[name] for name in names} | {
            "item_id": self.cleaned_data["item"].pk,
            "whom": whom,
        }


@admin.register(Placement)
class PlacementAdmin(HomePreviewPage, ApprovableAdmin):
    noun = "content.placement"
    key = "placement_id"
    submits = staticmethod(submit_placement)
    takes_down = staticmethod(take_down_placement)
    form = PlacementForm
    change_form_template = "content/placement_form.html"
    list_before_template = "content/placements_head.html"
    list_display = ("item", "slot", "priority", "branch", "state", "shown", "author_name")
    list_select_related = ("branch", "item")
    list_filter = ("slot", "handed_down")
    search_fields = ("item__title",)
    searches = "item"
    autocomplete_fields = ("item",)
    fieldsets = (
        (None, {"fields": ("slot", "item", "priority")}),
        (_("When and where"), {"fields": ("shown_from", "shown_until", "handed_down", "branch_ids")}),
        (
            _("For whom, and how often"),
            {"fields": ("tag_ids", "stages", "times_day", "times_all", "is_fallback")},
        ),
    )
    places = {
        "branches": "branch_ids",
        "tags": "tag_ids",
        "stages": "stages",
        "times_day": "times_day",
        "times_all": "times_all",
        "fallback": "is_fallback",
        "from": "shown_from",
        "until": "shown_until",
    }

    class Media:
        css = {"all": ("content/content.css", "approvals/stops.css")}

    @admin.display(description=_("state"))
    def state(self, placement: Placement) -> str:
        standing = placement.standing  # type: ignore[attr-defined]
        tone = "live" if standing.is_live else "open" if standing.last and standing.last.is_open else "none"
        return format_html('<span class="ct-state ct-{}">{}</span>', tone, words_of(standing))

    @admin.display(description=_("shown"), ordering="shown_from")
    def shown(self, placement: Placement) -> str:
        first, last = (
            date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment < FOREVER else ""
            for moment in (placement.shown_from, placement.shown_until)
        )
        return f"{first} – {last}"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"shown_from": scope_of(request).at, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Placement, form: Any, change: bool) -> None:
        scope = scope_of(request)
        if change:
            self.warn_of_void_review(request, obj.pk)
            change_placement(
                scope=scope, placement_id=obj.pk, seen_at=form.cleaned_data["seen_at"], **form.values()
            )
        else:
            obj.pk = add_placement(scope=scope, **form.values()).pk
