"""The one sentence that says what a points rule gives, in Chinese and English. Pure."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import override

from campaigns.events.registry import Kind
from campaigns.lib.money import short_yuan
from campaigns.points.earning_rules import Boost
from campaigns.points.rule_terms import RuleTerms

_DAYS_ZH = "一二三四五六日"
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_UNITS = {"seconds": ("秒", "seconds"), "percent": ("%", "%")}
_CAPS = (
    ("cap_day", "每天", "a day"),
    ("cap_week", "每周", "a week"),
    ("cap_month", "每月", "a month"),
    ("cap_all", "累计", "in all"),
)
_ENDS = {"day": ("", ""), "month": ("月", "month"), "quarter": ("季", "quarter"), "year": ("年", "year")}


def sentence(
    *,
    terms: RuleTerms,
    kinds: Mapping[str, Kind],
    tags: Mapping[int, str],
    branches: Mapping[int, str],
    language: str,
) -> str:
    """「“支付”每满100元得1分；周三2倍；每天最多500分；入账后12个月、至年底有效」, or the same in English."""
    zh = language.startswith("zh")
    with override("zh-hans" if zh else "en"):
        did = _label(kinds, terms.event_kind)
        awaited = _label(kinds, terms.waits_for) if terms.waits_for else ""
        is_money = _is_money(kinds, terms)
    parts = [
        _who(terms, tags, branches, zh) + _base(terms, did, is_money, zh),
        _boosts(terms.boosts, tags, branches, zh),
        _limits(terms, zh),
        _waits(terms, awaited, zh),
        _good(terms, zh),
    ]
    return ("；" if zh else "; ").join(part for part in parts if part)


def _label(kinds: Mapping[str, Kind], code: str) -> str:
    """What is done, as a thing: “支付了” is what a customer did, “支付” is what a rule is for."""
    said = str(kinds[code].label) if code in kinds else code
    return re.sub("了(?!解)", "", said, count=1)


def _is_money(kinds: Mapping[str, Kind], terms: RuleTerms) -> bool:
    kind = kinds.get(terms.event_kind)
    found = kind.properties.get(terms.counted_by) if kind else None
    return found is not None and found.form == "money"


def _who(terms: RuleTerms, tags: Mapping[int, str], branches: Mapping[int, str], zh: bool) -> str:
    where = _named(terms.branches, branches, zh)
    some, none = _named(terms.tags_any, tags, zh), _named(terms.tags_none, tags, zh)
    if zh:
        said = [
            f"{where}客户" if where else "",
            f"有“{some}”标签" if some else "",
            f"无“{none}”标签" if none else "",
        ]
        return "、".join(filter(None, said)) + ("：" if any(said) else "")
    said = [
        f"at {where}" if where else "",
        f"tagged {some}" if some else "",
        f"not tagged {none}" if none else "",
    ]
    return ("For customers " + ", ".join(filter(None, said)) + ": ") if any(said) else ""


def _base(terms: RuleTerms, did: str, is_money: bool, zh: bool) -> str:
    if terms.per is None:
        return f"每次“{did}”得{terms.points}分" if zh else f"{_points(terms.points)} each time “{did}”"
    if is_money:
        amount = f"{short_yuan(terms.per)}元" if zh else f"¥{short_yuan(terms.per)}"
    else:
        unit = _UNITS.get(terms.counted_by, (f"（{terms.counted_by}）", f" ({terms.counted_by})"))
        amount = f"{terms.per}{unit[0]}" if zh else f"{terms.per} {unit[1]}"
    return (
        f"“{did}”每满{amount}得{terms.points}分"
        if zh
        else f"{_points(terms.points)} for every {amount} of “{did}”"
    )


def _boosts(boosts: Sequence[Boost], tags: Mapping[int, str], branches: Mapping[int, str], zh: bool) -> str:
    said = [f"{_when(each, tags, branches, zh)}{_times(each.percent, zh)}" for each in sorted(boosts)]
    if not said:
        return ""
    many = len(said) > 1
    if zh:
        return "、".join(said) + ("（取最高）" if many else "")
    return ", ".join(said) + (" (the highest applies)" if many else "")


def _when(boost: Boost, tags: Mapping[int, str], branches: Mapping[int, str], zh: bool) -> str:
    if boost.by == "weekday":
        return f"周{_DAYS_ZH[boost.of - 1]}" if zh else f"{_DAYS[boost.of - 1]} "
    if boost.by == "tag":
        name = tags.get(boost.of, str(boost.of))
        return f"“{name}”标签客户" if zh else f"tagged “{name}” "
    name = branches.get(boost.of, str(boost.of))
    return f"{name}客户" if zh else f"at {name} "


def _times(percent: int, zh: bool) -> str:
    text = f"{percent / 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}倍" if zh else f"×{text}"


def _limits(terms: RuleTerms, zh: bool) -> str:
    said = []
    if terms.times_day:
        said.append(f"每天最多{terms.times_day}次" if zh else f"at most {_many(terms.times_day)} a day")
    if terms.times_all:
        said.append(f"累计最多{terms.times_all}次" if zh else f"at most {_many(terms.times_all)} in all")
    for name, chinese, english in _CAPS:
        cap = getattr(terms, name)
        if cap:
            said.append(f"{chinese}最多{cap:,}分" if zh else f"at most {_points(cap)} {english}")
    return ("、" if zh else ", ").join(said)


def _waits(terms: RuleTerms, awaited: str, zh: bool) -> str:
    if awaited:
        return f"“{awaited}”后生效" if zh else f"in force once “{awaited}”"
    if terms.pending_days:
        n = terms.pending_days
        return f"{n}天后生效" if zh else f"in force after {n} day{'s' if n > 1 else ''}"
    return ""


def _good(terms: RuleTerms, zh: bool) -> str:
    if terms.months is None:
        return "长期有效" if zh else "good without end"
    n, (chinese, english) = terms.months, _ENDS[terms.ends]
    if zh:
        return f"生效后{n}个月{f'、至当{chinese}末' if chinese else ''}有效"
    months = f"{n} month{'s' if n > 1 else ''}"
    return f"good for {months}" + (f", to the end of that {english}" if english else "")


def _named(keys: Sequence[int], names: Mapping[int, str], zh: bool) -> str:
    return ("、" if zh else ", ").join(names.get(key, str(key)) for key in keys)


def _points(many: int) -> str:
    return f"{many:,} point{'s' if many > 1 else ''}"


def _many(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
