"""The bank's identity provider by OpenID Connect: authorization code with PKCE, state and nonce.

Written on joserfc and httpx rather than on a Django package: the usual one (mozilla-django-oidc) checks neither
issuer nor audience, knows no discovery, and makes people; we must only know who came, at a moment we are given.
No call here may be made inside a transaction.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
import orjson
import structlog
from django.conf import settings
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from campaigns.lib.refusals import Refusal

log = structlog.get_logger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 5.0
_MAX_ANSWER = 1_048_576  # bytes
# Never the algorithm that a token asks for: signatures with a public key alone.
ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
]
LEEWAY = 60  # seconds that the provider's clock may be off
# Somebody who has begun has so long to come back.
PATIENCE = timedelta(minutes=10)
# The provider's addresses and keys are asked again after this; an unknown key asks at once, but not in a row.
_FRESH = timedelta(hours=1)
_PAUSE = timedelta(seconds=30)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class ProviderAway(Refusal):
    """It does not answer, or nothing that can be read: ours or the provider's to mend, and in our log."""

    code = "log_in.provider.away"
    status = 503
    zh = "行内统一身份服务暂时无法使用，请稍后再试。"
    en = "The bank's identity service does not work at present: try again later."


class NotVouched(Refusal):
    """The provider, or what came back in its name, does not say who this is. `reason` is for the record alone."""

    code = "log_in.provider.refused"
    status = 401
    zh = "统一身份登录没有完成，请重新登录。"
    en = "The identity service did not log you in: please try again."


@dataclass(frozen=True, slots=True)
class Begun:
    """What must be known again when somebody comes back; kept on the server, in that browser's session."""

    state: str
    nonce: str
    verifier: str
    come_back_to: str  # our own address that the provider sends the browser to
    then: str  # the page that was wanted
    at: str

    def kept(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, str]) -> Self:
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class _Provider:
    authorization: str
    token: str
    keys: str
    # The secret goes into the body of the request only where the provider takes it nowhere else.
    secret_in_body: bool


@dataclass
class _Known:
    """What this process remembers of the provider."""

    provider: _Provider
    at: datetime
    keys: KeySet | None = None
    keys_at: datetime | None = None


_known: dict[str, _Known] = {}
_clients: list[httpx.Client] = []
_lock = threading.Lock()


def forget() -> None:
    """Ask the provider for everything again, over new connections."""
    with _lock:
        _known.clear()
        while _clients:
            _clients.pop().close()


def _client() -> httpx.Client:
    """One client of the process: reading the machine's certificates takes longer than an answer."""
    with _lock:
        if not _clients:
            _clients.append(httpx.Client(timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)))
        return _clients[0]


def begin(*, come_back_to: str, then: str, at: datetime) -> tuple[str, Begun]:
    """Where to send the browser, and what to keep until it comes back. Raises ProviderAway."""
    provider = _provider(at).provider
    begun = Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(64),
        come_back_to=come_back_to,
        then=then,
        at=at.isoformat(),
    )
    query = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": come_back_to,
        "scope": settings.OIDC_SCOPES,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": _challenge(begun.verifier),
        "code_challenge_method": "S256",
    }
    if settings.OIDC_ACR:
        query["acr_values"] = " ".join(settings.OIDC_ACR)
    joint = "&" if "?" in provider.authorization else "?"
    return f"{provider.authorization}{joint}{urlencode(query)}", begun


def finish(*, begun: Begun, answer: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """Who came back: the claims of the ID token, with `iss` and `sub` for certain.

    `answer` is the query that the browser brought. Raises NotVouched (with `reason`) and ProviderAway.
    """
    if not hmac.compare_digest(answer.get("state", ""), begun.state):
        raise NotVouched(reason="state")
    if at - datetime.fromisoformat(begun.at) > PATIENCE:
        raise NotVouched(reason="late")
    # RFC 9207: an answer of another provider must not be taken for this one's.
    if answer.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        raise NotVouched(reason="iss of the answer")
    if "error" in answer or not answer.get("code"):
        raise NotVouched(reason=f"provider: {answer.get('error', 'no code')[:60]}")
    known = _provider(at)
    token = _exchange(known.provider, begun=begun, code=answer["code"])
    return _judge(known, token, nonce=begun.nonce, at=at)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _exchange(provider: _Provider, *, begun: Begun, code: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begun.come_back_to,
        "code_verifier": begun.verifier,
    }
    headers = {}
    client_id, secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
    if secret and not provider.secret_in_body:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client_id, **({"client_secret": secret} if secret else {})}
    answer, status = _ask("POST", provider.token, form=form, headers=headers)
    if status in (400, 401):
        # invalid_client and the like are ours to mend; a used or foreign code is the browser's.
        log.warning("provider_refused_code", error=str(answer.get("error", ""))[:60])
        raise NotVouched(reason=f"token: {str(answer.get('error', status))[:60]}")
    token = answer.get("id_token")
    if status != 200 or not isinstance(token, str):
        log.error("provider_answer_unexpected", what="token", status=status)
        raise ProviderAway
    return token


