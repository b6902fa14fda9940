"""A file of customers given out: who, in which columns, masked or in the clear; with a mark of whose file it is.

Rows are read in the order of their ids, some thousand at a time, and written as they come: memory does not grow.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.customers.attribute_models import Attribute
from campaigns.customers.imports.values import IDENTITIES
from campaigns.customers.imports.words import TARGETS
from campaigns.customers.models import Customer, CustomerKey, Identity, Profile, Tag
from campaigns.customers.rules import masked, masked_number
from campaigns.customers.selectors import place_of_value
from campaigns.lib import crypto
from campaigns.lib.csv_files import harmless
from campaigns.tenants.scopes import Scope

TOGETHER = 2_000
ALWAYS = ("number", "branch", "status", "joined")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A sheet's end, with room for the headings and the mark.
ROWS_OF_A_SHEET = 1_048_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is to be written. `columns`: "number", "branch", …, "identity:phone", "attribute:age", "tags"."""

    columns: Sequence[str]
    headings: Sequence[str]
    mark: str
    is_unmasked: bool


def headings_of(columns: Sequence[str]) -> list[str]:
    """The columns in the reader's language."""
    names = {
        "number": _("customer number"),
        "branch": _("branch"),
        "status": _("status"),
        "joined": _("joined"),
        "tags": _("tags"),
    }
    attributes = {each.code: str(each) for each in Attribute.objects.all()}
    found = []
    for column in columns:
        kind, _mark, code = column.partition(":")
        if kind == "identity":
            found.append(str(TARGETS[code]))
        elif kind == "attribute":
            found.append(attributes.get(code, code))
        else:
            found.append(str(names[column]))
    return found


def columns_offered(*, sees_sensitive: bool) -> list[str]:
    """Which columns may be asked for? Sensitive attributes only with the right to them."""
    attributes = Attribute.objects.filter(is_active=True)
    if not sees_sensitive:
        attributes = attributes.filter(is_sensitive=False)
    codes = attributes.values_list("code", flat=True)
    return [
        *ALWAYS,
        *(f"identity:{kind}" for kind in IDENTITIES if kind != "customer_number"),
        "tags",
        *(f"attribute:{code}" for code in codes),
    ]


def rows_of(*, scope: Scope, customers: QuerySet[Customer], sheet: Sheet) -> Iterator[list[Any]]:
    """The customers' rows. Five queries for each lot, whatever stands in it."""
    tags = {pk: (name, name_en) for pk, name, name_en in Tag.objects.values_list("pk", "name", "name_en")}
    last: UUID | None = None
    ordered = customers.order_by("pk").select_related("branch")
    while lot := list((ordered.filter(pk__gt=last) if last else ordered)[:TOGETHER]):
        last = lot[-1].pk
        ids = [customer.pk for customer in lot]
        known = _known_by(scope, ids, sheet)
        tagged: Mapping[UUID, list[int]] = (
            dict(
                Profile.objects.within(scope)
                .filter(customer_id__in=ids)
                .values_list("customer_id", "tag_ids")
            )
            if "tags" in sheet.columns
            else {}
        )
        for customer in lot:
            names = "; ".join(tags[tag][0] for tag in tagged.get(customer.pk, ()) if tag in tags)
            yield [_cell(column, customer, known.get(customer.pk, {}), names) for column in sheet.columns]


def _cell(column: str, customer: Customer, known: Mapping[str, str], tags: str) -> Any:
    kind, _mark, code = column.partition(":")
    match kind:
        case "number":
            return known.get("customer_number") or masked_number(customer.number_tail)
        case "identity":
            return known.get(code, "")
        case "attribute":
            value = customer.attributes.get(code, "")
            return {True: 1, False: 0}[value] if isinstance(value, bool) else value
        case "branch":
            return customer.branch.name
        case "status":
            return str(customer.get_status_display())
        case "joined":
            return customer.joined_at.date().isoformat()
        case _:
            return tags


def _known_by(scope: Scope, ids: list[UUID], sheet: Sheet) -> dict[UUID, dict[str, str]]:
    """Customer -> kind -> what they are known by, masked unless the sheet is in the clear."""
    kinds = [column.partition(":")[2] for column in sheet.columns if column.startswith("identity:")]
    if sheet.is_unmasked:
        kinds.append("customer_number")
    if not kinds:
        return {}
    keys = {
        each.customer_id: crypto.unwrap_key(bytes(each.wrapped), person=each.customer_id)
        for each in CustomerKey.objects.within(scope).filter(customer_id__in=ids)
    }
    found: dict[UUID, dict[str, str]] = {}
    rows = Identity.objects.within(scope).filter(
        customer_id__in=ids, kind__in=kinds, state=Identity.State.VERIFIED
    )
    for each in rows.order_by("id"):
        if each.customer_id not in keys:
            continue
        place = place_of_value(customer_id=each.customer_id, identity_id=each.pk)
        plain = crypto.unseal(bytes(each.value), key=keys[each.customer_id], place=place)
        shown = plain if sheet.is_unmasked else masked(plain)
        held = found.setdefault(each.customer_id, {})
        held[each.kind] = f"{held[each.kind]}; {shown}" if each.kind in held else shown
    return found


class Writer:
    """Writes rows into a file at `path`, as CSV or as a workbook; a sheet that is full is followed by another."""

    def __init__(self, path: Path, form: str, sheet: Sheet) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self.sheet, self.rows = sheet, 0
        self._file: Any = None
        self._book: Any = None
        if form == "csv":
            self._file = open(path, "w", encoding="utf-8-sig", newline="")  # noqa: SIM115
            self._lines = csv.writer(self._file)
            self._lines.writerow([harmless(sheet.mark)])
            self._lines.writerow([harmless(heading) for heading in sheet.headings])
        else:
            # Half a second to load, which hardly any process needs.
            from openpyxl import Workbook

            self._book, self._path = Workbook(write_only=True), path
            self._new_page()

    def write(self, row: Sequence[Any]) -> None:
        if self._book is None:
            self._lines.writerow([harmless(cell) for cell in row])
        else:
            if self._at == ROWS_OF_A_SHEET:
                self._end_page()
                self._new_page()
            self._page.append([harmless(cell) for cell in row])
            self._at += 1
        self.rows += 1

    def close(self) -> None:
        """The mark stands at the end as well."""
        if self._book is None:
            self._lines.writerow([harmless(self.sheet.mark)])
            self._file.close()
        else:
            self._end_page()
            self._book.save(self._path)

    def _new_page(self) -> None:
        self._page = self._book.create_sheet()
        # On each printed page; & begins a code of the footer's own.
        self._page.oddFooter.left.text = self.sheet.mark.replace("&", "+")[:200]
        self._page.freeze_panes = "A3"
        self._page.append([harmless(self.sheet.mark)])
        self._page.append([harmless(heading) for heading in self.sheet.headings])
        self._at = 2

    def _end_page(self) -> None:
        self._page.append([harmless(self.sheet.mark)])
