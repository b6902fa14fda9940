"""What phones tell: an id counts once, however often and however late it comes, and what is wrong spoils nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from campaigns.customers.models import Customer
from campaigns.events.services import events as service
from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from tests.support.calls import Caller, as_staff
from tests.support.cast import AT, Cast
from tests.support.events import ITEM, days_ago, id_at, phone, stored, tell, viewed
from tests.support.races import together


def codes(answer: Any) -> list[tuple[int, str]]:
    return [(each["index"], each["code"]) for each in answer.json()["refused"]]


def test_an_event_is_stored_in_the_month_of_its_id_at_the_customers_branch(cast: Cast) -> None:
    nb = cast.customers["nb"]
    event = viewed(days_ago(2))
    answer = tell(nb, event)
    assert answer.status_code == 200
    assert answer.json() == {"taken": [event["id"]], "known": [], "refused": []}
    [row] = stored()
    assert row["part"] == "events_event_" + days_ago(2).strftime("%Y_%m")
    branch = cast.branch["NB"]
    assert (row["customer_id"], row["branch_id"], row["branch_pos"]) == (
        nb.customer.pk,
        branch.pk,
        branch.pos,
    )
    assert (row["kind"], row["source"], row["subject"]) == ("content.viewed", "phone", ITEM)
    assert row["properties"] == {"seconds": 35, "percent": 80}
    # Without a moment of its own it happened when its id was made.
    assert abs(row["at"] - days_ago(2)) < timedelta(seconds=10) and row["told_at"] is None


def test_what_is_sent_again_counts_once_whoever_sends_it(cast: Cast) -> None:
    old, fresh = viewed(), viewed()
    tell(cast.customers["nb"], old)
    again = tell(cast.customers["nb"], old, fresh, fresh)
    assert again.json() == {"taken": [fresh["id"]], "known": [fresh["id"], old["id"]], "refused": []}
    # Another customer's phone cannot take an id over, nor change what stands there.
    assert tell(cast.customers["sb"], {**old, "properties": {}}).json()["known"] == [old["id"]]
    rows = stored()
    assert len(rows) == 2 and {row["customer_id"] for row in rows} == {cast.customers["nb"].customer.pk}
    assert all(row["properties"] for row in rows)


def test_what_is_wrong_is_refused_by_its_place_and_the_rest_is_taken(cast: Cast) -> None:
    good = viewed()
    wrong: list[tuple[Any, str]] = [
        (7, "events.event.unreadable"),
        (viewed(customer="x"), "events.event.unreadable"),
        (viewed(kind="content.licked"), "events.kind.unknown"),
        (viewed(kind=None), "events.kind.unknown"),
        (viewed(kind="rewards.coupon.claimed"), "events.kind.foreign"),
        (viewed(kind="core.bought"), "events.kind.foreign"),
        (viewed(kind="community.group.joined"), "events.kind.foreign"),
        (viewed(id="1"), "events.event.id_malformed"),
        (viewed(id="c232ab00-9414-4ec1-b3c8-9e6bdeced846"), "events.event.id_malformed"),
        (viewed(id=str(new_id()).upper()), "events.event.id_malformed"),
        (viewed(id=id_at(now() + timedelta(days=2))), "events.event.from_future"),
        (viewed(days_ago(800)), "events.event.too_old"),
        (viewed(at=days_ago(800).isoformat()), "events.event.too_old"),
        (viewed(at="2026-11-22T10:00:00"), "events.event.moment_malformed"),
        (viewed(at=1_700_000_000), "events.event.moment_malformed"),
        (viewed(at="0001-01-01T00:00:00+14:00"), "events.event.moment_malformed"),
        (viewed(subject="rewards.batch:" + str(new_id())), "events.subject.ill_formed"),
        (viewed(subject="content.item:13800138000"), "events.subject.ill_formed"),
        (viewed(properties={"seconds": 35.0}), "events.property.ill_typed"),
        (viewed(properties={"seconds": True}), "events.property.ill_typed"),
        (viewed(properties={"seconds": -1}), "events.property.ill_typed"),
        (viewed(properties=[1]), "events.property.ill_typed"),
        (viewed(properties={"phone": "13800138000"}), "events.property.unknown"),
        # No field takes what names a person, whatever it is called.
        (
            viewed(kind="content.clicked", properties={"target": "tel:13800138000"}),
            "events.property.ill_typed",
        ),
        (viewed(kind="content.clicked", properties={"target": "王敏"}), "events.property.ill_typed"),
    ]
    answer = tell(cast.customers["nb"], *(event for event, _code in wrong), good)
    assert answer.status_code == 200
    assert codes(answer) == [(index, code) for index, (_event, code) in enumerate(wrong)]
    assert answer.json()["taken"] == [good["id"]]
    assert [row["id"] for row in stored()] == [good["id"]]
    unknown = answer.json()["refused"][2]
    assert "content.licked" in unknown["detail_zh"] and "content.licked" in unknown["detail_en"]


def test_a_clock_that_is_ahead_is_set_right_and_what_it_said_is_kept(cast: Cast) -> None:
    told = now() + timedelta(hours=3)
    tell(cast.customers["nb"], viewed(told), viewed(at=(now() + timedelta(minutes=4)).isoformat()))
    first, ahead = sorted(stored(), key=lambda row: row["told_at"] is not None)
    assert ahead["told_at"] is not None and abs(ahead["told_at"] - told) < timedelta(milliseconds=2)
    assert ahead["at"] < told - timedelta(hours=2)
    assert first["told_at"] is None and first["at"] > now()


def test_a_late_event_goes_into_its_own_month_while_that_is_kept(cast: Cast) -> None:
    """Nobody made that month: it waits in the default partition, and is no less unique for it."""
    late = viewed(days_ago(200))
    assert tell(cast.customers["nb"], late).json()["taken"] == [late["id"]]
    assert tell(cast.customers["nb"], late).json()["known"] == [late["id"]]
    [row] = stored()
    assert row["part"] == "events_event_other"
    # Exposures are kept for seven months, views for longer.
    assert codes(
        tell(cast.customers["nb"], viewed(days_ago(300), kind="content.exposed", properties={}))
    ) == [(0, "events.event.too_old")]


def test_the_last_and_the_first_millisecond_of_a_month_are_in_different_partitions(cast: Cast) -> None:
    """Months are those of UTC, whatever zone a moment is told in."""
    first = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = first - timedelta(milliseconds=1)
    told = first.isoformat().replace("+00:00", "Z")
    tell(
        cast.customers["nb"],
        viewed(before, at=told.replace("T00:00:00Z", "T08:00:00+08:00")),
        viewed(first),
    )
    older, newer = stored()
    assert older["part"] == before.strftime("events_event_%Y_%m")
    assert newer["part"] == first.strftime("events_event_%Y_%m")
    assert older["at"] == first


def test_a_leap_second_is_taken_for_the_one_before(cast: Cast) -> None:
    day = days_ago(3).date().isoformat()
    tell(cast.customers["nb"], viewed(at=f"{day}T23:59:60.5Z"))
    [row] = stored()
    assert row["at"].isoformat() == f"{day}T23:59:59.500000+00:00"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "request.body.unreadable"),
        (b"[]", 400, "events.batch.malformed"),
        (b'{"events": []}', 400, "events.batch.malformed"),
        (b'{"events": {}}', 400, "events.batch.malformed"),
        (b'{"events": [1], "more": 1}', 400, "events.batch.malformed"),
        ({"events": [1] * 101}, 400, "events.batch.malformed"),
        ({"events": ["x" * 65_536]}, 413, "request.body.too_large"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(cast: Cast, body: Any, status: int, code: str) -> None:
    answer = phone(cast.customers["nb"]).post("/api/v1/events", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stored() == []


def test_nobody_tells_without_a_token_and_nobody_who_is_blocked(cast: Cast) -> None:
    assert Caller().post("/api/v1/events", {"events": [viewed()]}).status_code == 401
    assert as_staff(cast.nb_clerk).post("/api/v1/events", {"events": [viewed()]}).status_code == 401
    with system_scope(at=AT, cause="test"):
        Customer.objects.filter(pk=cast.customers["nb"].customer.pk).update(status="blocked")
    answer = tell(cast.customers["nb"], viewed())
    assert (answer.status_code, answer.json()["code"]) == (401, "tenants.scope.closed")
    assert stored() == []


def test_a_batch_is_one_statement_however_long(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):  # take_events, which is its own transaction
        answer = tell(cast.customers["nb"], *(viewed() for _ in range(100)))
    assert len(answer.json()["taken"]) == 100 and len(stored()) == 100


def test_phones_that_call_at_once_are_written_together_and_each_hears_of_its_own(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["nb", "nb2", "sb"]
    with system_scope(at=AT, cause="test"):
        Customer.objects.filter(pk=committed_cast.customers["nb2"].customer.pk).update(status="blocked")
    shared = viewed()
    batches = {name: [shared, *(viewed() for _ in range(20))] for name in names}
    lots: list[int] = []

    def counted(batches: Any) -> Any:
        lots.append(len(batches))
        return service._write_together(batches)

    monkeypatch.setattr(service._TOGETHER, "_act", counted)
    acts = [
        lambda name=name: tell(committed_cast.customers[name], *batches[name])  # type: ignore[misc]
        for name in names * 4
    ]
    answers = together(acts)
    assert sum(lots) == 12
    for name, answer in zip(names * 4, answers, strict=True):
        if name == "nb2":
            assert answer.status_code == 401
        else:
            told = answer.json()
            assert sorted(told["taken"] + told["known"]) == sorted(each["id"] for each in batches[name])
    rows = stored()
    assert len(rows) == 41 and len({row["id"] for row in rows}) == 41
    assert all(row["customer_id"] != committed_cast.customers["nb2"].customer.pk for row in rows)


def test_a_connection_that_died_costs_nobody_an_event(committed_cast: Cast) -> None:
    """As after a restart of the database, or a pooler that hung up."""
    nb = committed_cast.customers["nb"]
    first, second = viewed(), viewed()
    assert tell(nb, first).json()["taken"] == [first["id"]]
    connection.ensure_connection()
    connection.connection.close()
    assert tell(nb, second).json()["taken"] == [second["id"]]
    assert len(stored()) == 2
