"""Coming in: name and password, then the one-time code where a log-in has a second factor.

Between the two steps nobody is logged in: the session holds only whose password was right, and for how long.
"""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login as open_session
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns.access.log_ins import check_code, check_log_in
from campaigns.access.refusals import LogInLocked, SecondStepOver
from campaigns.access.selectors import duty_of, is_enrolled
from campaigns.access.services.identities import demand_password_allowed
from campaigns.lib.clock import now
from campaigns.lib.http.limits import known_address
from campaigns.lib.refusals import Refusal
from campaigns.tenants.doors import DUTY_KEY
from campaigns.tenants.models import Login

_HALFWAY_KEY = "halfway"
_HALFWAY_FOR = timedelta(minutes=5)


class LogInForm(AuthenticationForm):
    """Name and password, judged by the rule that the API's staff token shares."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            address = known_address(self.request) if self.request else None
            try:
                demand_password_allowed(username=username)
                self.user_cache = check_log_in(
                    username=username, password=password, address=address, at=now()
                )
            except Refusal as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        cleaned: dict[str, Any] = self.cleaned_data
        return cleaned


class LogInPage(LoginView):
    """The first step's page."""

    template_name = "admin/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return after_first_step(self.request, form.get_user(), self.get_success_url())


class CodeForm(forms.Form):
    """The second step: a code of the phone, or one from paper."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=24,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, from_paper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if from_paper:
            self.fields["code"].label = _("Recovery code")
            self.fields["code"].widget.attrs["autocomplete"] = "off"
        else:
            self.fields["code"].widget.attrs["inputmode"] = "numeric"


def after_first_step(
    request: HttpRequest, login: Login, going_to: str, *, by_password: bool = True
) -> HttpResponse:
    """Where the right name and password lead, or another's word for them: in, or to the second step."""
    if not is_enrolled(login_id=login.pk):
        enter(request, login, duty=duty_of(login=login, at=now(), by_password=by_password))
        return HttpResponseRedirect(going_to)
    # A fresh session: whoever planted a cookie before does not share what follows.
    request.session.flush()
    request.session[_HALFWAY_KEY] = {
        "login": login.pk,
        "password": login.get_session_auth_hash(),
        "since": now().isoformat(),
        "going_to": going_to,
        "by_password": by_password,
    }
    return HttpResponseRedirect(reverse("admin:log_in_code"))


def enter(request: HttpRequest, login: Login, *, duty: str) -> None:
    """Open the session of `login`; what it must do first (`duty_of`) is kept with it, and closes every other page."""
    open_session(request, login)
    request.session.pop(_HALFWAY_KEY, None)
    renew_duty(request, duty)


def renew_duty(request: HttpRequest, duty: str) -> None:
    """Keep what must still be done with the session; "" opens it."""
    if duty:
        request.session[DUTY_KEY] = duty
    else:
        request.session.pop(DUTY_KEY, None)


@sensitive_post_parameters("code")
@never_cache
def code_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The second step's page. `context` is the site's own."""
    try:
        login, kept = _halfway(request)
    except SecondStepOver as refusal:
        request.session.pop(_HALFWAY_KEY, None)
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:login"))
    from_paper = "paper" in request.GET
    form = CodeForm(request.POST or None, from_paper=from_paper)
    if request.method == "POST" and form.is_valid():
        try:
            entered = check_code(
                login_id=login.pk,
                code=form.cleaned_data["code"],
                address=known_address(request),
                at=now(),
            )
        except (SecondStepOver, LogInLocked) as refusal:
            request.session.pop(_HALFWAY_KEY, None)
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:login"))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            duty = duty_of(login=entered.login, at=now(), by_password=kept["by_password"])
            enter(request, entered.login, duty=duty)
            _say_codes_left(request, entered.codes_left)
            return HttpResponseRedirect(kept["going_to"])
    context |= {
        "title": _("One-time code"),
        "form": form,
        "from_paper": from_paper,
        "going_in_as": login.username,
    }
    return TemplateResponse(request, "admin/log_in_code.html", context)


def _halfway(request: HttpRequest) -> tuple[Login, dict[str, Any]]:
    """Whose password was right a moment ago, and what was kept about it. Raises SecondStepOver."""
    kept = request.session.get(_HALFWAY_KEY)
    if not kept or now() - datetime.fromisoformat(kept["since"]) > _HALFWAY_FOR:
        raise SecondStepOver
    login = Login.objects.filter(pk=kept["login"], is_active=True).first()
    if login is None or not constant_time_compare(login.get_session_auth_hash(), kept["password"]):
        raise SecondStepOver
    return login, kept


def _say_codes_left(request: HttpRequest, left: int | None) -> None:
    if left is None:
        return
    said = ngettext(
        "You came in with a recovery code; %(left)s is left. Lost the phone? Set the second factor up anew.",
        "You came in with a recovery code; %(left)s are left. Lost the phone? Set the second factor up anew.",
        left,
    )
    messages.warning(request, said % {"left": left})
