"""One's own rights: a copy of everything, and to be forgotten for good."""

import csv
import io
import json
import zipfile
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.customers import keeping, steps
from campaigns.customers.consent_models import Birth
from campaigns.customers.consent_refusals import (
    ErasedAlready,
    ErasureNone,
    ErasureWaits,
    ExportGone,
    ExportNotReady,
    ExportWaits,
    ReasonMissing,
    StillOpen,
)
from campaigns.customers.consent_selectors import may_send
from campaigns.customers.copy_files import path_of
from campaigns.customers.erasure_list import add_to_list, listed
from campaigns.customers.models import Customer, CustomerKey, Identity, Merge, RefreshSession
from campaigns.customers.retention import let_go_of_what_is_old
from campaigns.customers.rights_models import DataExport, Erasure, Tombstone
from campaigns.customers.rights_selectors import erased_among, erasure_waiting
from campaigns.customers.selectors import (
    customer_by_identity,
    lookup_of,
    place_of_value,
    plain_identities,
)
from campaigns.customers.services.consents import note_birth, note_consent
from campaigns.customers.services.copies import ask_for_copy, fetch_copy, hand_out_address
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import (
    ask_for_erasure,
    cancel_erasure,
    complete_list,
    erase_again,
    erase_customer,
    note_erasure,
    take_back_erasure,
)
from campaigns.customers.services.staff import link_staff
from campaigns.customers.staff_models import StaffCustomer
from campaigns.jobs.outbox_models import Message
from campaigns.jobs.services.due import run_due
from campaigns.jobs.services.outbox import put
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.requests.models import RequestKey
from campaigns.requests.services import Answer, keep_answer, take_key
from campaigns.tenants.scopes import ScopeClosed, system, system_scope
from tests.support.cast import AT, Cast, CustomerPlayer
from tests.support.consents import publish_all
from tests.support.customers import anonymous

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT, settings.ERASURES = tmp_path / "media", tmp_path / "erasures.jsonl"
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Checks of what must be settled, to be added to."""
    checks: dict[str, Any] = {}
    monkeypatch.setattr(keeping, "_ASKED", checks)
    return checks


def work(at: datetime = AT) -> None:
    run_due(scope=system(at=at, cause="jobs.run_due"), clock=lambda: at)


def erase(player: CustomerPlayer, at: datetime = AT) -> Erasure:
    with system_scope(at=at, cause="test") as scope:
        return erase_customer(scope=scope, customer_id=player.customer.pk, why="来信")


# --- a copy ---


def test_a_copy_holds_everything_and_is_fetched_once_by_its_customer_alone(cast: Cast) -> None:
    publish_all()
    nb, other = cast.customers["nb"], cast.customers["nb2"]
    with cast.nb_manager.scope() as scope:
        note_birth(scope=scope, customer_id=nb.customer.pk, born=date(1990, 5, 1), reason="按证件登记")
        note_consent(
            scope=scope, customer_id=nb.customer.pk, purpose="marketing", channel="sms", is_given=True,
            source="paper", evidence="=1+1",
        )  # fmt: skip
    with nb.scope() as scope:
        export = ask_for_copy(scope=scope)
        with pytest.raises(ExportNotReady):
            hand_out_address(scope=scope, export_id=export.pk)
        with pytest.raises(ExportWaits):
            ask_for_copy(scope=scope)
    work()
    assert b"union-nb" not in (sealed := path_of(export.pk).read_bytes()) and sealed[:1] == b"\x01"
    with nb.scope() as scope:
        void, token = (hand_out_address(scope=scope, export_id=export.pk) for _ in range(2))
        with pytest.raises(ExportGone):
            fetch_copy(scope=scope, export_id=export.pk, token=void)
    with other.scope() as scope, pytest.raises(NotFound):
        fetch_copy(scope=scope, export_id=export.pk, token=token)
    with nb.scope() as scope:
        packed = fetch_copy(scope=scope, export_id=export.pk, token=token)
        with pytest.raises(ExportGone):
            fetch_copy(scope=scope, export_id=export.pk, token=token)
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        told = json.loads(files.read("all.json"))
        assert set(files.namelist()) == {"all.json", *(f"{table}.csv" for table in told)}
        rows = list(csv.DictReader(io.StringIO(files.read("identities.csv").decode("utf-8-sig"))))
        consents = list(csv.DictReader(io.StringIO(files.read("consents.csv").decode("utf-8-sig"))))
    assert {row["value"] for row in rows} == {nb.number, nb.unionid}
    assert consents[0]["evidence"] == "'=1+1" and consents[0]["text"] == "我同意：marketing"
    assert told["customer"][0]["born"] == "1990-05-01"
    assert {"name": "job", "value": "teacher"} in told["attributes"]
    assert other.number not in json.dumps(told)


def test_after_72_hours_the_copy_is_gone_and_another_may_be_asked_for(cast: Cast) -> None:
    nb = cast.customers["nb"]
    with nb.scope() as scope:
        export = ask_for_copy(scope=scope)
    work()
    with nb.scope() as scope:
        token = hand_out_address(scope=scope, export_id=export.pk)
    late = AT + timedelta(hours=72)
    with nb.scope(late) as scope, pytest.raises(ExportGone):
        fetch_copy(scope=scope, export_id=export.pk, token=token)
    with system_scope(at=late, cause="test") as scope:
        let_go_of_what_is_old(scope=scope)
        assert DataExport.objects.get().state == "gone"
    assert not path_of(export.pk).exists()
    with nb.scope(late) as scope:
        ask_for_copy(scope=scope)


def test_a_copy_and_an_erasure_over_http(cast: Cast, settings: Any) -> None:
    settings.ERASURE_DAYS = 7
    client, nb, other = Client(), cast.customers["nb"], cast.customers["nb2"]
    asked = client.post("/api/v1/me/exports", headers=nb.headers())
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    place = f"/api/v1/me/exports/{asked.json()['id']}"
    work(datetime.now(AT.tzinfo) + HOUR)
    assert client.get(place, headers=nb.headers()).json()["state"] == "ready"
    assert client.get(place, headers=other.headers()).status_code == 404
    address = client.post(f"{place}/address", headers=nb.headers()).json()["url"]
    assert client.get(address).status_code == 401
    assert client.get(address, headers=other.headers()).status_code == 404
    fetched = client.get(address, headers=nb.headers())
    assert (fetched.status_code, fetched["Content-Type"]) == (200, "application/zip")
    assert zipfile.is_zipfile(io.BytesIO(fetched.content))
    assert client.get(address, headers=nb.headers()).status_code == 410
    assert client.get("/api/v1/me/erasure", headers=nb.headers()).status_code == 404
    assert client.delete("/api/v1/me", headers=nb.headers()).status_code == 202
    assert client.delete("/api/v1/me", headers=nb.headers()).json()["code"] == "customers.erasure.waits"
    assert client.get("/api/v1/me/erasure", headers=nb.headers()).json()["state"] == "waiting"
    assert client.delete("/api/v1/me/erasure", headers=nb.headers()).status_code == 204
    assert client.get("/api/v1/me", headers=nb.headers()).status_code == 200
    settings.ERASURE_DAYS = 0
    assert client.delete("/api/v1/me", headers=nb.headers()).status_code == 202
    work(datetime.now(AT.tzinfo) + HOUR)
    assert client.get("/api/v1/me", headers=nb.headers()).status_code == 401
    assert client.get("/api/v1/me", headers=other.headers()).status_code == 200


# --- to be forgotten ---


def test_an_erasure_waits_and_may_be_taken_back_until_its_day(cast: Cast, settings: Any) -> None:
    settings.ERASURE_DAYS = 7
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    with nb.scope() as scope:
        assert ask_for_erasure(scope=scope).erase_at == AT + 7 * DAY
        with pytest.raises(ErasureWaits):
            ask_for_erasure(scope=scope)
        take_back_erasure(scope=scope)
        with pytest.raises(ErasureNone):
            take_back_erasure(scope=scope)
    work(AT + 8 * DAY)
    with cast.ho_administrator.scope(AT) as scope:
        with pytest.raises(ReasonMissing):
            note_erasure(scope=scope, customer_id=sb.customer.pk, why=" ")
        erasure = note_erasure(scope=scope, customer_id=sb.customer.pk, why="来信")
        cancel_erasure(scope=scope, erasure_id=erasure.pk)
        note_erasure(scope=scope, customer_id=sb.customer.pk, why="又来信")
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        note_erasure(scope=scope, customer_id=nb.customer.pk, why="来信")
    work(AT + 7 * DAY)
    with system_scope(at=AT, cause="test") as scope:
        states = dict(Customer.objects.values_list("pk", "status"))
        assert (states[nb.customer.pk], states[sb.customer.pk]) == ("active", "erased")
        assert erasure_waiting(scope=scope, customer_id=sb.customer.pk) is None
        with pytest.raises(ErasedAlready):
            erase_customer(scope=scope, customer_id=sb.customer.pk, why="x")
        verbs = Entry.objects.filter(subject=ref("customers.customer", sb.customer.pk)).order_by("id")
        assert list(verbs.values_list("verb", flat=True))[-4:] == [
            "customers.erasure.ask", "customers.erasure.withdraw", "customers.erasure.ask",
            "customers.customer.erase",
        ]  # fmt: skip


def test_what_must_be_settled_refuses_and_holds_up(cast: Cast, settings: Any, asked: dict[str, Any]) -> None:
    settings.ERASURE_DAYS = 1
    nb = cast.customers["nb"]
    stands: list[Any] = [{"zh": "有一笔核销未结算", "en": "a redemption is not settled"}]
    asked["test"] = lambda scope, customer_id: stands if customer_id == nb.customer.pk else []
    with nb.scope() as scope, pytest.raises(StillOpen, match="未结算"):
        ask_for_erasure(scope=scope)
    words, stands = stands, []
    with nb.scope() as scope:
        ask_for_erasure(scope=scope)
    stands = words
    work(AT + DAY)
    with system_scope(at=AT, cause="test"):
        assert Erasure.objects.get().held_up == words
        assert Customer.objects.get(pk=nb.customer.pk).status == "active"
    stands = []
    work(AT + 2 * DAY)
    with system_scope(at=AT, cause="test"):
        done = Erasure.objects.get()
        assert (done.state, done.held_up) == ("done", []) and {each["name"] for each in done.kept} >= {
            "audit: deeds"
        }
        assert Customer.objects.get(pk=nb.customer.pk).status == "erased"


def test_nothing_that_names_an_erased_customer_is_left(
    cast: Cast, places: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    publish_all()
    nb, other = cast.customers["nb"], cast.customers["nb2"]
    pk = nb.customer.pk
    ran: list[UUID] = []
    monkeypatch.setitem(
        steps._STEPS["erase"], "test", steps.Step("test", lambda scope, customer: ran.append(customer.pk))
    )
    with cast.nb_manager.scope() as scope:
        note_birth(scope=scope, customer_id=pk, born=date(1990, 5, 1), reason="按证件登记")
    with nb.scope() as scope:
        RefreshSession.objects.create(
            customer_id=pk, branch_id=scope.branch_id, branch_pos=scope.branch_pos, family=new_id(),
            token_hash=b"x" * 32, issued_at=AT, expires_at=AT + DAY,
        )  # fmt: skip
        taken = take_key(scope=scope, route="PUT me", key="k1", fingerprint=b"f" * 32)
        assert isinstance(taken, UUID)
        keep_answer(scope=scope, taken=taken, answer=Answer(200, {}, b'{"number": "****0001"}'))
        export = ask_for_copy(scope=scope)
    work()
    with system_scope(at=AT, cause="test") as scope:
        to = ref("customers.customer", pk)
        put(
            scope=scope, adapter="wechat.subscribe", subject=to, key="w1", at=AT + DAY,
            body={"to": to, "purpose": "service", "template_id": "t", "data": {"name": "王敏"}},
        )  # fmt: skip
        old = CustomerKey.objects.get(customer_id=pk)
        key = crypto.unwrap_key(bytes(old.wrapped), person=pk)
        values = [bytes(row.value) for row in Identity.objects.filter(customer_id=pk)]
    number = lookup_of(kind="customer_number", value=nb.number)
    with django_capture_on_commit_callbacks(execute=True):
        erasure = erase(nb, AT + HOUR)
    assert ran == [pk] and erasure.state == "done" and len(values) == 2 and len(key) == 32
    assert listed() == [pk] and not path_of(export.pk).exists()
    assert customer_by_identity(kind="unionid", value=nb.unionid) is None
    with pytest.raises(ScopeClosed), nb.scope(AT + HOUR) as scope:
        assert scope.branch_id
    with system_scope(at=AT + HOUR, cause="test") as scope:
        row = Customer.objects.get(pk=pk)
        assert (row.status, row.attributes, row.number_tail, row.is_personalised) == ("erased", {}, "", False)
        for model in (CustomerKey, Identity, Birth, RequestKey):
            which = {"caller": pk} if model is RequestKey else {"customer_id": pk}
            assert not model.objects.filter(**which).exists(), model
        assert RefreshSession.objects.get().revoked_at == AT + HOUR
        assert DataExport.objects.get().state == "gone"
        message = Message.objects.get()
        assert (message.state, "data" in message.body, message.emptied_at) == ("cancelled", False, AT + HOUR)
        assert not may_send(scope=scope, customer_ids=[pk], purpose="service", channel="sms")
        assert erased_among(lookups=[number, b"y" * 32]) == {number} and Tombstone.objects.count() == 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(*) FILTER (WHERE lookup = '') FROM customers_identityevent"
                           " WHERE customer_id = %s", [pk])  # fmt: skip
            kept, blank = cursor.fetchone()
            assert kept >= 2 and kept == blank, "history knows that there was something, and not what"
            cursor.execute(
                "SELECT count(*) FROM customers_identityevent WHERE lookup = '' AND customer_id <> %s", [pk]
            )
            assert cursor.fetchone() == (0,), "and nobody else's was touched"
        entry = Entry.objects.get(verb="customers.customer.erase")
        assert entry.subject_name == "" and nb.number not in json.dumps(entry.detail)
        assert CustomerKey.objects.filter(customer_id=other.customer.pk).exists()


def test_an_erased_number_is_not_imported_again_but_the_person_may_come_back(cast: Cast) -> None:
    """A person who stands at the counter again is a new customer; a file is not the person."""
    nb = cast.customers["nb"]
    erase(nb)
    assert erased_among(lookups=[lookup_of(kind="customer_number", value=nb.number)])
    from campaigns.customers.services.customers import add_customer

    with system_scope(at=AT, cause="test") as scope:
        again = add_customer(
            scope=scope, branch_id=nb.customer.branch_id, number=nb.number, unionid=nb.unionid
        )
    assert again.pk != nb.customer.pk


def test_after_a_restore_of_an_older_backup_they_are_forgotten_again(cast: Cast, places: Path) -> None:
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    add_to_list([str(nb.customer.pk)], AT)
    with (places / "erasures.jsonl").open("a") as file:
        file.write('{"customer": "0198')  # the disk was full
    assert add_to_list([str(nb.customer.pk), str(new_id())], AT) == 1
    with system_scope(at=AT, cause="restore") as scope:
        assert erase_again(scope=scope, listed=listed()) == 1
        assert erase_again(scope=scope, listed=listed()) == 0
        states = dict(Customer.objects.values_list("pk", "status"))
        assert (states[nb.customer.pk], states[sb.customer.pk]) == ("erased", "active")
        assert not CustomerKey.objects.filter(customer=nb.customer).exists()
        assert Erasure.objects.get().state == "done"
        (places / "erasures.jsonl").unlink()
        assert complete_list(scope=scope) == 1 and listed() == [nb.customer.pk]


@pytest.mark.parametrize("gone", ["absorbed", "kept"])
def test_who_parted_after_the_backup_part_again_and_one_alone_is_forgotten(
    cast: Cast, places: Path, gone: str
) -> None:
    """The database is as the backup has it: still one. Merged last is somebody who is no part of it."""
    nb = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        guest, later = (anonymous(scope, cast, "SB", name, {"likes": name}) for name in ("guest", "later"))
        for nth, each in enumerate((guest, later)):
            Customer.objects.filter(pk=each).update(joined_at=AT + nth * HOUR)
    for nth, each in enumerate((guest, later)):
        with system_scope(at=AT + (nth + 1) * HOUR, cause="test") as scope:
            merge_customers(scope=scope, kept=nb, absorbed=each, why={})
    own = {nb: {"N-nb-000001", "union-nb"}, guest: {"guest"}, later: {"later"}}
    erased, stays = (guest, nb) if gone == "absorbed" else (nb, guest)
    assert own[erased] <= _readable()
    add_to_list([str(erased)], AT)
    with system_scope(at=AT + DAY, cause="restore") as scope:
        assert erase_again(scope=scope, listed=listed()) == 1
        assert erase_again(scope=scope, listed=listed()) == 0
        assert dict(Customer.objects.filter(pk__in=own).values_list("pk", "status")) == {
            erased: "erased", stays: "active", later: "active"
        }  # fmt: skip
        for each in (stays, later):
            assert {text for _row, text in plain_identities(scope=scope, customer_id=each)} == own[each]
        assert plain_identities(scope=scope, customer_id=erased) == []
        assert set(CustomerKey.objects.filter(customer__in=own).values_list("customer", flat=True)) == {
            stays, later
        }  # fmt: skip
        values = Customer.objects.get(pk=stays).attributes
        assert values == ({"age": 31, "job": "teacher"} if stays == nb else {"likes": "guest"})
    # Under no key that is left, in history as little as now; nor by a hash that somebody might guess.
    assert own[erased] & _readable() == set() and own[stays] | own[later] <= _readable()
    hashes = [lookup_of(kind="openid", app="wx-test", value="guest")]
    if erased == nb:
        hashes = [
            lookup_of(kind="customer_number", value="N-nb-000001"),
            lookup_of(kind="unionid", value="union-nb"),
        ]
    with system_scope(at=AT + DAY, cause="test"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_identityevent WHERE lookup = ANY (%s)", [hashes])
        assert cursor.fetchone() == (0,)
        assert Tombstone.objects.filter(lookup__in=hashes).count() == (erased == nb)


def test_who_parted_is_not_left_readable_in_history_under_the_other_ones_key(cast: Cast) -> None:
    nb = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        guest = anonymous(scope, cast, "NB", "guest")
        merged = merge_customers(scope=scope, kept=nb, absorbed=guest, why={})
        unmerge_customers(scope=scope, merge_id=merged.pk)
        assert "guest" in _readable(only=nb), "the control: history has it from when they were one"
        erase_customer(scope=scope, customer_id=guest, why="来信")
        assert "guest" not in _readable() and {"N-nb-000001", "union-nb"} <= _readable()


def _readable(only: UUID | None = None) -> set[str]:
    """What identities and their history say to whoever has all keys that are left, or `only` one person's."""
    found = set()
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        keys = {
            row.customer_id: crypto.unwrap_key(bytes(row.wrapped), person=row.customer_id)
            for row in CustomerKey.objects.all()
        }
        cursor.execute("SELECT pgh_obj_id, value FROM customers_identityevent UNION"
                       " SELECT id, value FROM customers_identity")  # fmt: skip
        for identity, value in cursor.fetchall():
            for customer, key in keys.items() if only is None else [(only, keys[only])]:
                with suppress(crypto.Unreadable):
                    place = place_of_value(customer_id=customer, identity_id=identity)
                    found.add(crypto.unseal(bytes(value), key=key, place=place))
    return found


