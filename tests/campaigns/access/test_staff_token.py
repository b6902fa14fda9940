"""Staff log in over the API: one answer for every wrong try, and ten of them close the door for a while."""

from typing import Any
from uuid import uuid4

import pytest

from campaigns.audit.models import SecurityRecord
from campaigns.lib.http import tokens
from tests.support.calls import Caller, as_staff
from tests.support.cast import AT, PASSWORD, Cast

TOKEN = "/api/v1/staff/auth/token"


def log_in(username: str, password: str = PASSWORD, **more: Any) -> Any:
    return Caller().post(TOKEN, {"username": username, "password": password, **more})


def test_a_good_log_in_gives_a_token_for_the_first_assignment_and_names_all(cast: Cast) -> None:
    answer = log_in("nb_clerk")
    assert answer.status_code == 200
    body = answer.json()
    assert body["expires_in"] == 900
    [held] = body["assignments"]
    assert held == {
        "id": str(cast.nb_clerk.assignment.pk),
        "role": "clerk",
        "branch": {"code": "NB", "name": "北城中山路支行"},
        "path": ["总行", "北方省分行", "北城分行", "北城中山路支行"],
    }
    credential = tokens.read(body["access"])
    assert credential is not None and credential.kind == "staff"
    assert credential.subject == str(cast.nb_clerk.login.pk)
    assert credential.claims == {"assignment": held["id"]} == {"assignment": body["assignment"]}
    assert answer["Cache-Control"] == "no-store"


def test_an_assignment_is_chosen_among_ones_own_only(cast: Cast) -> None:
    own = str(cast.nb_clerk.assignment.pk)
    assert log_in("nb_clerk", assignment=own, otp="123456").json()["assignment"] == own
    for foreign in (str(cast.sb_clerk.assignment.pk), str(uuid4())):
        refused = log_in("nb_clerk", assignment=foreign)
        assert refused.status_code == 404 and refused.json()["code"] == "not_found"


def test_without_an_assignment_there_is_nothing_to_act_in(cast: Cast) -> None:
    with cast.ho_administrator.scope():
        cast.nb_clerk.assignment.held_until = AT.replace(hour=0)
        cast.nb_clerk.assignment.save()
    refused = log_in("nb_clerk")
    assert refused.status_code == 403 and refused.json()["code"] == "log_in.no_assignment"


@pytest.mark.parametrize(
    ("username", "password"),
    [("nb_clerk", "wrong"), ("nobody", PASSWORD), ("nb_clerk", PASSWORD + " "), ("NB_CLERK", PASSWORD)],
)
def test_every_wrong_try_reads_the_same(cast: Cast, username: str, password: str) -> None:
    refused = log_in(username, password)
    assert refused.status_code == 401
    assert refused.json()["detail_en"] == "Wrong log-in name or password: please try again."


def test_a_closed_log_in_and_a_demo_log_in_outside_demo_mode_read_the_same_too(
    cast: Cast, settings: Any
) -> None:
    settings.DEMO = False
    with cast.ho_administrator.scope():
        for player, change in ((cast.nb_clerk, {"is_active": False}), (cast.sb_clerk, {"is_demo": True})):
            for name, value in change.items():
                setattr(player.login, name, value)
            player.login.save()
    assert [log_in(name).json()["code"] for name in ("nb_clerk", "sb_clerk")] == ["log_in.refused"] * 2
    settings.DEMO = True
    assert log_in("sb_clerk").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "nb_clerk"},
        {"username": ["a"], "password": "x"},
        {"username": "a\x00", "password": "x"},
    ],
)
def test_a_malformed_log_in_is_400_and_no_try(cast: Cast, body: dict[str, Any]) -> None:
    refused = Caller().post(TOKEN, body)
    assert refused.status_code == 400 and refused.json()["code"] == "request.fields.invalid"
    assert SecurityRecord.objects.using("aside").count() == 0


def test_the_record_of_a_failed_try_survives_its_refusal(committed_cast: Cast) -> None:
    assert log_in("nb_clerk", "wrong").status_code == 401
    kinds = SecurityRecord.objects.filter(who="nb_clerk").values_list("kind", flat=True)
    assert list(kinds) == ["login.failed"]


def test_ten_wrong_tries_close_the_log_in_even_for_the_right_password(cast: Cast) -> None:
    for _number in range(10):
        assert log_in("nb_clerk", "wrong").status_code == 401
    locked = log_in("nb_clerk")
    assert locked.status_code == 429 and locked.json()["code"] == "log_in.locked"
    assert 14 * 60 < int(locked["Retry-After"]) <= 15 * 60
    assert log_in("sb_clerk").status_code == 200


def test_a_staff_token_opens_the_assignment_and_not_the_customers_side(cast: Cast) -> None:
    assert as_staff(cast.nb_clerk).get("/api/v1/me").status_code == 401
