"""What the database lets each serving role do with coupons, with every filter of ours left out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction

from campaigns.lib.clock import now
from campaigns.rewards.codes import code_of, hash_of
from campaigns.rewards.models import Coupon, LiveBatch, Redemption, Stock
from campaigns.rewards.rules import MOVES
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.tenants.scopes import system_scope
from tests.support.cast import Cast
from tests.support.rewards import live_batch, told, wish_of


def ask(sql: str, *params: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())


def refused(sql: str, *params: object) -> str:
    """What the database says against it."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, list(params))
    return str(error.value)


def coupon_of(cast: Cast, name: str) -> Coupon:
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 5, "SB": 5})
    with cast.customers[name].scope() as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def test_the_verb_of_many_claims_lets_nobody_claim_for_another(cast: Cast) -> None:
    batch = live_batch(cast)
    ask = (
        "SELECT word FROM claim_coupons(gen_random_uuid(), now(), 'x', jsonb_build_array(jsonb_build_object("
        "'place', 1, 'customer', %s::text, 'batch', %s::text, 'coupon', gen_random_uuid(), 'hash', 'aa')))"
    )
    other = str(cast.customers["nb2"].customer.pk)
    with cast.customers["nb"].scope():
        assert "claims for nobody else" in refused(ask, other, str(batch.pk))
    with cast.nb_clerk.scope():
        assert "claimed by customers" in refused(ask, other, str(batch.pk))
    with system_scope(at=now(), cause="look"):
        assert not Coupon.objects.exists()


def held_coupon(cast: Cast, name: str) -> UUID:
    """One beyond the limit of its device."""
    batch = live_batch(
        cast, at=now(), shares={"NB": 5}, per_device_limit=1, per_customer_limit=2, holds_excess=True
    )
    customer = cast.customers[name].customer.pk
    answers = [told(wish_of(customer, batch, device=b"one phone")) for _ in range(2)]
    assert answers == ["201 claimed", "201 held"]
    with system_scope(at=now(), cause="look"):
        return Coupon.objects.get(status="held").pk


def test_a_customer_reads_own_coupons_own_branchs_stock_and_no_draft(cast: Cast) -> None:
    coupon_of(cast, "sb")
    with cast.customers["nb"].scope():
        assert ask("SELECT current_user::text, count(*) FROM rewards_coupon") == [("fenhang_customer", 0)]
        assert ask("SELECT branch_id, allotted FROM rewards_stock") == [(cast.branch["NB"].pk, 5)]
        for table in ("rewards_batch", "rewards_redemption", "rewards_reversal", "rewards_couponevent"):
            assert "permission denied" in refused(f"SELECT * FROM {table}")
    with cast.customers["sb"].scope():
        assert ask("SELECT count(*) FROM rewards_coupon") == [(1,)]


def test_a_customer_writes_nothing_by_hand(cast: Cast) -> None:
    coupon_of(cast, "nb")
    with cast.customers["nb"].scope():
        for sql in (
            "UPDATE rewards_coupon SET status = 'claimed'",
            "DELETE FROM rewards_coupon",
            "INSERT INTO rewards_coupon SELECT * FROM rewards_coupon",
            "UPDATE rewards_stock SET claimed = 0",
            "UPDATE rewards_livebatch SET quota = 1000",
        ):
            assert "permission denied" in refused(sql)


def test_staff_of_a_branch_see_its_customers_coupons_and_its_own_redemptions(cast: Cast) -> None:
    coupon = coupon_of(cast, "nb")
    with cast.sb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
        assert (Coupon.objects.count(), Redemption.objects.count(), Stock.objects.count()) == (0, 1, 1)
    with cast.nb_manager.scope():
        assert (Coupon.objects.count(), Redemption.objects.count(), Stock.objects.count()) == (1, 0, 1)
    with cast.north_editor.scope():
        assert (Coupon.objects.count(), Redemption.objects.count(), Stock.objects.count()) == (1, 0, 1)
        assert LiveBatch.objects.count() == 1  # handed down


