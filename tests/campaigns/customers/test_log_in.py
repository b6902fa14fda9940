"""A customer comes in through WeChat, stays in, and goes out."""

import base64
import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection, connections

from campaigns.audit.models import Entry, SecurityRecord
from campaigns.customers.models import Customer, CustomerKey, Identity, RefreshSession
from campaigns.customers.selectors import lookup_of, masked_identities
from campaigns.customers.services import sessions
from campaigns.lib import crypto
from campaigns.lib import wechat as wechat_client
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from config.standins.wechat import WeChatStandIn, openid_of
from tests.campaigns.customers.conftest import Phone
from tests.support.cast import PASSWORD, Cast


def customers(cast: Cast) -> int:
    with cast.ho_administrator.scope():
        return Customer.objects.count()


def test_a_known_customer_logs_in_and_sees_own_profile(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    answer = phone.log_in("demo-union-nb")
    assert answer.status_code == 200
    body = answer.json()
    assert body["customer"] == {
        "id": str(cast.customers["nb"].customer.pk),
        "number": "****0001",
        "branch": {"code": "NB", "name": "北城中山路支行"},
    }
    assert body["expires_in"] == 900
    me = phone.me(body["access"])
    assert me.status_code == 200
    assert me.json()["id"] == body["customer"]["id"]
    assert me.json()["is_personalised"] is True
    assert customers(cast) == 3


def test_logging_in_remembers_the_openid_once(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    for _ in range(2):
        assert phone.log_in("demo-union-nb").status_code == 200
    openid = openid_of(app="wx-test", unionid="union-nb")
    # Bound: WeChat may leave the unionid out next time.
    assert phone.log_in(f"demo-openid:{openid}").json()["customer"]["number"] == "****0001"
    with cast.ho_administrator.scope():
        kinds = Identity.objects.filter(customer_id=cast.customers["nb"].customer.pk).values_list(
            "kind", flat=True
        )
        assert sorted(kinds) == ["customer_number", "openid", "unionid"]
        assert customers(cast) == 3


def test_an_unknown_person_is_asked_for_a_branch_and_then_enrolled_there(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    refused = phone.log_in("demo-union-new")
    assert (refused.status_code, refused.json()["code"]) == (422, "customers.branch.needed")
    assert customers(cast) == 3
    body = phone.log_in("demo-union-new", "SB").json()
    assert body["customer"]["branch"]["code"] == "SB"
    with cast.sb_manager.scope():
        customer = Customer.objects.get(pk=body["customer"]["id"])
        assert (customer.source, customer.status) == ("wechat", "active")
        entry = Entry.objects.get(verb="customers.customer.enrol")
        assert entry.actor == f"customers.customer:{customer.pk}"
        event = customer.events.get()
        assert event.pgh_context["customer"] == str(customer.pk)
        assert event.pgh_context["cause"] == "auth.wechat"
    # At home there, whatever branch is sent later.
    assert phone.log_in("demo-union-new", "NB").json()["customer"]["branch"]["code"] == "SB"


@pytest.mark.parametrize("branch_code", ["XX", "HO", "N", "NC", "' OR 1=1 --"])
def test_customers_belong_to_branches_that_serve_them(
    cast: Cast, wechat: WeChatStandIn, phone: Phone, branch_code: str
) -> None:
    answer = phone.log_in("demo-union-new", branch_code)
    assert (answer.status_code, answer.json()["code"]) == (422, "customers.branch.unknown")
    assert customers(cast) == 3


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("never-issued", 401, "wechat.code.invalid"),
        ("error-40029", 401, "wechat.code.invalid"),
        ("error-40163", 401, "wechat.code.invalid"),
        ("error-40226", 403, "wechat.person.blocked"),
        ("error-45011", 429, "wechat.too_often"),
        ("error--1", 503, "wechat.busy"),
        ("error-40013", 502, "wechat.failed"),
        ("garbled", 502, "wechat.failed"),
        ("broken", 502, "wechat.failed"),
        ("endless", 502, "wechat.failed"),
    ],
)
def test_each_no_of_wechat_is_a_refusal_of_its_own(
    cast: Cast, wechat: WeChatStandIn, phone: Phone, code: str, status: int, problem: str
) -> None:
    answer = phone.log_in(code, "NB")
    assert (answer.status_code, answer.json()["code"]) == (status, problem)
    assert answer.has_header("Retry-After") == (status in (429, 503))
    assert customers(cast) == 3


def test_a_code_works_once(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    assert phone.log_in("once-union-nb").status_code == 200
    assert phone.log_in("once-union-nb").json()["code"] == "wechat.code.invalid"


def test_a_silent_or_absent_wechat_is_not_waited_for_long(
    cast: Cast, wechat: WeChatStandIn, phone: Phone, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(wechat_client, "ANSWER_SECONDS", 0.2)
    wechat_client.close_clients()
    answer = phone.log_in("slow-1", "NB")
    assert (answer.status_code, answer.json()["code"]) == (503, "wechat.busy")
    settings.WECHAT_BASE_URL = "http://127.0.0.1:9"
    answer = phone.log_in("demo-union-nb")
    assert (answer.status_code, answer.json()["code"]) == (503, "wechat.busy")


def test_wechat_is_asked_outside_any_transaction(
    committed_cast: Cast, wechat: WeChatStandIn, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    real = sessions.exchange_code

    def watched(*, code: str) -> Any:
        seen.append(connection.in_atomic_block)
        return real(code=code)

    monkeypatch.setattr(sessions, "exchange_code", watched)
    assert phone.log_in("demo-union-nb").status_code == 200
    assert seen == [False]


def test_a_blocked_customer_is_told_so_and_an_open_token_dies(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    body = phone.log_in("demo-union-nb").json()
    with cast.ho_administrator.scope():
        Customer.objects.filter(pk=cast.customers["nb"].customer.pk).update(status="blocked")
    assert phone.log_in("demo-union-nb").json()["code"] == "customers.customer.closed"
    assert phone.me(body["access"]).status_code == 401
    refused = phone.post("auth/refresh", {"refresh": body["refresh"]})
    assert (refused.status_code, refused.json()["code"]) == (401, "credential.refresh.refused")


def test_two_first_log_ins_at_once_make_one_customer(committed_cast: Cast, wechat: WeChatStandIn) -> None:
    gate, ids = threading.Barrier(6), []

    def log_in() -> None:
        gate.wait()
        try:
            ids.append(Phone().log_in("demo-union-rush", "NB").json()["customer"]["id"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=log_in) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6 and len(set(ids)) == 1
    assert customers(committed_cast) == 4


@pytest.mark.parametrize(
    "body",
    [{}, {"code": ""}, {"code": 7.5e300}, {"code": ["a"]}, {"code": "a" * 5000}, {"code": "登录"}, {"code": "a\x00b"},
     {"code": "demo-union-nb", "branch_code": {"a": 1}}, []],
)  # fmt: skip
def test_a_body_of_the_wrong_shape_never_reaches_wechat(
    cast: Cast, wechat: WeChatStandIn, phone: Phone, body: Any
) -> None:
    answer = phone.post("auth/wechat", body)
    assert answer.status_code in (400, 401)
    assert wechat.asked == [] or answer.json()["code"] == "wechat.code.invalid"


# --- refresh tokens -----------------------------------------------------------------------------------------------


def test_refreshing_gives_the_next_pair(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    first = phone.log_in("demo-union-nb").json()
    second = phone.post("auth/refresh", {"refresh": first["refresh"]})
    assert second.status_code == 200
    assert second.json()["refresh"] != first["refresh"]
    assert phone.me(second.json()["access"]).status_code == 200


def test_a_client_that_lost_the_answer_gets_it_again(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    first = phone.log_in("demo-union-nb").json()
    answers = [phone.post("auth/refresh", {"refresh": first["refresh"]}).json()["refresh"] for _ in range(3)]
    assert len(set(answers)) == 1


def test_using_an_old_token_again_ends_the_whole_session(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    first = phone.log_in("demo-union-nb").json()["refresh"]
    other_device = phone.log_in("demo-union-nb").json()["refresh"]
    second = sessions.refresh_session(refresh=first, at=now()).refresh
    third = sessions.refresh_session(refresh=second, at=now()).refresh
    answer = phone.post("auth/refresh", {"refresh": first})  # the thief, or the robbed
    assert (answer.status_code, answer.json()["code"]) == (401, "credential.refresh.refused")
    assert phone.post("auth/refresh", {"refresh": third}).status_code == 401
    assert phone.post("auth/refresh", {"refresh": other_device}).status_code == 200
    record = SecurityRecord.objects.using("aside").get(kind="session.reused")
    assert record.who == f"customers.customer:{cast.customers['nb'].customer.pk}"


def test_a_late_retry_is_a_second_use(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    first = phone.log_in("demo-union-nb").json()["refresh"]
    at = now()
    second = sessions.refresh_session(refresh=first, at=at).refresh
    with pytest.raises(sessions.RefreshRefused):
        sessions.refresh_session(refresh=first, at=at + sessions.GRACE + timedelta(seconds=1))
    with pytest.raises(sessions.RefreshRefused):
        sessions.refresh_session(refresh=second, at=at)


def test_a_refresh_token_ends_with_its_time(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    refresh = phone.log_in("demo-union-nb").json()["refresh"]
    with pytest.raises(sessions.RefreshRefused):
        sessions.refresh_session(refresh=refresh, at=now() + timedelta(days=30))


def test_logging_out_ends_the_session_and_tells_nothing(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    refresh = phone.log_in("demo-union-nb").json()["refresh"]
    assert phone.post("auth/logout", {"refresh": refresh}).status_code == 204
    assert phone.post("auth/logout", {"refresh": refresh}).status_code == 204
    assert phone.post("auth/logout", {"refresh": "no-such-token"}).status_code == 204
    assert phone.post("auth/refresh", {"refresh": refresh}).status_code == 401


def test_no_refresh_token_lies_in_the_database(cast: Cast, wechat: WeChatStandIn, phone: Phone) -> None:
    refresh = phone.log_in("demo-union-nb").json()["refresh"]
    with cast.nb_manager.scope():
        row = RefreshSession.objects.get()
    stored = bytes(row.token_hash)
    assert refresh.encode() not in stored and base64.urlsafe_b64decode(refresh + "=") not in stored


# --- access tokens ------------------------------------------------------------------------------------------------


def expired(cast: Cast) -> str:
    return tokens.issue(kind="customer", subject=str(cast.customers["nb"].customer.pk), seconds=-1)


def forged(cast: Cast) -> str:
    body = {
        "sub": str(cast.customers["nb"].customer.pk),
        "iss": "fenhang",
        "aud": "fenhang:customer",
        "exp": 9e9,
    }
    return jwt.encode(body, "another-secret-that-is-long-enough-0123", algorithm="HS256")


def unsigned(cast: Cast) -> str:
    body = {
        "sub": str(cast.customers["nb"].customer.pk),
        "iss": "fenhang",
        "aud": "fenhang:customer",
        "exp": 9e9,
    }
    return jwt.encode(body, "", algorithm="none")


def of_staff(cast: Cast) -> str:
    player = cast.nb_clerk
    return tokens.issue(
        kind="staff", subject=str(player.login.pk), seconds=60, assignment=str(player.assignment.pk)
    )


def of_nobody(cast: Cast) -> str:
    return tokens.issue(kind="customer", subject=str(new_id()), seconds=60)


def of_no_id(cast: Cast) -> str:
    return tokens.issue(kind="customer", subject="1 OR 1=1", seconds=60)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (expired, "credential.expired"),
        (forged, "credential.forged"),
        (unsigned, "credential.forged"),
        (of_staff, "credential.foreign"),
        (of_nobody, "tenants.scope.closed"),
        (of_no_id, "credential.forged"),
    ],
)
def test_a_token_that_is_no_good_opens_nothing(cast: Cast, phone: Phone, make: Any, problem: str) -> None:
    answer = phone.me(make(cast))
    assert (answer.status_code, answer.json()["code"]) == (401, problem)


def test_a_session_of_staff_is_no_key_to_the_customers_api(cast: Cast, phone: Phone) -> None:
    assert phone.client.login(username="nb_manager", password=PASSWORD)
    assert phone.client.get("/api/v1/me").json()["code"] == "credential.missing"
    # Nor does it stand in for a forged token.
    assert phone.me(forged(cast)).json()["code"] == "credential.forged"


def test_me_is_the_tokens_customer_and_nobody_else(cast: Cast, phone: Phone) -> None:
    for name in ("nb", "nb2", "sb"):
        player = cast.customers[name]
        answer = phone.client.get("/api/v1/me", headers=player.headers())
        assert answer.json()["id"] == str(player.customer.pk)


# --- sealed -------------------------------------------------------------------------------------------------------


def test_a_person_whose_key_is_gone_cannot_be_read_any_more(cast: Cast) -> None:
    customer = cast.customers["nb"].customer
    with cast.nb_manager.scope() as scope:
        shown = [text for _row, text in masked_identities(scope=scope, customer_id=customer.pk)]
        assert shown == ["N-n*****001", "********"]
        CustomerKey.objects.filter(customer_id=customer.pk).delete()
        assert [t for _row, t in masked_identities(scope=scope, customer_id=customer.pk)] == ["—", "—"]


def test_no_identity_lies_open_in_the_database_or_its_history(cast: Cast) -> None:
    with cast.ho_administrator.scope(), connection.cursor() as cursor:
        for table in (
            "customers_identity",
            "customers_identityevent",
            "customers_customer",
            "customers_customerevent",
        ):
            cursor.execute(f"SELECT t::text FROM {table} t")
            rows = " ".join(text for (text,) in cursor.fetchall())
            assert "union-nb" not in rows and "N-nb" not in rows
            assert b"union-nb".hex() not in rows and b"N-nb".hex() not in rows


def test_the_key_of_another_person_opens_nothing(cast: Cast) -> None:
    nb, nb2 = cast.customers["nb"].customer, cast.customers["nb2"].customer
    with cast.nb_manager.scope():
        stored = CustomerKey.objects.get(customer_id=nb.pk)
        with pytest.raises(crypto.Unreadable):
            crypto.unwrap_key(stored.wrapped, person=nb2.pk)


def test_the_openid_of_another_app_is_another_identity(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    assert lookup_of(kind="openid", value="o1", app="wx-a") != lookup_of(
        kind="openid", value="o1", app="wx-b"
    )
    assert lookup_of(kind="openid", value="o1", app="wx-a") != lookup_of(
        kind="unionid", value="o1", app="wx-a"
    )
