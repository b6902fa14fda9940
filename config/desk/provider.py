"""Logging in with the bank's identity provider: to it, and back. No transaction is open while it is asked."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from campaigns.access import provider
from campaigns.access.provider import Begun, NotVouched
from campaigns.access.services.identities import needs_second_factor, note_failure, open_by_identity
from campaigns.lib.clock import now
from campaigns.lib.http.limits import Limit, address_of, demand
from campaigns.lib.refusals import Refusal
from config.desk.log_in import after_first_step, enter

KEPT_KEY = "provider_begun"
_KEPT = 3  # tabs in which one may have begun at once
# Each begins a session of its own in the database.
_LIMIT = Limit("provider-begin", 30, 60)


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    then = request.GET.get(REDIRECT_FIELD_NAME, "")
    if not url_has_allowed_host_and_scheme(then, allowed_hosts={request.get_host()}):
        then = reverse("admin:index")
    try:
        demand(_LIMIT, address_of(request))
        address, begun = provider.begin(
            come_back_to=request.build_absolute_uri(reverse("admin:provider_back")), then=then, at=now()
        )
    except Refusal as refusal:
        return _refused(request, refusal)
    others = request.session.get(KEPT_KEY, [])[1 - _KEPT :]
    request.session[KEPT_KEY] = [*others, begun.kept()]
    return HttpResponseRedirect(address)


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Back from the provider, with an answer that is good once and in the browser that began."""
    if not settings.OIDC_ISSUER:
        raise Http404
    at = now()
    where = address_of(request)
    address = None if where == "unknown" else where
    answer = {name: value for name, value in request.GET.items() if isinstance(value, str)}
    try:
        begun = _take(request, answer.get("state", ""))
        claims = provider.finish(begun=begun, answer=answer, at=at)
        opened = open_by_identity(claims=claims, address=address, at=at)
    except NotVouched as refusal:
        note_failure(reason=str(refusal.values.get("reason", "")), address=address, at=at)
        return _refused(request, refusal)
    except Refusal as refusal:
        return _refused(request, refusal)
    if needs_second_factor(login=opened, claims=claims):
        return after_first_step(request, opened, begun.then, by_password=False)
    enter(request, opened, duty="")
    return HttpResponseRedirect(begun.then)


def _take(request: Any, state: str) -> Begun:
    """What was kept under `state`, once. Raises NotVouched."""
    kept = request.session.get(KEPT_KEY, [])
    mine = next((each for each in kept if state and each["state"] == state), None)
    if mine is None:
        raise NotVouched(reason="state unknown")
    request.session[KEPT_KEY] = [each for each in kept if each is not mine]
    return Begun.of(mine)


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("admin:login"))