def test_whoever_was_merged_into_them_is_erased_too(cast: Cast) -> None:
    nb, nb2 = cast.customers["nb"], cast.customers["nb2"]
    with system_scope(at=AT, cause="test") as scope:
        # Somebody whom the bank does not know: known people are merged by two of staff alone.
        Identity.objects.filter(customer=nb2.customer).update(source="wechat")
        merge_customers(scope=scope, kept=nb.customer.pk, absorbed=nb2.customer.pk, why={})
    erase(nb)
    with system_scope(at=AT, cause="test"):
        assert not CustomerKey.objects.filter(customer__in=[nb.customer.pk, nb2.customer.pk]).exists()


@pytest.mark.parametrize("both", [False, True], ids=["the absorbed one's alone", "two wishes"])
def test_a_wish_to_be_forgotten_is_the_whole_persons_and_returns_when_they_part(
    cast: Cast, settings: Any, both: bool
) -> None:
    settings.ERASURE_DAYS = 7
    nb, nb2 = cast.customers["nb"], cast.customers["nb2"]

    def waiting() -> list[bool]:
        with system_scope(at=AT, cause="test") as scope:
            return [
                erasure_waiting(scope=scope, customer_id=each.customer.pk) is not None for each in (nb, nb2)
            ]

    def merge() -> Merge:
        with system_scope(at=AT, cause="test") as scope:
            return merge_customers(scope=scope, kept=nb.customer.pk, absorbed=nb2.customer.pk, why={})

    def part(merged: Merge) -> None:
        with system_scope(at=AT, cause="test") as scope:
            unmerge_customers(scope=scope, merge_id=merged.pk)

    with system_scope(at=AT, cause="test"):
        Identity.objects.filter(customer=nb2.customer).update(source="wechat")
    for player in (nb, nb2) if both else (nb2,):
        with player.scope() as scope:
            ask_for_erasure(scope=scope)
    merged = merge()
    assert waiting() == [True, False]
    part(merged)
    assert waiting() == [both, True]

    # Whoever is kept takes it back for both.
    merged = merge()
    with nb.scope() as scope:
        take_back_erasure(scope=scope)
    part(merged)
    assert waiting() == [False, False]

    with nb2.scope() as scope:
        ask_for_erasure(scope=scope)
    merge()
    work(AT + 7 * DAY)
    with system_scope(at=AT, cause="test") as scope:
        assert set(Customer.objects.filter(status="erased").values_list("pk", flat=True)) == {
            nb.customer.pk, nb2.customer.pk
        }  # fmt: skip
        assert not Identity.objects.filter(customer__in=[nb.customer, nb2.customer]).exists()
        with pytest.raises(ErasedAlready):
            note_erasure(scope=scope, customer_id=nb2.customer.pk, why="来信")


