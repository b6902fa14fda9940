"""What a plan says, as values: its cards and terms, checked, frozen as JSON, and read back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, time
from typing import Any
from uuid import UUID

from campaigns.lib.ids import new_id
from community.plans.refusals import PlanIsWrong
from community.plans.rules import MOST_DAYS, DayRule, OnHoliday, is_for_members, is_once

MOST_CARDS = 120
# What WeCom takes of one message, in bytes of UTF-8; nine pieces of material may go with it.
MOST_BYTES = 4_000
MOST_PIECES = 9
# What stands in a text for the group's and the branch's name, and for how many bytes they may come to.
GROUP_NAME, BRANCH_NAME = "{群名称}", "{机构名称}"
_LONGEST_NAME = 60 * 3
_BLANK = re.compile(r"\{[^{}]*\}")
# What the branches below may change of a card.
PARTS = ("text", "time", "material")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One post of a plan. `day` as in `rules`, `at` a local time, `items` and `assets` ids of content and of the
    library, `batch_id` a coupon batch; `open` names what the branches below may change (PARTS).
    """

    id: UUID = field(default_factory=new_id)
    title: str
    day: DayRule
    at: time = time(9)
    holiday: str = OnHoliday.POST
    text: str = ""
    items: Sequence[UUID] = ()
    assets: Sequence[UUID] = ()
    batch_id: UUID | None = None
    asks_check_in: bool = False
    open: Sequence[str] = ()

    @property
    def is_for_members(self) -> bool:
        """Whether each member gets it on a day of its own."""
        return is_for_members(self.day)

    def as_json(self) -> dict[str, Any]:
        """Plain values, as drafts and revisions keep it."""
        plain = asdict(self)
        return plain | {
            "id": str(self.id),
            "day": dict(self.day),
            "at": f"{self.at:%H:%M}",
            "holiday": str(self.holiday),
            "items": [str(each) for each in self.items],
            "assets": [str(each) for each in self.assets],
            "batch_id": str(self.batch_id) if self.batch_id else None,
            "open": list(self.open),
        }


def card_of(plain: Mapping[str, Any]) -> Card:
    """What `as_json` wrote, or what a form sent. Raises PlanIsWrong for what is no card."""
    try:
        return Card(
            id=UUID(str(plain["id"])) if plain.get("id") else new_id(),
            title=str(plain.get("title", "")).strip()[:40],
            day=_day(plain["day"]),
            at=time.fromisoformat(str(plain.get("at") or "09:00")).replace(
                second=0, microsecond=0, tzinfo=None
            ),
            holiday=OnHoliday(str(plain.get("holiday") or "post")),
            text=str(plain.get("text") or "").strip(),
            items=[UUID(str(each)) for each in plain.get("items") or []],
            assets=[UUID(str(each)) for each in plain.get("assets") or []],
            batch_id=UUID(str(plain["batch_id"])) if plain.get("batch_id") else None,
            asks_check_in=bool(plain.get("asks_check_in")),
            open=[part for part in PARTS if part in (plain.get("open") or [])],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanIsWrong(why_zh="有一张卡片的内容无法识别", why_en="a card cannot be read") from error


def _day(said: Any) -> DayRule:
    """The rule in its plain form. Raises ValueError."""
    [(how, value)] = dict(said).items()
    match how:
        case "on":
            return {"on": date.fromisoformat(str(value)).isoformat()}
        case "weekdays":
            days = sorted({int(each) for each in value})
            if days and days[0] >= 1 and days[-1] <= 7:
                return {"weekdays": days}
        case "workdays":
            return {"workdays": True}
        case "every":
            if 1 <= int(value) <= MOST_DAYS:
                return {"every": int(value)}
        case "day" | "joined":
            if 0 <= int(value) <= MOST_DAYS:
                return {how: int(value)}
    raise ValueError(how)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """Everything a plan says. `kind`: the code of the kind of groups it is for, empty for any; `days`: its last day
    counted from day zero, `ends_on` the same as a date, `end_members` how many members end it before.
    """

    title: str
    note: str = ""
    kind: str = ""
    days: int | None = 30
    ends_on: date | None = None
    end_members: int | None = None
    handed_down: bool = False
    cards: Sequence[Card] = ()

    def check(self) -> None:
        """Raises PlanIsWrong."""
        if not self.title.strip():
            raise PlanIsWrong(why_zh="请填写计划名称", why_en="give it a title")
        if self.days is not None and not 0 <= self.days <= MOST_DAYS:
            raise PlanIsWrong(
                why_zh=f"天数应在 0 至 {MOST_DAYS} 之间", why_en=f"it lasts 0 to {MOST_DAYS} days"
            )
        if self.end_members is not None and not 1 <= self.end_members <= 500:
            raise PlanIsWrong(
                why_zh="提前结束的人数应在 1 至 500 之间", why_en="1 to 500 members end it early"
            )
        if len(self.cards) > MOST_CARDS:
            raise PlanIsWrong(
                why_zh=f"一个计划最多 {MOST_CARDS} 张卡片", why_en=f"a plan has {MOST_CARDS} cards at most"
            )
        if len({card.id for card in self.cards}) != len(self.cards):
            raise PlanIsWrong(why_zh="同一张卡片出现了两次", why_en="a card is in it twice")
        for card in self.cards:
            if not card.title:
                raise PlanIsWrong(why_zh="每张卡片都要有名称", why_en="each card needs a title")
            if len(card.items) + len(card.assets) + bool(card.batch_id) > MOST_PIECES:
                raise PlanIsWrong(
                    why_zh=f"“{card.title}”的素材超过 {MOST_PIECES} 个",
                    why_en=f"“{card.title}” has more than {MOST_PIECES} pieces of material",
                )

    def columns(self) -> dict[str, Any]:
        """The columns of a draft."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["kind_id"] = plain.pop("kind") or None
        return plain | {"cards": [card.as_json() for card in in_order(self.cards)]}

    def as_json(self) -> dict[str, Any]:
        """Plain values, as revisions keep them."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "cards": [card.as_json() for card in in_order(self.cards)],
        }


