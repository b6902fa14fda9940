"""What a customer is known by, and the date of birth, as staff are told them: each act with its reason."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.customers.admin.customer_acts import CustomerActs
from campaigns.customers.consent_selectors import birth_noted
from campaigns.customers.identity_rules import BY_STAFF, LABELS
from campaigns.customers.models import Customer, Identity
from campaigns.customers.refusals import IdentityHeldElsewhere
from campaigns.customers.selectors import claims_held_elsewhere, masked_identities
from campaigns.customers.services.consents import note_birth
from campaigns.customers.services.identities import (
    BY_HAND,
    LEAST_REASON,
    ask_about_holder,
    claim_identity,
    revoke_identity,
    verify_identity,
)
from campaigns.tenants.desk import scope_of

State = Identity.State


class _ReasonForm(forms.Form):
    """Nothing here is done without saying why; the audit keeps it."""

    reason = forms.CharField(
        label=_("reason"),
        min_length=LEAST_REASON,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("The audit keeps it: write no numbers into it."),
    )


class ClaimForm(_ReasonForm):
    kind = forms.ChoiceField(
        label=_("kind"), choices=[(kind, LABELS[kind]) for kind in BY_STAFF], widget=UnfoldAdminSelectWidget
    )
    value = forms.CharField(
        label=_("identity"), max_length=128, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    app = forms.CharField(
        label=_("WeCom corpid"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("For external contacts of WeCom alone."),
    )
    field_order = ("kind", "value", "app", "reason")


class WhichForm(_ReasonForm):
    """One of the customer's identities, masked; which ones is for each act to say."""

    identity = forms.ChoiceField(label=_("identity"), widget=UnfoldAdminSelectWidget)
    field_order = ("identity", "reason")

    def __init__(self, *args: Any, offered: list[tuple[Identity, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_empty = not offered
        field = self.fields["identity"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (str(row.pk), f"{row.get_kind_display()} {text} · {row.get_state_display()}")
            for row, text in offered
        ]


class BirthForm(_ReasonForm):
    born = forms.DateField(
        label=_("date of birth"),
        widget=UnfoldAdminDateWidget(attrs={"autocomplete": "off"}),
        help_text=_("As it stands on the identity card: 1990-05-01"),
    )
    field_order = ("born", "reason")


class CustomerIdentities(CustomerActs):
    """Small pages over services/identities.py. Values are typed or masked, never shown."""

    actions_detail = (
        *CustomerActs.actions_detail,
        {
            "title": _("Identities and date of birth"),
            "icon": "badge",
            "items": ["claim_page", "verify_page", "revoke_page", "ask_page", "birth_page"],
        },
    )  # type: ignore[assignment]

    def has_identity_claim_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.identity.claim")

    def has_identity_verify_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.identity.verify")

    def has_identity_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.identity.revoke")

    def has_birth_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.birth.change")

    @action(
        description=_("Link an identity"),
        url_path="identities/link",
        icon="add_link",
        permissions=["identity_claim"],
    )
    def claim_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(customer: Customer, form: forms.Form) -> Any:
            done = claim_identity(scope=scope_of(request), customer_id=customer.pk, **form.cleaned_data)
            if done.outcome == "held" and self.has_customer_duplicate_permission(request):
                return _asking(customer, done.identity_id)
            if done.outcome == "known":
                return _("The customer is known by that already.")
            return _("Noted, unverified: it counts when somebody has verified it.")

        return self._small_page(
            request,
            object_id,
            _("Link an identity"),
            _(
                "What the customer told you. It stays unverified, and neither opens an account nor receives messages,"
                " until somebody has verified it."
            ),
            lambda customer: ClaimForm(request.POST or None),
            act,
        )

    @action(
        description=_("Verify an identity"),
        url_path="identities/verify",
        icon="verified",
        permissions=["identity_verify"],
    )
    def verify_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(customer: Customer, form: forms.Form) -> Any:
            chosen = UUID(form.cleaned_data["identity"])
            try:
                with transaction.atomic():
                    verify_identity(
                        scope=scope_of(request), identity_id=chosen, reason=form.cleaned_data["reason"]
                    )
            except IdentityHeldElsewhere:
                if not self.has_customer_duplicate_permission(request):
                    raise
                return _asking(customer, chosen)
            return _("Verified: the customer is known by it from now on.")

        return self._which_page(
            request,
            object_id,
            _("Verify an identity"),
            _("You have seen the proof, such as an answer from that number or the document itself."),
            {State.UNVERIFIED},
            _("Nothing is unverified. Link an identity first."),
            act,
        )

    @action(
        description=_("Revoke an identity"),
        url_path="identities/revoke",
        icon="link_off",
        permissions=["identity_revoke"],
    )
    def revoke_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(customer: Customer, form: forms.Form) -> Any:
            chosen, reason = form.cleaned_data["identity"], form.cleaned_data["reason"]
            revoke_identity(scope=scope_of(request), identity_id=chosen, reason=reason)
            return _("Revoked. Somebody else may have it from now on.")

        return self._which_page(
            request,
            object_id,
            _("Revoke an identity"),
            _(
                "The customer is not known by it any more: given up, mistaken, or handed on. It stays in the history."
            ),
            {State.UNVERIFIED, State.VERIFIED},
            _("The customer is known by nothing that could be revoked."),
            act,
        )

    @action(
        description=_("Ask the stewards to compare"),
        url_path="identities/ask",
        icon="join_inner",
        permissions=["customer_duplicate"],
    )
    def ask_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scope = scope_of(request)

        def act(customer: Customer, form: forms.Form) -> Any:
            chosen, reason = form.cleaned_data["identity"], form.cleaned_data["reason"]
            stands = ask_about_holder(scope=scope, identity_id=chosen, reason=reason)
            if stands == "rejected":
                return _("Colleagues have decided before that they are two people.")
            return _("Noted. A colleague decides whether the two are one.")

        def form_of(customer: Customer) -> WhichForm:
            held = claims_held_elsewhere(scope=scope, customer_id=customer.pk)
            initial = {"identity": request.GET.get("identity", "")}
            return WhichForm(request.POST or None, offered=held, initial=initial)

        return self._small_page(
            request,
            object_id,
            _("Ask the stewards to compare"),
            _(
                "This is verified for another customer, of whom you are told nothing. Whoever sees both compares them,"
                " and decides whether they are one."
            ),
            form_of,
            act,
            empty=_("Nothing that was noted here belongs to somebody else."),
        )

    @action(
        description=_("Note the date of birth"),
        url_path="birth",
        icon="cake",
        permissions=["birth"],
    )
    def birth_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scope = scope_of(request)

        def act(customer: Customer, form: forms.Form) -> Any:
            values = form.cleaned_data
            if note_birth(
                scope=scope,
                customer_id=customer.pk,
                born=values["born"],
                source=BY_HAND,
                reason=values["reason"],
            ):
                return _("Noted. Under age: beyond service, a guardian's consent is needed.")
            return _("Noted. Of age.")

        words: Any = _(
            "Kept sealed and shown nowhere. Whoever is under eighteen gets nothing beyond service without a guardian."
        )
        customer = self.get_object(request, object_id)
        if customer is not None and birth_noted(scope=scope, customer_id=customer.pk) is not None:
            words = _("A date of birth is kept already: what you type takes its place.") + " " + words
        return self._small_page(
            request,
            object_id,
            _("Note the date of birth"),
            words,
            lambda customer: BirthForm(request.POST or None),
            act,
        )

    def _which_page(
        self,
        request: HttpRequest,
        object_id: str,
        title: Any,
        words: Any,
        states: set[State],
        empty: Any,
        act: Any,
    ) -> HttpResponse:
        def form_of(customer: Customer) -> WhichForm:
            known_by = masked_identities(scope=scope_of(request), customer_id=customer.pk)
            offered = [(row, text) for row, text in known_by if row.state in states]
            return WhichForm(request.POST or None, offered=offered)

        return self._small_page(request, object_id, title, words, form_of, act, empty=empty)


def _asking(customer: Customer, identity_id: UUID | None) -> HttpResponse:
    """Where the stewards are asked; nothing is said of whose the identity is."""
    page = reverse("admin:customers_customer_ask_page", args=[customer.pk])
    return redirect(f"{page}?{urlencode({'identity': identity_id})}")
