"""A backup is what a restore has proved: whole, or refused in words with nothing changed."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep, time
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from campaigns.audit.models import Entry
from campaigns.audit.rules import GRACE
from campaigns.audit.services import seal_audit
from campaigns.customers.erasure_list import listed
from campaigns.customers.models import Customer
from campaigns.customers.selectors import customers_known_by, lookup_of, plain_identities
from campaigns.customers.services.customers import add_customer
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import erase_customer
from campaigns.lib.clock import now
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from config import embedded
from config.backup import manifest as kept
from config.backup.drilling import drill_backup
from config.backup.invariants import Findings, check_rebuilt
from config.backup.making import HALF, last_drills, make_backup
from config.backup.manifest import Manifest, backups_in, read_manifest
from config.backup.programs import Address
from config.backup.refusals import (
    BackupRefused,
    FolderBusy,
    InUse,
    NewerThanCode,
    NoPassphrase,
    NotABackup,
    NotEmpty,
    OtherKey,
    ProgramFailed,
    ProgramMissing,
    RowsHidden,
    SealDiffers,
    SumDiffers,
    WrongPassphrase,
)
from config.backup.restoring import Restored, restore_backup
from config.embedded.keys import secrets_of
from config.embedded.roles import grants
from tests.support.cast import AT, build_cast
from tests.support.story import tell_story
from tests.support.template import at_database, drop_database, make_database

pytestmark = pytest.mark.real_clock

PASSPHRASE = "correct horse battery staple"
KNOWN_BY = {"customer_number": "N-nb2-000002", "unionid": "union-nb2"}  # of one of the cast's customers


@dataclass(frozen=True)
class Bank:
    """The cast's bank after a day's work, and its backup. Tests that change anything do so in a copy."""

    database: str
    place: Path  # media and the audit's head
    folder: Path  # of backups

    @property
    def backup(self) -> Path:
        return backups_in(self.folder)[0]

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.backup)


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    place = tmp_path_factory.mktemp("bank")
    name = f"{settings.DATABASES['owner']['NAME'].removesuffix('_cast')}_backup"
    with django_db_blocker.unblock(), kept_in(place):
        make_database(name)
        with at_database(name):
            tell_story(build_cast(), at=AT)
            # All that is there so far is sealed, and nothing that tests add to a copy. Stretches end at whole
            # seconds, and the day may have been told within one.
            sleep(1.001 - time() % 1)
            with system_scope(at=now() + GRACE, cause="test") as scope:
                seal_audit(scope=scope, head_file=settings.AUDIT_HEAD)
            back_up(place / "backups")
        yield Bank(database=name, place=place, folder=place / "backups")
        drop_database(name)


@pytest.fixture
def bank(made: Bank, django_db_blocker: DjangoDbBlocker) -> Iterator[Bank]:
    """Where the test stands: every connection leads to this bank."""
    with django_db_blocker.unblock(), kept_in(made.place), at_database(made.database):
        yield made


@contextmanager
def kept_in(place: Path) -> Iterator[None]:
    """Pictures, the audit's head and the list of who was erased lie below `place`."""
    with override_settings(
        MEDIA_ROOT=place / "media",
        AUDIT_HEAD=place / "head.json",
        ERASURES=place / "erasures.jsonl",
        VAR_DIR=place,
    ):
        yield


@contextmanager
def elsewhere(bank: Bank, place: Path, *, like: str = "") -> Iterator[Address]:
    """Another installation: an empty database as roles.sql leaves it, or a copy of `like`."""
    name = f"{bank.database}_{'copy' if like else 'empty'}"
    with at_database("fenhang"), connections["owner"].cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
    with at_database(name), kept_in(place):
        with connections["owner"].cursor() as cursor:
            cursor.execute(grants())
        connections["owner"].close()
        yield Address.of(settings.DATABASES["owner"])
    drop_database(name)


def back_up(to: Path, **more: object) -> Path:
    asked: dict[str, object] = {
        "passphrase": PASSPHRASE, "with_keys": True, "keep": 0, "clock": now, **more
    }  # fmt: skip
    return make_backup(to=to, **asked).folder  # type: ignore[arg-type]


