"""A coupon: claimed by a customer, redeemed by a clerk, reversed, voided, expired."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.audit.models import Entry
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon, LiveBatch, Redemption, Reversal
from campaigns.rewards.refusals.coupons import (
    AlreadyRedeemed,
    AlreadyReversed,
    ClaimIsOver,
    CodeUnknown,
    CouponExpired,
    CouponIsVoid,
    LimitReached,
    NotOpenYet,
    NotUsableYet,
    NotVoidable,
    OrderTooSmall,
    ReversalTooLate,
    SoldOut,
    TokenExpired,
    TokenSpent,
)
from campaigns.rewards.rules import usable_window
from campaigns.rewards.selectors.coupons import (
    coupon_figures,
    coupons_of_customer,
    funnel_of,
    terms_of,
    zone_of,
)
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    issue_redeem_token,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.rewards import live_batch


def claimed(cast: Cast, name: str = "nb", at: datetime = AT, **terms: object) -> Coupon:
    batch = live_batch(cast, **terms)  # type: ignore[arg-type]
    with cast.customers[name].scope(at=at) as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def token_of(cast: Cast, coupon: Coupon, at: datetime = AT) -> str:
    with cast.customers["nb"].scope(at=at) as scope:
        return issue_redeem_token(scope=scope, coupon_id=coupon.pk)[0]


def status_of(cast: Cast, coupon: Coupon) -> str:
    with system_scope(at=AT, cause="look"):
        return str(Coupon.objects.get(pk=coupon.pk).status)


def test_a_claim_copies_the_promise_and_takes_one_of_the_home_branchs_share(cast: Cast) -> None:
    coupon = claimed(cast)
    assert (coupon.title, coupon.threshold_fen, coupon.off_fen, coupon.nth) == (
        "北方满减券",
        100_00,
        20_00,
        1,
    )
    assert (coupon.branch_id, coupon.issuer_id) == (cast.branch["NB"].pk, cast.branch["N"].pk)
    assert (coupon.usable_from, coupon.usable_until) == (AT, datetime(2026, 11, 29, 16, tzinfo=UTC))
    with cast.north_rewards.scope() as scope:
        batch = coupon.batch
        funnel = funnel_of(scope=scope, batch=batch)
        assert (funnel.claimed, funnel.claimed_fen, funnel.redeemed) == (1, 20_00, 0)
        entry = Entry.objects.get(verb="rewards.coupon.claim")
        assert entry.actor == f"customers.customer:{cast.customers['nb'].customer.pk}"


def test_the_last_coupon_of_a_branch_is_its_last_although_another_branch_has_some(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 1, "NC": 5})
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.customers["nb2"].scope() as scope:
        with pytest.raises(SoldOut):
            claim_coupon(scope=scope, batch_id=batch.pk)
        assert not coupons_of_customer(scope=scope).exists()


def test_nobody_claims_more_than_the_limit(cast: Cast) -> None:
    batch = live_batch(cast, per_customer_limit=2)
    with cast.customers["nb"].scope() as scope:
        assert [claim_coupon(scope=scope, batch_id=batch.pk).nth for _ in range(2)] == [1, 2]
        with pytest.raises(LimitReached):
            claim_coupon(scope=scope, batch_id=batch.pk)
        assert coupons_of_customer(scope=scope).count() == 2


def test_claims_open_and_end_on_time(cast: Cast) -> None:
    batch = live_batch(cast, claim_from=AT + timedelta(hours=1), claim_until=AT + timedelta(hours=2))
    for at, refusal in ((AT, NotOpenYet), (AT + timedelta(hours=2), ClaimIsOver)):
        with cast.customers["nb"].scope(at=at) as scope, pytest.raises(refusal):
            claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.customers["nb"].scope(at=AT + timedelta(hours=1)) as scope:
        assert claim_coupon(scope=scope, batch_id=batch.pk).claimed_at == AT + timedelta(hours=1)


def test_a_foreign_batch_cannot_be_claimed_and_answers_like_an_absent_one(cast: Cast) -> None:
    batch = live_batch(cast)
    with cast.customers["sb"].scope() as scope:
        for batch_id in (batch.pk, uuid4()):
            with pytest.raises(NotFound):
                claim_coupon(scope=scope, batch_id=batch_id)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    at=st.integers(1_767_225_600, 1_830_211_200).map(
        lambda s: datetime.fromtimestamp(s, UTC)
    ),  # 2026 and 2027
    days=st.integers(1, 300),
)
def test_the_database_and_the_rule_give_a_coupon_the_same_window(cast: Cast, at: datetime, days: int) -> None:
    batch = live_batch(
        cast, at=at, claim_from=at, claim_until=at + timedelta(days=1), usable_days=days, shares={"NB": 1}
    )
    with cast.customers["nb"].scope(at=at) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
        live = LiveBatch.objects.get(batch_id=batch.pk)
        window = usable_window(terms=terms_of(promise=live), claimed_at=at, zone=zone_of(scope=scope))
    assert (coupon.usable_from, coupon.usable_until) == window


def test_a_clerk_of_any_branch_redeems_by_code_however_it_is_typed(cast: Cast) -> None:
    coupon = claimed(cast)
    typed = code_of(coupon.pk).lower().replace("-", " ")
    with cast.sb_clerk.scope() as scope:
        redemption = redeem_coupon(scope=scope, code=typed, order_fen=100_00)
        assert (redemption.off_fen, redemption.order_fen) == (20_00, 100_00)
        assert redemption.branch_id == cast.branch["SB"].pk
        assert (redemption.home_id, redemption.issuer_id) == (cast.branch["NB"].pk, cast.branch["N"].pk)
        assert redemption.person_id == cast.sb_clerk.person.pk
        assert not Coupon.objects.exists()  # the coupon itself stays North's
    with cast.nb_manager.scope():
        held = Coupon.objects.get()
        assert (held.status, held.redeemed_place_id, held.redeemed_times) == (
            "redeemed",
            cast.branch["SB"].pk,
            1,
        )


def test_a_coupon_is_redeemed_once(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
        with pytest.raises(AlreadyRedeemed):
            redeem_coupon(scope=scope, code=code_of(coupon.pk))
        assert Redemption.objects.count() == 1


def test_a_wrong_code_says_nothing_but_that(cast: Cast) -> None:
    claimed(cast)
    with cast.nb_clerk.scope() as scope:
        for code in ("", "0000-0000", "满减", code_of(new_id())):
            with pytest.raises(CodeUnknown):
                redeem_coupon(scope=scope, code=code)


def test_an_order_below_the_threshold_redeems_nothing(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.nb_clerk.scope() as scope:
        with pytest.raises(OrderTooSmall):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=99_99)
        assert not Redemption.objects.exists()
    assert status_of(cast, coupon) == "claimed"


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(-1, NotUsableYet), (0, None), (6.999, None), (7, CouponExpired), (400, CouponExpired)],
)
def test_redemption_checks_the_time_itself(cast: Cast, days: float, refusal: type[Refusal] | None) -> None:
    start = AT + timedelta(days=2)
    coupon = claimed(cast, usable_days=None, usable_from=start, usable_until=start + timedelta(days=7))
    with cast.nb_clerk.scope(at=start + timedelta(days=days)) as scope:
        if refusal is None:
            redeem_coupon(scope=scope, code=code_of(coupon.pk))
        else:
            with pytest.raises(refusal):
                redeem_coupon(scope=scope, code=code_of(coupon.pk))
            assert not Redemption.objects.exists()


def test_a_token_works_for_a_minute_and_once_even_after_a_reversal(cast: Cast) -> None:
    coupon = claimed(cast)
    token = token_of(cast, coupon)
    with cast.nb_clerk.scope(at=AT + timedelta(seconds=61)) as scope, pytest.raises(TokenExpired):
        redeem_coupon(scope=scope, token=token)
    with cast.nb_clerk.scope(at=AT + timedelta(seconds=30)) as scope:
        redemption = redeem_coupon(scope=scope, token=token)
        with pytest.raises(AlreadyRedeemed):
            redeem_coupon(scope=scope, token=token)
        reverse_redemption(scope=scope, redemption_id=redemption.pk)
        with pytest.raises(TokenSpent):
            redeem_coupon(scope=scope, token=token)
    fresh = token_of(cast, coupon, at=AT + timedelta(seconds=31))
    with cast.nb_clerk.scope(at=AT + timedelta(seconds=32)) as scope:
        again = redeem_coupon(scope=scope, token=fresh)
        assert again.follows_id == Reversal.objects.get().pk


def test_there_is_no_token_for_a_coupon_that_cannot_be_redeemed_or_is_anothers(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotFound):
        issue_redeem_token(scope=scope, coupon_id=coupon.pk)
    with cast.customers["nb"].scope(at=AT + timedelta(days=8)) as scope, pytest.raises(CouponExpired):
        issue_redeem_token(scope=scope, coupon_id=coupon.pk)
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    with cast.customers["nb"].scope() as scope, pytest.raises(AlreadyRedeemed):
        issue_redeem_token(scope=scope, coupon_id=coupon.pk)


def test_a_reversal_is_of_the_same_branch_and_the_same_local_day(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.nb_clerk.scope() as scope:
        redemption = redeem_coupon(scope=scope, code=code_of(coupon.pk))
    with cast.sb_clerk.scope() as scope, pytest.raises(NotFound):
        reverse_redemption(scope=scope, redemption_id=redemption.pk)
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # in Shanghai
    with cast.nb_clerk.scope(at=midnight) as scope, pytest.raises(ReversalTooLate):
        reverse_redemption(scope=scope, redemption_id=redemption.pk)
    assert status_of(cast, coupon) == "redeemed"
    with cast.nb_clerk.scope(at=midnight - timedelta(seconds=1)) as scope:
        reversal = reverse_redemption(scope=scope, redemption_id=redemption.pk, reason="客户退单")
        assert (reversal.redemption_id, reversal.reason) == (redemption.pk, "客户退单")
        with pytest.raises(AlreadyReversed):
            reverse_redemption(scope=scope, redemption_id=redemption.pk)
    assert status_of(cast, coupon) == "claimed"


def test_a_void_coupon_buys_nothing_and_stays_void(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.north_rewards.scope() as scope:
        void_coupon(scope=scope, coupon_id=coupon.pk, reason="误发")
        with pytest.raises(NotVoidable):
            void_coupon(scope=scope, coupon_id=coupon.pk, reason="误发")
    with cast.nb_clerk.scope() as scope, pytest.raises(CouponIsVoid):
        redeem_coupon(scope=scope, code=code_of(coupon.pk))


def test_another_provinces_coupon_cannot_be_voided(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope:
        for coupon_id in (coupon.pk, uuid4()):
            with pytest.raises(NotFound):
                void_coupon(scope=scope, coupon_id=coupon_id, reason="x")
    assert status_of(cast, coupon) == "claimed"


def test_rights_are_asked_before_anything_happens(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.nb_editor.scope() as scope:
        with pytest.raises(NotAllowed):
            redeem_coupon(scope=scope, code=code_of(coupon.pk))
        with pytest.raises(NotAllowed):
            reverse_redemption(scope=scope, redemption_id=uuid4())
        with pytest.raises(NotAllowed):
            void_coupon(scope=scope, coupon_id=coupon.pk, reason="x")
        with pytest.raises(NotAllowed):
            expire_due_coupons(scope=scope)
    assert status_of(cast, coupon) == "claimed"


def test_the_sweep_expires_what_is_due_in_lots_and_only_that(cast: Cast) -> None:
    batch = live_batch(cast, per_customer_limit=3)
    with cast.customers["nb"].scope() as scope:
        for _ in range(3):
            claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(Coupon.objects.earliest("id").pk))
    end = datetime(2026, 11, 29, 16, tzinfo=UTC)
    with system_scope(at=end - timedelta(seconds=1), cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 0
    with system_scope(at=end, cause="sweep") as scope:
        assert [expire_due_coupons(scope=scope, limit=1) for _ in range(3)] == [1, 1, 0]
        assert sorted(Coupon.objects.values_list("status", flat=True)) == ["expired", "expired", "redeemed"]


def test_a_wallet_has_three_tabs_by_the_time_and_not_by_the_sweep(cast: Cast) -> None:
    batch = live_batch(cast, per_customer_limit=2)
    with cast.customers["nb"].scope() as scope:
        first, second = (claim_coupon(scope=scope, batch_id=batch.pk) for _ in range(2))
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(first.pk))
    for days, expected in ((0, ([second], [first], [])), (8, ([], [first], [second]))):
        with cast.customers["nb"].scope(at=AT + timedelta(days=days)) as scope:
            tabs = tuple(
                list(coupons_of_customer(scope=scope, state=s)) for s in ("usable", "used", "expired")
            )
            assert tabs == expected


def test_figures_count_claims_at_home_and_redemptions_where_they_were_made(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.sb_clerk.scope() as scope:
        wrong = redeem_coupon(scope=scope, code=code_of(coupon.pk))
        reverse_redemption(scope=scope, redemption_id=wrong.pk)
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    with cast.nb_manager.scope() as scope:
        days = coupon_figures(scope=scope, days=3)
        assert [d.day.isoformat() for d in days] == ["2026-11-20", "2026-11-21", "2026-11-22"]
        assert (days[2].claimed, days[2].claimed_fen, days[2].redeemed, days[2].redeemed_fen) == (
            1,
            20_00,
            0,
            0,
        )
    with cast.sb_manager.scope() as scope:
        today = coupon_figures(scope=scope)[-1]
        assert (today.claimed, today.redeemed, today.redeemed_fen) == (0, 1, 20_00)
