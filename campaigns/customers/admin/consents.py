"""Consent texts, consents, and what customers asked for: copies and to be forgotten."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.customers.admin.searching import SealedSearch
from campaigns.customers.consent_models import Consent, ConsentText, Purpose
from campaigns.customers.rights_models import DataExport, Erasure
from campaigns.customers.selectors import customers_known_by
from campaigns.customers.services.consents import note_consent
from campaigns.customers.services.rights import cancel_erasure, note_erasure
from campaigns.lib.both import for_reader
from campaigns.lib.forms import ServiceForm
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, page_of, scope_of
from campaigns.tenants.scopes import Scope

_COLOURS = {
    "waiting": "warning",
    "ready": "success",
    "done": "success",
    "gone": "info",
    "withdrawn": "info",
}


class _Kept(ScopedAdmin):
    """Rows that services write: looked at, at most added."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("customer"))
    def who(self, row: Any) -> str:
        return str(row.customer)


@admin.register(ConsentText)
class ConsentTextAdmin(_Kept):
    """The bank's texts: published when a draft is approved, never changed."""

    noun = "customers.consenttext"
    list_display = ("title", "purpose", "version", "valid_from", "asks_again", "withdrawn_at", "hash_start")
    list_before_template = "customers/consent_texts_head.html"
    list_filter = ("purpose",)
    ordering = ("purpose", "-version")
    fieldsets = (
        (None, {"fields": ("purpose", "title", "title_en", "text", "text_en")}),
        (_("Validity"), {"fields": ("valid_from", "asks_again")}),
    )

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False  # by the review of a draft

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        more = (
            ((_("Published"), {"fields": ("version", "sha256", "published_at", "withdrawn_at")}),)
            if obj
            else ()
        )
        return (*super().get_fieldsets(request, obj), *more)

    @display(description=_("hash"))
    def hash_start(self, text: ConsentText) -> str:
        return text.sha256[:12]


def _customer_of(scope: Scope, words: str) -> UUID:
    """Whose number this is, whole or its end where that is nobody else's in the scope. Raises NotFound."""
    found = list(customers_known_by(scope=scope, words=words).values_list("pk", flat=True)[:2])
    if len(found) != 1:
        raise NotFound
    return found[0]


class ConsentForm(ServiceForm):
    number = forms.CharField(label=_("customer number"), max_length=64, widget=UnfoldAdminTextInputWidget)
    source = forms.ChoiceField(
        label=_("where it was said"),
        widget=UnfoldAdminSelectWidget,
        choices=[
            (each.value, each.label)
            for each in (Consent.Source.PAPER, Consent.Source.CALL, Consent.Source.COUNTER)
        ],
    )
    said = forms.ChoiceField(
        label=_("what was said"),
        choices=[("given", _("agrees")), ("withdrawn", _("withdraws"))],
        widget=UnfoldAdminSelectWidget,
    )
    evidence = forms.CharField(
        label=_("evidence"),
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number of the form, or of the recording"),
    )

    class Meta:
        model = Consent
        fields = ("purpose", "channel", "by_guardian")