def terms_of(draft: Any) -> PlanTerms:
    """What a draft says."""
    values = {each.name: getattr(draft, each.name) for each in fields(PlanTerms) if each.name != "kind"}
    return PlanTerms(**values | {"kind": draft.kind_id or "", "cards": [card_of(c) for c in draft.cards]})


def thawed(payload: Mapping[str, Any]) -> PlanTerms:
    """What was frozen."""
    values = {each.name: payload[each.name] for each in fields(PlanTerms)}
    ends_on = date.fromisoformat(payload["ends_on"]) if payload["ends_on"] else None
    return PlanTerms(**values | {"ends_on": ends_on, "cards": [card_of(each) for each in payload["cards"]]})


def in_order(cards: Sequence[Card]) -> list[Card]:
    """By their days: relative ones first, then what comes again, then dates; by the clock within a day."""

    def place(card: Card) -> tuple[int, Any, time]:
        match card.day:
            case {"joined": n}:
                return (0, n, card.at)
            case {"day": n}:
                return (1, n, card.at)
            case {"on": on}:
                return (3, on, card.at)
        return (2, 0, card.at)

    return sorted(
        cards, key=lambda card: (place(card)[0], str(place(card)[1]).zfill(4), card.at, str(card.id))
    )


def filled(text: str, *, group: str, branch: str) -> str:
    """The text as it is sent to a group."""
    return text.replace(GROUP_NAME, group).replace(BRANCH_NAME, branch)


def longest(text: str) -> int:
    """How many bytes it may come to once names stand in it."""
    return len(filled(text, group="", branch="").encode()) + _LONGEST_NAME * (
        text.count(GROUP_NAME) + text.count(BRANCH_NAME)
    )


def unknown_blanks(text: str) -> list[str]:
    """What stands in braces and would be sent as it is."""
    return [blank for blank in _BLANK.findall(text) if blank not in (GROUP_NAME, BRANCH_NAME)]


def with_changes(cards: Sequence[Card], own: Mapping[UUID, Card]) -> list[Card]:
    """Cards of a plan with what a branch has changed of their open parts; all else is as in the plan."""
    return [_changed(card, own[card.id]) if card.id in own else card for card in cards]


def _changed(card: Card, own: Card) -> Card:
    more: dict[str, Any] = {}
    if "text" in card.open:
        more["text"] = own.text
    if "time" in card.open:
        more["at"] = own.at
    if "material" in card.open:
        more |= {"items": own.items, "assets": own.assets, "batch_id": own.batch_id}
    return replace(card, **more)


def busiest_day(terms: PlanTerms) -> int:
    """How many posts a group may get on one day at most, without those of single members and of chance meetings of
    dates: what comes again counts on each day of D+n.
    """
    again: dict[int, int] = dict.fromkeys(range(1, 8), 0)
    once: dict[str, int] = {}
    for card in terms.cards:
        if card.is_for_members:
            continue
        if is_once(card.day):
            key = str(sorted(card.day.items()))
            once[key] = once.get(key, 0) + 1
            continue
        for weekday in again:
            if weekday in card.day.get("weekdays", again):
                again[weekday] += 1
    return max(again.values()) + max(once.values(), default=0)
