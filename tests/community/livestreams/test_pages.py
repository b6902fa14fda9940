"""The pages: a livestream typed into the form, its desk before, during and after, on the calendar and on a page."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from campaigns.lib.clock import now
from campaigns.planning.calendar.layers import Asked, Fill, Part
from campaigns.planning.calendar.layers import IsOver as CannotMove
from campaigns.tenants.doors import ASSIGNMENT_KEY
from community.livestreams.block import LIVESTREAM
from community.livestreams.calendar_layer import LAYER
from community.livestreams.models import Comment, Livestream, Showing
from community.livestreams.services import showings
from community.livestreams.services.viewers import say_on_livestream
from community.livestreams.services.watching import Beat, watch_livestream
from content.sights import CustomerSight
from tests.support.cast import Cast, Player
from tests.support.livestreams import channel_of, draft_livestream, drop_of, live_livestream, operator
from tests.support.rewards import live_batch

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


def desk_of(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    session = client.session
    session[ASSIGNMENT_KEY] = str(player.assignment.pk)
    session.save()
    return client


def typed(cast: Cast, player: Player, begins: datetime, **more: Any) -> dict[str, Any]:
    """The form's fields as a browser sends them, moments on the branch's clock."""
    local = begins.astimezone(ZONE)
    ends = local + timedelta(hours=1)
    return {
        "title": "养老金怎么领", "theme": "个人养老金", "series": "", "channel": str(channel_of(player).pk),
        "planned_from_0": f"{local:%Y-%m-%d}", "planned_from_1": f"{local:%H:%M}",
        "planned_until_0": f"{ends:%Y-%m-%d}", "planned_until_1": f"{ends:%H:%M}",
        "announce_from_0": "", "announce_from_1": "", "replay_days": "30", "draw": "", "handed_down": "on",
        "hosts-1-id": "", "hosts-1-person": str(player.person.pk), "hosts-1-name": "", "hosts-1-title": "行长",
        "hosts-1-role": "", "hosts-2-id": "", "hosts-2-person": "", "hosts-2-name": "方教授", "hosts-2-title": "",
        "hosts-2-role": "guest", "run_sheet-1-id": "", "run_sheet-1-minute": "0", "run_sheet-1-minutes": "10",
        "run_sheet-1-heading": "开场", "run_sheet-1-script": "大家好", "run_sheet-2-id": "",
        "run_sheet-2-minute": "", "run_sheet-2-minutes": "", "run_sheet-2-heading": "", "run_sheet-2-script": "",
        **more,
    }  # fmt: skip


def test_the_form_keeps_what_is_typed_and_says_what_is_missing(cast: Cast) -> None:
    north = operator(cast)
    client = desk_of(north)
    begins = (now() + timedelta(days=2)).replace(second=0, microsecond=0)
    batch = live_batch(cast, by_release=True)
    add = "/admin/community/livestream/add/"
    refused = client.post(add, typed(cast, north, begins, **{"run_sheet-1-minute": "70"}))
    assert refused.status_code == 200
    assert "流程单每一项" in refused.content.decode()
    drop = {"drops-1-id": "", "drops-1-batch": str(batch.pk), "drops-1-minute": "", "drops-1-minutes": "5",
            "drops-1-words": "手慢无"}  # fmt: skip
    quiz = {"quiz-1-id": "", "quiz-1-question": "几位？", "quiz-1-options": "一\n二", "quiz-1-right": "2"}
    made = client.post(add, typed(cast, north, begins, **drop, **quiz))
    assert made.status_code == 302, made.context["errors"]
    with north.scope():
        draft = Livestream.objects.get()
    assert [host["name"] for host in draft.hosts] == [north.person.name, "方教授"]
    assert draft.planned_from == begins and len(draft.run_sheet) == 1
    assert (draft.drops[0]["minute"], draft.drops[0]["minutes"], draft.quiz[0]["right"]) == (None, 5, 1)
    page = client.get(f"/admin/community/livestream/{draft.pk}/change/").content.decode()
    assert 'data-ls-jump="asset"' in page and "手慢无" in page
    # The same once more keeps the ids of its rows: a release of a drop goes by them.
    again = typed(cast, north, begins, **drop, **quiz) | {
        "drops-1-id": draft.drops[0]["id"], "hosts-1-id": draft.hosts[0]["id"], "quiz-1-id": draft.quiz[0]["id"],
    }  # fmt: skip
    assert client.post(f"/admin/community/livestream/{draft.pk}/change/", again).status_code == 302
    with north.scope():
        assert Livestream.objects.get().drops == draft.drops
    looks = desk_of(cast.ho_auditor)
    assert looks.get(f"/admin/community/livestream/{draft.pk}/change/").status_code == 200
    assert looks.post(f"/admin/community/livestream/{draft.pk}/submit/").status_code == 302
    assert desk_of(cast.nb_clerk).get("/admin/community/livestream/").status_code == 403
    foreign = desk_of(operator(cast, "SB")).get(f"/admin/community/livestream/{draft.pk}/change/")
    assert foreign.status_code == 302
    for place in ("channel", "liveseries"):
        assert client.get(f"/admin/community/{place}/").status_code == 200
    named = client.post(
        "/admin/community/channel/add/", {"name": "视频号", "platform": "channels", "account": "x"}
    )
    assert "平台账号" in named.content.decode()
    kept = {"title": "周三直播", "channel": str(channel_of(north).pk), "weekdays": ["3"], "is_open": "on"}
    assert client.post("/admin/community/liveseries/add/", kept).status_code == 302
    assert "还没有" not in client.get("/admin/community/liveseries/").content.decode()


def test_the_desk_before_during_and_after(cast: Cast) -> None:
    north, at = operator(cast), now()
    client, below = desk_of(north), desk_of(cast.nb_manager)
    batch = live_batch(cast, by_release=True)
    by_hand = drop_of(batch.pk, minute=None)
    stream = live_livestream(
        cast, north, cast.north_reviewer, begins=at + timedelta(minutes=5), at=at, drops=[by_hand]
    )
    desk = f"/admin/community/livestream/{stream.pk}"
    before = client.get(f"{desk}/desk/").content.decode()
    assert "距开播" in before
    assert "开场" in before and f"{desk}/begin/" in before
    # A branch below looks, and does not run it; one beside does not even see it.
    seen = below.get(f"{desk}/desk/").content.decode()
    assert (
        f"{desk}/begin/" not in seen
        and "上级下发" in below.get("/admin/community/livestream/").content.decode()
    )
    assert desk_of(operator(cast, "SB")).get(f"{desk}/desk/").status_code == 404
    assert client.post(f"{desk}/begin/").status_code == 302
    watch_livestream(beat=Beat(cast.customers["nb"].customer.pk, stream.pk, now(), 5, 0))
    with cast.customers["nb"].scope(at=now()) as scope:
        said = say_on_livestream(scope=scope, livestream_id=stream.pk, text="讲得好")
    during = client.get(f"{desk}/desk/").content.decode()
    assert "讲得好" in during and "立即放券" in during and "data-ls-since" in during
    client.post(f"{desk}/drops/{by_hand.id}/")
    assert "开抢中" in client.get(f"{desk}/desk/now/").content.decode()
    twice = client.post(f"{desk}/drops/{by_hand.id}/")
    assert ["已经开始" in str(each) for each in get_messages(twice.wsgi_request)][-1]
    client.post(f"{desk}/comments/{said.id}/", {"fit": "0"})
    with north.scope():
        assert Comment.objects.get().state == "hidden"
    # Who only decides may hide, and not run; who only looks may neither.
    refused = desk_of(cast.north_reviewer).post(f"{desk}/end/")
    assert refused.status_code == 302
    with north.scope():
        assert Showing.objects.get().state == "live"
    client.post(f"{desk}/end/")
    after = client.get(f"{desk}/desk/").content.decode()
    assert "互动率" in after and "上周同一天没有直播" in after and cast.branch["NB"].name in after
    assert client.post(f"{desk}/replay/", {"url": ""}).status_code == 302
    assert "提交审核" not in client.get(f"{desk}/change/").content.decode()


def test_it_stands_on_the_calendar_and_on_a_page(cast: Cast) -> None:
    north, at = operator(cast), now()
    begins = (at + timedelta(days=1)).replace(hour=4, minute=0, second=0, microsecond=0)
    stream = live_livestream(cast, north, cast.north_reviewer, begins=begins, at=at)
    other = draft_livestream(cast, north, begins=begins + timedelta(minutes=30), at=at, title="撞档期")
    day = begins.astimezone(ZONE).date()
    asked = _asked(day)
    with north.scope(at=at) as scope:
        found = {each.key: each for each in LAYER.entries(scope, asked).entries}
        assert (found[stream.pk].fill, found[other.pk].fill) == (Fill.SET, Fill.DRAFT)
        assert LAYER.marks is not None and LAYER.move is not None
        assert {mark.code for mark in LAYER.marks(scope, asked)} == {"livestream_clash"}
        assert LAYER.card(scope, stream.pk).page.endswith("/desk/")
        LAYER.move(scope, other.pk, {Part.FROM: begins + timedelta(hours=2)})
        moved = Livestream.objects.get(pk=other.pk)
        assert moved.planned_until - moved.planned_from == timedelta(hours=1)
        assert LAYER.marks(scope, asked) == []
    with operator(cast, "SB").scope(at=at) as scope:
        assert LAYER.entries(scope, asked).entries == []
    with cast.ho_auditor.scope(at=at) as scope:
        assert found[stream.pk].moves and not LAYER.entries(scope, asked).entries[0].moves
    [part, _words] = LIVESTREAM.parts
    with north.scope(at=at) as scope:
        assert dict(part.choices(scope) or [])[str(stream.pk)] == stream.title
        assert part.read(scope, str(stream.pk), "") == str(stream.pk)
    assert _shown(cast, "nb", part, stream.pk, at)["title"] == stream.title
    assert _shown(cast, "sb", part, stream.pk, at) is None
    with north.scope(at=at) as scope:
        showings.cancel_livestream(scope=scope, livestream_id=stream.pk, reason="主播生病")
    assert _shown(cast, "nb", part, stream.pk, at) is None
    with north.scope(at=begins + timedelta(hours=2)) as scope, pytest.raises(CannotMove):
        Showing.objects.filter(pk=stream.pk).update(state="planned")
        showings.start_livestream(scope=scope, livestream_id=stream.pk)
        LAYER.move(scope, stream.pk, {Part.FROM: begins})


def _shown(cast: Cast, who: str, part: Any, key: UUID, at: datetime) -> Any:
    with cast.customers[who].scope(at=at) as scope:
        sight = CustomerSight(scope, None, {})  # type: ignore[arg-type]
        return part.shows(sight, str(key))


def _asked(day: date) -> Asked:
    edges = [datetime(day.year, day.month, day.day, tzinfo=ZONE)]
    return Asked(days=[day], edges=[*edges, edges[0] + timedelta(days=1)], zone=ZONE, most=50)
