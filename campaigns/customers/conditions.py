"""Conditions on customers, as data: what a computed tag stands on, and later a segment. Pure: JSON to a checked tree.

    {"all": [{"about": "attribute:monthly_purchase", "is": ">", "value": 5000000},
             {"about": "attribute:preference", "is": "in", "value": ["fixed_income_plus"]},
             {"not": {"about": "tags", "is": "any", "value": ["complained"]}}]}

`condition_sql` makes SQL of the tree, `condition_words` a sentence. What is not known of a customer meets no condition
on its value; "not" of that condition is met. Money is fen; dates are "2026-11-22", or days from the day of the run.

What is counted over some days says how many, and may narrow down what is counted:

    {"about": "events:core.bought", "days": 30, "where": {"product_class": "wealth"}, "is": ">=", "value": 2}
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal

Words = str | Promise

MAX_DEPTH = 6
MAX_CONDITIONS = 60
MAX_VALUES = 200  # of one condition
MAX_TEXT = 200
MAX_DAYS = 36_600
MAX_COUNTED_DAYS = 3_660
MAX_NUMBER = 10**15

COMPARED = ("=", "!=", ">", ">=", "<", "<=")
KNOWN = ("filled", "empty")
IN_DAYS = ("last_days", "before_last_days", "next_days")
# kind of a subject -> what may be asked of it.
ASKED: Mapping[str, tuple[str, ...]] = {
    "number": (*COMPARED, "between", *KNOWN),
    "money": (*COMPARED, "between", *KNOWN),
    "date": ("on", "before", "from", "between", *IN_DAYS, *KNOWN),
    "moment": ("on", "before", "from", "between", *IN_DAYS, *KNOWN),
    "choice": ("in", "not_in", *KNOWN),
    "text": ("in", "contains", "starts", *KNOWN),
    "flag": ("=", *KNOWN),
    "tags": ("all", "any", "none"),
}


class RuleWrong(Refusal):
    """A rule that means nothing; `where` is its place ("all.2"), `why` words."""

    code = "customers.rule.wrong"
    status = 422
    zh = "规则有误（位置：{where}）：{why}。"
    en = "The rule makes no sense (at {where}): {why}."


@dataclass(frozen=True, slots=True)
class Where:
    """By what a count may be narrowed down: one of `choices` (code -> name), or any text where there are none.
    `values` are the codes as they are compared, where that is not the code itself.
    """

    name: Words
    choices: Mapping[str, Words] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition may be about. `sql` is its value as SQL over c (the customer) and p (the profile), with its
    parameters; NULL where nothing is known. `choices` are the values that a choice may have, by code, with their names.

    Of what `is_counted` over the last days, `sql` is a set instead: rows of (customer_id, value) for those who have
    any, with the parameters and after them from when, until when, and what it is narrowed down to, as an object. Who is
    not in it has 0.
    """

    about: str
    kind: str
    name: Words
    sql: str
    params: tuple[Any, ...] = ()
    choices: Mapping[str, Words] = field(default_factory=dict)
    unit: str = ""
    is_sensitive: bool = False
    group: Words = ""  # the heading under which forms list it
    is_counted: bool = False
    wheres: Mapping[str, Where] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TagName:
    id: int
    name: Words


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is to ask about: subjects by `about`, tags by code."""

    subjects: Mapping[str, Subject]
    tags: Mapping[str, TagName]


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition on a value. `values` as compared: one, two for "between", those listed; none for "filled".

    Of what is counted: over how many `days`, this one the last of them, and (code, value) of what narrows it down.
    """

    subject: Subject
    how: str
    values: tuple[Any, ...] = ()
    days: int = 0
    where: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """One condition on tags: "all", "any" or "none" of them."""

    how: str
    codes: tuple[str, ...]
    tags: tuple[TagName, ...]


Condition = Every | Some | Not | Asked | Tagged


def read_rule(rule: object, catalogue: Catalogue) -> Condition:
    """The tree of a rule as stored. Raises RuleWrong."""
    left = [MAX_CONDITIONS]
    return _read(rule, catalogue, "rule", MAX_DEPTH, left)