@admin.register(Consent)
class ConsentAdmin(_Kept, SealedSearch):
    """What customers said, newest first; staff add what they were told, with its evidence."""

    noun = "customers.consent"
    form = ConsentForm
    list_display = ("who", "what", "given", "source", "at", "evidence", "branch")
    list_select_related = ("customer", "branch", "text")
    list_filter = ("purpose", "channel", "is_given", "source")
    ordering = ("-id",)
    readonly = (
        "who", "purpose", "channel", "is_given", "by_guardian", "text", "text_sha256", "source", "at", "noted_at",
        "ip_prefix", "evidence", "branch",
    )  # fmt: skip
    search_fields = ("customer__number_tail",)
    search_help_text = _(
        "The whole customer number or phone number, or the last four digits of the customer number"
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly if obj else (
            "number", "purpose", "channel", "said", "source", "evidence", "by_guardian"
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly if obj else ()

    def found_by(self, request: HttpRequest, rows: Any, words: str) -> Any:
        found = customers_known_by(scope=scope_of(request), words=words)
        return rows.filter(customer_id__in=found.values("pk"))

    @display(description=_("purpose"))
    def what(self, row: Consent) -> str:
        return str(row)

    @display(description=_("what was said"), label={True: "success", False: "danger"})
    def given(self, row: Consent) -> Any:
        return row.is_given, pgettext_lazy("consent", "given") if row.is_given else _("withdrawn")

    def save_model(self, request: HttpRequest, obj: Consent, form: Any, change: bool) -> None:
        scope, values = scope_of(request), form.cleaned_data
        made = note_consent(
            scope=scope,
            customer_id=_customer_of(scope, values["number"]),
            purpose=values["purpose"],
            channel=values["channel"] if values["purpose"] in (Purpose.SERVICE, Purpose.MARKETING) else "",
            is_given=values["said"] == "given",
            source=values["source"],
            evidence=values["evidence"],
            by_guardian=values["by_guardian"],
        )
        obj.pk = made.pk
        obj.customer = made.customer


class ErasureForm(ServiceForm):
    number = forms.CharField(label=_("customer number"), max_length=64, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Erasure
        fields = ("why",)


@admin.register(Erasure)
class ErasureAdmin(_Kept):
    """Who asked to be forgotten: what waits, what holds it up, what is done."""

    noun = "customers.erasure"
    form = ErasureForm
    list_display = ("who", "branch", "state_shown", "asked_at", "erase_at", "held_up_words")
    list_select_related = ("customer", "branch")
    list_filter = ("state",)
    ordering = ("-id",)
    actions_detail = ("cancel_page",)
    readonly = (
        "who", "branch", "state", "why", "asked_at", "erase_at", "ended_at", "held_up_words", "kept_words"
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly if obj else ("number", "why")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly if obj else ()

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "cancel")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what waits can be taken back."""
        erasure = self.get_object(request, str(object_id))
        waits = erasure is not None and erasure.state == Erasure.State.WAITING
        return super().get_actions_detail(request, object_id) if waits else []

    @display(description=_("state"), ordering="state", label=_COLOURS)
    def state_shown(self, row: Erasure) -> Any:
        return row.state, row.get_state_display()

    @display(description=_("held up by"))
    def held_up_words(self, row: Erasure) -> str:
        return "；".join(for_reader(each) for each in row.held_up) or "–"

    @display(description=_("kept by law"))
    def kept_words(self, row: Erasure) -> str:
        return "；".join(for_reader(each) for each in row.kept) or "–"

    def save_model(self, request: HttpRequest, obj: Erasure, form: Any, change: bool) -> None:
        scope = scope_of(request)
        customer_id = _customer_of(scope, form.cleaned_data["number"])
        made = note_erasure(scope=scope, customer_id=customer_id, why=form.cleaned_data["why"])
        obj.pk, obj.customer, obj.state = made.pk, made.customer, made.state

    @action(description=_("Take back"), url_path="cancel", icon="undo", permissions=["cancel"])
    def cancel_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asked once more, and then taken back by the service."""
        erasure = self.get_object(request, str(object_id))
        back = reverse("admin:customers_erasure_changelist")
        if erasure is None:
            return HttpResponseRedirect(back)
        refusal = ""
        if request.method == "POST":
            try:
                with transaction.atomic():
                    cancel_erasure(scope=scope_of(request), erasure_id=erasure.pk)
                messages.success(request, _("The erasure was taken back."))
                return HttpResponseRedirect(reverse("admin:customers_erasure_change", args=[erasure.pk]))
            except Refusal as refused:
                refusal = str(refused)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take back"),
            "says": _("The customer has told the bank to stay as they are. Nothing is erased."),
            "original": erasure.customer,
            "back": page_of(f"customers.erasure:{erasure.pk}"),
            "refusal": refusal,
        }
        return TemplateResponse(request, "admin/jobs/ask.html", context)


@admin.register(DataExport)
class DataExportAdmin(_Kept):
    """Copies that customers asked for. Nobody here can open them."""

    noun = "customers.dataexport"
    list_display = ("who", "branch", "state_shown", "asked_at", "ready_at", "fetched_at", "gone_at")
    list_select_related = ("customer", "branch")
    list_filter = ("state",)
    ordering = ("-id",)
    fields = readonly_fields = (
        "who", "branch", "state", "asked_at", "ready_at", "fetched_at", "gone_at", "size"
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    @display(description=_("state"), ordering="state", label=_COLOURS)
    def state_shown(self, row: DataExport) -> Any:
        return row.state, row.get_state_display()