def _judge(known: _Known, token: str, *, nonce: str, at: datetime) -> dict[str, Any]:
    client = settings.OIDC_CLIENT_ID
    wanted = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": settings.OIDC_ISSUER},
        aud={"essential": True, "value": client},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = _read(known, token, at)
        wanted.validate(claims)
    # Odd bytes surface as plain ValueErrors of the parts below.
    except (JoseError, ValueError) as error:
        raise NotVouched(reason=f"id token: {error}"[:200]) from error
    # Meant for others too: then it must say that it was made for us.
    shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (shared or "azp" in claims) and claims.get("azp") != client:
        raise NotVouched(reason="id token: azp")
    if len(claims["sub"]) > 255:
        raise NotVouched(reason="id token: sub")
    return claims


def _read(known: _Known, token: str, at: datetime) -> dict[str, Any]:
    """The claims under a good signature; a key that we do not know may be a new one."""
    registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        return jwt.decode(token, _keys(known, at), algorithms=ALGORITHMS, registry=registry).claims
    except InvalidKeyIdError:
        if known.keys_at is not None and at - known.keys_at < _PAUSE:
            raise
    known.keys_at = None
    return jwt.decode(token, _keys(known, at), algorithms=ALGORITHMS, registry=registry).claims


def _keys(known: _Known, at: datetime) -> KeySet:
    if known.keys is None or known.keys_at is None or at - known.keys_at > _FRESH:
        answer, status = _ask("GET", known.provider.keys)
        try:
            known.keys = KeySet.import_key_set({"keys": answer["keys"]})
        except (JoseError, KeyError, TypeError, ValueError) as error:
            log.error("provider_answer_unexpected", what="keys", status=status)
            raise ProviderAway from error
        known.keys_at = at
    return known.keys


def _provider(at: datetime) -> _Known:
    issuer = settings.OIDC_ISSUER
    with _lock:
        known = _known.get(issuer)
    if known is not None and at - known.at <= _FRESH:
        return known
    answer, status = _ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    methods = answer.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    try:
        provider = _Provider(
            authorization=_address(answer["authorization_endpoint"]),
            token=_address(answer["token_endpoint"]),
            keys=_address(answer["jwks_uri"]),
            secret_in_body="client_secret_basic" not in methods,
        )
        if status != 200 or answer["issuer"] != issuer:
            raise ValueError("another issuer")
    except (KeyError, TypeError, ValueError) as error:
        log.error("provider_answer_unexpected", what="discovery", status=status, reason=str(error))
        raise ProviderAway from error
    with _lock:
        known = _known[issuer] = _Known(provider, at)
    return known


def _address(value: object) -> str:
    """An address that may be trusted with codes and secrets: TLS, or this very machine. Raises ValueError."""
    parts = urlsplit(str(value))
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return str(value)
    raise ValueError(f"not https: {value}")


def _ask(
    method: str,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], int]:
    """The JSON object and the status; redirects are not followed. Raises ProviderAway."""
    try:
        with _client().stream(
            method, _address(address), data=form, headers={"Accept": "application/json", **(headers or {})}
        ) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER:
                    raise ValueError("too long")
            answer = orjson.loads(body)
            status = response.status_code
    except (httpx.HTTPError, ValueError) as error:
        log.warning("provider_silent", address=address, reason=type(error).__name__)
        raise ProviderAway from error
    if not isinstance(answer, dict):
        log.error("provider_answer_unexpected", what=address, status=status)
        raise ProviderAway
    return answer, status
