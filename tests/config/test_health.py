"""What a load balancer asks."""

import json

import pytest
from django.conf import settings
from django.test import Client

from config.running import heartbeats


@pytest.fixture(autouse=True)
def fresh_client() -> None:
    """The client is made once a process, from the settings of that moment."""
    heartbeats._client.cache_clear()


@pytest.fixture
def silent_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")


def states(client: Client) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, json.loads(answer.content)["parts"]


def test_healthz_answers_without_any_other_part(
    client: Client, silent_valkey: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No `db` fixture: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]


def test_readyz_is_ready_when_every_part_gave_a_sign_of_life(client: Client, django_db_setup: None) -> None:
    for part in ("worker", "heavy", "outbox", "beat"):
        heartbeats.note_alive(part)
    assert states(client) == (
        200,
        dict.fromkeys(("database", "valkey", "worker", "heavy", "outbox", "beat"), "ready"),
    )


def test_readyz_names_the_part_that_gave_no_sign(client: Client, django_db_setup: None) -> None:
    heartbeats.note_alive("beat")
    heartbeats.note_alive("heavy")
    heartbeats.note_alive("outbox")
    heartbeats.forget("worker")
    status, parts = states(client)
    assert status == 503
    assert [part for part, state in parts.items() if state != "ready"] == ["worker"]


def test_without_the_worker_of_heavy_work_everybody_is_served(client: Client, django_db_setup: None) -> None:
    for part in ("worker", "beat"):
        heartbeats.note_alive(part)
    heartbeats.forget("heavy")
    status, parts = states(client)
    assert (status, parts["heavy"]) == (200, "unavailable")


def test_a_sign_of_life_counts_for_20_seconds(client: Client, django_db_setup: None) -> None:
    heartbeats.note_alive("worker")
    assert 15 < heartbeats._client().ttl("fenhang:alive:worker") <= 20


def test_readyz_survives_a_silent_valkey(client: Client, django_db_setup: None, silent_valkey: None) -> None:
    status, parts = states(client)
    assert status == 503
    assert parts == {
        "database": "ready",
        "valkey": "unavailable",
        "worker": "unavailable",
        "heavy": "unavailable",
        "outbox": "unavailable",
        "beat": "unavailable",
    }


def test_readyz_survives_a_silent_database(
    client: Client, django_db_setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "127.0.0.1")
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", "1")
    status, parts = states(client)
    assert (status, parts["database"]) == (503, "unavailable")


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
