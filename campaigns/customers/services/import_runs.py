"""What is done with a file of customers: judged as a whole, carried out lot by lot, taken back lot by lot.

Every lot is a transaction with its own note of what it did: whoever dies in it has done nothing of it, and the next one
goes on behind the last that is noted. Long jobs call the `..._step` functions; the command calls what lies below them.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.customers.import_selectors import file_in_scope
from campaigns.customers.imports import lots, sql
from campaigns.customers.imports.ahead import ahead
from campaigns.customers.imports.caring import still_fits
from campaigns.customers.imports.lots import (
    CHANGED,
    NEW,
    REFUSED,
    SAME,
    Lot,
    Span,
    lots_again,
    lots_of,
    packed_refusals,
    path_of,
    refusals_of,
    sealed_name,
)
from campaigns.customers.imports.mapping import MANAGER, Columns, Read, Reader
from campaigns.customers.imports.undoing import take_back
from campaigns.customers.imports.verdicts import Judged, judge
from campaigns.customers.imports.vocabulary import vocabulary_of
from campaigns.customers.imports.writing import (
    Held,
    Meanwhile,
    Written,
    before_of,
    hold,
    made_by,
    sealed_before,
    stage_tags,
    write,
)
from campaigns.customers.models import CustomerFile, FileLot
from campaigns.customers.services.imports import MAY, State, keep_for_undo
from campaigns.customers.services.tags import end_rows, tag_staged
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.lib.both import in_both
from campaigns.lib.refs import ref
from campaigns.lib.sealed_files import open_sealed
from campaigns.tenants.scopes import Scope

# Two files at once would look for each other's customers: one after the other.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('import_customers', 0))"
# A lot need not wait for the disk: a server that falls over loses the last ones whole, with their notes, and they are
# done again. The note that all is done waits, and the log keeps the order.
_LAZILY = "SET LOCAL synchronous_commit = off"
_COUNTED = {"new": NEW, "changed": CHANGED, "same": SAME, "refused": REFUSED}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows are through, of how many, and how many of them were refused."""

    done: int
    total: int
    refused: int = 0
    is_over: bool = False


# --- judging ------------------------------------------------------------------------------------------------


