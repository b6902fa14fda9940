"""The pages of closed days, and what is taken from them: the same sums everywhere."""

import io

from django.db import connections
from django.urls import reverse
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from campaigns.rewards.services.closing import close_day
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.campaigns.rewards.test_closing_days import DAY, MORROW, busy_day
from tests.support.cast import Cast


def test_a_day_is_closed_from_the_page_and_taken_away(committed_cast: Cast) -> None:
    busy_day(committed_cast)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE rewards_stock SET claimed = claimed + 1 WHERE bucket = 0")
    with committed_cast.north_rewards.scope(at=MORROW) as scope:
        red = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE rewards_stock SET claimed = claimed - 1 WHERE bucket = 0")

    client = desk_of(committed_cast, "north_rewards")
    assert "1 项不符" in page(client, "rewards_close_changelist")
    text = page(client, "rewards_close_change", red.pk)
    assert text.index("各机构已领库存等于券数") < text.index("券账") < text.index("结算")
    # The cast's day is today: it is not over.
    told = client.post(reverse("admin:rewards_close_close_day"), {"day": DAY.isoformat()}, follow=True)
    assert "这一天还没有结束" in told.content.decode()

    with committed_cast.north_rewards.scope(at=MORROW) as scope:
        green = close_day(scope=scope, branch_id=scope.branch_id, day=DAY)
    text = page(client, "rewards_close_change", green.pk)
    assert "全部相符，分毫不差" in text
    assert "¥80.04" in text
    assert "与上次对账相比的变化" in text
    assert "1 项不符" not in page(client, "rewards_close_changelist")  # the last run of a day stands for it

    sheet = reverse("admin:rewards_close_sheet", args=[green.pk])
    book = load_workbook(io.BytesIO(client.get(sheet, {"form": "xlsx"}).content))
    lines = {row[0]: row[2:4] for row in book["券账"].iter_rows(min_row=2, values_only=True)}
    assert (lines["领取"], lines["期末可用"]) == ((7, 140.07), (2, 40.02))
    assert [row[6] for row in book["结算"].iter_rows(min_row=2, values_only=True)][-1] == 80.04
    assert round(sum(row[2] for row in book["应付应收"].iter_rows(min_row=2, values_only=True)), 2) == 80.04
    for close, words in ((green, "相符"), (red, "不相符")):
        body = client.get(reverse("admin:rewards_close_sheet", args=[close.pk]), {"form": "pdf"}).content
        with PdfDocument(body) as paper:
            assert len(paper) >= 1
            said = "".join(paper[n].get_textpage().get_text_range() for n in range(len(paper)))
        assert words in said
        assert "¥80.04" in said
    # Auditors look and do not run; a clerk does neither.
    auditor = desk_of(committed_cast, "ho_auditor")
    assert "全部相符" in page(auditor, "rewards_close_change", green.pk)
    auditor.post(reverse("admin:rewards_close_close_again", args=[green.pk]))
    assert desk_of(committed_cast, "nb_clerk").get(sheet).status_code != 200
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rewards_close")
        assert cursor.fetchone() == (2,)
