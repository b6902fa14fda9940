"""The data map: every column of every table, what it holds, in which form, for how long and what for.

Generated from the models and the rooms' `data_classes.py`; a column that nobody has classified fails a test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.db import models

from campaigns.lib.classified import (
    FORMS,
    KEPT,
    KINDS,
    PURPOSES,
    Classified,
    class_of,
    read,
    stale,
    tracked_by,
)

# Tables of libraries, by the app's label; none holds anything of customers.
LIBRARIES = {
    "admin": read("logentry.*  none  plain  thing  run"),
    "auth": read("permission.*  none  plain  thing  run\ngroup.*  none  plain  thing  run"),
    "contenttypes": read("contenttype.*  none  plain  thing  run"),
    "sessions": read("session.*  credential  plain  days  secure"),
    "pghistory": read("context.*  internal  plain  thing  account"),
    "django_celery_beat": read(
        """
        solarschedule.*     none  plain  thing  run
        intervalschedule.*  none  plain  thing  run
        clockedschedule.*   none  plain  thing  run
        crontabschedule.*   none  plain  thing  run
        periodictasks.*     none  plain  thing  run
        periodictask.*      none  plain  thing  run
        """
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One row of the map; `classified` is None where nobody has said what it holds."""

    app: str
    model: type[models.Model]
    field: "models.Field[Any, Any]"
    classified: Classified | None

    @property
    def name(self) -> str:
        return f"{self.model._meta.db_table}.{self.field.column}"

    @property
    def is_history(self) -> bool:
        return tracked_by(self.model) is not None


@cache
def lines_of(label: str) -> Mapping[str, Classified]:
    """What a room says of its columns."""
    if label in LIBRARIES:
        return LIBRARIES[label]
    name = f"{apps.get_app_config(label).name}.data_classes"
    if find_spec(name) is None:
        return {}
    found: Mapping[str, Classified] = import_module(name).CLASSES
    return found


def columns() -> Iterator[Column]:
    """Every column, in the order of apps, tables and fields."""
    for app in apps.get_app_configs():
        for model in app.get_models(include_auto_created=True):
            if model._meta.proxy or not model._meta.managed:
                continue  # views of other tables
            for field in model._meta.concrete_fields:
                found = class_of(field, lines_of(app.label))
                if found is None and model._meta.auto_created:
                    continue
                yield Column(app.label, model, field, found)


def unclassified() -> list[str]:
    """Columns that nobody has classified."""
    return [column.name for column in columns() if column.classified is None]


def stale_lines() -> list[str]:
    """Lines that speak of columns that are no more, as "app: model.column"."""
    found = []
    for app in apps.get_app_configs():
        found += [f"{app.label}: {name}" for name in stale(lines_of(app.label), app.get_models())]
    return found


HEAD = ("app", "table", "column", "type", "class", "form", "kept", "purpose", "history")


def table(language: str = "zh") -> Iterator[tuple[str, ...]]:
    """The map as rows of words, under HEAD."""
    for column in columns():
        said = column.classified
        words = ("?", "?", "?", "?")
        if said is not None:
            words = (
                KINDS[said.kind][language],
                FORMS[said.form][language],
                KEPT[said.kept][language],
                PURPOSES[said.purpose][language],
            )
        kind = column.field.get_internal_type()
        place = (column.app, column.model._meta.db_table, column.field.column or column.field.name, kind)
        yield (*place, *words, "✓" if column.is_history else "")


def app_name(label: str) -> str:
    """A room by its own name."""
    app: AppConfig = apps.get_app_config(label)
    return str(app.verbose_name)
