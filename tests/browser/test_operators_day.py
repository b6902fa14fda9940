"""An operator's day: a livestream with two drops, reviewed, live, claimed at the minute, over and looked back on; a
plan of thirty days in fifty groups, its posts confirmed by their owner, and a customer who checks in and gets points.
In a real browser, on committed rows; customers ask the API. Each step is also tried by who may not.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine
from django.test import Client

from campaigns.jobs.services.due import run_due
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system, system_scope
from community.groups.models import Group
from community.livestreams.models import Livestream
from community.plans.models import Plan, Post
from tests.browser.conftest import Watched
from tests.support.cast import Cast, Player, build_cast, hired
from tests.support.checkins import group_of as group_with
from tests.support.checkins import live_programme
from tests.support.compliance import list_in_force
from tests.support.content import make_asset
from tests.support.jobs import run
from tests.support.livestreams import channel_of, operator
from tests.support.plans import group_of, swept
from tests.support.rewards import live_batch

MINUTE = timedelta(minutes=1)
GROUPS = 50


@pytest.fixture
def bank(committed: None) -> Cast:
    made = build_cast()
    list_in_force(made)
    return made


class Day:
    """One browser and who sits before it, and customers with their phones."""

    def __init__(self, watched: Watched, cast: Cast) -> None:
        self.watched, self.page, self.cast = watched, watched.page, cast

    def sit_down(self, player: Player) -> None:
        self.page.goto("about:blank")
        self.watched.enter_as(player)

    def moment(self, field: str, at: datetime) -> None:
        local = at + timedelta(hours=8)
        self.page.fill(f"#id_{field}_0", f"{local:%Y-%m-%d}")
        self.page.fill(f"#id_{field}_1", f"{local:%H:%M:%S}")

    def submit(self) -> None:
        """The button of the page's head, below which the form says what it is."""
        with self.page.expect_navigation():
            self.page.click("form[action$='/submit/'] button")

    def approve(self, title: str) -> None:
        self.sit_down(self.cast.north_reviewer)
        self.watched.open("/admin/approvals/revision/")
        self.page.click(f"#result_list tbody th a:has-text('{title}')")
        self.page.wait_for_selector("[data-review] [data-key=a]")
        self.page.wait_for_load_state("load")
        for box in self.page.query_selector_all("[data-review] input[name=acknowledged]"):
            box.check()
        with self.page.expect_navigation():
            self.page.keyboard.press("a")

    def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self.cast.customers[who].headers() | {
            "Idempotency-Key": f"{who}-{path[-8:]}-{now():%H%M%S%f}"
        }
        return httpx.request(
            method, f"{self.watched.address}/api/v1{path}", headers=headers, timeout=30, **more
        )


def refused(player: Player, method: str, path: str, **body: str) -> bool:
    """Does this page of the desk turn this person away, and keep silent about what there is?"""
    client = Client()
    client.force_login(player.login)
    answer = getattr(client, method)(path, body, follow=True)
    # An absent thing leads home, as Django's admin has it.
    return answer.status_code in {403, 404} or answer.request["PATH_INFO"] == "/admin/"


def test_an_operators_day(browser_page: Watched, address: str, bank: Cast) -> None:
    tomorrow = now().replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )  # ten in the morning
    day = Day(browser_page, bank)
    host, stranger = operator(bank), operator(bank, "S")
    with time_machine.travel(tomorrow):
        planned, by_hand = (
            live_batch(bank, title=title, by_release=True, shares={"NB": 5}, at=now())
            for title in ("开场满减券", "答谢券")
        )
        channel = channel_of(host)
        with hired(bank, "editor", "N", "picture_editor").scope(at=now()) as scope:
            cover = make_asset(scope)
        livestream = hold_livestream(day, host, stranger, planned.pk, by_hand.pk, channel.pk, cover.pk)
    look_back(day, host, stranger, livestream)
    with time_machine.travel(tomorrow + timedelta(hours=4)):
        run_plan(day, host, stranger)
    assert browser_page.wrongs == []


