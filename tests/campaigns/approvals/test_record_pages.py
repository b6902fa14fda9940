"""The pages of the record, as a browser asks for them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.models import Revision
from campaigns.audit.models import Entry
from content.models import Item
from content.services.items import change_item, submit_item
from tests.support.cast import AT, Cast, Player
from tests.support.content import FROM, approve, make_asset, submitted_item

PAGE = "/admin/approvals/revision/"


def comes_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def body(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


@pytest.fixture
def two(cast: Cast) -> list[Revision]:
    """One that is live, and a second one in review with other words, another picture and another window."""
    first = submitted_item(cast.north_editor, body="<p>三年期。</p><p>到网点办理。</p>")
    approve(cast.north_reviewer, first)
    return [first, edited(cast, 1)]


def edited(cast: Cast, nth: int) -> Revision:
    with cast.north_editor.scope(at=AT + timedelta(hours=nth)) as scope:
        item = Item.objects.get()
        change_item(
            scope=scope,
            item_id=item.pk,
            title="春节存款",
            summary=f"改{nth}",
            body="<p>三年期。</p><p>扫码即可。</p>",
            asset_id=make_asset(scope, "晚霞", (9, 9, 9)).pk,
            campaign_id=None,
            batch_id=None,
            shown_from=FROM,
            shown_until=AT.replace(year=2030),
            handed_down=False,
        )
        return submit_item(scope=scope, item_id=item.pk)


def test_all_revisions_with_who_decided_and_two_of_them_compared(cast: Cast, two: list[Revision]) -> None:
    client = comes_in(cast.north_editor)
    page = body(client.get(f"{PAGE}{two[1].pk}/versions/"))
    assert page.index("第2版</a>") < page.index("第1版</a>")
    assert "<strong>north_reviewer</strong> 已批准" in page and "恢复为草稿" in page
    assert "审核凭证" not in page  # an editor may not take it
    answer = client.get(f"{PAGE}{two[1].pk}/versions/", {"old": two[0].pk, "new": two[1].pk})
    assert answer.headers["Location"] == f"{PAGE}{two[0].pk}/against/{two[1].pk}/"
    shown = body(client.get(answer.headers["Location"]))
    assert "第1版与第2版对比" in shown
    assert "三年期。" in shown and "<del>到网点办理。</del>" in shown and "<ins>扫码即可。</ins>" in shown
    assert "<del>不限</del><ins>2030年" in shown
    assert shown.count('alt="修改前"') == shown.count('alt="修改后"') == 1  # pictures side by side
    assert shown.count("/phone/new/") == 2
    backwards = body(client.get(f"{PAGE}{two[1].pk}/against/{two[0].pk}/"))
    assert "<ins>到网点办理。</ins>" in backwards and "<del>扫码即可。</del>" in backwards
    same = client.get(f"{PAGE}{two[1].pk}/versions/", {"old": two[0].pk, "new": two[0].pk})
    assert "请选择两个不同的版本" in body(same)
    assert "两版对客户显示的内容相同" in body(client.get(f"{PAGE}{two[0].pk}/against/{two[0].pk}/"))


def test_only_two_of_one_thing_and_of_the_own_branches_are_compared(cast: Cast, two: list[Revision]) -> None:
    other = submitted_item(cast.north_editor, title="另一个")
    foreign = submitted_item(cast.south_editor)
    client = comes_in(cast.north_reviewer)
    for one, another in ((two[0], other), (two[0], foreign), (foreign, two[0])):
        assert client.get(f"{PAGE}{one.pk}/against/{another.pk}/").headers["Location"] == "/admin/"
    assert client.get(f"{PAGE}{foreign.pk}/versions/").headers["Location"] == "/admin/"


def test_restoring_leads_to_the_draft_and_a_refusal_says_why(cast: Cast, two: list[Revision]) -> None:
    client = comes_in(cast.north_editor)
    address = f"{PAGE}{two[0].pk}/restore/"
    assert client.get(address).status_code == 405
    answer = client.post(address)
    assert answer.headers["Location"].startswith("/admin/content/item/")
    assert "草稿已恢复为第1版的内容" in body(client.get(answer.headers["Location"]))
    with cast.north_editor.scope():
        assert Item.objects.get().summary == "三年期利率上浮"
        assert Revision.objects.get(pk=two[1].pk).state == "superseded"
    reviewer = comes_in(cast.north_reviewer)
    refused = reviewer.post(address)
    assert refused.headers["Location"] == f"{PAGE}{two[0].pk}/versions/"
    page = body(reviewer.get(refused.headers["Location"]))
    assert "您在当前岗位上不能执行" in page and "恢复为草稿" not in page


def test_the_sheet_is_a_file_and_taking_it_a_deed(cast: Cast, two: list[Revision]) -> None:
    client = comes_in(cast.north_reviewer)
    assert "审核凭证" in body(client.get(f"{PAGE}{two[0].pk}/versions/"))
    address = f"{PAGE}{two[0].pk}/evidence/"
    assert client.get(address).status_code == 405
    kinds = {"pdf": ("application/pdf", b"%PDF-"), "json": ("application/json", b"{")}
    for form, (content_type, starts) in kinds.items():
        answer = client.post(address, {"form": form})
        assert answer.headers["Content-Type"] == content_type and answer.content.startswith(starts)
        assert answer.headers["Content-Disposition"].endswith(f'.{form}"')
    number = json.loads(answer.content)["sheet"]["number"]
    with cast.ho_auditor.scope():
        entries = Entry.objects.filter(verb="approvals.revision.evidence")
        assert {(e.detail["sheet"], e.detail["form"]) for e in entries} == {(number, "pdf"), (number, "json")}
    assert comes_in(cast.north_editor).post(address).headers["Location"] == "/admin/"
    with cast.ho_auditor.scope():
        assert entries.count() == 2


def test_the_page_asks_as_much_however_many_revisions_there_are(cast: Cast, two: list[Revision]) -> None:
    client = comes_in(cast.north_reviewer)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            body(client.get(f"{PAGE}{two[0].pk}/versions/"))
        return len([q for q in queries if "SAVEPOINT" not in q["sql"]])

    asked()
    few = asked()
    for nth in range(2, 6):
        edited(cast, nth)
    assert asked() == few
