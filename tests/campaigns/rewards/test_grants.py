"""Coupons that are granted: to one, to a list, and for what the bank's systems tell."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from pytest_django import Settings as Given

from campaigns.audit.models import Entry
from campaigns.customers.refusals import FileEmpty
from campaigns.customers.scopes import customer_scope
from campaigns.jobs.long_models import Job
from campaigns.jobs.long_results import path_of as result_of
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards import list_lots
from campaigns.rewards.codes import code_of, hash_for, hash_of
from campaigns.rewards.models import Coupon, Stock
from campaigns.rewards.models.grants import BatchFile, EventGrant
from campaigns.rewards.refusals.coupons import ClaimIsOver, NotOpenYet
from campaigns.rewards.refusals.life import (
    BatchNotLive,
    CustomerHasAll,
    CustomerUnknown,
    ReasonMissing,
    RuleExists,
    RuleUnclear,
    ShareIsUsedUp,
)
from campaigns.rewards.selectors.coupons import coupons_of_customer, funnel_of
from campaigns.rewards.services import batch_files
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.grant_rules import add_grant_rule, change_grant_rule
from campaigns.rewards.services.grants import answer_events_again, grant_coupon, grant_for_events, grant_lot
from campaigns.rewards.services.lists import grant_list
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import system_scope
from tests.campaigns.customers.test_admin import at_the_desk
from tests.campaigns.rewards.test_races import crowd, outcome
from tests.support.cast import AT, Cast, hired
from tests.support.events import SOURCES, bought, call_hook, days_ago
from tests.support.jobs import run
from tests.support.races import together
from tests.support.rewards import live_batch


@pytest.fixture(autouse=True)
def _private(settings: Given, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def grant(cast: Cast, batch: Any, name: str = "nb", by: str = "north_rewards", **more: Any) -> Coupon:
    with cast.play(by).scope(at=more.pop("at", AT)) as scope:
        return grant_coupon(
            scope=scope,
            batch_id=batch.pk,
            customer_id=cast.customers[name].customer.pk,
            reason=more.pop("reason", "年检回馈"),
        )


def test_a_grant_is_an_ordinary_coupon_whoever_may_claim_it(cast: Cast) -> None:
    # For new customers of a stage that nobody has: nobody could claim it.
    batch = live_batch(cast, shares={"NB": 2}, stages=["loyal"], per_customer_limit=1)
    coupon = grant(cast, batch)
    assert (coupon.how, coupon.caused_by, coupon.nth, coupon.branch_id) == (
        "granted",
        "",
        1,
        cast.branch["NB"].pk,
    )
    assert bytes(coupon.code_hash) == hash_of(code_of(coupon.pk)) == hash_for(coupon.pk)
    with cast.north_rewards.scope() as scope:
        assert Entry.objects.get(verb="rewards.coupon.grant").detail["reason"] == "年检回馈"
        assert funnel_of(scope=scope, batch=batch).claimed == 1
        assert sum(s.claimed for s in Stock.objects.all()) == 1
    with cast.customers["nb"].scope() as scope:
        assert coupons_of_customer(scope=scope, state="usable").get() == coupon
    with cast.sb_clerk.scope() as scope:
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk)).off_fen == 20_00


def test_what_speaks_against_a_grant_is_said_and_nothing_is_written(cast: Cast) -> None:
    batch = live_batch(
        cast, shares={"NB": 1}, claim_from=AT + timedelta(hours=1), claim_until=AT + timedelta(days=2)
    )
    inside = AT + timedelta(hours=2)
    for at, refusal in ((AT, NotOpenYet), (AT + timedelta(days=2), ClaimIsOver)):
        with pytest.raises(refusal):
            grant(cast, batch, at=at)
    with pytest.raises(ReasonMissing):
        grant(cast, batch, at=inside, reason=" ")
    with pytest.raises(CustomerUnknown):
        grant(cast, batch, "sb", at=inside)
    with pytest.raises(NotAllowed):
        grant(cast, batch, by="nb_manager", at=inside)
    with pytest.raises(BatchNotLive), cast.ho_rewards.scope(at=inside, stand_at=cast.branch["S"].pk) as scope:
        grant_coupon(scope=scope, batch_id=batch.pk, customer_id=cast.customers["sb"].customer.pk, reason="x")
    with (
        cast.customers["nb"].scope(at=inside),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT grant_coupons(%s, '{}', '{}', '{}', '', '', false)", [batch.pk])
    with system_scope(at=AT, cause="look"):
        assert not Coupon.objects.exists()
    grant(cast, batch, at=inside)
    with pytest.raises(CustomerHasAll):
        grant(cast, batch, at=inside)
    with pytest.raises(ShareIsUsedUp):
        grant(cast, batch, "nb2", at=inside)


def test_a_grant_has_the_window_that_a_claim_of_the_moment_would_have(cast: Cast) -> None:
    batch = live_batch(cast, usable_days=7, usable_after_days=3, per_customer_limit=2)
    granted = grant(cast, batch)
    with cast.customers["nb"].scope() as scope:
        claimed = claim_coupon(scope=scope, batch_id=batch.pk)
    assert (granted.usable_from, granted.usable_until) == (claimed.usable_from, claimed.usable_until)
    assert claimed.nth == 2


def csv_of(*cells: str, heading: str = "客户号") -> io.BytesIO:
    return io.BytesIO("\n".join([heading, *cells]).encode("gb18030") + b"\n")


def load(cast: Cast, batch: Any, file: io.BytesIO, by: str = "north_rewards") -> BatchFile:
    with cast.play(by).scope() as scope:
        return grant_list(scope=scope, batch_id=batch.pk, file=file, name="名单.csv", reason="三八节")


def test_a_list_is_granted_in_lots_and_says_row_by_row_why_not(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_lots, "LOT", 3)
    rivals = crowd(cast, 4)
    batch = live_batch(cast, shares={"NB": 4, "NC": 1}, quota=10)
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    rows = [nb.number, "N-none-1", nb.number, sb.number, *map(str, rivals[:3]), "", str(rivals[3])]
    file = load(cast, batch, csv_of(*rows))
    assert (file.rows, file.headings, file.batch_title) == (8, 1, "北方满减券")
    assert run()
    with system_scope(at=AT, cause="look"):
        job = Job.objects.get(pk=file.job_id)
    assert (job.state, job.done, job.refused, job.total) == ("done", 8, 4, 8)
    with cast.north_rewards.scope() as scope:
        said = [(line, words["zh"]) for line, words in batch_files.refused_rows(scope=scope, file=file)]
        assert said == [
            (3, CustomerUnknown.zh),
            (4, CustomerHasAll.zh),
            (5, CustomerUnknown.zh),
            (10, ShareIsUsedUp.zh),
        ]
        held = Coupon.objects.order_by("id")
        assert {c.caused_by for c in held} == {f"jobs.job:{job.pk}"}
        assert [c.customer_id for c in held] == [nb.customer.pk, *rivals[:3]]
        assert sum(s.claimed for s in Stock.objects.all()) == 4
    table = result_of(job.pk).read_text("utf-8-sig").splitlines()
    assert table[1].startswith(f"3,N-none-1,{CustomerUnknown.zh}") and len(table) == 5
    # Its content goes; what became of it stays.
    with system_scope(at=AT + timedelta(days=8), cause="due") as scope:
        assert batch_files.delete_batch_file(scope=scope, file_id=file.pk)
    assert not list_lots.path_of(file_id=file.pk).exists()


def test_a_list_goes_on_behind_the_lot_that_was_written_last(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_lots, "LOT", 2)
    batch = live_batch(cast, shares={"NB": 10}, per_customer_limit=9)
    file = load(cast, batch, csv_of(*[cast.customers["nb"].number] * 5))
    after = batch_files.note_lot
    calls = []

    def dies(**given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("the worker dies behind the coupons of its second lot")
        after(**given)

    with monkeypatch.context() as patched:
        patched.setattr("campaigns.rewards.services.lists.note_lot", dies)
        run()
    with system_scope(at=AT, cause="look"):
        assert Coupon.objects.count() == 1  # the headings are a row of the first lot
        assert Job.objects.get(pk=file.job_id).state == "waiting"
    assert run(at=AT + timedelta(minutes=5))
    with system_scope(at=AT, cause="look"):
        assert sorted(Coupon.objects.values_list("nth", flat=True)) == [1, 2, 3, 4, 5]


def test_a_list_that_is_none_is_refused_and_kept_nowhere(cast: Cast, tmp_path: Any) -> None:
    batch = live_batch(cast)
    with pytest.raises(FileEmpty):
        load(cast, batch, io.BytesIO("客户号\n".encode()))
    with pytest.raises(NotAllowed):
        load(cast, batch, csv_of("N-nb-000001"), by="nb_manager")
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope, pytest.raises(BatchNotLive):
        grant_list(scope=scope, batch_id=batch.pk, file=csv_of("x"), name="x", reason="x")
    with system_scope(at=AT, cause="look"):
        assert not BatchFile.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- for events ---------------------------------------------------------------------------------------------


@pytest.fixture
def sources(settings: Given) -> None:
    settings.EVENT_SOURCES = SOURCES


def rule(cast: Cast, batch: Any, **more: Any) -> Any:
    asked = {
        "source": "core",
        "event_kind": "core.bought",
        "product": "",
        "reason": "购买理财送体检券",
    } | more
    with cast.north_rewards.scope() as scope:
        return add_grant_rule(scope=scope, batch_id=batch.pk, **asked)


def settle() -> int:
    with system_scope(at=now(), cause="test") as scope:
        return grant_for_events(scope=scope)


@pytest.mark.usefixtures("sources")
def test_an_event_of_the_core_grants_once_whatever_is_told_again(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 5}, per_customer_limit=9)
    rule(cast, batch)
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    at = days_ago(1)
    assert (
        call_hook({"events": [bought(nb.number, "t-1", at), bought(sb.number, "t-2", at)]}).status_code == 200
    )
    # Nothing is granted in the call itself.
    with system_scope(at=now(), cause="look"):
        assert not Coupon.objects.exists()
        assert EventGrant.objects.count() == 2
    assert (settle(), settle()) == (2, 0)
    # The same id again: as it was, and told of another moment, which is another event but the same id.
    call_hook({"events": [bought(nb.number, "t-1", at), bought(nb.number, "t-1", days_ago(2))]})
    assert settle() == 0
    with system_scope(at=now(), cause="look"):
        told = EventGrant.objects.get(told="t-1")
        coupon = Coupon.objects.get()
        assert (told.state, told.coupon_id, coupon.caused_by) == (
            "granted",
            coupon.pk,
            f"rewards.eventgrant:{told.pk}",
        )
        assert (coupon.customer_id, coupon.how) == (nb.customer.pk, "granted")
        # South's customer is none of North's batch: said, and not tried again.
        assert EventGrant.objects.get(told="t-2").word == "customer_unknown"
        assert Entry.objects.get(verb="rewards.coupon.grant").detail["reason"] == "购买理财送体检券"


@pytest.mark.usefixtures("sources")
def test_what_brought_no_coupon_is_listed_and_answered_once_more(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 1}, per_customer_limit=9)
    rule(cast, batch)
    number = cast.customers["nb"].number
    call_hook({"events": [bought(number, "t-1"), bought(number, "t-2"), bought(number, "t-3")]})
    assert settle() == 3
    north, address = at_the_desk("north_rewards"), reverse("admin:rewards_batch_hand", args=[batch.pk])
    page = north.get(address).content.decode()
    assert [f"<td>{told}</td>" in page for told in ("t-1", "t-2", "t-3")] == [False, True, True]
    assert page.count("客户归属机构的份额已用完") == 2
    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        answer_events_again(scope=scope, batch_id=batch.pk)
    elsewhere = hired(cast, "rewards_operator", "S")
    with elsewhere.scope() as scope, pytest.raises(NotFound):
        answer_events_again(scope=scope, batch_id=batch.pk)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    north.post(address, {"act": "again"})
    with cast.north_rewards.scope():
        assert EventGrant.objects.filter(state="waiting").count() == 2
        assert Entry.objects.get(verb="rewards.eventgrant.again").detail["count"] == 2
    # What was granted is not granted again; one of the others fits now.
    assert settle() == 2
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.count() == 2
        assert list(EventGrant.objects.order_by("state").values_list("state", flat=True)) == [
            "granted", "granted", "refused",
        ]  # fmt: skip


@pytest.mark.usefixtures("sources")
def test_a_rule_out_of_force_or_of_another_product_hears_nothing(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 5}, per_customer_limit=9)
    shut, other = rule(cast, batch), rule(cast, batch, product="fund-7")
    with pytest.raises(RuleExists):
        rule(cast, batch)
    for wrong in ({"event_kind": "app.opened"}, {"source": "Core!"}, {"reason": ""}, {"product": "a b"}):
        with pytest.raises(RuleUnclear):
            rule(cast, batch, **wrong)
    with cast.north_rewards.scope() as scope:
        change_grant_rule(scope=scope, rule_id=shut.pk, reason="停", is_open=False)
    number = cast.customers["nb"].number
    named = bought(number, "t-2")
    named["properties"] = named["properties"] | {"product": "fund-7"}
    assert len(call_hook({"events": [bought(number, "t-1"), named]}).json()["taken"]) == 2
    with system_scope(at=now(), cause="look"):
        assert [(g.told, g.rule_id) for g in EventGrant.objects.all()] == [("t-2", other.pk)]


# --- races --------------------------------------------------------------------------------------------------


def granting(cast: Cast, batch: Any, customers: list[Any]) -> Callable[[], int]:
    def act() -> int:
        with cast.north_rewards.scope() as scope:
            made = grant_lot(
                scope=scope, batch_id=batch.pk, customer_ids=customers, reason="race", notes_each=True
            )
            return len(customers) - len(made.refused)

    return act


@pytest.mark.commits
def test_lots_and_claims_at_once_hand_out_the_share_and_no_more(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    rivals = crowd(cast, 40)
    # Fourteen for forty: in one bucket, and a customer of two lots gets one.
    batch = live_batch(cast, shares={"NB": 14})

    def claim(customer_id: Any) -> Callable[[], Any]:
        def act() -> Any:
            with customer_scope(customer_id=customer_id, at=AT, cause="race") as scope:
                return claim_coupon(scope=scope, batch_id=batch.pk)

        return act

    lots = [granting(cast, batch, rivals[:12]), granting(cast, batch, rivals[6:18][::-1])]
    results = together([*lots, *[claim(each) for each in rivals[10:30]]])
    assert all(isinstance(result, int) for result in results[:2]), results[:2]
    claimed = outcome(results[2:])
    assert set(claimed) <= {"Coupon", "SoldOut", "LimitReached"}, results
    assert sum(results[:2]) + claimed.get("Coupon", 0) == 14
    with system_scope(at=AT, cause="look"):
        assert Coupon.objects.values("customer").distinct().count() == 14
    assert control(22, 14) == 22


@pytest.mark.commits
@pytest.mark.usefixtures("sources")
def test_one_event_told_eight_ways_at_once_grants_one(committed_cast: Cast) -> None:
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 20}, per_customer_limit=9)
    rule(cast, batch)
    number = cast.customers["nb"].number
    calls = [lambda n=n: call_hook({"events": [bought(number, "t-1", days_ago(n % 3))]}) for n in range(8)]
    assert {answer.status_code for answer in together(calls)} == {200}
    assert sum(together([settle] * 4)) == 1
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.count() == 1
