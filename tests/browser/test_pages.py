"""Every page of every role opens without a wrong, and speaks Chinese."""

import re
from datetime import timedelta
from typing import Any

import pytest

from campaigns.lib.clock import now
from tests.browser.conftest import Watched
from tests.support.cast import PASSWORD, Cast, build_cast
from tests.support.story import tell_story

ROLES = [
    "ho_administrator",
    "north_editor",
    "north_reviewer",
    "north_rewards",
    "nb_manager",
    "ho_auditor",
    "nb_clerk",
]

# Names, and words of the cast's own rows: its customers' attributes and source, a tag of its poster's text.
_NAMES = {
    "fenhang",
    "english",
    "webp",
    "jpeg",
    "json",
    "http",
    "https",
    "teacher",
    "strong",
    "cast",
    "unionid",
    "etag",
    "excel",
    "openid",
    "uuid",
}
# A role has an English name and a code in English, and its pages show both.
_BOTH_LANGUAGES = "/admin/tenants/role/"
_WORD = re.compile(r"[A-Za-z]{4,}")


@pytest.fixture
def told_cast(address: str, settings: Any, tmp_path: Any) -> Cast:
    """The cast after a day at the bank, committed."""
    settings.MEDIA_ROOT = tmp_path
    cast = build_cast()
    tell_story(cast, at=now() - timedelta(seconds=5))
    return cast


def english_on(page: Any) -> set[str]:
    """English words that a reader sees; codes (with dots, underscores or digits) are no words."""
    text = page.locator("body").inner_text()
    # Symbols are words to the machine and pictures to people; what stands in a <pre> or <code> is for machines.
    machines = page.locator(".material-symbols-outlined, .material-icons, pre, code").all_inner_texts()
    # The longest first: a short one may be a part of it.
    for symbol in sorted(machines, key=len, reverse=True):
        text = text.replace(symbol, " ", 1)
    words = re.sub(r"[\w-]*[._:/@\d][\w.:/@-]*", " ", text)
    return {word for word in _WORD.findall(words) if word.lower() not in _NAMES}


def links(page: Any, selector: str) -> list[str]:
    found = page.eval_on_selector_all(selector, "all => all.map(a => a.getAttribute('href'))")
    return [link for link in dict.fromkeys(found) if link and link.startswith("/admin/")]


def test_every_page_of_every_role_opens_without_a_wrong(browser_page: Watched, told_cast: Cast) -> None:
    """Each page once, by the first role that is led to it; who may see what is asked without a browser."""
    page = browser_page.page
    english: dict[str, set[str]] = {}

    def visit(path: str) -> None:
        browser_page.open(path)
        english[path] = english_on(page)

    for role in ROLES:
        browser_page.enter_as(told_cast.play(role))
        visit("/admin/")
        for path in links(page, "#nav-sidebar-apps a"):
            if path in english:
                continue
            visit(path)
            below = [link for link in links(page, "#result_list th a") if link != path][:1]
            for link in below + links(page, "a[href$='/add/']")[:1]:
                visit(link)
    assert browser_page.wrongs == []
    left = [
        f"{path}: {sorted(words)}"
        for path, words in english.items()
        if words and not path.startswith(_BOTH_LANGUAGES)
    ]
    assert "\n".join(left) == ""
    assert len(english) > 30


def test_a_log_in_by_hand_and_the_switcher_by_keyboard(browser_page: Watched, told_cast: Cast) -> None:
    page = browser_page.page
    browser_page.open("/admin/")
    page.fill("#id_username", "north_reviewer")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".fh-path")
    assert page.locator(".fh-path strong").inner_text() == "北方省分行"
    page.keyboard.press("b")
    page.keyboard.type("zsl")
    page.wait_for_selector(".fh-found .fh-choice.is-marked")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.fh-path strong')?.innerText === '北城中山路支行'")
    page.wait_for_load_state()  # the path is painted before the keys are listened to
    page.keyboard.press("b")
    assert page.locator("[data-switcher-panel]").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("[data-switcher-panel]").is_visible()
    assert browser_page.wrongs == []


def test_after_a_log_out_the_back_button_shows_nothing(browser_page: Watched, told_cast: Cast) -> None:
    page = browser_page.page
    browser_page.enter_as(told_cast.play("ho_administrator"))
    browser_page.open("/admin/customers/customer/")
    assert page.locator("#result_list").count() == 1
    page.evaluate("document.querySelector('form[action$=\"/logout/\"]').submit()")
    page.wait_for_url(re.compile(r"/admin/(logout|login)/"))
    page.go_back()
    page.wait_for_selector("#id_username")
    assert page.locator("#result_list").count() == 0
    # The reader of the API keeps to its own, stricter policy.
    browser_page.open("/api/v1/docs/")
    page.locator(".opblock-summary-path").first.click()
    page.wait_for_selector(".opblock-body")
    assert browser_page.wrongs == []


def test_the_desk_fits_a_phone(browser_page: Watched, told_cast: Cast) -> None:
    browser_page.page.set_viewport_size({"width": 390, "height": 844})
    for role in ("nb_manager", "north_editor", "north_reviewer"):
        browser_page.enter_as(told_cast.play(role))
        browser_page.open("/admin/")
        width = browser_page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, role
    assert browser_page.wrongs == []
