"""The bank's identity provider lets people in by what it signs, and by nothing else; nobody is made by it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.access import provider
from campaigns.access.models import OutsideIdentity, Session
from campaigns.access.services.identities import needs_second_factor
from campaigns.audit.models import SecurityRecord
from campaigns.lib.clock import now
from campaigns.tenants.models import Login, Person
from campaigns.tenants.scopes import system_scope
from tests.support.calls import Caller
from tests.support.cast import AT, PASSWORD, Cast
from tests.support.oidc import (
    CLAIM_FAULTS,
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_FAULTS,
    IdentityProvider,
    identity_provider,
)

UNKNOWN = "您的统一身份在本系统没有可用的登录名，请联系管理员开通。"
REFUSED = "统一身份登录没有完成，请重新登录。"
AWAY = "行内统一身份服务暂时无法使用，请稍后再试。"


@pytest.fixture
def bank(settings: Any) -> Iterator[IdentityProvider]:
    """The provider, known to the installation; its person is called nb_manager there."""
    provider.forget()
    with identity_provider(preferred_username="nb_manager") as server:
        settings.OIDC_ISSUER = server.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
        yield server
    provider.forget()


def goes(bank: IdentityProvider, client: Client, then: str = "/admin/") -> str:
    """The browser at the provider, and the address that it is sent back to."""
    away = client.get("/admin/provider/", {"next": then})
    return str(bank.browser.get(away["Location"]).headers["Location"])


def comes_in(bank: IdentityProvider, client: Client) -> Any:
    return returns(client, goes(bank, client))


def returns(client: Client, back: str) -> Any:
    return client.get(back.removeprefix("http://testserver"))


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def said(answer: Any) -> str:
    """The one sentence of a refusal, on its way to the log-in page."""
    assert answer.status_code == 302 and answer["Location"] == "/admin/login/"
    *_earlier, message = get_messages(answer.wsgi_request)
    return str(message)


def records() -> list[tuple[str, str]]:
    rows = SecurityRecord.objects.using("aside").filter(kind__startswith="login.provider").order_by("id")
    return [(row.kind.removeprefix("login.provider_"), row.who) for row in rows]


def bind(player: Any, server: IdentityProvider, subject: str = "u-0001") -> OutsideIdentity:
    return OutsideIdentity.objects.create(
        login=player.login, issuer=server.issuer, subject=subject, bound_at=AT
    )


# --- in -------------------------------------------------------------------------------------------------------


def test_whom_the_provider_names_comes_in_as_the_bound_log_in_and_where_it_wanted(
    cast: Cast, bank: IdentityProvider
) -> None:
    # The claim may change with a marriage; the subject stays.
    bank.claims["preferred_username"] = "somebody.else"
    bind(cast.nb_manager, bank)
    client = Client(headers={"user-agent": "Firefox/132 Linux"})
    page = client.get("/admin/tenants/branch/", follow=True)
    assert "用行内统一身份登录" in page.content.decode()
    back = returns(client, goes(bank, client, "/admin/tenants/branch/"))
    assert back["Location"] == "/admin/tenants/branch/"
    assert client.get("/admin/").context["actor_name"] == "nb_manager"
    assert records() == [("succeeded", "nb_manager")]
    assert Session.objects.get(login=cast.nb_manager.login).browser == "Firefox · Linux"


def test_what_is_asked_of_the_provider_is_code_with_pkce_state_and_nonce(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    settings.OIDC_ACR = ["two-factors"]
    asked = [parse_qs(urlsplit(Client().get("/admin/provider/")["Location"]).query) for _each in range(2)]
    assert asked[0] | {"state": [], "nonce": [], "code_challenge": []} == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": ["http://testserver/admin/provider/back/"],
        "scope": ["openid profile"],
        "code_challenge_method": ["S256"],
        "acr_values": ["two-factors"],
        "state": [],
        "nonce": [],
        "code_challenge": [],
    }
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name] and len(asked[0][name][0]) == 43
    # Discovery once for both, and neither keys nor token before somebody comes back.
    assert bank.asked == ["/.well-known/openid-configuration"]


def test_nobody_is_led_off_the_site_and_three_tabs_may_begin_at_once(
    cast: Cast, bank: IdentityProvider
) -> None:
    bind(cast.nb_manager, bank)
    client = Client()
    backs = [
        goes(bank, client, then)
        for then in ("https://elsewhere.example/", "//elsewhere.example", "/admin/customers/", "/admin/")
    ]
    assert returns(client, backs[1])["Location"] == "/admin/"
    assert returns(client, backs[2])["Location"] == "/admin/customers/"
    # The fourth pushed the first out.
    assert returns(client, backs[0])["Location"] == "/admin/login/"


def test_the_first_time_the_claim_binds_where_the_setting_allows_it(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    client = Client()
    assert said(comes_in(bank, client)) == UNKNOWN
    assert UNKNOWN in client.get("/admin/login/").content.decode()
    assert not OutsideIdentity.objects.exists() and not is_in(client)
    settings.OIDC_BIND = True
    assert comes_in(bank, client)["Location"] == "/admin/"
    identity = OutsideIdentity.objects.get()
    assert (identity.login, identity.issuer, identity.subject) == (
        cast.nb_manager.login,
        bank.issuer,
        "u-0001",
    )
    assert records() == [("failed", "nb_manager"), ("bound", "nb_manager"), ("succeeded", "nb_manager")]
    # Another subject of that name is another person.
    bank.subject = "u-0002"
    other = Client()
    assert said(comes_in(bank, other)) == UNKNOWN
    assert OutsideIdentity.objects.count() == 1 and not is_in(other)


def test_the_provider_never_makes_people(cast: Cast, bank: IdentityProvider, settings: Any) -> None:
    settings.OIDC_BIND = True
    with system_scope(at=AT, cause="test"):
        before = (Login.objects.count(), Person.objects.count())
    for name in ("nobody.here", "", "x" * 500, "nul\x00", None, ["nb_manager"], 7):
        bank.claims["preferred_username"] = name
        client = Client()
        assert said(comes_in(bank, client)) == UNKNOWN, name
    with system_scope(at=AT, cause="test"):
        assert (Login.objects.count(), Person.objects.count()) == before
    assert not OutsideIdentity.objects.exists()


def test_a_closed_log_in_stays_closed_and_is_not_bound(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    settings.OIDC_BIND, settings.DEMO = True, False
    login = Login.objects.filter(pk=cast.nb_manager.login.pk)
    for is_bound in (False, True):
        if is_bound:
            bind(cast.nb_manager, bank)
        for closed in ({"is_active": False, "is_demo": False}, {"is_active": True, "is_demo": True}):
            login.update(**closed)
            client = Client()
            assert said(comes_in(bank, client)) == UNKNOWN
            assert OutsideIdentity.objects.exists() == is_bound and not is_in(client)


def test_one_subject_is_one_log_in_in_the_database_too(cast: Cast, bank: IdentityProvider) -> None:
    bind(cast.nb_manager, bank)
    for player, subject in ((cast.nb_clerk, "u-0001"), (cast.nb_manager, "u-0002")):
        with pytest.raises(IntegrityError, match="access_identity_"), transaction.atomic():
            bind(player, bank, subject)


# --- not in ---------------------------------------------------------------------------------------------------


def test_a_lie_of_any_kind_lets_nobody_in_and_leaves_a_record(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    settings.OIDC_BIND = True
    faults = [*CLAIM_FAULTS, *TOKEN_FAULTS, "denied"]
    for bank.fault in [*faults, "no token", "token endpoint down"]:
        client = Client()
        sentence = said(comes_in(bank, client))
        assert sentence == (REFUSED if bank.fault in faults else AWAY), bank.fault
        assert not is_in(client), bank.fault
    assert not OutsideIdentity.objects.exists()
    assert not Session.objects.exclude(login=None).exists()
    assert records() == [("failed", "")] * len(faults)
    # The same without the lie, so that it was the lie.
    bank.fault = ""
    assert comes_in(bank, Client())["Location"] == "/admin/"


def test_an_answer_is_good_once_and_in_the_browser_that_began(cast: Cast, bank: IdentityProvider) -> None:
    bind(cast.nb_manager, bank)
    client, thief = Client(), Client()
    back = goes(bank, client)
    assert said(returns(thief, back)) == REFUSED  # no state there
    mine = goes(bank, thief)
    forged = back.replace(
        parse_qs(urlsplit(back).query)["state"][0], parse_qs(urlsplit(mine).query)["state"][0]
    )
    assert said(returns(thief, forged)) == REFUSED  # a stolen code, but not its verifier
    assert not is_in(thief)
    assert said(returns(client, back)) == REFUSED  # the code was spent by the attempt
    back = goes(bank, client)
    assert returns(client, back)["Location"] == "/admin/"
    again = Client()
    again.cookies = client.cookies
    assert returns(again, back)["Location"] == "/admin/login/"
    for answer in ("", "?state=", "?code=x", "?state=x&code=y&iss=z", "?state[]=1"):
        assert Client().get(f"/admin/provider/back/{answer}")["Location"] == "/admin/login/"


def test_an_answer_of_another_issuer_or_a_late_one_is_refused(cast: Cast, bank: IdentityProvider) -> None:
    bind(cast.nb_manager, bank)
    client = Client()
    mixed = goes(bank, client).replace("iss=", "iss=https%3A%2F%2Felsewhere.example&was=")
    assert said(returns(client, mixed)) == REFUSED
    _address, begun = provider.begin(
        come_back_to="http://testserver/", then="/", at=now() - timedelta(minutes=11)
    )
    with pytest.raises(provider.NotVouched) as refused:
        provider.finish(begun=begun, answer={"state": begun.state, "code": "x"}, at=now())
    assert refused.value.values == {"reason": "late"}


def test_an_address_that_the_provider_does_not_know_gets_no_code(cast: Cast, bank: IdentityProvider) -> None:
    away = Client(SERVER_NAME="localhost").get("/admin/provider/")
    assert bank.browser.get(away["Location"]).status_code == 400


def test_a_provider_that_describes_itself_wrongly_is_not_used(cast: Cast, bank: IdentityProvider) -> None:
    client = Client()
    for lie in (
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "ftp://127.0.0.1/"},
    ):
        bank.discovery = lie
        assert said(client.get("/admin/provider/")) == AWAY, lie
    bank.discovery = {}
    assert client.get("/admin/provider/")["Location"].startswith(bank.issuer)


def test_a_provider_that_is_away_is_said_to_be_and_passwords_still_work(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    client = Client()
    assert said(client.get("/admin/provider/")) == AWAY
    client.post("/admin/login/", {"username": "nb_manager", "password": PASSWORD})
    assert is_in(client)


def test_a_new_key_is_found_at_once_and_an_invented_one_is_not_asked_for_in_a_row(
    cast: Cast, bank: IdentityProvider
) -> None:
    bind(cast.nb_manager, bank)
    client = Client()
    comes_in(bank, client)
    provider._known[bank.issuer].keys_at = now() - timedelta(minutes=1)
    bank.rotate()
    assert comes_in(bank, Client())["Location"] == "/admin/"
    bank.fault = "unknown key"
    for _each in range(3):
        assert comes_in(bank, Client())["Location"] == "/admin/login/"
    assert bank.asked.count("/keys") == 2


# --- with and without passwords -------------------------------------------------------------------------------


def test_without_a_setting_there_is_no_such_door(cast: Cast) -> None:
    page = Client().get("/admin/login/").content.decode()
    assert "统一身份" not in page and 'name="password"' in page
    for path in ("/admin/provider/", "/admin/provider/back/?state=x"):
        assert Client().get(path).status_code == 404


def test_passwords_can_be_closed_but_for_the_log_ins_named(
    cast: Cast, bank: IdentityProvider, settings: Any
) -> None:
    settings.OIDC_ONLY = True
    assert 'name="password"' not in Client().get("/admin/login/").content.decode()
    settings.OIDC_EXCEPT = ["ho_administrator"]
    assert "应急登录" in Client().get("/admin/login/").content.decode()
    for name in ("nb_manager", "nobody"):
        client = Client()
        page = client.post("/admin/login/", {"username": name, "password": PASSWORD})
        assert "请使用行内统一身份登录" in page.content.decode() and not is_in(client)
        token = Caller().post("/api/v1/staff/auth/token", {"username": name, "password": PASSWORD})
        assert (token.status_code, token.json()["code"]) == (403, "log_in.by_provider_only")
    client = Client()
    client.post("/admin/login/", {"username": "ho_administrator", "password": PASSWORD})
    assert is_in(client)


@pytest.mark.parametrize(
    ("claims", "needs"),
    [
        ({}, True),
        ({"amr": ["pwd"]}, True),
        ({"amr": ["pwd", "otp"]}, False),
        ({"amr": "otp"}, True),
        ({"acr": "urn:bank:2"}, False),
        ({"acr": ["urn:bank:2"]}, True),
        ({"acr": "urn:bank:1", "amr": [["otp"], 7]}, True),
    ],
)
def test_our_second_factor_is_asked_unless_the_provider_vouches_for_one(
    settings: Any, claims: dict[str, Any], needs: bool
) -> None:
    settings.OIDC_AMR, settings.OIDC_ACR = ["otp", "hwk"], ["urn:bank:2"]
    assert needs_second_factor(login=Login(), claims=claims) is needs
    settings.OIDC_AMR, settings.OIDC_ACR = [], []
    assert needs_second_factor(login=Login(), claims=claims) is True
