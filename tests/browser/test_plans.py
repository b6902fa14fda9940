"""A plan drawn on its board with mouse and keyboard, and its posts sent from an owner's phone."""

from dataclasses import replace
from uuid import uuid4

import pytest

from campaigns.tenants.scopes import system_scope
from community.plans.models import Plan, Post
from community.plans.services.runs import apply_plan
from tests.browser.conftest import Watched
from tests.support.cast import AT, Cast, build_cast
from tests.support.plans import HELLO, draft_plan, group_of, live_plan, local, operator, swept


@pytest.fixture
def bank(address: str) -> Cast:
    cast = build_cast()
    operator(cast)
    return cast


def test_an_operator_moves_cards_and_an_owner_sends_what_is_due(browser_page: Watched, bank: Cast) -> None:
    page = browser_page.page
    plan = draft_plan(bank, HELLO)
    browser_page.enter_as(bank.operator)
    browser_page.open(f"/admin/community/plan/{plan.pk}/change/")
    card = page.locator(".cp-card")
    card.click()
    page.keyboard.press("Alt+ArrowRight")
    assert "D+2" in page.inner_text("[data-said]")
    page.locator(".cp-card").drag_to(page.locator(".cp-lane").first.locator(".cp-day").nth(0))
    page.fill("[data-part=text]", "{群名称}，新的一周好！")
    assert page.inner_text(".cp-bubble") == "〔社群〕，新的一周好！"
    page.locator(".cp-lane").nth(1).get_by_role("button", name="D+3").click()
    page.fill("[data-part=title]", "入群第三天")
    page.fill("[data-part=text]", "欢迎")
    page.click("[name=_continue]")
    page.wait_for_selector(".messagelist, [role=alert], .rw-head")
    with system_scope(at=AT, cause="test"):
        cards = Plan.objects.get(pk=plan.pk).cards
    assert [(each["title"], each["day"], each["text"]) for each in cards] == [
        ("入群第三天", {"joined": 3}, "欢迎"), ("早安", {"day": 0}, "{群名称}，新的一周好！"),
    ]  # fmt: skip

    live = live_plan(bank, HELLO, replace(HELLO, id=uuid4(), title="第二条"))
    group = group_of(bank)
    with bank.operator.scope() as scope:
        apply_plan(scope=scope, plan_id=live.pk, group_id=group.pk)
    swept(local("2026-11-23 09:00"))
    page.set_viewport_size({"width": 390, "height": 844})
    browser_page.enter_as(bank.nb_clerk)
    browser_page.open("/admin/community/post/tasks/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-task]").first.get_by_role("button", name="复制文案").click()
    page.get_by_text("已复制").wait_for()
    page.locator("[data-task]").first.locator("[data-done]").click()
    page.wait_for_function("document.querySelectorAll('[data-task]').length === 1")
    page.locator("[data-leave]").click()
    page.fill("[data-why] input", "群里正在办活动")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-empty]:visible")
    assert page.locator("[data-list] li").count() == 2
    with system_scope(at=AT, cause="test"):
        assert set(Post.objects.filter(group=group).values_list("state", "why")) == {
            ("sent", ""), ("skipped", "群里正在办活动"),
        }  # fmt: skip
