"""What a livestream says, as one value: checked, frozen as JSON, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.lib.ids import new_id
from community.livestreams.models import Livestream
from community.livestreams.refusals import LivestreamIsWrong
from community.livestreams.rules import (
    LONGEST,
    MOST_DROPS,
    MOST_HOSTS,
    MOST_LINES,
    MOST_PRODUCTS,
    MOST_QUESTIONS,
)

MOMENTS = ("planned_from", "planned_until", "announce_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Who speaks: one of the bank's people (`person`), or a guest by name and title."""

    name: str
    title: str = ""
    person: UUID | None = None
    is_guest: bool = False
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """From `minute` of the livestream on, for `minutes`; `script` is what is said, word for word."""

    minute: int
    minutes: int
    heading: str
    script: str = ""
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A batch opens at `minute` of the real beginning, or by hand (None), for `minutes`; `words` slide in with it."""

    batch: UUID
    minute: int | None
    minutes: int
    words: str = ""
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`right`: the place of the right option, from 0."""

    question: str
    options: Sequence[str]
    right: int
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivestreamTerms:
    """Everything a livestream says (models/plans.py). Moments are UTC, the end exclusive."""

    title: str
    planned_from: datetime
    planned_until: datetime
    theme: str = ""
    announce_from: datetime | None = None
    replay_days: int = 30
    series_id: UUID | None = None
    channel_id: UUID | None = None
    asset_id: UUID | None = None
    draw_id: UUID | None = None
    handed_down: bool = False
    products: Sequence[UUID] = ()
    materials: Sequence[UUID] = ()
    hosts: Sequence[Host] = ()
    run_sheet: Sequence[SheetLine] = ()
    drops: Sequence[Drop] = ()
    quiz: Sequence[Question] = ()

    def check(self) -> None:
        """Raises LivestreamIsWrong, with what is wrong in words."""
        for is_wrong, zh, en in self._wrongs():
            if is_wrong:
                raise LivestreamIsWrong(why_zh=zh, why_en=en)

    def _wrongs(self) -> Sequence[tuple[bool, str, str]]:
        ends = int((self.planned_until - self.planned_from).total_seconds()) // 60
        counts = (
            (self.hosts, MOST_HOSTS), (self.run_sheet, MOST_LINES), (self.products, MOST_PRODUCTS),
            (self.materials, MOST_PRODUCTS), (self.drops, MOST_DROPS), (self.quiz, MOST_QUESTIONS),
        )  # fmt: skip
        return (
            (not self.title.strip(), "请填写标题。", "give it a title."),
            (self.planned_from >= self.planned_until, "结束时间须晚于开始时间。", "it must end after it begins."),
            (
                self.planned_until - self.planned_from > LONGEST,
                "一场直播最长 12 小时。",
                "a livestream lasts for twelve hours at most.",
            ),
            (
                self.announce_from is not None and self.announce_from > self.planned_from,
                "预告时间不能晚于开始时间。",
                "it is announced before it begins.",
            ),
            (not 0 <= self.replay_days <= 365, "回放最长保留 365 天。", "a replay is kept for 365 days at most."),
            (
                any(len(rows) > most for rows, most in counts),
                "条目过多，请删减。",
                "there are too many rows: leave some out.",
            ),
            (
                any(not host.name.strip() for host in self.hosts),
                "请填写每位主播或嘉宾的姓名。",
                "name each host and guest.",
            ),
            (
                any(not 0 <= line.minute < ends or not 1 <= line.minutes <= ends or not line.heading.strip()
                    for line in self.run_sheet),
                "流程单每一项须有名称，并在直播时长之内。",
                "each line of the run-sheet has a heading, and lies within the livestream.",
            ),
            (
                any(drop.minute is not None and not 0 <= drop.minute < ends for drop in self.drops)
                or any(not 1 <= drop.minutes <= 720 for drop in self.drops),
                "放券时间须在直播时长之内，开放 1 至 720 分钟。",
                "a drop lies within the livestream, and is open for 1 to 720 minutes.",
            ),
            (
                any(not each.question.strip() or not 2 <= len(each.options) <= 6
                    or any(not option.strip() for option in each.options)
                    or not 0 <= each.right < len(each.options) for each in self.quiz),
                "每道题须有题目、2 至 6 个选项和一个正确答案。",
                "each question has its text, two to six options, and one that is right.",
            ),
        )  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """The columns of the draft."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("hosts", "run_sheet", "drops", "quiz"):
            values[name] = [_plain(each) for each in values[name]]
        for name in ("products", "materials"):
            values[name] = list(dict.fromkeys(values[name]))
        return values


_ROWS: Mapping[str, type[Any]] = {"hosts": Host, "run_sheet": SheetLine, "drops": Drop, "quiz": Question}
_IDS = {"id", "person", "batch"}


def terms_of(livestream: Livestream) -> LivestreamTerms:
    """What a draft says."""
    values = {each.name: getattr(livestream, each.name) for each in fields(LivestreamTerms)}
    return LivestreamTerms(**values | {name: _rows(kind, values[name]) for name, kind in _ROWS.items()})


def frozen(terms: LivestreamTerms) -> dict[str, Any]:
    """The terms as JSON."""
    payload = terms.columns()
    for name in MOMENTS:
        payload[name] = payload[name].isoformat() if payload[name] else None
    for name in ("series_id", "channel_id", "asset_id", "draw_id"):
        payload[name] = str(payload[name]) if payload[name] else None
    for name in ("products", "materials"):
        payload[name] = [str(key) for key in payload[name]]
    return payload


def thawed(payload: Mapping[str, Any]) -> LivestreamTerms:
    """What was frozen."""
    values = {each.name: payload[each.name] for each in fields(LivestreamTerms)}
    for name in MOMENTS:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    for name in ("series_id", "channel_id", "asset_id", "draw_id"):
        values[name] = UUID(values[name]) if values[name] else None
    for name in ("products", "materials"):
        values[name] = [UUID(key) for key in values[name]]
    return LivestreamTerms(**values | {name: _rows(kind, values[name]) for name, kind in _ROWS.items()})


def _plain(row: Any) -> dict[str, Any]:
    values = asdict(row)
    for name in _IDS & values.keys():
        values[name] = str(values[name]) if values[name] else None
    if "options" in values:
        values["options"] = list(values["options"])
    return values


def _rows(kind: type[Any], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [
        kind(**{name: UUID(value) if name in _IDS and value else value for name, value in row.items()})
        for row in rows
    ]
