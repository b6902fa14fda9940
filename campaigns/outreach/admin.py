"""What customers were told and what was not sent and why; and when and how often the bank writes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.outreach.models import Terms, Touch
from campaigns.outreach.services.terms import change_terms
from campaigns.outreach.telling import label_of, words_in
from campaigns.tenants.desk import ScopedAdmin, scope_of

_COLOURS = {"sent": "success", "handed": "info", "stopped": "warning", "waiting": "info"}
_WAYS = {"subscribe": _("WeChat subscribe message"), "inbox": _("inbox of the mini-program")}


@admin.register(Touch)
class TouchAdmin(ScopedAdmin):
    """Each with what it said, which way it went, and if not why."""

    noun = "outreach.touch"
    list_display = ("what", "title", "customer", "branch", "state_shown", "way_shown", "due_at", "why_shown")
    list_filter = ("state", "purpose")
    list_select_related = ("customer", "branch")
    list_before_template = "outreach/touches_head.html"
    ordering = ("-id",)
    fields = readonly_fields = (
        "what", "title", "text", "customer", "branch", "state_shown", "way_shown", "why_shown",
        "asked_at", "due_at", "until", "sent_at", "read_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("kind of message"))
    def what(self, touch: Touch) -> str:
        return label_of(touch.kind)

    @display(description=_("title"))
    def title(self, touch: Touch) -> str:
        return words_in(touch.words, "title") or "–"

    @display(description=_("text"))
    def text(self, touch: Touch) -> str:
        return words_in(touch.words, "text") or "–"

    @display(description=_("state"), label=_COLOURS)
    def state_shown(self, touch: Touch) -> tuple[str, str]:
        return touch.state, touch.get_state_display()

    @display(description=_("channel"))
    def way_shown(self, touch: Touch) -> Any:
        return _WAYS.get(touch.way, "–")

    @display(description=_("reason"))
    def why_shown(self, touch: Touch) -> str:
        zh = (get_language() or "zh").startswith("zh")
        return str(touch.why.get("zh" if zh else "en", "")) or "–"


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Terms
        fields = ("quiet_from", "quiet_until", "per_day", "per_week")
        help_texts = {
            "quiet_from": _(
                "Local time of the customer's branch. What is due meanwhile goes out at their end."
            ),
            "quiet_until": _("The same time as above: no quiet hours."),
            "per_day": _("Of one customer, all channels and branches together. What is over it is not sent."),
        }


@admin.register(Terms)
class TermsAdmin(ScopedAdmin):
    """One row for the whole bank."""

    noun = "outreach.terms"
    form = TermsForm
    list_display = ("shown", "quiet_from", "quiet_until", "per_day", "per_week")

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("for"))
    def shown(self, terms: Terms) -> Any:
        return _("the whole bank")

    def save_model(self, request: HttpRequest, obj: Terms, form: Any, change: bool) -> None:
        change_terms(scope=scope_of(request), **form.cleaned_data)
