"""Celery beat on the timetable that operators see and change in the admin."""

import logging
from time import monotonic
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from campaigns.lib.clock import now
from config.running.heartbeats import note_alive
from config.running.signs import EVERY as SIGNS_EVERY

logger = logging.getLogger(__name__)

# Published once a second, not as rows of the timetable: they only say "look now" to the due rows and the outbox,
# which know by themselves what is due. So one that is lost, doubled or late costs nothing.
TICKS = ("jobs.run_due", "jobs.deliver")
# With so many messages waiting, the workers are behind, and further ticks would only stand before real work. A limit
# and not a message's `expires`, which compares the clocks of two machines.
TICKS_WAIT = 20


class Timetable(DatabaseScheduler):
    """The database's timetable, and the tick of the due rows. Any number of them may run side by side."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._signs, self._ticks, self._sweeps = Every(SIGNS_EVERY), Every(1.0), Every(0.0)
        self._is_cut_off = False
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        load_timetable()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One turn of beat's loop; returns how many seconds to sleep. The database is asked no more often than the
        timetable itself wants, which is every five seconds; the clock is the one that nobody sets.
        """
        if self._signs.is_due():
            note_alive("beat")
        if self._ticks.is_due():
            self.publish_ticks()
        if self._sweeps.is_due():
            self._sweeps.seconds = self._tick_of_the_timetable(*args, **kwargs)
            self._sweeps.begin()
        return min(self._ticks.left(), self._sweeps.left())

    def publish_ticks(self) -> int:
        """Publish what the due rows and the outbox wait for; returns how many. A broker that is away is noted once."""
        try:
            with self.app.producer_pool.acquire(block=True, timeout=1) as producer:
                asked = 0
                for name in filter(self.app.tasks.__contains__, TICKS):
                    queue = self.app.amqp.router.route({}, name)["queue"].name
                    if producer.channel.client.llen(queue) < TICKS_WAIT:
                        self.app.send_task(name, producer=producer, retry=False, ignore_result=True)
                        asked += 1
        except (KombuError, RedisError, OSError) as failed:
            if not self._is_cut_off:
                logger.warning("beat cannot reach the broker: %s", failed)
            self._is_cut_off = True
            return 0
        if self._is_cut_off:
            logger.warning("beat reaches the broker again")
        self._is_cut_off = False
        return asked

    def _ensure_connected(self) -> Any:
        """The sweeps' own connection; asked for again every second at least, however long the broker is away."""
        return self.connection.ensure_connection(interval_start=0.2, interval_step=0.2, interval_max=1)

    def _tick_of_the_timetable(self, *args: Any, **kwargs: Any) -> float:
        """Send the sweeps that are due. Without a database none is known: that is found elsewhere, and passes."""
        try:
            self._forget_the_future()
            return float(super().tick(*args, **kwargs))
        except (DatabaseError, InterfaceError) as failed:
            logger.warning("beat cannot read the timetable: %s", failed)
            return 1.0

    def _forget_the_future(self) -> None:
        """A clock that was set back leaves sweeps that ran later than now: they would stand still until then."""
        entries: dict[str, Any] = self._schedule or {}
        ahead = [entry for entry in entries.values() if entry.model.last_run_at > now()]
        for entry in ahead:
            entry.model.last_run_at, entry.model.no_changes = now(), True
            self._dirty.add(entry.name)
        if ahead:
            self.sync()
            self._schedule: Any = self.all_as_schedule()
            self._heap = None


