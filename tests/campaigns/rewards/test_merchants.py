"""Merchants: whose they are, what is redeemed at their tills, and by whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction

from campaigns.approvals.models import Revision
from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Cashier, Coupon, Merchant, Redemption, Terms
from campaigns.rewards.publishing import describe
from campaigns.rewards.refusals.coupons import AlreadyRedeemed, ChosenElsewhere, NotHere, ReversalTooLate
from campaigns.rewards.refusals.merchants import (
    AccountUnreadable,
    CashierElsewhere,
    MerchantExists,
    MerchantIsClosed,
    MerchantMissing,
    MerchantsMissing,
    MerchantUnknown,
    NotAtMerchant,
    NoTill,
    PersonNotCashier,
    PhoneUnreadable,
)
from campaigns.rewards.selectors.closes import owed_of, taken_of
from campaigns.rewards.selectors.coupons import sentences_of, zone_of
from campaigns.rewards.selectors.merchants import Till, merchant_named, merchants_visible, till_of
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.closing import close_day
from campaigns.rewards.services.counter import Shown, look_at_coupon
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon, reverse_redemption
from campaigns.rewards.services.merchants import (
    account_shown,
    add_cashier,
    add_merchant,
    change_merchant,
    close_merchant,
    end_cashier,
    phone_shown,
    reopen_merchant,
)
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import RolesExclude, assign_role
from tests.campaigns.rewards.test_api import API, as_customer, live_now
from tests.campaigns.rewards.test_api import claimed as over_http
from tests.support.calls import as_staff
from tests.support.cast import AT, Cast, Player, hired
from tests.support.rewards import TERMS, assert_rewards_agree, live_batch, merchant_of


def cashier_of(cast: Cast, merchant: Merchant, code: str = "NB", name: str = "") -> Player:
    """Somebody at the till of a merchant, whose assignment is at the branch `code`."""
    player = hired(cast, "merchant_clerk", code, name or f"cashier-{merchant.code}")
    with cast.ho_rewards.scope() as scope:
        add_cashier(scope=scope, merchant_id=merchant.pk, person_id=player.person.pk)
    return player


def claimed(cast: Cast, batch: Batch, customer: str = "nb") -> Coupon:
    with cast.customers[customer].scope() as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def test_a_merchant_is_its_branchs_and_seen_below(cast: Cast) -> None:
    with cast.north_rewards.scope() as scope:
        shop = add_merchant(
            scope=scope, code="S1", name="春风咖啡", phone="138 0013 8000", account="6222 0212 3456 7890"
        )
        own = add_merchant(scope=scope, code="S2", name="本行食堂", handed_down=False)
        with pytest.raises(MerchantExists):
            add_merchant(scope=scope, code="S1", name="另一家")
        for wrong, given in ((PhoneUnreadable, {"phone": "请打"}), (AccountUnreadable, {"account": "12"})):
            with pytest.raises(wrong):
                add_merchant(scope=scope, code="S3", name="商户", **given)
        # Nothing of a person's stands in the table or its history in the clear.
        assert b"138" not in bytes(shop.phone) and b"6222" not in bytes(shop.account)
        assert (phone_shown(merchant=shop), account_shown(merchant=shop)) == ("138******000", "****7890")
        change_merchant(scope=scope, merchant_id=shop.pk, code="S1", name="春风咖啡馆", handed_down=True)
        shop.refresh_from_db()
        assert (shop.name, account_shown(merchant=shop)) == ("春风咖啡馆", "****7890")
        assert Merchant.objects.within(scope).count() == 2
        noted = Entry.objects.filter(subject=f"rewards.merchant:{shop.pk}").values_list("verb", flat=True)
        assert set(noted) == {"rewards.merchant.add", "rewards.merchant.change"}
        told = str(list(Entry.objects.filter(subject__startswith="rewards.merchant").values()))
        assert not [each for each in ("0013 8000", "13800138000", "3456 7890", "34567890") if each in told]
    with cast.nb_manager.scope() as scope:
        assert set(merchants_visible(scope=scope)) == {shop}
        # The database says so too, and lets nobody below write.
        assert set(Merchant.objects.all()) == {shop}
        assert Merchant.objects.filter(pk=shop.pk).update(name="我的") == 0
        with pytest.raises(NotFound):
            change_merchant(scope=scope, merchant_id=shop.pk, code="S1", name="我的", handed_down=True)
        # The same code at another branch is another merchant, and the nearest is meant.
        mine = add_merchant(scope=scope, code="S1", name="支行门口")
        assert merchant_named(scope=scope, text="S1") == mine
        assert merchant_named(scope=scope, text=str(shop.pk)) == shop
        assert merchant_named(scope=scope, text=" S1 支行门口") == mine
        assert merchant_named(scope=scope, text="春风咖啡馆") == shop
        with pytest.raises(MerchantUnknown):
            merchant_named(scope=scope, text=str(own.pk))
    with cast.sb_manager.scope() as scope:
        assert not merchants_visible(scope=scope).exists()
        assert not Merchant.objects.all().exists()
        with pytest.raises(NotFound):
            close_merchant(scope=scope, merchant_id=shop.pk, reason="不是我的")
    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        add_merchant(scope=scope, code="S9", name="柜员的")


def test_a_batch_names_its_merchants_and_is_redeemed_at_those_alone(cast: Cast) -> None:
    one, other = merchant_of(cast), merchant_of(cast, "M2")
    south = merchant_of(cast, "SM", by="sb_manager")
    with cast.north_rewards.scope() as scope:
        with pytest.raises(MerchantsMissing):
            add_batch(scope=scope, terms=_paid_by_merchants())
        with pytest.raises(ChosenElsewhere):
            add_batch(scope=scope, terms=_paid_by_merchants(redeem_merchants=[south.pk]))
    batch = live_batch(cast, redeem_merchants=[other.pk, one.pk], merchant_percent=40, head_office_percent=60,
                       per_customer_limit=9)  # fmt: skip
    free = live_batch(cast, per_customer_limit=9)
    with system_scope(at=AT, cause="look") as scope:
        terms = Terms.objects.get(batch=batch)
        assert (terms.redeem_merchants, terms.merchant_names) == (
            sorted([one.pk, other.pk]),
            ["商户M1", "商户M2"],
        )
        told = {
            line.key: line.value for line in describe(scope, Revision.objects.get(pk=terms.pk).payload).lines
        }
        assert told["merchants"] == "商户M1、商户M2"
        zh, en = sentences_of(promise=batch.live, zone=zone_of(scope=scope))
        assert zh == "满100减20，领取后7天内有效，限商户M1、商户M2核销"
        assert en.endswith("redeemed at 商户M1, 商户M2")
    first, second = claimed(cast, batch), claimed(cast, batch)
    third = merchant_of(cast, "M3")
    with cast.nb_clerk.scope() as scope:
        for no, merchant in (
            (MerchantMissing, ""),
            (NotAtMerchant, "M3"),
            (MerchantUnknown, "SM"),
            (MerchantUnknown, str(south.pk)),
            (MerchantUnknown, str(uuid4())),
        ):
            with pytest.raises(no):
                redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00, merchant=merchant)
        done = redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00, merchant="M1")
        assert (done.merchant_id, done.off_fen, done.branch_id) == (one.pk, 20_00, scope.branch_id)
        # A merchant takes what names it, and nothing else.
        coupon = claimed(cast, free)
        with pytest.raises(NotAtMerchant):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M3")
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00).merchant_id is None
    with cast.ho_rewards.scope() as scope:
        close_merchant(scope=scope, merchant_id=other.pk, reason="解约")
        with pytest.raises(NotFound):
            close_merchant(scope=scope, merchant_id=other.pk, reason="再来")
    with cast.nb_clerk.scope() as scope, pytest.raises(MerchantIsClosed):
        redeem_coupon(scope=scope, code=code_of(second.pk), order_fen=200_00, merchant="M2")
    with cast.ho_rewards.scope() as scope:
        reopen_merchant(scope=scope, merchant_id=other.pk, reason="续约")
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(second.pk), order_fen=200_00, merchant="M2")
    with system_scope(at=AT, cause="look"):
        assert_rewards_agree()
        assert {r.merchant_id for r in Redemption.objects.all()} == {None, one.pk, other.pk}
    assert third.state == "active"


def _paid_by_merchants(**more: Any) -> BatchTerms:
    return replace(TERMS, merchant_percent=40, head_office_percent=60, **more)


def test_what_was_approved_before_there_were_merchants_stays_good(committed_cast: Cast) -> None:
    """Coupons of a merchants' part that names none are redeemed as ever, and settled with the merchants as one party;
    the next approval names them.
    """
    cast = committed_cast
    legacy = live_batch(cast, merchant_percent=40, head_office_percent=60)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE rewards_terms DISABLE TRIGGER USER")
        cursor.execute("UPDATE rewards_terms SET redeem_merchants = '{}', merchant_names = '{}'")
        cursor.execute("ALTER TABLE rewards_terms ENABLE TRIGGER USER")
        cursor.execute("UPDATE rewards_batch SET redeem_merchants = '{}'")
    coupon = claimed(cast, legacy)
    with cast.nb_clerk.scope() as scope:
        with pytest.raises(NotAtMerchant):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M1")
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00).merchant_id is None
    with cast.north_rewards.scope(at=AT + timedelta(days=1)) as scope:
        close = close_day(scope=scope, branch_id=scope.branch_id, day=AT.date())
        assert close.is_green
        assert {(each.debtor, each.fen) for each in owed_of(close=close)} == {
            (cast.branch["HO"].pk, 12_00),
            (None, 8_00),
        }
        assert taken_of(close=close) == []
        # The draft of before cannot be approved again as it is, and says what it lacks.
        with pytest.raises(Refusal, match="可核销的商户"):
            submit_batch(scope=scope, batch_id=legacy.pk)


def test_a_cashier_redeems_at_the_own_till_alone(cast: Cast) -> None:
    one, other = merchant_of(cast), merchant_of(cast, "M2")
    batch = live_batch(cast, redeem_merchants=[one.pk, other.pk], payer="merchant", per_customer_limit=9)
    free = live_batch(cast, per_customer_limit=9)
    anna, ben = cashier_of(cast, one), cashier_of(cast, other)
    homeless = hired(cast, "merchant_clerk", "NB", "homeless")
    first, second, bank = claimed(cast, batch), claimed(cast, batch), claimed(cast, free)
    shown = Shown(text=code_of(first.pk), order_fen=200_00)
    with anna.scope() as scope:
        # The merchant's row lies far above, and so does the cashier's own.
        assert till_of(scope=scope) == Till("M1", "商户M1")
        assert not Cashier.objects.exists()
        seen = look_at_coupon(scope=scope, shown=shown)
        assert (seen.off_fen, len(seen.tail)) == (20_00, 4)
        for wrong in ("M2", str(other.pk)):
            with pytest.raises(MerchantUnknown):
                redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00, merchant=wrong)
        with pytest.raises(NotAtMerchant):
            redeem_coupon(scope=scope, code=code_of(bank.pk), order_fen=200_00)
        done = redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00)
        assert (done.merchant_id, done.person_id) == (one.pk, anna.person.pk)
    with homeless.scope() as scope:
        assert till_of(scope=scope) is None
    with homeless.scope() as scope, pytest.raises(NoTill):
        redeem_coupon(scope=scope, code=code_of(second.pk), order_fen=200_00)
    with ben.scope() as scope:
        with pytest.raises(AlreadyRedeemed):
            redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00)
        # Neither another merchant's nor the bank's own redemptions are a cashier's to take back.
        with pytest.raises(NotFound):
            reverse_redemption(scope=scope, redemption_id=done.pk)
    with cast.nb_clerk.scope() as scope:
        counter = redeem_coupon(scope=scope, code=code_of(bank.pk), order_fen=200_00)
    with homeless.scope() as scope, pytest.raises(NotFound):
        reverse_redemption(scope=scope, redemption_id=counter.pk)
    with anna.scope(at=AT + timedelta(days=1)) as scope, pytest.raises(ReversalTooLate):
        reverse_redemption(scope=scope, redemption_id=done.pk)
    with anna.scope() as scope:
        with pytest.raises(NotFound):
            reverse_redemption(scope=scope, redemption_id=counter.pk)
        reverse_redemption(scope=scope, redemption_id=done.pk, reason="退货")
        again = redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=200_00)
        assert again.follows_id is not None
        # Past the service: the database knows the till.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT redeem_coupon(%s, NULL, %s, NULL, 20000, NULL, NULL, NULL, %s)",
                [uuid4(), second.pk, other.pk],
            )
            assert cursor.fetchone() == ("merchant_unknown",)
            # The release before asks without a merchant, and means the till all the same.
            cursor.execute(
                "SELECT redeem_coupon(%s, NULL, %s, NULL, 20000, NULL, NULL, NULL::text)",
                [uuid4(), second.pk],
            )
            assert cursor.fetchone() == (None,)
        assert Redemption.objects.get(coupon_id=second.pk).merchant_id == one.pk
    with cast.ho_rewards.scope() as scope:
        [row] = Cashier.objects.filter(person=anna.person)
        end_cashier(scope=scope, merchant_id=one.pk, cashier_id=row.pk)
        with pytest.raises(NotFound):
            end_cashier(scope=scope, merchant_id=one.pk, cashier_id=row.pk)
    with anna.scope() as scope, pytest.raises(NotFound):
        reverse_redemption(scope=scope, redemption_id=again.pk)
    with system_scope(at=AT, cause="look"):
        assert_rewards_agree()


def test_a_cashier_is_of_one_merchant_and_holds_no_other_role(cast: Cast) -> None:
    one, other = merchant_of(cast), merchant_of(cast, "M2")
    anna = cashier_of(cast, one)
    with cast.ho_rewards.scope() as scope:
        with pytest.raises(PersonNotCashier):
            add_cashier(scope=scope, merchant_id=other.pk, person_id=anna.person.pk)
        with pytest.raises(PersonNotCashier):
            add_cashier(scope=scope, merchant_id=other.pk, person_id=cast.nb_clerk.person.pk)
        # Two at once: the key decides.
        with pytest.raises(IntegrityError, match="works_at_one_merchant"), transaction.atomic():
            Cashier.objects.create(
                branch_id=other.branch_id,
                branch_pos=other.branch_pos,
                merchant=other,
                person=anna.person,
                since=AT,
            )
    with cast.ho_administrator.scope() as scope, pytest.raises(RolesExclude):
        assign_role(
            scope=scope, person=anna.person, role="clerk", branch_id=cast.branch["NB"].pk, held_from=AT
        )
    with cast.sb_manager.scope() as scope, pytest.raises(NotFound):
        add_cashier(scope=scope, merchant_id=one.pk, person_id=anna.person.pk)
    near = merchant_of(cast, "M9", by="nb_manager")
    with cast.nb_manager.scope() as scope, pytest.raises(CashierElsewhere):
        add_cashier(scope=scope, merchant_id=near.pk, person_id=anna.person.pk)  # whose row lies above


def test_branches_and_merchants_are_asked_together(cast: Cast) -> None:
    one = merchant_of(cast)
    batch = live_batch(
        cast, redeem_merchants=[one.pk], redeem_branches=[cast.branch["NB"].pk], per_customer_limit=9
    )
    coupon = claimed(cast, batch)
    with cast.sb_clerk.scope() as scope, pytest.raises(NotHere):
        redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M1")
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=200_00, merchant="M1")


def test_a_till_over_http(cast: Cast) -> None:
    one, other = merchant_of(cast), merchant_of(cast, "M2")
    anna, far = cashier_of(cast, one), cashier_of(cast, other, "SB", "far")
    batch = live_now(cast, redeem_merchants=[one.pk], per_customer_limit=3)
    nb = as_customer(cast, "nb")
    terms = nb.get(f"{API}batches/{batch.pk}").json()["terms"]
    assert terms["merchants"] == [{"id": str(one.pk), "name": "商户M1"}]
    codes = []
    for turn in range(3):
        coupon = over_http(nb, batch, key=f"claim-00000{turn}")
        assert coupon["terms"]["merchants"] == terms["merchants"]
        codes.append(code_of(UUID(coupon["id"])))
    redeem, worth = f"{API}staff/redemptions", f"{API}staff/redemptions/worth"
    clerk, cashier, stranger = as_staff(cast.nb_clerk), as_staff(anna), as_staff(far)
    asked = {"code": codes[0], "order_fen": 150_00}
    assert clerk.post(worth, asked).json()["code"] == "rewards.redeem.merchant_missing"
    assert clerk.post(worth, asked | {"merchant": "M1"}).json()["off_fen"] == 20_00
    done = clerk.post(redeem, asked | {"merchant": str(one.pk)}, key="till-000001")
    assert (done.status_code, done.json()["merchant_id"]) == (201, str(one.pk))
    # The till of a cashier is not asked, and no other one is taken, nor by a cashier of another merchant and branch.
    asked = {"code": codes[1], "order_fen": 150_00}
    assert cashier.post(worth, asked).json()["off_fen"] == 20_00
    for key, caller, more, code in (
        ("till-000002", cashier, {"merchant": "M2"}, "rewards.redeem.merchant_unknown"),
        ("till-000003", stranger, {"merchant": "M1"}, "rewards.redeem.merchant_unknown"),
        ("till-000004", stranger, {}, "rewards.redeem.not_at_merchant"),
    ):
        refused = caller.post(redeem, asked | more, key=key)
        assert (refused.status_code >= 400, refused.json()["code"]) == (True, code)
    made = cashier.post(redeem, asked, key="till-000005").json()
    assert made["merchant_id"] == str(one.pk)
    back = f"{API}staff/redemptions/{{}}/reversal"
    assert stranger.post(back.format(made["id"]), {}, key="till-000006").status_code == 404
    # What the bank's clerk redeemed is not the cashier's to take back, though it was at this merchant.
    assert cashier.post(back.format(done.json()["id"]), {}, key="till-000007").status_code == 404
    assert cashier.post(back.format(made["id"]), {}, key="till-000008").status_code == 201
    card = f"{API}staff/customers/{cast.customers['nb'].customer.pk}"
    assert cashier.get(card).status_code == 403