def restore(backup: Path, **more: object) -> Restored:
    asked: dict[str, object] = {"passphrase": PASSPHRASE, "replace": False, "clock": now, **more}
    return restore_backup(backup=backup, **asked)  # type: ignore[arg-type]


def as_superuser(database: str) -> psycopg.Connection:
    """Past every wall: what is really in the tables."""
    where = settings.DATABASES["owner"]
    return psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        user="postgres",
        password=secrets_of(embedded.instance_name())["superuser_password"],
        dbname=database,
    )


def real_counts(database: str, tables: object) -> dict[str, int]:
    with as_superuser(database) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"'.encode()).fetchone()[0]  # type: ignore[index]
            for table in tables  # type: ignore[attr-defined]
        }


def a_copy(bank: Bank, to: Path, **changed: object) -> Path:
    """A backup of the same bytes, whose manifest says otherwise and is sealed anew."""
    backup = to / bank.manifest.name
    shutil.copytree(bank.backup, backup)
    replace(bank.manifest, **changed).sealed(settings.DATA_KEY).write(backup)  # type: ignore[arg-type]
    return backup


def wrong_after(bank: Bank, statement: str, *, as_role: str = "fenhang_owner") -> str:
    """What the comparison with the manifest says of this database after `statement`, which is taken back."""
    findings = Findings()
    with as_superuser(bank.database) as connection:
        connection.execute(statement.encode())
        connection.execute(f"SET ROLE {as_role}".encode())
        check_rebuilt(connection, bank.backup, bank.manifest, findings)
        connection.rollback()
    return "\n".join(line for each in findings.wrong for line in each.wrong)


def test_a_backup_holds_every_row_that_is_really_there(bank: Bank) -> None:
    manifest = bank.manifest
    assert manifest.counts == real_counts(bank.database, manifest.counts)
    assert manifest.counts["rewards_coupon"] > 0 and manifest.counts["audit_seal"] > 0
    assert manifest.media_files == manifest.counts["content_rendition"] > 0
    assert manifest.media_missing == []
    text = "".join(path.read_text() for path in bank.backup.glob("*.*"))
    assert settings.DATA_KEY not in text and settings.SECRET_KEY not in text
    assert (bank.backup.stat().st_mode & 0o777, (bank.backup / kept.KEYS).stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


def test_a_restored_bank_is_the_bank(bank: Bank, tmp_path: Path) -> None:
    with elsewhere(bank, tmp_path) as address:
        restored = restore(bank.backup)
        assert [each.wrong for each in restored.findings.wrong] == []
        assert len(restored.findings.asked) == 13
        assert (restored.aside, restored.migrated) == ("", 0)
        # As people left it, but for the deed itself and for the sessions, which are over.
        now_there = real_counts(address.name, bank.manifest.counts)
        changed = {t for t, many in now_there.items() if many != bank.manifest.counts[t]}
        assert {t.rstrip("0123456789_") for t in changed} <= {
            *("audit_entry_m", "audit_entry", "audit_entry_other"),
            *("approvals_verification", "approvals_verificationevent", "customers_refreshsessionevent"),
        }
        with system_scope(at=now(), cause="test"):
            assert Entry.objects.filter(verb="config.bank.recover").count() == 1
        with as_superuser(address.name) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM access_session WHERE ended_at IS NULL),"
                " (SELECT count(*) FROM customers_refreshsession WHERE revoked_at IS NULL)"
            ).fetchone()
        assert row == (0, 0)
        assert {p.name for p in (tmp_path / "media").rglob("*.*")} == {
            p.name for p in (bank.place / "media").rglob("*.*")
        }
        assert json.loads((tmp_path / "head.json").read_text())["number"] == bank.manifest.audit_head[0]  # type: ignore[index]


