"""A clerk at the counter, with a phone: a code typed, a QR code before the camera, a line that is down."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image

from campaigns.audit.models import Entry
from campaigns.lib.clock import now
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon, Redemption
from campaigns.rewards.services.coupons import claim_coupon, issue_redeem_token
from campaigns.tenants.scopes import system_scope
from tests.browser.conftest import Watched
from tests.support.browser import ARGUMENTS, chromium_path
from tests.support.cast import Cast, build_cast
from tests.support.rewards import live_batch

PAGE = "/admin/rewards/coupon/counter/"


@pytest.fixture
def bank(address: str) -> Cast:
    return build_cast()


def coupons(bank: Cast, many: int) -> list[Coupon]:
    """So many of the same customer, good now."""
    at = now()
    batch = live_batch(
        bank,
        at=at,
        claim_from=at - timedelta(hours=1),
        claim_until=at + timedelta(days=3),
        per_customer_limit=many,
    )
    found = []
    for _turn in range(many):
        with bank.customers["nb"].scope(at=now()) as scope:
            found.append(claim_coupon(scope=scope, batch_id=batch.pk))
    return found


def open_redemptions() -> int:
    with system_scope(at=now(), cause="look"):
        return Redemption.objects.filter(reversal__isnull=True).count()


def test_a_clerk_redeems_reverses_and_sends_in_what_was_noted(browser_page: Watched, bank: Cast) -> None:
    first, second = coupons(bank, 2)
    page = browser_page.page
    page.set_viewport_size({"width": 390, "height": 844})
    browser_page.enter_as(bank.nb_clerk)
    browser_page.open(PAGE)
    page.wait_for_selector("[data-empty]:visible")

    # Typed as it is read aloud; the order where the coupon wants one; then two keys.
    page.keyboard.type(code_of(first.pk).lower().replace("-", " "))
    page.keyboard.press("Enter")
    assert page.wait_for_selector(".rc-worth").inner_text().startswith("¥20.00")
    assert open_redemptions() == 0  # a look is a look
    page.keyboard.press("Enter")
    page.wait_for_selector(".rc-worth:text('已核销 ¥20.00')")
    assert page.locator(".rc-list li").count() == open_redemptions() == 1

    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="冲正").click()
    page.wait_for_selector(".rc-list li.is-reversed")
    assert open_redemptions() == 0

    # The line is down: the same code is noted twice, once too often.
    page.context.set_offline(True)
    for coupon in (first, second, first):
        page.fill("[name=text]", code_of(coupon.pk))
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-card]:has-text('已记在本机')")
        page.wait_for_function("document.querySelector('[name=text]').value === ''")
    assert "待补录: 3" in page.locator("[data-queue]").inner_text()
    page.context.set_offline(False)
    page.wait_for_selector("[data-queue]:has-text('这张券已经核销过')")
    assert open_redemptions() == 2
    assert page.locator("[data-queue] li").count() == 1
    page.get_by_role("button", name="✓").click()
    page.wait_for_selector("[data-queue]", state="hidden")
    with system_scope(at=now(), cause="look"):
        missed = Entry.objects.get(verb="rewards.counter.miss")
    assert (missed.detail["code"], missed.detail["ends_in"]) == (
        "rewards.coupon.already_redeemed", code_of(first.pk)[-5:],
    )  # fmt: skip
    browser_page.open(PAGE)
    assert page.locator(".rc-list li").count() == 3
    wrongs = [wrong for wrong in browser_page.wrongs if "ERR_INTERNET_DISCONNECTED" not in wrong]
    assert [wrong for wrong in wrongs if " 409 for " not in wrong and "status of 409" not in wrong] == []


@pytest.fixture
def before_a_camera(chromium: Any, address: str, bank: Cast, tmp_path: Path) -> Iterator[Any]:
    """A browser whose camera looks at the customer's QR code; and the coupon."""
    (coupon,) = coupons(bank, 1)
    with bank.customers["nb"].scope(at=now()) as scope:
        token, _until = issue_redeem_token(scope=scope, coupon_id=coupon.pk)
    picture, film = tmp_path / "qr.png", tmp_path / "camera.mjpeg"
    segno.make(token, error="m").save(str(picture), scale=8, border=6)
    scene = Image.new("RGB", (640, 480), "#8a8f98")
    code = Image.open(picture).convert("RGB")
    code.thumbnail((420, 420))
    scene.paste(code, (110, 30))
    scene.save(film, "JPEG", quality=85)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    browser = chromium.browser_type.launch(executable_path=chromium_path(), args=[*ARGUMENTS, *camera])
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    watched = Watched(context.new_page(), address)
    watched.watch()
    yield watched, coupon
    browser.close()


def test_a_qr_code_before_the_camera_is_read_and_redeemed(before_a_camera: Any, bank: Cast) -> None:
    watched, coupon = before_a_camera
    page = watched.page
    watched.enter_as(bank.nb_clerk)
    watched.open(PAGE)
    page.get_by_role("button", name="扫码").first.click()
    page.wait_for_selector(".rc-worth:text('¥20.00')")
    assert page.locator("video").is_hidden()
    page.get_by_role("button", name="核销 ¥20.00").click()
    page.wait_for_selector(".rc-worth:text('已核销')")
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.get(pk=coupon.pk).status == "redeemed"
    assert watched.wrongs == []
