"""Pages of one's own log-in: its password, its second factor. They need no assignment."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from campaigns.access.refusals import (
    CodeRefused,
    NewCodeWrong,
    OldPasswordWrong,
    PasswordTooWeak,
    PasswordUsedBefore,
)
from campaigns.access.selectors import ENROLMENT, NEW_PASSWORD, codes_left, duty_of, second_factor_of
from campaigns.access.services.passwords import change_password
from campaigns.access.services.second_factors import (
    Offer,
    enrol_second_factor,
    offer_second_factor,
    renew_recovery_codes,
)
from campaigns.lib.clock import now
from campaigns.lib.http.limits import known_address
from campaigns.lib.refusals import Refusal
from campaigns.tenants.doors import DUTY_KEY
from campaigns.tenants.models import Login
from config.desk.log_in import renew_duty

# The page on which each duty is done.
PAGES = {NEW_PASSWORD: "password_change", ENROLMENT: "second_factor"}
_OFFER_KEY = "second_factor_offer"


def _login_of(request: HttpRequest) -> Login:
    assert isinstance(request.user, Login)  # admin_view let nobody else in
    return request.user


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    # Without a scope there is no sidebar to stand beside.
    has_scope = getattr(request, "scope", None) is not None
    context["layout"] = "admin/base_site.html" if has_scope else "unfold/layouts/unauthenticated.html"
    context["is_first_duty"] = bool(request.session.get(DUTY_KEY))
    return TemplateResponse(request, template, context)


def _done(request: HttpRequest, login: Login) -> HttpResponse:
    """One duty is done: on to the next, or to the desk."""
    duty = duty_of(login=login, at=now())
    renew_duty(request, duty)
    return HttpResponseRedirect(reverse(f"admin:{PAGES[duty]}" if duty else "admin:index"))


def _password_field(label: Any, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete}),
    )


class PasswordForm(forms.Form):
    old = _password_field(gettext_lazy("Present password"), "current-password")
    new = _password_field(gettext_lazy("New password"), "new-password")
    again = _password_field(gettext_lazy("New password again"), "new-password")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two new passwords differ."))
        return cleaned


@sensitive_post_parameters()
def password_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Choose a password of one's own."""
    login = _login_of(request)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_password(
                login=login,
                old=form.cleaned_data["old"],
                new=form.cleaned_data["new"],
                address=known_address(request),
                at=now(),
                keep=request.session.session_key,
            )
        except OldPasswordWrong as refusal:
            form.add_error("old", str(refusal))
        except (PasswordTooWeak, PasswordUsedBefore) as refusal:
            form.add_error("new", str(refusal))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            update_session_auth_hash(request, login)
            messages.success(request, _("Your password is changed; your other sessions have ended."))
            return _done(request, login)
    context |= {"title": _("Change password"), "form": form, "rules": password_validators_help_texts()}
    return _page(request, "admin/own_password.html", context)


class EnrolForm(forms.Form):
    """`password` is asked of an open session, which may be an unlocked desk; not right after logging in.

    `present` is the code of the second factor that this one replaces.
    """

    code = forms.CharField(
        label=gettext_lazy("Code shown by the app"),
        max_length=12,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    password = _password_field(gettext_lazy("Password of this log-in"), "current-password")
    present = forms.CharField(
        label=gettext_lazy("Code of the present second factor, or a recovery code"),
        max_length=24,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, is_first_duty: bool, is_enrolled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_first_duty:
            del self.fields["password"]
        if not is_enrolled:
            del self.fields["present"]


class RenewForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=12,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


@sensitive_post_parameters()
def second_factor_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Set the second factor up, move it to another phone, make new recovery codes."""
    login = _login_of(request)
    factor = second_factor_of(login_id=login.pk)
    asked = request.POST.get("act", "")
    renew = RenewForm(request.POST if asked == "renew" else None, prefix="renew")
    enrol = EnrolForm(
        request.POST if asked == "enrol" else None,
        is_first_duty=request.session.get(DUTY_KEY) == ENROLMENT,
        is_enrolled=factor is not None,
    )
    codes: list[str] | None = None
    try:
        if asked == "renew" and renew.is_valid():
            codes = renew_recovery_codes(
                login=login, code=renew.cleaned_data["code"], address=known_address(request), at=now()
            )
        elif asked == "enrol" and enrol.is_valid():
            codes = _enrolled(request, login, enrol.cleaned_data)
    except Refusal as refusal:
        form, field = (renew, "code") if asked == "renew" else (enrol, _field_of(refusal))
        form.add_error(field if field in form.fields else None, str(refusal))
    if codes is not None:
        renew_duty(request, duty_of(login=login, at=now()))
        context |= {"title": _("Recovery codes"), "codes": codes, "going_in_as": login.username}
        return _page(request, "admin/recovery_codes.html", context)
    # The offer waits in the session: a mistyped code needs no second scan.
    offer = offer_second_factor(login=login, sealed=request.session.get(_OFFER_KEY, ""))
    request.session[_OFFER_KEY] = offer.sealed
    context |= {
        "title": _("Second factor"),
        "factor": factor,
        "codes_left": codes_left(login_id=login.pk) if factor else 0,
        "offer": offer,
        "qr": _qr(offer),
        "enrol": enrol,
        "renew": renew,
        "wants_new": factor is None or asked == "enrol" or "anew" in request.GET,
    }
    return _page(request, "admin/second_factor.html", context)


def _enrolled(request: HttpRequest, login: Login, typed: dict[str, Any]) -> list[str]:
    codes = enrol_second_factor(
        login=login,
        sealed=request.session.get(_OFFER_KEY, ""),
        code=typed["code"],
        password=typed.get("password"),
        present=typed.get("present", ""),
        address=known_address(request),
        at=now(),
    )
    request.session.pop(_OFFER_KEY, None)
    return codes


def _field_of(refusal: Refusal) -> str:
    fields: dict[type[Refusal], str] = {
        OldPasswordWrong: "password",
        CodeRefused: "present",
        NewCodeWrong: "code",
    }
    return fields.get(type(refusal), "")


def _qr(offer: Offer) -> str:
    picture = segno.make(offer.uri, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")
    return mark_safe(picture)  # noqa: S308 - segno's own drawing
