"""A forgotten password, a lost phone, a log-in to be closed: another person's work, within the own branches."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.access.log_ins import LogInRefused, check_log_in
from campaigns.access.models import RecoveryCode, Reset, SecondFactor
from campaigns.access.refusals import ActsElsewhere, AlreadySo, NotEnrolled, NotForOneself
from campaigns.access.selectors import NEW_PASSWORD, duty_of, is_enrolled
from campaigns.access.services import resets
from campaigns.access.services.resets import (
    close_login,
    remove_second_factor,
    reopen_login,
    reset_password,
)
from campaigns.audit.models import Entry, SecurityRecord
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import ScopeClosed, system_scope
from campaigns.tenants.services.assignments import assign_role
from tests.support.calls import as_staff
from tests.support.cast import AT, PASSWORD, Cast, Player
from tests.support.phones import enrolled

DESK = "10.1.2.3"
ACTS = (reset_password, remove_second_factor, close_login, reopen_login)


def login_of(player: Player) -> Login:
    return Login.objects.get(pk=player.login.pk)


def test_a_manager_resets_the_password_of_somebody_below(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[dict[str, Any]] = []
    monkeypatch.setattr(resets, "end_sessions_of", lambda **which: ended.append(which))
    clerk = cast.nb_clerk.login
    enrolled(cast.nb_clerk)
    with cast.nb_manager.scope() as scope:
        told = reset_password(scope=scope, login_id=clerk.pk)
        [entry] = Entry.objects.filter(verb="access.password.reset_password")
        [reset] = Reset.objects.all()
    assert told.good_until == AT + timedelta(hours=24)
    assert ended == [{"login_id": clerk.pk, "at": AT}]
    assert (entry.actor_name, entry.subject, entry.branch_id, entry.detail) == (
        "nb_manager",
        f"tenants.person:{cast.nb_clerk.person.pk}",
        cast.branch["NB"].pk,
        {"login": "nb_clerk"},
    )
    assert (reset.kind, reset.asked_by_person, reset.at) == ("password", cast.nb_manager.person.pk, AT)
    assert SecurityRecord.objects.using("aside").filter(kind="password.reset", who="nb_clerk").exists()
    asked = {"username": "nb_clerk", "address": DESK, "at": AT}
    with pytest.raises(LogInRefused):
        check_log_in(**asked, password=PASSWORD)  # type: ignore[arg-type]
    login = check_log_in(**asked, password=told.password)  # type: ignore[arg-type]
    assert duty_of(login=login, at=AT) == NEW_PASSWORD
    assert is_enrolled(login_id=clerk.pk)


def test_a_lost_second_factor_is_removed_with_its_recovery_codes(cast: Cast) -> None:
    enrolled(cast.nb_clerk)
    with cast.nb_manager.scope() as scope:
        remove_second_factor(scope=scope, login_id=cast.nb_clerk.login.pk)
        with pytest.raises(NotEnrolled):
            remove_second_factor(scope=scope, login_id=cast.nb_clerk.login.pk)
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert check_log_in(username="nb_clerk", password=PASSWORD, address=DESK, at=AT)


@pytest.mark.parametrize("act", ACTS)
def test_nobody_does_it_to_oneself_to_strangers_or_without_the_right(cast: Cast, act: Any) -> None:
    before = login_of(cast.nb_manager).password
    with cast.nb_manager.scope() as scope:
        with pytest.raises(NotForOneself):
            act(scope=scope, login_id=cast.nb_manager.login.pk)
        for foreign in (cast.sb_clerk.login.pk, cast.ho_editor.login.pk, 987_654):
            with pytest.raises(NotFound):
                act(scope=scope, login_id=foreign)
    with cast.ho_auditor.scope() as scope, pytest.raises(NotAllowed):
        act(scope=scope, login_id=cast.nb_clerk.login.pk)
    with system_scope(at=AT, cause="test"):
        assert not Reset.objects.exists()
    assert login_of(cast.nb_manager).password == before


@pytest.mark.parametrize("act", ACTS)
def test_a_branch_does_not_take_over_the_log_in_of_somebody_who_also_acts_above_it(
    cast: Cast, act: Any
) -> None:
    """Or a manager could reset, and then be, the administrator of head office."""
    with cast.ho_administrator.scope() as scope:
        assign_role(
            scope=scope,
            person=cast.nb_clerk.person,
            role="administrator",
            branch_id=cast.branch["HO"].pk,
            held_from=AT + timedelta(days=1),  # from tomorrow is enough
        )
    with cast.nb_manager.scope() as scope, pytest.raises(ActsElsewhere):
        act(scope=scope, login_id=cast.nb_clerk.login.pk)
    with cast.ho_administrator.scope() as scope:
        assert reset_password(scope=scope, login_id=cast.nb_clerk.login.pk)


def test_the_database_refuses_a_reset_by_oneself_or_in_anothers_name(cast: Cast) -> None:
    def insert(by: Player, of: Player, person: Player) -> None:
        with transaction.atomic():
            Reset.objects.create(
                branch_id=cast.branch["NB"].pk,
                branch_pos=cast.branch["NB"].pos,
                login=of.login,
                person=person.person,
                kind=Reset.Kind.PASSWORD,
                at=AT,
                asked_by_person=by.person.pk,
            )

    manager, clerk, editor = cast.nb_manager, cast.nb_clerk, cast.nb_editor
    with manager.scope():
        for by, of, person, rule in (
            (manager, manager, manager, "access_reset_is_asked_by_another_person"),
            (editor, manager, manager, "access_reset_is_asked_by_who_acts"),
            (manager, manager, clerk, "access_reset_login_is_of_the_person"),
        ):
            with pytest.raises(IntegrityError) as refused:
                insert(by, of, person)
            assert refused.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]
        insert(manager, clerk, clerk)


def test_a_closed_log_in_opens_nothing_at_once_until_it_is_opened_again(cast: Cast) -> None:
    client, token = Client(), as_staff(cast.nb_clerk)
    client.post("/admin/login/", {"username": "nb_clerk", "password": PASSWORD})
    redeem = ("/api/v1/staff/redemptions", {"code": "2345-6789-ABCD"})
    assert client.get("/admin/").status_code == 200
    assert token.post(*redeem, key="k-0000001").status_code == 404
    with cast.nb_manager.scope() as scope:
        close_login(scope=scope, login_id=cast.nb_clerk.login.pk)
        with pytest.raises(AlreadySo):
            close_login(scope=scope, login_id=cast.nb_clerk.login.pk)
    with pytest.raises(ScopeClosed), cast.nb_clerk.scope() as scope:
        assert scope.lo
    assert client.get("/admin/").status_code == 302
    assert token.post(*redeem, key="k-0000002").status_code == 401
    with cast.nb_manager.scope() as scope:
        reopen_login(scope=scope, login_id=cast.nb_clerk.login.pk)
        deeds = Entry.objects.filter(verb__startswith="access.login.").order_by("id")
        assert list(deeds.values_list("verb", flat=True)) == [
            "access.login.close_login",
            "access.login.reopen_login",
        ]
    assert token.post(*redeem, key="k-0000003").status_code == 404


# --- in the admin -----------------------------------------------------------------------------------------------


def at_desk(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def test_the_page_tells_the_temporary_password_once(cast: Cast) -> None:
    client = at_desk(cast.nb_manager)
    page = f"/admin/tenants/login/{cast.nb_clerk.login.pk}"
    shown = client.get(f"{page}/change/").content.decode()
    assert "重置密码" in shown
    assert "停用账号" in shown
    assert "解除动态口令" not in shown
    assert "重新启用账号" not in shown
    assert "24 小时内有效" in client.get(f"{page}/reset-password/").content.decode()
    answer = client.post(f"{page}/reset-password/")
    password = answer.context["told"].password
    assert password in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    after = client.get(f"{page}/change/").content.decode()
    assert password not in after
    assert "临时密码，有效至" in after
    assert "nb_manager" in after  # who reset it
    clerk = Client()
    entered = clerk.post("/admin/login/", {"username": "nb_clerk", "password": password}, follow=True)
    assert "设置您自己的密码" in entered.content.decode()


def test_on_ones_own_log_in_there_is_nothing_to_press(cast: Cast) -> None:
    client = at_desk(cast.nb_manager)
    page = f"/admin/tenants/login/{cast.nb_manager.login.pk}"
    assert "reset-password" not in client.get(f"{page}/change/").content.decode()
    assert "不能为自己" in client.post(f"{page}/reset-password/").content.decode()


def test_the_list_shows_log_ins_within_and_its_queries_do_not_grow(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    # session, log-in, assignments, three savepoints set and released; how many log-ins, and which; the role's name,
    # the path, what is unread, what came back; and for who decides, the waiting reviews
    for player, many, asked in ((cast.nb_manager, 3, 16), (cast.ho_administrator, len(cast.players), 16)):
        client = at_desk(player)
        client.get("/admin/tenants/login/")
        with django_assert_num_queries(asked):
            listed = client.get("/admin/tenants/login/").context["cl"].result_list
        assert len(listed) == many


def test_the_server_resets_the_administrator_above_whom_there_is_nobody(cast: Cast) -> None:
    enrolled(cast.ho_administrator)
    said = StringIO()
    call_command("reset_login", "ho_administrator", "--second-factor", stdout=said)
    password = said.getvalue().strip()[-14:]
    at = now()
    login = check_log_in(username="ho_administrator", password=password, address=DESK, at=at)
    assert (duty_of(login=login, at=at), is_enrolled(login_id=login.pk)) == (NEW_PASSWORD, False)
    with system_scope(at=AT, cause="test"):
        assert set(Reset.objects.values_list("kind", "asked_by_person")) == {
            ("password", None),
            ("second_factor", None),
        }
    with pytest.raises(CommandError):
        call_command("reset_login", "nobody")
