"""Rows in a form: hosts, lines of a run-sheet, drops, questions. Typed as rows, read as a list of dictionaries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

_NO_CHOICES: Callable[[], Sequence[tuple[str, str]]] = tuple


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, number, area, or select (with `choices`, asked when the form is drawn). `more`: attributes."""

    code: str
    label: Any
    kind: str = "text"
    choices: Callable[[], Sequence[tuple[str, str]]] = _NO_CHOICES
    more: str = ""
    empty: Any = "–"


class RowsWidget(forms.Widget):
    """Rows of `columns`; two more than are used, and a button for another. A row with nothing in it is none."""

    def __init__(self, columns: Sequence[Column], most: int, css: str) -> None:
        super().__init__()
        self.columns, self.most, self.css = columns, most, css

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        first = self.columns[0].code
        codes = ("id", *(column.code for column in self.columns))
        return [
            {code: data.get(f"{name}-{nth}-{code}", "") for code in codes}
            for nth in range(1, self.most + 1)
            if f"{name}-{nth}-{first}" in data
        ]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = list(value or ())
        blank = {"id": "", **{column.code: "" for column in self.columns}}
        rows = [*given, *[blank] * max(0, min(self.most, len(given) + 2) - len(given))]
        choices = {column.code: list(column.choices()) for column in self.columns if column.kind == "select"}
        return format_html(
            '<div class="ls-rows {}" id="{}" data-most="{}" data-name="{}">{}'
            '<button class="rw-button ls-more" type="button">{}</button></div>',
            self.css,
            (attrs or {}).get("id", ""),
            self.most,
            name,
            format_html_join(
                "\n", "{}", ((self._row(name, row, nth, choices),) for nth, row in enumerate(rows, 1))
            ),
            gettext("One more row"),
        )

    def _row(
        self, name: str, row: Mapping[str, str], nth: int, choices: Mapping[str, Sequence[tuple[str, str]]]
    ) -> SafeString:
        cells = [
            format_html(
                '<label class="ls-cell ls-{}"><span>{}</span>{}</label>',
                column.code,
                column.label,
                self._field(column, f"{name}-{nth}-{column.code}", row[column.code], nth, choices),
            )
            for column in self.columns
        ]
        return format_html(
            '<div class="ls-row" role="group" aria-label="{}"><input type="hidden" name="{}-{}-id" value="{}">{}</div>',
            nth,
            name,
            nth,
            row["id"],
            format_html_join("", "{}", ((cell,) for cell in cells)),
        )

    def _field(
        self,
        column: Column,
        name: str,
        value: str,
        nth: int,
        choices: Mapping[str, Sequence[tuple[str, str]]],
    ) -> SafeString:
        said = f"{column.label} {nth}"
        if column.kind == "area":
            return format_html(
                '<textarea name="{}" rows="2" aria-label="{}">{}</textarea>', name, said, value
            )
        if column.kind == "select":
            offered = list(choices[column.code])
            if value and value not in {key for key, _label in offered}:
                offered.append((value, gettext("(as it is now)")))
            return format_html(
                '<select name="{}" aria-label="{}">{}</select>',
                name,
                said,
                format_html_join(
                    "",
                    '<option value="{}"{}>{}</option>',
                    (
                        (key, SafeString(" selected") if key == value else "", label)
                        for key, label in [("", column.empty), *offered]
                    ),
                ),
            )
        return format_html(
            '<input type="{}" name="{}" value="{}" aria-label="{}" {}>',
            column.kind, name, value, said, SafeString(column.more),
        )  # fmt: skip


class RowsField(forms.Field):
    """`read` makes of a typed row what the terms hold, or None for an empty one; it raises forms.ValidationError."""

    def __init__(
        self, *, columns: Sequence[Column], most: int, read: Callable[[Mapping[str, str]], Any], css: str = "",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(widget=RowsWidget(columns, most, css), required=False, **kwargs)
        self.read = read

    def clean(self, value: Any) -> list[Any]:
        found = []
        for row in value or ():
            if any(text.strip() for code, text in row.items() if code != "id"):
                made = self.read({code: text.strip() for code, text in row.items()})
                if made is not None:
                    found.append(made)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        used = [row for row in data or () if any(text.strip() for code, text in row.items() if code != "id")]
        return [dict(row) for row in initial or ()] != [dict(row) for row in used]
