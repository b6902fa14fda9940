"""The points mall over HTTP, as the mini-program asks for it, and its pages as staff do."""

from django.test import Client
from django.urls import reverse

from campaigns.approvals.services.stops import add_stop
from campaigns.points.models import MallOrder
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_api import as_customer
from tests.support.cast import AT, Cast
from tests.support.mall import earn, live_good

API = "/api/v1/"


def test_seen_ordered_once_a_key_listed_and_called_off(cast: Cast) -> None:
    good = live_good(cast)
    earn(cast, cast.customers["nb"].customer.pk, 150)
    nb = as_customer(cast, "nb")
    [seen] = nb.get(f"{API}points/goods").json()["items"]
    assert (seen["id"], seen["price_points"], seen["cash_fen"], seen["left"], seen["ordered"]) == (
        str(good.pk), 100, 0, 3, 0,
    )  # fmt: skip
    body = {"good": seen["id"], "points": 100}
    receiver = {"name": "王敏", "phone": "13800138000", "address": "文三路 1 号"}
    assert nb.post(f"{API}points/orders", body).status_code == 400  # no key
    refused = nb.post(f"{API}points/orders", body, key="order-0000001")
    assert (refused.status_code, refused.json()["code"]) == (422, "points.order.address_missing")
    first = nb.post(f"{API}points/orders", body | {"receiver": receiver}, key="order-0000002")
    assert first.status_code == 201, first.content
    again = nb.post(f"{API}points/orders", body | {"receiver": receiver}, key="order-0000002")
    assert again.content == first.content
    assert "13800138000" not in first.content.decode()
    short = nb.post(f"{API}points/orders", body | {"receiver": receiver}, key="order-0000003")
    assert (short.status_code, short.json()["code"]) == (409, "points.ledger.short")
    assert nb.get(f"{API}points/goods/{good.pk}").json()["left"] == 2
    off = nb.post(f"{API}me/points/orders/{first.json()['id']}/cancel", key="cancel-0000001")
    assert (off.status_code, off.json()["state"]) == (200, "cancelled")
    [mine] = nb.get(f"{API}me/points/orders").json()["items"]
    assert (mine["state"], mine["points"]) == ("cancelled", 100)
    assert nb.get(f"{API}points/goods/{good.pk}").json()["left"] == 3
    assert as_customer(cast, "sb").get(f"{API}points/goods/{good.pk}").status_code == 404


def test_an_order_is_sent_from_its_page_and_the_address_is_shown_by_name(cast: Cast, client: Client) -> None:
    live_good(cast)
    earn(cast, cast.customers["nb"].customer.pk, 100)
    nb = as_customer(cast, "nb")
    good = nb.get(f"{API}points/goods").json()["items"][0]["id"]
    receiver = {"name": "王敏", "phone": "13800138000", "address": "文三路 1 号"}
    made = nb.post(
        f"{API}points/orders", {"good": good, "points": 100, "receiver": receiver}, key="order-0000002"
    ).json()["id"]
    client.force_login(cast.nb_manager.login)
    page = reverse("admin:points_mallorder_change", args=[made])
    assert "13800138000" not in client.get(page).content.decode()
    shown = client.post(reverse("admin:points_mallorder_unmask", args=[made]), follow=True)
    assert "13800138000" in shown.content.decode()
    client.post(reverse("admin:points_mallorder_send", args=[made]), {"carrier": "顺丰 SF1"})
    with system_scope(at=AT, cause="test"):
        assert MallOrder.objects.values_list("state", "sent_by").get(pk=made) == ("sent", "顺丰 SF1")


def test_a_goods_page_says_how_it_stands_and_by_whom_it_is_stopped(cast: Cast, client: Client) -> None:
    good = live_good(cast)
    with cast.ho_administrator.scope() as scope:
        add_stop(scope=scope, branch_id=cast.branch["HO"].pk, reason="缺货核查", kind="points.good")
    client.force_login(cast.north_rewards.login)
    assert "已上线" in client.get(reverse("admin:points_good_changelist")).content.decode()
    page = client.get(reverse("admin:points_good_change", args=[good.pk])).content.decode()
    assert "已上线" in page and "缺货核查" in page
