"""The pages of quota and budgets, as each role finds them."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.lib.clock import now
from campaigns.rewards.models import Budget, Funding, Share, Stock
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.campaigns.rewards.test_api import live_now
from tests.support.cast import Cast
from tests.support.rewards import draft_batch


def share_at(cast: Cast, code: str) -> Share:
    with system_scope(at=now(), cause="look"):
        return Share.objects.get(branch=cast.branch[code])


def test_a_province_passes_on_what_it_was_given_and_sees_no_more_of_the_batch(cast: Cast) -> None:
    live_now(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"N": 60, "SB": 5})
    client, share = desk_of(cast, "north_rewards"), share_at(cast, "N")
    assert "北方满减券" in page(client, "rewards_share_changelist")
    text = page(client, "rewards_share_change", share.pk)
    assert "往下分配的额度出自本机构留存" in text
    assert "南城解放路支行" not in text
    move = reverse("admin:rewards_share_move", args=[share.pk])
    city, branch = cast.branch["NC"].pk, cast.branch["NB"].pk
    for asked, told in (
        ({"branch": branch, "quantity": 20, "move": "allot"}, "20"),
        ({"branch": city, "quantity": 41, "move": "allot"}, "只剩 40 张未领取"),
        ({"branch": cast.branch["SB"].pk, "quantity": 1, "move": "allot"}, "只能分配给"),
        ({"branch": branch, "quantity": "", "move": "allot"}, "不小于 1"),
        ({"branch": branch, "quantity": 5, "move": "draw_back"}, "5"),
        ({"branch": city, "move": "draw_back_all", "place": str(city)}, "15"),
    ):
        answer = client.post(move, asked, follow=True)
        assert told in answer.content.decode(), asked
    assert answer.redirect_chain[-1][0].endswith(f"?open={city}#quota")
    # The city stays open, and its branch is shown below it.
    assert "北城中山路支行" in answer.content.decode()
    assert [share_at(cast, code).kept for code in ("N", "NC", "NB")] == [60, 0, 0]
    # Who only looks finds no form, and is refused.
    auditor = desk_of(cast, "ho_auditor")
    assert move not in page(auditor, "rewards_share_change", share.pk)
    auditor.post(move, {"branch": city, "quantity": 1, "move": "allot"})
    assert share_at(cast, "N").kept == 60
    # As Django answers for an absent object.
    assert desk_of(cast, "sb_manager").get(
        reverse("admin:rewards_share_change", args=[share.pk])
    ).status_code in (302, 403)


def test_a_budget_is_asked_for_approved_by_another_and_named_on_a_batch(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    assert "还没有预算" in page(client, "rewards_budget_changelist")
    typed = {
        "name": "北方预算", "campaign": "", "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00",
        "valid_until_0": "2099-01-01", "valid_until_1": "00:00:00", "asked_fen": "1000",
    }  # fmt: skip
    add = reverse("admin:rewards_budget_add")
    assert "使用期的结束须晚于开始" in client.post(add, typed | {"asked_fen": "0"}).content.decode()
    assert client.post(add, typed).status_code == 302
    with system_scope(at=now(), cause="look"):
        budget = Budget.objects.get()
    assert (budget.asked_fen, budget.total_fen) == (1_000_00, 0)
    approve = reverse("admin:rewards_budget_approve", args=[budget.pk])
    assert "等待另一个人批准" in page(client, "rewards_budget_change", budget.pk)
    client.post(approve, {"asked_fen": 1_000_00})
    reviewer = desk_of(cast, "north_reviewer")
    assert "批准 ¥1,000.00" in page(reviewer, "rewards_budget_change", budget.pk)
    assert "刷新页面" in reviewer.post(approve, {"asked_fen": 1}, follow=True).content.decode()
    assert "可以使用" in reviewer.post(approve, {"asked_fen": 1_000_00}, follow=True).content.decode()
    batch = draft_batch(cast)
    fund = reverse("admin:rewards_batch_fund", args=[batch.pk])
    asked = {"payer": "head_office", "budget_id": budget.pk}
    assert "已记录" in client.post(fund, asked, follow=True).content.decode()
    stock = reverse("admin:rewards_batch_stock", args=[batch.pk])
    nb = cast.branch["NB"].pk
    told = client.post(stock, {"branch": nb, "quantity": 51, "move": "allot"}, follow=True).content.decode()
    assert "预算余额不足" in told
    told = client.post(stock, {"branch": nb, "quantity": 50, "move": "allot"}, follow=True).content.decode()
    assert "¥1,000.00" in told
    assert "不能更换预算" in client.post(fund, asked | {"budget_id": ""}, follow=True).content.decode()
    with system_scope(at=now(), cause="look"):
        assert Funding.objects.get().budget_id == budget.pk
        assert Stock.objects.get().allotted == 50
        budget.refresh_from_db()
    assert (budget.total_fen, budget.taken_fen) == (1_000_00, 1_000_00)
    text = page(client, "rewards_budget_change", budget.pk)
    for words in ("北方满减券", "北城中山路支行", "已预留", "批准总额"):
        assert words in text
    # A budget is nobody's but those who deal with money, and a neighbour's it is not.
    assert desk_of(cast, "north_editor").get(reverse("admin:rewards_budget_changelist")).status_code == 403
    assert "北方预算" not in page(desk_of(cast, "sb_manager"), "rewards_budget_changelist")


def test_a_bank_of_many_branches_does_not_make_the_page_slow(cast: Cast) -> None:
    """The same queries for three branches as for thirty more, and those below a shut one are not read."""
    batch = live_now(cast, by="ho_rewards", reviewer="ho_reviewer", shares={"NB": 1, "SB": 1}, quota=1_000)
    client = desk_of(cast, "ho_rewards")
    address = reverse("admin:rewards_batch_change", args=[batch.pk])

    def asked() -> tuple[int, str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text = client.get(address).content.decode()
        return len(queries), text

    asked()
    few, _text = asked()
    assert few > 10
    with system_scope(at=now(), cause="test") as scope:
        added: list[Any] = [
            add_branch(
                scope=scope, parent_id=cast.branch["NC"].pk, code=f"X{n}", name=f"新支行{n}", level="branch"
            )
            for n in range(30)
        ]
    with cast.ho_rewards.scope(at=now()) as scope:
        for branch in added:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=branch.pk, quantity=1)
    many, text = asked()
    assert many == few
    assert f'id="rw-node-{added[0].pk}"' not in text
    assert f'id="rw-node-{cast.branch["N"].pk}"' in text
