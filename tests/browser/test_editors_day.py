"""An editor's day: ten pictures, a landing page, what the checks find, a review that sends it back, a schedule, a
phone, a branch's own version, a recall. In a real browser, on committed rows; customers ask the API.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine

from campaigns.jobs.services.due import run_due
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system
from config.demo import pictures
from content.models import Item
from tests.browser.conftest import Watched
from tests.support.cast import Cast, build_cast
from tests.support.compliance import list_in_force


@pytest.fixture
def bank(committed: None, settings: Any, tmp_path: Path) -> Cast:
    settings.MEDIA_ROOT = tmp_path / "media"
    made = build_cast()
    list_in_force(made)
    return made


class Day:
    """One browser, and who sits before it."""

    def __init__(self, watched: Watched, cast: Cast) -> None:
        self.watched, self.page, self.cast = watched, watched.page, cast

    def sit_down(self, name: str) -> None:
        # The page of who sat there before would go on asking.
        self.page.goto("about:blank")
        self.watched.enter_as(self.cast.play(name))

    def upload_ten(self) -> None:
        self.watched.open("/admin/content/asset/")
        files = [
            {
                "name": f"{n}.png",
                "mimeType": "image/png",
                "buffer": pictures.spring((600 + 20 * n, 400 + 9 * n)),
            }
            for n in range(10)
        ]
        self.page.set_input_files("input[name=files]", files=files)
        # Each has its verdict: all are taken, though they look alike.
        self.page.wait_for_function(
            "document.querySelectorAll('[data-verdicts] :is(.is-taken, .is-alike)').length === 10"
        )
        self.watched.open("/admin/content/asset/")
        self.page.click(".ct-wall a")
        self.page.click("[data-panel] a.ct-main")
        self.page.fill("#id_name", "山丘")
        self.page.fill("#id_alt", "晨光里的层层山丘")
        self.page.click("[name=_save]")
        self.page.wait_for_selector(".ct-wall img")

    def add_block(self, kind: str) -> None:
        self.page.click("[data-add] summary")
        self.page.click(f"[data-add-kind={kind}]")
        self.page.wait_for_selector(f"[data-panel=block]:not([hidden]) [value={kind}]", state="attached")

    def saved(self) -> None:
        """What was typed is with the server: nobody pressed a button."""
        self.page.wait_for_timeout(800)
        self.page.wait_for_function("document.querySelector('[data-saved]').textContent.startsWith('已保存')")

    def submit(self) -> None:
        self.page.click("[data-submit-draft] button")

    def open_review(self, title: str) -> None:
        self.watched.open("/admin/approvals/revision/")
        self.page.click(f"#result_list tbody th a:has-text('{title}')")
        self.page.wait_for_selector("[data-review] [data-key=a]")
        self.page.wait_for_load_state("load")

    def press(self, key: str) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def ask(address: str, cast: Cast, who: str, path: str) -> httpx.Response:
    return httpx.get(f"{address}/api/v1{path}", headers=cast.customers[who].headers(), timeout=30)


def moment(day: Day, at: datetime) -> None:
    """When it begins, as typed in the branch's time."""
    local = at + timedelta(hours=8)
    day.page.fill("#id_shown_from_0", f"{local:%Y-%m-%d}")
    day.page.fill("#id_shown_from_1", f"{local:%H:%M:%S}")


