"""A session ends by the server's clock, by its owner, by an administrator; and then at once, tokens too."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.access.models import Session
from campaigns.access.rules import browser_words, key_hash, why_over
from campaigns.access.selectors import open_sessions
from campaigns.access.services.sessions import (
    end_other_sessions,
    end_sessions_of,
    end_sessions_of_person,
    sweep_sessions,
)
from campaigns.audit.models import Entry, SecurityRecord
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.models import Assignment, Login, Role
from campaigns.tenants.scopes import system_scope
from tests.support.calls import as_staff
from tests.support.cast import AT, PASSWORD, Cast, Player

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 MicroMessenger/8.0"
COOKIE = settings.SESSION_COOKIE_NAME
CODE = {"code": "2345-6789-ABCD"}


def comes_in(player: Player, agent: str = CHROME, address: str = "10.1.2.3") -> Client:
    """A browser in which `player` logged in with name and password."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    page = client.post("/admin/login/", {"username": player.login.username, "password": PASSWORD})
    assert page.status_code == 302
    assert client.get("/admin/").status_code == 200
    return client


def row_of(client: Client) -> Session:
    return Session.objects.get(key_hash=key_hash(client.cookies[COOKIE].value))


def pass_time(**length: float) -> None:
    """Every session has been as it is for so long: the clock itself cannot be moved for a request."""
    by = timedelta(**length)
    Session.objects.update(
        begun_at=F("begun_at") - by, seen_at=F("seen_at") - by, ended_at=F("ended_at") - by
    )


def is_in(client: Client) -> bool:
    answer = client.get("/admin/")
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def told(client: Client) -> str:
    """What the log-in page says to whom it is shown instead of the desk."""
    return str(client.get("/admin/", follow=True).context["why_again"])


def session_queries(client: Client, path: str = "/admin/") -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return [q["sql"].split()[0] for q in queries if "access_session" in q["sql"]]


# --- what is kept ---------------------------------------------------------------------------------------------


def test_a_session_says_who_where_and_with_what_and_keeps_no_key(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    row = row_of(client)
    assert (row.login, row.browser, row.address) == (cast.nb_manager.login, "Chrome · Windows", "10.1.2.3")
    assert row.assignment == cast.nb_manager.assignment.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM access_session s WHERE id = %s", [row.pk])
        [whole] = cursor.fetchone()
    assert client.cookies[COOKIE].value not in whole
    # What is read in the table opens nothing.
    thief = Client()
    thief.cookies[COOKIE] = row.key_hash
    assert not is_in(thief)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome · Windows"),
        (PHONE, "WeChat · iPhone"),
        (CHROME.replace("Safari/", "Edg/131 Safari/"), "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) Version/18.1 Safari/605.1", "Safari · macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/114 Mobile", "Chrome · HarmonyOS"),
        ("curl/8.5.0", "curl"),
        ("<script>" * 50, ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str, words: str) -> None:
    assert browser_words(agent) == words


def test_the_key_changes_at_the_log_in_and_with_the_assignment_and_the_old_one_opens_nothing(
    cast: Cast,
) -> None:
    with cast.ho_administrator.scope() as scope:
        Assignment.objects.create(
            person=cast.nb_manager.person, role_id="editor", branch=cast.branch["NB"],
            branch_pos=cast.branch["NB"].pos, held_from=AT - timedelta(days=9),
        )  # fmt: skip
        assert scope
    client = Client()
    planted = client.session
    planted["before"] = "anonymous"
    planted.save()
    client.cookies[COOKIE] = fixed = str(planted.session_key)
    client.post("/admin/login/", {"username": "nb_manager", "password": PASSWORD})
    client.get("/admin/")
    first = client.cookies[COOKIE].value
    row = row_of(client)
    other = next(
        held["assignment"].id
        for held in client.get("/admin/").context["switcher"]["held"]
        if not held["is_chosen"]
    )
    client.post("/admin/switch/", {"assignment": other})
    second = client.cookies[COOKIE].value
    assert len({fixed, first, second}) == 3
    assert row_of(client).pk == row.pk and is_in(client)
    for old in (fixed, first):
        late = Client()
        late.cookies[COOKIE] = old
        answer = late.get("/admin/")
        assert answer.status_code == 302
        # A question that was under way with the old key must not take the new cookie away.
        assert COOKIE not in answer.cookies


# --- by the clock ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begun", "seen", "why"),
    [
        (0, 0, ""),
        (899, 899, ""),
        (900, 900, "idle"),
        (43_199, 1, ""),
        (43_200, 0, "too_long"),
        (43_200, 900, "too_long"),
    ],
)
def test_a_session_is_over_after_15_minutes_idle_or_12_hours_in_all(begun: int, seen: int, why: str) -> None:
    lengths = {"idle": timedelta(minutes=15), "longest": timedelta(hours=12)}
    ago = [AT - timedelta(seconds=seconds) for seconds in (begun, seen)]
    assert why_over(begun_at=ago[0], seen_at=ago[1], at=AT, **lengths) == why


