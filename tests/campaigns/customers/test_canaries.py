"""Thirty planted values: nowhere in the clear, and after an erasure not even to be opened."""

import base64
import logging
from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import settings as conf
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse

from campaigns.audit.models import Entry
from campaigns.customers.bank_marketing import number_of, unionid_of
from campaigns.customers.consent_models import Consent
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.selectors import customers_known_by, lookup_of
from campaigns.customers.services.consents import note_birth
from campaigns.customers.services.copies import ask_for_copy
from campaigns.customers.services.customers import add_customer, seal_identity
from campaigns.customers.services.rights import erase_customer
from campaigns.jobs.services.due import run_due
from campaigns.lib import crypto
from campaigns.tenants.scopes import system, system_scope
from config.backup.programs import Address, run
from config.standins.wechat import WeChatStandIn, openid_of
from tests.campaigns.customers.conftest import Phone
from tests.campaigns.customers.test_import import FIRST, HEADER, SECOND
from tests.support.cast import AT, Cast, Player
from tests.support.consents import publish_all
from tests.support.jobs import run as run_jobs

NUMBERS = [f"6217000{n}88199{n}377" for n in range(5)]
UNIONIDS = [f"union-canary-{n}-Zq8" for n in range(5)]
PHONES = [f"1391234{n}67{n}" for n in range(4)]
BORN = ["1953-07-19", "1961-11-03"]
NEW = [f"union-phone-{n}-Kx4" for n in range(4)]
SOURCE = "birdsong"
# Typed and loaded at the desk: in a search that finds nobody, in reasons and comments, in a file.
TYPED = ["6217000777788883331", "13690001177", "136 9000 2277", "13690003377", "110105194912310021"]
LOADED = [["6217000555566664442", "13691114477"], ["6217000555566664443", "13691115577"]]


def planted() -> list[str]:
    imported = [
        value
        for row in (1, 2)
        for value in (number_of(source=SOURCE, row=row), unionid_of(source=SOURCE, row=row))
    ]
    openids = [openid_of(app="wx-test", unionid=unionid) for unionid in NEW]
    known = [f"N-{name}-{nth:06d}" for nth, name in enumerate(("nb", "nb2", "sb"), start=1)]
    loaded = [value for row in LOADED for value in row]
    values = [*NUMBERS, *UNIONIDS, *PHONES, *BORN, *NEW, *TYPED, *loaded]
    return [*values, *openids, *imported, *known, "union-nb", "union-sb"]


def dumped(place: Path) -> str:
    """The whole database as text: every row of every table, bytes as hexadecimals."""
    address = Address.of(connections["owner"].settings_dict)
    connections["owner"].close()
    run(
        "pg_dump",
        address,
        "--format=plain",
        "--data-only",
        "--enable-row-security",
        "--file",
        str(place),
        room=place.parent,
    )
    return place.read_text()


def kept_in_valkey() -> bytes:
    """Every value of every type, with its key."""
    found = []
    client = redis.Redis.from_url(conf.REDIS_URL)
    for key in client.scan_iter(count=1000):
        found += [key, client.dump(key) or b""]
    client.close()
    return b"\n".join(found)


def forms_of(value: str) -> list[bytes]:
    """As it may stand somewhere: itself, in hexadecimals, in base64."""
    raw = value.encode()
    return [raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1]]


def found_in(places: dict[str, bytes], values: list[str]) -> set[tuple[str, str]]:
    return {
        (name, value)
        for name, content in places.items()
        for value in values
        if any(form in content for form in forms_of(value))
    }