def test_an_editors_day(browser_page: Watched, address: str, bank: Cast) -> None:
    day, page = Day(browser_page, bank), browser_page.page
    begins = now().replace(second=0, microsecond=0) + timedelta(hours=1)

    # Ten pictures, and a page of two blocks.
    day.sit_down("ho_editor")
    day.upload_ten()
    browser_page.open("/admin/content/item/add/?kind=page")
    page.fill("#id_title", "元旦专题")
    page.click("[name=_continue]")
    page.wait_for_selector("[data-submit-draft]")
    item_id = UUID(page.url.rstrip("/").split("/")[-2])
    day.add_block("picture")
    page.click("[data-panel=block]:not([hidden]) [data-choose]")
    page.click("dialog[open] [data-pick][data-name='山丘']")
    page.fill("[data-panel=block]:not([hidden]) [name$=-caption]", "总行大楼")
    day.add_block("text")
    page.locator("[data-panel=block]:not([hidden]) [role=textbox]").click()
    page.keyboard.type("新年理财保本，先到先得。")
    day.saved()
    page.click("[data-code=when]")
    moment(day, begins)
    page.check("#id_handed_down")
    page.check("label:has-text('说明文字') input[name=open_parts]")
    day.saved()

    # Submitting says what is found; the finding leads to the words.
    day.submit()
    page.wait_for_selector("[data-missing] .ct-stops")
    page.click("[data-missing] .ct-stops a:has-text('保本')")
    assert page.locator("[data-panel=block]:not([hidden]) [role=textbox]").is_visible()
    page.locator("[data-panel=block]:not([hidden]) [role=textbox]").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("新年存款有礼，先到先得。")
    day.saved()
    day.submit()
    page.wait_for_selector("text=审核中")

    # Sent back, with words that stand on the editor's desk; mended; approved for its time.
    day.sit_down("ho_reviewer")
    day.open_review("元旦专题")
    page.fill("textarea[data-words]", "请写明活动时间")
    page.locator("textarea[data-words]").blur()
    day.press("s")
    day.sit_down("ho_editor")
    browser_page.open("/admin/")
    assert "请写明活动时间" in page.locator("body").inner_text()
    browser_page.open(f"/admin/content/item/{item_id}/change/")
    assert "请写明活动时间" in page.locator("blockquote").inner_text()
    page.fill("#id_summary", "1月1日至3日")
    day.saved()
    day.submit()
    page.wait_for_selector("text=审核中")
    day.sit_down("ho_reviewer")
    day.open_review("元旦专题")
    day.press("a")
    assert ask(address, bank, "nb", f"/contents/{item_id}").status_code == 404

    # Its time comes.
    with time_machine.travel(begins + timedelta(minutes=1)):
        run_due(scope=system(at=now(), cause="test"), clock=now)
        shown = ask(address, bank, "nb", f"/contents/{item_id}").json()
        assert (shown["title"], shown["summary"]) == ("元旦专题", "1月1日至3日")
        assert [block["kind"] for block in shown["blocks"]] == ["picture", "text"]
        assert shown["blocks"][0]["caption"] == "总行大楼" and "存款有礼" in str(shown["blocks"][1])

        # A branch says where it is.
        day.sit_down("nb_editor")
        browser_page.open("/admin/content/original/")
        page.click("#result_list a:has-text('元旦专题')")
        page.click("text=建立本机构版本")
        page.wait_for_selector("[data-submit-draft]")
        page.click("[data-outline] li[data-key] button")
        assert "总行" in page.locator(".ct-locked:visible").inner_text()
        page.fill("[data-panel=block]:not([hidden]) [name$=-caption]", "中山路支行二楼")
        day.saved()
        day.submit()
        page.wait_for_selector("text=审核中")
        day.sit_down("north_reviewer")
        day.open_review("元旦专题")
        day.press("a")
        captions = {
            who: ask(address, bank, who, f"/contents/{item_id}").json()["blocks"][0]["caption"]
            for who in ("nb", "sb")
        }
        assert captions == {"nb": "中山路支行二楼", "sb": "总行大楼"}
        picture = ask(address, bank, "nb", f"/contents/{item_id}").json()["blocks"][0]["picture"]["urls"]
        assert httpx.get(address + picture["poster"]).headers["content-type"].startswith("image/")

        # And all of it is recalled.
        day.sit_down("ho_reviewer")
        browser_page.open(f"/admin/content/item/{item_id}/change/")
        page.click(".ct-recall summary")
        page.fill(".ct-recall [name=reason]", "活动取消")
        page.click(".ct-recall button[type=submit]")
        page.wait_for_selector("text=已召回")
        for who in ("nb", "sb"):
            assert ask(address, bank, who, f"/contents/{item_id}").status_code == 404
    with bank.ho_editor.scope(at=now()):
        assert Item.objects.filter(original_id=item_id).count() == 1
    assert browser_page.wrongs == []
