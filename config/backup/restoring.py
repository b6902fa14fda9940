"""One verb: bring a backup back."""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from psycopg import sql
from psycopg.conninfo import make_conninfo

from campaigns.audit.services import record
from campaigns.customers.erasure_list import listed
from campaigns.customers.services.rights import erase_again
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import system_scope
from config.backup import manifest as kept
from config.backup.invariants import Findings, check_bank, check_rebuilt
from config.backup.manifest import Manifest
from config.backup.programs import Address, jobs, line_of, lines_of, no_room, read, run
from config.backup.refusals import (
    DatabaseRefused,
    InUse,
    NewerThanCode,
    NotEmpty,
    OtherKey,
    SealDiffers,
)
from config.backup.sealing import open_keys
from config.backup.snapshot import ASIDE
from config.embedded import keys as instance_keys
from config.running import bank_state

Say = Callable[[str, str], None]

# pg_restore's list: "id; oid oid KIND schema name owner". Walls come last, since a foreign key is proved by reading
# both tables, which row-level security refuses; rights on what the verbs' role owns are given by that role alone.
_WALLS = re.compile(r"^\d+; \d+ \d+ (POLICY|ROW SECURITY) ")
_RIGHTS_OF_VERBS = re.compile(r"^\d+; \d+ \d+ ACL .* fenhang_verbs$")

# Of another role's session the owner sees no more than who it is; autovacuum is nobody.
_OTHERS = """
SELECT usename::text FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
"""


@dataclass
class Restored:
    """`aside`: the schema in which what was there before is kept, if anything was."""

    manifest: Manifest
    findings: Findings
    aside: str
    migrated: int
    seconds: float


def restore_backup(
    *,
    backup: Path,
    passphrase: str,
    replace: bool,
    clock: Callable[[], datetime],
    say: Say = lambda zh, en: None,
) -> Restored:
    """Put a backup in the place of this installation's database, pictures and keys, and check that it is whole.

    Nothing is touched before the backup's sums, keys and version were found good, nor while programs are connected.
    What was in the database is set aside in a schema of its own; when the database refuses the backup it is put
    back. Raises BackupRefused.
    """
    began = time.monotonic()
    manifest = kept.read_manifest(backup)
    _refuse_newer(manifest)
    say("核对校验和……", "checking sums ...")
    kept.check_parts(backup, manifest)
    kept.check_media(backup, manifest, progress=_every_2s(say, manifest.media_files))
    keys = _keys(backup, manifest, passphrase)
    _refuse_little_room(manifest)
    owner = Address.of(settings.DATABASES["owner"])
    _close_own()
    findings = Findings()
    try:
        with owner.connect() as connection:
            connection.autocommit = True
            _refuse_others(connection)
            tables = _tables(connection)
            if tables and not replace:
                raise NotEmpty(database=owner.name, tables=tables)
            aside = _clear_place(connection, clock(), keep=bool(tables))
            try:
                _load(connection, owner, backup, say)
                say("检查恢复后的数据库……", "checking what was rebuilt ...")
                check_rebuilt(connection, backup, manifest, findings)
            except BaseException:
                _put_back(connection, aside)
                raise
    except psycopg.Error as failed:
        raise DatabaseRefused(reason=line_of(failed)) from failed
    say("恢复图片……", "bringing the pictures back ...")
    _bring_media(backup, manifest)
    _take_keys(keys, clock())
    _note_head(manifest, clock())
    _end_sessions(owner)
    migrated = bank_state.migrate(_url(owner))
    _forget_again(clock(), say)
    say("核对银行的各项不变量……", "checking that the bank is whole ...")
    check_bank(manifest, findings, clock=clock)
    _record(manifest, clock())
    return Restored(manifest, findings, aside, migrated, round(time.monotonic() - began, 1))


