"""What is done with each row of a loaded list: coupons granted to many."""

from collections import Counter
from typing import IO, Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.lib.refs import ref
from campaigns.rewards.codes import fresh_coupons
from campaigns.rewards.list_lots import Lot
from campaigns.rewards.models.grants import BatchFile
from campaigns.rewards.refusals.counted import count
from campaigns.rewards.refusals.life import LIFE_BY_WORD
from campaigns.rewards.services.batch_files import customers_named, note_lot, take_batch_file, work_step
from campaigns.rewards.services.grants import MAY, grant_lot
from campaigns.tenants.scopes import Scope

GRANT = "rewards.grant_list"


def grant_list(*, scope: Scope, batch_id: UUID, file: IO[bytes], name: str, reason: str) -> BatchFile:
    """Have every customer of a file (CSV or XLSX, a customer number or id a row) granted a coupon, as a long job.

    What `grant_coupon` refuses is refused row by row. Raises ReasonMissing, BatchNotLive, FileRefused.
    """
    return take_batch_file(
        scope=scope,
        file=file,
        name=name,
        purpose=BatchFile.Purpose.GRANT,
        batch_id=batch_id,
        may=MAY,
        kind=GRANT,
        reason=reason,
    )


def grant_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a list: coupons, stock, history, events and how far it went, together or not at all."""
    return work_step(scope=scope, job=job, work=_grant, doing=_("granting coupons"), beforehand=fresh_coupons)


def _grant(scope: Scope, file: BatchFile, lot: Lot) -> dict[int, str]:
    customers = customers_named(scope=scope, rows=lot.rows)
    cause: Any = ref("jobs.job", file.job_id) if file.job_id else ""
    made = grant_lot(
        scope=scope,
        batch_id=file.batch_id,
        customer_ids=customers,
        reason=file.reason,
        cause=cause,
        fresh=lot.fresh,
    )
    note_lot(
        scope=scope,
        file=file,
        verb="grant",
        count=len(lot.rows) - len(made.refused),
        refused=len(made.refused),
        reason=file.reason,
    )
    for word, number in Counter(made.refused.values()).items():
        count("grant", file.batch_id, LIFE_BY_WORD[word].code, at=scope.at, number=number)
    return {place - 1: word for place, word in made.refused.items()}
