"""Celery beat on the timetable that operators see and change in the admin."""

from typing import Any, NamedTuple

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
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
    """A row of the timetable as delivered; operators may change how often it runs, or switch it off.

    `nightly`: "2:40" instead of an interval, in the installation's zone; "3:30 sun" once a week.
    """

    task: str
    every_minutes: float
    says: str
    nightly: str = ""


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
    Sweep(
        "approvals.escalate", 5, "把超时的审核步骤升级到上级机构 · Escalate steps of reviews that are late"
    ),
    Sweep(
        "notices.sweep",
        1440,
        "清理站内消息：已读满 90 天，或满 1 年 · Delete notices read 90 days ago, or a year old",
    ),
    Sweep("rewards.expire_due_coupons", 5, "将到期的券标记为已过期 · Mark coupons whose time has passed"),
    Sweep(
        "approvals.keep_times",
        0.25,
        "到点上线，到期下线 · Put live what waited for its time, end what is over",
    ),
    Sweep(
        "approvals.verify",
        0,
        "核对线上内容与批准的是否一致 · Compare what is served with what was approved",
        nightly="2:40",
    ),
    Sweep(
        "backup.make",
        0,
        "每晚备份到 BACKUP_FOLDER（未设置则不备份） · Back up into BACKUP_FOLDER each night; off without one",
        nightly="1:30",
    ),
    Sweep(
        "backup.drill",
        0,
        "每周演练恢复最新的备份 · Prove the newest backup by restoring it elsewhere, once a week",
        nightly="3:30 sun",
    ),
]


def load_timetable() -> int:
    """Add the sweeps that are missing; rows that operators have changed stay as they are. Returns how many were new."""
    added = 0
    for sweep in SWEEPS:
        if PeriodicTask.objects.filter(name=sweep.task).exists():
            continue
        PeriodicTask.objects.create(name=sweep.task, task=sweep.task, description=sweep.says, **_when(sweep))
        added += 1
    return added


def _when(sweep: Sweep) -> dict[str, Any]:
    """The schedule's row, shared by sweeps that run alike."""
    if sweep.nightly:
        time, _, day = sweep.nightly.partition(" ")
        hour, minute = time.split(":")
        at = {"hour": hour, "minute": minute, "timezone": settings.TIME_ZONE, "day_of_week": day or "*"}
        found = CrontabSchedule.objects.filter(**at, day_of_month="*", month_of_year="*").first()
        return {"crontab": found or CrontabSchedule.objects.create(**at)}
    in_minutes = sweep.every_minutes >= 1
    every = {
        "every": int(sweep.every_minutes if in_minutes else sweep.every_minutes * 60),
        "period": IntervalSchedule.MINUTES if in_minutes else IntervalSchedule.SECONDS,
    }
    return {
        "interval": IntervalSchedule.objects.filter(**every).first()
        or IntervalSchedule.objects.create(**every)
    }
