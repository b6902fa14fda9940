"""What must be true of a bank that was brought back: one list, for the restore and for the drill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import models

from campaigns.approvals.kinds import kinds
from campaigns.approvals.services.verification import verify_published
from campaigns.audit.selectors.chain import Head
from campaigns.audit.selectors.verification import verify_audit
from campaigns.customers.selectors import place_of_value
from campaigns.lib.crypto import Unreadable, unseal, unwrap_key
from campaigns.rewards.sql.close import asked_of_all
from campaigns.tenants.scopes import system_scope
from config.backup import manifest as kept
from config.backup.manifest import Manifest
from config.backup.programs import Address
from config.backup.snapshot import catalogue_lines, hiding_tables, media_rows, table_counts
from config.checks import OPEN_TABLES

# Of each end of the table: enough to meet another key, few enough to take no time.
_SAMPLE = 250


@dataclass
class Finding:
    """One invariant, and what speaks against it."""

    zh: str
    en: str
    wrong: list[str] = field(default_factory=list)


@dataclass
class Findings:
    """All of them, in the order in which they were asked."""

    asked: list[Finding] = field(default_factory=list)

    def add(self, zh: str, en: str, wrong: list[str]) -> None:
        self.asked.append(Finding(zh, en, wrong))

    @property
    def wrong(self) -> list[Finding]:
        return [each for each in self.asked if each.wrong]


def check_rebuilt(
    connection: psycopg.Connection, backup: Path, manifest: Manifest, findings: Findings
) -> None:
    """Is the database what the dump's moment was? Asked as the owner, before anything is written into it."""
    hidden = hiding_tables(connection)
    findings.add("行级安全未对备份角色隐藏任何行", "no row is hidden from the owner", hidden)
    found = table_counts(connection)
    findings.add(
        f"{len(manifest.counts)} 张表、{sum(manifest.counts.values()):,} 行与备份时一致",
        f"{len(manifest.counts)} tables and {sum(manifest.counts.values()):,} rows, as they were",
        [
            f"{table}: {manifest.counts.get(table, 0):,} -> {found.get(table, 0):,}"
            for table in sorted({*manifest.counts, *found})
            if manifest.counts.get(table) != found.get(table)
        ],
    )
    with connection.transaction():
        lines = set(catalogue_lines(connection))
    wanted = set((backup / kept.CATALOGUE).read_text().splitlines())
    findings.add(
        f"{len(wanted):,} 项定义、权限、策略和触发器与备份时一致",
        f"{len(wanted):,} definitions, rights, policies and triggers, as they were",
        [f"- {line}" for line in sorted(wanted - lines)] + [f"+ {line}" for line in sorted(lines - wanted)],
    )


def check_bank(manifest: Manifest, findings: Findings, *, clock: Callable[[], datetime]) -> None:
    """Is it a whole bank, with the keys that are in use now?"""
    for alias, zh, en, question in _QUESTIONS:
        with _asked_as(alias) as connection:
            findings.add(zh, en, question(connection))
    findings.add(
        f"{manifest.media_files:,} 个图片文件齐全",
        f"{manifest.media_files:,} files of pictures are there",
        _media(manifest),
    )
    findings.add("审计链完整", "the audit's chain is whole", _audit(manifest, clock()))
    findings.add("线上内容与批准的一致", "what is served is what was approved", _approvals(clock))


@contextmanager
def _asked_as(alias: str) -> Iterator[psycopg.Connection]:
    with Address.of(settings.DATABASES[alias]).connect() as connection:
        connection.read_only = True
        yield connection


def _names(connection: psycopg.Connection, query: str) -> list[str]:
    return [" ".join(str(value) for value in row) for row in connection.execute(query.encode()).fetchall()]


def _walls(connection: psycopg.Connection) -> list[str]:
    return _names(connection, OPEN_TABLES)


def _roles(connection: psycopg.Connection) -> list[str]:
    return _names(connection, _POWERFUL) + _names(connection, _MEMBERS)


def _stocks(connection: psycopg.Connection) -> list[str]:
    return _names(connection, _STOCKS)


def _quotas(connection: psycopg.Connection) -> list[str]:
    # A backup of before there were any has nothing to disagree.
    if not _names(
        connection, "SELECT to_regclass('rewards_movement') WHERE to_regclass('rewards_movement') IS NOT NULL"
    ):
        return []
    return [row for code in ("shares", "budgets") for row in _names(connection, asked_of_all(code))]


def _pictures(connection: psycopg.Connection) -> list[str]:
    return _names(connection, _PICTURES)


