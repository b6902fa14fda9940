"""Many coupons at once: void, or extended. Those of a list's customers, or all of a batch, as long jobs."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import ask_job
from campaigns.lib.both import in_both
from campaigns.rewards.list_lots import Lot
from campaigns.rewards.models import Coupon
from campaigns.rewards.models.grants import BatchFile
from campaigns.rewards.refusals.life import BY_WORD, NotLater, ReasonMissing
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.rewards.services.batch_files import customers_named, note_lot, take_batch_file, work_step
from campaigns.tenants.scopes import Scope

VOID_LIST, VOID_ALL = "rewards.void_list", "rewards.void_all"
EXTEND_LIST, EXTEND_ALL = "rewards.extend_list", "rewards.extend_all"
MAY_VOID, MAY_EXTEND = "rewards.coupon.void", "rewards.coupon.extend"
LOT = 2_000

# (scope, coupon ids, what was asked) -> {place of the coupon (from 1): word} of those refused.
Act = Callable[[Scope, Sequence[UUID], dict[str, Any]], dict[int, str]]


def extend_coupon(*, scope: Scope, coupon_id: UUID, until: datetime, reason: str) -> None:
    """Make a coupon of the scope's branches good for longer: until before `until`.

    One that has expired comes back within `rules.EXTEND_WITHIN` of its end. Raises ReasonMissing, NotFound,
    NotExtendable, NotLater, ExpiredTooLong, BudgetShort and BudgetClosed when what it had reserved is gone.
    """
    scope.demand(MAY_EXTEND)
    if not reason.strip():
        raise ReasonMissing
    if word := _extend(scope, [coupon_id], {"until": until.isoformat(), "reason": reason}).get(1):
        raise BY_WORD[word]


def void_list(*, scope: Scope, batch_id: UUID, file: IO[bytes], name: str, reason: str) -> BatchFile:
    """Have what the customers of a file still hold of the batch made void. Raises ReasonMissing, BatchNotLive,
    FileRefused.
    """
    return take_batch_file(
        scope=scope,
        file=file,
        name=name,
        purpose=BatchFile.Purpose.VOID,
        batch_id=batch_id,
        may=MAY_VOID,
        kind=VOID_LIST,
        reason=reason,
    )


def extend_list(
    *, scope: Scope, batch_id: UUID, file: IO[bytes], name: str, until: datetime, reason: str
) -> BatchFile:
    """Have what the customers of a file hold of the batch extended. Raises NotLater, ReasonMissing, BatchNotLive,
    FileRefused.
    """
    if until <= scope.at:
        raise NotLater
    return take_batch_file(
        scope=scope,
        file=file,
        name=name,
        purpose=BatchFile.Purpose.EXTEND,
        batch_id=batch_id,
        may=MAY_EXTEND,
        kind=EXTEND_LIST,
        reason=reason,
        args={"until": until.isoformat()},
    )


def void_all(*, scope: Scope, batch_id: UUID, reason: str) -> Job:
    """Have every coupon of the batch that is still held in the scope's branches made void. Raises NotFound,
    ReasonMissing.
    """
    return _ask_all(scope, MAY_VOID, VOID_ALL, batch_id, reason)


def extend_all(*, scope: Scope, batch_id: UUID, until: datetime, reason: str) -> Job:
    """Have every coupon of the batch in the scope's branches extended that can be. Raises NotFound, ReasonMissing,
    NotLater.
    """
    if until <= scope.at:
        raise NotLater
    return _ask_all(scope, MAY_EXTEND, EXTEND_ALL, batch_id, reason, until=until.isoformat())


def void_list_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a list."""
    return work_step(scope=scope, job=job, work=_of_list(_void, ["claimed"]), doing=_("voiding coupons"))


def extend_list_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a list."""
    work = _of_list(_extend, ["claimed", "expired"])
    return work_step(scope=scope, job=job, work=work, doing=_("extending coupons"))


def void_all_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a batch's coupons."""
    return _all_step(scope, job, _void, ["claimed"], _("voiding coupons"))


def extend_all_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a batch's coupons."""
    return _all_step(scope, job, _extend, ["claimed", "expired"], _("extending coupons"))


def _ask_all(scope: Scope, may: str, kind: str, batch_id: UUID, reason: str, **more: Any) -> Job:
    scope.demand(may)
    if not reason.strip():
        raise ReasonMissing
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    args = {"batch": str(batch_id), "reason": reason[:200], "comment": reason[:200], **more}
    return ask_job(scope=scope, kind=kind, args=args, title=batch.title)


def _of_list(act: Act, states: list[str]) -> Callable[[Scope, BatchFile, Lot], dict[int, str]]:
    """What is done with the rows of a list: `act` on each coupon in these states that their customers hold."""

    def work(scope: Scope, file: BatchFile, lot: Lot) -> dict[int, str]:
        customers = customers_named(scope=scope, rows=lot.rows)
        held: dict[UUID, list[UUID]] = defaultdict(list)
        found = Coupon.objects.within(scope).filter(
            batch_id=file.batch_id, customer_id__in=[each for each in customers if each], status__in=states
        )
        for coupon_id, customer_id in found.values_list("pk", "customer_id"):
            held[customer_id].append(coupon_id)
        refused: dict[int, str] = {}
        asked: list[tuple[int, UUID]] = []
        for n, named in enumerate(customers):
            # A customer who stands there twice has nothing left for the second row.
            mine = held.pop(named, []) if named else []
            if not mine:
                refused[n] = "no_coupon"
            asked += [(n, coupon_id) for coupon_id in mine]
        no = act(scope, [coupon_id for _n, coupon_id in asked], {"reason": file.reason, **file.args})
        refused |= {asked[place - 1][0]: word for place, word in no.items()}
        note_lot(
            scope=scope, file=file, verb=file.purpose, count=len(asked) - len(no), refused=len(refused),
            reason=file.reason,
        )  # fmt: skip
        return refused

    return work


def _all_step(scope: Scope, job: Job, act: Act, states: list[str], doing: Any) -> Step:
    rows = Coupon.objects.within(scope).filter(batch_id=job.args["batch"], status__in=states)
    total = job.total or rows.count()
    after = UUID(job.cursor["after"]) if job.cursor else UUID(int=0)
    ids = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:LOT])
    refused = act(scope, ids, job.args) if ids else {}
    done, no = job.done + len(ids), job.refused + len(refused)
    if len(ids) < LOT:
        return Step(done, done, refused=no, is_over=True)
    return Step(done, max(total, done), refused=no, cursor={"after": str(ids[-1])}, doing=in_both(doing))


def _void(scope: Scope, ids: Sequence[UUID], args: dict[str, Any]) -> dict[int, str]:
    return _called("SELECT place, word FROM void_coupons(%s::uuid[], %s)", [list(ids), args["reason"][:200]])


def _extend(scope: Scope, ids: Sequence[UUID], args: dict[str, Any]) -> dict[int, str]:
    call = "SELECT place, word FROM extend_coupons(%s::uuid[], %s, %s)"
    return _called(call, [list(ids), datetime.fromisoformat(args["until"]), args["reason"][:200]])


def _called(call: str, values: list[Any]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        return dict(cursor.fetchall())
