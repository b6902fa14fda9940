"""How tasks travel."""

import pytest

from config.celery import app, broker_of


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("redis://:secret@valkey.bank:6379/3", "redis://:secret@valkey.bank:6379/3"),
        ("rediss://valkey.bank/0", "rediss://valkey.bank/0"),
        (
            "unix://:secret@/run/a%20b/valkey.sock?db=2",
            "redis+socket://:secret@/run/a%20b/valkey.sock?virtual_host=2",
        ),
        ("unix:///run/valkey.sock", "redis+socket://:@/run/valkey.sock?virtual_host=0"),
    ],
)
def test_the_broker_is_spelled_as_kombu_wants_it(redis_url: str, broker: str) -> None:
    assert broker_of(redis_url) == broker


def test_the_broker_answers() -> None:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def test_tasks_are_json_and_acknowledged_when_done() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.task_ignore_result
    # A task that outlives the visibility timeout would be handed out a second time.
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]
