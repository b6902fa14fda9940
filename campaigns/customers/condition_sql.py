"""A tree of conditions as one SQL expression with parameters; pure.

Over `FROM_CUSTOMERS`: c is the customer, p the profile, which may be missing. The text holds nothing but what stands
in this file and in the subjects' own `sql`; every value is a parameter. An expression is NULL where something is not
known, which WHERE takes for no; "not" turns both no and NULL into yes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.customers.conditions import Asked, Condition, Every, Not, Some, Tagged

FROM_CUSTOMERS = "customers_customer c LEFT JOIN customers_profile p ON p.customer_id = c.id"

# The value of an attribute by kind; each needs the code twice. A value of another form counts as not known.
ATTRIBUTE_SQL: Mapping[str, str] = {
    "number": "(CASE WHEN jsonb_typeof(c.attributes -> %s::text) = 'number'"
    " THEN (c.attributes -> %s::text)::numeric END)",
    "string": "(CASE WHEN jsonb_typeof(c.attributes -> %s::text) = 'string'"
    ' THEN (c.attributes ->> %s::text) COLLATE "C" END)',
    "flag": "(CASE WHEN jsonb_typeof(c.attributes -> %s::text) = 'boolean'"
    " THEN (c.attributes -> %s::text)::boolean END)",
}
FORM_OF_KIND = {
    "number": "number",
    "money": "number",
    "date": "string",
    "choice": "string",
    "text": "string",
    "flag": "flag",
}
_MEETS = {"=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}
_COMPARED = {"=": "=", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_TAGGED = {"all": "p.tag_ids @> %s::int[]", "any": "p.tag_ids && %s::int[]"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL and its parameters, for a cursor."""

    sql: str
    params: tuple[Any, ...]


def compile_condition(condition: Condition, *, day: date, zone: ZoneInfo) -> Compiled:
    """The expression of `condition` on `day` (a day of `zone`)."""
    match condition:
        case Every(parts):
            return _joined(" AND ", parts, day, zone)
        case Some(parts):
            return _joined(" OR ", parts, day, zone)
        case Not(part):
            inner = compile_condition(part, day=day, zone=zone)
            return Compiled(f"({inner.sql}) IS NOT TRUE", inner.params)
        case Tagged(how, _codes, tags):
            ids = [tag.id for tag in tags]
            if how == "none":
                return Compiled(f"({_TAGGED['any']}) IS NOT TRUE", (ids,))
            return Compiled(_TAGGED[how], (ids,))
        case Asked():
            return _asked(condition, day, zone)


def _joined(word: str, parts: tuple[Condition, ...], day: date, zone: ZoneInfo) -> Compiled:
    made = [compile_condition(part, day=day, zone=zone) for part in parts]
    return Compiled(
        "(" + word.join(each.sql for each in made) + ")", tuple(p for each in made for p in each.params)
    )


def _asked(asked: Asked, day: date, zone: ZoneInfo) -> Compiled:
    if asked.subject.is_counted:
        return _counted(asked, day, zone)
    value, params = asked.subject.sql, asked.subject.params
    match asked.how:
        case "filled":
            return Compiled(f"{value} IS NOT NULL", params)
        case "empty":
            return Compiled(f"{value} IS NULL", params)
    match asked.subject.kind:
        case "number" | "money":
            numbers = tuple(Decimal(str(each)) for each in asked.values)
            if asked.how == "between":
                return Compiled(f"{value} BETWEEN %s AND %s", (*params, *numbers))
            return Compiled(f"{value} {_COMPARED[asked.how]} %s", (*params, *numbers))
        case "date" | "moment":
            return _in_days(asked, day, zone)
        case "flag":
            return Compiled(f"{value} = %s", (*params, *asked.values))
    match asked.how:
        case "in":
            return Compiled(f"{value} = ANY (%s::text[])", (*params, list(asked.values)))
        case "not_in":
            return Compiled(f"{value} <> ALL (%s::text[])", (*params, list(asked.values)))
        case "contains":
            return Compiled(f"strpos({value}, %s::text) > 0", (*params, *asked.values))
        case _:
            return Compiled(f"starts_with({value}, %s::text)", (*params, *asked.values))


def _counted(asked: Asked, day: date, zone: ZoneInfo) -> Compiled:
    """One look at all that is counted, and not one for each customer.

    Who has nothing has 0 and stands in no set: where 0 meets the condition, those are left out who do not meet it.
    """
    numbers = tuple(Decimal(str(each)) for each in asked.values)
    if asked.how == "between":
        compared, nothing_meets = "BETWEEN %s AND %s", numbers[0] <= 0 <= numbers[1]
    else:
        compared, nothing_meets = f"{_COMPARED[asked.how]} %s", _MEETS[asked.how](Decimal(0), numbers[0])
    since = datetime.combine(day - timedelta(days=asked.days - 1), time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    narrowed: dict[str, Any] = {}
    if asked.where is not None:
        code, value = asked.where
        narrowed[code] = asked.subject.wheres[code].values.get(value, value)
    # Of those who did it, and never with a number, the sum is nothing: 0.
    met, of_all = f"coalesce(n.value, 0) {compared}", f"FROM ({asked.subject.sql}) n (customer_id, value)"
    params = (*asked.subject.params, since, until, json.dumps(narrowed), *numbers)
    if nothing_meets:
        return Compiled(f"(c.id NOT IN (SELECT n.customer_id {of_all} WHERE NOT ({met})))", params)
    return Compiled(f"(c.id IN (SELECT n.customer_id {of_all} WHERE {met}))", params)


def days_of(how: str, values: tuple[Any, ...], day: date) -> tuple[date | None, date | None]:
    """From which day on, and until which (exclusive), a condition on dates speaks; None: without end."""
    one = timedelta(days=1)
    match how:
        case "on":
            return values[0], values[0] + one
        case "before":
            return None, values[0]
        case "from":
            return values[0], None
        case "between":
            return values[0], values[1] + one
        case "last_days":
            return day - timedelta(days=values[0] - 1), day + one
        case "before_last_days":
            return None, day - timedelta(days=values[0] - 1)
        case _:
            return day, day + timedelta(days=values[0])


def _in_days(asked: Asked, day: date, zone: ZoneInfo) -> Compiled:
    value, params = asked.subject.sql, asked.subject.params
    parts, used = [], []
    for end, compared in zip(days_of(asked.how, asked.values, day), (">=", "<"), strict=True):
        if end is not None:
            parts.append(f"{value} {compared} %s")
            # Dates are stored as text, which sorts as they do; moments are compared with the zone's midnight.
            is_moment = asked.subject.kind == "moment"
            used += [*params, datetime.combine(end, time(), zone) if is_moment else end.isoformat()]
    return Compiled("(" + " AND ".join(parts) + ")", tuple(used))
