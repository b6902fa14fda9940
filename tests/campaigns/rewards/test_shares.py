"""Quota as a tree: what each branch received, gave on and kept, in whatever order it moves."""

import random
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.notices.models import Notice
from campaigns.rewards.models import Batch, Share, Stock
from campaigns.rewards.refusals.coupons import BranchElsewhere, CapReached, UnusedTooFew
from campaigns.rewards.refusals.shares import ShareTooSmall
from campaigns.rewards.selectors.shares import stock_running_low, tree_of
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.rewards.services.stock import (
    allot_stock,
    draw_back_stock,
    draw_back_subtree,
    tell_low_shares,
)
from campaigns.rewards.sql import shares
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.tree import move_branch
from tests.support.cast import AT, Cast, hired
from tests.support.races import together
from tests.support.rewards import assert_rewards_agree, draft_batch, live_batch


def nodes(cast: Cast, batch: Batch) -> dict[str, tuple[int, int, int]]:
    """Branch code -> received, given, kept; those that never had any left out."""
    codes = {branch.pk: code for code, branch in cast.branch.items()}
    with system_scope(at=AT, cause="look"):
        rows = Share.objects.filter(batch=batch).values_list("branch_id", "received", "given", "kept")
        return {codes[branch]: tuple(sums) for branch, *sums in rows if any(sums)}  # type: ignore[misc]


def allot(cast: Cast, who: str, batch: Batch, code: str, quantity: int) -> int:
    with cast.play(who).scope() as scope:
        return allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=quantity)


def draw(cast: Cast, who: str, batch: Batch, code: str, quantity: int) -> int:
    with cast.play(who).scope() as scope:
        return draw_back_stock(
            scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=quantity
        )


def test_quota_goes_down_step_by_step_each_out_of_what_it_has(cast: Cast) -> None:
    """Head office allots to a province, the province to its city, and each may take back what it gave."""
    nc_rewards = hired(cast, "rewards_operator", "NC")
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"N": 60})
    assert nodes(cast, batch) == {"HO": (60, 60, 0), "N": (60, 0, 60)}
    assert allot(cast, "north_rewards", batch, "NC", 25) == 25
    assert nodes(cast, batch) == {"HO": (60, 60, 0), "N": (60, 25, 35), "NC": (25, 0, 25)}
    with nc_rewards.scope() as scope:
        assert allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=5) == 5
        with pytest.raises(ShareTooSmall) as refused:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=21)
        assert refused.value.values == {"branch": "北城分行", "unused": 20, "quantity": 21}
        # Not to itself, not upwards, not to a neighbour.
        for code in ("NC", "N", "SB"):
            with pytest.raises(BranchElsewhere):
                allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=1)
    # In one go past the city in between, which only passes it on.
    assert allot(cast, "north_rewards", batch, "NB", 10) == 15
    assert nodes(cast, batch) == {
        "HO": (60, 60, 0), "N": (60, 35, 25), "NC": (35, 15, 20), "NB": (15, 0, 15),
    }  # fmt: skip
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    assert draw(cast, "north_rewards", batch, "NB", 4) == 11
    assert nodes(cast, batch)["N"] == (60, 31, 29)
    with cast.north_rewards.scope() as scope:
        # All that nobody claimed below the city, at once; it is the province's again.
        assert draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk) == 30
        assert draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk) == 0
    assert nodes(cast, batch) == {"HO": (60, 60, 0), "N": (60, 1, 59), "NC": (1, 1, 0), "NB": (1, 0, 1)}
    with cast.ho_rewards.scope() as scope:
        assert draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["N"].pk) == 59
        assert Batch.objects.get(pk=batch.pk).allotted == 1
        with pytest.raises(UnusedTooFew):
            draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert nodes(cast, batch)["HO"] == (1, 1, 0)


