"""Pages of awards, extensions and households, the household over HTTP, and small things beside them."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.customers.consent_refusals import StillOpen
from campaigns.customers.models import Customer
from campaigns.customers.retention import retentions
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import ask_for_erasure, erase_customer
from campaigns.lib.both import in_both
from campaigns.notices.models import Notice
from campaigns.points.keeping import EARNINGS, let_go_of_old_earnings
from campaigns.points.mall_publishing import open_orders
from campaigns.points.models import Award, Earning, Extension, MallOrder, Member, Wallet
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.mall import address_of
from campaigns.points.services.mall import Receiver, cancel_order, order_good, show_address
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_awards import agrees, work
from tests.campaigns.points.test_desk import adjust, earn, usable
from tests.campaigns.points.test_desk_pages import found, link_in, posted
from tests.campaigns.points.test_earning import earn as earn_by_rules
from tests.campaigns.points.test_earning import paid, tell
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.campaigns.rewards.test_api import as_customer
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.mall import earn as earn_for_good
from tests.support.mall import live_good
from tests.support.point_rules import live_rule

API = "/api/v1/"
LATER = AT + timedelta(hours=2)


def test_from_a_file_to_every_customers_points_and_back(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    assert link_in(page(client, "points_award_changelist"), "points_award_new")
    assert "名单" in page(client, "points_award_new")
    rows = f"客户号,积分\n{cast.customers['nb'].number},700\n{cast.customers['nb2'].number},800\nN-nobody,5\n"
    said = {
        "title": "双十一回馈", "reason": "双十一活动回馈", "ends": "year", "payer": "home", "months": "12",
        "file": SimpleUploadedFile("list.csv", rows.encode()),
    }  # fmt: skip
    assert "标题和原因" in posted(client, "points_award_new", **(said | {"reason": "错"}))
    said["file"] = SimpleUploadedFile("list.csv", rows.encode())
    assert "正在检查名单" in posted(client, "points_award_new", **said)
    work(at=LATER)
    award = found(Award, title="双十一回馈")
    text = page(client, "points_award_change", award.pk)
    assert "提交复核" in text and "1,500" in text and "没有这位客户" in text
    assert link_in(text, "jobs_job_result", award.judge_job_id)
    assert "复核" in posted(client, "points_award_request", award.pk)
    assert (
        "北城中山路支行"
        in client.get(
            reverse("admin:points_award_change", args=[award.pk]), {"rows": "good"}
        ).content.decode()
    )
    boss = desk_of(cast, "ho_rewards")
    assert "同意入账" in page(boss, "points_award_change", award.pk)
    assert "正在入账" in posted(boss, "points_award_confirm", award.pk)
    work(at=LATER)
    assert (usable(cast, "nb"), usable(cast, "nb2")) == (700, 800)
    text = page(client, "points_award_change", award.pk)
    assert "整批收回" in text and "2 位客户，共 1,500 分" in text
    assert "逐户收回" in posted(client, "points_award_take_back", award.pk, remark="名单有误", owes_rest="on")
    work(at=LATER)
    assert "已收回客户" in page(client, "points_award_change", award.pk)
    assert (usable(cast, "nb"), usable(cast, "nb2")) == (0, 0)
    auditor = desk_of(cast, "ho_auditor")
    assert "双十一回馈" in page(auditor, "points_award_changelist")
    assert auditor.get(reverse("admin:points_award_new")).status_code == 403
    manager = desk_of(cast, "nb_manager")
    assert manager.get(reverse("admin:points_award_change", args=[award.pk])).status_code != 200


def test_extended_and_registered_on_the_wallets_page(cast: Cast) -> None:
    who = cast.customers["nb"].customer.pk
    earn(cast, 5_000)
    client = desk_of(cast, "north_rewards")
    assert "等待其他人复核" in posted(
        client, "points_wallet_extend", who, until="2030-06-30", reason="客户住院，延期"
    )
    assert "到期日期范围" in posted(client, "points_wallet_extend", who, until="", reason="客户住院，延期")
    waits = found(Extension, customer_id=who)
    assert "2030-06-30" in page(client, "points_extension_change", waits.pk)
    manager = desk_of(cast, "nb_manager")
    assert "待复核" in page(manager, "points_extension_changelist")
    assert "已同意" in posted(manager, "points_extension_confirm", waits.pk)
    assert "2030-06-30" in page(client, "points_wallet_change", who)
    done = posted(
        client,
        "points_extension_bulk_extend",
        first="2030-06-30",
        last="2030-06-30",
        until="2030-12-31",
        reason="系统升级补偿",
    )
    assert "等待其他人复核" in done and "1 位客户" in done
    many = found(Extension, customer=None)
    assert (many.points, many.customers) == (5_000, 1)
    number = cast.customers["nb2"].number
    assert "转赠" in posted(manager, "points_wallet_add_member", who, number=number, evidence="出示户口簿")
    text = page(manager, "points_wallet_change", who)
    member = found(Member, customer_id=cast.customers["nb2"].customer.pk)
    assert reverse("admin:points_wallet_end_member", args=[who, member.pk]) in text
    assert "已移出家庭" in posted(manager, "points_wallet_end_member", who, member.pk, reason="客户要求退出")


def test_the_phone_invites_joins_passes_points_on_and_leaves(cast: Cast) -> None:
    earn(cast, 100)
    nb, nb2 = as_customer(cast, "nb"), as_customer(cast, "nb2")
    assert nb.get(f"{API}me/points/household").json() == {"members": []}
    code = nb.get(f"{API}me/points/household/invitation").json()["code"]
    wrong = nb2.post(f"{API}me/points/household/members", {"code": "nonsense"}, key="join-0000001")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "points.household.invitation")
    joined = nb2.post(f"{API}me/points/household/members", {"code": code}, key="join-0000002")
    assert (joined.status_code, len(joined.json()["members"])) == (201, 2)
    [other] = [each for each in nb.get(f"{API}me/points/household").json()["members"] if not each["is_me"]]
    body = {"to": other["id"], "points": 30}
    assert nb.post(f"{API}me/points/transfers", body).status_code == 400  # no key
    first = nb.post(f"{API}me/points/transfers", body, key="pass-0000001")
    assert first.status_code == 201, first.content
    assert nb.post(f"{API}me/points/transfers", body, key="pass-0000001").content == first.content
    assert (usable(cast, "nb"), usable(cast, "nb2")) == (70, 30)
    entry = nb2.get(f"{API}me/points/entries").json()["items"][0]
    assert (entry["title"], entry["usable"], entry["id"]) == ("家庭成员转赠", 30, first.json()["id"])
    gone = Client().delete(f"{API}me/points/household", headers=cast.customers["nb2"].headers())
    assert gone.status_code == 204
    assert nb.post(f"{API}me/points/transfers", body, key="pass-0000002").status_code in (403, 409)
    assert len(nb.get(f"{API}me/points/household").json()["members"]) == 1


def test_who_may_decide_is_told_that_an_adjustment_waits_and_who_asked_what_became_of_it(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    who = cast.customers["nb2"].customer.pk
    # Nobody ever gave nb2 points: the page opens all the same, and so do the ways there.
    role = Role.objects.get(pk="rewards_operator")
    Role.objects.filter(pk=role.pk).update(verbs=[*role.verbs, "customers.customer.view"])
    assert link_in(page(client, "customers_customer_change", who), "points_wallet_change", who)
    assert "调整积分" in posted(client, "points_wallet_search", q=cast.customers["nb2"].number)
    text = page(client, "points_wallet_change", who)
    assert "调整积分" in text and str(who) not in text.split("<title>")[1].split("</title>")[0]
    with system_scope(at=AT, cause="test"):
        assert not Wallet.objects.filter(pk=who).exists()
    assert "等待其他人复核" in posted(
        client, "points_wallet_adjust", who, points=5_000, reason="补发活动积分"
    )
    with cast.nb_manager.scope() as scope:
        [told] = Notice.objects.filter(person_id=scope.person_id, code="points.waiting")
        assert told.args["title"] == "+5,000" and "number" not in told.args
    for name in ("nb_clerk", "sb_manager", "north_rewards"):
        with cast.play(name).scope() as scope:
            assert not Notice.objects.filter(person_id=scope.person_id, code="points.waiting").exists()
    manager = desk_of(cast, "nb_manager")
    assert "待复核" in page(manager, "inbox") or "+5,000" in page(manager, "inbox")
    asked = adjust(cast, 7_000, who="nb2")
    posted(manager, "points_adjustment_decline", asked.pk, remark="金额不对")
    with cast.north_rewards.scope() as scope:
        assert Notice.objects.filter(person_id=scope.person_id, code="points.refused").count() == 1
    with cast.nb_manager.scope() as scope:
        assert Notice.objects.get(key=f"points.waiting:{asked.pk}", person_id=scope.person_id).read_at
    assert (
        desk_of(cast, "ho_auditor").get(reverse("admin:points_wallet_change", args=[UUID(int=1)])).status_code
        != 200
    )


def test_what_events_came_to_is_let_go_once_nobody_can_tell_the_event_again(cast: Cast) -> None:
    live_rule(cast)
    tell(paid(cast, "t-1", 50_00))
    earn_by_rules()
    [kind] = [each for each in retentions() if each.code == EARNINGS]
    for days, left in ((kind.days - 30, 1), (kind.days + 40, 0)):
        with system_scope(at=AT + timedelta(days=days), cause="test") as scope:
            # However short a bank sets the period: an event that may be told again is not forgotten.
            let_go_of_old_earnings(scope, scope.at, 100)
            assert Earning.objects.count() == left
    with system_scope(at=AT, cause="test"):
        assert Wallet.objects.get(customer=cast.customers["nb"].customer).usable == 5


def test_an_order_that_was_handed_over_is_said_so_in_the_malls_own_word() -> None:
    label = MallOrder.State.DELIVERED.label
    assert in_both(label)["zh"] == "已交付"


def test_open_orders_go_along_with_a_merge_and_keep_an_erasure_waiting(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer for name in ("nb", "nb2"))
    good = live_good(cast)
    with system_scope(at=AT, cause="test") as scope:
        guest = anonymous(scope, cast, "NB", "openid-9")
    earn_for_good(cast, guest, 250)
    with customer_scope(customer_id=guest, at=AT, cause="test") as scope:
        home = Receiver("王敏", "13800138000", "杭州市西湖区文三路 1 号")
        order = order_good(scope=scope, good_id=good.pk, points=100, key="one", receiver=home)
    with system_scope(at=AT, cause="test") as scope:
        merge = merge_customers(scope=scope, kept=nb.pk, absorbed=guest, why={"by": "test"})
        assert MallOrder.objects.get(pk=order.pk).customer_id == nb.pk
        # The address is sealed under the key of who ordered, and read all the same.
        assert show_address(scope=scope, order_id=order.pk) == str(home)
        assert [each["zh"] for each in open_orders(scope, nb.pk)] == ["有 1 笔积分商城订单尚未完成"]
        assert open_orders(scope, nb2.pk) == [] == open_orders(scope, guest)
        cancel_order(scope=scope, order_id=order.pk, reason="客户不要了")
        assert open_orders(scope, nb.pk) == []
        # The kept one's, who has the lots: nothing is lost on the way.
        assert balance_of(scope=scope, customer_id=nb.pk).usable == 250
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        assert MallOrder.objects.get(pk=order.pk).customer_id == guest
        assert balance_of(scope=scope, customer_id=guest).usable == 250
    with customer_scope(customer_id=guest, at=AT, cause="test") as scope:
        order_good(scope=scope, good_id=good.pk, points=100, key="two", receiver=home)
        with pytest.raises(StillOpen):
            ask_for_erasure(scope=scope)
    with system_scope(at=AT, cause="test") as scope:
        with pytest.raises(StillOpen):
            erase_customer(scope=scope, customer_id=guest, why="客户来函")
        last = MallOrder.objects.get(customer_id=guest, state="paid")
        cancel_order(scope=scope, order_id=last.pk, reason="客户不要了")
        erase_customer(scope=scope, customer_id=guest, why="客户来函")
        # The order stays as the ledger does; nobody reads the address any more, and the points lapsed.
        assert MallOrder.objects.get(pk=last.pk).state == "off"
        assert "13800138000" not in address_of(scope=scope, order=MallOrder.objects.get(pk=last.pk))
        assert (Wallet.objects.get(pk=guest).usable, Customer.objects.get(pk=guest).status) == (0, "erased")
    agrees()