def _keys(backup: Path, manifest: Manifest, passphrase: str) -> dict[str, str]:
    """SECRET_KEY and DATA_KEY of the backup; empty when this installation's own are the ones.

    Raises WrongPassphrase, OtherKey, SealDiffers.
    """
    own = {"SECRET_KEY": settings.SECRET_KEY, "DATA_KEY": settings.DATA_KEY}
    fits = kept.key_mark(own["DATA_KEY"]) == manifest.data_key
    given = _is_given("DATA_KEY")
    keys = own
    if manifest.with_keys and not (fits and not passphrase):
        # Opened even where it is not needed: a wrong passphrase is better found here than in an emergency.
        keys = open_keys(backup, name=manifest.name, passphrase=passphrase)
    if not fits and (given or not manifest.with_keys):
        raise OtherKey(name=manifest.name)
    if not manifest.is_sealed_by(keys["DATA_KEY"]):
        raise SealDiffers(name=manifest.name)
    return {} if given else keys


def _refuse_newer(manifest: Manifest) -> None:
    """Raises NewerThanCode when the backup has migrations that this code lacks."""
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in (*loader.disk_migrations, *loader.replacements)}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise NewerThanCode(name=manifest.name, migrations=lines_of(unknown))


def _refuse_little_room(manifest: Manifest) -> None:
    """Where we know the disks: for the pictures, and for an embedded database. Raises NoRoom."""
    places = {Path(settings.MEDIA_ROOT): manifest.media_bytes}
    if settings.IS_EMBEDDED:
        places[Path(settings.VAR_DIR)] = manifest.database_bytes
    for place, needed in places.items():
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        if shutil.disk_usage(there).free < needed * 1.1:
            raise no_room(there, needed)


def _refuse_others(connection: psycopg.Connection) -> None:
    """Raises InUse while web, workers, beat or anybody else is connected."""
    who: list[str] = []
    # Those just closed, ours among them, are gone within a moment.
    for pause in (0.1, 0.3, 0.6, 1.0, 0.0):
        who = [name for (name,) in connection.execute(_OTHERS).fetchall()]
        if not who:
            return
        time.sleep(pause)
    raise InUse(database=connection.info.dbname, who=lines_of(who))


def _tables(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _clear_place(connection: psycopg.Connection, at: datetime, *, keep: bool) -> str:
    """An empty schema `public`, fresh: what the old one would grant to tables to come (roles.sql gives that to a new
    database) widens every right that the backup's own tables had. Returns where the old one went.
    """
    aside = f"{ASIDE}{at:%Y%m%d_%H%M%S}" if keep else ""
    with connection.transaction():
        if keep:
            connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(sql.Identifier(aside)))
        else:
            connection.execute("DROP SCHEMA public CASCADE")
        _make_public(connection)
        # While it is filled: who takes a function over must be able to create there.
        connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO fenhang_verbs")
    return aside


def _put_back(connection: psycopg.Connection, aside: str) -> None:
    """The database as it was; an empty one stays empty."""
    with contextlib.suppress(psycopg.Error), connection.transaction():
        connection.execute("DROP SCHEMA public CASCADE")
        if aside:
            connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO public").format(sql.Identifier(aside)))
        else:
            _make_public(connection)


def _make_public(connection: psycopg.Connection) -> None:
    """As a new database has it: a dump tells of what differs from that."""
    connection.execute("CREATE SCHEMA public")
    connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _load(connection: psycopg.Connection, owner: Address, backup: Path, say: Say) -> None:
    """Tables, rows, indexes and keys first; then the rights that the verbs' role gives; then the walls."""
    dump = str(backup / kept.DATABASE)
    listed = read("pg_restore", "--list", dump).splitlines()
    walls = [line for line in listed if _WALLS.match(line)]
    rights = [line for line in listed if _RIGHTS_OF_VERBS.match(line)]
    apart = {*walls, *rights}
    steps: Sequence[tuple[list[str], list[str]]] = (
        ([line for line in listed if line not in apart], ["--jobs", jobs()]),
        (rights, ["--role", "fenhang_verbs"]),
        (walls, []),
    )
    say("载入数据库……", "loading the database ...")
    for lines, options in steps:
        order = Path(settings.VAR_DIR) / f"restore-{os.getpid()}.list"
        order.parent.mkdir(parents=True, exist_ok=True)
        order.write_text("\n".join(lines) + "\n")
        try:
            run(
                "pg_restore",
                owner,
                "--exit-on-error",
                "--use-list",
                str(order),
                *options,
                dump,
                room=order.parent,
            )
        finally:
            order.unlink(missing_ok=True)
    connection.execute("REVOKE CREATE ON SCHEMA public FROM fenhang_verbs")
    # A plan made without statistics reads whole tables.
    connection.execute("ANALYZE")


