"""The pages of tiers: a scheme typed, refused in words, tried, submitted; who holds which tier where."""

from typing import Any

import pytest
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.points.models import Tiers
from tests.campaigns.customers.test_admin import at_the_desk
from tests.campaigns.points.test_tiers import give
from tests.support.cast import AT, Cast
from tests.support.tiers import live_tiers, rated_due

TYPED: dict[str, Any] = {
    "title": "积分会员",
    "tiers-code": ["base", "gold", ""],
    "tiers-name": ["普通会员", "金卡", ""],
    "tiers-threshold": ["0", "5,000", ""],
    "tiers-multiplier": ["", "1.5", ""],
    "tiers-discount": ["", "10", ""],
    "tiers-perks": ["", "贵宾厅：每年 2 次\r\n专属经理", ""],
    "period": "rolling",
    "months": "12",
    "counts": ["rule", "award"],
    "keep_months": "12",
    "keep_ends": "month",
    "notice_days": "30",
}


def test_a_scheme_is_typed_refused_in_words_read_as_steps_and_submitted(cast: Cast) -> None:
    desk = at_the_desk("north_rewards")
    assert "还没有会员等级方案" in desk.get(reverse("admin:points_tiers_changelist")).content.decode()
    add = reverse("admin:points_tiers_add")
    for typed, words in (
        ({"tiers-threshold": ["0", "多", ""]}, "积分与百分比须为整数"),
        ({"tiers-multiplier": ["", "1.55", ""]}, "倍数最多一位小数"),
        ({"tiers-threshold": ["0", "0", ""]}, "所需积分须高于前一级"),
        ({"notice_days": "3"}, "7"),
    ):
        page = desk.post(add, TYPED | typed)
        assert page.status_code == 200 and words in page.content.decode(), words
    assert 'value="gold"' in page.content.decode()  # what was typed stays typed
    assert desk.post(add, TYPED).status_code == 302
    assert "已有会员等级方案" in desk.post(add, TYPED).content.decode()
    with cast.north_rewards.scope():
        scheme = Tiers.objects.get()
    assert scheme.tiers[1] == {
        "code": "gold", "name": "金卡", "threshold": 5_000, "multiplier": 15, "discount": 10,
        "perks": [{"title": "贵宾厅", "text": "每年 2 次"}, {"title": "专属经理", "text": ""}],
    }  # fmt: skip
    change = reverse("admin:points_tiers_change", args=[scheme.pk])
    page_of = desk.get(change).content.decode()
    assert "5,000 分；积分 1.5 倍；积分商城 9 折；贵宾厅：每年 2 次；专属经理" in page_of
    # By the year, the months are nobody's; saved as it is shown, it stays what it was.
    assert desk.post(change, TYPED | {"period": "year"}).status_code == 302
    with cast.north_rewards.scope():
        again = Tiers.objects.get()
        assert (again.period, again.months, again.tiers) == ("year", None, scheme.tiers)
    assert desk.post(reverse("admin:points_tiers_submit", args=[scheme.pk])).status_code == 302
    with cast.north_rewards.scope():
        revision = Revision.objects.get(kind="points.tiers")
        assert revision.state == "submitted"
    # Who may only look reads words.
    looked = at_the_desk("north_reviewer").get(change).content.decode()
    assert "按规则获得、活动与批量发放" in looked and "threshold" not in looked
    review = at_the_desk("north_reviewer").get(
        reverse("admin:approvals_revision_change", args=[revision.pk]), follow=True
    )
    assert "2. 金卡" in review.content.decode()


def test_who_holds_which_tier_where_and_why(cast: Cast) -> None:
    live_tiers(cast)
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 1_200)
    rated_due(at=AT)
    desk = at_the_desk("nb_manager")
    listed = desk.get(reverse("admin:points_customertier_changelist")).content.decode()
    assert "本机构适用北方省分行的“积分会员”" in listed and "银卡" in listed and "****0001" in listed
    assert desk.get(reverse("admin:points_customertier_changelist"), {"tier": "gold"}).status_code == 200
    page = desk.get(reverse("admin:points_customertier_change", args=[nb])).content.decode()
    assert "积分达标，升级" in page and "距金卡" in page and "3,800" in page
    # What the customer's page says of it.
    box = desk.get(reverse("admin:customers_customer_change", args=[nb])).content.decode()
    assert "会员等级" in box and "银卡" in box
    south = at_the_desk("sb_manager").get(reverse("admin:points_customertier_changelist")).content.decode()
    assert "本机构没有适用的会员等级方案" in south and "银卡" not in south


@pytest.mark.parametrize("who", ["north_editor", "nb_clerk"])
def test_who_may_not_see_tiers_meets_none(cast: Cast, who: str) -> None:
    scheme = live_tiers(cast)
    desk = at_the_desk(who)
    for name, args in (("changelist", []), ("change", [scheme.pk])):
        assert desk.get(reverse(f"admin:points_tiers_{name}", args=args)).status_code in (302, 403, 404)
