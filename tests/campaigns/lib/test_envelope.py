"""What every endpoint does alike: who may ask, what is malformed, how a "no" reads, conditional reading."""

from typing import Any

import pytest

from campaigns.lib.http import tokens
from campaigns.tenants.models import Person
from tests.support.calls import Caller, as_staff, staff_token
from tests.support.cast import AT, Cast

pytestmark = pytest.mark.urls("tests.support.api_urls")

PEOPLE = "/api/v1/people"
WANG = {"name": "王敏", "staff_number": "E9001"}


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["type"] == f"urn:fenhang:problem:{code}"
    return document


def people_of(cast: Cast) -> int:
    with cast.ho_administrator.scope():
        return Person.objects.count()


# --- who may ask ----------------------------------------------------------------------------------------------


def test_without_a_token_the_answer_is_401_and_says_how_to_authenticate(cast: Cast) -> None:
    response = Caller().get(PEOPLE)
    problem(response, 401, "credential.missing")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_expired_forged_and_foreign_tokens_are_told_apart(cast: Cast) -> None:
    expired = staff_token(cast.nb_clerk, seconds=-1)
    foreign = tokens.issue(kind="customer", subject=str(cast.customers["nb"].customer.pk), seconds=60)
    problem(Caller(expired).get(PEOPLE), 401, "credential.expired")
    problem(Caller(staff_token(cast.nb_clerk) + "x").get(PEOPLE), 401, "credential.forged")
    problem(Caller(foreign).get(PEOPLE), 401, "credential.foreign")
    problem(as_staff(cast.nb_clerk).get("/api/v1/customers-only"), 401, "credential.foreign")


def test_a_token_for_somebody_elses_assignment_opens_nothing(cast: Cast) -> None:
    mixed = tokens.issue(
        kind="staff",
        subject=str(cast.nb_clerk.login.pk),
        seconds=60,
        assignment=str(cast.ho_administrator.assignment.pk),
    )
    problem(Caller(mixed).get(PEOPLE), 401, "tenants.scope.closed")


def test_a_token_does_not_outlive_its_assignment(cast: Cast) -> None:
    caller = as_staff(cast.nb_manager)
    assert caller.get(PEOPLE).status_code == 200
    with cast.ho_administrator.scope():
        cast.nb_manager.assignment.held_until = AT.replace(hour=0)
        cast.nb_manager.assignment.save()
    problem(caller.get(PEOPLE), 401, "tenants.scope.closed")


def test_the_admins_session_is_no_credential_of_the_api(cast: Cast) -> None:
    caller = Caller()
    caller.client.force_login(cast.ho_administrator.login)
    problem(caller.post(PEOPLE, WANG), 401, "credential.missing")
    # Nor does it stand in for a bad token.
    caller.token = "forged"
    problem(caller.post(PEOPLE, WANG), 401, "credential.forged")
    assert people_of(cast) == 15


def test_a_right_that_the_assignment_lacks_is_403_and_nothing_happens(cast: Cast) -> None:
    problem(as_staff(cast.nb_clerk).post(PEOPLE, WANG), 403, "not_allowed")
    assert people_of(cast) == 15


def test_customers_are_themselves(cast: Cast) -> None:
    customer = cast.customers["nb"].customer
    caller = Caller(tokens.issue(kind="customer", subject=str(customer.pk), seconds=60))
    assert caller.get("/api/v1/customers-only").json() == {"customer": str(customer.pk)}


# --- how a "no" reads -----------------------------------------------------------------------------------------


