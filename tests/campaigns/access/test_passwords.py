"""One's own password: by the rules, never an old one, and before anything else where somebody else has set it."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts
from django.test import Client

from campaigns.access import selectors
from campaigns.access.log_ins import LogInRefused, check_log_in, log_in
from campaigns.access.models import PasswordTerms, PastPassword, Session
from campaigns.access.password_rules import KindsOfCharacters
from campaigns.access.refusals import (
    LogInLocked,
    OldPasswordWrong,
    PasswordChangedMeanwhile,
    PasswordChangeNeeded,
    PasswordTooWeak,
    PasswordUsedBefore,
)
from campaigns.access.services import passwords
from campaigns.access.services.passwords import change_password
from campaigns.audit.models import Entry, SecurityRecord
from campaigns.tenants.models import Login, Person
from campaigns.tenants.services.people import add_login
from tests.support.calls import Caller
from tests.support.cast import AT, PASSWORD, Cast

DESK = "10.1.2.3"
NEW = "a River in flood 7"


def change(cast: Cast, new: str = NEW, old: str = PASSWORD, **more: Any) -> None:
    login = Login.objects.get(pk=cast.north_editor.login.pk)
    change_password(**{"login": login, "old": old, "new": new, "address": DESK, "at": AT} | more)


def test_a_new_password_opens_the_log_in_and_the_old_one_does_not(cast: Cast) -> None:
    ended: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "end_other_sessions", lambda **which: ended.append(which))
        change(cast, keep="mine")
    why = Session.Why.CREDENTIALS
    assert ended == [{"login_id": cast.north_editor.login.pk, "at": AT, "keep": "mine", "why": why}]
    asked = {"username": "north_editor", "address": DESK, "at": AT + timedelta(minutes=1)}
    assert check_log_in(**asked, password=NEW)  # type: ignore[arg-type]
    with pytest.raises(LogInRefused):
        check_log_in(**asked, password=PASSWORD)  # type: ignore[arg-type]
    with cast.north_editor.scope():
        entry = Entry.objects.get(verb="access.password.change_password")
    assert entry.actor == entry.subject == f"tenants.person:{cast.north_editor.person.pk}"
    kept = SecurityRecord.objects.using("aside").filter(kind="password.changed")
    assert list(kept.values_list("who", "address")) == [("north_editor", DESK)]


def test_the_old_password_is_asked_for_and_guessing_it_is_counted(cast: Cast) -> None:
    for _turn in range(10):
        with pytest.raises(OldPasswordWrong):
            change(cast, old="guess")
    with pytest.raises(LogInLocked):
        change(cast)
    assert not PastPassword.objects.exists()


@pytest.mark.parametrize(
    ("new", "wrong"),
    [
        ("sh0rt!", "长度"),
        ("onlysmallletters", "至少包含其中 2 类"),
        ("20261122202611", "至少包含其中 2 类"),
        ("password123", "常见"),
        ("the North_Editor 9", "不能包含登录名"),
        ("e0006-mine-all-mine", "不能包含登录名"),
        ("赵敏的密码-2026", "不能包含登录名"),
        ("loves-ZhaoMin-99", "不能包含登录名"),
    ],
)
def test_what_the_rules_forbid_is_refused_in_words(cast: Cast, new: str, wrong: str) -> None:
    with cast.ho_administrator.scope():
        Person.objects.filter(pk=cast.north_editor.person.pk).update(name="赵敏")
    with pytest.raises(PasswordTooWeak) as refused:
        change(cast, new=new)
    assert wrong in refused.value.detail("zh")
    assert Login.objects.get(pk=cast.north_editor.login.pk).check_password(PASSWORD)


def test_the_number_of_kinds_is_a_setting() -> None:
    KindsOfCharacters(kinds=4).validate("aB3-aaaaaa")
    with pytest.raises(Exception, match="4"):
        KindsOfCharacters(kinds=4).validate("ab3-aaaaaa")


def test_the_last_passwords_do_not_come_again(cast: Cast, settings: Any) -> None:
    settings.PASSWORDS_REMEMBERED = 3
    in_turn = [PASSWORD, "first-new-word", "second-new-word", "third-new-word"]
    with pytest.raises(PasswordUsedBefore):
        change(cast, new=PASSWORD)
    for number, (old, new) in enumerate(pairwise(in_turn)):
        change(cast, old=old, new=new, at=AT + timedelta(days=number))
    for new in in_turn[1:]:
        with pytest.raises(PasswordUsedBefore):
            change(cast, old=in_turn[-1], new=new, at=AT + timedelta(days=9))
    change(cast, old=in_turn[-1], new=PASSWORD, at=AT + timedelta(days=9))
    assert PastPassword.objects.filter(login=cast.north_editor.login).count() == 3


def test_of_two_changes_from_the_same_old_password_the_second_is_refused(cast: Cast) -> None:
    stale = Login.objects.get(pk=cast.north_editor.login.pk)
    change(cast)
    with pytest.raises(PasswordChangedMeanwhile):
        change(cast, login=stale, new="another river 8")
    assert Login.objects.get(pk=stale.pk).check_password(NEW)


# --- a password that somebody else set --------------------------------------------------------------------------


@pytest.fixture
def newcomer(cast: Cast) -> str:
    """A second log-in of North's editor, with a first password set by the administrator."""
    with cast.ho_administrator.scope() as scope:
        add_login(scope=scope, person=cast.north_editor.person, username="newcomer", password=PASSWORD)
    return "newcomer"


