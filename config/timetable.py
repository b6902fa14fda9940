"""Celery beat on the timetable that operators see and change in the admin."""

from typing import Any, NamedTuple

from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config.running.heartbeats import note_alive


class Timetable(DatabaseScheduler):
    """The database's timetable; each turn of its loop is a sign of life."""

    def setup_schedule(self) -> None:
        load_timetable()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        note_alive("beat")
        return super().tick(*args, **kwargs)


class Sweep(NamedTuple):
    """A row of the timetable as delivered; operators may change how often it runs, or switch it off."""

    task: str
    every_minutes: int
    says: str


# A few dozen rows, never one per object: beat reads them all again at each change.
SWEEPS = [
    Sweep("tenants.apply_files", 1, "执行等待中的机构文件 · Apply organisation files that wait"),
    Sweep("approvals.run_bulks", 1, "执行等待中的批量通过 · Carry out bulk approvals that wait"),
    Sweep("access.purge_tries", 60, "清理过期的登录尝试计数 · Delete log-in tries that count no more"),
    Sweep("audit.seal", 10, "封存审计记录，使篡改可被发现 · Seal the audit, so that tampering is found"),
    Sweep("requests.purge", 60, "清理已满 7 天的请求键 · Delete request keys older than 7 days"),
    Sweep(
        "access.sweep_sessions",
        60,
        "登记已超时的会话，删除满 90 天的 · Note sessions that are over, delete those of 90 days ago",
    ),
    Sweep("rewards.expire_due_coupons", 5, "将到期的券标记为已过期 · Mark coupons whose time has passed"),
]


def load_timetable() -> int:
    """Add the sweeps that are missing; rows that operators have changed stay as they are. Returns how many were new."""
    added = 0
    for sweep in SWEEPS:
        if PeriodicTask.objects.filter(name=sweep.task).exists():
            continue
        interval = IntervalSchedule.objects.filter(
            every=sweep.every_minutes, period=IntervalSchedule.MINUTES
        ).first()
        if interval is None:
            interval = IntervalSchedule.objects.create(
                every=sweep.every_minutes, period=IntervalSchedule.MINUTES
            )
        PeriodicTask.objects.create(
            name=sweep.task, task=sweep.task, interval=interval, description=sweep.says
        )
        added += 1
    return added
