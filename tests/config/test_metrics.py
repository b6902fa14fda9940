"""What Prometheus reads, and who may."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from campaigns.jobs.services.watch import watch
from campaigns.lib.clock import now
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import system_scope
from config.running import heartbeats
from tests.support.cast import Cast


@pytest.fixture(autouse=True)
def fresh_client() -> None:
    heartbeats._client.cache_clear()


def scraped(client: Client) -> dict[str, dict[tuple[str, ...], float]]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.status_code
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(answer.content.decode())
    }


def test_prometheus_reads_queues_parts_and_alerts(cast: Cast, client: Client) -> None:
    for part in ("worker", "beat"):
        heartbeats.note_alive(part)
    heartbeats.forget("heavy")
    heartbeats.note_alive("outbox")
    with system_scope(at=now(), cause="test") as scope:
        watch(scope=scope, limits={"parts_silent": 0})
    found = scraped(client)
    assert found["fenhang_part_alive"] == {("worker",): 1, ("heavy",): 0, ("outbox",): 1, ("beat",): 1}
    assert set(found["fenhang_queue_length"]) == {("prompt",), ("heavy",), ("outbox",)}
    assert found["fenhang_alert_open"]["parts_silent",] == 1
    assert found["fenhang_alert_open"]["due.dead",] == 0
    assert found["fenhang_valkey_up"] == {(): 1}
    assert 0 <= found["fenhang_watched_seconds_ago"][()] < 60


def test_figures_name_no_branch_and_nobody(cast: Cast, client: Client) -> None:
    body = client.get("/metrics").content.decode()
    with system_scope(at=now(), cause="test"):
        names = [
            *Branch.objects.values_list("name", flat=True),
            *Person.objects.values_list("name", flat=True),
        ]
    assert len(names) > 10
    assert not [name for name in names if name in body]


def test_a_silent_valkey_is_a_figure_and_no_failure(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    found = scraped(client)
    assert found["fenhang_valkey_up"] == {(): 0}
    assert "fenhang_part_alive" not in found


@pytest.mark.parametrize(
    ("token", "asked"),
    [
        ("", {"REMOTE_ADDR": "192.0.2.9"}),
        # A proxy on this very machine speaks for somebody else.
        ("", {"HTTP_X_FORWARDED_FOR": "192.0.2.9"}),
        ("", {"HTTP_FORWARDED": "for=192.0.2.9"}),
        ("", {"HTTP_VIA": "1.1 proxy"}),
        ("s3cret", {}),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer s3cre"}),
        ("s3cret", {"HTTP_AUTHORIZATION": "Basic s3cret"}),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer 密"}),
    ],
)
def test_whoever_may_not_ask_finds_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, token: str, asked: dict[str, Any]
) -> None:
    # No `db` fixture: a query would fail the test.
    monkeypatch.setattr(settings, "METRICS_TOKEN", token)
    assert client.get("/metrics", **asked).status_code == 404


def test_the_token_opens_from_anywhere(cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "METRICS_TOKEN", "s3cret")
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.9", HTTP_AUTHORIZATION="Bearer s3cret")
    assert answer.status_code == 200
    assert client.post("/metrics", HTTP_AUTHORIZATION="Bearer s3cret").status_code == 405


def test_without_a_database_a_scrape_fails_in_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        from django.db import OperationalError

        raise OperationalError("gone")

    monkeypatch.setattr("config.metrics.system_scope", away)
    answer = client.get("/metrics")
    assert (answer.status_code, answer.content) == (503, b"# database unavailable\n")
