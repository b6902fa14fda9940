"""Due rows for `bench schedule`, planted past the services; and what each of them does when its time has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from campaigns.audit.services import record_many
from campaigns.jobs.due_models import Due
from campaigns.tenants.deeds import Deed
from campaigns.tenants.scopes import Scope

KIND = "bench.ring"

# Scattered over the branches; `spread` seconds apart from each other, from a moment on.
_PLANT = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch)
INSERT INTO jobs_due (id, branch_id, branch_pos, kind, subject, version, run_at, ready_at, local_time, zone, misfire,
                      grace, args, opened_as, state, tries, lost, why)
SELECT uuidv7(), p.id, p.pos, %(kind)s, 'bench.thing:' || gen_random_uuid(), '', t.at, t.at,
       t.at AT TIME ZONE 'Asia/Shanghai', 'Asia/Shanghai', 'once', interval '5 minutes', '{}', '{}', 'waiting', 0, 0,
       '{}'
  FROM generate_series(1, %(rows)s) n
  JOIN place p ON p.nth = (n::bigint * 2654435761 %% 4294967296) %% (SELECT count(*) FROM place)
 CROSS JOIN LATERAL (SELECT %(first)s::timestamptz + make_interval(secs => n * %(spread)s) AS at) t
"""


def plant(rows: int, *, first: datetime, spread: float) -> None:
    """So many waiting rows, as the services would have laid them."""
    given: dict[str, Any] = {"kind": KIND, "rows": rows, "first": first, "spread": spread}
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_due DISABLE TRIGGER USER")
        cursor.execute(_PLANT, given)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE jobs_due ENABLE TRIGGER USER")
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_due")


def ring(scope: Scope, dues: Sequence[Due]) -> None:
    """The least that real work does: a line in the audit for each."""
    record_many(
        scope=scope,
        deeds=[
            Deed("bench.due.done", due.subject, "", due.branch_id, due.branch_pos, {"due": str(due.pk)})
            for due in dues
        ],
    )
