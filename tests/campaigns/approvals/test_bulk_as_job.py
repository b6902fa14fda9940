"""Bulk approvals of before became long jobs: what was done, refused and left stands as it was."""

import json

from django.db import connections, transaction

from campaigns.approvals.sql_bulk_as_job import MOVE
from campaigns.jobs.services.long import resume_job
from campaigns.lib.ids import new_id
from tests.campaigns.approvals.test_bulk import posters, signed
from tests.support.cast import AT, Cast
from tests.support.jobs import log_of, now_is, outcomes, run

# As 0009_bulk made them, without what guarded them.
OLD = """
CREATE TABLE approvals_bulk (id uuid, branch_id int, branch_pos int, person_id uuid, person_name varchar(60),
    opened_as jsonb, comment text, state varchar(8), total int, done int, approved int, attempt uuid,
    lease_until timestamptz, why_not jsonb, at timestamptz, ended_at timestamptz);
CREATE TABLE approvals_bulkitem (id uuid, branch_id int, branch_pos int, bulk_id uuid, revision_id uuid, number int,
    sha256 varchar(64), title varchar(200), outcome varchar(8), code varchar(80), words jsonb, at timestamptz);
"""


def test_a_stopped_bulk_approval_of_before_can_be_resumed_as_a_long_job(committed_cast: Cast) -> None:
    cast, bulk = committed_cast, new_id()
    player, branch = cast.north_reviewer, cast.branch["N"]
    revisions = posters(cast.north_editor, 3)
    with player.scope() as scope:
        carried = json.dumps({"kind": "staff", "carry": scope.carry})
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(OLD)
        cursor.execute(
            "INSERT INTO approvals_bulk VALUES (%s, %s, %s, %s, '王敏', %s, '逐项看过', 'stopped', 3, 1, 0, NULL, NULL,"
            """ '{"zh": "没有岗位", "en": "no assignment"}', %s, %s)""",
            [bulk, branch.pk, branch.pos, player.person.pk, carried, AT, AT],
        )
        for number, revision in enumerate(revisions, start=1):
            first = number == 1
            cursor.execute(
                "INSERT INTO approvals_bulkitem VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    new_id(), branch.pk, branch.pos, bulk, revision.pk, number, revision.sha256, revision.title,
                    "refused" if first else "waiting", "approvals.bulk.item_failed" if first else "",
                    '{"zh": "出错", "en": "failed"}' if first else "{}", AT if first else None,
                ],
            )  # fmt: skip
        cursor.execute(MOVE)
        cursor.execute("DROP TABLE approvals_bulk, approvals_bulkitem")
    connections["owner"].close()
    with player.scope() as scope:
        job = resume_job(scope=scope, job_id=bulk)
        assert (job.done, job.refused, job.total) == (1, 1, 3)
    assert log_of(job)[0] == "王敏发起了这项任务。"
    assert run()
    assert (now_is(job).state, now_is(job).done, now_is(job).refused) == ("done", 3, 1)
    assert outcomes(job) == [("refused", "jobs.item.failed"), ("done", ""), ("done", "")]
    assert sum(signed(revisions).values()) == 2
