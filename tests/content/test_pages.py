"""The editor's and the reviewer's pages, through the browser's requests."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Decision, Revision
from content.models import Asset, Item, LiveItem, Placement, Slot
from tests.support.cast import PASSWORD, Cast
from tests.support.content import approve, make_asset, make_item, png, submitted_item


@pytest.fixture
def sign_in(client: Client) -> Any:
    def enter(name: str) -> Client:
        client.logout()
        assert client.login(username=name, password=PASSWORD)
        return client

    return enter


def fields(**more: Any) -> dict[str, Any]:
    return {
        "title": "春节存款",
        "summary": "三年期",
        "body": "<p>到网点<script>alert(1)</script></p>",
        "shown_from_0": "2026-11-22",
        "shown_from_1": "00:00:00",
        "shown_until_0": "",
        "shown_until_1": "",
        **more,
    }


def test_an_editor_makes_submits_and_a_reviewer_approves(cast: Cast, sign_in: Any) -> None:
    client = sign_in("north_editor")
    client.post(reverse("admin:content_asset_upload"), {"files": [SimpleUploadedFile("朝霞.png", png())]})
    with cast.north_editor.scope():
        asset = Asset.objects.get()
        asset.alt = "朝霞"
        asset.save()
    answer = client.post(reverse("admin:content_item_add"), fields(asset=asset.pk, _continue="1"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with cast.north_editor.scope():
        item = Item.objects.get()
        assert (item.title, item.body, item.author_name) == ("春节存款", "<p>到网点</p>", "north_editor")
    page = client.get(answer["Location"])
    assert "提交审核" in page.content.decode()
    client.post(reverse("admin:content_item_submit", args=[item.pk]))
    with cast.north_editor.scope():
        revision = Revision.objects.get()

    client = sign_in("north_reviewer")
    queue = client.get(reverse("admin:approvals_revision_changelist"))
    assert "春节存款" in queue.content.decode() and "从第一条开始审核" in queue.content.decode()
    url = reverse("admin:approvals_revision_change", args=[revision.pk])
    page = client.get(url).content.decode()
    assert "三年期" in page and "批准" in page
    phone = client.get(reverse("admin:approvals_revision_phone", args=[revision.pk, "new"]))
    assert "到网点" in phone.content.decode() and phone["X-Frame-Options"] == "SAMEORIGIN"
    decided = client.post(url, {"verdict": "approve", "sha256": revision.sha256, "comment": ""}, follow=True)
    assert "已批准“春节存款”" in decided.content.decode() and "队列已清空" in decided.content.decode()
    with cast.north_reviewer.scope():
        assert LiveItem.objects.get().title == "春节存款"

    again = client.post(url, {"verdict": "approve", "sha256": revision.sha256}, follow=True)
    assert "审核已经结束（已批准）" in again.content.decode()
    with cast.north_reviewer.scope():
        assert Decision.objects.count() == 1


def test_after_a_decision_the_next_one_opens_and_a_stale_page_decides_nothing(
    cast: Cast, sign_in: Any
) -> None:
    first = submitted_item(cast.north_editor, title="一")
    second = submitted_item(cast.north_editor, title="二")
    client = sign_in("north_reviewer")
    url = reverse("admin:approvals_revision_change", args=[first.pk])
    stale = client.post(url, {"verdict": "approve", "sha256": "0" * 64}, follow=True)
    assert "不一致" in stale.content.decode()
    silent = client.post(url, {"verdict": "reject", "sha256": first.sha256, "comment": " "}, follow=True)
    assert "请写明原因" in silent.content.decode()
    with cast.north_reviewer.scope():
        assert not Decision.objects.exists()
    sent = client.post(url, {"verdict": "send_back", "sha256": first.sha256, "comment": "改日期"})
    assert sent["Location"] == reverse("admin:approvals_revision_change", args=[second.pk])


def test_the_review_page_shows_old_beside_new(cast: Cast, sign_in: Any) -> None:
    from content.services.items import change_item, submit_item

    approve(cast.north_reviewer, submitted_item(cast.north_editor, title="春节存款"))
    with cast.north_editor.scope() as scope:
        item = Item.objects.get()
        change_item(
            scope=scope, item_id=item.pk, title="元宵存款", summary=item.summary, body=item.body,
            asset_id=item.asset_id, campaign_id=None, batch_id=None, shown_from=item.shown_from,
            shown_until=item.shown_until, handed_down=False,
        )  # fmt: skip
        revision = submit_item(scope=scope, item_id=item.pk)
    client = sign_in("ho_reviewer")
    page = client.get(reverse("admin:approvals_revision_change", args=[revision.pk])).content.decode()
    assert "<del>春节</del><ins>元宵</ins>存款" in page
    live = client.get(reverse("admin:approvals_revision_phone", args=[revision.pk, "live"])).content.decode()
    assert "春节存款" in live and "元宵存款" not in live


def test_a_refused_form_keeps_what_was_typed_and_saves_nothing(cast: Cast, sign_in: Any) -> None:
    client = sign_in("north_editor")
    answer = client.post(
        reverse("admin:content_item_add"), fields(shown_until_0="2026-11-01", shown_until_1="00:00:00")
    )
    page = answer.content.decode()
    assert answer.status_code == 200 and "结束时间必须晚于开始时间" in page and "春节存款" in page
    with cast.north_editor.scope():
        assert not Item.objects.exists()


def test_the_preview_draws_what_is_typed_and_saves_nothing(cast: Cast, sign_in: Any) -> None:
    with cast.north_editor.scope() as scope:
        asset = make_asset(scope)
    client = sign_in("north_editor")
    typed = {
        "title": "在写",
        "body": "<p>字<script>x</script></p>",
        "asset": asset.pk,
        "batch_id": "nonsense",
    }
    page = client.post(reverse("admin:content_item_preview"), typed).content.decode()
    assert "在写" in page and "<p>字</p>" in page and "/admin/content/asset/media/" in page
    with cast.north_editor.scope():
        assert not Item.objects.exists()
    client = sign_in("south_editor")
    assert (
        "/admin/content/asset/media/"
        not in client.post(reverse("admin:content_item_preview"), typed).content.decode()
    )


def test_a_placement_is_made_and_submitted_by_its_page(cast: Cast, sign_in: Any) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
    client = sign_in("north_editor")
    window = {"shown_from_0": "2026-11-22", "shown_from_1": "00:00:00"}
    answer = client.post(
        reverse("admin:content_placement_add"),
        {"slot": Slot.HOME_BANNER, "item": item.pk, "priority": "3", "handed_down": "on", **window},
    )
    assert answer.status_code == 302
    with cast.north_editor.scope():
        placement = Placement.objects.get()
        assert (placement.priority, placement.handed_down) == (3, True)
    chosen = {"action": "submit_chosen", "_selected_action": [placement.pk]}
    client.post(reverse("admin:content_placement_changelist"), chosen)
    with cast.north_editor.scope():
        assert Revision.objects.get().kind == "content.placement"


@pytest.mark.parametrize("name", ["north_editor", "north_reviewer", "ho_auditor", "south_editor"])
def test_every_page_opens_for_those_who_may_look_and_not_for_others(
    cast: Cast, sign_in: Any, name: str
) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_editor.scope():
        item, asset = Item.objects.get(), Asset.objects.get()
    client = sign_in(name)
    own = name != "south_editor"
    for page in ("content_asset", "content_item", "content_placement", "approvals_revision"):
        assert client.get(reverse(f"admin:{page}_changelist")).status_code == 200, page
    for page, key in [
        ("content_asset_change", asset.pk),
        ("content_item_change", item.pk),
        ("approvals_revision_change", revision.pk),
    ]:
        assert client.get(reverse(f"admin:{page}", args=[key])).status_code == (200 if own else 302), page
    assert client.get(reverse("admin:content_item_saved_preview", args=[item.pk])).status_code in (
        (200,) if own else (302, 404)
    )


def test_somebody_without_the_right_meets_no_page(cast: Cast, sign_in: Any) -> None:
    client = sign_in("nb_clerk")
    for page in ("content_asset", "content_item", "content_placement", "approvals_revision"):
        assert client.get(reverse(f"admin:{page}_changelist")).status_code == 403, page
    assert client.post(reverse("admin:content_asset_upload")).status_code == 403
