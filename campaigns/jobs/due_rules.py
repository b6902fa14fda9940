"""When a due row is tried again, what a handler may answer, and why one is given up. Pure."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.jobs.recurring_rules import moment_of, zone_of
from campaigns.lib.refusals import Refusal

# A worker that dies between claiming and beginning is replaced after this long. What is under way holds its rows by a
# lock of the database, so no lease need cover the work itself.
LEASE = timedelta(seconds=5)
# A worker that is stopped in its tracks (SIGSTOP) holds those locks until the server ends its session; in ms.
IDLE_AT_MOST_MS = 5000
# From so many lost leases on a row is carried out alone, and from so many it is given up: it kills its workers.
SUSPECT_FROM, GIVEN_UP_FROM = 2, 20
GRACE = timedelta(minutes=5)
# How long what is over is kept.
KEPT = timedelta(days=90)


class BackOff:
    """How long to wait after the n-th failure: doubling from `first` to `most`, up to a quarter more by the row's id.

    The quarter spreads rows that failed together, and is the same whenever it is asked.
    """

    def __init__(self, first: timedelta = timedelta(seconds=5), most: timedelta = timedelta(hours=1)) -> None:
        self.first, self.most = first, most

    def after(self, tries: int, row: UUID) -> timedelta:
        """The wait after `tries` failures (1 or more)."""
        wait: timedelta = min(self.first * 2 ** min(tries - 1, 20), self.most)
        digest = hashlib.blake2b(row.bytes + tries.to_bytes(4, "big"), digest_size=2).digest()
        return wait * (1 + int.from_bytes(digest, "big") / 65536 / 4)


class NotYet(Exception):
    """Raised by what carries a row out: not now, ask again after `wait`. Counts as no failure."""

    def __init__(self, wait: timedelta = timedelta(seconds=1), why: Refusal | None = None) -> None:
        self.wait, self.why = wait, why
        super().__init__(str(wait))


class GiveUp(Exception):
    """Raised by what carries a row out: it is of no use to try this again, and `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


class ItFailed(Refusal):
    """An error of ours, not a "no": the log has it in full."""

    code = "jobs.due.failed"
    status = 409
    zh = "执行时出现程序错误（{error}），详情见运行日志。可在问题排除后再次执行。"
    en = "A program error stopped it ({error}); the log has it in full. Run it again when the cause is removed."


class NobodyCarriesItOut(Refusal):
    code = "jobs.due.unknown_kind"
    status = 409
    zh = "没有程序负责执行“{kind}”：可能是系统升级前后的遗留任务。"
    en = "Nothing here carries out “{kind}”: it may come from another release of the system."


class KillsItsWorkers(Refusal):
    code = "jobs.due.kills_its_workers"
    status = 409
    zh = "执行它的进程已中断 {lost} 次，不再重试。请联系技术人员查看运行日志。"
    en = "{lost} workers died while carrying it out, and no other shall. Ask a technician to read the log."


class TooLate(Refusal):
    code = "jobs.due.too_late"
    status = 409
    zh = "已超过允许延迟的时间，按规则跳过。"
    en = "It was later than its rule allows, and was skipped."


class LaterOneStands(Refusal):
    code = "jobs.due.later_one_stands"
    status = 409
    zh = "错过的多次中只补最近一次，这一次跳过。"
    en = "Of several that were missed the last one is carried out; this one was skipped."


class IsNotDead(Refusal):
    code = "jobs.due.not_dead"
    status = 409
    zh = "只有已放弃的任务可以再次执行；这一项的状态是“{state}”。"
    en = "Only what was given up can be run again; this one is “{state}”."


class IsOver(Refusal):
    code = "jobs.due.is_over"
    status = 409
    zh = "这一项已经结束（{state}），无法取消。"
    en = "This one is over ({state}) and cannot be cancelled."


class WhenIsIt(Refusal):
    code = "jobs.due.when"
    status = 400
    zh = "请给出时刻或当地时间，二者选一。"
    en = "Give either a moment or a local time."


def words_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a row keeps it."""
    return {"code": refusal.code, "zh": refusal.detail("zh"), "en": refusal.detail("en")}


def both_times(*, at: datetime | None, local: datetime | None, zone: str) -> tuple[datetime, datetime]:
    """The moment (UTC) and the wall clock's time of something given as one of them. Raises WhenIsIt."""
    if (at is None) == (local is None):
        raise WhenIsIt
    if at is not None:
        return at.astimezone(UTC), at.astimezone(zone_of(zone)).replace(tzinfo=None, microsecond=0)
    assert local is not None
    return moment_of(local, zone), local


Clock = Callable[[], datetime]
