"""Word lists and findings through the browser's requests."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Acknowledgement, Finding, LiveWordList, Revision, WordList
from content.models import LiveItem
from tests.support.cast import PASSWORD, Cast
from tests.support.compliance import LIST, list_in_force
from tests.support.content import make_item, submitted_item

LISTS = reverse("admin:approvals_wordlist_changelist")


@pytest.fixture
def sign_in(client: Client) -> Any:
    def enter(name: str) -> Client:
        client.logout()
        assert client.login(username=name, password=PASSWORD)
        return client

    return enter


def test_a_list_is_begun_tried_submitted_and_put_in_force_by_two(cast: Cast, sign_in: Any) -> None:
    client = sign_in("ho_administrator")
    assert "从广告宣传常用禁用词开始" in client.get(LISTS).content.decode()
    new = client.get(reverse("admin:approvals_wordlist_add")).content.decode()
    assert "零风险 | 掩盖风险" in new and "试一段文字" in new
    answer = client.post(
        reverse("admin:approvals_wordlist_add"), {"title": "广告用语", "text": LIST, "_continue": "1"}
    )
    with cast.ho_administrator.scope():
        draft = WordList.objects.get()
        assert (draft.title, draft.author_name) == ("广告用语", "ho_administrator")
    assert "尚未生效" in client.get(answer["Location"]).content.decode()
    assert client.post(reverse("admin:approvals_wordlist_add"), {"title": " ", "text": ""}).status_code == 200
    with cast.ho_administrator.scope():
        assert WordList.objects.count() == 1
    submitted = client.post(reverse("admin:approvals_wordlist_submit", args=[draft.pk]), follow=True)
    assert "已提交审核" in submitted.content.decode()
    assert "审核中" in submitted.content.decode()
    with cast.ho_administrator.scope():
        revision = Revision.objects.get()

    client = sign_in("ho_reviewer")
    url = reverse("admin:approvals_revision_change", args=[revision.pk])
    page = client.get(url).content.decode()
    assert "承诺收益 · 禁止 · 不得承诺保本" in page and "必须写明：理财" in page
    phone = client.get(reverse("admin:approvals_revision_phone", args=[revision.pk, "new"])).content.decode()
    assert "广告用语" in phone
    client.post(url, {"verdict": "approve", "sha256": revision.sha256})
    with cast.ho_reviewer.scope():
        assert LiveWordList.objects.get().document["hosts"] == ["bank.cn"]
    assert "生效中" in client.get(LISTS).content.decode()


def test_a_text_is_tried_on_the_list_as_it_is_typed(cast: Cast, sign_in: Any) -> None:
    client = sign_in("north_reviewer")
    tried = reverse("admin:approvals_wordlist_try")
    said = client.post(
        tried, {"text": LIST + "\n坏行", "sample": "<b>保 本</b>，确保本行最佳"}
    ).content.decode()
    assert '<mark class="ap-block">保 本</mark>' in said and "&lt;b&gt;" in said
    assert '<mark class="ap-warn">最佳</mark>' in said and "第7行" in said
    assert "没有命中" in client.post(tried, {"text": LIST, "sample": "零存整取"}).content.decode()
    assert client.post(tried, {"sample": "长" * 20_001}).status_code == 400
    assert client.get(tried).status_code == 400
    assert sign_in("nb_clerk").post(tried, {"sample": "x"}).status_code == 403


def test_a_refused_draft_is_led_from_each_finding_to_its_field(cast: Cast, sign_in: Any) -> None:
    list_in_force(cast)
    with cast.north_editor.scope() as scope:
        item = make_item(scope, "<保本>", body="<p>最佳</p>", product_class="wealth")
    client = sign_in("north_editor")
    page = client.post(reverse("admin:content_item_submit", args=[item.pk]), follow=True).content.decode()
    assert '<a href="#id_title" data-jump="title" data-words="保本">标题“保本”：' in page
    assert '<a href="#id_body" data-jump="body" data-words="">“理财”类内容必须写明' in page
    assert page.count("data-jump=") == 2  # a warning does not stop anybody
    with cast.north_editor.scope():
        assert not Revision.objects.filter(kind="content.item").exists()


def test_a_reviewer_lets_findings_stand_one_by_one(cast: Cast, sign_in: Any) -> None:
    list_in_force(cast)
    revision = submitted_item(cast.north_editor, summary="最佳与最 佳")
    with cast.north_reviewer.scope():
        first, second = Finding.objects.order_by("id")
    client = sign_in("north_reviewer")
    url = reverse("admin:approvals_revision_change", args=[revision.pk])
    page = client.get(url).content.decode()
    assert page.count('name="acknowledged"') == 2 and "<mark>最 佳</mark>" in page

    def approve(*ids: object) -> str:
        answer = client.post(
            url, {"verdict": "approve", "sha256": revision.sha256, "acknowledged": ids}, follow=True
        )
        return answer.content.decode()

    assert "还有2条合规提示没有确认" in approve()
    assert "还有1条合规提示没有确认" in approve(first.pk)
    assert "没有执行任何操作" in approve(first.pk, revision.pk)  # not a finding of this revision
    with cast.north_reviewer.scope():
        # The approval took the acknowledgement along: nothing half done is left.
        assert not Acknowledgement.objects.exists() and not LiveItem.objects.exists()
    approve(first.pk, second.pk)
    with cast.north_reviewer.scope():
        assert Acknowledgement.objects.count() == 2 and LiveItem.objects.count() == 1
    assert "north_reviewer 于" in client.get(url).content.decode()
    # Who may only look sees no box.
    maker = sign_in("north_editor").get(url).content.decode()
    assert 'name="acknowledged"' not in maker and "确认保留" in maker