def hold_livestream(
    day: Day, host: Player, stranger: Player, planned: UUID, by_hand: UUID, channel: UUID, cover: UUID
) -> UUID:
    """Planned, reviewed, announced, live; both drops claimed, and over."""
    page, bank, begins = day.page, day.cast, now() + timedelta(hours=1)
    assert refused(bank.nb_clerk, "get", "/admin/community/livestream/add/")
    day.sit_down(host)
    day.watched.open("/admin/community/livestream/add/")
    page.fill("#id_title", "行长直播间：年终奖")
    page.select_option("#id_channel", str(channel))
    page.select_option("#id_asset", str(cover))
    day.moment("planned_from", begins)
    day.moment("planned_until", begins + timedelta(hours=1))
    page.check("#id_handed_down")
    page.fill("[name=hosts-1-name]", "王行长")
    page.fill("[name=run_sheet-1-heading]", "开场")
    page.fill("[name=run_sheet-1-minutes]", "30")
    page.fill("[name=run_sheet-1-script]", "各位客户大家好，欢迎来到行长直播间。")
    for row, batch, minute in ((1, planned, "10"), (2, by_hand, "")):
        page.select_option(f"[name=drops-{row}-batch]", str(batch))
        page.fill(f"[name=drops-{row}-minute]", minute)
        page.fill(f"[name=drops-{row}-minutes]", "15")
    page.click("[name=_continue]")
    page.wait_for_selector("form[action$='/submit/'] button")
    with host.scope(at=now()):
        stream = Livestream.objects.get()
    here = f"/admin/community/livestream/{stream.pk}"
    assert refused(stranger, "post", f"{here}/submit/") and refused(bank.nb_clerk, "post", f"{here}/submit/")
    day.submit()
    assert "审核中" in page.locator(".rw-state").inner_text()
    assert day.ask("nb", "GET", f"/livestreams/{stream.pk}").status_code == 404
    day.approve("年终奖")
    run_due(scope=system(at=now(), cause="test"), clock=now)
    [coming] = day.ask("nb", "GET", "/livestreams").json()["items"]
    assert (coming["id"], coming["title"]) == (str(stream.pk), "行长直播间：年终奖")
    assert day.ask("sb", "GET", "/livestreams").json()["items"] == []
    assert day.ask("sb", "GET", f"/livestreams/{stream.pk}").status_code == 404
    assert day.ask("nb", "POST", f"/livestreams/{stream.pk}/reminders", json={}).status_code == 201

    with time_machine.travel(begins):
        for player in (stranger, bank.nb_clerk):
            assert refused(player, "post", f"{here}/begin/")
        day.sit_down(host)
        day.watched.open(f"{here}/desk/")
        with page.expect_navigation():
            page.click("form[action$='/begin/'] button")
        began = now()
    with time_machine.travel(began + 10 * MINUTE - timedelta(seconds=5)):
        early = day.ask("nb", "POST", f"/batches/{planned}/claims", json={})
        assert early.status_code == 409, early.text
    with time_machine.travel(began + 10 * MINUTE + timedelta(seconds=1)):
        assert day.ask("nb", "POST", f"/batches/{planned}/claims", json={}).status_code == 201
        assert day.ask("sb", "POST", f"/batches/{planned}/claims", json={}).status_code == 404
        beat = {"seconds": 15, "position": 600}
        assert day.ask("nb2", "POST", f"/livestreams/{stream.pk}/watch", json=beat).status_code == 200
        day.watched.open(f"{here}/desk/")
        with page.expect_navigation():
            page.click("form[action*='/drops/'] button")
        assert day.ask("nb2", "POST", f"/batches/{by_hand}/claims", json={}).status_code == 201
        said = day.ask("nb2", "POST", f"/livestreams/{stream.pk}/comments", json={"text": "讲得真清楚"})
        assert said.status_code == 201, said.text
        page.wait_for_selector("text=讲得真清楚")
    with time_machine.travel(began + 30 * MINUTE):
        assert refused(stranger, "post", f"{here}/end/")
        page.once("dialog", lambda asked: asked.accept())
        day.sit_down(host)  # half an hour without a word is the end of a session
        day.watched.open(f"{here}/desk/")
        with page.expect_navigation():
            page.click("form[action$='/end/'] button")
        # What was not claimed while it was on is claimed no more.
        assert day.ask("nb2", "POST", f"/batches/{planned}/claims", json={}).status_code == 409
    return stream.pk


def look_back(day: Day, host: Player, stranger: Player, livestream: UUID) -> None:
    """The time line of what it brought."""
    here = f"/admin/community/livestream/{livestream}/desk/"
    with time_machine.travel(now() + timedelta(days=1, hours=3)):
        assert refused(stranger, "get", here)
        day.sit_down(host)
        day.watched.open(here)
        shown = day.page.locator("main, #content").first.inner_text()
        for words in ("开播", "放券“开场满减券”", "放券“答谢券”", "1 条评论", "结束", "互动率"):
            assert words in shown, (words, shown)


