"""The merchants' pages: kept by their branch, seen below, and what a cashier's counter says."""

from django.urls import reverse

from campaigns.lib.clock import now
from campaigns.rewards.models import Cashier, Merchant
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.support.cast import Cast, hired

TYPED = {"code": "S1", "name": "春风咖啡", "handed_down": "on", "phone_typed": "13800138000",
         "account_typed": "6222 0212 3456 7890"}  # fmt: skip


def test_a_merchant_is_added_changed_staffed_and_closed_from_its_page(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    assert "还没有商户" in page(client, "rewards_merchant_changelist")
    add = reverse("admin:rewards_merchant_add")
    assert client.post(add, TYPED).status_code == 302
    with system_scope(at=now(), cause="look"):
        shop = Merchant.objects.get()
    # A refusal is an error of the form, with what was typed still in it.
    again = client.post(add, TYPED).content.decode()
    assert "已有商户号“S1”" in again
    assert "春风咖啡" in again
    text = page(client, "rewards_merchant_change", shop.pk)
    assert "138*****000" in text and "****7890" in text
    assert "13800138000" not in text and "6222" not in text
    change = reverse("admin:rewards_merchant_change", args=[shop.pk])
    assert client.post(change, {"code": "S1", "name": "春风咖啡馆"}).status_code == 302
    teller = hired(cast, "merchant_clerk", "NB", "teller")
    with_person = {"person": str(teller.person.pk)}
    client.post(reverse("admin:rewards_merchant_cashier", args=[shop.pk]), with_person)
    with system_scope(at=now(), cause="look"):
        shop.refresh_from_db()
        assert (shop.name, shop.handed_down) == ("春风咖啡馆", False)
        cashier = Cashier.objects.get()
        assert cashier.person_id == teller.person.pk
    text = page(client, "rewards_merchant_change", shop.pk)
    assert "teller" in text
    assert "没有可添加的人" in text
    # The branch below sees it once it is handed down: to read, without what is sealed and who stands there.
    below = desk_of(cast, "nb_manager")
    assert below.get(change).status_code == 302  # as for one that does not exist
    client.post(change, TYPED)
    seen = page(below, "rewards_merchant_change", shop.pk)
    assert "春风咖啡" in seen
    assert "7890" not in seen and "teller" not in seen and "停止合作" not in seen
    below.post(reverse("admin:rewards_merchant_close", args=[shop.pk]), {"reason": "不是我的"})
    below.post(change, {"code": "S1", "name": "我的"})
    client.post(reverse("admin:rewards_merchant_close", args=[shop.pk]), {})
    with system_scope(at=now(), cause="look"):
        shop.refresh_from_db()
        assert (shop.name, shop.state) == ("春风咖啡", "active")
    # Found by a part of its name or code, where a batch chooses.
    asked = {"app_label": "rewards", "model_name": "cashier", "field_name": "merchant", "term": "咖啡"}
    offered = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert offered == [{"id": str(shop.pk), "text": "春风咖啡 (S1) · 北方省分行"}]
    assert desk_of(cast, "south_editor").get(reverse("admin:autocomplete"), asked).status_code == 403
    client.post(reverse("admin:rewards_merchant_close", args=[shop.pk]), {"reason": "解约"})
    client.post(reverse("admin:rewards_merchant_end_cashier", args=[shop.pk, cashier.pk]))
    with system_scope(at=now(), cause="look"):
        shop.refresh_from_db()
        cashier.refresh_from_db()
        assert (shop.state, cashier.ended_at is not None) == ("closed", True)
    assert "恢复合作" in page(client, "rewards_merchant_change", shop.pk)
    assert "已停止合作" in page(client, "rewards_merchant_changelist")
