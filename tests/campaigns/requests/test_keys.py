"""The same key and request are one act, however often and however closely together they arrive."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from campaigns.lib.clock import now
from campaigns.requests import rules
from campaigns.requests.models import RequestKey
from campaigns.requests.services import Answer, keep_answer, purge_keys, take_key
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import system_scope
from tests.support.calls import Caller, as_staff
from tests.support.cast import AT, Cast

pytestmark = pytest.mark.urls("tests.support.api_urls")

PEOPLE = "/api/v1/people"
KEY = "key-00000001"
WANG = {"name": "王敏", "staff_number": "E9001"}


def people_of(cast: Cast) -> int:
    with cast.ho_administrator.scope():
        return Person.objects.count()


def keys_of(cast: Cast) -> int:
    with system_scope(at=AT, cause="test"):
        return RequestKey.objects.count()


def test_the_second_time_the_first_answer_comes_back_byte_for_byte(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    first, again = (caller.post(PEOPLE, WANG, key=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first and again["Idempotency-Replayed"] == "true"
    assert people_of(cast) == 16


def test_without_a_key_every_request_is_an_act_of_its_own(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    assert caller.post(PEOPLE, WANG).status_code == 201
    assert caller.post(PEOPLE, {**WANG, "staff_number": "E9002"}).status_code == 201
    assert people_of(cast) == 17 and keys_of(cast) == 0


def test_another_body_or_address_under_the_same_key_is_422_and_changes_nothing(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    first = caller.post(PEOPLE, WANG, key=KEY)
    other = caller.post(PEOPLE, {**WANG, "staff_number": "E9002"}, key=KEY)
    assert other.status_code == 422 and other.json()["code"] == "requests.key.reused"
    assert people_of(cast) == 16
    assert caller.post(PEOPLE, WANG, key=KEY).content == first.content


def test_a_key_is_its_callers_and_its_routes(cast: Cast) -> None:
    with cast.ho_administrator.scope():
        cast.nb_manager.assignment.role_id = "administrator"
        cast.nb_manager.assignment.save()
    assert as_staff(cast.ho_administrator).post(PEOPLE, WANG, key=KEY).status_code == 201
    assert as_staff(cast.nb_manager).post(PEOPLE, WANG, key=KEY).status_code == 201
    other_route = as_staff(cast.ho_administrator).post(
        "/api/v1/strict-people", {**WANG, "staff_number": "E2"}, key=KEY
    )
    assert other_route.status_code == 201
    assert people_of(cast) == 18


def test_a_refusal_by_rule_is_kept_even_when_its_reason_is_gone(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    quiet = {"name": "quiet", "staff_number": "E9"}
    first = caller.post(PEOPLE, quiet, key=KEY)
    again = caller.post(PEOPLE, quiet, key=KEY, language="en")
    assert first.status_code == again.status_code == 422
    assert again.content == first.content and again["Idempotency-Replayed"] == "true"
    assert again["Content-Type"] == "application/problem+json"
    assert people_of(cast) == 15 and keys_of(cast) == 1


def test_malformed_requests_and_our_own_mistakes_are_not_kept(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    assert caller.post(PEOPLE, b"{", key=KEY).status_code == 400
    assert caller.post(PEOPLE, {"name": "x"}, key=KEY).status_code == 400
    assert caller.post(PEOPLE, {"name": "broken", "staff_number": "E9"}, key=KEY).status_code == 500
    assert keys_of(cast) == 0
    assert caller.post(PEOPLE, WANG, key=KEY).status_code == 201
    assert people_of(cast) == 16


def test_a_missing_right_is_not_an_answer_to_the_act(cast: Cast) -> None:
    assert as_staff(cast.nb_clerk).post(PEOPLE, WANG, key=KEY).status_code == 403
    assert Caller("forged").post(PEOPLE, WANG, key=KEY).status_code == 401


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space 1", "键键键键键键键键"])
def test_a_malformed_key_is_refused_in_words(cast: Cast, key: str) -> None:
    response = as_staff(cast.ho_administrator).post(PEOPLE, WANG, key=key)
    assert response.status_code == 400
    assert response.json()["code"] == "requests.key.malformed"
    assert people_of(cast) == 15


def test_where_a_key_is_required_its_absence_is_400(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    response = caller.post("/api/v1/strict-people", WANG)
    assert response.status_code == 400 and response.json()["code"] == "request.key.missing"
    assert caller.post("/api/v1/strict-people", WANG, key=KEY).status_code == 201


def test_the_same_person_at_another_branch_does_not_get_the_other_branchs_answer(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    assert caller.post(PEOPLE, WANG, key=KEY).status_code == 201
    with system_scope(at=AT, cause="test"):  # nobody changes an assignment of his own
        cast.ho_administrator.assignment.branch = cast.branch["SB"]
        cast.ho_administrator.assignment.branch_pos = cast.branch["SB"].pos
        cast.ho_administrator.assignment.save()
    moved = caller.post(PEOPLE, WANG, key=KEY)
    assert moved.status_code == 422 and moved.json()["code"] == "requests.key.reused"


# --- age ------------------------------------------------------------------------------------------------------


def _age(cast: Cast, by: timedelta) -> None:
    with system_scope(at=AT, cause="test"):
        assert RequestKey.objects.update(made_at=now() - by) == 1


def test_a_key_is_kept_for_seven_days_and_not_longer_even_before_the_sweep(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    first = caller.post(PEOPLE, WANG, key=KEY)
    _age(cast, timedelta(days=6, hours=23))
    assert caller.post(PEOPLE, WANG, key=KEY).content == first.content
    _age(cast, timedelta(days=7))
    new = caller.post(PEOPLE, {**WANG, "staff_number": "E9002"}, key=KEY)
    assert new.status_code == 201 and new.content != first.content
    assert people_of(cast) == 17 and keys_of(cast) == 1


def test_the_sweep_deletes_what_was_kept_long_enough(cast: Cast) -> None:
    caller = as_staff(cast.ho_administrator)
    caller.post(PEOPLE, WANG, key=KEY)
    with system_scope(at=now(), cause="test") as scope:
        made = RequestKey.objects.get().made_at
        assert purge_keys(scope=scope, at=made + timedelta(days=7) - timedelta(seconds=1)) == 0
        assert purge_keys(scope=scope, at=made + timedelta(days=7)) == 1
        assert purge_keys(scope=scope, at=made + timedelta(days=7)) == 0


# --- walls ----------------------------------------------------------------------------------------------------


def test_a_stored_answer_is_its_callers_alone_in_the_database_too(cast: Cast) -> None:
    assert as_staff(cast.ho_administrator).post(PEOPLE, WANG, key=KEY).status_code == 201
    for other in (cast.ho_auditor, cast.ho_editor, cast.nb_clerk):
        with other.scope():
            assert RequestKey.objects.count() == 0
            assert RequestKey.objects.update(body=b"x") == 0
    for customer in cast.customers.values():
        with customer.scope(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM requests_requestkey")
            assert cursor.fetchone() == (0,)


def test_a_customer_keeps_and_reads_own_answers_only(cast: Cast) -> None:
    facts = {"route": "r", "key": KEY, "fingerprint": b"f" * 32}
    with cast.customers["nb"].scope() as scope:
        taken = take_key(scope=scope, **facts)
        keep_answer(scope=scope, taken=taken, answer=Answer(201, {"Content-Type": "application/json"}, b"{}"))
        assert take_key(scope=scope, **facts) == Answer(201, {"Content-Type": "application/json"}, b"{}")
    with cast.customers["nb2"].scope() as scope:
        assert not isinstance(take_key(scope=scope, **facts), Answer)
        assert RequestKey.objects.count() == 1
        with pytest.raises(Exception, match=r"row-level security|permission denied"), transaction.atomic():
            RequestKey.objects.create(
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                caller_kind="customer",
                caller=cast.customers["nb"].customer.pk,
                route="r2",
                key=KEY,
                fingerprint=b"x",
                made_at=AT,
            )


# --- twins ----------------------------------------------------------------------------------------------------


def _at_once(count: int, act: Any) -> list[Any]:
    """Run `act(number)` in `count` threads that start together; their results."""
    barrier, results = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            barrier.wait()
            results.append(act(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_eight_twins_at_once_are_one_act_with_one_answer(committed_cast: Cast) -> None:
    cast = committed_cast
    answers = _at_once(8, lambda _number: as_staff(cast.ho_administrator).post(PEOPLE, WANG, key=KEY))
    assert Counter(a.status_code for a in answers) == {201: 8}
    assert len({a.content for a in answers}) == 1
    assert sum("Idempotency-Replayed" in a for a in answers) == 7
    assert people_of(cast) == 16 and keys_of(cast) == 1


def test_control_eight_requests_without_a_common_key_are_eight_acts(committed_cast: Cast) -> None:
    cast = committed_cast
    answers = _at_once(
        8,
        lambda number: as_staff(cast.ho_administrator).post(
            PEOPLE, {**WANG, "staff_number": f"E9{number}"}, key=f"{KEY}-{number}"
        ),
    )
    assert Counter(a.status_code for a in answers) == {201: 8}
    assert people_of(cast) == 23


def test_a_twin_waits_a_little_and_is_then_told_to_come_back(committed_cast: Cast) -> None:
    cast = committed_cast
    player = cast.ho_administrator
    facts: dict[str, Any] = {"route": "r", "key": KEY, "fingerprint": b"f" * 32}

    def twin(_number: int) -> str:
        with player.scope() as scope:
            try:
                with transaction.atomic():
                    take_key(scope=scope, **facts, patience=0.2)
            except rules.KeyInUse as refusal:
                # The wait's time limit is gone again, and the scope still stands.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT current_setting('lock_timeout'), count(*) FROM tenants_person")
                    assert cursor.fetchone() == ("0", 15)
                return refusal.code
        return "taken"

    with player.scope() as scope:
        take_key(scope=scope, **facts)
        assert _at_once(1, twin) == ["requests.key.in_use"]
        transaction.set_rollback(True)
    # The first one came to nothing, so its key is free.
    assert _at_once(1, twin) == ["taken"]


def test_over_http_a_twin_in_flight_is_409_with_retry_after(committed_cast: Cast) -> None:
    cast = committed_cast
    with cast.ho_administrator.scope() as scope:
        take_key(scope=scope, route="trial:people", key=KEY, fingerprint=b"f" * 32)
        [answer] = _at_once(1, lambda _n: as_staff(cast.ho_administrator).post(PEOPLE, WANG, key=KEY))
    assert answer.status_code == 409 and answer.json()["code"] == "requests.key.in_use"
    assert answer["Retry-After"] == "1"
    assert people_of(cast) == 15


def test_a_keyed_request_costs_four_statements_more(cast: Cast) -> None:
    from django.test.utils import CaptureQueriesContext

    caller = as_staff(cast.ho_administrator)
    with CaptureQueriesContext(connection) as plain:
        caller.post(PEOPLE, WANG)
    with CaptureQueriesContext(connection) as keyed:
        caller.post(PEOPLE, {**WANG, "staff_number": "E9002"}, key=KEY)
    # A savepoint and its release, taking the key, keeping the answer.
    assert len(keyed) - len(plain) == 4