def test_nobody_below_moves_what_is_not_handed_down_or_not_published(cast: Cast) -> None:
    draft = draft_batch(cast, by="ho_rewards")
    allot(cast, "ho_rewards", draft, "N", 10)
    with cast.north_rewards.scope() as scope:
        for move in (allot_stock, draw_back_stock):
            with pytest.raises(NotFound):
                move(scope=scope, batch_id=draft.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert nodes(cast, draft) == {"HO": (10, 10, 0), "N": (10, 0, 10)}
    with cast.customers["nb"].scope(), connection.cursor() as cursor:
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("SELECT allot_stock(%s, %s, 1)", [draft.pk, cast.branch["NB"].pk])
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("SELECT * FROM rewards_share")


def test_the_database_keeps_the_sums_whoever_writes(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 10})
    with cast.north_rewards.scope(), connection.cursor() as cursor:
        for sql in ("UPDATE rewards_share SET kept = 0", "UPDATE rewards_stock SET allotted = 99"):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                cursor.execute(sql)
    assert nodes(cast, batch)["NB"] == (10, 0, 10)


@pytest.mark.commits
def test_even_the_verbs_cannot_end_with_sums_that_disagree(committed_cast: Cast) -> None:
    batch = live_batch(committed_cast, shares={"NB": 10})
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE fenhang_verbs")
        try:
            for sql, told in (
                ("UPDATE rewards_stock SET allotted = 11", "has 11 in its buckets"),
                ("UPDATE rewards_share SET kept = kept + 1, received = received + 1", "in its buckets"),
                (
                    "UPDATE rewards_share SET received = received + 1, given = given + 1",
                    "its (children|issuer) received",
                ),
                ("UPDATE rewards_share SET kept = kept + 1", "received_is_given_or_kept"),
                ("UPDATE rewards_batch SET allotted = allotted - 1", "its issuer received 10"),
            ):
                with pytest.raises(IntegrityError, match=told):
                    cursor.execute(sql)
        finally:
            cursor.execute("RESET ROLE")
    assert nodes(committed_cast, batch)["NB"] == (10, 0, 10)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(quantities=st.lists(st.integers(1, 6_000), min_size=1, max_size=6))
def test_a_share_is_spread_whole_and_level_over_one_to_sixty_four_buckets(
    cast: Cast, quantities: list[int]
) -> None:
    batch = draft_batch(cast, quota=100_000)

    def buckets() -> dict[int, int]:
        with cast.north_rewards.scope():
            return dict(Stock.objects.filter(batch=batch).values_list("bucket", "allotted"))

    for quantity in quantities:
        before = buckets()
        allot(cast, "north_rewards", batch, "NB", quantity)
        after = buckets()
        assert sum(after.values()) - sum(before.values()) == quantity
        assert len(after) == max(1, min(64, sum(after.values()) // 200))
        # No bucket was raised above one that could have taken it instead.
        raised = [many for nth, many in after.items() if many > before.get(nth, 0)]
        assert all(many >= before.get(nth, 0) for nth, many in after.items())
        assert max(raised) <= min(after.values()) + 1


def test_a_branch_that_moves_takes_its_node_along(cast: Cast) -> None:
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 10, "NC": 5, "SB": 3})
    own = live_batch(cast, shares={"NB": 7})
    with cast.ho_administrator.scope() as scope:
        move_branch(scope=scope, branch_id=cast.branch["NC"].pk, to_parent_id=cast.branch["S"].pk)
    assert nodes(cast, batch) == {
        "HO": (18, 18, 0), "S": (18, 18, 0), "NC": (15, 10, 5), "NB": (10, 0, 10), "SC": (3, 3, 0), "SB": (3, 0, 3),
    }  # fmt: skip
    # Out of the issuer's branches: what it has hangs at the issuer, and who stands above both takes it back.
    assert nodes(cast, own) == {"N": (7, 7, 0), "NB": (7, 0, 7)}
    with cast.ho_rewards.scope() as scope:
        assert draw_back_stock(scope=scope, batch_id=own.pk, branch_id=cast.branch["NB"].pk, quantity=7) == 0
    assert nodes(cast, own) == {}


