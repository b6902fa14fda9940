"""Livestreams of the demo bank: two that are over, a week apart, one tonight, one in three days, and a draft."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from campaigns.customers.scopes import customer_scope
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.rewards.services.stock import allot_stock
from community.livestreams.selectors import hosts_offered, products_offered
from community.livestreams.services import showings
from community.livestreams.services.channels import add_channel, add_series
from community.livestreams.services.livestreams import add_livestream, submit_livestream
from community.livestreams.services.viewers import answer_quiz, like_livestream, say_on_livestream
from community.livestreams.services.watching import Beat, watch_all
from community.livestreams.terms import Drop, Host, LivestreamTerms, Question, SheetLine
from config.demo import pictures
from content.services.assets import add_asset

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any
    from uuid import UUID

    from campaigns.tenants.scopes import Scope
    from community.livestreams.models import Livestream
    from config.demo.story import DemoBank

_MINUTE = timedelta(minutes=1)
_SHEET = [
    SheetLine(
        minute=0,
        minutes=5,
        heading="开场",
        script="各位客户大家好，欢迎来到行长直播间，今天聊聊养老金怎么领。",
    ),
    SheetLine(
        minute=5,
        minutes=15,
        heading="个人养老金怎么领",
        script="每年 12 月 31 日前缴存，可以享受当年的税收优惠。",
    ),
    SheetLine(
        minute=20,
        minutes=15,
        heading="产品介绍",
        script="理财非存款、产品有风险、投资须谨慎。请先完成风险评估。",
    ),
    SheetLine(
        minute=35, minutes=10, heading="答疑与放券", script="券在本直播间发放，领到后三十天内到网点使用。"
    ),
]
_SAID = ("讲得很清楚", "十二月底前都可以缴吗", "西湖支行几点开门", "谢谢行长", "券领到了")
_QUESTION = Question(
    question="个人养老金每年最高缴存多少？", options=["6,000 元", "12,000 元", "24,000 元"], right=1
)


def hold_livestreams(demo: DemoBank) -> None:
    """Made by the community operator of head office, approved by the reviewer, watched by customers."""
    batch = _issue(demo)
    with demo.act("editor", days_ago=10) as scope:
        cover = add_asset(
            scope=scope,
            raw=pictures.spring((1280, 720)),
            name="行长直播间封面",
            alt="晨光里的山丘",
            tags=["直播"],
        )
    with demo.act("community", days_ago=10) as scope:
        channel = add_channel(
            scope=scope, name="总行直播间", platform="hls", url="https://live.bank.example/ho/index.m3u8"
        )
        add_channel(scope=scope, name="总行视频号", platform="channels", account="sphFenhang2026")
        series = add_series(scope=scope, title="行长直播间", channel_id=channel.pk, weekdays=[1])
        host = next(each for each in hosts_offered(scope=scope) if each.name == "徐行")
        shown = {
            "series_id": series.pk, "asset_id": cover.pk, "channel_id": channel.pk, "run_sheet": _SHEET,
            "hosts": [
                Host(name=host.name, title="西湖支行行长", person=host.pk),
                Host(name="方教授", title="养老金研究者", is_guest=True),
            ],
            "products": [key for key, _title in products_offered(scope=scope)[:1]],
            "quiz": [_QUESTION], "handed_down": True,
        }  # fmt: skip
    drops = [
        Drop(batch=batch, minute=10, minutes=15, words="第一波：满减券来了"),
        Drop(batch=batch, minute=None, minutes=10, words="答对的朋友，手慢无"),
    ]
    yesterday = (demo.at - timedelta(days=1)).replace(hour=11, minute=30, second=0, microsecond=0)
    for begins, title, most in (
        (yesterday - timedelta(days=7), "行长直播间：岁末怎么存", 3),
        (yesterday, "行长直播间：养老金怎么领", 5),
    ):
        stream = _approved(demo, title, begins, at=begins - timedelta(hours=6), drops=drops, **shown)
        _hold(demo, stream, batch, begins, most)
    tonight = demo.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=6)
    soon = demo.at - timedelta(hours=2)
    _approved(demo, "行长直播间：年终奖怎么打理", tonight, at=soon, drops=drops, **shown)
    later = (demo.at + timedelta(days=3)).replace(hour=11, minute=30, second=0, microsecond=0)
    _approved(demo, "行长直播间：给孩子的第一份存款", later, at=soon, drops=drops, **shown)
    with demo.act("community", days_ago=0.05) as scope:
        add_livestream(
            scope=scope,
            terms=LivestreamTerms(
                title="行长直播间：春节用卡提示", planned_from=later + timedelta(days=7),
                planned_until=later + timedelta(days=7, hours=1), series_id=series.pk, handed_down=True,
            ),
        )  # fmt: skip


def _issue(demo: DemoBank) -> UUID:
    """A batch that can be claimed while a livestream drops it."""
    with demo.act("rewards", days_ago=9.4) as scope:
        batch = add_batch(
            scope=scope,
            terms=BatchTerms(
                title="直播间专享券", threshold_fen=100_00, off_fen=15_00, claim_from=demo.days_ago(9.3),
                claim_until=demo.days_ago(-30), usable_days=30, quota=600, handed_down=True, by_release=True,
                per_customer_limit=3,
            ),
        )  # fmt: skip
        for code in demo.customers:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=demo.branches[code].pk, quantity=30)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    demo.approve("reviewer", revision, days_ago=9.35)
    return batch.pk


def _at(demo: DemoBank, name: str, moment: datetime) -> AbstractContextManager[Scope]:
    return demo.act(name, days_ago=(demo.at - moment) / timedelta(days=1))


def _approved(demo: DemoBank, title: str, begins: datetime, *, at: datetime, **more: Any) -> Livestream:
    with _at(demo, "community", at) as scope:
        terms = LivestreamTerms(
            title=title, theme="个人养老金、岁末存款", planned_from=begins,
            planned_until=begins + timedelta(minutes=45), **more,
        )  # fmt: skip
        draft = add_livestream(scope=scope, terms=terms)
        revision = submit_livestream(scope=scope, livestream_id=draft.pk)
    demo.approve("reviewer", revision, days_ago=(demo.at - at - 10 * _MINUTE) / timedelta(days=1))
    return draft


def _hold(demo: DemoBank, stream: Livestream, batch: UUID, begins: datetime, most: int) -> None:
    """It runs: customers come and go, say something, answer, like, and claim what is dropped."""
    with _at(demo, "community", begins + _MINUTE) as scope:
        showings.start_livestream(scope=scope, livestream_id=stream.pk)
    began = begins + _MINUTE
    viewers = [key for customers in demo.customers.values() for key in customers[:most]]
    for minute in range(45):
        here = [
            key
            for nth, key in enumerate(viewers)
            # Each comes and goes at a minute of their own.
            if nth * 7 % 13 <= minute < 45 - nth * 5 % 31
        ]
        if here:
            watch_all(
                beats=[Beat(key, stream.pk, began + minute * _MINUTE + _MINUTE / 2, 45, 0) for key in here]
            )
    for nth, key in enumerate(viewers[::4]):
        at = began + (11 + nth % 8) * _MINUTE
        with customer_scope(customer_id=key, at=at, cause="load_demo") as scope:
            claim_coupon(scope=scope, batch_id=batch)
            like_livestream(scope=scope, livestream_id=stream.pk, many=3 + nth % 5)
        if nth % 3 == 0:
            with customer_scope(customer_id=key, at=at + _MINUTE, cause="load_demo") as scope:
                say_on_livestream(scope=scope, livestream_id=stream.pk, text=_SAID[nth // 3 % len(_SAID)])
                answer_quiz(
                    scope=scope, livestream_id=stream.pk, question_id=_QUESTION.id, option=1 if nth % 2 else 2
                )
    with _at(demo, "community", began + 46 * _MINUTE) as scope:
        showings.end_livestream(scope=scope, livestream_id=stream.pk)
        while showings.note_left(scope=scope, livestream_id=stream.pk):
            pass
    with _at(demo, "community", began + 60 * _MINUTE) as scope:
        showings.replay_livestream(scope=scope, livestream_id=stream.pk)
