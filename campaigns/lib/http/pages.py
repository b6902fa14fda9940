"""Pages by cursor: {items, next}. A page starts after the last row of the one before, so nothing shifts.

pages = Pages(order=("-claimed_at", "-id"))
page = pages.cut(queryset, query)          # query: the view's validated query with PageQuery's fields
return self.answer(page.shown(item_shape))
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from campaigns.lib.http.malformed import CursorInvalid

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class PageQuery(serializers.Serializer[Any]):
    """Query parameters of every list."""

    cursor = serializers.CharField(
        required=False, max_length=400, help_text="上一页的 next · `next` of the page before"
    )
    limit = serializers.IntegerField(
        required=False,
        default=DEFAULT_LIMIT,
        min_value=1,
        max_value=MAX_LIMIT,
        help_text="每页条数 · rows a page",
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, and the cursor of the next page; None at the end."""

    items: list[M]
    next: str | None

    def shown(self, shape: Callable[[M], Any]) -> dict[str, Any]:
        return {"items": [shape(item) for item in self.items], "next": self.next}


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list is ordered: field names, "-" for descending; together they must be unique and never null."""

    order: tuple[str, ...] = ("-id",)

    def cut(self, queryset: QuerySet[M], query: Mapping[str, Any]) -> Page[M]:
        """One page of `queryset`. Raises CursorInvalid."""
        limit = int(query.get("limit") or DEFAULT_LIMIT)
        if cursor := query.get("cursor"):
            queryset = queryset.filter(self._after(queryset.model, cursor))
        # One row more than shown tells whether there is a next page, without a count.
        rows = list(queryset.order_by(*self.order)[: limit + 1])
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows, self._write(rows[-1]) if more else None)

    def _names(self) -> list[str]:
        return [name.lstrip("-") for name in self.order]

    def _write(self, row: Model) -> str:
        values = [_text(getattr(row, name)) for name in self._names()]
        return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")

    def _after(self, model: type[Model], cursor: str) -> Q:
        names = self._names()
        try:
            values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if not isinstance(values, list) or len(values) != len(names):
                raise CursorInvalid
            parsed = [model._meta.get_field(n).to_python(v) for n, v in zip(names, values, strict=True)]  # type: ignore[union-attr]
        except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError) as error:
            raise CursorInvalid from error
        if any(value is None for value in parsed):
            raise CursorInvalid
        after = Q()
        equal: dict[str, Any] = {}
        for key, name, value in zip(self.order, names, parsed, strict=True):
            after |= Q(**equal, **{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
            equal[name] = value
        # Redundant, but an index range that the planner can start at.
        first = f"{names[0]}__{'lte' if self.order[0].startswith('-') else 'gte'}"
        return Q(**{first: parsed[0]}) & after


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int)) else str(value)