def test_the_tree_shows_what_the_viewer_stands_above_and_reads_little(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    batch = live_batch(
        cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 10, "NC": 5, "N": 1, "SB": 3}
    )
    with cast.ho_rewards.scope() as scope:
        tree = tree_of(scope=scope, batch_id=batch.pk)
        assert [(n.name, n.depth, n.has_children) for n in tree.nodes] == [
            ("总行", 0, True), ("北方省分行", 1, True), ("南方省分行", 1, True),
        ]  # fmt: skip
        wide = {cast.branch[code].pk for code in ("N", "NC", "S", "SC")}
        # top, four levels of children, names, who gives, claimed, redeemed, money
        with django_assert_max_num_queries(13):
            tree = tree_of(scope=scope, batch_id=batch.pk, opened=wide)
        assert [n.name for n in tree.nodes] == [
            "总行", "北方省分行", "北城分行", "北城中山路支行", "南方省分行", "南城分行", "南城解放路支行",
        ]  # fmt: skip
    with cast.north_rewards.scope() as scope:
        assert [n.name for n in tree_of(scope=scope, batch_id=batch.pk).nodes] == ["北方省分行", "北城分行"]


def test_who_may_allot_hears_once_of_each_fall(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 10, "NC": 10})

    def sweep() -> int:
        with system_scope(at=AT, cause="rewards.tell_low_shares") as scope:
            return tell_low_shares(scope=scope)

    def heard() -> int:
        with cast.north_rewards.scope():
            return Notice.objects.filter(code="rewards.share_low").count()

    assert sweep() == 0
    assert draw(cast, "north_rewards", batch, "NB", 9) == 1
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    assert (sweep(), sweep(), heard()) == (1, 0, 1)
    with cast.ho_rewards.scope():
        assert not Notice.objects.exists()  # the nearest who may allot hears, and nobody above
    with cast.north_rewards.scope() as scope:
        assert [(low.branch_name, low.left, low.allotted) for low in stock_running_low(scope=scope)] == [
            ("北城中山路支行", 0, 1)
        ]
    allot(cast, "north_rewards", batch, "NB", 20)
    assert (sweep(), heard()) == (0, 1)
    draw(cast, "north_rewards", batch, "NB", 19)
    with cast.north_rewards.scope() as scope:
        tell_low_shares_refused = pytest.raises(Refusal)
        with tell_low_shares_refused:
            tell_low_shares(scope=scope)
    draw(cast, "north_rewards", batch, "NB", 1)
    with system_scope(at=AT.replace(hour=3), cause="later") as scope:
        assert tell_low_shares(scope=scope) == 1
    with cast.north_rewards.scope(at=AT.replace(hour=3)):
        assert Notice.objects.filter(code="rewards.share_low").count() == 2


# --- caps -----------------------------------------------------------------------------------------------------------


def test_a_branch_hands_out_so_many_a_local_day_and_week(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 10}, cap_per_day=1, cap_per_week=2, per_customer_limit=9)

    def claim(at: Any, name: str = "nb") -> bool:
        try:
            with cast.customers[name].scope(at=at) as scope:
                claim_coupon(scope=scope, batch_id=batch.pk)
        except CapReached:
            return False
        return True

    # 22 November 2026 is a Sunday in Shanghai; its midnight is 16:00 UTC.
    assert (claim(AT), claim(AT), claim(AT, "nb2")) == (True, False, False)
    monday = AT.replace(day=22, hour=16)
    assert (claim(monday), claim(monday, "nb2")) == (True, False)
    assert (claim(monday.replace(day=23)), claim(monday.replace(day=23))) == (True, False)
    with cast.north_rewards.scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('fenhang_app', 'rewards_take_caps(uuid, int, int)', 'execute')"
        )
        assert cursor.fetchone() == (False,)
    # The week is full, though the day is not.
    assert not claim(monday.replace(day=24))
    with cast.north_rewards.scope():
        assert list(Stock.objects.filter(batch=batch).values_list("claimed", flat=True)) == [3]


