"""At a merchant's till with a phone, and the form in which a batch names its merchants."""

from datetime import timedelta

import pytest

from campaigns.lib.clock import now
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Redemption
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from tests.browser.conftest import Watched
from tests.campaigns.rewards.test_merchants import cashier_of
from tests.support.cast import Cast, build_cast
from tests.support.rewards import draft_batch, live_batch, merchant_of

COUNTER = "/admin/rewards/coupon/counter/"


@pytest.fixture
def bank(address: str) -> Cast:
    return build_cast()


def test_a_cashier_redeems_and_takes_back_and_meets_nothing_else(browser_page: Watched, bank: Cast) -> None:
    one, other = merchant_of(bank, name="春风咖啡"), merchant_of(bank, "M2", name="湖畔书店")
    cashier, at = cashier_of(bank, one), now()
    times = {"claim_from": at - timedelta(hours=1), "claim_until": at + timedelta(days=3), "at": at}
    codes = []
    for shop in (one, other):
        batch = live_batch(bank, redeem_merchants=[shop.pk], payer="merchant", **times)
        with bank.customers["nb"].scope(at=now()) as scope:
            codes.append(code_of(claim_coupon(scope=scope, batch_id=batch.pk).pk))
    page = browser_page.page
    page.set_viewport_size({"width": 390, "height": 844})
    browser_page.enter_as(cashier)
    browser_page.open(COUNTER)
    assert page.locator(".rc-till").inner_text() == "只在 春风咖啡（M1）核销"
    assert page.locator("[name=merchant]").count() == 0  # the till is not asked
    page.fill("[name=text]", codes[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card].rc-no:has-text('这张券不能在这家商户使用')")
    page.fill("[name=text]", codes[0])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="核销 ¥20.00").click()
    page.wait_for_selector(".rc-worth:text('已核销 ¥20.00')")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="冲正").click()
    page.wait_for_selector(".rc-list li.is-reversed")
    with system_scope(at=now(), cause="look"):
        done = Redemption.objects.select_related("reversal").get()
        assert (done.merchant_id, done.person_id) == (one.pk, cashier.person.pk)
        assert done.reversal.person_id == cashier.person.pk
    # Nothing else is offered, and nothing is wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (
        page.locator("a[href*='/rewards/batch'], a[href*='/customers/'], a[href*='/merchant/']").count() == 0
    )
    wrongs = [wrong for wrong in browser_page.wrongs if "409" not in wrong]
    assert wrongs == []


def test_merchants_and_branches_are_found_while_typing(browser_page: Watched, bank: Cast) -> None:
    merchant_of(bank, name="春风咖啡")
    batch = draft_batch(bank, at=now())
    page = browser_page.page
    browser_page.enter_as(bank.north_rewards)
    browser_page.open(f"/admin/rewards/batch/{batch.pk}/change/")
    for field, typed, offered in (
        ("redeem_merchants", "春风", "春风咖啡"),
        ("redeem_branches", "中山路", "北城中山路支行"),
    ):
        box = page.locator(
            f".field-{field} .select2-search__field, .form-row:has([name={field}]) .select2-search__field"
        )
        box.first.click()
        box.first.type(typed)
        page.locator(f".select2-results__option:has-text('{offered}')").first.click()
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state("networkidle")
    with system_scope(at=now(), cause="look"):
        batch.refresh_from_db()
        assert len(batch.redeem_merchants) == 1
        assert batch.redeem_branches == [bank.branch["NB"].pk]
    assert browser_page.wrongs == []
