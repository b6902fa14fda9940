"""Questions about files of customers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.customers.imports.lots import path_of, refusals_of, sealed_name
from campaigns.customers.imports.reading import lines_of
from campaigns.customers.imports.words import LETTERS, reason_words
from campaigns.customers.models import CustomerExport, CustomerFile, FileLot
from campaigns.lib.csv_files import harmless
from campaigns.lib.refusals import NotFound
from campaigns.lib.sealed_files import open_sealed
from campaigns.tenants.scopes import Scope

UNDO_COLUMNS = ("made", "prints", "before")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file as it stands there, with its verdict; `column`, `number`: the heading that is to blame, or "",
    and its place from 0.
    """

    line: int
    cells: list[str]
    kind: str
    code: str = ""
    column: str = ""
    number: int | None = None


def file_in_scope(*, scope: Scope, file_id: UUID | str, lock: bool = False) -> CustomerFile:
    """One file; raises NotFound for a foreign and an absent one alike."""
    rows = CustomerFile.objects.within(scope).filter(pk=file_id)
    file: CustomerFile | None = (rows.select_for_update(no_key=True) if lock else rows).first()
    if file is None:
        raise NotFound
    return file


def export_in_scope(*, scope: Scope, export_id: UUID | str, lock: bool = False) -> CustomerExport:
    """One export; raises NotFound for a foreign and an absent one alike."""
    rows = CustomerExport.objects.within(scope).filter(pk=export_id)
    export: CustomerExport | None = (rows.select_for_update(no_key=True) if lock else rows).first()
    if export is None:
        raise NotFound
    return export


def first_rows(*, file: CustomerFile, many: int = 8) -> list[tuple[int, list[str]]]:
    """How do the first rows below the headings look? None when the content has been deleted."""
    found: list[tuple[int, list[str]]] = []
    if file.gone_at is not None:
        return found
    with open_sealed(path_of(file.pk), name=sealed_name(file.pk)) as kept:
        for each in lines_of(kept, delimiter=file.delimiter, offset=0, line=1):
            if each.line > file.headings:
                found.append((each.line, each.cells if each.cells is not None else [each.text.strip()]))
            if len(found) == many:
                break
    return found


def lots_with(*, scope: Scope, file: CustomerFile, kind: str) -> QuerySet[FileLot]:
    """Which lots of a file have rows of this verdict, in their order? `kind` "" stands for every verdict."""
    lots = FileLot.objects.within(scope).filter(file=file).defer(*UNDO_COLUMNS)
    return lots.filter(**{f"{kind}_rows__gt": 0}) if kind else lots


def rows_of(*, scope: Scope, file: CustomerFile, kinds: Sequence[str], start: int, many: int) -> list[Row]:
    """The rows of these verdicts from the `start`-th on. Only the lots that hold them are read."""
    found: list[Row] = []
    passed = 0
    lots = FileLot.objects.within(scope).filter(file=file).defer(*UNDO_COLUMNS).order_by("number")
    for lot in lots.iterator():
        here = sum(int(getattr(lot, f"{kind}_rows")) for kind in kinds)
        if passed + here <= start:
            passed += here
            continue
        for row in read_lot(file=file, lot=lot, kinds=kinds):
            if passed >= start:
                found.append(row)
                if len(found) == many:
                    return found
            passed += 1
    return found


def read_lot(*, file: CustomerFile, lot: FileLot, kinds: Sequence[str]) -> list[Row]:
    """The rows of one lot with these verdicts, read from the kept file; none when that is gone."""
    if file.gone_at is not None:
        return []
    names: dict[int, str] = {letter: kind for kind, letter in LETTERS.items()}
    verdicts, refusals = bytes(lot.verdicts), refusals_of(lot.refused)
    found: list[Row] = []
    with open_sealed(path_of(file.pk), name=sealed_name(file.pk)) as kept:
        lines = lines_of(kept, delimiter=file.delimiter, offset=lot.offset, line=lot.line)
        for place, each in zip(range(len(verdicts)), lines, strict=False):
            kind = names[verdicts[place]]
            if kind not in kinds:
                continue
            code, column = refusals.get(place, ("", None))
            cells = each.cells if each.cells is not None else [each.text.strip()]
            found.append(Row(each.line, cells, kind, code, _title(file, column), column))
    return found


def _title(file: CustomerFile, column: Any) -> str:
    if column is None:
        return ""
    return str(file.titles[column]) if column < len(file.titles) else str(column + 1)


def refused_csv(*, scope: Scope, file: CustomerFile) -> Iterator[list[object]]:
    """The refused rows as they stood, with line, column and reason before them; no cell is a formula."""
    yield [harmless(cell) for cell in (_("line"), _("column"), _("code"), _("why not"), *file.titles)]
    for lot in lots_with(scope=scope, file=file, kind="refused").iterator():
        for row in read_lot(file=file, lot=lot, kinds=("refused",)):
            why = reason_words(row.code)
            yield [harmless(cell) for cell in (row.line, row.column, row.code, why, *row.cells)]
