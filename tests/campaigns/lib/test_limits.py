"""Limits shed load, say when to come back, and never stand in the way when Valkey is gone."""

import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory

from campaigns.lib.http import limits
from campaigns.lib.http.limits import Limit, address_of
from tests.support.calls import Caller, as_staff
from tests.support.cast import Cast


@pytest.fixture
def limited(settings: Any) -> None:
    settings.RATE_LIMITS = True


def test_one_too_many_waits_and_is_let_through_afterwards(limited: None) -> None:
    limit, who = Limit("trial", 2, 1), uuid4().hex
    assert [limits.spend(limit, who) for _ in range(2)] == [0, 0]
    assert limits.spend(limit, who) == 1
    assert limits.spend(limit, uuid4().hex) == 0
    time.sleep(0.6)
    assert limits.spend(limit, who) == 0


def test_the_wait_is_as_long_as_the_bucket_needs(limited: None) -> None:
    limit, who = Limit("trial", 1, 30), uuid4().hex
    assert limits.spend(limit, who) == 0
    assert limits.spend(limit, who) == 30


@pytest.mark.urls("tests.support.api_urls")
def test_the_api_answers_429_with_retry_after(limited: None, cast: Cast) -> None:
    caller = Caller()
    caller.client.defaults["REMOTE_ADDR"] = f"fd00::{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    assert [caller.get("/api/v1/rare").status_code for _ in range(2)] == [200, 200]
    refused = caller.get("/api/v1/rare")
    assert refused.status_code == 429
    assert refused.json()["code"] == "request.too_many"
    assert 0 < int(refused["Retry-After"]) <= 30
    assert caller.get("/api/v1/anyone").status_code == 200


@pytest.mark.urls("tests.support.api_urls")
def test_without_valkey_everything_is_served_and_only_the_first_asks(
    limited: None, cast: Cast, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    caller = as_staff(cast.nb_manager)
    assert caller.get("/api/v1/people").status_code == 200
    started = time.monotonic()
    assert {limits.spend(Limit("trial", 1, 60), "x") for _ in range(50)} == {0}
    assert time.monotonic() - started < 0.2


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.7, 198.51.100.1", "198.51.100.1"),  # what the client made up stands before
        (2, "203.0.113.7, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),  # came by fewer proxies than there are
        (1, "not an address", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_of_forwarded_addresses_only_the_trusted_proxies_own_are_believed(
    settings: Any, proxies: int, header: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": header})
    assert address_of(request) == address
