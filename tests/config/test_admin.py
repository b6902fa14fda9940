"""The shell of the admin: who gets in, where they stand, and what they are shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from campaigns.audit.models import SecurityRecord
from campaigns.lib.clock import now
from campaigns.lib.sparkline import HEIGHT, points_of
from campaigns.tenants.models import Assignment, Branch
from campaigns.tenants.services.assignments import assign_role
from config.desk.colours import steps_of
from config.desk.home.sections import PARTS
from config.desk.sidebar import GROUPS
from tests.support.cast import PASSWORD, Cast, Player


def logged_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def sidebar(page: Any) -> list[str]:
    return [str(item["title"]) for group in page.context["sidebar_navigation"] for item in group["items"]]


def stands_at(page: Any) -> list[str]:
    return [branch.code for branch in page.context["stands_at"]]


def test_every_page_of_the_sidebar_has_an_admin() -> None:
    for group in GROUPS:
        for page in group.pages:
            assert admin.site.is_registered(apps.get_model(page.model)), page.model


def test_nothing_is_registered_whose_rights_are_not_the_scopes() -> None:
    from campaigns.tenants.desk import ScopedRights

    assert [
        m._meta.label for m, page in admin.site._registry.items() if not isinstance(page, ScopedRights)
    ] == []


def test_somebody_logs_in_with_name_and_password_and_stands_at_the_own_branch(cast: Cast) -> None:
    client = Client()
    page = client.post(
        "/admin/login/?next=/admin/", {"username": "nb_manager", "password": PASSWORD, "next": "/admin/"}
    )
    assert page.status_code == 302
    assert stands_at(client.get("/admin/")) == ["HO", "N", "NC", "NB"]


def test_a_wrong_password_is_refused_in_chinese_and_outlives_the_request(cast: Cast) -> None:
    client = Client()
    page = client.post("/admin/login/", {"username": "nb_manager", "password": "wrong"})
    assert page.status_code == 200
    assert "登录名或密码不正确" in page.content.decode()
    assert "sessionid" not in client.cookies
    assert SecurityRecord.objects.using("aside").filter(kind="login.failed", who="nb_manager").count() == 1


def test_pages_are_chinese_until_english_is_chosen(cast: Cast) -> None:
    client = Client(headers={"accept-language": "en-US"})
    assert "员工登录" in client.get("/admin/login/").content.decode()
    client.post("/i18n/setlang/", {"language": "en", "next": "/admin/login/"})
    assert "Staff log-in" in client.get("/admin/login/").content.decode()


@pytest.mark.parametrize(
    ("name", "first", "never"),
    [
        ("north_editor", "内容", {"员工", "审计", "安全记录", "定时任务", "客户", "券"}),
        ("north_reviewer", "待审核", {"员工", "审计", "安全记录", "定时任务"}),
        ("north_rewards", "活动", {"员工", "审计", "定时任务"}),
        ("ho_administrator", "机构", set()),
        ("nb_manager", "待审核", {"安全记录", "定时任务", "角色"}),
    ],
)
def test_the_sidebar_is_by_role_and_the_own_task_comes_first(
    cast: Cast, name: str, first: str, never: set[str]
) -> None:
    titles = sidebar(logged_in(cast.play(name)).get("/admin/"))
    assert titles[:2] == ["工作台", first]
    assert not never & set(titles)


def test_the_timetable_and_security_records_are_for_head_office_alone(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        assign_role(
            scope=scope,
            person=cast.north_editor.person,
            role="administrator",
            branch_id=cast.branch["N"].pk,
            held_from=now() - timedelta(days=1),
        )
    client = logged_in(cast.north_editor)
    second = client.get("/admin/").context["switcher"]["held"][1]
    client.post("/admin/switch/", {"assignment": second["assignment"].id})
    titles = sidebar(client.get("/admin/"))
    assert "员工" in titles
    assert not {"定时任务", "安全记录"} & set(titles)
    for path in ("django_celery_beat/periodictask", "audit/securityrecord"):
        assert client.get(f"/admin/{path}/").status_code == 403
        assert logged_in(cast.ho_administrator).get(f"/admin/{path}/").status_code == 200


def test_every_role_of_the_presets_has_a_desk(cast: Cast) -> None:
    from campaigns.tenants.roles import PRESETS

    assert set(PARTS) == set(PRESETS)
    for player in cast.players.values():
        assert logged_in(player).get("/admin/").status_code == 200, player.login


# --- the switcher ---------------------------------------------------------------------------------------------


def test_the_search_finds_branches_below_mine_by_name_code_and_pinyin_and_no_other(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    client.get("/admin/")

    def found(words: str) -> list[str]:
        return [item["code"] for item in client.get("/admin/switch/search/", {"q": words}).json()["items"]]

    assert found("中山") == ["NB"]
    assert found("beicheng") == ["NC", "NB"]
    assert found("bcz") == ["NB"]
    assert found("NC") == ["NC"]
    assert found("") == ["N", "NC", "NB"]
    assert found("南城") == found("SB") == found("总行") == []


def test_switching_narrows_every_page_and_back_again(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    mine = client.get("/admin/").context["switcher"]["chosen"]
    client.post("/admin/switch/", {"assignment": mine, "branch": cast.branch["NB"].pk})
    assert stands_at(client.get("/admin/")) == ["HO", "N", "NC", "NB"]
    listed = client.get("/admin/tenants/branch/").context["cl"].result_list
    assert [branch.code for branch in listed] == ["NB"]
    page = client.get("/admin/")
    assert page.context["switcher"]["recent"] == []  # one does not go where one stands
    client.post("/admin/switch/", {"assignment": mine})
    page = client.get("/admin/")
    assert stands_at(page) == ["HO", "N"]
    assert [place["name"] for place in page.context["switcher"]["recent"]] == ["北城中山路支行"]


@pytest.mark.parametrize("branch", ["S", "SB", "HO", "absent", "words", "huge"])
def test_nobody_switches_to_a_branch_that_is_not_below_the_own(cast: Cast, branch: str) -> None:
    client = logged_in(cast.north_editor)
    mine = client.get("/admin/").context["switcher"]["chosen"]
    other = {"absent": "999999", "words": "1; DROP", "huge": "9" * 30}.get(branch) or cast.branch[branch].pk
    page = client.post("/admin/switch/", {"assignment": mine, "branch": other}, follow=True)
    assert "不再有效" in page.content.decode()
    assert stands_at(page) == ["HO", "N"]


def test_nobody_takes_anothers_assignment(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    client.get("/admin/")
    client.post("/admin/switch/", {"assignment": cast.ho_editor.assignment.pk})
    assert stands_at(client.get("/admin/")) == ["HO", "N"]


def test_switching_back_to_a_foreign_address_is_not_followed(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    mine = client.get("/admin/").context["switcher"]["chosen"]
    page = client.post("/admin/switch/", {"assignment": mine, "next": "https://evil.example/"})
    assert page.headers["Location"] == "/admin/"


def end(cast: Cast, player: Player) -> None:
    with cast.ho_administrator.scope():
        Assignment.objects.filter(pk=player.assignment.pk).update(held_until=now() - timedelta(seconds=1))


def test_who_holds_no_assignment_is_told_so_in_words(cast: Cast) -> None:
    end(cast, cast.nb_editor)
    page = logged_in(cast.nb_editor).get("/admin/")
    assert page.status_code == 403
    assert "没有任何机构为它分配岗位" in page.content.decode()


def test_when_an_assignment_ends_the_next_click_moves_nobody_elsewhere_but_offers_the_others(
    cast: Cast,
) -> None:
    with cast.ho_administrator.scope() as scope:
        other = assign_role(
            scope=scope,
            person=cast.nb_editor.person,
            role="reviewer",
            branch_id=cast.branch["NC"].pk,
            held_from=now() - timedelta(days=1),
        )
    client = logged_in(cast.nb_editor)
    mine = cast.nb_editor.assignment
    client.post("/admin/switch/", {"assignment": mine.pk})
    assert stands_at(client.get("/admin/")) == ["HO", "N", "NC", "NB"]
    end(cast, cast.nb_editor)
    page = client.get("/admin/content/item/")
    assert page.status_code == 403
    assert [each["assignment"].id for each in page.context["held"]] == [other.pk]
    client.post("/admin/switch/", {"assignment": other.pk})
    assert stands_at(client.get("/admin/")) == ["HO", "N", "NC"]


# --- branches and people --------------------------------------------------------------------------------------


def test_a_branch_is_added_below_mine_through_its_service(cast: Cast) -> None:
    client = logged_in(cast.ho_administrator)
    form = {"parent": cast.branch["NC"].pk, "name": "北城和平路支行", "code": "NB2", "level": "branch"}
    assert client.post("/admin/tenants/branch/add/", form).status_code == 302
    with cast.ho_administrator.scope():
        made = Branch.objects.get(code="NB2")
        assert made.parent_id == cast.branch["NC"].pk
        assert made.pinyin.startswith("beichengheping")


def test_a_refusal_is_an_error_of_the_form_and_nothing_was_saved(cast: Cast) -> None:
    client = logged_in(cast.ho_administrator)
    form = {"branch": cast.branch["NB"].pk, "name": "张三", "staff_number": "E9001"}
    assert client.post("/admin/tenants/person/add/", form).status_code == 302
    page = client.get(f"/admin/tenants/person/{cast.nb_clerk.person.pk}/change/")
    assert page.status_code == 200
    path = f"/admin/tenants/person/{cast.nb_clerk.person.pk}/add-login/"
    page = client.post(path, {"username": "nb_editor", "password": "long enough 42"})
    assert "“nb_editor”已被使用" in page.content.decode()
    page = client.post(path, {"username": "nb_clerk_2", "password": "12345"})
    assert page.status_code == 200
    assert client.post(path, {"username": "nb_clerk_2", "password": "long enough 42"}).status_code == 302


def test_an_editor_adds_no_branch_and_sees_no_people(cast: Cast) -> None:
    client = logged_in(cast.north_editor)
    assert client.get("/admin/tenants/branch/add/").status_code == 403
    assert client.get("/admin/tenants/person/").status_code == 403


# --- the look -------------------------------------------------------------------------------------------------


def test_a_weeks_line_starts_from_nought_and_ends_today() -> None:
    points = points_of([0, 5, 10])
    assert points[0][1] == HEIGHT - 3
    assert points[2] == (117.0, 3.0)
    assert points_of([0, 0, 0])[1][1] == HEIGHT - 3


def test_an_accent_that_is_no_colour_is_refused() -> None:
    assert set(steps_of("#c8102e")) == {
        "50",
        "100",
        "200",
        "300",
        "400",
        "500",
        "600",
        "700",
        "800",
        "900",
        "950",
    }
    with pytest.raises(ValueError, match="not a colour"):
        steps_of("red")