@pytest.fixture
def places(settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Any:
    """What is looked through: the dump, the log, Valkey, and every file."""
    settings.MEDIA_ROOT, settings.ERASURES = tmp_path / "media", tmp_path / "erasures.jsonl"
    caplog.set_level(logging.DEBUG)

    def look() -> dict[str, bytes]:
        files = [
            path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".sql"
        ]
        dump = dumped(tmp_path / "all.sql").encode()
        return {
            "dump": dump,
            "log": caplog.text.encode(),
            "valkey": kept_in_valkey(),
            "files": b"\n".join(files),
        }

    return look


def plant(cast: Cast, phone: Phone) -> list[Any]:
    """By the staff's services, by a file, by the API; the customers' ids."""
    publish_all()
    with system_scope(at=AT, cause="test") as scope:
        ids = []
        for number, unionid in zip(NUMBERS, UNIONIDS, strict=True):
            made = add_customer(scope=scope, branch_id=cast.branch["NB"].pk, number=number, unionid=unionid)
            ids.append(made.pk)
        for customer_id, value in zip(ids, PHONES, strict=False):
            made = Customer.objects.get(pk=customer_id)
            stored = CustomerKey.objects.get(customer_id=customer_id)
            key = crypto.unwrap_key(bytes(stored.wrapped), person=customer_id)
            sealed = seal_identity(customer_id=customer_id, key=key, kind="phone", value=value)
            Identity.objects.create(
                id=sealed.id, customer=made, branch_id=made.branch_id, branch_pos=made.branch_pos, kind="phone",
                lookup=sealed.lookup, value=sealed.value,
            )  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder) / "canaries.csv"
        path.write_text(f"{HEADER}\n{FIRST}\n{SECOND}\n")
        call_command(
            "import_customers",
            str(path),
            source=SOURCE,
            refused=Path(folder) / "refused.csv",
            stdout=StringIO(),
        )
    with cast.nb_manager.scope() as scope:
        for customer_id, born in zip(ids, BORN, strict=False):
            note_birth(
                scope=scope, customer_id=customer_id, born=date.fromisoformat(born), reason="按证件登记"
            )
    for unionid in NEW:
        answer = phone.log_in(f"demo-{unionid}", "NB")
        assert answer.status_code == 200, answer.content
        headers = {
            "Authorization": f"Bearer {answer.json()['access']}",
            "Idempotency-Key": f"k-{unionid[:13]}",
        }
        wish = {"purpose": "service", "channel": "sms", "is_given": False}
        put = phone.client.put(
            "/api/v1/me/consents", {"consents": [wish]}, content_type="application/json", headers=headers
        )
        assert put.status_code == 200
        ids.append(UUID(answer.json()["customer"]["id"]))
    with cast.customers["nb"].scope() as scope:
        ask_for_copy(scope=scope)
    run_due(scope=system(at=AT, cause="jobs.run_due"), clock=lambda: AT)
    with system_scope(at=AT, cause="test"):
        # Changed and deleted, so that history has them too.
        Identity.objects.filter(kind="phone").update(source="again")
        assert Consent.objects.count() == len(NEW)
    return ids


def desk_of(player: Player) -> Client:
    desk = Client()
    desk.force_login(player.login)
    return desk


