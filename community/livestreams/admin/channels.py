"""The pages of channels and series."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.lib.forms import ServiceForm
from campaigns.tenants.desk import ScopedAdmin, scope_of
from community.livestreams.models import Channel, LiveSeries
from community.livestreams.platforms import platform_of, platforms
from community.livestreams.services import channels

_WEEKDAYS = [
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")),
]  # fmt: skip


class ChannelForm(ServiceForm):
    platform = forms.ChoiceField(label=_("platform"), choices=platforms, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Channel
        fields = ("name", "platform", "account", "room", "url", "is_open")
        help_texts = {
            "account": _(
                "WeChat Channels: the account; mini-program live: the app's id, if it is another's."
            ),
            "room": _("Mini-program live: the room's number; WeChat Channels: the feed, if there is one."),
            "url": _("HLS: https address of the playlist, which everybody can reach."),
        }


@admin.register(Channel)
class ChannelAdmin(ScopedAdmin):
    noun = "community.channel"
    form = ChannelForm
    fields = ("name", "platform", ("account", "room"), "url", "is_open")
    list_display = ("name", "runs_on", "branch", "is_open")
    list_select_related = ("branch",)
    list_before_template = "community/channels_empty.html"

    @admin.display(description=_("platform"), ordering="platform")
    def runs_on(self, channel: Channel) -> str:
        platform = platform_of(channel.platform)
        return str(platform.label) if platform else channel.platform

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ("name", "platform", "account", "room", "url")}
        scope = scope_of(request)
        if change:
            channels.change_channel(
                scope=scope, channel_id=obj.pk, is_open=form.cleaned_data["is_open"], **given
            )
        else:
            made = channels.add_channel(scope=scope, **given)
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos


class SeriesForm(ServiceForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=_("on the weekdays"),
        choices=_WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = LiveSeries
        fields = ("title", "channel", "weekdays", "is_open")


@admin.register(LiveSeries)
class LiveSeriesAdmin(ScopedAdmin):
    noun = "community.liveseries"
    form = SeriesForm
    fields = ("title", "channel", "weekdays", "is_open")
    list_display = ("title", "channel", "days", "branch", "is_open")
    list_select_related = ("branch", "channel")
    list_before_template = "community/liveseries_empty.html"

    class Media:
        css = {"all": ("rewards/batch.css",)}

    @admin.display(description=_("on the weekdays"))
    def days(self, series: LiveSeries) -> str:
        return "、".join(str(label) for key, label in _WEEKDAYS if int(key) in series.weekdays) or "–"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: LiveSeries, form: Any, change: bool) -> None:
        scope, given = scope_of(request), form.cleaned_data
        terms = {
            "title": given["title"],
            "channel_id": given["channel"].pk if given["channel"] else None,
            "weekdays": given["weekdays"],
        }
        if change:
            channels.change_series(scope=scope, series_id=obj.pk, is_open=given["is_open"], **terms)
        else:
            made = channels.add_series(scope=scope, **terms)
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos
