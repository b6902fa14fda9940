"""The home page as one customer gets it: what the phone is answered, why, and what is left out; noted in the audit."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.customers.services.consents import set_personalisation
from content.models import Slot
from content.placement_terms import Whom
from content.services.placements import add_placement, submit_placement
from tests.support.cast import AT, Cast, Player
from tests.support.content import FROM, approve, live_poster

PAGE = "/admin/content/placement/home/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


def look(player: Player, **given: Any) -> dict[str, Any]:
    client = Client()
    client.force_login(player.login)
    answer = client.post(PAGE, given) if given else client.get(PAGE)
    assert answer.status_code == 200
    preview = answer.context["preview"]
    shown = (
        {name: [(p.live.title, p.why) for p in placed] for name, placed in preview.slots if placed}
        if preview
        else {}
    )
    return {
        "page": answer.content.decode(),
        "shown": shown,
        "left": [(live.title, why) for _slot, live, why in preview.left_out] if preview else [],
    }


def test_staff_see_the_home_page_of_a_customer_with_its_reasons(cast: Cast) -> None:
    item, _place = live_poster(cast.north_editor, cast.north_reviewer, "春节存款", handed_down=True)
    live_poster(cast.nb_editor, cast.north_reviewer, "本店活动", slot=Slot.HOME_POPUP, priority=2)
    live_poster(cast.nb_editor, cast.north_reviewer, "另一弹窗", slot=Slot.HOME_POPUP, priority=1)
    live_poster(cast.nb_editor, cast.north_reviewer, "明天才有", slot=Slot.HOME_GRID, shown_from=AT + DAY)
    with cast.north_editor.scope() as scope:
        place = add_placement(
            scope=scope,
            slot=Slot.HOME_BANNER,
            item_id=item.pk,
            shown_from=FROM,
            handed_down=True,
            whom=Whom(stages=["loyal"]),
        )
        revision = submit_placement(scope=scope, placement_id=place.pk)
    approve(cast.north_reviewer, revision)
    feed = {"首页：信息流": [("春节存款", "本行推荐")]}
    popup = {"首页：弹窗": [("本店活动", "您的开户网点推荐")]}
    full = "位置已满：其他内容优先级更高，或同一内容已在展示。"
    number, foreign = cast.customers["nb"].number, cast.customers["sb"].number

    # Anybody at a branch below, and at the own one.
    seen = look(cast.north_editor, branch=cast.branch["NB"].pk)
    assert seen["shown"] == popup | feed
    assert seen["left"] == [("另一弹窗", full), ("春节存款", "仅面向有指定标签或处于指定阶段的客户。")]
    assert 'name="number"' not in seen["page"]
    own = look(cast.north_editor)
    assert own["shown"] == {"首页：信息流": [("春节存款", "您的开户网点推荐")]}
    # What begins tomorrow is there tomorrow.
    tomorrow = look(cast.nb_editor, at="2026-11-23T10:30")
    assert tomorrow["shown"]["首页：宫格"] == [("明天才有", "您的开户网点推荐")]

    # One customer: as the phone is answered, with a line in the audit.
    with cast.nb_manager.scope():
        before = Entry.objects.count()
    mine = look(cast.nb_manager, number=number, branch="")
    assert mine["shown"] == popup | feed
    assert mine["left"] == [("另一弹窗", full), ("春节存款", "该客户不在指定的阶段。")]
    told = Client().get("/api/v1/home", headers=cast.customers["nb"].headers()).json()
    assert [c["title"] for c in told["feed"] + told["popup"]] == ["春节存款", "本店活动"]
    assert [c["reason"]["text"] for c in told["popup"]] == ["您的开户网点推荐"]
    assert number not in mine["page"].replace(f'value="{number}"', "")
    with cast.customers["nb"].scope() as scope:
        set_personalisation(scope=scope, is_on=False)
    assert look(cast.nb_manager, number=number)["left"][1][1].startswith("该客户关闭了个性化推荐")
    with cast.nb_manager.scope():
        lines = list(Entry.objects.filter(verb="content.home.preview").order_by("id"))
        assert len(lines) == 2 and Entry.objects.count() >= before + 2
        assert lines[0].subject == f"customers.customer:{cast.customers['nb'].customer.pk}"
        assert number not in str(lines[0].detail) + lines[0].subject_name

    # A foreign customer is an absent one; an editor has no right to look at any.
    refused = {
        look(cast.nb_manager, number=each)["page"].count("没有这个客户号") for each in (foreign, "nobody")
    }
    assert refused == {1}
    assert look(cast.nb_editor, number=number)["shown"] == popup | feed  # the field is not there: anybody's
    assert look(cast.nb_editor, branch=cast.branch["SB"].pk)["shown"] == {}
    with cast.nb_manager.scope():
        assert Entry.objects.filter(verb="content.home.preview").count() == 2
