"""Questions about conditions while somebody builds them: what may be chosen, what do they say, how many meet them?"""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from campaigns.customers.condition_rows import Filled, Row, RowsWrong, rows_of, rule_of
from campaigns.customers.condition_sql import FROM_CUSTOMERS, compile_condition
from campaigns.customers.condition_words import COMPARISONS, DAYS, sentence_of
from campaigns.customers.conditions import ASKED, Catalogue, Condition, Words
from campaigns.customers.models import Attribute, Tag
from campaigns.customers.tag_selectors import catalogue, tags_usable
from campaigns.tenants.models import Branch
from campaigns.tenants.rules import pinyin_of
from campaigns.tenants.scopes import Scope

TRIAL_SECONDS = 3.0
_FIRST_LOT, _MOST_LOT = 500, 50_000

_OPENED = f"""
DECLARE customers_tried NO SCROLL CURSOR FOR SELECT FROM {FROM_CUSTOMERS}
 WHERE c.branch_pos BETWEEN %s AND %s AND c.status IN ('active', 'blocked') AND """


# --- what may be chosen ----------------------------------------------------------------------------------------------


def offered(*, scope: Scope, known: Catalogue) -> dict[str, Any]:
    """What a form offers, as JSON: subjects and tags with what finds them, and what may be asked of each kind.

    Retired attributes, and tags that mean nothing here, are named, so that older rules are shown, but not `offered`.
    """
    retired = {
        f"attribute:{code}"
        for code in Attribute.objects.filter(is_active=False).values_list("code", flat=True)
    }
    usable = set(tags_usable(scope=scope).filter(is_active=True).values_list("code", flat=True))
    tags = [_choice(code, tag.name) | {"offered": code in usable} for code, tag in known.tags.items()]
    word = str(Tag._meta.verbose_name_plural)
    about_tags = {
        "about": "tags",
        "name": word,
        "kind": "tags",
        "unit": "",
        "group": word,
        "choices": tags,
        "find": _found_by("tags", word),
        "offered": bool(tags),
    }
    subjects = [
        {
            "about": subject.about,
            "name": str(subject.name),
            "kind": subject.kind,
            "unit": subject.unit,
            "group": str(subject.group) or _("other things"),
            "choices": [_choice(code, name) | {"offered": True} for code, name in subject.choices.items()],
            "find": _found_by(subject.about, subject.name),
            "offered": subject.about not in retired,
            "counted": subject.is_counted,
            "wheres": [
                {
                    "code": code,
                    "name": str(where.name),
                    "choices": [{"code": each, "name": str(name)} for each, name in where.choices.items()],
                }
                for code, where in subject.wheres.items()
            ],
        }
        for subject in known.subjects.values()
    ]
    return {
        "subjects": [*subjects, about_tags],
        "asked": {kind: [[how, str(COMPARISONS[how])] for how in hows] for kind, hows in ASKED.items()},
        "days": {how: str(words) for how, words in DAYS.items()},
    }


def _choice(code: str, name: Words) -> dict[str, Any]:
    return {"code": code, "name": str(name), "find": _found_by(code, name)}


def _found_by(code: str, name: Words) -> str:
    return f"{name} {code} {_pinyin_of(str(name))}".casefold()


# Half a millisecond each, and a bank has thousands of tags.
_pinyin_of = lru_cache(maxsize=20_000)(pinyin_of)


# --- what they say ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """Rows as they stand: `sentence` is made of those that are whole."""

    rows: Row
    filled: Filled
    sentence: str


def looked_at(*, scope: Scope, rows: str = "", text: str = "") -> Look:
    """Rows as a page sends them, or a rule as text. Raises RowsWrong, ValueError (the text is no JSON).

    A tag of somebody else's is as unknown as one that nobody has, whoever types its code.
    """
    known = catalogue(scope=scope)
    if rows:
        try:
            tree = orjson.loads(rows)
        except orjson.JSONDecodeError as error:
            raise RowsWrong from error
    else:
        tree = rows_of(orjson.loads(text), known)
    filled = rule_of(tree, known)
    return Look(tree, filled, sentence_of(filled.condition) if filled.condition is not None else "")


# --- how many meet them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """`many` customers were found; without `is_whole` the time was over before all had been looked at."""

    many: int
    is_whole: bool


def how_many_meet(
    *, scope: Scope, condition: Condition, below: Branch | None = None, seconds: float = TRIAL_SECONDS
) -> Counted:
    """How many customers of the scope (and at or below `below`) meet the condition now, as far as `seconds` reach?

    Found ones are passed over in growing lots, so that what was found when the time is over is known and true.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    asked = compile_condition(condition, day=scope.at.astimezone(zone).date(), zone=zone)
    low, high = scope.lo, scope.hi
    if below is not None:
        low, high = max(low, below.pos), min(high, below.pos_end)
    found, lot, ends_at, is_whole = 0, _FIRST_LOT, time.monotonic() + seconds, False
    try:
        with transaction.atomic(using=scope.using), connections[scope.using].cursor() as cursor:
            cursor.execute(_OPENED + asked.sql, [low, high, *asked.params])
            while not is_whole and (left := int((ends_at - time.monotonic()) * 1000)) > 0:
                cursor.execute(f"SET LOCAL statement_timeout = {left}")
                cursor.execute(f"MOVE FORWARD {lot} IN customers_tried")
                found += cursor.rowcount
                is_whole = cursor.rowcount < lot
                lot = min(lot * 2, _MOST_LOT)
            # The cursor and the limit of time end with the savepoint.
            transaction.set_rollback(True, using=scope.using)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
    return Counted(found, is_whole)


def counted_in_words(counted: Counted) -> str:
    """What a trial found, as people read it."""
    if counted.is_whole:
        return _("%(many)s customers meet this now") % {"many": f"{counted.many:,}"}
    if counted.many:
        return _("more than %(many)s customers: the count was stopped after %(seconds)s seconds") % {
            "many": f"{counted.many:,}", "seconds": f"{TRIAL_SECONDS:g}"
        }  # fmt: skip
    return _("nobody was found within %(seconds)s seconds, and not all customers were looked at") % {
        "seconds": f"{TRIAL_SECONDS:g}"
    }
