"""The switcher: what it finds and in which role, where a switch leads, and what all of it costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.tenants.models import Branch
from campaigns.tenants.names import marks_of
from campaigns.tenants.rules import pinyin_of
from campaigns.tenants.services.assignments import assign_role
from tests.support.cast import AT, Cast, Player


def logged_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    client.get("/admin/")
    return client


def found(client: Client, words: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/admin/switch/search/", {"q": words}).json()["items"]
    return items


def second_role(cast: Cast) -> None:
    """North's editor is also South city's reviewer."""
    with cast.ho_administrator.scope() as scope:
        assign_role(
            scope=scope,
            person=cast.north_editor.person,
            role="reviewer",
            branch_id=cast.branch["SC"].pk,
            held_from=AT.replace(year=2026, month=1),
        )


def test_a_result_says_where_it_lies_and_as_what_one_would_stand_there(cast: Cast) -> None:
    second_role(cast)
    client = logged_in(cast.north_editor)
    items = found(client, "支行")
    assert [(i["code"], i["role"], i["above"]) for i in items] == [
        ("NB", "内容编辑", "北方省分行 › 北城分行"),
        ("SB", "审核", "南方省分行 › 南城分行"),
    ]
    assert [i["marks"] for i in items] == [[[5, 7]], [[5, 7]]]
    client.post("/admin/switch/", {"assignment": items[1]["assignment"], "branch": items[1]["id"]})
    page = client.get("/admin/")
    assert [branch.code for branch in page.context["stands_at"]] == ["HO", "S", "SC", "SB"]
    assert str(page.context["role_name"]) == "审核"
    # What is found does not depend on where one stands.
    assert found(client, "支行") == items


def test_a_closed_branch_is_told_from_the_open_ones(cast: Cast) -> None:
    with cast.ho_administrator.scope():
        Branch.objects.filter(code="NB").update(is_open=False)
    assert [(i["code"], i["is_open"]) for i in found(logged_in(cast.north_editor), "北城")] == [
        ("NC", True),
        ("NB", False),
    ]


def test_recent_places_are_remembered_with_path_and_role(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    mine = client.get("/admin/").context["switcher"]["chosen"]
    for code in ("NB", "NC", "NB"):
        client.post("/admin/switch/", {"assignment": mine, "branch": cast.branch[code].pk})
    client.post("/admin/switch/", {"assignment": mine})
    recent = client.get("/admin/").context["switcher"]["recent"]
    assert [(r["name"], r["above"], str(r["role"])) for r in recent] == [
        ("北城中山路支行", "北方省分行 › 北城分行", "内容编辑"),
        ("北城分行", "北方省分行", "内容编辑"),
    ]


# What each query of a search is for.
SEARCH = ["session", "log-in", "places found, in all assignments", "roles"]


def test_a_search_asks_as_much_whatever_it_finds(cast: Cast) -> None:
    second_role(cast)
    client = logged_in(cast.north_editor)
    for words in ("行", "支行", "zhong"):
        with CaptureQueriesContext(connection) as queries:
            assert found(client, words)
        assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) == len(SEARCH)


def test_one_stays_on_the_page_if_it_exists_there(cast: Cast) -> None:
    client = logged_in(cast.ho_administrator)
    mine = client.get("/admin/").context["switcher"]["chosen"]
    nb, north, south = (cast.branch[code].pk for code in ("NB", "N", "SB"))

    def leads(page: str, branch: int = north) -> str:
        answer = client.post("/admin/switch/", {"assignment": mine, "branch": branch, "next": page})
        return str(answer.headers["Location"])

    assert leads("/admin/tenants/person/?q=a&role=editor&p=7&e=1") == "/admin/tenants/person/?q=a&role=editor"
    assert leads("/admin/tenants/person/add/") == "/admin/tenants/person/add/"
    assert leads(f"/admin/tenants/branch/{nb}/change/") == f"/admin/tenants/branch/{nb}/change/"
    assert leads(f"/admin/tenants/branch/{nb}/history/") == f"/admin/tenants/branch/{nb}/history/"
    # A thing that is not there leads to the list of its like, as one that is nowhere.
    for key in (south, 987_654, "nonsense"):
        assert leads(f"/admin/tenants/branch/{key}/change/") == "/admin/tenants/branch/"
    assert leads(f"/admin/tenants/branch/{nb}/change/", south) == "/admin/tenants/branch/"
    assert leads("/admin/nowhere/") == leads("https://elsewhere.example/") == leads("") == "/admin/"
    assert leads("//elsewhere.example/admin/tenants/branch/") == "/admin/"


def test_a_page_that_the_other_role_may_not_open_leads_home(cast: Cast) -> None:
    second_role(cast)
    client = logged_in(cast.north_editor)
    [place] = [each for each in found(client, "解放") if each["code"] == "SB"]
    asked = {"assignment": place["assignment"], "branch": place["id"]}
    answer = client.post("/admin/switch/", {**asked, "next": "/admin/tenants/person/"})
    assert answer.headers["Location"] == "/admin/"
    # A reviewer looks at items but makes none.
    answer = client.post("/admin/switch/", {**asked, "next": "/admin/content/item/add/"})
    assert answer.headers["Location"] == "/admin/content/item/"


@pytest.mark.parametrize(
    ("name", "words", "marked"),
    [
        ("北京分行", "北京", "[北京]分行"),
        ("北京分行", "bj", "[北京]分行"),
        ("北京分行", "jingf", "北[京分]行"),
        ("北京分行", "京 行", "北[京]分[行]"),
        ("南宁分行", "ning", "南[宁]分行"),
        ("ＡＢ支行", "ab", "[ＡＢ]支行"),
        ("北京分行", "0101", "北京分行"),
        # Letters that might belong to either syllable: nothing is marked rather than the wrong one.
        ("西安", "an", "西安"),
        ("7天店", "tian", "7天店"),
    ],
)
def test_what_answers_to_the_words_is_marked(name: str, words: str, marked: str) -> None:
    spans = marks_of(name, pinyin_of(name), words)
    for start, end in reversed(spans):
        name = f"{name[:start]}[{name[start:end]}]{name[end:]}"
    assert name == marked


# --- no page holds the whole tree -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["tenants/branch/add", "tenants/person/add", "tenants/assignment/add"])
def test_forms_ask_for_a_branch_as_one_types_and_list_none(cast: Cast, page: str) -> None:
    body = logged_in(cast.ho_administrator).get(f"/admin/{page}/").content.decode()
    form = body[body.index('id="content-main"') :]
    assert "南城解放路支行" not in form
    assert "admin-autocomplete" in form


def test_an_autocomplete_says_where_a_branch_lies(cast: Cast) -> None:
    client = logged_in(cast.ho_administrator)
    asked = {"app_label": "tenants", "model_name": "person", "field_name": "branch", "term": "jfl"}
    [answer] = client.get("/admin/autocomplete/", asked).json()["results"]
    assert answer == {"id": str(cast.branch["SB"].pk), "text": "南城解放路支行（南方省分行 › 南城分行）"}
    assert client.get("/admin/autocomplete/", {**asked, "term": "%"}).json()["results"] == []


def test_an_autocomplete_tells_two_people_of_one_name_apart(cast: Cast) -> None:
    client = logged_in(cast.ho_administrator)
    asked = {"app_label": "tenants", "model_name": "assignment", "field_name": "person", "term": "nb_cl"}
    [answer] = client.get("/admin/autocomplete/", asked).json()["results"]
    assert answer["text"] == f"nb_clerk（{cast.nb_clerk.person.staff_number}）"
