"""The page of rights: who sees it, and that it says what the file says."""

from typing import Any

import pytest
from django.test import Client

from config.desk.rights import OPENS, REFUSED, WRITES, mark
from config.rights.cells import Cell, read, written
from tests.support.cast import Cast, Player


def asked_by(player: Player, query: str = "") -> Any:
    client = Client()
    client.force_login(player.login)
    return client.get(f"/admin/rights/{query}")


def shown(page: Any) -> dict[str, dict[str, str]]:
    """address -> role -> marks."""
    return {
        what.address: {cell.party.code: cell.marks for cell in cells}
        for room in page.context["rooms"]
        for what, cells in room["rows"]
    }


def test_an_auditor_reads_who_may_do_what(cast: Cast) -> None:
    page = asked_by(cast.ho_auditor)
    table = shown(page)
    # own, below, above, beside
    assert table["admin:content_item_change"]["editor"] == "✎✎––"
    assert table["admin:content_item_change"]["reviewer"] == "✓✓––"
    assert table["admin:content_item_change"]["clerk"] == "––––"
    assert table["admin:rights"]["auditor"] == "✓"
    assert table["api:wallet-coupon"]["customer"] == "✓––"
    body = page.content.decode()
    assert 'title="本机构: 打开 200, 提交 302 转到列表 已写入; ' in body
    assert "自动补全" in body and "autocomplete offers only what lies within" in body


def test_one_role_or_one_room_by_plain_links(cast: Cast) -> None:
    table = shown(asked_by(cast.ho_administrator, "?role=editor&room=content"))
    assert table and all(address.startswith("admin:content_") for address in table)
    assert {role for row in table.values() for role in row} == {"editor"}
    assert shown(asked_by(cast.ho_administrator, "?role=nobody&room=nowhere")) == shown(
        asked_by(cast.ho_administrator)
    )


@pytest.mark.parametrize("who", ["north_editor", "nb_manager", "nb_clerk"])
def test_others_neither_see_it_nor_a_way_to_it(cast: Cast, who: str) -> None:
    page = asked_by(cast.play(who))
    assert page.status_code == 403
    client = Client()
    client.force_login(cast.play(who).login)
    assert b"/admin/rights/" not in client.get("/admin/").content


def test_a_mark_says_the_most_that_was_answered() -> None:
    assert mark({"get": "200", "post": "302 list wrote"}) == WRITES
    assert mark({"get": "200", "post": "403"}) == OPENS
    assert mark({"get": "403", "post": "302 home"}) == REFUSED


def test_what_is_written_is_read_again() -> None:
    cells = {
        Cell("admin:thing_change", place, method, party): f"{len(place)} {method}"
        for place in ("own", "child", "parent")
        for method in ("get", "post")
        for party in ("editor", "clerk")
    } | {Cell("admin:index", "", "get", party): "200" for party in ("editor", "clerk")}
    text = written(cells, ("editor", "clerk"))
    assert read(text) == cells
    assert text.splitlines()[1] == "admin:index,get,,200,200"