def test_a_first_password_opens_the_page_where_one_chooses_and_nothing_else(
    cast: Cast, newcomer: str
) -> None:
    client = Client()
    client.post("/admin/login/", {"username": newcomer, "password": PASSWORD})
    for path in (
        "/admin/",
        "/admin/content/item/",
        "/admin/second-factor/",
        "/admin/switch/search/?q=",
        "/admin/autocomplete/",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/"), path
    moved = client.post("/admin/switch/", {"assignment": cast.north_editor.assignment.pk})
    assert moved["Location"] == "/admin/password_change/"
    # No scope either: what lies outside the admin finds nobody standing anywhere.
    page = client.get("/admin/password_change/")
    assert page.wsgi_request.scope is None  # type: ignore[attr-defined]
    assert "设置您自己的密码" in page.content.decode()
    asked = {"username": newcomer, "password": PASSWORD}
    token = Caller().post("/api/v1/staff/auth/token", asked)
    assert (token.status_code, token.json()["code"]) == (403, "log_in.password_change_needed")
    typed = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert "不一致" in client.post("/admin/password_change/", {**typed, "again": "x"}).content.decode()
    assert client.post("/admin/password_change/", typed)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert Caller().post("/api/v1/staff/auth/token", {**asked, "password": NEW}).status_code == 200


def test_changing_it_keeps_the_own_session_and_ends_the_others(cast: Cast) -> None:
    mine, other = Client(), Client()
    for client in (mine, other):
        client.post("/admin/login/", {"username": "north_editor", "password": PASSWORD})
    page = mine.get("/admin/password_change/")
    assert all(rule in page.content.decode() for rule in password_validators_help_texts())
    wrong = mine.post("/admin/password_change/", {"old": "x", "new": NEW, "again": NEW})
    assert "当前密码不正确" in wrong.content.decode()
    mine.post("/admin/password_change/", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert mine.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


def test_a_password_grows_old_by_setting(cast: Cast, settings: Any) -> None:
    asked = {"username": "north_editor", "password": PASSWORD, "code": "", "address": DESK}
    in_90_days = AT + timedelta(days=90)
    assert log_in(**asked, at=in_90_days)  # type: ignore[arg-type]
    settings.PASSWORD_DAYS = 90
    with pytest.raises(PasswordChangeNeeded):
        log_in(**asked, at=in_90_days)  # type: ignore[arg-type]
    assert log_in(**asked, at=in_90_days - timedelta(seconds=1))  # type: ignore[arg-type]


def test_the_demo_banks_log_ins_are_spared_in_demo_mode_alone(cast: Cast, settings: Any) -> None:
    login = cast.north_editor.login
    PasswordTerms.objects.filter(pk=login.pk).delete()
    Login.objects.filter(pk=login.pk).update(is_demo=True)
    login.refresh_from_db()
    settings.DEMO = True
    assert selectors.duty_of(login=login, at=AT) == ""
    settings.DEMO = False
    assert selectors.duty_of(login=login, at=AT) == selectors.NEW_PASSWORD
