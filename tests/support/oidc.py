"""A small OpenID Connect provider on the loopback: discovery, authorize, token, keys; it lies where it is told to.

    with identity_provider(subject="u-1", preferred_username="nb_manager") as provider: ...

`provider.fault` is "" or one of FAULTS. Everybody who comes to `authorize` is taken for `subject`, without a page.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "fenhang", "s3cret: of & client"
BACK = "http://testserver/admin/provider/back/"

# name -> how it changes the claims of the ID token (a value of None leaves the claim out)
CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "wrong nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "wrong issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "wrong audience": {"aud": "another-client"},
    "shared audience": {"aud": [CLIENT_ID, "another-client"]},
    "made for another": {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
    "expired": {"exp": 1_700_000_000},
    "never expires": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "no subject": {"sub": None},
    "numeric subject": {"sub": 7},
    "endless subject": {"sub": "x" * 256},
}
TOKEN_FAULTS = [
    "alg none",
    "public key as secret",
    "unknown key",
    "foreign key under a known id",
    "not signed",
]


@cache
def _rsa(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


class IdentityProvider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, subject: str, claims: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.subject, self.claims, self.fault = subject, claims, ""
        self.key: RSAKey | ECKey = _rsa("first")
        self.algorithm = "RS256"
        self.discovery: dict[str, Any] = {}  # what differs from the truth
        self.asked: list[str] = []  # paths, in order
        self.codes: dict[str, dict[str, str]] = {}
        # What a browser does at the provider.
        self.browser = httpx.Client()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def rotate(self) -> None:
        """Another key, of another kind; the one before is forgotten."""
        self.key, self.algorithm = ECKey.generate_key("P-256", {"kid": "second", "use": "sig"}), "ES256"

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.discovery,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent; "" when the client or its address is unknown."""
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") != BACK:
            return ""
        answer = {"state": query["state"], "iss": self.issuer}
        if self.fault == "denied":
            return f"{BACK}?{urlencode({**answer, 'error': 'access_denied'})}"
        if query.get("code_challenge_method") != "S256" or "openid" not in query.get("scope", "").split():
            return f"{BACK}?{urlencode({**answer, 'error': 'invalid_request'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{BACK}?{urlencode({**answer, 'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Status and body of the token endpoint."""
        if self.fault == "token endpoint down":
            return 503, b"<html>down</html>"
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if [unquote(part) for part in pair.split(":")] != [CLIENT_ID, CLIENT_SECRET]:
            return 401, {"error": "invalid_client"}
        begun = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            begun is None
            or begun["redirect_uri"] != form.get("redirect_uri")
            or begun["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant"}
        answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(begun["nonce"])}
        if self.fault == "no token":
            del answer["id_token"]
        return 200, answer

    def id_token(self, nonce: str) -> str:
        at = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "iat": at,
            "exp": at + 300,
            "nonce": nonce,
        }
        claims |= self.claims | CLAIM_FAULTS.get(self.fault, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": self.algorithm, "kid": self.key.kid}
        good = jwt.encode(head, claims, self.key, algorithms=[self.algorithm])
        body = good.split(".")[1]
        if self.fault == "alg none":
            return f"{_part({'alg': 'none'})}.{body}."
        if self.fault == "not signed":
            return f"{good.rpartition('.')[0]}."
        if self.fault == "public key as secret":
            text = f"{_part({'alg': 'HS256', 'kid': self.key.kid})}.{body}"
            mac = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256")
            return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        if self.fault == "unknown key":
            return jwt.encode({**head, "kid": "third"}, claims, _rsa("third"), algorithms=["RS256"])
        if self.fault == "foreign key under a known id":
            return jwt.encode(head, claims, _rsa("third"), algorithms=["RS256"])
        return good


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


class _Answers(BaseHTTPRequestHandler):
    server: IdentityProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self._say(200, self.server.document())
        elif parts.path == "/keys":
            self._say(200, KeySet([self.server.key]).as_dict(private=False))
        elif parts.path == "/authorize":
            to = self.server.authorize(dict(parse_qsl(parts.query)))
            self._say(302 if to else 400, {}, to)
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, body = self.server.token(
            {name: values[0] for name, values in form.items()}, self.headers.get("Authorization", "")
        )
        self._say(status, body)

    def _say(self, status: int, body: Any, location: str = "") -> None:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        return None


@contextmanager
def identity_provider(*, subject: str = "u-0001", **claims: Any) -> Iterator[IdentityProvider]:
    """A running provider; point `settings.OIDC_ISSUER` at its `issuer`."""
    with IdentityProvider(subject, claims) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.browser.close()
            server.shutdown()
            thread.join(timeout=5)
