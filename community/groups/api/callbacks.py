"""The address that WeCom tells of changed groups and customers: `hooks/wecom`. Plain text, as WeCom asks for it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from campaigns.lib.clock import now
from campaigns.lib.http.limits import Limit, address_of, demand, known_address
from campaigns.lib.http.malformed import BodyTooLarge, BodyUnreadable, MethodNotAllowed
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.refusals import Refusal
from campaigns.tenants.middleware import own_scope
from community.groups.callbacks import MOST_BYTES
from community.groups.services.callbacks import Signed, Terms, answer_verification, take_callback

# WeCom speaks from a few addresses, for all of the bank's groups.
_CALLS = Limit("wecom-callback", 1200, 60)


@own_scope
@csrf_exempt
def wecom_callback(request: HttpRequest) -> HttpResponseBase:
    """GET proves that the address is ours, POST tells of a change. The signature says who speaks."""
    try:
        demand(_CALLS, address_of(request))
        if request.method == "GET":
            echo = request.GET.get("echostr", "")
            text = answer_verification(terms=_terms(), signed=_signed(request), echo=echo, at=now())
        elif request.method == "POST":
            take_callback(terms=_terms(), signed=_signed(request), body=_body(request), at=now())
            text = "success"
        else:
            raise MethodNotAllowed(method=request.method or "")
    except Refusal as refusal:
        return problem_answer(request, refusal)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _terms() -> Terms:
    return Terms(
        token=settings.WECOM_CALLBACK_TOKEN, key=settings.WECOM_CALLBACK_KEY, corp=settings.WECOM_CORP_ID
    )


def _signed(request: HttpRequest) -> Signed:
    given = request.GET
    return Signed(
        signature=given.get("msg_signature", ""),
        timestamp=given.get("timestamp", ""),
        nonce=given.get("nonce", ""),
        address=known_address(request),
    )


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MOST_BYTES:
        raise BodyTooLarge(limit=MOST_BYTES)
    try:
        body: bytes = request.body
    except OSError as error:  # the client went away
        raise BodyUnreadable from error
    if len(body) > MOST_BYTES:
        raise BodyTooLarge(limit=MOST_BYTES)
    return body
