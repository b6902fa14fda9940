"""The pages of check-ins, as a branch's manager, another branch's and an auditor ask for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaigns.lib.clock import now
from community.checkins.models import CheckIn, Programme
from tests.campaigns.points.test_desk_pages import found, link_in, posted
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.support.cast import Cast
from tests.support.checkins import checked_in, group_of, live_programme

pytestmark = pytest.mark.django_db


def typed(**more: Any) -> dict[str, Any]:
    today = now().date()
    return {
        "title": "每日问答打卡",
        "text": "看完群里的理财知识再答题。",
        "days_first": today, "days_last": today + timedelta(days=9),
        "weekdays": ["1", "2", "3", "4", "5"], "proof": "quiz",
        "questions": "存款保险最高偿付限额？ | 10万元 | *50万元\n国债由谁发行 | *财政部 | 银行",
        "near_metres": "200", "near_place": "",
        "near_where": "", "looked": "after", "each_points": "5", "streak_days": "5", "streak_points": "20",
        "goal_count": "100", "goal_points": "10",
        "cap_points": "5000", "validity_months": "12", "validity_ends": "year",
        "makeup_most": "2", "makeup_days": "3", "makeup_cost": "1",
    } | more  # fmt: skip


def test_a_manager_fills_in_sentences_and_submits(cast: Cast) -> None:
    group = group_of(cast, "nb")
    desk = desk_of(cast, "nb_manager")
    assert "还没有打卡活动" in page(desk, "community_programme_changelist")
    form = page(desk, "community_programme_add")
    assert "每次打卡得" in form and 'aria-label="每次打卡积分"' in form and group.name in form
    shown = desk.post(reverse("admin:community_programme_said"), typed()).content.decode()
    assert "每日问答打卡" in shown and "每连续 5 天再得 20 积分" in shown and "rw-none" not in shown
    wrong = desk.post(reverse("admin:community_programme_said"), typed(questions="只有题目")).content.decode()
    assert "第 1 行" in wrong
    refused = posted(desk, "community_programme_add", **typed(proof="code"))
    assert "口令与位置当天有效，不能补签" in refused
    saved = desk.post(reverse("admin:community_programme_add"), typed(groups=[str(group.pk)]))
    assert saved.status_code == 302, saved.content.decode()[:2000]
    made = found(Programme, title="每日问答打卡")
    assert (made.points, made.streak_days, made.group_ids) == (5, 5, [group.pk])
    assert made.questions[1] == {"text": "国债由谁发行", "options": ["财政部", "银行"], "right": 0}
    one = page(desk, "community_programme_change", made.pk)
    assert "存款保险最高偿付限额？ | 10万元 | *50万元" in one and "活动还没有开始" not in one
    assert "已提交" in posted(desk, "community_programme_submit", made.pk)
    assert posted(desk_of(cast, "sb_manager"), "community_programme_submit", made.pk).count("已提交") == 0
    auditor = desk_of(cast, "ho_auditor")
    look = page(auditor, "community_programme_change", made.pk)
    assert "每连续 5 天再得 20 积分" in look and 'name="title"' not in look
    assert desk_of(cast, "nb_clerk").get(reverse("admin:community_programme_changelist")).status_code == 403


def test_the_queue_is_looked_through(cast: Cast) -> None:
    group = group_of(cast, "nb", "nb2")
    programme = live_programme(
        cast, proof="picture", looked="before", goal_count=10, goal_points=5, points_cap=100
    )
    one = checked_in(cast.customers["nb"].customer.pk, group, picture=b"\xff\xd8\xff", text="我的存钱罐")
    two = checked_in(cast.customers["nb2"].customer.pk, group, picture=b"\xff\xd8\xff", text="随便传一张")
    desk = desk_of(cast, "nb_manager")
    shown = page(desk, "community_programme_change", programme.pk)
    assert "我的存钱罐" in shown and "通过后才计入" in shown and "****0001" in shown
    picture = desk.get(reverse("admin:community_checkin_picture", args=[one.pk]))
    assert (picture["Content-Type"], picture.content) == ("image/jpeg", b"\xff\xd8\xff")
    assert desk_of(cast, "sb_manager").get(picture.request["PATH_INFO"]).status_code in (302, 404)
    back = reverse("admin:community_programme_change", args=[programme.pk])
    assert "已通过" in posted(desk, "community_checkin_accept_one", one.pk, back=back)
    assert "请写明不通过的原因" in posted(desk, "community_checkin_refuse", two.pk, reason=" ", back=back)
    assert "积分已收回" in posted(
        desk, "community_checkin_refuse", two.pk, reason="与打卡无关", back="//evil.example/"
    )
    assert (found(CheckIn, pk=one.pk).points, found(CheckIn, pk=two.pk).state) == (5, "refused")
    assert "已经处理过" in posted(desk, "community_checkin_accept_one", one.pk)
    listed = page(desk, "community_checkin_changelist")
    assert link_in(listed, "community_checkin_change", one.pk) and "未通过" in listed
    assert "与打卡无关" in page(desk, "community_checkin_change", two.pk)
    assert "已下线" in posted(desk, "community_programme_down", programme.pk, reason="规则有误")
