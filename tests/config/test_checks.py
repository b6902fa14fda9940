"""What an installation refuses to run with: each refusal is made to happen."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as installation
from django.core import checks
from django.db import connections
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from campaigns.tenants import deeds
from config import checks as ours
from tests.support.processes import python, run

GOOD_SECRET = "q8Zr2Lw0_vN5tKd7yHf4Jm1Xc9Bs6Ge3Pa-uTiRoWnEkQxVzYj"
GOOD_KEY = base64.b64encode(bytes(range(7, 39))).decode()


@pytest.fixture
def bank(settings: Settings) -> Settings:
    """The settings of an installation on the bank's own servers, with nothing wrong in them."""
    settings.IS_EMBEDDED, settings.IS_HTTPS = False, True
    settings.SECRET_KEY, settings.DATA_KEY = GOOD_SECRET, GOOD_KEY
    settings.ALLOWED_HOSTS = ["fenhang.bank.example"]
    assert ids(ours.check_settings()) == []
    return settings


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        for alias in connections:
            connections[alias].close()


def ids(found: list[checks.CheckMessage]) -> list[str]:
    return [str(each.id) for each in found]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SECRET_KEY", GOOD_SECRET[:49], "E003"),
        ("SECRET_KEY", "django-insecure-" + GOOD_SECRET, "E003"),
        ("SECRET_KEY", "change-me-" + GOOD_SECRET, "E003"),
        ("SECRET_KEY", "ab" * 40, "E003"),
        ("DATA_KEY", "", "E004"),
        ("DATA_KEY", "not base64", "E004"),
        ("DATA_KEY", GOOD_KEY[:20], "E004"),
        ("DATA_KEY", base64.b64encode(bytes(32)).decode(), "E004"),
        ("DATA_KEY", base64.b64encode(b"0123456789" * 3 + b"xy").decode(), "E004"),
        ("DEMO", True, "E005"),
        ("DEBUG", True, "E005"),
        ("ALLOWED_HOSTS", ["fenhang.bank.example", "*"], "E006"),
    ],
)
def test_a_loose_setting_is_refused_in_both_languages(
    bank: Settings, name: str, value: Any, code: str
) -> None:
    setattr(bank, name, value)
    [found] = ours.check_settings()
    assert (found.id, found.level) == (f"fenhang.{code}", checks.ERROR)
    chinese, english = found.msg.split("\n")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese) and english.isascii() is (code != "E006")


def test_trying_out_needs_none_of_it(settings: Settings) -> None:
    settings.IS_EMBEDDED, settings.IS_HTTPS = True, False
    settings.SECRET_KEY = settings.DATA_KEY = "x"
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["*"]
    assert ids(ours.check_settings()) == []
    # But over HTTPS it is no trial any more.
    settings.IS_HTTPS = True
    assert ids(ours.check_settings()) == ["fenhang.E005", "fenhang.E006"]


def test_an_installation_in_which_nobody_records_deeds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeds, "_recorders", [])
    assert ids(ours.check_settings()) == ["fenhang.E007"]


def test_the_serving_role_behind_its_walls_is_accepted(database: None) -> None:
    found = checks.run_checks(tags=[ours.TAG], databases=["default"])
    assert ids(found) == []
    # Without its name no database is asked: the owner migrates before there are walls.
    assert ours.check_database() == ours.check_database(databases=["owner"]) == []


def test_a_role_that_owns_the_tables_may_not_serve(database: None) -> None:
    [found] = ours.database_errors(connections["owner"])
    assert found.id == "fenhang.E001"
    assert "fenhang_owner" in found.msg and "owner of tables" in found.msg


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE forgotten (id int, branch_id int, branch_pos int)",
        "ALTER TABLE content_item DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE content_item NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY gate ON content_item",
        "DROP POLICY gate ON content_item; CREATE POLICY gate ON content_item TO fenhang_app USING (true)",
    ],
)
def test_a_tenant_table_without_its_wall_is_refused(database: None, statement: str) -> None:
    owner = connections["owner"]
    owner.set_autocommit(False)
    try:
        with owner.cursor() as cursor:
            cursor.execute(statement)
        [_role, found] = ours.database_errors(owner)
        assert found.id == "fenhang.E002"
        assert ("forgotten" if "forgotten" in statement else "content_item") in found.msg
    finally:
        owner.rollback()
        owner.set_autocommit(True)


def test_an_older_server_is_refused(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "OLDEST_SERVER", 990_000)
    [found] = ours.database_errors(connections["default"])
    assert found.id == "fenhang.E008" and "PostgreSQL 18." in found.msg


# --- as an administrator runs it ------------------------------------------------------------------------------


def production(alias: str = "default", **more: str) -> dict[str, str]:
    """The environment of a bank's installation, on the servers of this test run."""
    from urllib.parse import quote, urlencode

    def url(name: str) -> str:
        given: dict[str, Any] = installation.DATABASES[name]
        query = urlencode({"host": given["HOST"], "port": given["PORT"]})
        database = connections[name].settings_dict["NAME"]
        return f"postgresql://{quote(given['USER'])}:{quote(given['PASSWORD'])}@/{database}?{query}"

    return {
        "DATABASE_URL": url(alias),
        "DATABASE_OWNER_URL": url("owner"),
        "REDIS_URL": installation.REDIS_URL,
        "SECRET_KEY": GOOD_SECRET,
        "DATA_KEY": GOOD_KEY,
        "ALLOWED_HOSTS": "fenhang.bank.example",
        "CSRF_TRUSTED_ORIGINS": "https://fenhang.bank.example",
        "FENHANG_HTTPS": "1",
        **more,
    }


def test_production_settings_pass_the_checks_of_a_deployment(database: None, tmp_path: Any) -> None:
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "default")
    done = run(tmp_path, *python(*command), **production())
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


def test_a_web_process_serves_with_what_is_safe_and_with_nothing_else(database: None, tmp_path: Any) -> None:
    says = (
        "import config.wsgi; from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN)"
    )
    serve = python("-W", "ignore", "-c", says)
    # Of this host alone, over TLS alone, and out of every script's reach.
    served = run(tmp_path, *serve, **production())
    assert served.stdout == "__Host-session __Host-csrf True True True True / None\n", served.stderr
    refused = run(tmp_path, *serve, **production("owner", DATA_KEY="x", FENHANG_DEMO="1"))
    assert (refused.returncode, refused.stdout) == (1, "")
    codes = [line.split(":")[0] for line in refused.stderr.splitlines() if line.startswith("fenhang.")]
    assert sorted(codes) == ["fenhang.E001", "fenhang.E004", "fenhang.E005"], refused.stderr
    silent = production(DATABASE_URL="postgresql://fenhang_app:geheim@127.0.0.1:1/fenhang")
    refused = run(tmp_path, *serve, **silent)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("fenhang.E009: ") and "geheim" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 2


def test_the_demo_bank_is_not_started_before_the_world(tmp_path: Any) -> None:
    for more in (production(), {"FENHANG_HTTPS": "1"}):
        done = run(tmp_path, *python("manage.py", "up", "--demo"), **more)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("The demo bank's log-ins are known to everybody")
