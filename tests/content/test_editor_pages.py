"""What the editor's page asks while somebody types, and what is done with whole items from their list."""

from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.lib.clock import now
from content.models import Editing, Item, LiveItem
from tests.content.test_blocks import make_page, picture, text
from tests.support.cast import PASSWORD, Cast
from tests.support.content import live_poster, make_asset


def enter(client: Client, name: str) -> Client:
    client.logout()
    assert client.login(username=name, password=PASSWORD)
    return client


def typed(client: Client, item: Item) -> dict[str, Any]:
    """What the page would send as it stands."""
    form = client.get(reverse("admin:content_item_change", args=[item.pk])).context
    fields = form["adminform"].form
    sent = {name: field.value() or "" for name, field in ((f.name, f) for f in fields)}
    shown = fields["shown_from"].value()
    sent |= {"shown_from_0": f"{shown:%Y-%m-%d}", "shown_from_1": f"{shown:%H:%M:%S}", "kind": item.kind}
    sent["blocks_order"] = ",".join(each.key for each in form["block_forms"])
    for each in form["block_forms"]:
        sent[f"block-{each.key}-kind"] = each.kind.code
        sent |= {bound.html_name: bound.value() or "" for bound in each}
    return {
        name: value
        for name, value in sent.items()
        if name not in ("shown_from", "shown_until", "handed_down")
    }


def test_typing_is_saved_field_by_field_and_conflicts_are_named(cast: Cast, client: Client) -> None:
    with cast.north_editor.scope() as scope:
        asset = make_asset(scope)
        item = make_page(scope, [picture(asset.pk), text("<p>一</p>")])
    enter(client, "north_editor")
    save, hold = (reverse(f"admin:content_item_{act}", args=[item.pk]) for act in ("save", "hold"))
    page = client.get(reverse("admin:content_item_change", args=[item.pk])).content.decode()
    assert page.count('data-panel="block"') == 2 and "添加区块" in page and "data-choose" in page
    fragment = client.get(reverse("admin:content_item_block"), {"kind": "countdown", "key": "ab12"})
    assert 'name="block-ab12-until"' in fragment.content.decode()
    for wrong in ({"kind": "script", "key": "ab12"}, {"kind": "text", "key": '"><x'}):
        assert client.get(reverse("admin:content_item_block"), wrong).status_code in (302, 404)

    sent = typed(client, item)
    # The two blocks change places, a third comes; its link is wrong, and so is the title: the rest is saved.
    sent |= {
        "title": "",
        "summary": "新摘要",
        "blocks_order": "txt1,new1,pic1",
        "block-new1-kind": "picture",
        "block-new1-link": "javascript:x",
        "block-new1-caption": "新图",
    }
    told = client.post(save, sent).json()
    assert {each["place"] for each in told["wrong"]} == {"title", "block-new1-link"} and told["saved_at"]
    with cast.north_editor.scope():
        now = Item.objects.get()
        assert (now.title, now.summary) == ("春节专题", "新摘要")
        assert [(b["id"], b.get("caption"), b.get("link")) for b in now.blocks] == [
            ("txt1", None, None), ("new1", "新图", ""), ("pic1", "山上", ""),
        ]  # fmt: skip
        assert Editing.objects.get().person_name == "north_editor"
    # A page that was opened before that is told, and may save over it knowingly.
    stale = client.post(save, sent | {"title": "旧页", "seen_at": sent["seen_at"]})
    assert stale.status_code == 409 and stale.json()["code"] == "content.edited_meanwhile"
    again = client.post(save, sent | {"title": "仍用我的", "seen_at": stale.json()["seen_at"]})
    assert again.status_code == 200
    window = client.post(save, sent | {"seen_at": again.json()["seen_at"], "shown_until_0": "2020-01-01",
                                       "shown_until_1": "00:00:00"})  # fmt: skip
    assert (window.status_code, window.json()["said"]) == (422, "展示的结束时间必须晚于开始时间。")

    enter(client, "ho_editor")
    assert client.post(hold).json()["code"] == "content.item.is_being_edited"
    assert client.post(save, sent).status_code == 409
    assert client.post(hold, {"act": "take_over"}).status_code == 422
    assert client.post(hold, {"act": "take_over", "words": "急改"}).json() == {"held": True}
    assert client.post(hold, {"act": "leave"}).json() == {"held": False}
    enter(client, "south_editor")
    assert client.post(save, sent).status_code == client.post(hold).status_code != 200
    enter(client, "north_reviewer")
    assert client.post(save, sent).status_code == 403
    with cast.north_editor.scope():
        assert Item.objects.get().title == "仍用我的"


def test_what_is_missing_leads_to_its_field_and_the_phone_looks_from_a_branch_and_a_moment(
    cast: Cast, client: Client
) -> None:
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [{"id": "pic1", "kind": "picture"}, text("<p>保本</p>")])
    enter(client, "north_editor")
    found = client.get(reverse("admin:content_item_findings", args=[item.pk])).content.decode()
    assert 'data-stops="1"' in found and 'data-jump="block-pic1-picture"' in found
    preview = reverse("admin:content_item_saved_preview", args=[item.pk])
    asked = {
        "": "ph-item",
        "?for_branch=NB": "北城中山路支行的客户看不到：这份内容没有下发给下级机构。",
        "?at=2020-01-01T00:00": "该时刻尚未展示",
    }
    for query, words in asked.items():
        assert words in client.get(preview + query).content.decode()
    # Another branch of the bank is not among those one may look from.
    assert "ph-hidden" not in client.get(f"{preview}?for_branch=SB").content.decode()
    client.post(reverse("admin:content_item_submit", args=[item.pk]))
    with cast.north_editor.scope():
        assert not Revision.objects.exists()


def test_acts_on_many_ask_why_and_are_done_item_by_item(cast: Cast, client: Client) -> None:
    live, _placement = live_poster(cast.nb_editor, cast.north_reviewer)
    with cast.nb_editor.scope() as scope:
        draft = make_page(scope, [], title="草稿")
    address = reverse("admin:content_item_changelist")

    def act(name: str, action: str) -> str:
        """Choose both, read why it asks, say why; what is said then."""
        enter(client, name)
        chosen = {"action": action, "_selected_action": [str(live.pk), str(draft.pk)]}
        asked = client.post(address, chosen).content.decode()
        assert "春节存款" in asked and "草稿" in asked and 'name="reason"' in asked
        return client.post(address, chosen | {"reason": "利率已变"}, follow=True).content.decode()

    # What is live is taken from customers by whoever may; an editor ends what nobody sees.
    done = act("north_editor", "end_chosen")
    assert "已让 1 条内容到期。" in done and "春节存款: " in done
    with cast.nb_editor.scope(at=now()) as scope:
        assert LiveItem.objects.count() == 1
        assert Item.objects.get(pk=draft.pk).shown_until <= scope.at
    done = act("north_reviewer", "take_down_chosen")
    assert "已下线 1 条内容。" in done and "草稿: " in done
    with cast.nb_editor.scope():
        assert not LiveItem.objects.exists()


def test_a_copy_opens_in_the_editor(cast: Cast, client: Client) -> None:
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [text("<p>一</p>")])
    enter(client, "north_editor")
    answer = client.post(reverse("admin:content_item_copy", args=[item.pk]))
    with cast.north_editor.scope():
        copy = Item.objects.exclude(pk=item.pk).get()
    assert answer["Location"] == reverse("admin:content_item_change", args=[copy.pk])
    assert copy.blocks == item.blocks and copy.title == "春节专题（副本）"
