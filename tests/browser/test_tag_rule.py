"""An editor in a hurry makes the tag 每月理财申购金额超5万且偏好固收+ by keyboard: builds it, reads it, tries it,
saves it, runs it. No JSON is seen on the way.
"""

from typing import Any

import pytest

from campaigns.customers.models import Customer, Tag, Tagging
from campaigns.customers.services.attributes import add_attribute
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.lib.clock import FOREVER, now
from campaigns.tenants.scopes import system_scope
from tests.browser.conftest import Watched
from tests.support.cast import AT, Cast, build_cast
from tests.support.jobs import run

SAID = "每月理财申购金额大于 ¥50,000.00，且理财偏好是“固收+”"


@pytest.fixture
def bank(address: str) -> Cast:
    """Three customers who buy much, or like fixed income plus, or both."""
    cast = build_cast()
    likes = [{"code": "fixed", "name": "固收"}, {"code": "plus", "name": "固收+"}]
    with system_scope(at=AT, cause="test") as scope:
        add_attribute(scope=scope, code="monthly", name="每月理财申购金额", kind="money")
        add_attribute(scope=scope, code="likes", name="理财偏好", kind="choice", choices=likes)
        add_category(scope=scope, code="intent", name="意向", owner_id=cast.branch["HO"].pk)
        add_tag(scope=scope, code="vip", category_code="intent", name="贵宾")
        for name, fen, like in [
            ("nb", 5_000_001, "plus"),
            ("nb2", 5_000_000, "plus"),
            ("sb", 9_000_000, "fixed"),
        ]:
            who = Customer.objects.filter(pk=cast.customers[name].customer.pk)
            who.update(attributes={"monthly": fen, "likes": like})
    return cast


def test_a_tag_by_rule_is_built_by_keyboard(browser_page: Watched, bank: Cast) -> None:
    page, keys = browser_page.page, browser_page.page.keyboard

    def press(*names: str) -> None:
        for name in names:
            keys.press(name)

    def numbers() -> Any:
        return page.locator(".cb-row .cb-number").all_inner_texts()

    browser_page.enter_as(bank.play("ho_administrator"))
    browser_page.open("/admin/customers/tag/")
    page.focus("a.addlink")
    press("Enter")
    page.wait_for_selector("[data-cb-rows] .cb-row", state="attached")
    assert page.locator("[data-conditions]").is_hidden()  # of a tag that staff give there is no rule
    page.select_option("#id_category", "intent")
    page.fill("#id_code", "plus_buyers")
    page.fill("#id_name", "月申购超5万且偏好固收+")
    page.select_option("#id_kind", "computed")

    page.focus("[data-cb-rows] .cb-pick")
    keys.type("申购")
    press("Enter", "Tab")
    keys.type("很多")
    page.wait_for_selector(".cb-why:text-is('这里应填金额（元），例如 50000 或 5万')")
    press("Control+A")
    keys.type("5万")
    press("Enter")  # the next one
    keys.type("lcph")  # as people type 理财偏好
    press("Enter", "Tab", "Tab", "Space")
    page.wait_for_selector(f"[data-cb-sentence]:text-is('{SAID}')")
    assert page.locator(".cb-why:visible").count() == 0

    # One more, of a tag; into a box of its own, up, out of it again, and away.
    press("Enter")
    keys.type("标签")
    press("Enter", "Tab")
    keys.type("guibin")
    press("Enter", "Alt+ArrowRight")
    page.wait_for_selector("[data-cb-sentence]:text-is('" + SAID + "，且有标签“贵宾”')")
    assert numbers() == ["1", "2", "3.1"]
    press("Alt+ArrowLeft", "Alt+ArrowUp")
    assert numbers() == ["1", "2", "3"]
    page.wait_for_selector(
        "[data-cb-sentence]:text-is('" + SAID.replace("，且", "，且有标签“贵宾”，且") + "')"
    )
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    press("Alt+Delete")
    page.wait_for_selector(f"[data-cb-sentence]:text-is('{SAID}')")
    page.set_viewport_size({"width": 1280, "height": 820})

    page.focus("[data-cb-try]")
    press("Enter")
    page.wait_for_selector("[data-cb-tried]:text-is('现在有 1 位客户符合')")
    page.focus("[name=_continue]")
    press("Enter")
    page.wait_for_selector(".ct-sentence")
    assert page.locator(".ct-sentence").inner_text() == SAID
    assert page.locator(".cb-typed").input_value() == "50000"
    page.focus("form[action$='/run/'] button")
    press("Enter")
    page.wait_for_url("**/admin/jobs/job/*/change/")
    assert browser_page.wrongs == []

    run(at=now())
    with system_scope(at=AT, cause="test"):
        tag = Tag.objects.get(code="plus_buyers")
        holders = Tagging.objects.filter(tag=tag, until=FOREVER).values_list("customer", flat=True)
        assert list(holders) == [bank.customers["nb"].customer.pk]
        assert tag.rule == {
            "all": [
                {"about": "attribute:monthly", "is": ">", "value": 5_000_000},
                {"about": "attribute:likes", "is": "in", "value": ["plus"]},
            ]
        }