def type_and_load(cast: Cast, ids: list[Any]) -> list[Any]:
    """Through the pages of the admin, as staff do; the ids of who came in by the file."""
    manager, head = desk_of(cast.nb_manager), desk_of(cast.ho_administrator)
    card = f"/admin/customers/customer/{ids[0]}/"
    for page in ("customer", "consent"):
        for words in (NUMBERS[0], TYPED[0], TYPED[1]):
            found = head.post(f"/admin/customers/{page}/search/", {"q": words})
            assert found.status_code == 302 and words not in found["Location"]
            assert head.get(found["Location"]).status_code == 200
    shown = manager.post(f"{card}unmask/", {"reason": f"客户来电 {TYPED[1]} 核对身份"}).content.decode()
    assert NUMBERS[0] in shown and PHONES[0][-4:] in shown, "the control: here it stands in the clear, once"
    said = {
        "number": NUMBERS[0],
        "purpose": "marketing",
        "channel": "sms",
        "said": "given",
        "source": "paper",
    }
    assert manager.post("/admin/customers/consent/add/", said | {"evidence": "表单 117"}).status_code == 302
    refused = manager.post(
        "/admin/customers/consent/add/", said | {"number": TYPED[0], "evidence": "表单 118"}
    )
    assert refused.status_code == 200
    same = reverse("admin:customers_customer_duplicate_page", args=[ids[0]])
    told = manager.post(same, {"number": NUMBERS[1], "comment": f"手机 {TYPED[2]}、{TYPED[3]} 相同"})
    assert told.status_code == 302
    why = {"number": NUMBERS[3], "why": f"来信，身份证 {TYPED[4]}"}
    assert head.post("/admin/customers/erasure/add/", why).status_code == 302
    care = reverse("admin:customers_customer_assign_page", args=[ids[0]])
    assert manager.post(care, {"person": cast.nb_manager.person.pk, "why": TYPED[3]}).status_code == 302

    upload = BytesIO("\n".join(["客户号,手机号,机构号", *(f"{n},{p},NB" for n, p in LOADED)]).encode())
    upload.name = "core.csv"
    place = head.post("/admin/customers/customerfile/add/", {"file": upload, "source": ""})["Location"]
    columns = {"column_0": "customer_number", "column_1": "phone", "column_2": "branch"}
    assert head.post(place, columns).status_code == 302
    while run_jobs(AT + timedelta(hours=2)):
        pass
    page = place.replace("columns/", "")
    assert LOADED[0][0] in head.get(f"{page}change/").content.decode()
    assert head.post(f"{page}apply/").status_code == 302
    while run_jobs(AT + timedelta(hours=3)):
        pass
    with system_scope(at=AT, cause="test") as scope:
        reasons = Entry.objects.get(verb="customers.customer.unmask").detail["reason"]
        assert reasons == "客户来电 ****1177 核对身份"
        return [customers_known_by(scope=scope, words=number).get().pk for number, _phone in LOADED]


def test_thirty_planted_values_are_nowhere_in_the_clear_and_gone_when_erased(
    committed_cast: Cast, wechat: WeChatStandIn, phone: Phone, places: Any, caplog: pytest.LogCaptureFixture
) -> None:
    values = planted()
    assert len(values) == len(set(values)) >= 30
    ids = plant(committed_cast, phone)
    ids += type_and_load(committed_cast, ids)
    looked = places()
    assert looked["dump"] and looked["files"]
    assert found_in(looked, values) == set()

    # A control: what is planted in the clear is found, also as bytes.
    with system_scope(at=AT, cause="test"):
        Customer.objects.filter(pk=ids[0]).update(attributes={"note": PHONES[0]})
        CustomerKey.objects.filter(customer_id=ids[1]).update(wrapped=NUMBERS[1].encode())
    (Path(conf.MEDIA_ROOT) / "left.txt").write_text(NEW[0])
    logging.getLogger("campaigns").warning("somebody called %s", PHONES[1])
    cache.set("canary", UNIONIDS[2])
    assert found_in(places(), values) == {
        ("dump", PHONES[0]),
        ("dump", NUMBERS[1]),
        ("files", NEW[0]),
        ("log", PHONES[1]),
        ("valkey", UNIONIDS[2]),
    }

    (Path(conf.MEDIA_ROOT) / "left.txt").unlink()
    cache.delete("canary")
    caplog.clear()
    gone = [*ids, committed_cast.customers["nb"].customer.pk]
    for customer_id in gone:
        with system_scope(at=AT + timedelta(hours=1), cause="test") as scope:
            erase_customer(scope=scope, customer_id=customer_id, why="")
    looked = places()
    assert found_in(looked, values) == set()
    with system_scope(at=AT, cause="test"):
        assert not CustomerKey.objects.filter(customer_id__in=gone).exists()
    # Not even by whoever holds the installation's key and guesses: of hashes only tombstones are left, tied to nobody.
    dump = looked["dump"].decode()
    hashes = [lookup_of(kind="phone", value=value).hex() for value in PHONES]
    hashes += [lookup_of(kind="unionid", value=value).hex() for value in (*UNIONIDS, *NEW, "union-nb")]
    assert [each for each in hashes if each in dump] == []
    tombs = [lookup_of(kind="customer_number", value=number).hex() for number in NUMBERS]
    assert [dump.count(each) for each in tombs] == [1] * len(NUMBERS)
    assert lookup_of(kind="unionid", value="union-sb").hex() in dump, "whoever stays is still found"
