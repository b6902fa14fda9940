"""Many open reviews, as a large bank has them before a festival: planted past the services, as rows."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from campaigns.approvals.kinds import Description, Frozen, Kind, register
from campaigns.approvals.rules import canonical, hash_of
from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch, Role
from campaigns.tenants.scopes import Scope
from config.bench.bank import AT

KIND = "bench.note"

# One at each of the branches nearest to the top: managers, and reviewers from the city upwards.
PEOPLE = """
WITH place AS (SELECT id, pos, level, row_number() OVER (ORDER BY array_position(
                   ARRAY['head_office', 'province', 'city', 'branch', 'outlet'], level::text), pos) AS nth
                 FROM tenants_branch),
hired AS (INSERT INTO tenants_person (id, branch_id, branch_pos, name, staff_number)
          SELECT gen_random_uuid(), id, pos, '审核员' || nth, 'R' || nth FROM place WHERE nth <= %(many)s
          RETURNING id, branch_id, branch_pos, staff_number),
logins AS (INSERT INTO tenants_login (password, username, person_id, is_active, is_demo)
           SELECT '!', staff_number, id, true, false FROM hired)
INSERT INTO tenants_assignment (id, branch_id, branch_pos, person_id, role_id, held_from, held_until)
SELECT gen_random_uuid(), h.branch_id, h.branch_pos, h.id,
       CASE WHEN p.level IN ('branch', 'outlet') THEN 'branch_manager' ELSE 'reviewer' END, %(since)s, %(forever)s
  FROM hired h JOIN place p ON p.id = h.branch_id
"""

# Scattered over the branches and lowest first; due from a day ago to three days from now.
REVISIONS = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch
                             WHERE level IN ('branch', 'outlet'))
INSERT INTO approvals_revision (id, branch_id, branch_pos, kind, subject, title, number, payload, sha256, author_id,
                                author_name, submitted_at, due_at, state, facts, round)
SELECT t.id, place.id, place.pos, %(kind)s, t.subject, t.title, 1, t.payload::jsonb, t.sha256, %(author)s, '经办',
       %(at)s, %(at)s + make_interval(mins => (t.n * 7919 %% 5760) - 1440), 'submitted',
       jsonb_build_object('product_class', '', 'reward_fen', t.n %% 100000, 'audience', 0), 1
  FROM bench_reviews t
  JOIN place ON place.nth = (t.n::bigint * 2654435761 %% 4294967296) %% (SELECT count(*) FROM place)
"""

STEPS = """
INSERT INTO approvals_step (id, branch_id, branch_pos, revision_id, position, title, how, count, if_empty, due_after,
                            policy, added_by_name, state, since, opened_at, due_at)
SELECT gen_random_uuid(), v.branch_id, v.branch_pos, v.id, 1000, '复核', 'any', 1, 'up', interval '1 day', '', '',
       'open', 1, v.submitted_at, v.due_at
  FROM approvals_revision v JOIN bench_reviews t USING (id)
"""

# Of ten steps five ask a reviewer of head office, two one of the province, two the manager of the branch itself, and
# one somebody by name; or all of them the one person given.
SEATS = """
WITH named AS (SELECT id, name, row_number() OVER (ORDER BY id) - 1 AS nth FROM tenants_person)
INSERT INTO approvals_seat (id, branch_id, branch_pos, step_id, revision_id, role, at_branch_id, person_id,
                            person_name, given_by_name, is_open)
SELECT gen_random_uuid(), s.branch_id, s.branch_pos, s.id, s.revision_id,
       CASE WHEN asked < 7 THEN 'reviewer' WHEN asked < 9 THEN 'branch_manager' ELSE '' END,
       CASE WHEN asked < 5 THEN %(head_office)s
            WHEN asked < 7 THEN (SELECT p.id FROM tenants_branch p WHERE p.level = 'province'
                                    AND s.branch_pos BETWEEN p.pos AND p.pos_end)
            WHEN asked < 9 THEN s.branch_id END,
       CASE WHEN asked = 9 THEN coalesce(%(rare)s::uuid, named.id) END, coalesce(named.name, ''), '', true
  FROM approvals_step s JOIN bench_reviews t ON t.id = s.revision_id
 CROSS JOIN LATERAL (SELECT CASE WHEN %(rare)s::uuid IS NULL THEN t.n %% 10 ELSE 9 END AS asked) kind
  LEFT JOIN named ON asked = 9 AND named.nth = t.n / 10 %% (SELECT count(*) FROM named)
"""


def _describe(scope: Scope, payload: object) -> Description:
    return Description(template="", context={}, lines=[])


def _nothing(scope: Scope, *_given: object) -> None:
    return None


def _freeze(scope: Scope, subject_id: UUID) -> Frozen:
    """Planted reviews have no draft behind them, so nothing of this kind is submitted."""
    raise NotFound


def register_kind() -> None:
    """A kind whose copies cost nothing: what is measured is the review alone."""
    register(_KIND)


_KIND = Kind(
    code=KIND, label="便笺", freeze=_freeze, go_live=_nothing, take_down=_nothing, describe=_describe
)


def plant_people(many: int) -> None:
    """So many who may decide, one at a branch; and a role that may decide and that hardly any seat asks for."""
    verbs = Role.objects.get(code="reviewer").verbs
    Role.objects.get_or_create(
        code="compliance", defaults={"name": "合规", "name_en": "Compliance", "verbs": verbs}
    )
    with connections["owner"].cursor() as cursor:
        since = AT.replace(year=2020)
        cursor.execute(PEOPLE, {"many": many, "since": since, "forever": FOREVER})


def plant_reviews(
    rows: int, head_office: Branch, *, first: int = 0, named_to: UUID | None = None
) -> list[tuple[UUID, str]]:
    """So many open reviews of others, each at its one step; (id, hash) in the order planted.

    `named_to`: every seat is this person's.
    """
    made = list(_reviews(first, rows))
    tables = ("approvals_revision", "approvals_step", "approvals_seat")
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_reviews (n int, id uuid, subject text, title text, payload text,"
                       " sha256 text) ON COMMIT DROP")  # fmt: skip
        with cursor.copy("COPY bench_reviews FROM STDIN") as copy:
            for row in made:
                copy.write_row(row)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        given: dict[str, Any] = {
            "kind": KIND,
            "author": new_id(),
            "at": AT,
            "head_office": head_office.pk,
            "rare": named_to,
        }
        for sql in (REVISIONS, STEPS, SEATS):
            cursor.execute(sql, given)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")
    return [(row[1], row[5]) for row in made]


def _reviews(first: int, rows: int) -> Iterator[tuple[int, UUID, str, str, str, str]]:
    for n in range(first, first + rows):
        subject, title = f"{KIND}:{new_id()}", f"便笺 {n}"
        payload = canonical({"n": n})
        sha256 = hash_of(subject=subject, title=title, payload=payload)
        yield n, new_id(), subject, title, f'{{"n": {n}}}', sha256
