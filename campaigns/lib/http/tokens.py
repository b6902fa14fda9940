"""Access tokens: JWT (RFC 7519), HS256 under a key derived from SECRET_KEY.

Two kinds. "customer": the subject is the customer's id. "staff": the subject is the log-in's id, and the claim
`assignment` names the assignment acted in. A token says who asks; what they may do is asked of the database
again with every request, so a token of a closed assignment opens nothing.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings

from campaigns.lib.clock import now

ISSUER = "fenhang"
ALGORITHM = "HS256"
KINDS = ("customer", "staff")

# Reasons of `judge`; codes of the 401 that the API answers with.
EXPIRED = "credential.expired"
FORGED = "credential.forged"

_OURS = {"iss", "aud", "sub", "iat", "exp", "jti"}


@dataclass(frozen=True, slots=True)
class Credential:
    """What a good token says. `claims` are those given to `issue`."""

    kind: str
    subject: str
    claims: Mapping[str, Any]
    expires_at: datetime
    issued_at: datetime


def _keys() -> Iterator[tuple[str, bytes]]:
    """(kid, key) of the present secret first, then of the ones it replaced (SECRET_KEY_FALLBACKS)."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = hmac.digest(str(secret).encode(), b"campaigns.lib.http.tokens", "sha256")
        yield hashlib.sha256(key).hexdigest()[:8], key


def _audience(kind: str) -> str:
    return f"{ISSUER}:{kind}"


def issue(*, kind: str, subject: str, seconds: int, **claims: Any) -> str:
    """A token of `kind` about `subject` that lives `seconds` from now. Raises ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of token: {kind}")
    if reserved := _OURS & claims.keys():
        raise ValueError(f"reserved claims: {sorted(reserved)}")
    kid, key = next(_keys())
    at = now()
    body = {
        **claims,
        "iss": ISSUER,
        "aud": _audience(kind),
        "sub": subject,
        # With its fraction: a token and the order to end all tokens may fall into one second.
        "iat": at.timestamp(),
        "exp": at + timedelta(seconds=seconds),
        "jti": uuid4().hex,
    }
    return jwt.encode(body, key, algorithm=ALGORITHM, headers={"kid": kid})


def judge(token: str) -> tuple[Credential | None, str]:
    """What the token says, or None and the reason: EXPIRED (it was ours) or FORGED (anything else)."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = dict(_keys()).get(str(kid))
        if key is None:
            return None, FORGED
        body = jwt.decode(
            token,
            key,
            # Never the algorithm that the token asks for.
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=[_audience(kind) for kind in KINDS],
            options={"require": sorted(_OURS), "strict_aud": False},
        )
    except jwt.ExpiredSignatureError:
        return None, EXPIRED
    # Odd bytes in a token surface as plain ValueErrors of the parts below PyJWT.
    except (jwt.PyJWTError, ValueError):
        return None, FORGED
    kind = next((kind for kind in KINDS if body["aud"] == _audience(kind)), None)
    if kind is None:
        return None, FORGED
    claims = {name: value for name, value in body.items() if name not in _OURS}
    expires_at, issued_at = (datetime.fromtimestamp(float(body[name]), UTC) for name in ("exp", "iat"))
    return Credential(kind, body["sub"], claims, expires_at, issued_at), ""


def read(token: str) -> Credential | None:
    """What the token says, or None; `judge` also tells why."""
    return judge(token)[0]
