"""One moment of the database, shared with pg_dump: what is counted here is what is dumped there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from config.backup.programs import Address, line_of, lines_of
from config.backup.refusals import DatabaseRefused, RowsHidden
from content.files import path_of

# Schemas that a restore has set aside are no part of the bank.
ASIDE = "before_"

# A policy of one's own that shows every row, and none that takes any away: then COPY through row-level security is
# whole. Proven from the catalogue, since a count through the same policies would agree with what they hide.
_HIDING = """
SELECT c.relname FROM pg_class c
  JOIN pg_roles me ON me.rolname = current_user
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
   AND NOT (me.rolsuper OR me.rolbypassrls)
   AND NOT (pg_has_role(me.oid, c.relowner, 'USAGE') AND NOT c.relforcerowsecurity)
   AND (NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
                     AND (0 = ANY (p.polroles) OR me.oid = ANY (p.polroles))
                     AND pg_get_expr(p.polqual, p.polrelid) = 'true')
        OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('*', 'r')
                     AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role(me.oid, r, 'USAGE'))))
 ORDER BY 1
"""
_TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relpersistence <> 't' ORDER BY 1
"""
# What pg_dump must carry and pg_restore must rebuild: definitions, owners, rights and walls, a line each.
_CATALOGUE = """
SELECT 'table ' || c.relname || ' ' || c.relkind::text || ' ' || c.relowner::regrole || ' rls ' || c.relrowsecurity
       || ' ' || c.relforcerowsecurity
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
       || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attidentity::text || a.attgenerated::text
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0
   AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || convalidated || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT 'index ' || c.relname || ' ' || i.indisvalid || ' ' || pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'policy ' || tablename || ' ' || policyname || ' ' || permissive || ' ' || cmd || ' ' || roles::text || ' '
       || coalesce(qual, '') || ' / ' || coalesce(with_check, '')
  FROM pg_policies WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger ' || tgrelid::regclass || ' ' || tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT 'function ' || p.oid::regprocedure || ' ' || p.proowner::regrole || ' ' || p.prosecdef || ' '
       || coalesce(p.proconfig::text, '') || ' ' || md5(pg_get_functiondef(p.oid))
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
UNION ALL
SELECT 'right on function ' || p.oid::regprocedure || ' ' || x.grantee::regrole || ' ' || x.privilege_type
  FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
 WHERE p.pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'right on ' || c.relname || ' ' || x.grantee::regrole || ' ' || x.privilege_type
  FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                                            c.relowner))) x
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL
SELECT 'right on ' || c.relname || '.' || a.attname || ' ' || x.grantee::regrole || ' ' || x.privilege_type
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
 WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'right on schema ' || x.grantee::regrole || ' ' || x.privilege_type
  FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'public'
UNION ALL
SELECT 'right to come on ' || d.defaclobjtype::text || ' ' || x.grantee::regrole || ' ' || x.privilege_type
  FROM pg_default_acl d, aclexplode(d.defaclacl) x WHERE d.defaclnamespace = 'public'::regnamespace
"""
# A text cast moves into an array, and brackets with it, when an expression is printed and read again.
_CASTS = re.compile(r"::[a-z_]+( varying| with(out)? time zone)?(\[\])?|[()\s]")


@dataclass(frozen=True)
class Medium:
    """A picture's file as its row knows it."""

    path: str  # below MEDIA_ROOT
    sha256: str
    size: int


class Moment:
    """A read-only transaction that others may share by `name`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # The dump may take hours.
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("SET LOCAL statement_timeout = 0")
        self.name: str = self._one("SELECT pg_export_snapshot()")
        self.server: str = self._one("SHOW server_version")
        self.bytes: int = self._one("SELECT pg_database_size(current_database())")

    def refuse_hidden_rows(self) -> None:
        """Raises RowsHidden unless this role sees every row of every table."""
        hidden = hiding_tables(self._connection)
        if hidden:
            raise RowsHidden(role=self._one("SELECT current_user"), tables=lines_of(hidden, 20))

    def counts(self) -> dict[str, int]:
        return table_counts(self._connection)

    def catalogue(self) -> list[str]:
        return catalogue_lines(self._connection)

    def migrations(self) -> list[str]:
        """Those applied, as "app.name"."""
        rows = self._connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        return [name for (name,) in rows.fetchall()]

    def media(self) -> list[Medium]:
        """Every picture that a row names."""
        return media_rows(self._connection)

    def audit_head(self) -> tuple[int, str] | None:
        """The last seal of the audit's chain: its number and digest (hexadecimal)."""
        row = self._connection.execute(
            "SELECT number, encode(digest, 'hex') FROM audit_seal ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1]) if row else None

    def _one(self, query: str) -> Any:
        row = self._connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


@contextmanager
def moment_of(address: Address) -> Iterator[Moment]:
    """A moment that lasts for the block. Raises DatabaseRefused."""
    try:
        with address.connect() as connection:
            yield Moment(connection)
    except psycopg.Error as failed:
        raise DatabaseRefused(reason=line_of(failed)) from failed


def hiding_tables(connection: psycopg.Connection) -> list[str]:
    """Tables of which this role might not see every row."""
    return [name for (name,) in connection.execute(_HIDING).fetchall()]


def table_counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of each table, partitions by themselves."""
    counted = {}
    for (name,) in connection.execute(_TABLES).fetchall():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))
        ).fetchone()
        assert row is not None
        counted[name] = int(row[0])
    return counted


def catalogue_lines(connection: psycopg.Connection) -> list[str]:
    """Definitions, owners, rights and walls, in an order and a spelling that a dump and a restore leave alone."""
    connection.execute("SELECT set_config('search_path', 'pg_catalog, public', true)")
    lines = []
    for (line,) in connection.execute(_CATALOGUE.encode()).fetchall():
        what = line.partition(" ")[0]
        lines.append(_CASTS.sub("", line) if what in {"constraint", "index", "policy", "column"} else line)
    return sorted(lines)


def media_rows(connection: psycopg.Connection) -> list[Medium]:
    """Every picture that a row names."""
    rows = connection.execute("SELECT id, format, sha256, size FROM content_rendition ORDER BY id")
    root = Path(settings.MEDIA_ROOT)
    return [
        Medium(str(path_of(key, format).relative_to(root)), digest, size)
        for key, format, digest, size in rows.fetchall()
    ]
