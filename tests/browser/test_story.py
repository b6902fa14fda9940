"""The whole story: an editor makes a poster with a coupon, a reviewer approves it by keyboard, a customer of one
branch sees and claims it, a clerk redeems it, the branch's manager sees the figures; the other branch sees nothing.

Staff work in a real browser, customers and clerk over HTTP; the customers are those of the bank's real file where
it lies beside the project, and else of a small file of the same form.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from playwright.sync_api import Page

from campaigns.customers.bank_marketing import COLUMNS
from campaigns.customers.models import Customer
from campaigns.lib.clock import now
from config.demo import pictures
from tests.browser.conftest import Watched
from tests.support.cast import PASSWORD, build_cast
from tests.support.rewards import assert_rewards_agree, live_batch
from tests.support.wechat import wechat_server

REAL_FILE = Path(django_settings.BASE_DIR).parent / "shared" / "data" / "bank_marketing" / "bank-full.csv"
HEADER = ";".join(COLUMNS)
LINE = (
    '{age};"technician";"single";"secondary";"no";29;"yes";"no";"unknown";5;"may";151;1;-1;0;"unknown";"no"'
)


@pytest.fixture
def customer_file(tmp_path: Path) -> tuple[Path, int]:
    """A file of the bank's customers and how many it holds."""
    if REAL_FILE.exists():
        return REAL_FILE, 45_211
    made = tmp_path / "bank-full.csv"
    made.write_text("\n".join([HEADER, *(LINE.format(age=20 + n % 60) for n in range(300))]) + "\n")
    return made, 300


@pytest.fixture
def wechat(settings: Any) -> Iterator[None]:
    with wechat_server(app="wx-test", secret="s3cret") as server:
        settings.WECHAT_BASE_URL = server.url
        settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET = "wx-test", "s3cret"
        yield


Connect = Callable[[], httpx.Client]


