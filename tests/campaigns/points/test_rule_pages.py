"""The pages of points rules: typed, tried, submitted, and what came of it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.points.models import Rule
from campaigns.points.selectors.trials import trial_of
from tests.campaigns.customers.test_admin import at_the_desk
from tests.campaigns.points.test_earning import earn, has, paid, states, tell
from tests.support.cast import AT, Cast
from tests.support.point_rules import draft_rule, live_rule

DAY = timedelta(days=1)
TYPED = {
    "title": "消费积分",
    "event_kind": "core.paid",
    "source": "core",
    "points": "1",
    "counted_by": "amount_fen",
    "per": "10.50",
    "boosts-of": ["weekday:3", ""],
    "boosts-percent": ["200", ""],
    "cap_day": "50",
    "runs_from_0": "2026-11-01",
    "runs_from_1": "00:00",
    "runs_until_0": "2027-11-01",
    "runs_until_1": "00:00",
    "handed_down": "on",
    "months": "12",
    "ends": "year",
}


def test_a_rule_is_typed_in_yuan_read_as_a_sentence_and_submitted(cast: Cast) -> None:
    desk = at_the_desk("north_rewards")
    assert "还没有规则" in desk.get(reverse("admin:points_rule_changelist")).content.decode()
    add = reverse("admin:points_rule_add")
    wrong = desk.post(add, TYPED | {"boosts-of": ["weekday:3"], "boosts-percent": ["2倍"]})
    assert "请选择条件并填写百分比" in wrong.content.decode()
    refused = desk.post(add, TYPED | {"counted_by": "", "per": "11"}).content.decode()
    assert "按数额给积分时" in refused and 'value="11"' in refused
    assert desk.post(add, TYPED).status_code == 302
    with cast.north_rewards.scope():
        rule = Rule.objects.get()
    assert (rule.per, rule.cap_day, rule.branch_id) == (10_50, 50, cast.branch["N"].pk)
    assert rule.boosts == [{"by": "weekday", "of": 3, "percent": 200}]
    page = desk.get(reverse("admin:points_rule_change", args=[rule.pk])).content.decode()
    assert "“支付”每满10.5元得1分；周三2倍；每天最多50分" in page and "没有拒绝或削减" in page
    # Saved as it is shown, it stays what it was.
    assert desk.post(reverse("admin:points_rule_change", args=[rule.pk]), TYPED).status_code == 302
    with cast.north_rewards.scope():
        assert Rule.objects.get().per == 10_50
    assert desk.post(reverse("admin:points_rule_submit", args=[rule.pk])).status_code == 302
    with cast.north_rewards.scope():
        assert Revision.objects.get(kind="points.rule").state == "submitted"
    listed = desk.get(reverse("admin:points_rule_changelist")).content.decode()
    assert "审核中" in listed and "每满10.5元得1分" in listed


def test_a_trial_says_what_earning_then_gives_and_writes_nothing(cast: Cast) -> None:
    # Yesterday's events, told before there was any rule.
    for who, fens in (("nb", (100_00, 300_00, 5_00)), ("nb2", (70_00,)), ("sb", (900_00,))):
        for n, fen in enumerate(fens):
            tell(paid(cast, f"old-{who}-{n}", fen, who=who, at=AT - DAY + timedelta(minutes=n)))
    terms = {"cap_day": 25, "title": "试算规则"}
    rule = draft_rule(cast, **terms)
    with cast.north_rewards.scope() as scope:
        found = trial_of(scope=scope, rule=rule, days=7)
    # South is none of North's.
    assert (found.events, found.customers, found.points, found.trimmed) == (4, 2, 32, 15)
    assert found.refused == {"trimmed": 1, "too_little": 1}
    assert [(each.points, each.times) for each in found.top] == [(25, 2), (7, 1)]
    assert [(day.points, day.live) for day in found.days if day.points] == [(32, 0)]
    assert len(found.days) == 8 and (found.live_points, found.live_customers) == (0, 0)
    assert states(rule) == []
    # The same events once it serves, told as of another day by the core: the same points.
    live_rule(cast, rule=rule, **terms)
    for who, fens in (("nb", (100_00, 300_00, 5_00)), ("nb2", (70_00,))):
        tell(*(paid(cast, f"new-{who}-{n}", fen, who=who) for n, fen in enumerate(fens)))
    assert (earn(), has(cast), has(cast, "nb2")) == (4, (25, 0), (7, 0))
    with cast.north_rewards.scope(at=AT + DAY) as scope:
        after = trial_of(scope=scope, rule=rule, days=7)
    assert (after.points, after.live_points, after.live_customers) == (64, 32, 2)
    # On the page, with the customers masked; another branch's is not there.
    desk = at_the_desk("north_rewards")
    address = reverse("admin:points_rule_trial_run", args=[rule.pk])
    page = desk.get(address, {"days": "90"}).content.decode()
    assert "试算“试算规则”" in page and re.search(r"<strong>64</strong><small>现行规则 32", page)
    came = desk.get(reverse("admin:points_rule_change", args=[rule.pk])).content.decode()
    assert "接近上限，已削减" in came and "金额不足以得到积分" in came
    assert at_the_desk("south_editor").get(address).status_code in (403, 404)


@pytest.mark.parametrize("who", ["north_editor", "nb_clerk"])
def test_who_may_not_see_rules_meets_none(cast: Cast, who: str) -> None:
    rule = draft_rule(cast)
    desk = at_the_desk(who)
    for name, args in (("changelist", []), ("change", [rule.pk]), ("trial_run", [rule.pk])):
        assert desk.get(reverse(f"admin:points_rule_{name}", args=args)).status_code in (302, 403, 404)
