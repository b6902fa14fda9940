"""A reviewer's morning: twenty reviews by keyboard alone, most approved, some sent back, rejected, talked about,
handed on. No mouse, and nothing goes wrong on the way.
"""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.approvals.models import Decision, Remark, Revision, Seat
from campaigns.lib.clock import now
from tests.browser.conftest import Watched
from tests.support.cast import Cast, build_cast
from tests.support.content import submitted_item

MANY = 20
SENT_BACK, REJECTED, HANDED_ON, TALKED_ABOUT = (3, 8), 5, 11, 14


@pytest.fixture
def full_desk(address: str, settings: Any, tmp_path: Any) -> Cast:
    """Twenty posters wait for the reviewer, committed, one due a minute after the other."""
    settings.MEDIA_ROOT = tmp_path
    cast = build_cast()
    started = now() - timedelta(hours=2)
    for number in range(MANY):
        submitted_item(cast.north_editor, title=f"第{number:02}张", at=started + timedelta(minutes=number))
    return cast


def test_twenty_reviews_by_keyboard_alone(browser_page: Watched, full_desk: Cast) -> None:
    page = browser_page.page
    browser_page.enter_as(full_desk.play("north_reviewer"))
    browser_page.open("/admin/approvals/revision/")
    # The queue begins with a link to its first review; Tab reaches it as every other link.
    page.focus("[data-review-queue] a.ap-main")
    page.keyboard.press("Enter")

    def opened(number: int) -> None:
        page.wait_for_selector(f"h1:text-is('第{number:02}张')")
        page.wait_for_load_state("load")  # the script that hears the keys is deferred

    def words(key: str, text: str) -> None:
        """The key asks for words first; Ctrl+Enter does what it began."""
        page.keyboard.press(key)
        page.wait_for_function("document.activeElement.matches('[data-words]')")
        page.keyboard.type(text)
        page.keyboard.press("Control+Enter")

    opened(0)
    page.keyboard.press("j")
    opened(1)
    page.keyboard.press("k")
    for number in range(MANY):
        opened(number)
        if number in SENT_BACK:
            words("s", "请注明利率日期")
        elif number == REJECTED:
            words("r", "与总行活动重复")
        elif number == HANDED_ON:
            page.keyboard.press("h")
            page.wait_for_selector("dialog[open] input[type=radio]")
            page.keyboard.type("ho_")
            page.wait_for_selector("dialog[open] label:has-text('ho_reviewer')")
            page.wait_for_function("document.querySelectorAll('dialog[open] input[type=radio]').length === 1")
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.type("涉及总行定价")
            page.keyboard.press("Control+Enter")
        else:
            if number == TALKED_ABOUT:
                words("c", "图片很好")
                page.wait_for_selector(".ap-happened blockquote:text-is('图片很好')")
                opened(number)
            page.keyboard.press("a")
    page.wait_for_selector("text=队列已清空")
    assert browser_page.wrongs == []
    with full_desk.ho_reviewer.scope(at=now()):
        states = dict(Revision.objects.values_list("title", "state"))
        assert sorted(title for title, state in states.items() if state == "sent_back") == [
            f"第{number:02}张" for number in SENT_BACK
        ]
        assert [states[f"第{number:02}张"] for number in (REJECTED, HANDED_ON)] == ["rejected", "submitted"]
        assert list(states.values()).count("approved") == MANY - 4
        assert Decision.objects.count() == MANY - 1
        assert set(Remark.objects.values_list("words", flat=True)) == {"图片很好", "涉及总行定价"}
        assert Seat.objects.get(is_open=True, revision__state="submitted").person_name == "ho_reviewer"