@pytest.fixture
def connect(address: str) -> Iterator[Connect]:
    """Makes clients of the API, and closes them."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(httpx.Client(base_url=f"{address}/api/v1", timeout=30))


class Desk:
    """A member of staff at the admin, in a browser."""

    def __init__(self, watched: Watched) -> None:
        self.watched, self.page = watched, watched.page

    def log_in(self, name: str) -> Page:
        self.page.context.clear_cookies()
        self.watched.open("/admin/login/")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)
        return self.page

    def upload(self, name: str, content: bytes) -> None:
        self.watched.open("/admin/content/asset/")
        self.page.set_input_files(
            "input[name=files]", files=[{"name": name, "mimeType": "image/png", "buffer": content}]
        )
        self.page.click(".ct-wall a")  # beside the wall
        self.page.click("[data-panel] a.ct-main")
        self.page.fill("#id_alt", "晨光里的层层山丘")
        self.page.click("[name=_save]")
        self.page.wait_for_selector(".ct-wall img")

    def set_window(self) -> None:
        """Shown from now on: both parts of the moment, as typed."""
        self.page.fill("#id_shown_from_0", "2026-11-01")
        self.page.fill("#id_shown_from_1", "08:00:00")

    def save_and_submit(self) -> None:
        self.page.click("[name=_continue]")
        self.page.wait_for_selector("[data-submit-draft] button")
        self.page.click("[data-submit-draft] button")
        self.page.wait_for_selector("text=审核中")

    def approve_all(self, count: int) -> None:
        """By keyboard alone: the first one is opened from the queue, after each decision the next one opens."""
        self.watched.open("/admin/approvals/revision/")
        self.page.click("#result_list tbody th a")
        for _ in range(count):
            self.page.wait_for_selector("[data-review] [data-key=a]")
            self.page.wait_for_load_state("load")  # the script that hears the key is deferred
            with self.page.expect_navigation():
                self.page.keyboard.press("a")
        self.page.wait_for_selector("text=待审核")


class Phone:
    """A customer at the mini-program."""

    def __init__(self, http: httpx.Client, code: str) -> None:
        self.http = http
        answer = self.http.post("/auth/wechat", json={"code": code})
        assert answer.status_code == 200, answer.text
        self.branch = answer.json()["customer"]["branch"]["code"]
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def a_customer_of(connect: Connect, branch: str) -> Phone:
    """The first customer of the file who belongs to this branch."""
    for row in range(1, 200):
        phone = Phone(connect(), f"demo-bank-full-{row}")
        if phone.branch == branch:
            return phone
    raise AssertionError(f"none of the first customers belongs to {branch}")


def test_from_poster_to_redemption(
    browser_page: Watched,
    address: str,
    connect: Connect,
    wechat: None,
    customer_file: tuple[Path, int],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    cast = build_cast()
    path, expected = customer_file
    said = io.StringIO()
    call_command("import_customers", str(path), refused=tmp_path / "refused.csv", stdout=said)
    with cast.ho_administrator.scope(at=now()):
        assert Customer.objects.filter(source="bank-full").count() == expected
    at = now()
    batch = live_batch(
        cast,
        shares={"NB": 3},
        at=at - timedelta(minutes=5),
        title="满减券",
        claim_from=at - timedelta(hours=1),
        claim_until=at + timedelta(days=2),
    )

    desk = Desk(browser_page)
    page = desk.log_in("nb_editor")
    desk.upload("hills.png", pictures.spring((900, 600)))
    browser_page.open("/admin/content/item/add/")
    page.fill("#id_title", "中山路支行迎新礼")
    page.fill("#id_summary", "到店领好礼")
    page.click("[data-choose]")
    page.click("dialog [data-pick]")
    page.click("[data-code=body]")
    page.locator(".ProseMirror:visible").click()
    page.keyboard.type("本周六起，到店即送。")
    page.click("[data-code=coupon]")
    page.select_option("#id_batch_id", str(batch.pk))
    page.click("[data-code=when]")
    desk.set_window()
    desk.save_and_submit()
    browser_page.open("/admin/content/placement/add/")
    page.select_option("#id_slot", "home.feed")
    page.click("#id_item + .select2 .select2-selection")
    page.keyboard.type("中山路")
    page.click(".select2-results__option:has-text('中山路支行迎新礼')")
    desk.set_window()
    desk.save_and_submit()

    north = a_customer_of(connect, "NB")
    south = a_customer_of(connect, "SB")
    assert north.get("/home")["feed"] == []  # nothing before the second pair of eyes

    desk.log_in("north_reviewer")
    desk.approve_all(2)

    seen = north.get("/home")["feed"]
    assert [one["title"] for one in seen] == ["中山路支行迎新礼"]
    assert seen[0]["coupon"]["sentence"] == "满100减20，领取后7天内有效"
    assert north.get(f"/contents/{seen[0]['id']}")["title"] == "中山路支行迎新礼"
    picture = httpx.get(address + seen[0]["picture"]["urls"]["thumb"])
    assert picture.status_code == 200 and picture.headers["content-type"] == "image/webp"

    assert south.get("/home")["feed"] == []
    assert south.http.get(f"/contents/{seen[0]['id']}").status_code == 404

    claim = north.http.post(
        f"/batches/{batch.pk}/claims", json={}, headers={"Idempotency-Key": "story-claim-0001"}
    )
    assert claim.status_code == 201, claim.text
    again = north.http.post(
        f"/batches/{batch.pk}/claims", json={}, headers={"Idempotency-Key": "story-claim-0001"}
    )
    assert again.content == claim.content
    coupon = claim.json()["id"]
    assert south.http.get(f"/me/coupons/{coupon}").status_code == 404
    token = north.http.post(f"/me/coupons/{coupon}/redeem-token", json={}).json()["token"]

    clerk = connect()
    access = clerk.post("/staff/auth/token", json={"username": "nb_clerk", "password": PASSWORD}).json()[
        "access"
    ]
    clerk.headers["Authorization"] = f"Bearer {access}"
    redeemed = clerk.post(
        "/staff/redemptions", json={"token": token}, headers={"Idempotency-Key": "story-redeem-01"}
    )
    assert redeemed.status_code == 201, redeemed.text
    twice = clerk.post(
        "/staff/redemptions", json={"token": token}, headers={"Idempotency-Key": "story-redeem-02"}
    )
    assert twice.status_code == 409

    page = desk.log_in("nb_manager")
    browser_page.open("/admin/")
    assert "¥20.00" in page.locator("body").inner_text()
    assert "中山路支行迎新礼" in page.locator("body").inner_text()

    page = desk.log_in("south_editor")
    for path in ("/admin/", "/admin/content/item/", "/admin/content/asset/", "/admin/rewards/batch/"):
        browser_page.open(path)
        assert "中山路支行迎新礼" not in page.content()
        assert "满减券" not in page.content()
    with cast.ho_administrator.scope(at=now()):
        assert_rewards_agree()
    assert browser_page.wrongs == []
