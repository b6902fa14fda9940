"""The one sentence that a customer reads about a batch or a coupon, in Chinese and English. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.lib.money import short_yuan
from campaigns.rewards.rules import Terms

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_ZH = "一二三四五六日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_RULES = {
    "not_holidays": ("法定节假日除外", "not on public holidays"),
    "holidays": ("仅限法定节假日", "on public holidays only"),
    "workdays": ("仅限工作日", "on workdays only"),
}
_NAMES_SAID = 3


def sentence(*, terms: Terms, zone: ZoneInfo, language: str) -> str:
    """The one sentence a customer reads: "满100减20，领取后7天内有效"."""
    zh = language.startswith("zh")
    parts = [
        _gives_zh(terms) if zh else _gives(terms),
        _valid(terms, zone, zh),
        *_when(terms, zh),
        *_where(terms, zh),
    ]
    return ("，" if zh else ", ").join(part for part in parts if part)


def _gives_zh(terms: Terms) -> str:
    off = short_yuan(terms.off_fen)
    match terms.kind:
        case "percent_off":
            order = f"满{short_yuan(terms.threshold_fen)}元" if terms.threshold_fen else ""
            tenths, rest = divmod(100 - (terms.percent or 0), 10)
            return f"{order}{tenths}{f'.{rest}' if rest else ''}折，最高减{off}元"
        case "gift":
            return f"兑换{terms.thing}（价值{off}元）"
        case "top_up":
            return f"{terms.face_value}元话费" if terms.face_unit == "yuan" else f"{_data(terms)}流量"
        case "bank_right":
            return f"享{terms.thing}（价值{off}元）"
        case "red_packet":
            return f"{off}元红包"
    return f"满{short_yuan(terms.threshold_fen)}减{off}" if terms.threshold_fen else f"立减{off}元"


def _gives(terms: Terms) -> str:
    off = short_yuan(terms.off_fen)
    order = f"orders from ¥{short_yuan(terms.threshold_fen)}" if terms.threshold_fen else "any order"
    match terms.kind:
        case "percent_off":
            return f"{terms.percent}% off {order}, at most ¥{off}"
        case "gift":
            return f"Exchange for {terms.thing} (worth ¥{off})"
        case "top_up":
            return (
                f"¥{terms.face_value} of phone credit"
                if terms.face_unit == "yuan"
                else f"{_data(terms)} of data"
            )
        case "bank_right":
            return f"{terms.thing} (worth ¥{off})"
        case "red_packet":
            return f"Red packet of ¥{off}"
    return f"¥{off} off {order}"


def _data(terms: Terms) -> str:
    return f"{terms.face_value}{terms.face_unit.upper()}"


def _valid(terms: Terms, zone: ZoneInfo, zh: bool) -> str:
    if terms.usable_days is not None:
        n, after = terms.usable_days, terms.usable_after_days
        if zh:
            return f"领取{('后', '次日起')[after] if after < 2 else f'后第{after}天起'}{n}天内有效"
        start = (
            ("after claiming", "from the day after claiming")[after]
            if after < 2
            else f"from day {after} after claiming"
        )
        return f"valid for {n} day{'s' if n > 1 else ''} {start}"
    if terms.usable_from is None or terms.usable_until is None:
        return ""
    first = _day(terms.usable_from, zone, zh, is_end=False)
    last = _day(terms.usable_until, zone, zh, is_end=True)
    return f"{first}至{last}有效" if zh else f"valid {first} to {last}"


def _day(moment: datetime, zone: ZoneInfo, zh: bool, *, is_end: bool) -> str:
    """A day as read aloud; an exclusive end at midnight means the day before."""
    local = moment.astimezone(zone) - (timedelta(microseconds=1) if is_end else timedelta())
    day: date = local.date()
    return f"{day.month}月{day.day}日" if zh else f"{day.day} {_MONTHS[day.month - 1]}"


def _when(terms: Terms, zh: bool) -> list[str]:
    said = []
    if terms.weekdays and len(terms.weekdays) < 7:
        days = sorted(terms.weekdays)
        if zh:
            said.append("仅限" + "、".join(f"周{_DAYS_ZH[day - 1]}" for day in days))
        else:
            said.append("on " + " and ".join(", ".join(_DAYS[day - 1] for day in days).rsplit(", ", 1)))
    if terms.day_rule:
        said.append(_RULES[terms.day_rule][0 if zh else 1])
    if terms.hours_from is not None and terms.hours_until is not None:
        first, last = (f"{clock:%H:%M}" for clock in (terms.hours_from, terms.hours_until))
        night = terms.hours_from > terms.hours_until and f"{last}" != "00:00"
        if zh:
            said.append(f"{first}至{'次日' if night else ''}{last if last != '00:00' else '24:00'}可用")
        else:
            said.append(
                f"{first} to {last if last != '00:00' else '24:00'}{' the next day' if night else ''}"
            )
    return said


def _where(terms: Terms, zh: bool) -> list[str]:
    said = []
    if terms.places:
        few, more = terms.places[:_NAMES_SAID], len(terms.places) - _NAMES_SAID
        if zh:
            said.append(f"限{'、'.join(few)}{f'等{len(terms.places)}家机构' if more > 0 else ''}使用")
        else:
            said.append(f"at {', '.join(few)}{f' and {more} more' if more > 0 else ''}")
    if terms.merchants:
        few, more = terms.merchants[:_NAMES_SAID], len(terms.merchants) - _NAMES_SAID
        if zh:
            said.append(f"限{'、'.join(few)}{f'等{len(terms.merchants)}家商户' if more > 0 else ''}核销")
        else:
            said.append(f"redeemed at {', '.join(few)}{f' and {more} more' if more > 0 else ''}")
    if terms.circles:
        said.append("限指定地点附近使用" if zh else "near chosen places only")
    return said
