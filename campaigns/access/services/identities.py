"""Log-ins opened by the bank's identity provider. People and log-ins are never made here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from campaigns.access.models import OutsideIdentity
from campaigns.access.rules import is_vouched_for
from campaigns.audit.services import record_security
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import Login

SUCCEEDED, FAILED, BOUND = "login.provider_succeeded", "login.provider_failed", "login.provider_bound"


class UnknownIdentity(Refusal):
    """Nobody here is bound to it, or the log-in is closed: one answer for all, as with passwords."""

    code = "log_in.identity.unknown"
    status = 403
    zh = "您的统一身份在本系统没有可用的登录名，请联系管理员开通。"
    en = "Your identity opens no log-in here: ask an administrator to open one."


class ByProviderOnly(Refusal):
    """Passwords are closed but for the log-ins that the setting excepts."""

    code = "log_in.by_provider_only"
    status = 403
    zh = "请使用行内统一身份登录。"
    en = "Log in with the bank's identity service."


def open_by_identity(*, claims: Mapping[str, Any], address: str | None, at: datetime) -> Login:
    """The log-in of whoever the provider's `claims` (provider.finish) name, at `at`.

    A subject that comes for the first time is bound to the log-in that `settings.OIDC_CLAIM` names, where
    `settings.OIDC_BIND` allows it and that log-in has no other subject. Raises UnknownIdentity; nothing is bound then.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    named = claims.get(settings.OIDC_CLAIM)
    who = named.replace("\x00", "") if isinstance(named, str) else ""
    with transaction.atomic():
        identity = (
            OutsideIdentity.objects.filter(issuer=issuer, subject=subject).select_related("login").first()
        )
        login = identity.login if identity else _bind(issuer=issuer, subject=subject, named=who, at=at)
    if login is None or not _is_open(login):
        record_security(kind=FAILED, at=at, who=who, address=address, subject=subject, reason="no log-in")
        raise UnknownIdentity
    if identity is None:
        record_security(kind=BOUND, at=at, who=login.username, address=address, subject=subject)
    record_security(kind=SUCCEEDED, at=at, who=login.username, address=address, subject=subject)
    return login


def _is_open(login: Login) -> bool:
    return login.is_active and (not login.is_demo or settings.DEMO)


def _bind(*, issuer: str, subject: str, named: str, at: datetime) -> Login | None:
    if not settings.OIDC_BIND or not named:
        return None
    login = Login.objects.filter(username=named[:61]).first()
    if login is None or not _is_open(login):
        return None
    try:
        with transaction.atomic():
            OutsideIdentity.objects.create(login=login, issuer=issuer, subject=subject, bound_at=at)
    except IntegrityError:
        # That log-in is somebody else at the provider, or a twin request was first and the next try finds it.
        return None
    return login


def note_failure(*, reason: str, address: str | None, at: datetime) -> None:
    """A security record of a log-in that the provider did not vouch for."""
    record_security(kind=FAILED, at=at, address=address, reason=reason)


def demand_password_allowed(*, username: str) -> None:
    """Raise ByProviderOnly when this log-in may not come in with its password, whether or not it exists."""
    if settings.OIDC_ISSUER and settings.OIDC_ONLY and username.strip() not in settings.OIDC_EXCEPT:
        raise ByProviderOnly


def needs_second_factor(*, login: Login, claims: Mapping[str, Any]) -> bool:
    """Whether our own second factor must still be asked of `login`, whose provider said `claims`."""
    return not is_vouched_for(
        amr=claims.get("amr"),
        acr=claims.get("acr"),
        enough_amr=settings.OIDC_AMR,
        enough_acr=settings.OIDC_ACR,
    )