class Every:
    """Says when so many seconds have passed, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._next = 0.0

    def is_due(self) -> bool:
        """Have they passed? Then they begin anew."""
        if self.left() > 0:
            return False
        self.begin()
        return True

    def begin(self) -> None:
        self._next = monotonic() + self.seconds

    def left(self) -> float:
        return max(0.0, self._next - monotonic())


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
    Sweep(
        "jobs.watch", 1, "查看运行状况，超限时告警 · Look at how the installation runs, open and close alerts"
    ),
    Sweep("tenants.apply_files", 1, "执行等待中的机构文件 · Apply organisation files that wait"),
    Sweep("jobs.run_long", 1, "执行等待中的长任务 · Carry out long jobs that wait"),
    Sweep("access.purge_tries", 60, "清理过期的登录尝试计数 · Delete log-in tries that count no more"),
    Sweep("audit.seal", 10, "封存审计记录，使篡改可被发现 · Seal the audit, so that tampering is found"),
    Sweep("requests.purge", 60, "清理已满 7 天的请求键 · Delete request keys older than 7 days"),
    Sweep(
        "access.sweep_sessions",
        60,
        "登记已超时的会话，删除满 90 天的 · Note sessions that are over, delete those of 90 days ago",
    ),
    Sweep(
        "notices.sweep",
        1440,
        "清理站内消息：已读满 90 天，或满 1 年 · Delete notices read 90 days ago, or a year old",
    ),
    Sweep(
        "jobs.empty_bodies",
        60,
        "清空已完成 7 天的外发消息正文 · Empty the bodies of messages that were over 7 days ago",
    ),
    Sweep(
        "events.take_drops", 1, "接收投递文件夹中的事件文件 · Take the files of events that lie in the folder"
    ),
    Sweep("events.forget_nonces", 10, "清理行内系统调用的过期 nonce · Delete nonces of calls long past"),
    Sweep(
        "events.keep_months",
        0,
        "删除过保存期的事件，建好以后 3 个月的分区 · Delete events kept long enough, make 3 months ahead",
        nightly="4:10",
    ),
    Sweep(
        "events.check_places",
        0,
        "核对事件所属机构的位置 · Compare where events stand with where their branches stand",
        nightly="4:40",
    ),
    Sweep("outreach.send_due", 1, "发送到时的客户消息 · Send messages to customers whose time has come"),
    Sweep("rewards.expire_due_coupons", 5, "将到期的券标记为已过期 · Mark coupons whose time has passed"),
    Sweep("rewards.tell_low_shares", 5, "提醒机构额度即将用完 · Tell of branches whose share is nearly gone"),
    Sweep(
        "rewards.settle_budgets",
        60,
        "释放核销金额低于券面而多占的预算 · Free what redemptions were worth less than their coupons",
    ),
    Sweep(
        "rewards.grant_for_events", 1, "按行内系统的事件发券 · Grant coupons for events of the bank's systems"
    ),
    Sweep(
        "rewards.write_refusals",
        1,
        "汇总领取、发放与核销被拒绝的次数 · Write down how often each refusal was said",
    ),
    Sweep(
        "rewards.close_days",
        10,
        "日终对账：核对各机构已结束而未对账的日子 · Close days that are over, also those missed",
    ),
    Sweep(
        "points.sweep_points",
        5,
        "积分生效、过期与冻结到期记账 · Write down points that came into force or lapsed, and holds that are over",
    ),
    Sweep(
        "points.close_ledgers",
        10,
        "积分对账：核对已结束而未对账的日与月 · Close days and months of the points ledger that are over",
    ),
    Sweep(
        "points.earn_for_events",
        1,
        "按积分规则为客户事件记积分 · Give points by rules for what customers did",
    ),
    Sweep(
        "points.sweep_orders",
        1,
        "积分商城订单到账与超时取消 · Settle orders of the points mall, call off what is not paid",
    ),
    Sweep(
        "community.pay_due_goals",
        1,
        "社群打卡达到目标后发放积分 · Give the points of groups that reached their goal",
    ),
    Sweep(
        "content.forget_stirs",
        10,
        "清理首页缓存的变更记录 · Forget changes that prepared home pages were told of",
    ),
    Sweep(
        "community.send_posts",
        1,
        "社群群发：排定、到点交给群主、催办 · Lay posts of groups, hand out what is due, remind owners",
    ),
    Sweep(
        "points.reveal_draws",
        1,
        "公布已结束抽奖的随机种子 · Show the seeds of draws that are over",
    ),
    Sweep(
        "points.rate_due_tiers",
        1,
        "积分入账后评定会员等级 · Judge the tiers of customers whose points changed",
    ),
    Sweep(
        "points.rate_all_tiers",
        0,
        "每晚评定全部会员等级：保级、通知、降级 · Judge all tiers: kept, told of a fall, fallen",
        nightly="0:40",
    ),
    Sweep(
        "rewards.warn_of_codes",
        10,
        "第三方券码余量不足提醒 · Tell of batches with few third-party codes left",
    ),
    # content: assets
    Sweep("content.render", 1, "生成素材的其余尺寸与格式 · Make the renditions of assets that wait"),
    Sweep(
        "content.purge_assets",
        0,
        "删除移除满 30 天且未曾送审的素材 · Delete assets removed 30 days ago that no review showed",
        nightly="2:20",
    ),
    Sweep(
        "approvals.keep_times",
        10,
        "补排缺失的上线、下线与升级任务 · Lay what is missing of going live, ending and going up",
    ),
    Sweep(
        "jobs.materialise",
        0,
        "把周期任务排到 60 天以后 · Lay what recurs 60 days ahead",
        nightly="1:10",
    ),
    Sweep(
        "customers.come_of_age",
        0,
        "登记已满十八周岁的客户 · Note customers who have come of age",
        nightly="0:20",
    ),
    Sweep(
        "customers.let_go",
        0,
        "清除已过保存期限的客户痕迹 · Let go of customers' traces whose period is over",
        nightly="3:50",
    ),
    Sweep(
        "jobs.purge_due",
        0,
        "删除结束满 90 天的到期任务 · Delete due tasks that ended 90 days ago",
        nightly="3:30",
    ),
    Sweep(
        "customers.end_expired_tags", 5, "结束已过有效期的客户标签 · End customers' tags whose days are over"
    ),
    Sweep(
        "customers.recompute_tags",
        0,
        "重算生命周期、RFM 与规则标签 · Compute stages, scores and tags by rule",
        nightly="4:10",
    ),
    Sweep(
        "approvals.verify",
        0,
        "核对线上内容与批准的是否一致 · Compare what is served with what was approved",
        nightly="2:40",
    ),
    # community: groups
    Sweep(
        "community.sync_groups",
        1,
        "从企业微信获取有变化的社群 · Fetch the groups of WeCom that changed",
    ),
    Sweep(
        "community.ask_results",
        5,
        "向企业微信查询群发结果 · Ask WeCom what became of posts into groups",
    ),
    Sweep(
        "community.ask_sync",
        0,
        "每晚与企业微信全量同步社群 · Synchronise all groups with WeCom each night",
        nightly="1:50",
    ),
    Sweep(
        "community.make_join_ways", 1, "为活码生成企业微信入群二维码 · Have WeCom draw the QRs of entry codes"
    ),
    Sweep(
        "community.tell_full_codes",
        10,
        "提醒活码的最后一个群即将满员 · Tell of entry codes that are nearly full",
    ),
    Sweep(
        "community.judge_groups",
        0,
        "每晚评估社群健康 · Look at how every group is doing",
        nightly="4:50",
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


# Tasks that are no more: a row of theirs would be published to nobody.
GONE = ["approvals.run_bulks"]


def load_timetable() -> int:
    """Add the sweeps that are missing; rows that operators have changed stay as they are. Returns how many were new."""
    PeriodicTask.objects.filter(task__in=GONE).delete()
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