def test_a_bank_that_is_there_is_replaced_only_on_request_and_set_aside(bank: Bank, tmp_path: Path) -> None:
    with elsewhere(bank, tmp_path, like=bank.database) as address:
        with as_superuser(address.name) as connection:
            connection.execute("UPDATE tenants_branch SET name = '后来的名字' WHERE code = 'NB'")
        with pytest.raises(NotEmpty):
            restore(bank.backup)
        with as_superuser(address.name) as connection, pytest.raises(InUse):
            restore(bank.backup, replace=True)

        # A dump that the database refuses half-way: the old bank is back as it was.
        broken = a_copy(bank, tmp_path)
        rows = max((broken / kept.DATABASE).glob("*.dat.gz"), key=lambda path: path.stat().st_size)
        rows.write_bytes(rows.read_bytes()[:-40])
        parts = kept.sums_of(broken, [kept.DATABASE, kept.CATALOGUE, kept.MEDIA_SUMS, kept.KEYS])
        replace(read_manifest(broken), parts=parts).sealed(settings.DATA_KEY).write(broken)
        with pytest.raises(ProgramFailed):
            restore(broken, replace=True)
        names = "SELECT name FROM {}.tenants_branch WHERE code = 'NB'"
        with as_superuser(address.name) as connection:
            assert connection.execute(names.format("public").encode()).fetchone() == ("后来的名字",)

        restored = restore(bank.backup, replace=True)
        assert restored.findings.wrong == [] and restored.aside.startswith("before_")
        with as_superuser(address.name) as connection:
            assert connection.execute(names.format("public").encode()).fetchone() == ("北城中山路支行",)
            assert connection.execute(names.format(restored.aside).encode()).fetchone() == ("后来的名字",)
        # What was set aside is no part of the next backup.
        again = read_manifest(back_up(tmp_path / "again"))
        assert again.counts.keys() == bank.manifest.counts.keys()
        assert restored.aside not in (tmp_path / "again" / again.name / kept.CATALOGUE).read_text()


def test_whoever_was_erased_since_the_backup_is_erased_again_before_anybody_is_served(
    bank: Bank, tmp_path: Path
) -> None:
    number, unionid = (lookup_of(kind=k, value=v) for k, v in KNOWN_BY.items())
    told: list[str] = []

    def state(database: str) -> tuple[object, ...]:
        """Status, whether there is a key, what names the customer, coupons that could be redeemed, tombstones."""
        with as_superuser(database) as connection:
            found = connection.execute(
                "SELECT c.status, c.attributes = '{}',"
                " EXISTS (SELECT FROM customers_customerkey k WHERE k.customer_id = c.id),"
                " (SELECT count(*) FROM customers_identity i WHERE i.customer_id = c.id),"
                " (SELECT count(*) FROM customers_identityevent h WHERE h.lookup = ANY (%s)),"
                " (SELECT count(*) FROM rewards_coupon o WHERE o.customer_id = c.id AND o.status = 'claimed'),"
                " (SELECT count(*) FROM customers_tombstone t WHERE t.lookup = %s)"
                " FROM customers_customer c WHERE c.id = %s",
                [[number, unionid], number, gone],
            ).fetchone()
        assert found is not None
        return found

    with elsewhere(bank, tmp_path, like=bank.database) as address:
        with system_scope(at=now(), cause="test") as scope:
            gone = customers_known_by(scope=scope, words=KNOWN_BY["customer_number"]).get().pk
        standing = ("active", False, True, 2, 2, 1, 0)
        erased = ("erased", True, False, 0, 0, 0, 1)
        assert state(address.name) == standing
        with system_scope(at=now(), cause="test") as scope:
            erase_customer(scope=scope, customer_id=gone, why="来信")
        assert state(address.name) == erased
        # Nothing of it is in the older backup: what says so lies beside the database.
        assert listed() == [gone]
        restored = restore(bank.backup, replace=True, say=lambda zh, en: told.append(en))
        assert state(address.name) == erased
        assert [each.wrong for each in restored.findings.wrong] == []
        assert "1 erased customers were forgotten again" in told
        with system_scope(at=now(), cause="test"):
            others = Customer.objects.exclude(pk=gone).values_list("status", flat=True)
            assert set(others) == {"active"} and len(others) == 2
            assert Entry.objects.filter(verb="customers.customer.erase").count() == 1
        # The control: without the list the backup brings the person back, key and all.
        Path(settings.ERASURES).unlink()
        restore(bank.backup, replace=True)
        assert state(address.name) == standing


