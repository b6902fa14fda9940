"""Questions to the database's own catalogue. Asked as the owner, who sees every definition."""

from typing import Any

from django.db import connections

SERVING = ("fenhang_app", "fenhang_customer")
ROLES = ("fenhang_owner", "fenhang_app", "fenhang_customer", "fenhang_verbs")


def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params or None)
        return list(cursor.fetchall())


def tenant_tables() -> set[str]:
    """Tables whose rows belong to branches, partitions included: by their columns, not by our models."""
    return {
        name
        for (name,) in ask("""
            SELECT c.relname FROM pg_class c
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
               AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                           AND (a.attname = 'branch_pos' OR a.attname = 'pos_end'))
        """)
    }


def policies() -> dict[str, list[dict[str, Any]]]:
    """Table -> its policies: name, is_restrictive, command, roles, using, check."""
    found: dict[str, list[dict[str, Any]]] = {}
    rows = ask("""
        SELECT tablename, policyname, permissive = 'RESTRICTIVE', cmd, roles::text[], qual, with_check
          FROM pg_policies WHERE schemaname = 'public'
    """)
    keys = ("name", "is_restrictive", "command", "roles", "using", "check")
    for table, *row in rows:
        found.setdefault(table, []).append(dict(zip(keys, row, strict=True)))
    return found


def table_grants() -> dict[tuple[str, str], set[str]]:
    """(table, grantee) -> privileges, column grants included; grantee "PUBLIC" for everybody.

    UPDATE of positions alone is left out: a branch that moves takes even its history along.
    """
    found: dict[tuple[str, str], set[str]] = {}
    rows = ask("""
        SELECT c.relname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type
          FROM pg_class c, LATERAL aclexplode(c.relacl) a
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        UNION
        SELECT c.relname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type
          FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, LATERAL aclexplode(t.attacl) a
         WHERE c.relnamespace = 'public'::regnamespace
           AND NOT (a.privilege_type = 'UPDATE' AND t.attname IN ('pos', 'pos_end', 'branch_pos'))
    """)
    for table, grantee, privilege in rows:
        found.setdefault((table, grantee), set()).add(privilege)
    return found


def unique_keys() -> list[tuple[str, str, list[str], bool]]:
    """Every unique index: table, name, columns ("" for an expression), and whether it is the primary key."""
    return [
        (table, name, list(columns), primary)
        for table, name, columns, primary in ask("""
            SELECT t.relname, i.relname,
                   ARRAY(SELECT coalesce((SELECT a.attname FROM pg_attribute a
                                           WHERE a.attrelid = t.oid AND a.attnum = k.n), '')
                           FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (n, o) ORDER BY o)::text[],
                   x.indisprimary
              FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
             WHERE x.indisunique AND t.relnamespace = 'public'::regnamespace
        """)
    ]


def column_type(table: str, column: str) -> str:
    [(found,)] = ask(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
        f'"{table}"',
        column,
    )
    return str(found)


def foreign_keys() -> list[tuple[str, str, list[str], str, str]]:
    """Every foreign key: table, name, columns, table pointed to, what deletion does ('a' no action, 'c' cascade)."""
    return [
        (table, name, list(columns), target, deletes)
        for table, name, columns, target, deletes in ask("""
            SELECT t.relname, c.conname,
                   ARRAY(SELECT a.attname FROM unnest(c.conkey) k JOIN pg_attribute a
                             ON a.attrelid = t.oid AND a.attnum = k)::text[],
                   f.relname, c.confdeltype::text
              FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
             WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace
        """)
    ]


def triggers() -> set[tuple[str, str]]:
    """(table, trigger) of every trigger that is enabled."""
    return {
        (table, name)
        for table, name in ask(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        )
    }
