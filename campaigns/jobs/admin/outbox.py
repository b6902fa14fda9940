"""The outbox and the gates in the admin, for head office: what did not get through, why, and what next."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from campaigns.jobs.adapters import adapters
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.outbox_selectors import figures, gates_shut
from campaigns.jobs.services.outbox import cancel_message, open_gate, resend_message, shut_gate
from campaigns.lib.clock import FOREVER, now
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of

State = Message.State
# Further than this nobody turns pages, and counting a million rows for it takes long.
_FAR = 5_000
_COLOURS = {
    State.WAITING: "info",
    State.SENDING: "info",
    State.SENT: "success",
    State.DEAD: "danger",
    State.CANCELLED: "default",
}
_SHUT, _TRYING, _OPEN = (
    pgettext_lazy("gate", "shut"),
    pgettext_lazy("gate", "one is trying"),
    pgettext_lazy("gate", "open"),
)


class CountedToAPoint(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:_FAR].count())


class AdapterFilter(admin.SimpleListFilter):
    """The ways out that there are, without reading the table for them."""

    title = _("adapter")
    parameter_name = "adapter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, way.label) for code, way in adapters().items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(adapter=self.value()) if self.value() else queryset


class _HeadOffice(ScopedAdmin):
    """Looked at from head office alone, and changed by what services do alone."""

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: Any,
        says: Any,
        act: Callable[[Any, str], object],
        done: Any,
        asks_reason: bool = False,
    ) -> HttpResponse:
        """A page that says what will happen, and does it when it is confirmed: `act(thing, reason)`."""
        thing = self.get_object(request, object_id)
        listed = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if thing is None:
            return redirect(f"{listed}_changelist")
        reason = request.POST.get("reason", "")[:500]
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": thing,
            "says": says,
            "asks_reason": asks_reason,
            "reason": reason,
            "back": reverse(f"{listed}_change", args=[object_id]),
        }
        if request.method == "POST":
            try:
                with transaction.atomic():
                    act(thing, reason)
            except Refusal as refusal:
                context["refusal"] = str(refusal)
            else:
                messages.success(request, done)
                return redirect(context["back"])
        return TemplateResponse(request, "admin/jobs/ask.html", context)


@admin.register(Message)
class MessageAdmin(_HeadOffice):
    noun = "jobs.message"
    list_display = ("state_shown", "adapter_words", "account", "subject_words", "tries", "when", "why_words")
    list_display_links = ("state_shown", "subject_words")
    list_filter = ("state", AdapterFilter)
    search_fields = ("key",)
    search_help_text = _("The whole reference of the thing, or the whole effect key")
    list_before_template = "admin/jobs/outbox_head.html"
    ordering = ("-id",)
    paginator = CountedToAPoint
    fields = (
        "state_words",
        "why_words",
        "adapter_words",
        "account",
        "subject_link",
        "branch",
        "key",
        "tries",
        "lost",
        "ready_at",
        "at",
        "sent_at",
        "ended_at",
        "answer_words",
        "body_words",
        "sha256",
    )
    readonly_fields = fields
    actions_detail = ("resend_page", "cancel_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("branch")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole ones: nobody knows half of a reference."""
        words = search_term.replace("\x00", "").strip()
        return (queryset.filter(Q(subject=words) | Q(key=words)) if words else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        extra: dict[str, Any] = {}
        if self.has_view_permission(request):
            scope = scope_of(request)
            extra["figures"] = figures(scope=scope)
            extra["shut"] = [
                {"gate": gate, "words": _why(gate.why), "until": _until(gate)}
                for gate in gates_shut(at=now())
            ]
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def has_resend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "resend")

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "cancel")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What makes sense for this message in its present state."""
        message = self.get_object(request, str(object_id))
        offered = {State.DEAD: ("resend_page", "cancel_page"), State.WAITING: ("cancel_page",)}
        names = offered.get(message.state, ()) if message else ()
        return [
            each
            for each in super().get_actions_detail(request, object_id)
            if each.action_name.endswith(tuple(names) or "-")
        ]

    @display(description=_("state"), ordering="state", label=_COLOURS)
    def state_shown(self, message: Message) -> Any:
        return message.state, message.get_state_display()

    @display(description=_("state"))
    def state_words(self, message: Message) -> str:
        return message.get_state_display()

    @display(description=_("adapter"))
    def adapter_words(self, message: Message) -> str:
        way = adapters().get(message.adapter)
        return str(way.label) if way else message.adapter

    @display(description=_("thing"))
    def subject_words(self, message: Message) -> str:
        return message.subject

    @display(description=_("thing"))
    def subject_link(self, message: Message) -> str:
        try:
            kind, key = read_ref(message.subject)
            page = reverse(f"admin:{kind.replace('.', '_', 1)}_change", args=[key])
        except (ValueError, NoReverseMatch):
            return message.subject
        return format_html('<a href="{}">{}</a>', page, message.subject)

    @display(description=_("when"))
    def when(self, message: Message) -> str:
        """The next try of what waits, the end of what is over."""
        return _said(message.ended_at or message.ready_at)

    @display(description=_("reason"))
    def why_words(self, message: Message) -> str:
        return _why(message.why) if message.state != State.SENT else "–"

    @display(description=_("answer"))
    def answer_words(self, message: Message) -> str:
        return _pretty(message.answer)

    @display(description=_("message body"))
    def body_words(self, message: Message) -> Any:
        if message.emptied_at is None:
            return _pretty(message.body)
        return format_html(
            "<p>{}</p>{}",
            _("Emptied on %(at)s: it was over for 7 days.") % {"at": _said(message.emptied_at)},
            _pretty(message.body),
        )

    @action(description=_("Send again"), url_path="resend", icon="forward_to_inbox", permissions=["resend"])
    def resend_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Send again"),
            says=_(
                "It is tried again at once, with all its tries, under the same effect key: a receiver that has it "
                "already takes it for the same one."
            ),
            act=lambda message, _reason: resend_message(scope=scope_of(request), message_id=message.pk),
            done=_("The message waits to be sent again."),
        )

    @action(description=_("Give up"), url_path="cancel", icon="cancel_schedule_send", permissions=["cancel"])
    def cancel_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Give up"),
            says=_("It is not sent any more. Later messages about the same thing go on without it."),
            act=lambda message, reason: cancel_message(
                scope=scope_of(request), message_id=message.pk, reason=reason
            ),
            done=_("The message is given up."),
            asks_reason=True,
        )


@admin.register(Gate)
class GateAdmin(_HeadOffice):
    noun = "jobs.gate"
    list_display = ("account_words", "standing", "until_words", "shut_by", "failures", "why_words")
    list_display_links = ("account_words",)
    list_filter = (AdapterFilter,)
    fields = (
        "account_words",
        "standing_words",
        "until_words",
        "shut_by",
        "why_words",
        "failures",
        "times",
        "limit_words",
        "changed_at",
    )
    readonly_fields = fields
    actions_detail = ("shut_page", "open_page")

    def has_shut_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "shut")

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "open")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Open what is shut; shut what staff have not shut already."""
        gate = self.get_object(request, str(object_id))
        hidden = set()
        if gate is None or gate.shut_until is None:
            hidden.add("open_page")
        if gate is None or gate.shut_by == Gate.ShutBy.STAFF:
            hidden.add("shut_page")
        offered = super().get_actions_detail(request, object_id)
        return [each for each in offered if not each.action_name.endswith(tuple(hidden) or "-")]

    @display(description=_("account"), ordering="adapter")
    def account_words(self, gate: Gate) -> str:
        way = adapters().get(gate.adapter)
        label = str(way.label) if way else gate.adapter
        return f"{label} · {gate.account}" if gate.account else label

    @display(description=_("state"), label={"shut": "danger", "trying": "warning", "open": "success"})
    def standing(self, gate: Gate) -> Any:
        return _standing(gate)

    @display(description=_("state"))
    def standing_words(self, gate: Gate) -> Any:
        return _standing(gate)[1]

    @display(description=_("shut until"))
    def until_words(self, gate: Gate) -> str:
        return _until(gate)

    @display(description=_("reason"))
    def why_words(self, gate: Gate) -> str:
        return _why(gate.why)

    @display(description=_("rate limit"))
    def limit_words(self, gate: Gate) -> Any:
        way = adapters().get(gate.adapter)
        if way is None or way.terms.per_second is None:
            return _("no limit")
        return _("%(rate)s a second") % {"rate": f"{way.terms.per_second:g}"}

    @action(description=_("Shut the gate"), url_path="shut", icon="block", permissions=["shut"])
    def shut_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Shut the gate"),
            says=_(
                "Nothing passes to this account until somebody opens the gate. Messages wait and lose no tries; what "
                "is on its way arrives."
            ),
            act=lambda gate, _reason: shut_gate(scope=scope_of(request), gate_id=gate.pk),
            done=_("The gate is shut."),
        )

    @action(description=_("Open the gate now"), url_path="open", icon="door_open", permissions=["open"])
    def open_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Open the gate now"),
            says=_(
                "What waits for this account is sent from now on. If the receiver still fails, the gate shuts again by "
                "itself."
            ),
            act=lambda gate, _reason: open_gate(scope=scope_of(request), gate_id=gate.pk),
            done=_("The gate is open."),
        )


def _standing(gate: Gate) -> tuple[str, Any]:
    if gate.shut_until is None:
        return "open", _OPEN
    return ("shut", _SHUT) if gate.shut_until > now() else ("trying", _TRYING)


def _until(gate: Gate) -> str:
    if gate.shut_until is None:
        return "–"
    return str(_("until it is opened")) if gate.shut_until == FOREVER else _said(gate.shut_until)


def _why(why: Any) -> str:
    language = "zh" if (get_language() or "zh").startswith("zh") else "en"
    return str(why.get(language, "–")) if isinstance(why, dict) else "–"


def _pretty(value: Any) -> str:
    if not value:
        return "–"
    return format_html("<pre class='fh-pre'>{}</pre>", json.dumps(value, ensure_ascii=False, indent=2))


def _said(moment: Any) -> str:
    return str(date_format(localtime(moment), "SHORT_DATETIME_FORMAT"))
