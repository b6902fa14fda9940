"""The pages of emergency stops, and what other pages say of them."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.approvals.kinds import kinds
from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.services.verification import verify_published
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from content.models import Item, LiveItem
from tests.campaigns.approvals.test_schedule import changed
from tests.support.cast import Cast, Player, hired
from tests.support.content import approve, live_poster, submitted_item
from tests.support.rewards import live_batch


def logged_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args), follow=True)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_stopping_says_its_reach_first_and_two_people_lift_it(cast: Cast) -> None:
    item, _placement = live_poster(cast.north_editor, cast.north_reviewer, handed_down=True)
    batch = live_batch(cast)
    reviewer = logged_in(cast.north_reviewer)
    add = reverse("admin:approvals_stop_add")
    empty = page(reviewer, "approvals_stop_changelist")
    assert "目前没有停用" in empty and empty.count(add) == 1  # one button
    wanted = {"branch": cast.branch["N"].pk, "kind": "", "campaign": "", "reason": "利率有误"}
    first = reviewer.post(add, wanted)
    said = first.content.decode()
    assert "将停用 3 项线上内容，影响 3 家机构的客户" in said
    with cast.north_reviewer.scope():
        assert not Stop.objects.exists()
    sure = re.search(r'name="sure" value="([^"]+)"', said)
    assert sure is not None
    # What was said of other choices counts for nothing.
    again = reviewer.post(add, wanted | {"kind": "content.item", "sure": sure[1]})
    assert "将停用 1 项线上内容" in again.content.decode()
    assert reviewer.post(add, wanted | {"sure": sure[1]}).status_code == 302
    with cast.north_reviewer.scope():
        made = Stop.objects.get()
    assert "同样的范围已经停用" in reviewer.post(add, wanted | {"sure": sure[1]}).content.decode()
    # Everybody whose things it holds reads why, here and below.
    for player in (cast.north_reviewer, cast.nb_manager):
        home = page(logged_in(player), "index")
        assert "已被紧急停用" in home and "利率有误" in home and "全部内容" in home
    assert "利率有误" in page(logged_in(cast.north_editor), "content_item_change", item.pk)
    assert "利率有误" in page(logged_in(cast.north_rewards), "rewards_batch_change", batch.pk)
    below = page(logged_in(cast.nb_manager), "approvals_stop_changelist")
    assert "利率有误" in below and str(made.pk) not in below
    assert "利率有误" not in page(logged_in(cast.south_reviewer), "index")

    first_person = logged_in(hired(cast, "administrator", "HO"))
    second_person = logged_in(cast.ho_administrator)
    assert "申请恢复" in page(first_person, "approvals_stop_change", made.pk)
    first_person.post(reverse("admin:approvals_stop_ask", args=[made.pk]), {"words": "已更正"})
    assert "请另一人在本页确认" in page(first_person, "approvals_stop_change", made.pk)
    first_person.post(reverse("admin:approvals_stop_lift", args=[made.pk]))
    assert "申请恢复：“已更正”" in page(second_person, "approvals_stop_change", made.pk)
    second_person.post(reverse("admin:approvals_stop_lift", args=[made.pk]))
    with cast.north_reviewer.scope():
        assert Stop.objects.get().lifted_by_name == "ho_administrator"
    assert "已被紧急停用" not in page(reviewer, "index")


def test_the_review_page_says_when_it_goes_live_and_keeps_it_from_it(cast: Cast) -> None:
    approve(cast.north_reviewer, submitted_item(cast.north_editor))
    at = now()
    waiting = approve(
        cast.north_reviewer,
        changed(cast.north_editor, "明年见", shown_from=at.replace(year=at.year + 1)),
        at=at,
    )
    reviewer = logged_in(cast.north_reviewer)
    said = page(reviewer, "approvals_revision_change", waiting.pk)
    assert "已批准，待上线" in said and "取消上线" in said
    with cast.north_editor.scope():
        item = Item.objects.get()
    assert "已上线 · 已批准，" in page(logged_in(cast.north_editor), "content_item_changelist")
    here = reverse("admin:approvals_revision_change", args=[waiting.pk])
    reviewer.post(here, {"verdict": "cancel", "sha256": waiting.sha256, "comment": "推迟"})
    with cast.north_reviewer.scope():
        assert Revision.objects.get(pk=waiting.pk).state == "taken_down"
        assert LiveItem.objects.get().item_id == item.pk


def test_head_office_reads_how_the_comparison_went_and_nobody_below_does(cast: Cast) -> None:
    live_poster(cast.north_editor, cast.north_reviewer)
    verify_published(kinds=kinds(), open_scope=lambda: system_scope(at=now(), cause="test"), clock=now)
    assert "逐字节一致" in page(logged_in(cast.ho_administrator), "index")
    assert "逐字节一致" not in page(logged_in(hired(cast, "administrator", "N")), "index")