def _bring_media(backup: Path, manifest: Manifest) -> None:
    """Every picture of the backup, where it is not yet. The bytes under an id never change, so others may stay."""
    root = Path(settings.MEDIA_ROOT)
    for digest, size, name in kept.media_sums(backup):
        target = root / name
        if target.exists() and kept.sum_of(target) == (digest, size):
            continue
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        part = target.with_suffix(".part")
        try:
            shutil.copyfile(backup / kept.MEDIA / name, part)
            part.replace(target)
        except OSError as failed:
            part.unlink(missing_ok=True)
            if failed.errno in {28, 122}:
                raise no_room(root, manifest.media_bytes) from None
            raise


def _take_keys(keys: dict[str, str], at: datetime) -> None:
    """From now on this process, and an embedded instance for good, uses the backup's keys."""
    if not keys or (keys["DATA_KEY"] == settings.DATA_KEY and keys["SECRET_KEY"] == settings.SECRET_KEY):
        return
    instance_keys.replace_keys(
        settings.INSTANCE,
        secret_key=keys["SECRET_KEY"],
        data_key=keys["DATA_KEY"],
        aside=f"{at:%Y%m%dT%H%M%S}",
    )
    settings.SECRET_KEY, settings.DATA_KEY = keys["SECRET_KEY"], keys["DATA_KEY"]


def _is_given(name: str) -> bool:
    """Does the environment say it, so that a file of ours would change nothing?"""
    return bool(os.environ.get(name)) or not settings.IS_EMBEDDED


def _note_head(manifest: Manifest, at: datetime) -> None:
    """The end of the audit's chain is the backup's again; what was noted before is kept beside it."""
    path = Path(settings.AUDIT_HEAD)
    if path.exists():
        path.rename(path.with_name(f"{path.name}.before-{at:%Y%m%dT%H%M%S}"))
    if manifest.audit_head:
        number, digest = manifest.audit_head
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"number": number, "digest": digest}))


def _end_sessions(owner: Address) -> None:
    """Who has logged out since the backup must not be let in again: everybody logs in anew, staff and customers."""
    with owner.connect() as connection:
        connection.execute(
            "UPDATE access_session SET ended_at = greatest(clock_timestamp(), seen_at), ended_why = 'ended_by_other',"
            " payload = '' WHERE ended_at IS NULL"
        )
        connection.execute(
            "UPDATE customers_refreshsession SET revoked_at = greatest(clock_timestamp(), issued_at)"
            " WHERE revoked_at IS NULL"
        )


def _forget_again(at: datetime, say: Say) -> None:
    """Whoever was erased since the backup is in it: erased again, before anybody is served. Their keys are in this
    backup as they are in every older one; that is why backups have an end.
    """
    gone = listed()
    if not gone:
        return
    with system_scope(at=at, cause="restore") as scope:
        many = erase_again(scope=scope, listed=gone)
    say(f"已重新删除 {many} 位已注销的客户", f"{many} erased customers were forgotten again")


def _record(manifest: Manifest, at: datetime) -> None:
    """In the audit of the restored bank: from when its rows are, and that it was brought back."""
    with system_scope(at=at, cause="restore") as scope:
        record(
            scope=scope,
            verb="config.bank.recover",
            subject=ref("tenants.branch", scope.branch_id),
            subject_name=manifest.name,
            made_at=manifest.made_at,
        )


def _close_own() -> None:
    for alias in connections:
        connections[alias].close()


def _url(owner: Address) -> str:
    """As libpq takes it, for those who connect without Django."""
    return make_conninfo(owner.conninfo, password=owner.password)


def _every_2s(say: Say, total: int) -> Callable[[int], None]:
    last = time.monotonic()

    def progress(seen: int) -> None:
        nonlocal last
        if time.monotonic() - last > 2:
            last = time.monotonic()
            say(f"图片 {seen:,} / {total:,}", f"pictures: {seen:,} of {total:,}")

    return progress
