"""What this installation refuses to run with, as Django's system checks: `manage.py check`, and each web process.

Those of the database are tagged so, and run with `manage.py check --database default`, with `manage.py up` on an
external database, and in each web process at its start. With the embedded services there is nothing to guard from
a bank's administrator: their roles and secrets are made by us.
"""

import base64
import binascii
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.db import Error as DatabaseError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from campaigns.tenants.deeds import recorders

TAG = "fenhang"
OLDEST_SERVER = 180000

_KNOWN = re.compile(
    r"django-insecure|change.?me|fenhang|example|password|secret.?key|0123456789|12345678", re.IGNORECASE
)
# Of random bytes or letters many differ; of what somebody typed, few.
_MOST_ALIKE, _SHORTEST = 16, 50

_WORDS = {
    "E001": (
        "数据库角色 {role} 权限过大（{why}），机构隔离对它无效。请用 fenhang_app 登录，见 manage.py sql_roles。",
        "The database role {role} is too powerful ({why}): the walls between branches are off for it. Log in as"
        " fenhang_app (see manage.py sql_roles).",
    ),
    "E002": (
        "以下表没有完整的行级安全（启用、强制、gate 策略）：{tables}。请重新执行迁移，或恢复被改动的策略。",
        "Row-level security is not complete (enabled, forced, with its gate) on: {tables}. Migrate again, or restore"
        " the policies that were changed.",
    ),
    "E003": (
        "SECRET_KEY 太短、太简单或是众所周知的值。请设置至少 50 个随机字符。",
        "SECRET_KEY is short, simple or known. Set at least 50 random characters.",
    ),
    "E004": (
        "DATA_KEY 必须是 32 个随机字节的 base64。请用 openssl rand -base64 32 生成，并妥善备份。",
        "DATA_KEY must be 32 random bytes in base64. Make it with openssl rand -base64 32, and keep a copy safe.",
    ),
    "E005": (
        "{names} 只用于试用，不能与外部数据库或 HTTPS 一起开启。",
        "{names} is for trying out, and must be off with an external database or HTTPS.",
    ),
    "E006": (
        "ALLOWED_HOSTS 不能是“*”。请列出本站的主机名。",
        "ALLOWED_HOSTS must not be “*”. List this site's host names.",
    ),
    "E007": (
        "没有任何组件记录机构与人员的操作：审计未启用。",
        "Nobody records what is done to branches and people: the audit is not installed.",
    ),
    "E008": (
        "数据库是 PostgreSQL {found}，需要 18 或更新的版本。",
        "The database is PostgreSQL {found}; 18 or newer is required.",
    ),
    "E009": (
        "无法向数据库核对（{reason}）。",
        "The database could not be asked ({reason}).",
    ),
}


def _error(code: str, **values: Any) -> Error:
    """Both languages: whoever reads a log of a start has chosen none."""
    zh, en = (words.format(**values) for words in _WORDS[code])
    return Error(f"{zh}\n{en}", id=f"fenhang.{code}")


def is_production() -> bool:
    """On a bank's own database, or reached over HTTPS."""
    return not settings.IS_EMBEDDED or settings.IS_HTTPS


@register(TAG, Tags.security)
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Secrets, demo, hosts, audit."""
    found: list[CheckMessage] = []
    if not settings.IS_EMBEDDED:
        if not _is_random(settings.SECRET_KEY):
            found.append(_error("E003"))
        if not _is_key(settings.DATA_KEY):
            found.append(_error("E004"))
    if is_production():
        loose = [f"FENHANG_{name}" for name in ("DEMO", "DEBUG") if getattr(settings, name)]
        if loose:
            found.append(_error("E005", names=", ".join(loose)))
        if any(host.strip() == "*" for host in settings.ALLOWED_HOSTS):
            found.append(_error("E006"))
    if not recorders():
        found.append(_error("E007"))
    return found


@register(TAG, Tags.database)
def check_database(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """The serving connection: its server, its role, the walls it stands behind."""
    if "default" not in (databases or ()):
        return []
    try:
        return database_errors(connections["default"])
    except DatabaseError as failed:
        lines = str(failed).strip().splitlines() or [type(failed).__name__]
        return [_error("E009", reason=lines[0])]


def database_errors(connection: BaseDatabaseWrapper) -> list[CheckMessage]:
    """What is wrong with serving through this connection."""
    version = int(connection.pg_version)  # type: ignore[attr-defined]
    if version < OLDEST_SERVER:
        return [_error("E008", found=f"{version // 10000}.{version % 10000}")]
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        role, *powers = cursor.fetchone()
        cursor.execute(OPEN_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
    found: list[CheckMessage] = []
    if why := [name for name, has in zip(_POWERS, powers, strict=True) if has]:
        found.append(_error("E001", role=role, why=", ".join(why)))
    if tables:
        found.append(_error("E002", tables=", ".join(tables)))
    return found


_POWERS = ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "REPLICATION", "owner of tables")
# Membership counts: what a role may become, it is.
_ROLE = """
SELECT session_user, bool_or(r.rolsuper), bool_or(r.rolbypassrls), bool_or(r.rolcreaterole), bool_or(r.rolreplication),
       EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
               AND pg_has_role(session_user, c.relowner, 'MEMBER'))
  FROM pg_roles r WHERE pg_has_role(session_user, r.oid, 'MEMBER')
"""
# Tenant tables by their columns, as the gates of the tests see them: a table that no model knows counts too.
OPEN_TABLES = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('branch_pos', 'pos_end'))
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity
            AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'gate' AND NOT p.polpermissive
                        AND p.polcmd = '*' AND p.polroles = ARRAY[to_regrole('fenhang_app')::oid]))
   -- A partition is reached through its table alone, whose policies hold; by itself nobody may ask it.
   AND NOT (c.relispartition AND NOT has_table_privilege(session_user, c.oid, 'SELECT, INSERT, UPDATE, DELETE'))
 ORDER BY c.relname
"""


def _is_random(secret: str) -> bool:
    return len(secret) >= _SHORTEST and len(set(secret)) >= _MOST_ALIKE and not _KNOWN.search(secret)


def _is_key(key: str) -> bool:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 32 and len(set(raw)) >= _MOST_ALIKE and not _KNOWN.search(raw.decode("latin-1"))


def refuse_to_serve() -> None:
    """End this process, with the reasons, when the installation must not serve. Embedded ones are not asked."""
    if not is_production():
        return
    found = run_checks(tags=[TAG], databases=["default"])
    connections["default"].close()
    if found:
        print("\n".join(f"{each.id}: {each.msg}" for each in found), file=sys.stderr, flush=True)
        # The web server takes an exception here for a fault of its own, and buries the reasons under its trace.
        os._exit(1)
