"""Customers of a branch see its content and what is handed down to it, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotFound
from content.delivery.pages import PAGES
from content.models import Item, LiveItem, LivePlacement, Slot
from content.selectors import content_for
from content.services.items import take_down_item
from tests.support.cast import AT, Cast
from tests.support.content import FROM, live_poster
from tests.support.home import home_feed
from tests.support.rewards import TERMS, live_batch


def titles(cards: list[Any]) -> list[str]:
    return [card.live.title for card in cards]


@pytest.fixture
def posters(cast: Cast) -> dict[str, Item]:
    """North's own, head office's for all, head office's for itself, South's for all below it."""
    return {
        "north": live_poster(cast.north_editor, cast.north_reviewer, "北方", handed_down=True, priority=5)[0],
        "nb": live_poster(cast.nb_editor, cast.north_reviewer, "中山路")[0],
        "ho": live_poster(cast.ho_editor, cast.ho_reviewer, "总行", slot=Slot.HOME_BANNER, handed_down=True)[
            0
        ],
        "ho_own": live_poster(cast.ho_editor, cast.ho_reviewer, "总行自用")[0],
        "south": live_poster(cast.south_editor, cast.south_reviewer, "南方", handed_down=True)[0],
    }


def test_a_customer_sees_the_own_branch_and_what_is_handed_down(cast: Cast, posters: dict[str, Item]) -> None:
    with cast.customers["nb"].scope() as scope:
        home = home_feed(scope=scope)
        assert home.branch.code == "NB"
        assert titles(home.banner) == ["总行"]
        assert titles(home.feed) == ["北方", "中山路"]
    with cast.customers["sb"].scope() as scope:
        home = home_feed(scope=scope)
        assert (titles(home.banner), titles(home.feed)) == (["总行"], ["南方"])


def test_the_database_alone_shows_a_customer_nothing_more(cast: Cast, posters: dict[str, Item]) -> None:
    with cast.customers["nb"].scope():
        assert {row.title for row in LiveItem.objects.all()} == {"北方", "中山路", "总行"}
        assert LivePlacement.objects.count() == 3
    with cast.customers["sb"].scope(at=FROM - timedelta(seconds=1)):
        assert not LiveItem.objects.exists()


def test_one_piece_of_content_is_not_found_for_another_branchs_customer(
    cast: Cast, posters: dict[str, Item]
) -> None:
    with cast.customers["sb"].scope() as scope:
        assert content_for(scope=scope, content_id=posters["ho"].pk).live.title == "总行"
        for foreign in ("north", "nb", "ho_own"):
            with pytest.raises(NotFound):
                content_for(scope=scope, content_id=posters[foreign].pk)


def test_what_is_not_yet_or_no_longer_shown_is_left_out(cast: Cast) -> None:
    live_poster(cast.nb_editor, cast.north_reviewer, "到今晚", shown_until=AT + timedelta(hours=9))
    live_poster(cast.nb_editor, cast.north_reviewer, "明天", shown_from=AT + timedelta(days=1))
    customer = cast.customers["nb"]
    for at, expected in [
        (AT, ["到今晚"]),
        (AT + timedelta(hours=9), []),
        (AT + timedelta(days=1), ["明天"]),
    ]:
        with customer.scope(at=at) as scope:
            assert titles(home_feed(scope=scope).feed) == expected


def test_a_placement_shows_nothing_once_its_item_is_taken_down(cast: Cast) -> None:
    item, _placement = live_poster(cast.nb_editor, cast.north_reviewer)
    with cast.north_reviewer.scope() as scope:
        take_down_item(scope=scope, item_id=item.pk, reason="利率已变")
    with cast.customers["nb"].scope() as scope:
        assert home_feed(scope=scope).feed == []
        with pytest.raises(NotFound):
            content_for(scope=scope, content_id=item.pk)


def test_a_page_costs_two_queries_the_first_time_and_none_again(
    cast: Cast, posters: dict[str, Item], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = live_batch(cast, shares={"NB": 10})
    live_poster(cast.nb_editor, cast.north_reviewer, "有券", batch_id=batch.pk)

    def asked(who: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/v1/home", headers=cast.customers[who].headers()).status_code == 200
        return len([each for each in queries if "SAVEPOINT" not in each["sql"]])

    assert asked("nb") >= 2
    # As in production: what changed is asked by a thread, and not by the request.
    monkeypatch.setattr(PAGES.feed, "demand", lambda: None)
    monkeypatch.setattr(PAGES, "_ask_left", lambda branches: None)
    assert asked("nb") == 0
    # Opening the customer's scope is outside this count.
    assert asked("nb2") == 1
    assert asked("sb") == 1
    assert asked("sb") == 0


def test_the_home_page_over_http(cast: Cast, client: Client, posters: dict[str, Item]) -> None:
    headers = cast.customers["nb"].headers()
    answer = client.get("/api/v1/home", headers=headers)
    assert answer.status_code == 200
    home = answer.json()
    assert home["branch"] == {"code": "NB", "name": "北城中山路支行"}
    [banner] = home["banner"]
    assert (banner["id"], banner["title"], banner["coupon"]) == (str(posters["ho"].pk), "总行", None)
    assert banner["picture"]["colour"] == "#c82828" and banner["picture"]["alt"] == "山上的朝霞"
    assert banner["reason"] == {"code": "handed_down", "text": "本行推荐", "text_en": "From your bank"}
    assert set(banner["picture"]["urls"]) == {
        "original", "thumb", "banner", "poster", "desk", "share", "fallback",
    }  # fmt: skip
    again = client.get("/api/v1/home", headers=headers | {"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/v1/home").status_code == 401


def test_content_over_http_comes_as_nodes(cast: Cast, client: Client, posters: dict[str, Item]) -> None:
    headers = cast.customers["nb"].headers()
    answer = client.get(f"/api/v1/contents/{posters['nb'].pk}", headers=headers)
    assert answer.status_code == 200
    [paragraph] = answer.json()["body"]
    assert (paragraph["name"], paragraph["children"][1]["name"]) == ("p", "strong")
    foreign = client.get(f"/api/v1/contents/{posters['south'].pk}", headers=headers)
    absent = client.get(f"/api/v1/contents/{cast.north_editor.person.pk}", headers=headers)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json() | {"instance": ""} == absent.json() | {"instance": ""}
    assert client.get("/api/v1/home?branch=S", headers=headers).status_code == 400


def test_a_branch_below_may_not_change_what_is_handed_down(cast: Cast, posters: dict[str, Item]) -> None:
    with cast.nb_editor.scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE content_liveitem SET title = 'x' WHERE title = '总行'")
        assert cursor.rowcount == 0
        assert LiveItem.objects.get(title="总行").shown_until == FOREVER


def test_a_poster_carries_its_coupon_while_that_can_be_claimed(cast: Cast, client: Client) -> None:
    batch = live_batch(cast, shares={"NB": 10})
    item, _placement = live_poster(cast.nb_editor, cast.north_reviewer, batch_id=batch.pk)
    headers = cast.customers["nb"].headers()
    [card] = client.get("/api/v1/home", headers=headers).json()["feed"]
    assert card["coupon"] == {
        "batch_id": str(batch.pk),
        "sentence": "满100减20，领取后7天内有效",
        "sentence_en": "¥20 off orders from ¥100, valid for 7 days after claiming",
        "left": 10,
    }
    assert client.get(f"/api/v1/contents/{item.pk}", headers=headers).json()["coupon"] == card["coupon"]
    with cast.customers["nb"].scope(at=TERMS.claim_until + timedelta(days=1)) as scope:
        assert content_for(scope=scope, content_id=item.pk).coupon is None
