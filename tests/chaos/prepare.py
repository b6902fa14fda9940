"""Readies the demo bank for the kills: a table to count effects in, and a batch that many may claim.

`python -m tests.chaos.prepare` prints the batch's id.
"""

import os

import django

TABLE = """
CREATE TABLE IF NOT EXISTS chaos_effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text, key text,
    run_at timestamptz, at timestamptz DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON chaos_effect TO fenhang_app
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
    django.setup()
    from datetime import timedelta

    from django.db import connections

    from campaigns.approvals.services.reviews import approve_revision
    from campaigns.lib.clock import now
    from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
    from campaigns.rewards.services.stock import allot_stock
    from campaigns.tenants.models import Assignment, Branch, Login
    from campaigns.tenants.scopes import staff_scope, system_scope

    with connections["owner"].cursor() as cursor:
        cursor.execute(TABLE)
    at = now()

    def acting(name: str) -> dict[str, object]:
        login = Login.objects.get(username=name)
        with system_scope(at=at, cause="chaos"):
            held = Assignment.objects.get(person_id=login.person_id)
        return {"login_id": login.pk, "assignment_id": held.pk, "at": now(), "cause": "chaos"}

    with staff_scope(**acting("rewards")) as scope:  # type: ignore[arg-type]
        terms = BatchTerms(title="压力测试券", threshold_fen=100_00, off_fen=10, claim_from=at - timedelta(hours=1),
                           claim_until=at + timedelta(days=9), usable_days=30, quota=90_000, handed_down=True,
                           per_customer_limit=30_000)  # fmt: skip
        batch = add_batch(scope=scope, terms=terms)
        xihu = Branch.objects.get(code="ZJ0101")
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=xihu.pk, quantity=90_000)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with staff_scope(**acting("reviewer")) as scope:  # type: ignore[arg-type]
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    print(batch.pk)


if __name__ == "__main__":
    main()
