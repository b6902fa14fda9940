"""The pages and addresses of groups, as those who work with them and customers see them."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.customers.panels import Line
from campaigns.tenants.scopes import system_scope
from community.groups.entry_models import BranchPlace, EntryCode, EntryGroup
from community.groups.models import Group, GroupKind, Member
from community.groups.panels import register_group_panel
from community.groups.services.chats import note_chats
from community.groups.wecom_models import Chat, GroupSync, WeComAccount
from config.standins.wechat import WeChatStandIn
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.support.cast import AT, Cast, hired


def posted(client: Client, url: str, /, *args: object, **body: object) -> str:
    return client.post(reverse(f"admin:{url}", args=args), body, follow=True).content.decode()


def found(model: Any, **by: Any) -> Any:
    with system_scope(at=AT, cause="look"):
        return model.objects.get(**by)


def test_from_a_group_to_the_customer_who_joins(cast: Cast) -> None:
    boss = desk_of(cast, "ho_administrator")
    assert "还没有社群类型" in page(boss, "community_groupkind_changelist")
    posted(boss, "community_groupkind_add", code="baoma", name="宝妈理财群", name_en="Parents")
    kind = found(GroupKind, code="baoma")
    manager = desk_of(cast, "nb_manager")
    assert "还没有社群" in page(manager, "community_group_changelist")
    terms = {
        "name": "宝妈群",
        "branch": cast.branch["NB"].pk,
        "owner": cast.nb_manager.person.pk,
        "kind": kind.pk,
        "capacity": 100,
        "notice": "每晚八点",
    }
    assert "人数上限为 1 至 500" in posted(manager, "community_group_add", **terms | {"capacity": 501})
    assert "群主不在您的机构范围内" in posted(
        manager, "community_group_add", **terms | {"owner": cast.sb_manager.person.pk}
    ) or not found_any(Group)
    posted(manager, "community_group_add", **terms)
    group = found(Group, name="宝妈群")
    text = page(manager, "community_group_changelist")
    assert "宝妈群" in text and "0 / 100" in text and cast.nb_manager.person.name in text
    # Members by paste and by file; whom nobody knows is said, with the row.
    numbers = [cast.customers[name].number for name in ("nb", "nb2", "sb")]
    told = posted(manager, "community_group_members", group.pk, named=f"{numbers[0]}\n{numbers[2]}")
    assert "已加入 1 位客户" in told and "2. " in told and "没有找到该客户" in told
    listed = SimpleUploadedFile("n.csv", f"客户号\n{numbers[1]}\n".encode("gb18030"))
    assert "已加入 1 位客户" in posted(manager, "community_group_members", group.pk, file=listed)
    assert "请粘贴客户号或手机号" in posted(manager, "community_group_members", group.pk)
    register_group_panel("test", title="群发内容", rows=lambda _scope, _id: [Line("今天", "早安", "已发送")])
    text = page(manager, "community_group_change", group.pk)
    assert "****0001" in text and "早安" in text and "每晚评估" in text
    assert reverse("admin:customers_customer_change", args=[cast.customers["nb"].customer.pk]) in text
    # And on the customer's own page the way back.
    mine = page(manager, "customers_customer_change", cast.customers["nb"].customer.pk)
    assert reverse("admin:community_group_change", args=[group.pk]) in mine
    member = found(Member, customer=cast.customers["nb2"].customer)
    assert "已移出社群" in posted(manager, "community_group_take_out", group.pk, member.pk)
    assert "已记录" in posted(manager, "community_group_sign", group.pk, note="晚课")
    posted(manager, "community_group_change", group.pk, **terms | {"name": "宝妈二群"})
    assert found(Group, pk=group.pk).name == "宝妈二群"
    # Who looks sees it all and has no button; another branch finds nothing.
    auditor = desk_of(cast, "ho_auditor")
    text = page(auditor, "community_group_change", group.pk)
    assert "****0001" in text and "添加成员" not in text and "解散" not in text.replace("未解散", "")
    assert (
        desk_of(cast, "sb_manager").get(reverse("admin:community_group_change", args=[group.pk])).status_code
        != 200
    )

    # An entry code in front, its page, its poster.
    assert "还没有活码" in page(manager, "community_entrycode_changelist")
    posted(
        manager,
        "community_entrycode_add",
        title="扫码入群",
        says="一起攒钱",
        branch=cast.branch["NB"].pk,
        kind="",
        picks="order",
        radius_m=5000,
    )
    code = found(EntryCode, title="扫码入群")
    line = {"group": group.pk, "most_members": 50}
    assert "请填写入群链接" in posted(manager, "community_entrycode_line", code.pk, **line)
    told = posted(manager, "community_entrycode_line", code.pk, **line, link="https://example.test/join")
    assert "已排在最后" in told and "正在展示" in told
    stands = found(EntryGroup, code=code)
    assert "已置顶" in posted(manager, "community_entrycode_first", code.pk, stands.pk)
    poster = manager.get(reverse("admin:community_entrycode_poster", args=[code.pk]))
    assert poster.headers["Content-Type"] == "image/png" and poster.content.startswith(b"\x89PNG")

    # Who scans it, on a phone and in the mini-program; nobody is logged in.
    anyone = Client()
    seen = anyone.get(f"/g/{code.slug}")
    text = seen.content.decode()
    assert seen.status_code == 200 and "扫码入群" in text and "宝妈二群" in text
    assert (
        seen.headers["Cache-Control"] == "no-store"
        and "geolocation=(self)" in seen.headers["Permissions-Policy"]
    )
    picture = anyone.get(reverse("entry-picture", args=[code.slug, stands.pk]))
    assert picture.content.startswith(b"\x89PNG")
    answer = anyone.get(f"/api/v1/entry-codes/{code.slug}").json()
    assert answer["group"] == "宝妈二群" and answer["qr"].startswith("data:image/png;base64,")
    assert anyone.head(f"/g/{code.slug}").status_code == 200
    with system_scope(at=AT, cause="look"):
        assert sum(EntryGroup.objects.get().shows.values_list("many", flat=True)) == 2
    for absent in ("a" * 16, "x"):
        assert anyone.get(f"/g/{absent}").status_code == 404
        assert anyone.get(f"/api/v1/entry-codes/{absent}").status_code == 404

    # The nearest: refused without a position, and found with one, in the body of a POST.
    operator = hired(cast, "community_operator", "HO", "operator")
    cast.players["operator"] = operator
    desk = desk_of(cast, "operator")
    posted(desk, "community_branchplace_add", branch=cast.branch["NB"].pk, latitude="39.9", longitude="116.4")
    place = found(BranchPlace, branch=cast.branch["NB"])
    assert (place.lat_micro, place.lon_micro) == (39_900_000, 116_400_000)
    posted(desk, "community_branchplace_change", place.pk, latitude="39.91", longitude="116.4")
    assert found(BranchPlace, pk=place.pk).lat_micro == 39_910_000
    posted(
        desk,
        "community_entrycode_add",
        title="最近的群",
        says="",
        branch=cast.branch["HO"].pk,
        kind="",
        picks="nearest",
        radius_m=20_000,
    )
    near = found(EntryCode, title="最近的群")
    refused = anyone.get(f"/api/v1/entry-codes/{near.slug}")
    assert (refused.status_code, refused.json()["code"]) == (422, "community.entrycode.position_needed")
    assert "请允许使用位置" in anyone.get(f"/g/{near.slug}").content.decode()
    here = {"latitude": 39.9, "longitude": 116.4}
    where = f"/api/v1/entry-codes/{near.slug}/near"
    answer = anyone.post(where, json.dumps(here), content_type="application/json").json()
    assert answer["group"] == "宝妈二群" and 1_000 < answer["metres"] < 1_200
    for bad in ({}, {"latitude": 91, "longitude": 0}, {"latitude": "x", "longitude": 1}):
        assert anyone.post(where, json.dumps(bad), content_type="application/json").status_code == 400
    far = {"latitude": 31.2, "longitude": 121.4}
    assert anyone.post(where, json.dumps(far), content_type="application/json").status_code == 404
    assert "宝妈二群" in anyone.post(f"/g/{near.slug}", here).content.decode()
    assert "请允许使用位置" in anyone.post(f"/g/{near.slug}", {"latitude": "no"}).content.decode()

    # A customer: the groups one is in, and the codes of home.
    customer = Client(headers=cast.customers["nb"].headers())
    groups = customer.get("/api/v1/groups").json()
    assert [row["name"] for row in groups["items"]] == ["宝妈二群"]
    assert [row["slug"] for row in groups["open"]] == [code.slug]
    other = Client(headers=cast.customers["sb"].headers()).get("/api/v1/groups").json()
    assert other == {"items": [], "open": []}
    assert Client().get("/api/v1/groups").status_code == 401
    # Closed and dissolved: shown to nobody, and grey in the list.
    assert "已移出" in posted(manager, "community_entrycode_end_line", code.pk, stands.pk)
    assert "已停用" in posted(manager, "community_entrycode_close", code.pk)
    assert anyone.get(f"/g/{code.slug}").status_code == 404
    assert "已解散" in posted(manager, "community_group_dissolve", group.pk)
    assert "cg-over" in page(manager, "community_group_changelist")
    assert (
        "宝妈二群"
        not in manager.get(reverse("admin:community_group_changelist"), {"life": "open"})
        .content.decode()
        .split("</form>")[-1]
    )
    assert customer.get("/api/v1/groups").json() == {"items": [], "open": []}


def found_any(model: Any) -> bool:
    with system_scope(at=AT, cause="look"):
        return bool(model.objects.exists())


def test_wecom_at_head_office(cast: Cast, server: WeChatStandIn, settings: Any) -> None:
    cast.players["north_operator"] = hired(cast, "community_operator", "N", "north_operator")
    boss = desk_of(cast, "ho_administrator")
    told = posted(
        boss, "community_wecomaccount_add", person=cast.nb_manager.person.pk, userid="NB_m", branch=""
    )
    assert "nb_m" in told
    account = found(WeComAccount)
    assert account.branch_id == cast.branch["NB"].pk
    assert "已对应到另一位员工" in posted(
        boss, "community_wecomaccount_add", person=cast.sb_manager.person.pk, userid="nb_M", branch=""
    )
    assert "还没有同步过" in page(boss, "community_groupsync_changelist")
    assert "一分钟内开始" in posted(boss, "community_groupsync_begin")
    assert "正在同步" in posted(boss, "community_groupsync_begin")
    sync = found(GroupSync)
    assert "读取列表" in page(boss, "community_groupsync_change", sync.pk)
    with system_scope(at=AT, cause="test") as scope:
        note_chats(scope=scope, chat_ids=["wr1"])
        Chat.objects.update(why={"zh": "原因在此", "en": "why"}, due_at=None, is_stuck=True)
    chat = found(Chat)
    assert "原因在此" in page(boss, "community_chat_changelist")
    assert "一分钟内重新获取" in posted(boss, "community_chat_fetch", chat.pk)
    again = found(Chat)
    assert again.due_at is not None and not again.is_stuck
    assert "已停用" in posted(boss, "community_wecomaccount_end", account.pk)
    # A branch does not see head office's runs; without WeCom the button says why not.
    manager = desk_of(cast, "nb_manager")
    assert manager.get(reverse("admin:community_groupsync_changelist")).status_code == 403
    below = desk_of(cast, "north_operator")
    assert "由总行发起" in posted(below, "community_groupsync_begin")
    assert reverse("admin:community_groupsync_begin") not in page(below, "community_groupsync_changelist")
    settings.WECOM_CONTACT_SECRET = ""
    with system_scope(at=AT, cause="test"):
        GroupSync.objects.update(state="done", ended_at=AT)
    assert "尚未配置企业微信" in posted(boss, "community_groupsync_begin")
    assert "尚未配置企业微信" in page(boss, "community_groupsync_changelist")
