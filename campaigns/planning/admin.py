"""The campaigns' page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.lib.forms import ServiceForm, YuanField
from campaigns.lib.money import yuan
from campaigns.planning.calendar.pages import CalendarPages
from campaigns.planning.models import Campaign
from campaigns.planning.services import add_campaign, change_campaign
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import current_scope


class CampaignForm(ServiceForm):
    budget_fen = YuanField(label=_("budget (yuan)"), initial=0)

    class Meta:
        model = Campaign
        fields = ("title", "goal", "starts_at", "ends_at", "budget_fen", "note")


@admin.register(Campaign)
class CampaignAdmin(CalendarPages, ScopedAdmin):
    noun = "planning.campaign"
    form = CampaignForm
    list_display = ("title", "branch", "starts_at", "ends_at", "budget", "state")
    list_select_related = ("branch",)
    list_filter = ("starts_at",)
    search_fields = ("title", "goal")
    searches = "self"
    fieldsets = ((None, {"fields": ("title", "goal", "starts_at", "ends_at", "budget_fen", "note")}),)

    @admin.display(description=_("budget"), ordering="budget_fen")
    def budget(self, campaign: Campaign) -> str:
        return yuan(campaign.budget_fen)

    @admin.display(description=_("state"))
    def state(self, campaign: Campaign) -> Any:
        scope = current_scope()
        assert scope is not None
        at = scope.at
        if campaign.starts_at > at:
            return _("coming")
        return _("running") if campaign.ends_at > at else _("over")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was planned or promised stays on record

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in CampaignForm.Meta.fields}
        if change:
            change_campaign(scope=scope_of(request), campaign_id=obj.pk, **values)
        else:
            obj.pk = add_campaign(scope=scope_of(request), **values).pk