def test_idle_for_15_minutes_one_is_told_so_and_led_back_to_the_page(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    pass_time(minutes=14)
    assert is_in(client)  # and this click counts
    pass_time(minutes=14)
    assert is_in(client)
    pass_time(minutes=15, seconds=1)
    away = client.get("/admin/tenants/branch/?q=NB")
    assert (
        away.status_code == 302 and away["Location"] == "/admin/login/?next=/admin/tenants/branch/%3Fq%3DNB"
    )
    assert told(client) == "您已 15 分钟没有操作，系统已自动退出，请重新登录。"
    back = client.post(away["Location"], {"username": "nb_manager", "password": PASSWORD})
    assert back["Location"] == "/admin/tenants/branch/?q=NB"
    assert is_in(client) and client.get("/admin/login/").status_code == 302


def test_after_12_hours_no_click_helps(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    Session.objects.update(begun_at=now() - timedelta(hours=11, minutes=59))
    assert is_in(client)
    Session.objects.update(begun_at=now() - timedelta(hours=12))
    assert not is_in(client)
    assert told(client) == "您已连续登录 12 小时，请重新登录。"


def test_a_click_is_noted_once_a_minute_and_a_page_asks_the_table_once(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    # Who is it, and in which assignment: one query for all the session holds.
    assert session_queries(client) == ["SELECT"]
    pass_time(seconds=61)
    assert session_queries(client) == ["SELECT", "UPDATE"]
    assert session_queries(client) == ["SELECT"]


def test_what_a_page_asks_by_itself_keeps_nothing_alive_but_typing_does(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    pass_time(minutes=10)
    assert 270 <= client.get("/admin/sessions/left/").json()["left"] <= 300
    assert session_queries(client, "/admin/sessions/left/") == ["SELECT"]
    assert client.post("/admin/sessions/here/").json()["left"] > 890
    pass_time(minutes=14)
    client.get("/admin/sessions/left/")
    pass_time(minutes=2)
    over = client.get("/admin/sessions/left/", headers={"accept": "application/json"})
    assert over.status_code == 401 and "15 分钟没有操作" in over.json()["ended"]


def test_what_was_sent_too_late_is_not_lost_without_a_word(cast: Cast) -> None:
    client = comes_in(cast.north_editor)
    pass_time(minutes=16)
    page = "http://testserver/admin/content/item/add/?kind=poster"
    away = client.post("/admin/content/item/add/", {"title": "春节"}, headers={"referer": page})
    assert away["Location"] == "/admin/login/?next=/admin/content/item/add/%3Fkind%3Dposter&unsaved=1"
    assert "刚才提交的内容没有保存" in client.get(away["Location"]).content.decode()
    # An address that only takes forms is nowhere to come back to, nor is somebody else's page.
    for referer in ("", "http://elsewhere.example/admin/", "http://testserver//elsewhere.example/"):
        away = client.post("/admin/switch/", headers={"referer": referer} if referer else {})
        assert away["Location"] == "/admin/login/?next=/admin/&unsaved=1"


# --- one's own ------------------------------------------------------------------------------------------------


def test_one_sees_ones_own_sessions_and_ends_one_of_them(cast: Cast) -> None:
    here, there = comes_in(cast.north_editor), comes_in(cast.north_editor, PHONE, "10.9.9.9")
    mine = here.get("/admin/").context["switcher"]["chosen"]
    there.post("/admin/switch/", {"assignment": mine, "branch": cast.branch["NB"].pk})
    stranger = comes_in(cast.south_editor)
    pass_time(seconds=61)
    there.get("/admin/")
    page = here.get("/admin/sessions/")
    assert [(row["session"].browser, row["place"], row["is_this"]) for row in page.context["rows"]] == [
        ("Chrome · Windows", "北方省分行", True),
        ("WeChat · iPhone", "北城中山路支行", False),
    ]
    text = page.content.decode()
    assert "10.9.9.9" in text and "本次会话" in text and "我的会话" in text
    # Neither another's, nor the present one, nor nonsense.
    for session in (row_of(stranger).pk, row_of(here).pk, "nonsense", ""):
        said = here.post("/admin/sessions/end/", {"session": session}, follow=True)
        assert "这个会话已经结束" in said.content.decode()
    assert is_in(stranger) and is_in(here) and is_in(there)
    here.post("/admin/sessions/end/", {"session": row_of(there).pk})
    assert not is_in(there) and is_in(here)
    assert told(there) == "这个会话已在您的另一处登录中被结束，请重新登录。"


def test_ending_all_others_ends_access_tokens_too(cast: Cast) -> None:
    here, there = comes_in(cast.nb_clerk), comes_in(cast.nb_clerk, PHONE)
    before = as_staff(cast.nb_clerk)
    assert before.post("/api/v1/staff/redemptions", CODE, key="key-0000001").status_code == 404
    said = here.post("/admin/sessions/end-others/", follow=True)
    assert "已结束其他 1 个会话，访问令牌全部作废。" in said.content.decode()
    assert is_in(here) and not is_in(there)
    refused = before.post("/api/v1/staff/redemptions", CODE, key="key-0000002")
    assert (refused.status_code, refused.json()["code"]) == (401, "tenants.scope.closed")
    # One issued a moment later, in the same second, is good; another's was never touched.
    for player in (cast.nb_clerk, cast.sb_clerk):
        assert as_staff(player).post("/api/v1/staff/redemptions", CODE, key="key-0000003").status_code == 404


def test_logging_out_ends_the_session_and_keeps_no_content(cast: Cast) -> None:
    client = comes_in(cast.nb_manager)
    row = row_of(client)
    assert row.payload
    client.post("/admin/logout/")
    row.refresh_from_db()
    assert (row.ended_why, row.payload) == ("logged_out", "")
    assert client.cookies[COOKIE].value == "" and told(client) == ""


def test_a_changed_password_keeps_this_session_and_no_other(cast: Cast) -> None:
    here, there = comes_in(cast.nb_manager), comes_in(cast.nb_manager, PHONE)
    login_id = cast.nb_manager.login.pk
    key = here.cookies[COOKIE].value
    assert end_other_sessions(login_id=login_id, at=now(), keep=key, why=Session.Why.CREDENTIALS) == 1
    assert is_in(here) and told(there) == "您的密码或动态口令已更改，请重新登录。"
    assert end_sessions_of(login_id=login_id, at=now()) == 1
    assert not is_in(here)


def test_the_moment_from_which_tokens_count_never_goes_back(cast: Cast) -> None:
    login = cast.nb_clerk.login
    later, earlier = AT + timedelta(minutes=1), AT
    for at in (later, earlier):
        end_sessions_of(login_id=login.pk, at=at)
    assert Login.objects.get(pk=login.pk).tokens_from == later


# --- by others ------------------------------------------------------------------------------------------------


def test_an_administrator_ends_all_sessions_of_a_person_below(cast: Cast) -> None:
    client, manager = comes_in(cast.nb_clerk), comes_in(cast.nb_manager)
    token = as_staff(cast.nb_clerk)
    chief = comes_in(cast.ho_administrator)
    path = f"/admin/tenants/person/{cast.nb_clerk.person.pk}/sessions"
    page = chief.get(path, follow=True)
    assert "Chrome · Windows" in page.content.decode() and "nb_clerk" in page.content.decode()
    assert chief.post(page.request["PATH_INFO"]).status_code == 302
    assert not is_in(client) and is_in(manager)
    assert told(client) == "管理员已结束您的会话，请重新登录；如有疑问，请联系管理员。"
    assert token.post("/api/v1/staff/redemptions", CODE, key="key-0000001").status_code == 401
    with system_scope(at=AT, cause="test"):
        entry = Entry.objects.get(verb="tenants.person.end_sessions")
        assert (entry.branch, entry.subject_name, entry.detail) == (
            cast.branch["NB"],
            "nb_clerk",
            {"count": 1},
        )
    record = SecurityRecord.objects.using("aside").get(kind="session.ended_by_other")
    assert (record.who, record.detail["by"]) == (
        "nb_clerk",
        f"tenants.person:{cast.ho_administrator.person.pk}",
    )


def test_nobody_ends_the_sessions_of_a_person_elsewhere_or_without_the_verb(cast: Cast) -> None:
    client = comes_in(cast.sb_clerk)
    Role.objects.filter(code="branch_manager").update(verbs=["tenants.person.reset"])
    with cast.nb_manager.scope(at=now()) as scope, pytest.raises(NotFound):
        end_sessions_of_person(scope=scope, person_id=cast.sb_clerk.person.pk)
    with cast.south_editor.scope(at=now()) as scope, pytest.raises(NotAllowed):
        end_sessions_of_person(scope=scope, person_id=cast.sb_clerk.person.pk)
    assert is_in(client)


def test_a_closed_log_in_an_ended_assignment_and_another_role_count_at_once(cast: Cast) -> None:
    client, token = comes_in(cast.nb_clerk), as_staff(cast.nb_clerk)

    def redeems() -> int:
        return int(token.post("/api/v1/staff/redemptions", CODE, key=f"key-{now().timestamp()}").status_code)

    held = cast.nb_clerk.assignment
    assert redeems() == 404 and client.get("/admin/content/item/").status_code == 403
    with cast.ho_administrator.scope():
        Assignment.objects.filter(pk=held.pk).update(role_id="editor")
    assert redeems() == 403 and client.get("/admin/content/item/").status_code == 200
    with cast.ho_administrator.scope():
        Assignment.objects.filter(pk=held.pk).update(role_id="clerk", held_until=now())
    assert redeems() == 401 and client.get("/admin/").status_code == 403
    with cast.ho_administrator.scope():
        Assignment.objects.filter(pk=held.pk).update(held_until=datetime.max.replace(tzinfo=AT.tzinfo))
    assert redeems() == 404 and is_in(client)
    Login.objects.filter(pk=cast.nb_clerk.login.pk).update(is_active=False)
    assert redeems() == 401 and not is_in(client)
    assert told(client) == "您的登录名已停用，请联系本机构管理员。"


# --- the sweep and the table ----------------------------------------------------------------------------------


def test_the_sweep_notes_what_is_over_and_deletes_what_is_old(cast: Cast) -> None:
    idle, long, alive = (comes_in(cast.nb_manager) for _each in range(3))
    nobody = Client().session
    nobody["begun"] = "and never came in"
    nobody.save()
    at = now()

    def set_times(client: Client, **times: datetime) -> Session:
        Session.objects.filter(pk=row_of(client).pk).update(**times)
        return row_of(client)

    hour = timedelta(hours=1)
    first = set_times(idle, begun_at=at - 2 * hour, seen_at=at - hour)
    second = set_times(long, begun_at=at - 13 * hour, seen_at=at - timedelta(minutes=1))
    Session.objects.filter(login=None).update(begun_at=at - hour, seen_at=at - hour)
    assert [each.pk for each in open_sessions(login_id=cast.nb_manager.login.pk, at=at)] == [row_of(alive).pk]
    assert sweep_sessions(at=at) == (2, 1)
    assert sweep_sessions(at=at) == (0, 0)
    for row in (first, second):
        row.refresh_from_db()
    assert (first.ended_why, first.ended_at, first.payload) == ("idle", at - hour * 0.75, "")
    assert (second.ended_why, second.ended_at) == ("too_long", at - hour)
    assert "15 分钟没有操作" in told(idle) and "12 小时" in told(long) and is_in(alive)
    assert sweep_sessions(at=at + timedelta(days=90) - 2 * hour) == (1, 0)  # `alive` is over by then too
    assert sweep_sessions(at=at + timedelta(days=90)) == (0, 2)
    assert Session.objects.filter(login=cast.nb_manager.login).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"ended_at": AT},
        {"ended_why": "idle"},
        {"ended_at": AT, "ended_why": "idle", "payload": "kept"},
        {"seen_at": AT - timedelta(seconds=1)},
    ],
)
def test_the_table_takes_no_session_that_contradicts_itself(cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="access_session_"), transaction.atomic():
        Session.objects.create(**{"key_hash": "0" * 64, "begun_at": AT, "seen_at": AT, **wrong})