def test_who_was_one_with_somebody_in_the_backup_and_parted_is_erased_again_alone(
    bank: Bank, tmp_path: Path
) -> None:
    """Of one pair whoever was absorbed is erased later, of the other one whoever was kept."""
    known = {"stay1": ("N-stay-1", "u-stay-1"), "go1": ("N-go-1", "u-go-1"),
             "go2": ("N-go-2", "u-go-2"), "stay2": ("N-stay-2", "u-stay-2")}  # fmt: skip
    ids: dict[str, UUID] = {}

    def add(name: str, source: str) -> None:
        number, unionid = known[name]
        with system_scope(at=now(), cause="test") as scope:
            branch = Branch.objects.get(code="NB").pk
            made = add_customer(scope=scope, branch_id=branch, number=number, unionid=unionid, source=source)
        ids[name] = made.pk

    def standing() -> dict[str, tuple[str, set[str | None]]]:
        """Each one's status, and what they are known by."""
        with system_scope(at=now(), cause="test") as scope:
            return {
                name: (
                    Customer.objects.get(pk=pk).status,
                    {text for _row, text in plain_identities(scope=scope, customer_id=pk)},
                )
                for name, pk in ids.items()
            }

    def traces(database: str) -> tuple[int, ...]:
        """Of who was erased: keys, hashes of now and of history, values under whatever key, tombstones."""
        gone = [ids["go1"], ids["go2"]]
        numbers = [lookup_of(kind="customer_number", value=known[name][0]) for name in ("go1", "go2")]
        hashes = [*numbers, *(lookup_of(kind="unionid", value=known[name][1]) for name in ("go1", "go2"))]
        with as_superuser(database) as connection:
            found = connection.execute(
                "SELECT (SELECT count(*) FROM customers_customerkey WHERE customer_id = ANY (%(gone)s)),"
                " (SELECT count(*) FROM customers_identity WHERE lookup = ANY (%(hashes)s)),"
                " (SELECT count(*) FROM customers_identityevent WHERE lookup = ANY (%(hashes)s)),"
                " (SELECT count(*) FROM customers_tombstone WHERE lookup = ANY (%(numbers)s))",
                {"gone": gone, "hashes": hashes, "numbers": numbers},
            ).fetchone()
        assert found is not None
        return found

    shutil.copytree(bank.place / "media", tmp_path / "media")
    with elsewhere(bank, tmp_path, like=bank.database) as address:
        for name, source in (("stay1", "core"), ("go1", "wechat"), ("go2", "core"), ("stay2", "wechat")):
            add(name, source)
        merged = []
        for kept, absorbed in (("stay1", "go1"), ("go2", "stay2")):
            with system_scope(at=now(), cause="test") as scope:
                merged.append(merge_customers(scope=scope, kept=ids[kept], absorbed=ids[absorbed], why={}))
        as_one = standing()
        assert as_one["stay1"] == ("active", {*known["stay1"], *known["go1"]})
        assert as_one["go2"] == ("active", {*known["go2"], *known["stay2"]})
        backup = back_up(tmp_path / "backups")
        with system_scope(at=now(), cause="test") as scope:
            for merge in merged:
                unmerge_customers(scope=scope, merge_id=merge.pk)
        for name in ("go1", "go2"):
            with system_scope(at=now(), cause="test") as scope:
                erase_customer(scope=scope, customer_id=ids[name], why="来信")
        apart = {name: ("active", set(known[name])) for name in ("stay1", "stay2")}
        apart |= {name: ("erased", set()) for name in ("go1", "go2")}
        assert (standing(), traces(address.name)) == (apart, (0, 0, 0, 2))

        restored = restore(backup, replace=True)
        assert [each.wrong for each in restored.findings.wrong] == []
        assert (standing(), traces(address.name)) == (apart, (0, 0, 0, 2))
        # The control: without the list the backup brings them back as one.
        Path(settings.ERASURES).unlink()
        restore(backup, replace=True)
        assert standing() == as_one and traces(address.name)[0] == 2


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        # What restoring into a database made by roles.sql would do to every append-only table.
        ("GRANT DELETE ON audit_entry TO fenhang_app", "+ right on audit_entry fenhang_app DELETE"),
        ("GRANT EXECUTE ON FUNCTION void_coupon TO PUBLIC", "+ right on function void_coupon"),
        ("ALTER TABLE rewards_coupon DISABLE TRIGGER USER", "trigger rewards_coupon D"),
        ("ALTER TABLE rewards_coupon NO FORCE ROW LEVEL SECURITY", "table rewards_coupon r fenhang_owner rls true"),
        ("DROP POLICY gate ON rewards_coupon", "- policyrewards_coupongate"),
        ("ALTER FUNCTION void_coupon OWNER TO fenhang_owner", "+ function void_coupon"),
        ("DELETE FROM access_pastpassword; DELETE FROM requests_requestkey; TRUNCATE rewards_redemption CASCADE",
         "rewards_redemption: "),
        ("DROP POLICY owner ON rewards_coupon", "rewards_coupon: "),
    ],
)  # fmt: skip
def test_whatever_a_restore_changed_is_named(bank: Bank, statement: str, told: str) -> None:
    assert wrong_after(bank, "SELECT 1") == ""
    assert told in wrong_after(bank, statement)


