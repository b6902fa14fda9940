"""Homes and relationship managers, with their history; and the pages that show and change them."""

from datetime import timedelta

import pytest

from campaigns.audit.models import Entry
from campaigns.customers.care_selectors import in_care_of, manager_of, people_for
from campaigns.customers.models import Care, Customer, HomeMove, Identity, Merge, MergeProposal
from campaigns.customers.refusals import ManagerElsewhere, NotAHome
from campaigns.customers.services.care import ask_hand_over, assign_item, assign_manager, move_customer_home
from campaigns.customers.services.merges import merge_customers, propose_merge
from campaigns.jobs.long_models import JobItem
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.leaving import leave
from tests.campaigns.customers.test_admin import LIST, at_the_desk, page_of
from tests.support.cast import AT, Cast, Player, hired
from tests.support.customers import anonymous

DUPLICATES = "/admin/customers/mergeproposal/"
MERGES = "/admin/customers/merge/"


def test_a_customer_moves_home_with_everything_and_history_says_from_where(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    with cast.ho_administrator.scope() as scope:
        assign_manager(scope=scope, customer_id=nb.pk, person_id=cast.nb_manager.person.pk)
        with pytest.raises(NotAHome):
            move_customer_home(scope=scope, customer_id=nb.pk, branch_id=cast.branch["S"].pk)
        move_customer_home(scope=scope, customer_id=nb.pk, branch_id=cast.branch["SB"].pk, why="迁居")
        # Whoever looked after the customer does not act there.
        assert manager_of(scope=scope, customer_id=nb.pk) is None
        assert Care.objects.get(customer=nb).until == AT
    with cast.sb_manager.scope():
        assert (
            Customer.objects.filter(pk=nb.pk).exists() and Identity.objects.filter(customer=nb).count() == 2
        )
        move = HomeMove.objects.get()
        assert (move.from_name, move.to_name, move.why) == ("北城中山路支行", "南城解放路支行", "迁居")
        assert Entry.objects.filter(verb="customers.customer.move").exists()
    with cast.nb_manager.scope() as scope:
        assert not Customer.objects.filter(pk=nb.pk).exists()
        with pytest.raises(NotFound):
            move_customer_home(scope=scope, customer_id=nb.pk, branch_id=cast.branch["NB"].pk)


def test_a_customer_has_one_manager_at_a_time_who_acts_at_the_home_or_above(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    colleague = hired(cast, "relationship_manager", "NB")
    with cast.nb_manager.scope() as scope:
        people = set(people_for(scope=scope, branch_id=nb.branch_id))
        assert people == {cast.nb_manager.person, colleague.person}
        with pytest.raises(ManagerElsewhere):  # a clerk does not see customers
            assign_manager(scope=scope, customer_id=nb.pk, person_id=cast.nb_clerk.person.pk)
        with pytest.raises(NotFound):
            assign_manager(scope=scope, customer_id=nb.pk, person_id=cast.sb_manager.person.pk)
        first = assign_manager(scope=scope, customer_id=nb.pk, person_id=colleague.person.pk)
        assert assign_manager(scope=scope, customer_id=nb.pk, person_id=colleague.person.pk) == first
    with cast.nb_manager.scope(at=AT + timedelta(days=1)) as scope:
        assign_manager(scope=scope, customer_id=nb.pk, person_id=cast.nb_manager.person.pk, why="休假")
        spells = Care.objects.order_by("since").values_list("person_id", "until")
        assert list(spells) == [
            (colleague.person.pk, AT + timedelta(days=1)),
            (cast.nb_manager.person.pk, None),
        ]
        assert assign_manager(scope=scope, customer_id=nb.pk, person_id=None) is None
        assert not Care.objects.filter(until__isnull=True).exists()


def test_whoever_leaves_leaves_no_customer_alone_and_many_are_handed_over_as_a_job(cast: Cast) -> None:
    one, two = (
        hired(cast, "relationship_manager", "NB", "one"),
        hired(cast, "relationship_manager", "NB", "two"),
    )
    nb, nb2 = (cast.customers[name].customer for name in ("nb", "nb2"))
    with cast.ho_administrator.scope() as scope:
        for customer in (nb, nb2):
            assign_manager(scope=scope, customer_id=customer.pk, person_id=one.person.pk)
        done = leave(scope=scope, person_id=one.person.pk, successor_id=two.person.pk)
        assert done["customers: in care"] == 2
        assert set(in_care_of(scope=scope, person_id=two.person.pk)) == {nb, nb2}
        customers = list(in_care_of(scope=scope, person_id=two.person.pk))
        job = ask_hand_over(scope=scope, customers=customers, person_id=cast.nb_manager.person.pk)
        for item in JobItem.objects.filter(job=job):
            assign_item(scope=scope, item=item, args=job.args)
        assert set(in_care_of(scope=scope, person_id=cast.nb_manager.person.pk)) == {nb, nb2}


def test_the_page_of_a_customer_says_who_where_and_what_happened_masked(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in-0001")
        merge_customers(scope=scope, kept=nb.pk, absorbed=visitor, why={"by": "log-in", "kinds": ["openid"]})
        assign_manager(scope=scope, customer_id=nb.pk, person_id=cast.nb_manager.person.pk)
    client = at_the_desk("nb_manager")
    page = client.get(page_of(cast, "nb"))
    text = page.content.decode()
    assert page.status_code == 200
    assert [box["code"] for box in page.context["boxes"]][:2] == ["customers.identities", "customers.care"]
    assert "已并入本客户" in text and "wal******001" in text and "nb_manager 成为客户经理" in text
    assert "walk-in-0001" not in text and cast.customers["nb"].number not in text
    assert "style=" not in text[text.index("cu-card") : text.index("cu-line")]
    # The time line in pages; nonsense is the first page.
    before = page.context["moments"][0].at
    assert client.get(page_of(cast, "nb"), {"before": before.isoformat()}).context["moments"] == []
    assert client.get(page_of(cast, "nb"), {"before": "gestern"}).status_code == 200
    # In one's care, and whose they are.
    mine = client.get(LIST, {"care": "mine"}).context["cl"].result_list
    assert [(c.pk, c.manager_name) for c in mine] == [(nb.pk, "nb_manager")]
    # Whoever was merged leads to who it is now.
    gone = client.get(f"{LIST}{visitor}/change/")
    assert f"{LIST}{nb.pk}/change/" in gone.content.decode()


def test_seeing_it_in_the_clear_takes_a_reason_and_is_shown_once(cast: Cast) -> None:
    client = at_the_desk("nb_manager")
    address = f"{LIST}{cast.customers['nb'].customer.pk}/unmask/"
    assert client.get(address).status_code == 405
    refused = client.post(address, {"reason": "看"}, follow=True)
    assert "原因" in refused.content.decode() and cast.customers["nb"].number not in refused.content.decode()
    shown = client.post(address, {"reason": "客户来电核对身份"})
    assert cast.customers["nb"].number in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    kept = at_the_desk("ho_auditor").post(address, {"reason": "客户来电核对身份"}, follow=True)
    assert "授权" in kept.content.decode() and cast.customers["nb"].number not in kept.content.decode()


def test_home_care_and_duplicates_are_done_from_the_page_with_refusals_beside_them(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer for name in ("nb", "nb2"))
    client = at_the_desk("ho_administrator")
    page = page_of(cast, "nb").removesuffix("change/")
    text = client.post(f"{page}home/", {"branch": cast.branch["S"].pk, "why": ""}).content.decode()
    assert "不是可归属客户的营业网点" in text
    assert client.post(f"{page}home/", {"branch": cast.branch["SB"].pk, "why": "迁居"}).status_code == 302
    assert client.post(f"{page}care/", {"person": cast.sb_manager.person.pk}).status_code == 302
    missing = client.post(f"{page}duplicate/", {"number": "N-nobody", "comment": "重复"})
    assert "没有这个客户号" in missing.content.decode()
    number = cast.customers["nb2"].number
    assert client.post(f"{page}duplicate/", {"number": number, "comment": "同一证件"}).status_code == 302
    with cast.ho_administrator.scope():
        nb.refresh_from_db()
        assert nb.branch_id == cast.branch["SB"].pk
        assert Care.objects.get(until__isnull=True).person_id == cast.sb_manager.person.pk
        assert {MergeProposal.objects.get().first_id, MergeProposal.objects.get().second_id} == {
            nb.pk,
            nb2.pk,
        }
    page = "/admin/customers/customer/hand-over/"
    people = {"leaver": cast.sb_manager.person.pk, "successor": cast.ho_administrator.person.pk}
    assert "/admin/jobs/job/" in client.post(page, people)["Location"]


def test_a_steward_compares_two_confirms_and_undoes(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer for name in ("nb", "nb2"))
    with hired(cast, "relationship_manager", "NB").scope(at=now()) as scope:
        propose_merge(scope=scope, first=nb.pk, second=nb2.pk, comment="同一证件")
        proposal = MergeProposal.objects.get()
    client = at_the_desk("nb_manager")
    queue = client.get(DUPLICATES).content.decode()
    assert "有 1 对客户待判断" in queue and "****0001 · ****0002" in queue
    page = client.get(f"{DUPLICATES}{proposal.pk}/change/")
    text = page.content.decode()
    assert [side.customer.pk for side in page.context["sides"]] == [proposal.first_id, proposal.second_id]
    assert "同一证件" in text and cast.customers["nb"].number not in text
    assert client.post(f"{DUPLICATES}{proposal.pk}/confirm/", {"kept": "x"}).status_code == 302
    done = client.post(f"{DUPLICATES}{proposal.pk}/confirm/", {"kept": str(nb.pk)}, follow=True)
    assert "两位已合并为一位客户" in done.content.decode()
    with cast.nb_manager.scope():
        merge = Merge.objects.get()
    text = client.get(f"{MERGES}{merge.pk}/change/").content.decode()
    assert "撤销合并" in text and "身份标识 2" in text
    text = client.post(f"{MERGES}{merge.pk}/undo/", {"why": "认错人"}, follow=True).content.decode()
    assert "已撤销：恢复为两位客户" in text and "认错人" in text
    assert "没有待比对的客户" in client.get(DUPLICATES).content.decode()
    assert "已撤销" in client.post(f"{MERGES}{merge.pk}/undo/", {"why": "再来"}, follow=True).content.decode()
    with cast.nb_manager.scope():
        assert Customer.objects.filter(status="active").count() == 2
    foreign = at_the_desk("sb_manager").get(f"{DUPLICATES}{proposal.pk}/change/")
    assert foreign.status_code == 302


def test_the_counters_card_shows_who_a_merged_customer_is_now(cast: Cast) -> None:
    nb, visitor = cast.customers["nb"].customer, None
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in-0001")
        merge_customers(scope=scope, kept=nb.pk, absorbed=visitor, why={})
    player = hired(cast, "relationship_manager", "NB")
    client, headers = at_the_desk("nb_editor"), _staff_headers(player)
    answer = client.get(f"/api/v1/staff/customers/{visitor}", headers=headers)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["number"], body["branch"]["code"]) == (str(nb.pk), "****0001", "NB")
    assert [each["kind"] for each in body["known_by"]] == ["customer_number", "unionid", "openid"]
    assert cast.customers["nb"].number not in answer.content.decode()
    sb = cast.customers["sb"].customer.pk
    assert client.get(f"/api/v1/staff/customers/{sb}", headers=headers).status_code == 404
    clerk = _staff_headers(cast.nb_clerk)
    assert client.get(f"/api/v1/staff/customers/{nb.pk}", headers=clerk).status_code == 403


def _staff_headers(player: Player) -> dict[str, str]:
    token = tokens.issue(
        kind="staff",
        subject=str(player.login.pk),
        seconds=900,
        assignment=str(player.assignment.pk),
    )
    return {"Authorization": f"Bearer {token}"}