# --- races ----------------------------------------------------------------------------------------------------------


@pytest.mark.commits
def test_moves_up_and_down_by_many_never_wait_crosswise_and_keep_the_whole(committed_cast: Cast) -> None:
    """Head office, province and city move at once, in both directions; nobody ends in a deadlock."""
    cast = committed_cast
    hired(cast, "rewards_operator", "NC", name="nc_rewards_2")
    city = hired(cast, "rewards_operator", "NC", name="nc_rewards_3")
    batch = live_batch(
        cast,
        by="ho_rewards",
        reviewer="ho_reviewer",
        quota=300,
        shares={"N": 60, "NC": 30, "NB": 30, "SB": 30},
    )

    def churn(player: Any, codes: list[str], seed: int) -> Any:
        def act() -> int:
            dice, done = random.Random(seed), 0
            for _turn in range(12):
                code, move = dice.choice(codes), dice.choice([allot_stock, draw_back_stock])
                try:
                    with player.scope() as scope:
                        move(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk,
                             quantity=dice.randint(1, 9))  # fmt: skip
                    done += 1
                except Refusal:
                    continue
            return done

        return act

    results = together(
        [
            churn(cast.ho_rewards, ["N", "NC", "NB", "SB"], 1),
            churn(cast.ho_rewards, ["N", "NB", "S"], 2),
            churn(cast.north_rewards, ["NC", "NB"], 3),
            churn(cast.north_rewards, ["NB", "NC"], 4),
            churn(city, ["NB"], 5),
        ]
    )
    assert all(isinstance(result, int) for result in results), results
    assert sum(results) > 20
    sums = nodes(cast, batch)
    with system_scope(at=AT, cause="look"):
        assert (
            sums["HO"][0]
            == Batch.objects.get(pk=batch.pk).allotted
            == sum(kept for _r, _g, kept in sums.values())
        )
        assert_rewards_agree()


@pytest.mark.commits
def test_a_province_cannot_give_the_same_coupons_twice(committed_cast: Cast) -> None:
    """The control is the sum that eight who each read "10 left" would have given."""
    cast = committed_cast
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"N": 10})

    def give() -> int:
        return allot(cast, "north_rewards", batch, "NC", 4)

    results = together([give] * 8)
    assert sorted(type(r).__name__ for r in results) == ["ShareTooSmall"] * 6 + ["int"] * 2
    assert nodes(cast, batch) == {"HO": (10, 10, 0), "N": (10, 8, 2), "NC": (8, 0, 8)}
    assert 8 * 4 > 10


@pytest.mark.commits
def test_caps_hold_among_rivals(committed_cast: Cast) -> None:
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 50}, cap_per_day=3, per_customer_limit=9)
    rivals = [cast.customers[name] for name in ("nb", "nb2")] * 5

    def claim(player: Any) -> Any:
        def act() -> UUID:
            with player.scope() as scope:
                return claim_coupon(scope=scope, batch_id=batch.pk).pk

        return act

    results = together([claim(player) for player in rivals])
    assert sorted(type(r).__name__ for r in results) == ["CapReached"] * 7 + ["UUID"] * 3


@pytest.mark.commits
def test_what_was_allotted_before_there_was_a_tree_becomes_one(committed_cast: Cast) -> None:
    """The migration's own statements, over buckets without nodes."""
    cast = committed_cast
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 10, "N": 5, "SB": 3})
    single = draft_batch(cast, quota=9, handed_down=False)
    allot(cast, "north_rewards", single, "N", 9)
    before = nodes(cast, batch), nodes(cast, single)
    assert before[0]["HO"] == (18, 18, 0)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM rewards_share")
        for statement in shares.FILL.split(";"):
            if statement.strip():
                cursor.execute(statement)
    assert (nodes(cast, batch), nodes(cast, single)) == before
    with system_scope(at=AT, cause="look"):
        assert_rewards_agree()
