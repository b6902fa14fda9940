"""An upgrade gives way: whoever claims or reads meanwhile is served, and a control shows what waiting would do."""

import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from campaigns.rewards.models import Coupon
from campaigns.rewards.services.coupons import claim_coupon
from config.backup.programs import Address
from config.backup.refusals import FolderBusy, MigrationFailed, WaitedTooLong
from config.upgrade import applying
from config.upgrade.applying import apply_migrations, pending_migrations, unkind_pending
from tests.support.cast import Cast, build_cast
from tests.support.rewards import live_batch
from tests.support.template import at_database, drop_database, make_database

pytestmark = pytest.mark.real_clock

# How long a customer waits before the request counts as failed, in ms: more than LOCK_MS, less than for ever.
PATIENCE = 3000

MIGRATIONS = {
    # Quick once it has its lock.
    "0001_column": 'operations = [migrations.RunSQL("ALTER TABLE rewards_coupon ADD COLUMN late int")]',
    # Fails after the index is there: coupons share their title.
    "0002_index": """
        atomic = False
        dependencies = [("config", "0001_column")]
        operations = [migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY late ON rewards_coupon (title)")]
    """,
}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[str, Cast, UUID]]:
    """A bank of one's own, whose tables may change; and a batch that customers claim from."""
    name = f"{settings.DATABASES['owner']['NAME'].removesuffix('_cast')}_upgrade"
    with django_db_blocker.unblock():
        make_database(name)
        with at_database(name):
            cast = build_cast()
            batch = live_batch(cast, per_customer_limit=10_000, quota=20_000, shares={"NB": 10_000})
        yield name, cast, batch.pk
        drop_database(name)


@pytest.fixture
def bank(made: tuple[str, Cast, UUID], django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Cast, UUID]]:
    """Every connection leads to that bank, as it was made."""
    name, cast, batch = made
    with django_db_blocker.unblock(), at_database(name):
        yield cast, batch
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE rewards_coupon DROP COLUMN IF EXISTS late")
            cursor.execute("DELETE FROM django_migrations WHERE app = 'config'")


@contextmanager
def later(folder: Path, *names: str) -> Iterator[None]:
    """A release with these migrations more, of an app that has none."""
    package = folder / f"later_{'_'.join(names)}"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in names:
        (package / f"{name}.py").write_text(
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            + textwrap.indent(textwrap.dedent(MIGRATIONS[name]).strip(), "    ")
            + "\n"
        )
    sys.path.insert(0, str(folder))
    try:
        with override_settings(MIGRATION_MODULES={"config": package.name}):
            yield
    finally:
        sys.path.remove(str(folder))
        for module in [each for each in sys.modules if each.partition(".")[0] == package.name]:
            del sys.modules[module]


@contextmanager
def long_report() -> Iterator[psycopg.Connection]:
    """Somebody reads the coupons in a transaction that goes on."""
    with Address.of(settings.DATABASES["owner"]).connect() as connection:
        connection.execute("SELECT count(*) FROM rewards_coupon")
        yield connection


def serve_once(cast: Cast, batch: UUID, patience: int = PATIENCE) -> None:
    """Raises OperationalError when it takes longer."""
    with cast.customers["nb"].scope() as scope:
        with connections["default"].cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {patience}")
        coupon = claim_coupon(scope=scope, batch_id=batch)
        assert Coupon.objects.filter(pk=coupon.pk).exists()


@contextmanager
def open_counter(cast: Cast, batch: UUID) -> Iterator[Callable[[], tuple[int, list[str]]]]:
    """Two threads serve all the time; asked, it says how many were served and who was not."""
    served, failed, over = [0], list[str](), threading.Event()

    def work() -> None:
        try:
            while not over.is_set():
                try:
                    serve_once(cast, batch)
                    served[0] += 1
                except OperationalError as error:
                    failed.append(str(error).splitlines()[0])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: (served[0], failed)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_customers_are_served_while_a_table_changes(bank: tuple[Cast, UUID], tmp_path: Path) -> None:
    cast, batch = bank
    with later(tmp_path, "0001_column"), long_report() as report, open_counter(cast, batch) as counter:
        assert pending_migrations() == ["config.0001_column"]
        at_pauses = []

        def pause(_seconds: float) -> None:
            """Between two tries the table is free; after the third the report ends."""
            serve_once(cast, batch)
            at_pauses.append(counter()[0])
            if len(at_pauses) == 3:
                report.rollback()

        assert apply_migrations(sleep=pause) == ["config.0001_column"]
        served, failed = counter()
        serve_once(cast, batch)
    assert failed == []
    assert len(at_pauses) >= 3 and 0 < at_pauses[0] < at_pauses[-1] <= served
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT late FROM rewards_coupon LIMIT 1")
    assert pending_migrations() == []


def test_the_control_a_change_that_waits_makes_customers_wait(bank: tuple[Cast, UUID]) -> None:
    cast, batch = bank
    with long_report():
        serve_once(cast, batch)  # a report by itself is in nobody's way

        def change() -> None:
            owner = Address.of(settings.DATABASES["owner"])
            with owner.connect() as connection, pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("SET statement_timeout = 20000")
                connection.execute("ALTER TABLE rewards_coupon ADD COLUMN late int")

        with Address.of(settings.DATABASES["owner"]).connect() as watcher:
            watcher.autocommit = True
            changing = threading.Thread(target=change)
            changing.start()
            waiting: list[int] = []
            while not waiting:
                rows = watcher.execute(
                    "SELECT pid FROM pg_locks WHERE relation = 'rewards_coupon'::regclass AND NOT granted"
                ).fetchall()
                waiting = [pid for (pid,) in rows]
            with pytest.raises(OperationalError, match="statement timeout"):
                serve_once(cast, batch, patience=300)
            watcher.execute("SELECT pg_cancel_backend(%s)", waiting)
            changing.join()


def test_an_upgrade_that_cannot_have_its_lock_gives_up_in_words(
    bank: tuple[Cast, UUID], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with later(tmp_path, "0001_column"), long_report() as report:
        told: list[str] = []
        with pytest.raises(WaitedTooLong) as refused:
            apply_migrations(patience=0, say=lambda zh, en: told.append(en))
        assert refused.value.values["migration"] == "config.0001_column"
        assert f"fenhang_owner {report.info.backend_pid}" in refused.value.detail("zh")
        assert pending_migrations() == ["config.0001_column"]
        with applying._alone(Address.of(settings.DATABASES["owner"])), pytest.raises(FolderBusy):
            apply_migrations()


def test_a_failed_index_is_cleared_away_and_the_command_goes_on_from_there(
    bank: tuple[Cast, UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast, batch = bank
    for _ in range(2):
        serve_once(cast, batch)
    with later(tmp_path, "0001_column", "0002_index"):
        assert unkind_pending() == {}
        with pytest.raises(MigrationFailed, match="0002_index"):
            apply_migrations()
        assert pending_migrations() == ["config.0002_index"]
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT to_regclass('late')")
            assert cursor.fetchone() == (None,)
            cursor.execute("DELETE FROM django_migrations WHERE app = 'config'")
            cursor.execute("ALTER TABLE rewards_coupon DROP late")
    with later(tmp_path, "0001_column"):
        call_command("upgrade", "--no-backup")
        assert pending_migrations() == []
    said = capsys.readouterr().err
    assert "applied config.0001_column" in said and "no `up` runs here" in said