def run_plan(day: Day, host: Player, stranger: Player) -> None:
    """Thirty days in fifty groups: reviewed, applied, confirmed by the owner, and a customer who checks in."""
    page, bank = day.page, day.cast
    groups = [group_of(bank, name=f"理财 {n} 群") for n in range(GROUPS - 1)]
    groups.append(group_with(bank, "nb", name="攒钱打卡群"))
    with system_scope(at=now(), cause="test"):
        Group.objects.update(owner=bank.nb_clerk.person)
    assert refused(bank.nb_clerk, "get", "/admin/community/plan/add/")
    day.sit_down(host)
    day.watched.open("/admin/community/plan/add/")
    page.fill("#id_title", "三十天开户计划")
    page.fill("#id_days", "30")
    page.locator("[data-days] .cp-day").first.locator("header button").click()
    page.fill("[data-part=title]", "开群问好")
    page.fill("[data-part=at]", "15:00")
    page.fill("[data-part=text]", "{群名称}的朋友下午好，记得打卡。")
    page.check("[data-part=asks_check_in]")
    assert "的朋友下午好" in page.locator("[data-phone]").inner_text()
    page.check("#id_handed_down")
    page.click("[name=_continue]")
    page.wait_for_selector("form[action$='/submit/'] button")
    with host.scope(at=now()):
        plan = Plan.objects.get()
    here = f"/admin/community/plan/{plan.pk}"
    assert refused(stranger, "post", f"{here}/submit/") and refused(bank.nb_clerk, "post", f"{here}/submit/")
    day.submit()
    day.approve("三十天开户计划")
    assert refused(bank.sb_manager, "get", f"{here}/apply/")
    day.sit_down(host)
    day.watched.open(f"{here}/apply/")
    assert f"{GROUPS} 个社群符合条件" in page.locator(".cp-many").inner_text()
    page.check("[name=counts][value=day]")
    with page.expect_navigation():
        page.click("button.rw-main[type=submit]")
    while run(now()):
        pass
    at = now() + timedelta(hours=1)
    assert swept(at) == GROUPS
    with time_machine.travel(at):
        with bank.nb_clerk.scope(at=now()):
            due = list(Post.objects.filter(state="due").order_by("pk"))
        assert len(due) == GROUPS
        confirm = f"/admin/community/post/tasks/{due[0].pk}/confirm/"
        assert refused(bank.sb_clerk, "post", confirm) and refused(bank.nb_editor, "post", confirm)
        day.sit_down(bank.nb_clerk)
        day.watched.open("/admin/community/post/tasks/")
        # As on the phone: one tap each.
        for left in range(GROUPS, GROUPS - 5, -1):
            assert page.locator("[data-task]").count() == left
            page.locator("[data-task] [data-done]").first.click()
            page.wait_for_function(f"document.querySelectorAll('[data-task]').length === {left - 1}")
        clerk = Client()
        clerk.force_login(bank.nb_clerk.login)
        with bank.nb_clerk.scope(at=now()):
            rest = list(Post.objects.filter(state="due").values_list("pk", flat=True))
        assert {
            clerk.post(f"/admin/community/post/tasks/{key}/confirm/").json()["state"] for key in rest
        } == {"sent"}
        club = groups[-1]
        [post] = day.ask("nb", "GET", f"/groups/{club.pk}/posts").json()["items"]
        assert post["text"] == "攒钱打卡群的朋友下午好，记得打卡。"
        check_in(day, club)


def check_in(day: Day, club: Group) -> None:
    """A member checks in once and gets points; nobody else learns of the group."""
    today = (now() + timedelta(hours=8)).date()
    live_programme(
        day.cast, at=now(), first_day=today - timedelta(days=1), last_day=today + timedelta(days=20), points=5
    )
    address = f"/groups/{club.pk}/check-ins"
    assert day.ask("nb2", "POST", address, json={}).status_code == 404
    done = day.ask("nb", "POST", address, json={})
    assert done.status_code == 201, done.text
    assert day.ask("nb", "POST", address, json={}).status_code == 409
    assert day.ask("nb", "GET", "/me/points").json()["usable"] == 5
