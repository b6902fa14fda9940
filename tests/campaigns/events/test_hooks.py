"""What the bank's own systems tell: signed, fresh, once, and of customers whom they name by what they know."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django import Settings as Given

from campaigns.audit.models import SecurityRecord
from campaigns.customers.models import Customer, Identity
from campaigns.customers.services.identities import revoke_identity
from campaigns.events.models import HookNonce
from campaigns.events.services.hooks import KEPT, forget_nonces
from campaigns.lib.clock import now
from campaigns.lib.hooks import SIGNATURE, TIMESTAMP
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.events import SOURCES, bought, call_hook, days_ago, stored
from tests.support.races import together


@pytest.fixture(autouse=True)
def sources(settings: Given) -> None:
    settings.EVENT_SOURCES = SOURCES


def test_a_signed_call_is_taken_and_its_customers_are_found_by_what_the_core_knows(cast: Cast) -> None:
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    by_union = bought("", "t-2") | {"unionid": sb.unionid}
    del by_union["customer_number"]
    answer = call_hook({"events": [bought(nb.number), by_union]})
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["taken"]) == 2 and answer.json()["refused"] == []
    rows = {row["customer_id"]: row for row in stored()}
    assert rows.keys() == {nb.customer.pk, sb.customer.pk}
    row = rows[nb.customer.pk]
    assert (row["source"], row["kind"]) == ("hook:core", "core.bought")
    assert row["properties"] == {"amount_fen": 52_000_00, "product_class": "wealth"}
    assert row["branch_id"] == cast.branch["NB"].pk
    # Neither the number nor the core's own id stands anywhere in it.
    assert nb.number not in str(row) and "t-1" not in str(row)


def test_what_the_core_tells_again_counts_once_in_the_month_of_its_moment(cast: Cast) -> None:
    number, at = cast.customers["nb"].number, days_ago(20)
    events = [bought(number, "t-1", at), bought(number, "t-2", at), bought(number, "t-1", at)]
    first = call_hook({"events": events}).json()
    assert (len(first["taken"]), len(first["known"])) == (2, 1)
    again = call_hook({"events": events}).json()
    assert (len(again["taken"]), len(again["known"])) == (0, 3)
    # The same number of another system is another thing.
    rows = stored()
    assert len(rows) == 2
    assert {row["part"] for row in rows} == {at.strftime("events_event_%Y_%m")}


def test_an_identity_that_was_revoked_names_nobody_any_more(cast: Cast) -> None:
    nb = cast.customers["nb"]
    with cast.ho_administrator.scope() as scope:
        number = Identity.objects.within(scope).get(customer=nb.customer, kind="customer_number")
        revoke_identity(scope=scope, identity_id=number.pk, reason="given to another")
    answer = call_hook({"events": [bought(nb.number)]}).json()
    assert [each["code"] for each in answer["refused"]] == ["events.customer.unknown"]
    assert stored() == []


def test_a_customer_nobody_knows_is_refused_by_its_place(cast: Cast) -> None:
    nb = cast.customers["nb"]
    with system_scope(at=AT, cause="test"):
        Customer.objects.filter(pk=cast.customers["sb"].customer.pk).update(status="blocked")
    both = bought(nb.number, "b") | {"unionid": nb.unionid}
    appless = bought("", "c") | {"openid": "o-1"}
    del appless["customer_number"]
    wrong = [
        (bought("N-none-000001"), "events.customer.unknown"),
        (bought(cast.customers["sb"].number), "events.customer.unknown"),
        (bought("王敏"), "events.customer.unnamed"),
        (both, "events.customer.unnamed"),
        (appless, "events.customer.unnamed"),
        (bought(nb.number, app="wx1"), "events.customer.unnamed"),
        (bought(nb.number, ""), "events.event.id_malformed"),
        (bought(nb.number, 7), "events.event.id_malformed"),  # type: ignore[arg-type]
        (bought(nb.number, at=None) | {"at": None}, "events.event.moment_malformed"),
        (bought(nb.number) | {"at": "9999-12-31T23:59:59Z"}, "events.event.from_future"),
        (bought(nb.number) | {"at": "1969-12-31T23:59:59Z"}, "events.event.moment_malformed"),
        (bought(nb.number, kind="core.received"), "events.kind.unknown"),
        (bought(nb.number, kind="content.viewed"), "events.kind.unknown"),
        (bought(nb.number, properties={}), "events.property.missing"),
        (
            bought(nb.number, properties={"amount_fen": 1, "product_class": "gold"}),
            "events.property.ill_typed",
        ),
        ([], "events.event.unreadable"),
    ]
    answer = call_hook({"events": [*(event for event, _code in wrong), bought(nb.number, "good")]})
    assert answer.status_code == 200
    found = [(each["index"], each["code"]) for each in answer.json()["refused"]]
    assert found == [(index, code) for index, (_event, code) in enumerate(wrong)]
    assert len(answer.json()["taken"]) == 1 and len(stored()) == 1


def test_a_call_that_is_not_signed_by_the_source_changes_nothing_and_is_noted(cast: Cast) -> None:
    good = {"events": [bought(cast.customers["nb"].number)]}
    foreign = [
        call_hook(good, secret="somebody else's"),
        call_hook(good, source="nobody"),
        call_hook(good, source="nobody", secret="nobody"),
        call_hook(good, source="nobody", secret=""),
        call_hook(good, **{SIGNATURE: ""}),
        call_hook(good, **{SIGNATURE: "ä"}),
        call_hook(good, **{TIMESTAMP: str(int(now().timestamp()) + 1)}),
        call_hook(good, **{TIMESTAMP: "١٢٣"}),
        call_hook(good, nonce="short"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in foreign} == {(401, "events.hook.unsigned")}
    # Which sources there are is not told: the documents are the same.
    assert len({a.json()["detail_zh"] for a in foreign}) == 1
    assert stored() == [] and HookNonce.objects.count() == 0
    noted = SecurityRecord.objects.using("aside").filter(kind="hook.refused")
    assert noted.count() == len(foreign) and noted.filter(who="nobody").count() == 3


def test_a_call_is_good_for_five_minutes_on_either_side_and_once(cast: Cast) -> None:
    good = {"events": [bought(cast.customers["nb"].number)]}
    for minutes in (-6, 6):
        stale = call_hook(good, at=now() + timedelta(minutes=minutes))
        assert (stale.status_code, stale.json()["code"]) == (401, "events.hook.stale")
    assert call_hook(good, at=now() - timedelta(minutes=4), nonce="nonce-0001").status_code == 200
    replayed = call_hook(good, at=now() - timedelta(minutes=4), nonce="nonce-0001")
    assert (replayed.status_code, replayed.json()["code"]) == (409, "events.hook.repeated")
    # A nonce that the purge has forgotten belongs to a timestamp that nobody takes any more.
    with system_scope(at=now() + KEPT - timedelta(seconds=5), cause="test") as scope:
        assert forget_nonces(scope=scope) == 0
    with system_scope(at=now() + KEPT + timedelta(seconds=5), cause="test") as scope:
        assert forget_nonces(scope=scope) == 1


def test_a_call_that_is_no_batch_leaves_its_nonce_unused(cast: Cast) -> None:
    number = cast.customers["nb"].number
    bodies: list[tuple[Any, int]] = [
        (b"{", 400),
        (b"\xff", 400),
        ([], 400),
        ({"events": []}, 400),
        ({"events": [bought(number)] * 1001}, 400),
        (b" " * 1_048_577, 413),
    ]
    for body, status in bodies:
        assert call_hook(body, nonce="nonce-0001").status_code == status
    assert HookNonce.objects.count() == 0 and stored() == []
    assert call_hook({"events": [bought(number)]}, nonce="nonce-0001").status_code == 200


def test_a_call_is_three_queries_whatever_it_brings(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    number = cast.customers["nb"].number
    # Once a minute that the source was heard is noted, which is a query more.
    assert call_hook({"events": [bought(number, "t-first")]}).status_code == 200
    # Savepoint, nonce, whose the hashes are, events, which rules answer them with coupons, whether points wait for
    # them, release.
    with django_assert_num_queries(7):
        answer = call_hook({"events": [bought(number, f"t-{n}") for n in range(300)]})
    assert len(answer.json()["taken"]) == 300


def test_the_same_call_twice_at_once_is_taken_once(committed_cast: Cast) -> None:
    good = {"events": [bought(committed_cast.customers["nb"].number)]}
    answers = together([lambda: call_hook(good, nonce="nonce-0001") for _ in range(6)])
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409, 409]
    # The control: with nonces of their own all are taken, and the event still counts once.
    more = together([lambda: call_hook(good) for _ in range(4)])
    assert {a.status_code for a in more} == {200}
    assert len(stored()) == 1
