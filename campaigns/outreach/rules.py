"""When somebody may be written to: quiet hours, caps, and which way a touch goes. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.customers.consent_rules import INBOX, MARKETING, SUBSCRIBE
from campaigns.lib.refusals import Refusal

# The ways of a touch, the most welcome first. What lies in the inbox wakes nobody.
WAYS = (SUBSCRIBE, INBOX)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# WeChat's field types and the longest value each takes (subscribe messages, "thing", "phrase", ...), characters.
LONGEST_FIELD = {"thing": 20, "phrase": 5, "character_string": 32, "name": 10}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the bank keeps to. Local times of the customer's branch; caps are marketing touches of one customer, in 24
    hours and in seven times 24 hours.
    """

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    per_day: int = 1
    per_week: int = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of one touch at the moment of deciding. `may`: ways that consent allows; `has_credit`: a one-time
    permission of WeChat is left; `lately`: moments of marketing touches to the same customer within a week.
    """

    purpose: str
    until: datetime
    zone: ZoneInfo
    may: Collection[str]
    tried: Collection[str]
    has_credit: bool
    still_stands: bool
    lately: Collection[datetime]


@dataclass(frozen=True, slots=True)
class Decision:
    """`way` to send it now, or `later` to ask again then, or `why` not at all; one of the three is set."""

    way: str = ""
    later: datetime | None = None
    why: type[Refusal] | None = None


def decide(standing: Standing, terms: Terms, at: datetime) -> Decision:
    """Which way a touch goes at `at`, when it may go, or why it does not."""
    if not standing.still_stands:
        return Decision(why=NothingStands)
    if at >= standing.until:
        return Decision(why=TooLate)
    ways = [way for way in WAYS if way in standing.may and way not in standing.tried]
    if not ways:
        return Decision(why=NoConsentLeft if not standing.tried else NoWayLeft)
    if standing.purpose == MARKETING and _is_capped(standing.lately, terms, at):
        return Decision(why=CapReached)
    if SUBSCRIBE in ways and standing.has_credit:
        end = quiet_end(terms, standing.zone, at)
        if end is None:
            return Decision(way=SUBSCRIBE)
        if end < standing.until:
            return Decision(later=end)
    return Decision(way=INBOX) if INBOX in ways else Decision(why=NoCredit)


def quiet_end(terms: Terms, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the quiet hours end that hold at `at`; None outside them. Equal ends: no quiet hours."""
    first, last = terms.quiet_from, terms.quiet_until
    if first == last:
        return None
    local = at.astimezone(zone)
    clock = local.time()
    is_quiet = first <= clock < last if first < last else clock >= first or clock < last
    if not is_quiet:
        return None
    day = local.date() if clock < last else local.date() + DAY
    return datetime.combine(day, last, zone).astimezone(at.tzinfo)


def _is_capped(lately: Collection[datetime], terms: Terms, at: datetime) -> bool:
    week = [moment for moment in lately if moment > at - WEEK]
    day = [moment for moment in week if moment > at - DAY]
    return len(day) >= terms.per_day or len(week) >= terms.per_week


def message_fields(fields: Mapping[str, str], words: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """WeChat's `data`: its field names (with their type, "thing1") from our words, cut to what each type takes."""
    said = {}
    for field, name in fields.items():
        most = LONGEST_FIELD.get(field.rstrip("0123456789"), 32)
        text = words.get(name, "").strip() or "-"
        said[field] = {"value": text if len(text) <= most else text[: most - 1] + "…"}
    return said


class NothingStands(Refusal):
    code = "outreach.touch.nothing_stands"
    status = 409
    zh = "所通知的内容已下线、取消或召回，未发送。"
    en = "What it speaks of is taken down, cancelled or recalled: it was not sent."


class TooLate(Refusal):
    code = "outreach.touch.too_late"
    status = 409
    zh = "已过时效，未发送。"
    en = "It would come too late: it was not sent."


class NoConsentLeft(Refusal):
    code = "outreach.touch.no_consent"
    status = 409
    zh = "客户没有同意以任何可用渠道接收此类消息，未发送。"
    en = "The customer has agreed to no channel for such messages: it was not sent."


class NoWayLeft(Refusal):
    code = "outreach.touch.no_way_left"
    status = 409
    zh = "可用的渠道都没有送达。"
    en = "No channel got it through."


class CapReached(Refusal):
    code = "outreach.touch.cap_reached"
    status = 409
    zh = "该客户近期收到的营销消息已达上限，未发送。"
    en = "The customer has had as many marketing messages lately as are allowed: it was not sent."


class NoCredit(Refusal):
    code = "outreach.touch.no_credit"
    status = 409
    zh = "客户没有可用的一次性订阅授权，未发送。"
    en = "The customer has no one-time subscription left: it was not sent."


class IsQuiet(Refusal):
    code = "outreach.touch.is_quiet"
    status = 409
    zh = "现在是免打扰时段，稍后再发。"
    en = "These are quiet hours: it is sent later."


class TermsAreWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "outreach.terms.wrong"
    status = 422
    zh = "触达规则有误：{why_zh}"
    en = "These terms cannot be kept: {why_en}"


class KindIsUnknown(Refusal):
    code = "outreach.touch.kind_is_unknown"
    status = 422
    zh = "没有“{kind}”这一类消息。"
    en = "There is no kind of message “{kind}”."
