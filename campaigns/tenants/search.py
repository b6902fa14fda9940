"""Finding rows by words: a verb proposes keys within the scope, and the rows are read through the policies.

A row is found when it holds every word, somewhere, as plain text; letters in any case and full-width forms are the
same. How the database does it: campaigns/tenants/search_sql.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Func, IntegerField, Lookup, Model, QuerySet, Value

from campaigns.tenants.scopes import Scope

# Longer questions are cut: nobody types them.
LONGEST = 60
# A list shows so many of its rows that hold the words; more are not looked for.
FOUND_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """`rows` in the order of `keys`, nearest first; `has_more` when there are others that hold the words."""

    rows: QuerySet[Any]
    has_more: bool


class AnyOf(Lookup):
    """`left = ANY (array)`: one parameter, however many keys."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY (%s)", (*params, self.rhs)


def cleaned(words: str) -> str:
    """What was typed, as PostgreSQL takes it: no zero bytes, not too long."""
    return words.replace("\x00", "")[:LONGEST].strip()


def keys_proposed(*, scope: Scope, model: type[Model], words: str, at_most: int) -> list[Any]:
    """Which rows of `model` within the scope hold the words? Keys: whole words first, then beginnings, then others.

    The model's table must be `searchable` in a migration. No words find nothing.
    """
    asked = cleaned(words)
    if not asked:
        return []
    verb = connection.ops.quote_name(f"search_{model._meta.db_table}")
    lo, hi = scope.lo, scope.hi
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key FROM {verb}(%s, %s, %s, %s)", [asked, lo, hi, at_most])  # noqa: S608
        return [key for (key,) in cursor.fetchall()]


def narrowed(
    *, scope: Scope, rows: QuerySet[Any], words: str, through: str = "", at_most: int = FOUND_AT_MOST
) -> Found:
    """The `rows` that hold the words, or that point by the relation `through` to something that does."""
    model = rows.model._meta.get_field(through).related_model if through else rows.model
    keys = keys_proposed(scope=scope, model=model, words=words, at_most=at_most + 1)
    kept = keys[:at_most]
    column = through or "pk"
    return Found(
        rows=rows.filter(AnyOf(F(column), kept)).order_by(_place_among(kept, column), "pk"),
        has_more=len(keys) > at_most,
    )


def _place_among(keys: Sequence[Any], column: str) -> Func:
    return Func(Value(keys), F(column), function="array_position", output_field=IntegerField())