def leaves_of(condition: Condition) -> Iterator[Asked | Tagged]:
    """All conditions of the tree, without the boxes around them."""
    match condition:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part):
            yield from leaves_of(part)
        case Asked() | Tagged():
            yield condition


def tags_in(rule: object) -> set[str]:
    """Codes of the tags that a stored rule asks for, whatever else it says: which tags must be run before it."""
    match rule:
        case {"about": "tags", "value": list(codes)}:
            return {code for code in codes if isinstance(code, str)}
        case dict():
            return set().union(*(tags_in(part) for part in rule.values()))
        case list():
            return set().union(*(tags_in(part) for part in rule))
    return set()


def in_order(rules: Mapping[str, object]) -> list[str]:
    """Codes of computed tags so that each comes after those its rule asks for.

    Raises RuleWrong when some ask for one another in a circle.
    """
    waits = {code: tags_in(rule) & rules.keys() for code, rule in rules.items()}
    ordered: list[str] = []
    while waits:
        ready = sorted(code for code, needs in waits.items() if not needs - set(ordered))
        if not ready:
            raise RuleWrong(
                where=", ".join(sorted(waits)), why=_("these tags ask for one another in a circle")
            )
        ordered += ready
        for code in ready:
            del waits[code]
    return ordered


def _read(rule: object, catalogue: Catalogue, where: str, depth: int, left: list[int]) -> Condition:
    if depth == 0:
        raise RuleWrong(where=where, why=_("too many boxes in one another"))
    match rule:
        case {"all": list(parts), **more} if not more and parts:
            return Every(_parts(parts, catalogue, f"{where}.all", depth, left))
        case {"any": list(parts), **more} if not more and parts:
            return Some(_parts(parts, catalogue, f"{where}.any", depth, left))
        case {"not": part, **more} if not more:
            return Not(_read(part, catalogue, f"{where}.not", depth - 1, left))
        case {"about": str(about), "is": str(how), **more} if not more.keys() - {"value", "days", "where"}:
            left[0] -= 1
            if left[0] < 0:
                raise RuleWrong(
                    where=where, why=_("more than %(most)s conditions") % {"most": MAX_CONDITIONS}
                )
            return _leaf(about, how, more, catalogue, where)
    raise RuleWrong(where=where, why=_('here stands neither a condition nor "all", "any" or "not"'))


def _parts(
    parts: list[object], catalogue: Catalogue, where: str, depth: int, left: list[int]
) -> tuple[Condition, ...]:
    return tuple(_read(p, catalogue, f"{where}.{n}", depth - 1, left) for n, p in enumerate(parts, start=1))


def _leaf(
    about: str, how: str, more: Mapping[Any, object], catalogue: Catalogue, where: str
) -> Asked | Tagged:
    value, subject = more.get("value"), catalogue.subjects.get(about)
    if subject is not None and subject.is_counted:
        return _counted(subject, how, more, where)
    if more.keys() - {"value"}:
        raise RuleWrong(where=where, why=_("this is not counted over days"))
    if about == "tags":
        if how not in ASKED["tags"]:
            raise RuleWrong(where=where, why=_("this cannot be asked of tags: %(how)s") % {"how": how[:40]})
        codes = _listed(value, where)
        unknown = [code for code in codes if code not in catalogue.tags]
        if unknown:
            raise RuleWrong(where=where, why=_("there is no such tag: %(code)s") % {"code": unknown[0]})
        return Tagged(how, codes, tuple(catalogue.tags[code] for code in codes))
    if subject is None:
        raise RuleWrong(where=where, why=_("nothing is called %(about)s") % {"about": about[:80]})
    if how not in ASKED[subject.kind]:
        said = {"name": subject.name, "how": how[:40]}
        raise RuleWrong(where=where, why=_("this cannot be asked of %(name)s: %(how)s") % said)
    if how in KNOWN:
        if value is not None:
            raise RuleWrong(where=where, why=_("this takes no value"))
        return Asked(subject, how)
    return Asked(subject, how, _READ[subject.kind](subject, how, value, where))


