"""What a check-in programme says, as one value: checked, frozen as JSON, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from campaigns.points.models import Ends
from community.checkins.models import Looked, Programme, Proof
from community.checkins.refusals import ProgrammeUnclear

MOST_DAYS = 400
MOST_QUESTIONS = 100
MOST_GROUPS = 200
# Points of one check-in or streak: a slip of the hand is no liability.
_MOST_POINTS = 100_000
_MOST_CAP = 2_000_000_000
# Cannot be shown afterwards: was there, heard the code.
_OF_THE_DAY = (Proof.CODE, Proof.POSITION)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeTerms:
    """Everything a programme says (`models.Programmes`). Days are inclusive; points whole; positions millionths of a
    degree. `questions`: [{"text", "options": [two to six], "right": place from 0}], asked in turn day by day.
    """

    title: str
    text: str = ""
    kinds: Sequence[str] = ()
    group_ids: Sequence[UUID] = ()
    handed_down: bool = False
    first_day: date
    last_day: date
    weekdays: Sequence[int] = (1, 2, 3, 4, 5, 6, 7)
    proof: str = Proof.NONE
    questions: Sequence[Mapping[str, Any]] = ()
    place: str = ""
    lat: int | None = None
    lon: int | None = None
    metres: int | None = None
    looked: str = Looked.AFTER
    makeup_most: int = 0
    makeup_days: int = 0
    makeup_cost: int = 0
    points: int = 0
    streak_days: int = 0
    streak_points: int = 0
    goal_count: int = 0
    goal_points: int = 0
    points_cap: int | None = None
    months: int | None = 12
    ends: str = Ends.YEAR

    def check(self) -> None:
        """Raises ProgrammeUnclear, with what is wrong."""
        for wrong, zh, en in self._rules():
            if wrong:
                raise ProgrammeUnclear(why_zh=zh, why_en=en)

    def _rules(self) -> list[tuple[bool, str, str]]:
        is_placed = (
            bool(self.place.strip())
            and self.lat is not None
            and self.lon is not None
            and -90_000_000 <= self.lat <= 90_000_000
            and -180_000_000 <= self.lon <= 180_000_000
            and self.metres is not None
            and 50 <= self.metres <= 20_000
        )
        numbers = (self.points, self.streak_points, self.goal_points, self.makeup_cost)
        return [
            (not self.title.strip(), "请填写标题", "give it a title"),
            (
                not 0 <= (self.last_day - self.first_day).days < MOST_DAYS,
                f"结束日期不能早于开始日期，最长 {MOST_DAYS} 天",
                f"the last day lies at or after the first, within {MOST_DAYS} days",
            ),
            (
                not self.weekdays
                or len(set(self.weekdays)) != len(self.weekdays)
                or any(day not in range(1, 8) for day in self.weekdays),
                "请至少选择一个计入的星期",
                "choose at least one day of the week",
            ),
            (self.proof not in Proof.values, "请选择打卡凭证", "choose what is asked"),
            (self.looked not in Looked.values, "请选择审核方式", "say when it is looked at"),
            (
                self.proof == Proof.QUIZ and not _are_questions(self.questions),
                f"每行一题：题目 | 选项A | *正确选项 | 选项C（2–6 个选项，最多 {MOST_QUESTIONS} 题）",
                f"a line for each question: text | option | *right option (2 to 6 options, {MOST_QUESTIONS} lines)",
            ),
            (
                self.proof == Proof.POSITION and not is_placed,
                "按位置打卡需填写地点、经纬度与 50–20,000 米的范围",
                "a position needs a place, latitude and longitude, and 50 to 20,000 metres",
            ),
            (
                self.proof in _OF_THE_DAY and self.makeup_most > 0,
                "口令与位置当天有效，不能补签：请把补签次数设为 0",
                "a spoken code or a position cannot be made up for: set make-ups to 0",
            ),
            (
                self.makeup_most > 0 and not 1 <= self.makeup_days <= 60,
                "请填写可补签最近 1–60 天",
                "say how many days back can be made up for, 1 to 60",
            ),
            (
                any(not 0 <= each <= _MOST_POINTS for each in numbers),
                f"积分需在 0–{_MOST_POINTS:,} 之间",
                f"points are 0 to {_MOST_POINTS:,}",
            ),
            (
                self.streak_points > 0 and not 2 <= self.streak_days <= MOST_DAYS,
                "连续打卡奖励需填写天数（至少 2 天）",
                "points for a streak need its days, two at least",
            ),
            (
                self.goal_points > 0 and not 1 <= self.goal_count <= 1_000_000,
                "群目标奖励需填写目标次数",
                "points for the goal need its number",
            ),
            (
                self.points_cap is not None and not 1 <= self.points_cap <= _MOST_CAP,
                "积分总额需大于 0",
                "the points in all are more than 0",
            ),
            (
                self.months is not None and not 1 <= self.months <= 120,
                "有效期为 1–120 个月",
                "good for 1 to 120 months",
            ),
            (self.ends not in Ends.values, "请选择到期方式", "say to the end of what points are good"),
            (
                len(self.group_ids) > MOST_GROUPS,
                f"最多指定 {MOST_GROUPS} 个社群，更多请按类型选择",
                f"name {MOST_GROUPS} groups at most, or choose by kind",
            ),
        ]

    @property
    def closes_at(self) -> datetime:
        """When its last day is over wherever a branch may be; on its own clock each group ends earlier."""
        return datetime.combine(self.last_day + timedelta(days=1), time(12), tzinfo=UTC)

    def columns(self) -> dict[str, Any]:
        """The columns of draft and published copy."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("kinds", "group_ids", "weekdays", "questions"):
            values[name] = list(values[name])
        # What belongs to another proof is left behind when the proof is changed.
        if self.proof != Proof.QUIZ:
            values["questions"] = []
        if self.proof != Proof.POSITION:
            values |= {"place": "", "lat": None, "lon": None, "metres": None}
        return values


def _are_questions(questions: Sequence[Mapping[str, Any]]) -> bool:
    return 1 <= len(questions) <= MOST_QUESTIONS and all(
        str(each.get("text", "")).strip()
        and len(str(each["text"])) <= 200
        and 2 <= len(each.get("options", ())) <= 6
        and all(str(option).strip() and len(str(option)) <= 60 for option in each["options"])
        and isinstance(each.get("right"), int)
        and 0 <= each["right"] < len(each["options"])
        for each in questions
    )


def terms_of(programme: Programme) -> ProgrammeTerms:
    """What a draft says."""
    return ProgrammeTerms(**{each.name: getattr(programme, each.name) for each in fields(ProgrammeTerms)})


def frozen(terms: ProgrammeTerms) -> dict[str, Any]:
    """The terms as JSON."""
    payload = terms.columns()
    payload |= {name: payload[name].isoformat() for name in ("first_day", "last_day")}
    payload |= {name: str(payload[name]) for name in ("proof", "looked", "ends")}
    payload["group_ids"] = [str(each) for each in payload["group_ids"]]
    payload["questions"] = [dict(each) for each in payload["questions"]]
    return payload


def thawed(payload: Mapping[str, Any]) -> ProgrammeTerms:
    """What was frozen."""
    values = {each.name: payload[each.name] for each in fields(ProgrammeTerms)}
    for name in ("first_day", "last_day"):
        values[name] = date.fromisoformat(values[name])
    values["group_ids"] = [UUID(each) for each in values["group_ids"]]
    return ProgrammeTerms(**values)
