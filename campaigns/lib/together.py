"""Several questions in one round trip to the database."""

from typing import Any

from django.db import connections
from django.db.models import Model, QuerySet


def fetch_together(
    querysets: list["QuerySet[Any]"], *statements: tuple[str, list[Any]], using: str = "default"
) -> tuple[list[list[Any]], list[list[tuple[Any, ...]]]]:
    """The rows of each queryset as model instances, and those of each statement as tuples, by one message.

    Querysets are plain: no related rows, no annotations, no deferred fields.
    """
    compilers = [queryset.query.get_compiler(using) for queryset in querysets]
    asked = [compiler.as_sql() for compiler in compilers]
    both = [*asked, *statements]
    found: list[list[tuple[Any, ...]]] = []
    with connections[using].cursor() as cursor:
        cursor.execute(
            "; ".join(sql for sql, _params in both), [each for _sql, params in both for each in params]
        )
        for nth in range(len(both)):
            if nth:
                cursor.nextset()
            found.append(cursor.fetchall())
    instances = [
        _instances(queryset.model, compiler, rows, using)
        for queryset, compiler, rows in zip(querysets, compilers, found, strict=False)
    ]
    return instances, found[len(querysets) :]


def _instances(model: type[Model], compiler: Any, rows: list[tuple[Any, ...]], using: str) -> list[Any]:
    converters = compiler.get_converters([column[0] for column in compiler.select])
    names = [column[0].target.attname for column in compiler.select]
    converted = compiler.apply_converters(rows, converters) if converters else rows
    return [model.from_db(using, names, tuple(row)) for row in converted]
