"""The customers' pages: everything that names a person is masked, and nothing of another branch is there."""

import logging
import re
from urllib.parse import unquote

import pytest
from django.test import Client

from campaigns.customers.admin import searching
from campaigns.customers.services.identities import link_identity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, PASSWORD, Cast

LIST = "/admin/customers/customer/"
SEARCH = f"{LIST}search/"


def at_the_desk(username: str) -> Client:
    client = Client(headers={"Accept-Language": "zh-Hans"})
    assert client.login(username=username, password=PASSWORD)
    return client


def page_of(cast: Cast, name: str) -> str:
    return f"{LIST}{cast.customers[name].customer.pk}/change/"


def test_a_manager_sees_the_customers_of_the_branch_masked(cast: Cast) -> None:
    page = at_the_desk("nb_manager").get(LIST)
    text = page.content.decode()
    assert page.status_code == 200
    assert [c.pk for c in page.context["cl"].result_list] == [
        cast.customers["nb2"].customer.pk,
        cast.customers["nb"].customer.pk,
    ]
    assert "****0001" in text and "****0003" not in text
    assert "N-nb" not in text and "union-nb" not in text


def test_a_customers_page_shows_masked_identities_and_offers_nothing_to_change(cast: Cast) -> None:
    page = at_the_desk("nb_manager").get(page_of(cast, "nb"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "N-n*****001" in text and "teacher" in text
    assert cast.customers["nb"].number not in text and cast.customers["nb"].unionid not in text
    assert 'name="_save"' not in text


def test_the_page_of_another_branchs_customer_answers_like_an_absent_one(cast: Cast) -> None:
    client = at_the_desk("nb_manager")
    foreign = client.get(page_of(cast, "sb"))
    absent = client.get(f"{LIST}01930000-0000-7000-8000-000000000000/change/")
    assert (foreign.status_code, foreign["Location"]) == (absent.status_code, absent["Location"])


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("N-nb-000001", ["nb"]),
        ("0002", ["nb2"]),
        ("N-sb-000003", []),  # another branch's
        ("0003", []),
        ("N-nb", []),  # no part of a number but its end
        ("' OR 1=1 --", []),
        ("号" * 64, []),
        ("\x00 ", ["nb2", "nb"]),  # nothing was asked
    ],
)
def test_a_number_that_is_searched_for_stands_in_no_address_and_no_log(
    cast: Cast, caplog: pytest.LogCaptureFixture, words: str, found: list[str]
) -> None:
    client = at_the_desk("nb_manager")
    form = re.search(
        r'<form id="changelist-search"[^>]*>', client.get(f"{LIST}?status__exact=active").content.decode()
    )
    assert form and 'method="post"' in form[0] and f'action="{SEARCH}?status__exact=active"' in form[0]
    with caplog.at_level(logging.DEBUG):
        answer = client.post(f"{SEARCH}?status__exact=active&p=3", {"q": words})
        assert answer.status_code == 302 and "p=3" not in answer["Location"]
        page = client.get(answer["Location"])
    text = page.content.decode()
    if len(found) == 1:
        assert answer["Location"] == page_of(cast, found[0])
    else:
        assert answer["Location"].startswith(f"{LIST}?status__exact=active")
        rows = page.context["cl"].result_list
        assert [row.pk for row in rows] == [cast.customers[name].customer.pk for name in found]
        assert bool(found) != ("可以搜索：" in text)
    if words.strip("\x00 "):
        addresses = re.findall(r'(?:href|action|src|hx-get)="([^"]*)"', text)
        for told in (answer["Location"], *addresses, caplog.text):
            assert words not in unquote(told), told
        # It is as long whatever was typed.
        assert len(found) == 1 or len(answer["Location"]) == len(
            client.post(f"{SEARCH}?status__exact=active", {"q": "x"})["Location"]
        )


def test_a_phone_finds_its_customer_within_the_branch_and_a_claim_finds_nobody(cast: Cast) -> None:
    nb, nb2, sb = (cast.customers[name].customer.pk for name in ("nb", "nb2", "sb"))
    with system_scope(at=AT, cause="test") as scope:
        for customer, value, counts in (
            (nb, "13800000001", True), (sb, "13800000003", True), (nb2, "13800000002", False)
        ):  # fmt: skip
            link_identity(
                scope=scope,
                customer_id=customer,
                kind="phone",
                value=value,
                source="core",
                is_verified=counts,
            )
    client = at_the_desk("nb_manager")
    for words in ("13800000001", "+86 138-0000-0001", "１３８０００００００１"):
        answer = client.post(SEARCH, {"q": words})
        assert answer["Location"] == page_of(cast, "nb"), words
    for words in ("13800000003", "13800000002", "1380000000"):
        address = client.post(SEARCH, {"q": words})["Location"]
        assert words not in address and client.get(address).context["cl"].result_count == 0, words


def test_the_address_of_a_search_opens_for_who_searched_and_not_for_ever(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, other = at_the_desk("ho_administrator"), at_the_desk("nb_manager")
    address = boss.post(SEARCH, {"q": "nobody"})["Location"]
    assert boss.get(address).context["cl"].typed == "nobody"
    assert boss.get(f"{address}&o=1").context["cl"].result_count == 0
    for client, asked in (
        (other, address),
        (boss, f"{LIST}?q=0001"),
        (boss, f"{address}x"),
        (boss, f"{LIST}?q=号"),
    ):
        assert client.get(f"{asked}&status__exact=active")["Location"] == f"{LIST}?status__exact=active"
    assert "再输入一次" in boss.get(LIST).content.decode()
    monkeypatch.setattr(searching, "LIVES", -searching.LIVES)
    assert boss.get(boss.post(SEARCH, {"q": "nobody"})["Location"])["Location"] == LIST
    monkeypatch.undo()
    # The same for what customers said; and whoever offers choices finds nobody by a number either.
    consents = "/admin/customers/consent/"
    address = boss.post(f"{consents}search/", {"q": "N-nb-000001"})["Location"]
    assert "000001" not in address and boss.get(address).context["cl"].typed == "N-nb-000001"
    offered = {"app_label": "customers", "model_name": "consent", "field_name": "customer", "term": "0001"}
    assert boss.get("/admin/autocomplete/", offered).json()["results"] == []


@pytest.mark.parametrize("username", ["nb_editor", "nb_clerk", "ho_reviewer"])
def test_a_role_without_the_right_has_no_such_page(cast: Cast, username: str) -> None:
    client = at_the_desk(username)
    assert client.get(LIST).status_code == 403
    assert client.get(page_of(cast, "nb")).status_code == 403


@pytest.mark.parametrize("username", ["ho_administrator", "nb_manager", "ho_auditor"])
def test_nobody_adds_changes_or_deletes_a_customer_here(cast: Cast, username: str) -> None:
    client = at_the_desk(username)
    customer = cast.customers["nb"].customer
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(page_of(cast, "nb"), {"status": "blocked"}).status_code == 403
    assert client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}).status_code == 403
    with cast.ho_administrator.scope():
        customer.refresh_from_db()
        assert customer.status == "active"


def test_a_room_whose_main_thing_has_its_name_is_said_once(cast: Cast) -> None:
    text = at_the_desk("nb_manager").get(page_of(cast, "nb")).content.decode()
    crumbs = re.findall(r'href="([^"]*)" class="align-middle inline-block', text)
    assert crumbs == [LIST, page_of(cast, "nb")]
