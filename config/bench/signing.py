"""The least that an approval has to write: the same rows in the same transactions through the same triggers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb

from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import Scope
from config.bench.bank import AT

LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)), branch_id, branch_pos, subject, title
  FROM approvals_revision WHERE id = %(revision)s
"""
DECIDE = """
INSERT INTO approvals_decision (id, branch_id, branch_pos, revision_id, step_id, seat_id, round, person_id, person_name,
                                for_person_name, verdict, comment, sha256, at)
SELECT %(id)s, t.branch_id, t.branch_pos, t.revision_id, t.step_id, t.id, 1, %(person)s, '', '', 'approve', '',
       %(sha256)s, %(at)s FROM approvals_seat t WHERE t.revision_id = %(revision)s AND t.is_open
"""
REST = [
    "UPDATE approvals_step SET state = 'passed', closed_at = %(at)s"
    " WHERE revision_id = %(revision)s AND state = 'open'",
    "UPDATE approvals_seat SET is_open = false WHERE revision_id = %(revision)s AND is_open",
    "UPDATE approvals_revision SET state = 'approved', decided_at = %(at)s"
    " WHERE id = %(revision)s AND state = 'submitted'",
]
NOTE = """
INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail)
VALUES (%s, %s, %s, %s, 'tenants.person:1', '', 'approvals.revision.approve', %s, %s, %s)
"""


def bare_connection() -> psycopg.Connection[Any]:
    """One of our own to the same database as the same role, with nothing of Django's around it."""
    settings = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(autocommit=True, **{name: settings[name] for name in names if settings.get(name)})


def sign_bare(bare: psycopg.Connection[Any], scope: Scope, chosen: Sequence[tuple[UUID, str]]) -> None:
    """Sign each of these in a transaction, as `scope`, with no more than the statements."""
    for revision_id, sha256 in chosen:
        with bare.transaction(), bare.cursor() as cursor:
            facts = cursor.execute(scope.opening, scope.params).fetchone()
            assert facts is not None
            person = next(value for value in facts if isinstance(value, UUID))
            given = {
                "id": new_id(),
                "revision": revision_id,
                "sha256": sha256,
                "person": person,
                "at": AT,
            }
            row = cursor.execute(LOCK, given).fetchone()
            assert row is not None
            _lock, branch_id, branch_pos, subject, title = row
            cursor.execute(DECIDE, given)
            for sql in REST:
                cursor.execute(sql, given)
            detail = Jsonb(
                {"revision": str(revision_id), "number": 1, "sha256": sha256, "comment": "", "step": ""}
            )
            cursor.execute(NOTE, [new_id(), branch_id, branch_pos, AT, subject, title, detail])