def test_staff_cannot_write_coupons_redemptions_or_what_was_claimed(cast: Cast) -> None:
    coupon_of(cast, "nb")
    with cast.ho_administrator.scope():
        for sql in (
            "UPDATE rewards_coupon SET status = 'void'",
            "DELETE FROM rewards_coupon",
            "INSERT INTO rewards_redemption SELECT * FROM rewards_redemption",
            "DELETE FROM rewards_reversal",
            "UPDATE rewards_stock SET claimed = 0",
            "DELETE FROM rewards_stock",
            "DELETE FROM rewards_batch",
            "UPDATE rewards_couponevent SET status = 'void'",
        ):
            assert "permission denied" in refused(sql)


def test_verbs_serve_only_whom_they_are_for(cast: Cast) -> None:
    coupon = coupon_of(cast, "nb")
    code_hash = hash_of(code_of(coupon.pk))
    with cast.nb_clerk.scope():
        assert "permission denied" in refused(
            "SELECT claim_coupon(%s, %s, %s)", coupon.batch_id, coupon.pk, code_hash
        )
        assert "permission denied" in refused("SELECT rewards_note('x', %s, 'x', 1, 1, '{}')", coupon.pk)
    with cast.customers["nb"].scope():
        assert "permission denied" in refused(
            "SELECT redeem_coupon(%s, %s, NULL, NULL, NULL)", coupon.pk, code_hash
        )
        assert "permission denied" in refused("SELECT void_coupon(%s, 'x')", coupon.pk)
        assert "permission denied" in refused("SELECT expire_due_coupons(5)")


@contextmanager
def verbs_of_own() -> Iterator[Callable[[str], None]]:
    """Run statements as fenhang_verbs: its owner may enter it, on committed rows."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE fenhang_verbs")
        try:
            yield cursor.execute
        finally:
            cursor.execute("RESET ROLE")


@pytest.mark.commits
def test_even_the_verbs_cannot_rewrite_a_promise_or_a_movement(committed_cast: Cast) -> None:
    coupon_of(committed_cast, "nb")
    with verbs_of_own() as run:
        for sql in (
            "UPDATE rewards_coupon SET off_fen = 1",
            "UPDATE rewards_coupon SET usable_from = '-infinity'",
            "DELETE FROM rewards_coupon",
            "UPDATE rewards_redemption SET off_fen = 1",
            "DELETE FROM rewards_reversal",
            "UPDATE rewards_share SET batch_id = batch_id",
            "DELETE FROM rewards_share",
            "UPDATE rewards_movement SET spent_fen = 0",
            "DELETE FROM rewards_movement",
            "UPDATE rewards_reservation SET batch_id = batch_id",
        ):
            with pytest.raises(DatabaseError, match="permission denied"):
                run(sql)
        # An extension is in its holder's favour.
        with pytest.raises(DatabaseError, match="later moment only"):
            run("UPDATE rewards_coupon SET usable_until = usable_until - interval '1 second'")


@pytest.mark.commits
def test_the_trigger_allows_the_moves_of_the_table_and_no_other(committed_cast: Cast) -> None:
    coupon_of(committed_cast, "nb")
    held = held_coupon(committed_cast, "nb2")
    place = f"redeemed_at = now(), redeemed_place_id = {committed_cast.branch['NB'].pk}"
    nowhere = "redeemed_at = NULL, redeemed_place_id = NULL"

    def put(status: str) -> str:
        which = f"id {'=' if before == 'held' else '<>'} '{held}'"
        where = place if status == "redeemed" else nowhere
        return f"UPDATE rewards_coupon SET status = '{status}', {where} WHERE {which}"

    with verbs_of_own() as run:
        for before, allowed in MOVES.items():
            for after in set(MOVES) - {before}:
                run("BEGIN")
                if before not in ("held", "claimed"):
                    run(put(before))
                if after in allowed:
                    run(put(after))
                else:
                    with pytest.raises(DatabaseError, match=f"does not go from {before} to {after}"):
                        run(put(after))
                run("ROLLBACK")
