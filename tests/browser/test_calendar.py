"""The calendar by mouse and by keyboard: a drag is saved or goes back with the reason, a card sets date and time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from campaigns.approvals.models import Revision
from campaigns.lib.clock import now
from content.models import Item, Placement, Slot
from content.services.items import submit_item
from content.services.placements import add_placement
from tests.browser.conftest import Watched
from tests.support.cast import Cast, build_cast
from tests.support.content import make_item

PAGE = "/admin/planning/campaign/calendar/"
DAY = timedelta(days=1)


@pytest.fixture
def planned(address: str, settings: Any, tmp_path: Any) -> tuple[Cast, datetime]:
    """In the week after next: a draft at nine, one in review, and a placement that runs for two days."""
    settings.MEDIA_ROOT = tmp_path
    cast = build_cast()
    today = now().astimezone(UTC).date()
    # A Tuesday of a week that one page of the calendar shows whole, at nine in Shanghai.
    tuesday = datetime.combine(today - timedelta(days=today.weekday()) + timedelta(days=15), time(1), UTC)
    with cast.north_editor.scope(at=now()) as scope:
        item = make_item(scope, "双十二", shown_from=tuesday, shown_until=tuesday + 90 * DAY)
        add_placement(
            scope=scope,
            slot=Slot.HOME_FEED,
            item_id=item.pk,
            shown_from=tuesday,
            shown_until=tuesday + 2 * DAY,
        )
        waits = make_item(scope, "年终奖", shown_from=tuesday + DAY)
        submit_item(scope=scope, item_id=waits.pk)
    return cast, tuesday


def test_a_week_is_planned_by_mouse_and_by_keyboard(
    browser_page: Watched, planned: tuple[Cast, datetime]
) -> None:
    cast, tuesday = planned
    page = browser_page.page
    browser_page.enter_as(cast.north_editor)
    browser_page.open(f"{PAGE}?view=week&date={tuesday:%Y-%m-%d}")

    def box(title: str, part: str = "from") -> Any:
        return page.locator(f"[data-part={part}]", has_text=title)

    def drag(what: Any, to: Any, dy: float = 0) -> None:
        """From the middle of one to below the middle of another, in steps, as a hand does."""
        one, two = what.bounding_box(), to.bounding_box()
        x, y = one["x"] + one["width"] / 2, one["y"] + one["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 12, y, steps=3)
        page.mouse.move(two["x"] + two["width"] / 2, y + dy, steps=8)
        page.mouse.up()

    def day(moment: datetime) -> Any:
        return page.locator(f".fc-timegrid-col[data-date='{moment:%Y-%m-%d}']")

    def moments(model: Any, **which: Any) -> Any:
        with cast.north_editor.scope(at=now()):
            return model.objects.values_list("shown_from", "shown_until").get(**which)

    # A draft is dropped two days later: it keeps its hour.
    box("双十二").wait_for()
    drag(box("双十二"), day(tuesday + 2 * DAY))
    page.wait_for_selector("[data-said]:has-text('已改期')")
    assert moments(Item, title="双十二") == (tuesday + 2 * DAY, tuesday + 90 * DAY)

    # A bar goes as a whole.
    with page.expect_response(lambda answer: answer.url.endswith("/move/")):
        drag(box("双十二", "window"), day(tuesday + 3 * DAY))
    page.wait_for_load_state("networkidle")
    first, until = moments(Placement)
    assert until - first == 2 * DAY and first > tuesday

    # What is in review asks first; left alone, it is back where it was.
    drag(box("年终奖"), day(tuesday + 3 * DAY))
    page.wait_for_selector("[data-ask][open]:has-text('结束这次审核')")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-ask]:not([open])", state="attached")
    assert moments(Item, title="年终奖")[0] == tuesday + DAY
    with cast.north_editor.scope(at=now()):
        assert Revision.objects.get().is_open

    # Refused by the service: the box goes back, and the reason stands there.
    with cast.north_editor.scope(at=now()) as scope:
        Item.objects.within(scope).filter(title="双十二").update(shown_until=tuesday + 2 * DAY + DAY / 2)
    drag(box("双十二"), day(tuesday + 4 * DAY))
    page.wait_for_selector("[data-said].is-bad:has-text('结束时间必须晚于开始时间')")
    assert moments(Item, title="双十二")[0] == tuesday + 2 * DAY

    # By keyboard alone: a box is reached and opened, its hour set, and the focus is back.
    box("双十二").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card][open] input[name=from]:focus")
    assert page.inner_text("[data-card] h2") == "双十二"
    page.fill("[data-card] input[name=from]", f"{tuesday + 2 * DAY:%Y-%m-%d}T14:30")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card]:not([open])", state="attached")
    page.wait_for_selector("[data-said]:not(.is-bad):has-text('已改期')")
    assert moments(Item, title="双十二")[0] == tuesday + 2 * DAY + timedelta(hours=5, minutes=30)
    page.wait_for_selector("[data-part=from]:focus:has-text('双十二')")
    # In the card a refusal stands beside what was typed.
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card][open] input[name=until]")
    page.fill("[data-card] input[name=until]", "2026-01-01T00:00")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card] [data-refused]:has-text('结束时间必须晚于开始时间')")
    page.keyboard.press("Escape")

    # On a phone the calendar is an agenda, in which a bar stands once.
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_selector(".fc-listMonth-view")
    page.wait_for_function(
        "[...document.querySelectorAll('.fc-list-event')].filter(e => e.dataset.part === 'window').length === 1"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The service's refusals are answers of their own, which a browser notes.
    assert [wrong for wrong in browser_page.wrongs if "422" not in wrong] == []