def test_traces_go_when_their_period_is_over(cast: Cast, settings: Any) -> None:
    nb = cast.customers["nb"]
    with nb.scope() as scope:
        for nth in range(3):
            RefreshSession.objects.create(
                customer=nb.customer, branch_id=scope.branch_id, branch_pos=scope.branch_pos, family=new_id(),
                token_hash=bytes([nth]) * 32, issued_at=AT, expires_at=AT + nth * 200 * DAY,
            )  # fmt: skip
    settings.RETENTION = {"sessions": 100}
    with system_scope(at=AT + 301 * DAY, cause="test") as scope:
        done = let_go_of_what_is_old(scope=scope)
        assert done["sessions"] == 2 and RefreshSession.objects.count() == 1
    with cast.ho_administrator.scope() as scope, pytest.raises(NotAllowed):
        let_go_of_what_is_old(scope=scope)


def test_the_database_keeps_one_open_wish_and_no_hash_of_the_living(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    with system_scope(at=AT, cause="test"):
        place = {"customer": nb, "branch_id": nb.branch_id, "branch_pos": nb.branch_pos}
        Erasure.objects.create(asked_at=AT, erase_at=AT, **place)
        with pytest.raises(IntegrityError, match="one_waits"), transaction.atomic():
            Erasure.objects.create(asked_at=AT, erase_at=AT, **place)
        with connection.cursor() as cursor:
            cursor.execute("SELECT forget_customers(%s::uuid[])", [[nb.pk]])
            assert cursor.fetchone() == (0,), "only of who is erased"
    with cast.sb_manager.scope(), connection.cursor() as cursor:
        cursor.execute("SELECT forget_customers(%s::uuid[])", [[nb.pk]])
        assert cursor.fetchone() == (0,)


def test_an_erased_customer_is_nobody_at_work(cast: Cast) -> None:
    nb, other = cast.customers["nb"], cast.customers["nb2"]
    clerk = cast.nb_clerk.person.pk
    with system_scope(at=AT, cause="test") as scope:
        link_staff(scope=scope, customer_id=nb.customer.pk, person_id=clerk)
    erase(nb)
    with system_scope(at=AT, cause="test") as scope:
        assert not StaffCustomer.objects.exists()
        # The person may come back as a customer, and is staff again then.
        link_staff(scope=scope, customer_id=other.customer.pk, person_id=clerk)
        assert StaffCustomer.objects.get().customer_id == other.customer.pk
