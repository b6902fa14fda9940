"""The second factor: a stolen password alone opens nothing, and every code works once."""

from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from campaigns.access.log_ins import check_code, check_log_in, log_in
from campaigns.access.models import RecoveryCode, SecondFactor, Try
from campaigns.access.refusals import (
    CodeNeeded,
    CodeRefused,
    EnrolmentOver,
    LogInLocked,
    NewCodeWrong,
    OldPasswordWrong,
    SecondFactorNeeded,
)
from campaigns.access.selectors import codes_left
from campaigns.access.services import second_factors
from campaigns.access.services.second_factors import enrol_second_factor, offer_second_factor
from campaigns.audit.models import Entry, SecurityRecord
from campaigns.lib import clock
from campaigns.tenants.models import Login
from config.desk import log_in as desk
from config.desk import own_log_in
from tests.support.calls import Caller
from tests.support.cast import AT, PASSWORD, Cast
from tests.support.phones import Phone, enrolled
from tests.support.races import together

TOKEN = "/api/v1/staff/auth/token"
DESK = "10.1.2.3"
LATER = AT + timedelta(minutes=1)


def enter(cast: Cast, code: str, at: Any = LATER, address: str = DESK) -> int | None:
    """The second step of North's editor; how many recovery codes are left, if one was used."""
    return check_code(login_id=cast.north_editor.login.pk, code=code, address=address, at=at).codes_left


def test_the_arithmetic_is_that_of_the_standard() -> None:
    """RFC 6238, appendix B: the last six of the eight digits given there."""
    phone = Phone(b"12345678901234567890")
    for seconds, shown in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        at = AT.fromtimestamp(seconds, AT.tzinfo)
        assert phone.shows(at) == shown
        assert second_factors._matching_step(phone.secret, shown, at) == seconds // 30


