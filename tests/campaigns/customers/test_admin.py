"""The customers' pages: everything that names a person is masked, and nothing of another branch is there."""

import re

import pytest
from django.test import Client

from tests.support.cast import PASSWORD, Cast

LIST = "/admin/customers/customer/"


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
        ("\x00", []),
    ],
)
def test_a_customer_is_found_by_the_whole_number_or_its_end(cast: Cast, words: str, found: list[str]) -> None:
    page = at_the_desk("nb_manager").get(LIST, {"q": words})
    expected = [cast.customers[name].customer.pk for name in found]
    if words == "\x00":
        expected = [cast.customers[name].customer.pk for name in ("nb2", "nb")]  # nothing was asked
    assert [c.pk for c in page.context["cl"].result_list] == expected


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