def _counted(subject: Subject, how: str, more: Mapping[Any, object], where: str) -> Asked:
    if how not in ASKED[subject.kind] or how in KNOWN:
        said = {"name": subject.name, "how": how[:40]}
        raise RuleWrong(where=where, why=_("this cannot be asked of %(name)s: %(how)s") % said)
    days = more.get("days")
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= MAX_COUNTED_DAYS:
        raise RuleWrong(where=where, why=_("a number of days belongs here"))
    values = _READ[subject.kind](subject, how, more.get("value"), where)
    if "where" not in more:
        return Asked(subject, how, values, days)
    match more["where"]:
        case dict(given) if len(given) == 1:
            [(code, wanted)] = given.items()
            known = subject.wheres.get(code)
            if known is not None and isinstance(wanted, str):
                fits = wanted in known.choices if known.choices else 0 < len(wanted) <= MAX_TEXT
                if fits and "\x00" not in wanted:
                    return Asked(subject, how, values, days, (code, wanted))
    raise RuleWrong(where=where, why=_("%(name)s cannot be narrowed down to this") % {"name": subject.name})


def _listed(value: object, where: str) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= MAX_VALUES
        or not all(isinstance(v, str) and 0 < len(v) <= MAX_TEXT and "\x00" not in v for v in value)
    ):
        raise RuleWrong(
            where=where, why=_("here belongs a list of 1 to %(most)s texts") % {"most": MAX_VALUES}
        )
    return tuple(dict.fromkeys(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER


def _numbers(subject: Subject, how: str, value: object, where: str) -> tuple[Any, ...]:
    values = value if how == "between" and isinstance(value, list) else [value]
    if len(values) != (2 if how == "between" else 1) or not all(_is_number(v) for v in values):
        raise RuleWrong(where=where, why=_("a number belongs here, or two for “between”"))
    if subject.kind == "money" and not all(isinstance(v, int) for v in values):
        raise RuleWrong(where=where, why=_("money is given in whole fen"))
    return _forward(values, where)


def _dates(subject: Subject, how: str, value: object, where: str) -> tuple[Any, ...]:
    if how in IN_DAYS:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_DAYS:
            raise RuleWrong(where=where, why=_("a number of days belongs here"))
        return (value,)
    values: list[Any] = value if how == "between" and isinstance(value, list) else [value]
    try:
        days = [date.fromisoformat(v) for v in values]
    except (TypeError, ValueError) as error:
        raise RuleWrong(where=where, why=_("a date such as 2026-11-22 belongs here")) from error
    # The last years of the calendar have no next day.
    if len(days) != (2 if how == "between" else 1) or not all(1900 <= d.year < 2200 for d in days):
        raise RuleWrong(where=where, why=_("a date such as 2026-11-22 belongs here"))
    return _forward(days, where)


def _choices(subject: Subject, how: str, value: object, where: str) -> tuple[Any, ...]:
    codes = _listed(value, where)
    unknown = [code for code in codes if code not in subject.choices]
    if unknown:
        said = {"name": subject.name, "code": unknown[0]}
        raise RuleWrong(where=where, why=_("%(name)s has no choice %(code)s") % said)
    return codes


def _texts(subject: Subject, how: str, value: object, where: str) -> tuple[Any, ...]:
    return _listed(value if how == "in" else [value], where)


def _flags(subject: Subject, how: str, value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, bool):
        raise RuleWrong(where=where, why=_("here belongs true or false"))
    return (value,)


def _forward(values: Sequence[Any], where: str) -> tuple[Any, ...]:
    if len(values) == 2 and values[0] > values[1]:
        raise RuleWrong(where=where, why=_("the first value is the larger one"))
    return tuple(values)


_READ: Mapping[str, Callable[[Subject, str, object, str], tuple[Any, ...]]] = {
    "number": _numbers,
    "money": _numbers,
    "date": _dates,
    "moment": _dates,
    "choice": _choices,
    "text": _texts,
    "flag": _flags,
}