def test_a_stolen_password_alone_opens_nothing(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    asked = {"username": "north_editor", "password": PASSWORD, "address": DESK, "at": LATER}
    for code, refusal in (("", CodeNeeded), ("000000", CodeRefused), ("一二三", CodeRefused)):
        with pytest.raises(refusal):
            log_in(**asked, code=code)  # type: ignore[arg-type]
    assert log_in(**asked, code=phone.shows(LATER)) == cast.north_editor.login  # type: ignore[arg-type]


def test_a_code_is_good_for_half_a_minute_around_its_own_and_once(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    for seconds in (-60, 60):
        with pytest.raises(CodeRefused):
            enter(cast, phone.shows(LATER + timedelta(seconds=seconds)))
    early = phone.shows(LATER - timedelta(seconds=30))
    assert enter(cast, f" {early[:3]} {early[3:]} ") is None
    with pytest.raises(CodeRefused):
        enter(cast, early)
    assert enter(cast, phone.shows(LATER + timedelta(seconds=30))) is None
    # The code of the present half minute is older than the one accepted last.
    with pytest.raises(CodeRefused):
        enter(cast, phone.shows(LATER))


def test_the_code_that_set_it_up_does_not_open_the_log_in_too(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    with pytest.raises(CodeRefused):
        enter(cast, phone.shows(AT), at=AT)


def test_a_recovery_code_works_once_and_says_how_many_are_left(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    assert len(set(phone.codes)) == 10
    assert enter(cast, phone.codes[0].upper().replace("-", " ")) == 9
    with pytest.raises(CodeRefused):
        enter(cast, phone.codes[0])
    assert enter(cast, phone.codes[9]) == 8
    other = enrolled(cast.north_reviewer)
    with pytest.raises(CodeRefused):
        enter(cast, other.codes[0])


def test_neither_the_secret_nor_a_recovery_code_can_be_read_in_the_tables(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    row = SecondFactor.objects.get()
    assert len(phone.secret) == 20
    assert phone.secret not in bytes(row.secret)
    kept = [bytes(code.code_hash) for code in RecoveryCode.objects.all()]
    assert len(kept) == 10
    assert {len(each) for each in kept} == {32}
    assert not any(code.replace("-", "").encode() in b"".join(kept) for code in phone.codes)
    # And it opens nowhere else: copied to another log-in, the sealed secret is void.
    SecondFactor.objects.create(
        login=cast.north_reviewer.login, secret=row.secret, enrolled_at=AT, last_step=0
    )
    with pytest.raises(Exception, match="access_secondfactor"):
        check_code(login_id=cast.north_reviewer.login.pk, code=phone.shows(LATER), address=DESK, at=LATER)


def test_ten_wrong_codes_close_the_second_step_though_the_password_is_right_each_time(cast: Cast) -> None:
    """The password is no success as long as the code is missing: it does not begin the count anew."""
    phone = enrolled(cast.north_editor)
    for _turn in range(5):
        check_log_in(username="north_editor", password=PASSWORD, address=DESK, at=LATER)
        with pytest.raises(CodeRefused):
            enter(cast, "000000")
    with pytest.raises(LogInLocked):
        enter(cast, phone.shows(LATER))
    with pytest.raises(LogInLocked):
        check_log_in(username="north_editor", password=PASSWORD, address=DESK, at=LATER)


def test_twenty_wrong_codes_a_day_close_it_wherever_they_come_from(cast: Cast) -> None:
    phone = enrolled(cast.north_editor)
    assert enter(cast, phone.shows(LATER)) is None  # the desk is known
    Try.objects.using("aside").bulk_create(
        Try(account="north_editor", address=f"198.51.100.{n}", at=LATER, step=Try.Step.CODE, is_known=False)
        for n in range(20)
    )
    with pytest.raises(LogInLocked) as locked:
        enter(cast, phone.shows(LATER + timedelta(hours=1)), at=LATER + timedelta(hours=1))
    assert locked.value.values["minutes"] == 23 * 60
    next_day = LATER + timedelta(hours=24)
    assert enter(cast, phone.shows(next_day), at=next_day) is None


def test_setting_up_needs_the_phone_the_password_and_the_present_factor(cast: Cast) -> None:
    login = cast.north_editor.login
    old = enrolled(cast.north_editor)
    offer = offer_second_factor(login=login)
    assert offer_second_factor(login=login, sealed=offer.sealed) == offer
    new = Phone.scan(offer.uri)
    good: dict[str, Any] = {
        "login": login,
        "sealed": offer.sealed,
        "code": new.shows(LATER),
        "password": PASSWORD,
        "present": old.shows(LATER),
        "address": DESK,
        "at": LATER,
    }
    other = offer_second_factor(login=cast.north_reviewer.login)
    for change, refusal in (
        ({"sealed": ""}, EnrolmentOver),
        ({"sealed": other.sealed}, EnrolmentOver),
        ({"code": "000000"}, NewCodeWrong),
        ({"password": "wrong"}, OldPasswordWrong),
        ({"present": ""}, CodeRefused),
        ({"present": new.shows(LATER)}, CodeRefused),
    ):
        with pytest.raises(refusal):
            enrol_second_factor(**good | change)
        assert codes_left(login_id=login.pk) == 10
    codes = enrol_second_factor(**good)
    assert set(codes) & set(old.codes) == set()
    later = LATER + timedelta(minutes=5)
    with pytest.raises(CodeRefused):
        enter(cast, old.shows(later), at=later)
    with pytest.raises(CodeRefused):
        enter(cast, old.codes[0], at=later)
    assert enter(cast, new.shows(later), at=later) is None
    with cast.north_editor.scope():
        assert (
            list(Entry.objects.filter(verb__startswith="access.").values_list("verb", "actor_name"))
            == [("access.second_factor.enrol", "north_editor")] * 2
        )


# --- over HTTP ------------------------------------------------------------------------------------------------


def at_the_moment(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    for module in (desk, own_log_in):
        monkeypatch.setattr(module, "now", lambda: at)


def test_in_the_admin_nobody_is_in_between_the_two_steps(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_moment(monkeypatch, LATER)
    phone = enrolled(cast.north_editor)
    client = Client()
    first = client.post(
        "/admin/login/?next=/admin/content/item/",
        {"username": "north_editor", "password": PASSWORD, "next": "/admin/content/item/"},
    )
    assert first["Location"] == "/admin/login/code/"
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/second-factor/")["Location"].startswith("/admin/login/")
    page = client.post("/admin/login/code/", {"code": "000000"})
    assert "动态口令不正确" in page.content.decode()
    assert "_auth_user_id" not in client.session
    second = client.post("/admin/login/code/", {"code": phone.shows(LATER)})
    assert second["Location"] == "/admin/content/item/"
    assert client.get("/admin/content/item/").status_code == 200


def test_the_first_step_is_forgotten_after_five_minutes_and_with_the_password(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_moment(monkeypatch, LATER)
    phone = enrolled(cast.north_editor)
    client = Client()
    client.post("/admin/login/", {"username": "north_editor", "password": PASSWORD})
    late = LATER + timedelta(minutes=6)
    at_the_moment(monkeypatch, late)
    page = client.post("/admin/login/code/", {"code": phone.shows(late)}, follow=True)
    assert "请重新输入登录名和密码" in page.content.decode()
    assert "_auth_user_id" not in client.session
    client.post("/admin/login/", {"username": "north_editor", "password": PASSWORD})
    Login.objects.filter(pk=cast.north_editor.login.pk).update(password="changed")
    client.post("/admin/login/code/", {"code": phone.shows(late)})
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_lets_somebody_in_and_tells_how_many_are_left(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_moment(monkeypatch, LATER)
    phone = enrolled(cast.north_editor)
    client = Client()
    client.post("/admin/login/", {"username": "north_editor", "password": PASSWORD})
    assert "恢复码" in client.get("/admin/login/code/?paper").content.decode()
    page = client.post("/admin/login/code/?paper", {"code": phone.codes[3]}, follow=True)
    assert "还剩 9 个" in page.content.decode()
    assert SecurityRecord.objects.using("aside").filter(kind="login.recovered").count() == 1


def test_the_page_sets_it_up_shows_the_codes_once_and_makes_new_ones(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_moment(monkeypatch, AT)
    client = Client()
    client.force_login(cast.north_editor.login)
    page = client.get("/admin/second-factor/")
    assert "<svg" in page.context["qr"]
    phone = Phone.scan(page.context["offer"].uri)
    assert client.get("/admin/second-factor/").context["offer"] == page.context["offer"]
    typed = {"act": "enrol", "code": phone.shows(AT), "password": PASSWORD}
    wrong = client.post("/admin/second-factor/", {**typed, "password": "wrong"})
    assert "当前密码不正确" in wrong.content.decode()
    assert not SecondFactor.objects.exists()
    shown = client.post("/admin/second-factor/", typed)
    codes = shown.context["codes"]
    assert all(code in shown.content.decode() for code in codes)
    again = client.get("/admin/second-factor/")
    assert "还剩 10 个" in again.content.decode()
    assert not any(code in again.content.decode() for code in codes)
    # The key is no longer offered, nor left in the session.
    at_the_moment(monkeypatch, LATER)
    renewed = client.post("/admin/second-factor/", {"act": "renew", "renew-code": phone.shows(LATER)})
    assert set(renewed.context["codes"]).isdisjoint(codes)
    with pytest.raises(CodeRefused):
        enter(cast, codes[0])


def test_where_it_is_required_whoever_has_none_is_led_there_and_nowhere_else(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SECOND_FACTOR = "required"
    at_the_moment(monkeypatch, AT)
    client = Client()
    client.post("/admin/login/", {"username": "north_editor", "password": PASSWORD})
    for path in ("/admin/", "/admin/content/item/", "/admin/password_change/", "/admin/switch/search/?q="):
        assert client.get(path)["Location"] == "/admin/second-factor/", path
    with pytest.raises(SecondFactorNeeded):
        log_in(username="north_editor", password=PASSWORD, code="", address=DESK, at=AT)
    offer = client.get("/admin/second-factor/").context["offer"]
    client.post("/admin/second-factor/", {"act": "enrol", "code": Phone.scan(offer.uri).shows(AT)})
    assert client.get("/admin/").status_code == 200
    # The demo bank's shared log-ins are spared, in demo mode alone.
    Login.objects.filter(pk=cast.nb_clerk.login.pk).update(is_demo=True)
    settings.DEMO = True
    assert Caller().post(TOKEN, {"username": "nb_clerk", "password": PASSWORD}).status_code == 200
    assert Caller().post(TOKEN, {"username": "sb_clerk", "password": PASSWORD}).status_code == 403


def test_the_api_asks_for_the_code_with_stable_words(cast: Cast) -> None:
    phone = enrolled(cast.nb_clerk)
    body = {"username": "nb_clerk", "password": PASSWORD}
    at = clock.now()
    for more, code in (
        ({}, "log_in.code_needed"),
        ({"otp": ""}, "log_in.code_needed"),
        ({"otp": "000000x"}, "log_in.code_refused"),
        ({"password": "wrong", "otp": phone.shows(at)}, "log_in.refused"),
    ):
        refused = Caller().post(TOKEN, body | more)
        assert (refused.status_code, refused.json()["code"]) == (401, code)
    failed = Try.objects.using("aside").filter(account="nb_clerk", has_succeeded=False)
    assert sorted(failed.values_list("step", flat=True)) == ["code", *["password"] * 4]
    assert Caller().post(TOKEN, body | {"otp": phone.codes[0]}).status_code == 200
    assert not failed.exists()


# --- at once --------------------------------------------------------------------------------------------------


def used_at_once(cast: Cast, code: str) -> list[bool]:
    results = together([lambda: enter(cast, code)] * 4)
    assert all(not isinstance(each, Exception) or isinstance(each, CodeRefused) for each in results), results
    return [not isinstance(each, CodeRefused) for each in results]


def test_of_four_who_use_one_code_at_once_one_gets_in(committed_cast: Cast) -> None:
    phone = enrolled(committed_cast.north_editor)
    assert sum(used_at_once(committed_cast, phone.codes[0])) == 1
    assert sum(used_at_once(committed_cast, phone.shows(LATER))) == 1


def test_control_reading_first_and_marking_then_lets_all_four_in(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = enrolled(committed_cast.north_editor)
    read = Barrier(4, timeout=30)

    def naive(login_id: int, typed: str, at: Any) -> Any:
        row = RecoveryCode.objects.get(login=login_id, code_hash=second_factors._hash_of(login_id, typed))
        is_free = row.used_at is None
        read.wait()
        row.used_at = at
        row.save()
        connections["default"].close()
        return second_factors.Used(9) if is_free else None

    monkeypatch.setattr(second_factors, "_use_recovery_code", naive)
    assert sum(used_at_once(committed_cast, phone.codes[0])) == 4