def _orphans(connection: psycopg.Connection) -> list[str]:
    """References that no constraint guards; those of constraints were proved when these were made."""
    wrong = _names(connection, _NOT_PROVED)
    tables = set(_names(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    for model in apps.get_models():
        if model._meta.db_table not in tables:
            continue  # a bench's own, made for its database alone
        for each in model._meta.get_fields():
            # An event outlives its object: that is what history is for.
            if (
                isinstance(each, models.ForeignKey)
                and not getattr(each, "db_constraint", True)
                and each.name != "pgh_obj"
            ):
                target = each.related_model
                assert isinstance(target, type)
                row = connection.execute(
                    f'SELECT count(*) FROM "{model._meta.db_table}" a WHERE a."{each.column}" IS NOT NULL AND NOT'  # noqa: S608
                    f' EXISTS (SELECT FROM "{target._meta.db_table}" b'
                    f' WHERE b."{each.target_field.column}" = a."{each.column}")'.encode()
                ).fetchone()
                if row and row[0]:
                    wrong.append(f"{model._meta.label}.{each.name}: {row[0]:,}")
    return wrong


def _sealed(connection: psycopg.Connection) -> list[str]:
    """The oldest and the newest customers' keys, and a value under each."""
    wrong = []
    for order in ("ASC", "DESC"):
        rows = connection.execute(_SEALED.format(order=order, most=_SAMPLE).encode()).fetchall()
        for customer, wrapped, identity, value in rows:
            try:
                key = unwrap_key(wrapped, person=customer)
                if identity is not None:
                    place = place_of_value(customer_id=customer, identity_id=identity)
                    unseal(value, key=key, place=place)
            except Unreadable:
                wrong.append(str(customer))
    return wrong


def _media(manifest: Manifest) -> list[str]:
    """Files were compared by their sums while they were brought; here: does each row have one of its size?"""
    root = Path(settings.MEDIA_ROOT)
    with _asked_as("owner") as connection:
        rows = media_rows(connection)
    gone = []
    for medium in rows:
        try:
            if (root / medium.path).stat().st_size != medium.size:
                gone.append(medium.path)
        except OSError:
            gone.append(medium.path)
    before = set(manifest.media_missing)
    return [f"{path} (备份时已缺失 · missing before)" if path in before else path for path in gone]


def _audit(manifest: Manifest, at: datetime) -> list[str]:
    head = Head(int(manifest.audit_head[0]), str(manifest.audit_head[1])) if manifest.audit_head else None
    with system_scope(at=at, cause="restore") as scope:
        verdict = verify_audit(scope=scope, head=head)
    return [f"{each.day} {each.table} {each.row} {each.wrong}" for each in verdict.findings]


def _approvals(clock: Callable[[], datetime]) -> list[str]:
    wrong: list[str] = []
    done = verify_published(
        kinds=kinds(),
        open_scope=lambda: system_scope(at=clock(), cause="restore"),
        clock=clock,
        after_lot=lambda kind, run, some: wrong.extend(
            f"{each.title}: {', '.join(each.what)}" for each in some
        ),
    )
    if not done.is_complete:
        wrong.append("not complete")
    return wrong


_QUESTIONS: list[tuple[str, str, str, Callable[[psycopg.Connection], list[str]]]] = [
    (
        "default",
        "每张机构表都有完整的行级安全",
        "row-level security is complete on every tenant table",
        _walls,
    ),
    ("owner", "数据库角色没有多余的权力", "the database roles are harmless", _roles),
    ("owner", "没有指向空处的引用", "no reference leads nowhere", _orphans),
    ("owner", "每份券的库存、领取数与券相符", "stocks, claims and coupons agree", _stocks),
    ("owner", "各级额度与预算逐笔相符", "quotas at every node and budgets agree", _quotas),
    ("owner", "已发布内容的图片都有记录", "every published picture is known", _pictures),
    ("owner", "加密的列可用现有密钥打开", "sealed columns open with the keys in use", _sealed),
]

_POWERFUL = """
SELECT rolname FROM pg_roles WHERE rolname IN ('fenhang_owner', 'fenhang_app', 'fenhang_customer', 'fenhang_verbs')
   AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)
"""
_MEMBERS = """
SELECT roleid::regrole::text || ' > ' || member::regrole::text FROM pg_auth_members
 WHERE member::regrole::text IN ('fenhang_owner', 'fenhang_app', 'fenhang_customer', 'fenhang_verbs')
   AND NOT (set_option AND NOT inherit_option AND NOT admin_option
            AND (roleid::regrole::text, member::regrole::text)
                IN (('fenhang_customer', 'fenhang_app'), ('fenhang_verbs', 'fenhang_owner')))
"""
_STOCKS = """
WITH stock AS (SELECT batch_id, sum(allotted) AS allotted, sum(claimed) AS claimed FROM rewards_stock GROUP BY 1),
     coupons AS (SELECT batch_id, count(*) AS held FROM rewards_coupon WHERE status <> 'given' GROUP BY 1)
SELECT b.id, 'quota', b.quota, 'allotted', b.allotted, coalesce(s.allotted, 0), 'claimed', coalesce(s.claimed, 0),
       coalesce(c.held, 0)
  FROM rewards_batch b LEFT JOIN stock s ON s.batch_id = b.id LEFT JOIN coupons c ON c.batch_id = b.id
 WHERE b.allotted <> coalesce(s.allotted, 0) OR b.allotted > b.quota OR coalesce(s.claimed, 0) > b.allotted
    OR coalesce(s.claimed, 0) <> coalesce(c.held, 0)
"""
_PICTURES = """
SELECT i.id, r ->> 'id' FROM content_liveitem i,
       jsonb_array_elements(CASE jsonb_typeof(i.picture) WHEN 'object' THEN i.picture -> 'renditions'
                                                         ELSE '[]' END) r
 WHERE NOT EXISTS (SELECT FROM content_rendition k WHERE k.id = (r ->> 'id')::uuid AND k.sha256 = r ->> 'sha256')
"""
_NOT_PROVED = """
SELECT conrelid::regclass, conname FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND NOT convalidated
"""
_SEALED = """
SELECT k.customer_id, k.wrapped, i.id, i.value FROM customers_customerkey k
  LEFT JOIN LATERAL (SELECT id, value FROM customers_identity i WHERE i.customer_id = k.customer_id LIMIT 1) i ON true
 ORDER BY k.customer_id {order} LIMIT {most}
"""
