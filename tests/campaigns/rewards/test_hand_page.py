"""The page of grants and codes, and a coupon's history as sentences."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings as Given

from campaigns.lib.clock import now
from campaigns.rewards.codes import code_of
from campaigns.rewards.coupon_history import history_of
from campaigns.rewards.models import Coupon
from campaigns.rewards.models.codes import CodeRun
from campaigns.rewards.models.grants import BatchFile, GrantRule
from campaigns.rewards.refusals.life import CustomerHasAll, CustomerUnknown
from campaigns.rewards.services.coupons import redeem_coupon, reverse_redemption
from campaigns.tenants.scopes import system_scope
from tests.support.cast import Cast
from tests.support.jobs import run
from tests.support.rewards import live_batch


@pytest.fixture(autouse=True)
def _private(settings: Given, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def as_(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def test_all_is_done_from_one_page_and_said(cast: Cast) -> None:
    batch = live_batch(
        cast, at=now(), claims_by="single", draws_codes=True, usable_days=30_000, per_customer_limit=2
    )
    client, url = as_(cast, "north_rewards"), f"/admin/rewards/batch/{batch.pk}/hand/"
    empty = client.get(url).content.decode()
    for words in ("还没有处理过名单", "还没有事件会发放这张券", "还没有兑换码", "还没有导入券码"):
        assert words in empty

    def send(act: str, **form: Any) -> str:
        answer = client.post(url, {"act": act, **form}, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    codes = SimpleUploadedFile("codes.csv", "券码\nK-1\nK-2\nK-3\n".encode())
    assert "正在处理 3 行" in send("import", file=codes, reason="移动")
    assert run(at=now())
    number = cast.customers["nb"].number
    assert "已发放给客户" in send("grant", number=number, reason="补发")
    assert CustomerUnknown.zh in send("grant", number="N-nobody", reason="补发")
    listed = SimpleUploadedFile("名单.csv", f"客户号\n{number}\n{number}\n".encode())
    assert "正在处理 2 行" in send("grant_list", file=listed, reason="三八节")
    assert run(at=now())
    assert "正在生成 5 个兑换码" in send("codes", number="5", pattern="spring-####-AAAA")
    assert run(at=now())
    assert "每个这样的事件发放一张券" in send(
        "rule", source="core", event_kind="core.paid", product="medical", reason="体检"
    )
    with system_scope(at=now(), cause="look"):
        file, made, rule = (
            BatchFile.objects.get(purpose="grant"),
            CodeRun.objects.get(),
            GrantRule.objects.get(),
        )
    assert "规则已停用" in send("switch", rule=rule.pk)
    assert file.name in (shown := client.get(url).content.decode())
    assert "1 行未处理" in shown and "SPRING-####-AAAA" in shown
    taken = client.post(f"/admin/rewards/batch/{batch.pk}/codes/{made.pk}/")
    lines = b"".join(taken.streaming_content).decode("utf-8-sig").split()  # type: ignore[attr-defined]
    assert len(lines) == 5 and all(line.startswith("SPRING-") for line in lines)
    # Whoever may only look finds no form, and an act asks for its own right.
    assert 'name="act"' not in as_(cast, "ho_auditor").get(url).content.decode()
    refused = as_(cast, "north_editor").post(
        url, {"act": "void_all", "reason": "x", "sure": "on"}, follow=True
    )
    assert "不能执行" in refused.content.decode()
    page = client.get(f"/admin/rewards/batch/{batch.pk}/change/").content.decode()
    assert "发放与券码" in page
    with cast.north_rewards.scope(at=now()) as scope:
        first, second = Coupon.objects.order_by("id")
        assert [(each.words, each.reason) for each in history_of(scope=scope, coupon=first)] == [
            ("north_rewards 发放", "补发")
        ]
        [came] = history_of(scope=scope, coupon=second)
        assert came.words == "north_rewards 按名单“名单.csv”发放" and came.reason == "三八节"
        assert CustomerHasAll.zh


def test_what_happened_to_a_coupon_reads_as_sentences(cast: Cast) -> None:
    batch = live_batch(cast, at=now(), usable_days=30_000)
    client = as_(cast, "north_rewards")
    client.post(
        f"/admin/rewards/batch/{batch.pk}/hand/",
        {"act": "grant", "number": cast.customers["nb"].number, "reason": "补发"},
    )
    with system_scope(at=now(), cause="look"):
        coupon = Coupon.objects.get()
    with cast.nb_clerk.scope(at=now()) as scope:
        done = redeem_coupon(scope=scope, code=code_of(coupon.pk))
        reverse_redemption(scope=scope, redemption_id=done.pk, reason="退单")
    with cast.sb_clerk.scope(at=now()) as scope:
        done = redeem_coupon(scope=scope, code=code_of(coupon.pk))
        reverse_redemption(scope=scope, redemption_id=done.pk)
    answer = client.post(
        f"/admin/rewards/coupon/{coupon.pk}/extend/",
        {"until": "2199-01-01T00:00", "reason": "停电"},
        follow=True,
    )
    assert "这张券已延期" in answer.content.decode()
    client.post(f"/admin/rewards/coupon/{coupon.pk}/void/", {"reason": "误发"})
    page = client.get(f"/admin/rewards/coupon/{coupon.pk}/change/").content.decode()
    with cast.north_rewards.scope(at=now()) as scope:
        told = [each.words for each in history_of(scope=scope, coupon=coupon)]
    assert told[:3] == [
        "north_rewards 发放",
        "nb_clerk 在 北城中山路支行 核销，优惠 ¥20.00",
        "nb_clerk 冲正了核销",
    ]
    # What was done in the south has no name here.
    assert told[3] == "在 其他机构 核销" and told[4] == "其他机构人员 冲正了核销"
    assert told[5].startswith("north_rewards 延期至 2199") and told[6] == "north_rewards 作废"
    assert all(words in page for words in told)