def test_no_backup_is_made_where_a_policy_would_hide_rows(bank: Bank, tmp_path: Path) -> None:
    with elsewhere(bank, tmp_path, like=bank.database) as address:
        with as_superuser(address.name) as connection:
            connection.execute("DROP POLICY owner ON rewards_coupon")
        with pytest.raises(RowsHidden, match="rewards_coupon"):
            back_up(tmp_path / "backups")
        # The control: the owner's own count knows nothing of it, and a dump would have been as silent.
        with address.connect() as connection:
            assert connection.execute("SELECT count(*) FROM rewards_coupon").fetchone() == (0,)
        assert real_counts(address.name, ["rewards_coupon"])["rewards_coupon"] > 0
        with as_superuser(address.name) as connection:
            connection.execute(
                "CREATE POLICY owner ON rewards_coupon TO fenhang_owner USING (true) WITH CHECK (true)"
            )
            connection.execute("CREATE POLICY narrow ON rewards_coupon AS RESTRICTIVE USING (nth > 1)")
        with pytest.raises(RowsHidden, match="rewards_coupon"):
            back_up(tmp_path / "backups")
        assert backups_in(tmp_path / "backups") == []


def test_a_wrong_backup_is_refused_before_anything_is_touched(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(why: type[BackupRefused], backup: Path, **more: object) -> str:
        with pytest.raises(why) as caught:
            restore(backup, **more)
        assert {caught.value.detail("zh"), caught.value.detail("en")} != {caught.value.detail("en")}
        return caught.value.detail("en")

    with elsewhere(bank, tmp_path / "there") as address:
        refused(NotABackup, tmp_path)
        refused(WrongPassphrase, bank.backup, passphrase="another passphrase")
        newer = a_copy(bank, tmp_path / "newer", migrations=[*bank.manifest.migrations, "content.9999_later"])
        assert "content.9999_later" in refused(NewerThanCode, newer)

        damaged = a_copy(bank, tmp_path / "damaged")
        picture = next((damaged / kept.MEDIA).rglob("*.webp"))
        picture.unlink()
        assert picture.name in refused(SumDiffers, damaged)
        table = next((damaged / kept.DATABASE).glob("*.dat.gz"))
        table.write_bytes(table.read_bytes() + b"\0")
        assert table.name in refused(SumDiffers, damaged)

        changed = a_copy(bank, tmp_path / "changed")
        replace(bank.manifest, counts={**bank.manifest.counts, "rewards_coupon": 0}).write(changed)
        refused(SealDiffers, changed)
        with override_settings(DATA_KEY="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="):
            monkeypatch.setenv("DATA_KEY", settings.DATA_KEY)
            refused(OtherKey, bank.backup)
        monkeypatch.setenv("FENHANG_PG_BIN", str(tmp_path))
        refused(ProgramMissing, bank.backup)
        monkeypatch.delenv("FENHANG_PG_BIN")
        assert not (tmp_path / "there" / "media").exists()
        with as_superuser(address.name) as connection:
            assert connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone() == (0,)


def test_what_is_stopped_or_killed_leaves_nothing_that_looks_like_a_backup(
    bank: Bank, tmp_path: Path
) -> None:
    to = tmp_path / "backups"

    def stop(_zh: str, en: str) -> None:
        if "dumping" in en:
            assert len(list(to.glob(HALF + "*"))) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(to, say=stop)
    assert [p.name for p in to.iterdir()] == [".lock"]

    # Killed: it could not clear up. Whoever holds the lock next does.
    child = os.fork()
    if child == 0:
        back_up(to, say=lambda zh, en: os.kill(os.getpid(), signal.SIGKILL) if "dumping" in en else None)
        os._exit(0)  # not reached
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    for alias in connections:
        connections[alias].close()
    assert len(list(to.glob(HALF + "*"))) == 1 and backups_in(to) == []

    def rival(_zh: str, en: str) -> None:
        with pytest.raises(FolderBusy):
            back_up(to)

    made = back_up(to, say=rival)
    assert {p.name for p in to.iterdir()} == {".lock", made.name}


def test_old_backups_go_and_the_last_proved_one_stays(bank: Bank, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    made = [back_up(to, with_keys=False, passphrase="") for _ in range(3)]
    assert read_manifest(made[0]).with_keys is False and not (made[0] / kept.KEYS).exists()
    # The same picture is the same file on the disk.
    inodes = {path.stat().st_ino for path in to.rglob("*.webp")}
    assert 0 < len(inodes) == len(list(made[0].rglob("*.webp")))
    (to / "drills.json").write_text(json.dumps({"last_good": {"backup": made[0].name}}))
    made.append(back_up(to, with_keys=False, passphrase="", keep=2))
    assert backups_in(to) == [made[0], made[2], made[3]]
    with pytest.raises(NoPassphrase):
        back_up(to, passphrase="short")
    assert backups_in(to) == [made[0], made[2], made[3]]


def test_a_lost_picture_is_told_and_does_not_stop_the_backup_of_the_rest(bank: Bank, tmp_path: Path) -> None:
    shutil.copytree(bank.place / "media", tmp_path / "media")
    lost, damaged = sorted((tmp_path / "media").rglob("*.webp"))[:2]
    lost.unlink()
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        manifest = read_manifest(back_up(tmp_path / "backups"))
    assert {Path(name).name for name in manifest.media_missing} == {lost.name, damaged.name}
    assert manifest.media_files == bank.manifest.media_files - 2


def test_the_drill_restores_on_another_server_by_the_command_of_an_emergency(bank: Bank) -> None:
    """The other instance has keys of its own at first: the backup's take their place."""
    drilled = drill_backup(backup=bank.backup, passphrase=PASSPHRASE, at=AT)
    assert (drilled.refused, [each for each in drilled.findings if each["wrong"]]) == ("", [])
    assert drilled.is_good and len(drilled.findings) == 13
    noted = last_drills(bank.folder)
    assert noted["last"]["backup"] == noted["last_good"]["backup"] == bank.backup.name
    refused = drill_backup(backup=bank.backup, passphrase="another passphrase", at=AT)
    assert not refused.is_good and "passphrase" in refused.refused
    assert last_drills(bank.folder)["last"]["is_good"] is False
    assert last_drills(bank.folder)["last_good"] == noted["last_good"]
