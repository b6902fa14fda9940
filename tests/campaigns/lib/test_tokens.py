"""A token is believed only when we made it, for this, and lately."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest

from campaigns.lib.http import tokens


def good(**more: object) -> str:
    return tokens.issue(kind="customer", subject="c-1", seconds=60, **more)


def body_of(token: str) -> dict[str, object]:
    body: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return body


def test_a_good_token_says_who_and_what_it_was_issued_with() -> None:
    credential = tokens.read(tokens.issue(kind="staff", subject="7", seconds=60, assignment="a-1"))
    assert credential is not None
    assert (credential.kind, credential.subject, credential.claims) == ("staff", "7", {"assignment": "a-1"})
    assert timedelta(seconds=50) < credential.expires_at - datetime.now(UTC) <= timedelta(seconds=60)


def test_an_expired_token_says_so() -> None:
    assert tokens.judge(tokens.issue(kind="customer", subject="c-1", seconds=-1)) == (None, tokens.EXPIRED)


@pytest.mark.parametrize("junk", ["", "x", "a.b.c", "Bearer", "é.é.é", "e30.e30.", "\x00", "9" * 5000])
def test_junk_is_forged_and_never_an_error(junk: str) -> None:
    assert tokens.judge(junk) == (None, tokens.FORGED)


def test_a_token_without_a_signature_is_forged() -> None:
    header, body, _signature = good().split(".")
    kid = jwt.get_unverified_header(good())["kid"]
    for algorithm in ("none", "None", "NONE"):
        unsigned = base64.urlsafe_b64encode(
            orjson.dumps({"alg": algorithm, "typ": "JWT", "kid": kid})
        ).decode()
        assert tokens.judge(f"{unsigned.rstrip('=')}.{body}.") == (None, tokens.FORGED)
    assert tokens.judge(f"{header}.{body}.") == (None, tokens.FORGED)


def test_a_token_of_another_installation_is_forged(settings: Any) -> None:
    here = settings.SECRET_KEY
    settings.SECRET_KEY = "another bank's secret, just as long as ours is"
    foreign = good()
    settings.SECRET_KEY = here
    assert tokens.judge(foreign) == (None, tokens.FORGED)


def test_a_replaced_secret_is_honoured_while_it_is_listed(settings: Any) -> None:
    old, token = settings.SECRET_KEY, good()
    settings.SECRET_KEY = "a new secret, long enough to be one of ours"
    assert tokens.read(token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert tokens.read(token) is not None
    assert tokens.read(good()) is not None


def test_a_changed_body_is_forged() -> None:
    header, _body, signature = good().split(".")
    other = base64.urlsafe_b64encode(orjson.dumps({**body_of(good()), "sub": "c-2"})).decode().rstrip("=")
    assert tokens.judge(f"{header}.{other}.{signature}") == (None, tokens.FORGED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "fenhang:root"},
        {"aud": ["fenhang:customer"]},
        {"iss": "elsewhere"},
        {"exp": None},
        {"sub": None},
        {"sub": 5},
        {"iat": "x"},
    ],
)
def test_our_own_signature_does_not_make_up_for_wrong_claims(wrong: dict[str, object]) -> None:
    kid, key = next(tokens._keys())
    body = {name: value for name, value in {**body_of(good()), **wrong}.items() if value is not None}
    head = base64.urlsafe_b64encode(orjson.dumps({"alg": "HS256", "kid": kid})).rstrip(b"=")
    text = head + b"." + base64.urlsafe_b64encode(orjson.dumps(body)).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")).rstrip(b"=")
    assert tokens.judge((text + b"." + signature).decode()) == (None, tokens.FORGED)


def test_only_known_kinds_are_issued_and_our_own_claims_are_reserved() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        tokens.issue(kind="root", subject="x", seconds=60)
    with pytest.raises(ValueError, match="reserved"):
        tokens.issue(kind="staff", subject="x", seconds=60, exp=1)
