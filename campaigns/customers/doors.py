"""How a request with an access token comes in, of a customer or of staff."""

from typing import Any
from uuid import UUID

from campaigns.customers.scopes import customer
from campaigns.lib.clock import now
from campaigns.lib.http.tokens import FORGED, Credential, judge
from campaigns.tenants.scopes import Scope, staff


def bearer_door(request: Any) -> Scope | None:
    """The scope of the request's access token; None without one.

    For an expired or forged token `request.credential_error` says which, and there is no scope.
    """
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    credential, reason = judge(token.strip())
    scope = _scope_of(credential, cause=f"{request.method} {request.path}") if credential else None
    if scope is None:
        request.credential_error = reason or FORGED
    return scope


def _scope_of(credential: Credential, *, cause: str) -> Scope | None:
    at = now()
    try:
        if credential.kind == "customer":
            return customer(customer_id=UUID(credential.subject), at=at, cause=cause)
        if credential.kind == "staff":
            return staff(
                login_id=int(credential.subject),
                assignment_id=UUID(str(credential.claims["assignment"])),
                at=at,
                cause=cause,
                issued_at=credential.issued_at,
            )
    except (KeyError, ValueError):
        # Signed by us but not what we write: an older release's token at best.
        return None
    return None
