"""Files loaded for a batch: taken in sealed, worked through lot by lot as a long job, and deleted in due course."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.customers.imports.reading import lines_of, take
from campaigns.jobs.long_kinds import Result, Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services import due
from campaigns.jobs.services.long import ask_job
from campaigns.lib.both import Both, in_both
from campaigns.lib.csv_files import csv_bytes
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.lib.sealed_files import open_sealed
from campaigns.rewards.list_lots import BEGIN, Beforehand, Lot, Row, cell_of, next_lot, path_of, sealed_name
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.models.grants import BatchFile, BatchFileLot
from campaigns.rewards.refusals.life import (
    LIFE_BY_WORD,
    BatchNotLive,
    ListGone,
    ReasonMissing,
)
from campaigns.tenants.scopes import Scope

DELETE = "rewards.delete_list"
KEPT_FOR = timedelta(days=7)
_HEADINGS = (
    "客户号",
    "客户编号",
    "客户号码",
    "customer_number",
    "customer number",
    "customer",
    "customer_id",
    "券码",
    "code",
)

# One lot carried out: (scope, file, lot) -> {index of the row: word} of those refused.
Work = Callable[[Scope, BatchFile, Lot], dict[int, str]]


def take_batch_file(
    *,
    scope: Scope,
    file: IO[bytes],
    name: str,
    purpose: str,
    batch_id: UUID,
    may: str,
    kind: str,
    reason: str,
    args: dict[str, Any] | None = None,
) -> BatchFile:
    """Take a CSV or XLSX file in for a batch, and have it worked through by the long job `kind`.

    Raises NotAllowed (of `may`), ReasonMissing, BatchNotLive, and a FileRefused for one that cannot be read or has no
    rows; then nothing is kept.
    """
    scope.demand(may)
    if not reason.strip():
        raise ReasonMissing
    live = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first()
    if live is None:
        raise BatchNotLive
    file_id = new_id()
    taken = take(file, path=path_of(file_id=file_id), name=sealed_name(file_id))
    try:
        headings, column = _column(taken.head)
        made: BatchFile = BatchFile.objects.create(
            id=file_id,
            branch_id=scope.branch_id,
            branch_pos=scope.branch_pos,
            batch_id=batch_id,
            batch_title=live.title,
            purpose=purpose,
            name=PurePath(name).name[:200] or "–",
            sha256=taken.sha256,
            delimiter=taken.delimiter,
            rows=taken.rows - (headings > 0),
            headings=headings,
            column=column,
            args=args or {},
            reason=reason.strip()[:200],
            loaded_at=scope.at,
            loaded_by=scope.facts.actor_name,
            kept_until=scope.at + KEPT_FOR,
        )
        job = ask_job(
            scope=scope, kind=kind, args={"file": str(file_id), "comment": made.reason}, title=made.name
        )
        BatchFile.objects.within(scope).filter(pk=file_id).update(job_id=job.pk)
        made.job_id = job.pk
        due.lay(
            scope=scope,
            kind=DELETE,
            subject=ref("rewards.batchfile", file_id),
            at=made.kept_until,
            branch_id=made.branch_id,
            branch_pos=made.branch_pos,
        )
        note_lot(scope=scope, file=made, verb="upload", count=made.rows)
    except BaseException:
        path_of(file_id=file_id).unlink(missing_ok=True)
        raise
    return made


def work_step(
    *, scope: Scope, job: Job, work: Work, doing: Any, beforehand: Beforehand | None = None
) -> Step:
    """The next lot of a file: its rows are handed to `work`, in the transaction that notes how far it went.

    `beforehand` makes what `work` needs for so many rows, while the database is busy. The last step leaves a table of
    what was refused, and why.
    """
    file = BatchFile.objects.within(scope).filter(pk=job.args["file"]).first()
    if file is None:
        raise NotFound
    if file.gone_at is not None:
        raise ListGone
    cursor = job.cursor or BEGIN
    try:
        lot = next_lot(file=file, cursor=cursor, beforehand=beforehand)
    except FileNotFoundError:
        raise ListGone from None
    refused = work(scope, file, lot) if lot.rows else {}
    if refused:
        packed = orjson.dumps([(lot.rows[index].line, word) for index, word in sorted(refused.items())])
        BatchFileLot.objects.create(
            branch_id=file.branch_id,
            branch_pos=file.branch_pos,
            file=file,
            number=cursor["lot"],
            refused=packed,
        )
    done, no = job.done + len(lot.rows), job.refused + len(refused)
    if lot.after is None:
        result = _refusals(scope, file) if no else None
        if file.purpose == BatchFile.Purpose.CODES:
            # Nobody needs the plain codes any more.
            BatchFile.objects.within(scope).filter(pk=file.pk).update(gone_at=scope.at)
            transaction.on_commit(lambda: path_of(file_id=file.pk).unlink(missing_ok=True))
        log = (in_both(_left(no), n=no),) if no else ()
        return Step(done, done, refused=no, result=result, log=log, is_over=True)
    return Step(done, file.rows, refused=no, cursor=lot.after, doing=in_both(doing))


def customers_named(*, scope: Scope, rows: Sequence[Row], kind: str = "customer_number") -> list[UUID | None]:
    """Whom do these rows mean, by an identity of this kind or by id? None: nobody known. Of anywhere in the bank:
    what is done with them stops at the scope's edge.
    """
    found = [row.customer_id for row in rows]
    asked = [(n, row.lookup) for n, row in enumerate(rows) if row.lookup]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH asked AS MATERIALIZED (SELECT decode(h, 'hex') AS lookup, n FROM"
            " unnest(string_to_array(%s, ',')) WITH ORDINALITY u (h, n))"
            " SELECT nth, customer_id FROM customers_owners_of(array_fill(%s::text, ARRAY[%s]),"
            " ARRAY(SELECT lookup FROM asked ORDER BY n))",
            [",".join([lookup for _n, lookup in asked]), kind, len(asked)],
        )
        for nth, customer_id in cursor.fetchall() if asked else ():
            found[asked[nth - 1][0]] = customer_id
    return found


def refused_rows(*, scope: Scope, file: BatchFile) -> list[tuple[int, Both]]:
    """Which rows of a file were refused, and why? (line, sentence in both languages)"""
    lots = (
        BatchFileLot.objects.within(scope)
        .filter(file=file)
        .order_by("number")
        .values_list("refused", flat=True)
    )
    return [(line, _said(word)) for lot in lots for line, word in orjson.loads(bytes(lot))]


def delete_batch_file(*, scope: Scope, file_id: UUID | str) -> bool:
    """Delete what a list held when its time has come; the record and what was refused stay."""
    file = BatchFile.objects.within(scope).select_for_update(of=("self",)).filter(pk=file_id).first()
    if file is None or file.gone_at is not None or file.kept_until > scope.at:
        return False
    path_of(file_id=file.pk).unlink(missing_ok=True)
    BatchFile.objects.within(scope).filter(pk=file.pk).update(gone_at=scope.at)
    return True


def note_lot(*, scope: Scope, file: BatchFile, verb: str, **detail: Any) -> None:
    """A line of the audit about a list, or one lot of it."""
    record(
        scope=scope,
        verb=f"rewards.batchfile.{verb}",
        subject=ref("rewards.batchfile", file.pk),
        subject_name=f"{file.batch_title} · {file.name}",
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        batch=str(file.batch_id),
        **detail,
    )


def _column(head: Sequence[tuple[int, list[str]]]) -> tuple[int, int]:
    """The line of the headings (0: none) and the column: the one whose heading is known, else the first."""
    line, cells = head[0]
    known = [n for n, cell in enumerate(cells) if cell.strip().lower() in _HEADINGS]
    if known:
        return line, known[0]
    has_digit = any(letter.isdigit() for letter in (cells or [""])[0])
    return (0 if has_digit else line), 0


def _said(word: str) -> Both:
    refusal: Refusal = LIFE_BY_WORD[word]()
    return {"zh": refusal.detail("zh"), "en": refusal.detail("en")}


def _left(number: int) -> Any:
    return _("%(n)s rows were refused: the table with the reasons is the result.")


def _shown(cell: str, is_secret: bool) -> str:
    return f"····{cell[-4:]}" if is_secret and cell else cell


def _refusals(scope: Scope, file: BatchFile) -> Result:
    """The refused rows as a table, with the cell as it was loaded: for who loaded it alone."""
    reasons = dict(refused_rows(scope=scope, file=file))
    is_secret = file.purpose == BatchFile.Purpose.CODES
    with open_sealed(path_of(file_id=file.pk), name=sealed_name(file.pk)) as kept:
        rows = [
            (each.line, _shown(cell_of(each, file.column), is_secret), said["zh"], said["en"])
            for each in lines_of(kept, delimiter=file.delimiter, offset=0, line=1)
            if (said := reasons.get(each.line)) is not None
        ]
    return Result(
        f"refused-{str(file.pk)[-8:]}.csv",
        "text/csv; charset=utf-8",
        csv_bytes(("行 · line", "内容 · cell", "原因", "reason"), rows),
    )