def test_a_refusal_reads_chinese_by_default_and_english_by_choice_and_carries_both(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    quiet = {"name": "quiet", "staff_number": "E9"}
    chinese = problem(caller.post(PEOPLE, quiet), 422, "tests.too_quiet")
    english = problem(caller.post(PEOPLE, quiet, language="en"), 422, "tests.too_quiet")
    assert chinese["detail"] == chinese["detail_zh"] == "“quiet”太安静了。"
    assert english["detail"] == chinese["detail_en"] == "“quiet” is too quiet."
    assert chinese["title"] == "无法执行" and english["title"] == "Cannot be done"
    assert chinese["instance"] == PEOPLE


def test_what_was_written_before_a_refusal_or_an_error_is_taken_back(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    problem(caller.post(PEOPLE, {"name": "quiet", "staff_number": "E9"}), 422, "tests.too_quiet")
    problem(caller.post(PEOPLE, {"name": "broken", "staff_number": "E9"}), 500, "server.failed")
    assert people_of(cast) == 15
    assert caller.post(PEOPLE, WANG).status_code == 201
    assert people_of(cast) == 16


def test_an_address_that_does_not_exist_is_a_problem_document_too(cast: Cast) -> None:
    problem(Caller().get("/api/v1/nowhere"), 404, "not_found")
    problem(as_staff(cast.nb_clerk).get("/api/v1/nowhere?x=1"), 404, "not_found")


def test_every_method_that_is_not_there_is_405(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    for method in ("put", "patch", "delete", "options"):
        response = getattr(caller.client, method)(PEOPLE, headers=caller._headers("", {}))
        problem(response, 405, "request.method.not_allowed")
        assert "GET" in response["Allow"]


# --- what is malformed ----------------------------------------------------------------------------------------


def test_unknown_query_parameters_are_refused_by_name(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    document = problem(caller.get(f"{PEOPLE}?limit=2&pgae=3&x=1"), 400, "request.query.unknown")
    assert "pgae, x" in document["detail_en"]
    problem(Caller().get("/api/v1/anyone?x=1"), 400, "request.query.unknown")
    problem(caller.post(f"{PEOPLE}?dry_run=1", WANG), 400, "request.query.unknown")
    assert people_of(cast) == 15
    problem(caller.get(f"{PEOPLE}?limit=2&limit=3"), 400, "request.query.repeated")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1e3"])
def test_query_parameters_of_a_wrong_kind_are_named(cast: Cast, query: str) -> None:
    document = problem(as_staff(cast.ho_administrator).get(f"{PEOPLE}?{query}"), 400, "request.query.invalid")
    assert [error["parameter"] for error in document["errors"]] == ["limit"]


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "W10", "WzEsMiwzXQ", "W251bGwsbnVsbF0", "%00", "WyJhIiwiYiJd"]
)
def test_a_made_up_cursor_is_refused(cast: Cast, cursor: str) -> None:
    response = as_staff(cast.ho_administrator).get(f"{PEOPLE}?cursor={cursor}")
    assert response.json()["code"] in ("request.cursor.invalid", "request.query.invalid")
    assert response.status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"name": }',
        b"\xff\xfe",
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": NaN}',
        b"[" * 5000,
        b"{'name': 1}",
    ],
)
def test_malformed_json_is_400(cast: Cast, raw: bytes) -> None:
    problem(as_staff(cast.ho_administrator).post(PEOPLE, raw), 400, "request.body.unreadable")


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"5", b"null", b"true"])
def test_a_body_that_is_no_object_is_400(cast: Cast, raw: bytes) -> None:
    problem(as_staff(cast.ho_administrator).post(PEOPLE, raw), 400, "request.fields.invalid")


def test_wrong_fields_are_named_by_pointer(cast: Cast) -> None:
    wrong = {"name": ["王"], "staff_number": "E1\x00", "age": "old"}
    document = problem(as_staff(cast.ho_administrator).post(PEOPLE, wrong), 400, "request.fields.invalid")
    assert {error["pointer"] for error in document["errors"]} == {"/name", "/staff_number", "/age"}
    document = problem(as_staff(cast.ho_administrator).post(PEOPLE, {}), 400, "request.fields.invalid")
    assert {(e["pointer"], e["code"]) for e in document["errors"]} == {
        ("/name", "required"),
        ("/staff_number", "required"),
    }


def test_an_oversized_body_is_413_whatever_its_shape(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    problem(caller.post(PEOPLE, b'{"name": "' + b"x" * 70_000 + b'"}'), 413, "request.body.too_large")
    problem(caller.post(PEOPLE, b"x" * 3_000_000), 413, "request.body.too_large")
    problem(caller.post(PEOPLE, b"x" * 3_000_000, key="k-00000001"), 413, "request.body.too_large")


def test_only_json_is_taken(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    headers = caller._headers("", {})
    problem(caller.client.post(PEOPLE, WANG, headers=headers), 415, "request.media_type.unsupported")
    problem(caller.client.post(PEOPLE, "name=x", content_type="text/plain", headers=headers), 415,
            "request.media_type.unsupported")  # fmt: skip


# --- pages and conditional reading ----------------------------------------------------------------------------


def test_pages_follow_one_another_without_gap_or_repeat(cast: Cast) -> None:
    caller, seen, cursor = as_staff(cast.ho_administrator), [], ""
    for _page in range(10):
        page = caller.get(f"{PEOPLE}?limit=4" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    with cast.ho_administrator.scope():
        assert seen == list(Person.objects.order_by("staff_number", "-id").values_list("name", flat=True))
    assert len(seen) == 15


def test_a_page_that_holds_the_last_row_has_no_next(cast: Cast) -> None:
    page = as_staff(cast.ho_administrator).get(f"{PEOPLE}?limit=15").json()
    assert len(page["items"]) == 15 and page["next"] is None


def test_unchanged_answers_are_304_without_a_body(cast: Cast) -> None:
    caller = as_staff(cast.nb_manager)
    first = caller.get(PEOPLE)
    tag = first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    again = caller.get(PEOPLE, If_None_Match=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert caller.get(PEOPLE, If_None_Match=f'"other", {tag}').status_code == 304
    assert caller.get(PEOPLE, If_None_Match='"other"').status_code == 200
    with cast.ho_administrator.scope():
        Person.objects.filter(name="nb_clerk").update(name="新名字")
    changed = caller.get(PEOPLE, If_None_Match=tag)
    assert changed.status_code == 200 and changed["ETag"] != tag


def test_moments_are_utc_with_z_and_answers_to_posts_are_not_stored(cast: Cast) -> None:
    response = as_staff(cast.ho_administrator).post(PEOPLE, WANG)
    assert response.json()["at"].endswith("Z")
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response