def judge_file(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Judge every row of a file, and keep the verdicts. One transaction, which changes no customer."""
    scope.demand(MAY)
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    counts = dict.fromkeys(_COUNTED, 0)
    FileLot.objects.within(scope).filter(file=file).delete()
    with ExitStack() as stack, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_seen")
        cursor.execute(sql.SEEN)
        kept = stack.enter_context(open_sealed(path_of(file.pk), name=sealed_name(file.pk)))
        reader = _reader(scope, file)
        made = lots_of(kept, reader=reader, delimiter=file.delimiter, headings=file.headings)
        for lot in stack.enter_context(ahead(made)):
            judged = judge(cursor, scope=scope, lot=lot, is_first=True)
            _keep(scope, file, lot, judged.letters, judged.refused)
        cursor.execute(sql.TWICE)
        _refuse_twice(scope, file, [place for (place,) in cursor.fetchall()])
        cursor.execute("DROP TABLE import_seen")
    for row in FileLot.objects.within(scope).filter(file=file).values(*(f"{k}_rows" for k in _COUNTED)):
        for kind in _COUNTED:
            counts[kind] += row[f"{kind}_rows"]
    _update(scope, file, state=State.JUDGED, counts=counts, judged_at=scope.at)
    return file


def _keep(
    scope: Scope, file: CustomerFile, lot: Lot, letters: bytearray, refused: list[tuple[int, str, int | None]]
) -> None:
    FileLot.objects.create(
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        file=file,
        number=lot.number,
        offset=lot.offset,
        line=lot.line,
        verdicts=bytes(letters),
        refused=packed_refusals(refused),
        **_rows(letters),
    )


def _rows(letters: bytes | bytearray) -> dict[str, int]:
    return {f"{kind}_rows": letters.count(letter) for kind, letter in _COUNTED.items()}


def _refuse_twice(scope: Scope, file: CustomerFile, places: list[int]) -> None:
    """The later rows of somebody who stands in the file more than once."""
    by_lot: dict[int, list[int]] = {}
    for place in places:
        by_lot.setdefault(place // lots.LOT, []).append(place % lots.LOT)
    for number, within in by_lot.items():
        lot = FileLot.objects.within(scope).get(file=file, number=number)
        letters, refused = bytearray(lot.verdicts), refusals_of(lot.refused)
        for place in within:
            letters[place] = REFUSED
            refused[place] = ("twice", None)
        lot.verdicts = bytes(letters)
        lot.refused = packed_refusals([(place, *why) for place, why in refused.items()])
        for name, value in _rows(letters).items():
            setattr(lot, name, value)
        lot.save()


# --- carrying out -------------------------------------------------------------------------------------------


def apply_next(*, scope: Scope, file_id: UUID | str) -> Progress:
    """Carry the next lot out, against the customers as they are now."""
    scope.demand(MAY)
    file = file_in_scope(scope=scope, file_id=file_id)
    spans = _spans(scope, file)
    if not spans:
        return _applied(scope, file)
    lot = _HELD.next_of(scope, file, spans)
    row = FileLot.objects.within(scope).select_for_update(no_key=True).get(file=file, number=lot.number)
    with connection.cursor() as cursor:
        cursor.execute(_LAZILY)
        cursor.execute(_ALONE)
        judged, written = _as_judged(cursor, scope, file, lot, row) or _judged_anew(
            cursor, scope, file, lot, row
        )
        _note_tags(cursor, scope, file, lot.number)
        tag_staged(cursor, scope=scope, source=made_by(file=file))
        cursor.execute(sql.NOTE_MADE, [row.pk])
    refused = refusals_of(row.refused) | {place: (code, column) for place, code, column in judged.refused}
    FileLot.objects.within(scope).filter(pk=row.pk).update(
        verdicts=bytes(judged.letters),
        refused=packed_refusals([(place, *why) for place, why in refused.items()]),
        **_rows(judged.letters),
        before=sealed_before(written.before, lot_id=row.pk),
        applied_at=scope.at,
    )
    left = sum(span.many for span in spans[1:])
    return Progress(file.rows - left, file.rows)


def _note_tags(cursor: Any, scope: Scope, file: CustomerFile, number: int) -> None:
    """How many customers get which tag with this lot, in one row: who they are stands in their spells."""
    cursor.execute(sql.TAGS_OF_LOT)
    tags = dict(cursor.fetchall())
    if tags:
        record(
            scope=scope,
            verb="customers.tag.give",
            subject=ref("customers.customerfile", file.pk),
            subject_name=file.source,
            branch_id=file.branch_id,
            branch_pos=file.branch_pos,
            lot=number,
            tags=tags,
        )


def _judged_anew(
    cursor: Any, scope: Scope, file: CustomerFile, lot: Lot, row: FileLot
) -> tuple[Judged, Written]:
    judged, held = _judged_and_held(cursor, scope, lot, bytes(row.verdicts))
    return judged, write(cursor, scope=scope, file=file, lot=lot, judged=judged, held=held)


def _judged_and_held(cursor: Any, scope: Scope, lot: Lot, before: bytes) -> tuple[Judged, list[Held]]:
    """The verdicts, and locks on whom they change. Judged anew for as long as somebody was faster."""
    while True:
        try:
            # What is held on the way is let go of again: the next verdict may name others.
            with transaction.atomic():
                judged = judge(cursor, scope=scope, lot=lot, before=before)
                return judged, hold(cursor, lot=lot, judged=judged)
        except Meanwhile:
            continue


def _as_judged(
    cursor: Any, scope: Scope, file: CustomerFile, lot: Lot, row: FileLot
) -> tuple[Judged, Written] | None:
    """A lot of nobody but new customers needs no second look: what came to be known since stops it at the index.

    None when it is another lot, or was stopped; then nothing of it was written.
    """
    judged = Judged(bytearray(row.verdicts))
    if not all(
        letter == REFUSED or (letter == NEW and isinstance(read, Read) and read.branch is not None)
        for letter, read in zip(judged.letters, lot.reads, strict=True)
    ):
        return None
    if lot.cared and not still_fits(lot, judged.letters):
        return None
    cursor.execute(sql.ERASED_SINCE, [file.judged_at])
    if cursor.fetchone()[0]:
        return None
    try:
        with transaction.atomic():
            return judged, write(cursor, scope=scope, file=file, lot=lot, judged=judged, held=[])
    except IntegrityError:
        return None


def _spans(scope: Scope, file: CustomerFile) -> list[Span]:
    left = FileLot.objects.within(scope).filter(file=file, applied_at__isnull=True).order_by("number")
    return [
        Span(number, offset, line, new + changed + same + refused)
        for number, offset, line, new, changed, same, refused in left.values_list(
            "number", "offset", "line", *(f"{kind}_rows" for kind in _COUNTED)
        )
    ]


def _applied(scope: Scope, file: CustomerFile) -> Progress:
    """Nothing is left of it: counted, noted, and kept for a day."""
    _HELD.let_go()
    counts = dict.fromkeys(_COUNTED, 0)
    for row in FileLot.objects.within(scope).filter(file=file).values(*(f"{k}_rows" for k in _COUNTED)):
        for kind in _COUNTED:
            counts[kind] += row[f"{kind}_rows"]
    _update(scope, file, state=State.APPLIED, counts=counts, applied_at=scope.at)
    keep_for_undo(scope=scope, file=file)
    record(
        scope=scope,
        verb="customers.customer.import",
        subject=ref("customers.customerfile", file.pk),
        subject_name=file.source,
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        new=counts["new"],
        changed=counts["changed"],
        unchanged=counts["same"],
        refused=counts["refused"],
        sha256=file.sha256,
    )
    return Progress(file.rows, file.rows, counts["refused"], is_over=True)


class _Held:
    """The lots of the file that this process carries out, read ahead while the database is busy with the last one.

    Only a convenience: a lot that is not the one that is asked for is read anew.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._of: tuple[Any, ...] = ()
        self._lots: Iterator[Lot] = iter(())

    def next_of(self, scope: Scope, file: CustomerFile, spans: list[Span]) -> Lot:
        """The lot of the first span."""
        key = (file.pk, file.mapping, scope.branch_id)
        if self._of == key:
            lot = next(self._lots, None)
            if lot is not None and lot.number == spans[0].number:
                return lot
        self.let_go()
        kept = self._stack.enter_context(open_sealed(path_of(file.pk), name=sealed_name(file.pk)))
        made = lots_again(kept, reader=_reader(scope, file), delimiter=file.delimiter, spans=spans)
        self._lots = self._stack.enter_context(ahead(made))
        self._of = key
        return next(self._lots)

    def let_go(self) -> None:
        self._of = ()
        self._stack.close()


_HELD = _Held()


# --- taking back --------------------------------------------------------------------------------------------


def undo_next(*, scope: Scope, file_id: UUID | str) -> Progress:
    """Take the last lot back that still stands."""
    scope.demand(MAY)
    file = file_in_scope(scope=scope, file_id=file_id)
    done = FileLot.objects.within(scope).filter(file=file, applied_at__isnull=False)
    standing = done.filter(undone_at__isnull=True).order_by("-number")
    lot = standing.select_for_update(no_key=True).first()
    if lot is None:
        return _undone(scope, file, done.count())
    with connection.cursor() as cursor:
        undone = take_back(
            cursor,
            scope=scope,
            source=file.source,
            made_by=made_by(file=file),
            lot_id=lot.pk,
            made=lot.made,
            prints=lot.prints,
            before=before_of(lot.before, lot_id=lot.pk),
        )
        if undone.untag:
            stage_tags(cursor, undone.untag)
            ended = end_rows(cursor, scope=scope, rows="import_tags", source=made_by(file=file))
            undone.restored += ended
            undone.changed_since += sum(map(len, undone.untag.values())) - ended
    FileLot.objects.within(scope).filter(pk=lot.pk).update(undone_at=scope.at, made=[], prints=[], before=b"")
    counts = dict(file.counts)
    for name in ("removed", "stayed", "restored", "changed_since"):
        counts[name] = counts.get(name, 0) + getattr(undone, name)
    _update(scope, file, counts=counts)
    total = done.count()
    return Progress(total - standing.count(), total)


def _undone(scope: Scope, file: CustomerFile, total: int) -> Progress:
    _update(scope, file, state=State.UNDONE, undone_at=scope.at)
    told = {name: file.counts.get(name, 0) for name in ("removed", "stayed", "restored", "changed_since")}
    record(
        scope=scope,
        verb="customers.customerfile.undo",
        subject=ref("customers.customerfile", file.pk),
        subject_name=file.name,
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        **told,
    )
    return Progress(total, total, is_over=True)


# --- as long jobs -------------------------------------------------------------------------------------------


def judge_step(*, scope: Scope, job: Job) -> Step:
    """All of the judging is one step."""
    file = judge_file(scope=scope, file_id=job.args["file"])
    return Step(file.rows, file.rows, refused=file.counts["refused"], is_over=True)


def apply_step(*, scope: Scope, job: Job) -> Step:
    """One lot."""
    return _step(apply_next(scope=scope, file_id=job.args["file"]), _("writing customers"))


def undo_step(*, scope: Scope, job: Job) -> Step:
    """One lot."""
    return _step(undo_next(scope=scope, file_id=job.args["file"]), _("taking back"))


def _step(progress: Progress, doing: Any) -> Step:
    return Step(
        progress.done,
        progress.total,
        refused=progress.refused,
        doing={} if progress.is_over else in_both(doing),
        is_over=progress.is_over,
    )


def _reader(scope: Scope, file: CustomerFile) -> Reader:
    columns = Columns.from_json(file.mapping)
    return Reader(
        columns,
        vocabulary=vocabulary_of(scope=scope, names_managers=MANAGER in columns.columns),
        source=file.source,
        headings=file.headings,
        width=len(file.titles),
    )


def _update(scope: Scope, file: CustomerFile, **values: Any) -> None:
    CustomerFile.objects.within(scope).filter(pk=file.pk).update(**values)
    for name, value in values.items():
        setattr(file, name, value)
