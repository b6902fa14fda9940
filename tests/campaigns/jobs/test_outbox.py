"""Putting a message: in the transaction of the change, once for its key, without anybody's numbers."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from campaigns.jobs.adapters import Adapter, adapters, addresses_of, register_adapter, register_addressee
from campaigns.jobs.outbox_models import Message
from campaigns.jobs.outbox_rules import (
    KEEP_BODIES,
    BodyHasPersonalNumber,
    Terms,
    UnknownAdapter,
    has_personal_number,
)
from campaigns.jobs.outbox_selectors import message_in_scope
from campaigns.jobs.senders import senders
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.jobs.services.outbox import Note, empty_bodies, put, put_many
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT, Cast
from tests.support.races import together, until_one_waits

HOOK: dict[str, Any] = {"adapter": "http.hook", "account": "core", "subject": "test.thing:1"}


def test_a_message_belongs_to_the_branch_that_wrote_it_and_is_seen_from_above_alone(cast: Cast) -> None:
    with cast.nb_editor.scope() as scope:
        made = put(scope=scope, key="k", body={"b": 1, "a": "二"}, **HOOK)
        assert (made.branch_id, made.state, made.ready_at) == (cast.branch["NB"].pk, "waiting", AT)
        assert put(scope=scope, key="k", body={"other": 1}, **HOOK).pk == made.pk
        # To another system the same key is another message.
        assert put(scope=scope, key="k", body={}, **HOOK | {"account": "crm"}).pk != made.pk
    with cast.north_editor.scope() as scope:
        found = message_in_scope(scope=scope, message_id=made.pk)
        assert (found.body, found.at) == ({"a": "二", "b": 1}, AT)
    with cast.south_editor.scope() as scope:
        with pytest.raises(NotFound):
            message_in_scope(scope=scope, message_id=made.pk)
        # A twin of another branch is neither written nor shown.
        twin = put(scope=scope, key="k", body={}, **HOOK)
    with system_scope(at=AT, cause="test"):
        assert not Message.objects.filter(pk=twin.pk).exists()


def test_a_customers_deed_may_have_something_sent_and_customers_read_no_message(cast: Cast) -> None:
    with cast.customers["nb"].scope() as scope:
        put(scope=scope, key="claimed", body={"coupon": "x"}, **HOOK)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Message.objects.count()
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            put(
                scope=scope, key="elsewhere", body={}, branch_id=cast.branch["SB"].pk,
                branch_pos=cast.branch["SB"].pos, **HOOK,
            )  # fmt: skip
    with cast.nb_manager.scope():
        assert [m.key for m in Message.objects.all()] == ["claimed"]


@pytest.mark.parametrize(
    "body",
    [
        {"phone": "13812345678"},
        {"text": "请联系13812345678。"},
        {"lines": [{"id": "11010519491231002X"}]},
        {"13812345678": 1},
    ],
)
def test_phone_and_identity_numbers_do_not_enter(cast: Cast, body: dict[str, Any]) -> None:
    with cast.nb_editor.scope() as scope:
        with pytest.raises(BodyHasPersonalNumber):
            put(scope=scope, key="k", body=body, **HOOK)
        with pytest.raises(BodyHasPersonalNumber):
            put_many(
                scope=scope, adapter="http.hook", notes=[Note("a.b:1", "1", {}), Note("a.b:2", "2", body)]
            )
        assert not Message.objects.exists()


def test_numbers_that_are_nobodys_are_left_alone() -> None:
    assert not has_personal_number(
        {
            "order": "2026112213812345678",
            "id": "0198f3c2-1381-7234-8678-13812345678a",
            "fen": 13812345678,
            "short": "1381234567",
            "none": None,
        }
    )


def test_an_unknown_way_out_is_refused_by_name(cast: Cast) -> None:
    with cast.nb_editor.scope() as scope, pytest.raises(UnknownAdapter, match=r"pigeon\.post"):
        put(scope=scope, key="k", body={}, **HOOK | {"adapter": "pigeon.post"})
    with pytest.raises(ValueError, match="no more than 15 s"):
        register_adapter(Adapter("slow.boat", "x", lambda letter, terms: {}, Terms(whole=30)))


def test_places_stand_in_the_order_of_committing(committed_cast: Cast) -> None:
    """Who writes later about the same thing waits for the first, so nobody sees the second without the first."""
    order: list[str] = []

    def first() -> None:
        with system_scope(at=AT, cause="first") as scope:
            put(scope=scope, key="first", body={}, **HOOK)
            begun.wait(20)
            until_one_waits()
            order.append("first")

    def second() -> None:
        begun.wait(20)
        with system_scope(at=AT, cause="second") as scope:
            put(scope=scope, key="second", body={}, **HOOK)
            order.append("second")

    begun = threading.Barrier(2)
    assert together([first, second]) == [None, None]
    assert order == ["first", "second"]
    with system_scope(at=AT, cause="test"):
        assert list(Message.objects.order_by("place").values_list("key", flat=True)) == ["first", "second"]


def test_many_are_put_in_one_statement_for_a_thousand(cast: Cast, django_assert_num_queries: Any) -> None:
    with cast.nb_editor.scope() as scope:
        assert scope.branch_id
        notes = [Note(f"test.thing:{n}", f"k{n}", {"n": n}) for n in range(1500)]
        with django_assert_num_queries(2):
            put_many(scope=scope, adapter="http.hook", notes=notes)
        assert Message.objects.count() == 1500


def test_bodies_are_emptied_when_they_are_long_over_but_for_what_is_kept(cast: Cast) -> None:
    with cast.nb_editor.scope() as scope:
        for n in range(3):
            body = {"to": "c:1", "template_id": "t", "data": {"name1": {"value": "王敏"}}}
            put(scope=scope, adapter="wechat.subscribe", subject=f"a.b:{n}", key=str(n), body=body)
    with system_scope(at=AT, cause="test"):
        Message.objects.filter(key__in="01").update(state="sent", sent_at=AT, ended_at=AT)
        Message.objects.filter(key="1").update(ended_at=AT + timedelta(seconds=1))
    with system_scope(at=AT + KEEP_BODIES + timedelta(seconds=1), cause="jobs.empty_bodies") as scope:
        assert empty_bodies(scope=scope) == 1
        assert empty_bodies(scope=scope) == 0
        kept = Message.objects.get(key="0")
        assert (kept.body, kept.emptied_at) == ({"to": "c:1", "template_id": "t"}, scope.at)
        assert len(kept.sha256) == 64
        assert set(Message.objects.exclude(key="0").values_list("emptied_at", flat=True)) == {None}
    with cast.ho_administrator.scope() as scope, pytest.raises(NotAllowed):
        empty_bodies(scope=scope)


def test_the_database_refuses_what_no_service_writes(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        put(scope=scope, key="k", body={}, **HOOK)
        for wrong in (
            {"state": "sending"},
            {"state": "sent", "ended_at": AT},
            {"state": "dead"},
            {"ended_at": AT},
        ):
            with pytest.raises(IntegrityError, match="jobs_message_"), transaction.atomic():
                Message.objects.update(**wrong)


def test_receivers_are_looked_up_when_it_is_sent_and_who_may_not_be_written_to_is_not(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    sent: list[tuple[str, str]] = []

    def find(scope: Scope, references: Any, adapter: Adapter, purpose: str) -> dict[str, str | Refusal]:
        assert scope.kind == "system"
        asked.append(sorted(references))
        return {"customers.customer:1": "openid-1"}

    def send(letter: Any, terms: Terms) -> dict[str, Any]:
        sent.append((letter.key, letter.address))
        return {}

    monkeypatch.setattr("campaigns.jobs.adapters._addressees", {})
    register_addressee("customers.customer", find)
    way = Adapter("wechat.subscribe", "x", send, addressed=True)
    with system_scope(at=AT, cause="test") as scope:
        for n in (1, 2):
            put(
                scope=scope, adapter="wechat.subscribe", subject=f"customers.customer:{n}", key=f"k{n}",
                body={"to": f"customers.customer:{n}"},
            )  # fmt: skip
        assert addresses_of(scope=scope, adapter=way, named=["o-plain", ""]) == {"o-plain": "o-plain"}
    assert deliver_due(clock=lambda: AT, adapters={way.code: way}) == Delivered(sent=1, dead=1)
    assert asked == [["customers.customer:1", "customers.customer:2"]]
    assert sent == [("k1", "openid-1")]
    with system_scope(at=AT, cause="test"):
        assert Message.objects.get(key="k2").why["code"] == "jobs.message.no_addressee"


def test_the_ways_out_that_come_along() -> None:
    # Rooms above add their own, which are theirs to test.
    own = {way.code for way in senders(lambda: AT)}
    assert {code: way.terms.order for code, way in adapters().items() if code in own} == {
        "http.hook": "strict",
        "wechat.subscribe": "pass",
        "wecom.message": "pass",
    }
