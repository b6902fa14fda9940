"""The ledger's pages: from a balance to its entries to the cause; adjusted, taken back, decided on, closed."""

import io
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from campaigns.points.models import Adjustment, LedgerClose, Movement
from campaigns.points.services.closing import close_ledger
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_desk import earn, usable
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.support.cast import AT, Cast


def link_in(text: str, name: str, *args: object) -> bool:
    return f'href="{reverse(f"admin:{name}", args=args)}"' in text


def posted(client: Client, name: str, *args: object, **body: object) -> str:
    return client.post(reverse(f"admin:{name}", args=args), body, follow=True).content.decode()


def found(model: Any, **by: Any) -> Any:
    with system_scope(at=AT, cause="look"):
        return model.objects.get(**by)


def test_three_clicks_from_a_balance_to_the_cause_and_back_again(cast: Cast) -> None:
    who, given = cast.customers["nb"].customer.pk, earn(cast, 1_200)
    client = desk_of(cast, "north_rewards")
    assert link_in(page(client, "points_wallet_changelist"), "points_wallet_change", who)
    # By the number's end, in the form's body; the only one found is opened at once.
    assert "1,200" in posted(client, "points_wallet_search", q=cast.customers["nb"].number[-4:])
    # Within the limit at once, above it by another person.
    assert "已入账" in posted(client, "points_wallet_adjust", who, points=-200, reason="重复发放扣回")
    assert "等待其他人复核" in posted(
        client, "points_wallet_adjust", who, points=3_000, reason="补发活动积分"
    )
    assert "请填写原因" in posted(client, "points_wallet_adjust", who, points=3, reason="错")
    text = page(client, "points_wallet_change", who)
    assert link_in(text, "points_movement_change", given) and "重复发放扣回" in text
    # Good to the end of the next year, and so is told by its last day and not by the midnight after it.
    assert "2027-12-31" in text and "2028-01-01" not in text
    small = found(Adjustment, points=-200)
    assert link_in(text, "points_movement_change", small.movement_id)
    text = page(client, "points_movement_change", small.movement_id)
    assert link_in(text, "points_adjustment_change", small.pk) and cast.north_rewards.person.name in text
    told = posted(
        client, "points_movement_reverse", given, customer=who, reason="开户有礼发错", owes_rest="on"
    )
    assert "已冲正" in told
    back = found(Movement, follows_id=given)
    assert link_in(told, "points_movement_change", back.pk)
    assert link_in(page(client, "points_movement_change", back.pk), "points_movement_change", given)
    # 200 of it were gone: owed, and shown as a balance below zero.
    assert usable(cast) == -200
    # Who asked cannot decide; another can, and the customer owes nothing any more.
    waiting = found(Adjustment, points=3_000)
    assert "等待其他人复核" in page(client, "points_adjustment_change", waiting.pk)
    manager = desk_of(cast, "nb_manager")
    assert "待复核" in page(manager, "points_adjustment_changelist")
    assert "同意入账" in page(manager, "points_adjustment_change", waiting.pk)
    assert "已入账" in posted(manager, "points_adjustment_confirm", waiting.pk)
    assert usable(cast) == 2_800
    # On the customer's own page, with the way to the wallet.
    assert link_in(page(manager, "customers_customer_change", who), "points_wallet_change", who)
    # Auditors read; a clerk does not come here; another branch finds nothing.
    auditor = desk_of(cast, "ho_auditor")
    assert "调整积分" not in page(auditor, "points_wallet_change", who)
    posted(auditor, "points_wallet_adjust", who, points=1, reason="试一试看看")
    assert usable(cast) == 2_800
    for name in ("nb_clerk", "sb_manager"):
        stranger = desk_of(cast, name)
        assert stranger.get(reverse("admin:points_wallet_change", args=[who])).status_code != 200


def test_limits_are_set_at_head_office(cast: Cast) -> None:
    boss = desk_of(cast, "ho_administrator")
    answer = boss.post(
        reverse("admin:points_adjustlimit_add"), {"branch": cast.branch["NB"].pk, "points": 10}
    )
    assert answer.status_code == 302, answer.content.decode()[:2_000]
    who = cast.customers["nb"].customer.pk
    earn(cast, 100)
    client = desk_of(cast, "north_rewards")
    assert "一天累计超过 10 分" in page(client, "points_wallet_change", who)
    assert client.get(reverse("admin:points_adjustlimit_add")).status_code == 403


def test_a_close_says_the_same_on_the_page_and_in_the_files(cast: Cast) -> None:
    earn(cast, 1_234, at=AT - timedelta(days=1))
    with cast.north_rewards.scope() as scope:
        close = close_ledger(
            scope=scope, branch_id=scope.branch_id, period="day", day=AT.date() - timedelta(days=1)
        )
    client = desk_of(cast, "north_rewards")
    assert "相符" in page(client, "points_ledgerclose_changelist")
    text = page(client, "points_ledgerclose_change", close.pk)
    assert "一分不差" in text and "1,234" in text
    sheet = reverse("admin:points_ledgerclose_sheet", args=[close.pk])
    book = load_workbook(io.BytesIO(client.get(sheet, {"form": "xlsx"}).content))
    lines = {(row[0], row[1]): row[3] for row in book["积分负债"].iter_rows(min_row=2, values_only=True)}
    assert (lines["入账", "合计"], lines["期末负债", "北方省分行"]) == (1_234, 1_234)
    with PdfDocument(client.get(sheet, {"form": "pdf"}).content) as paper:
        said = "".join(paper[n].get_textpage().get_text_range() for n in range(len(paper)))
    assert "相符" in said and "1,234" in said
    assert "还没有结束" in posted(
        client, "points_ledgerclose_close_day", period="day", day=AT.date().isoformat()
    )
    assert "请选择" in posted(client, "points_ledgerclose_close_day", period="week", day="")
    assert "全部一致" in posted(client, "points_ledgerclose_close_again", close.pk)
    assert found(LedgerClose, nth=2).is_green
    assert desk_of(cast, "nb_clerk").get(sheet).status_code != 200
