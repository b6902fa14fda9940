"""A file of customers taken in: how it is to be understood, its verdicts, and who says that it is carried out.

What it does to the customers, lot by lot, is in `import_runs`.
"""

import hashlib
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any
from uuid import UUID

from django.conf import settings

from campaigns.audit.services import record
from campaigns.customers.bank_marketing import demand_source
from campaigns.customers.bank_marketing_attributes import definitions
from campaigns.customers.import_selectors import file_in_scope
from campaigns.customers.imports.lots import path_of, sealed_name
from campaigns.customers.imports.mapping import MANAGER, Columns, guess, is_whole, key_of, said_twice
from campaigns.customers.imports.reading import take
from campaigns.customers.imports.refusals import (
    ColumnsMissing,
    ColumnTwice,
    FileGone,
    FileSettled,
    NothingToDo,
    SecondPersonNeeded,
    UndoTooLate,
)
from campaigns.customers.imports.vocabulary import vocabulary_of
from campaigns.customers.models import CustomerFile, FileLot
from campaigns.customers.refusals import FileEmpty, NoHomeBranches
from campaigns.customers.second_person import tell_asker, tell_seconds
from campaigns.customers.services.attributes import add_missing_attributes
from campaigns.customers.services.care import MAY_ASSIGN
from campaigns.jobs.long_models import Job
from campaigns.jobs.services import due
from campaigns.jobs.services.long import ask_job
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope

MAY = "customers.customer.import"
SECONDS = [MAY]  # what a second person holds
JUDGE, APPLY, UNDO = "customers.judge_file", "customers.apply_file", "customers.undo_file"
DELETE = "customers.delete_file"

UNDO_FOR = timedelta(days=1)
_DRAFTS_FOR = timedelta(days=7)  # a file that nobody carries out is not kept for ever

State = CustomerFile.State


def take_file(*, scope: Scope, file: IO[bytes], name: str, source: str) -> CustomerFile:
    """Take an open file in for the tree at and below the scope's branch; its columns are guessed, or remembered.

    Raises FileRefused (see `imports/refusals.py`) for one that cannot be read, SourceInvalid, NoHomeBranches; then
    nothing is kept.
    """
    scope.demand(MAY)
    demand_source(source)
    vocabulary = vocabulary_of(scope=scope)
    if not vocabulary.branches:
        raise NoHomeBranches
    file_id = new_id()
    taken = take(file, path=path_of(file_id), name=sealed_name(file_id))
    try:
        index, columns = guess(head=taken.head, vocabulary=vocabulary)
        line, titles = taken.head[index]
        if taken.rows - index < 2:
            raise FileEmpty
        key = key_of(titles)
        made: CustomerFile = CustomerFile.objects.create(
            id=file_id,
            branch_id=scope.branch_id,
            branch_pos=scope.branch_pos,
            name=PurePath(name).name[:200] or "–",
            source=source,
            loaded_at=scope.at,
            loaded_by=scope.facts.actor_name,
            sha256=taken.sha256,
            size=taken.size,
            form=taken.form,
            delimiter=taken.delimiter,
            rows=taken.rows - index - 1,
            headings=line,
            titles=titles,
            headings_key=key,
            mapping=_remembered(scope, source, key) or columns.as_json(),
            kept_until=scope.at + _DRAFTS_FOR,
        )
        _delete_at(scope, made)
        _note(scope, made, "upload", rows=made.rows)
    except BaseException:
        path_of(file_id).unlink(missing_ok=True)
        raise
    return made


def _remembered(scope: Scope, source: str, key: str) -> dict[str, Any]:
    """What was last chosen for a file of this source with the same headings."""
    last = CustomerFile.objects.within(scope).filter(source=source, headings_key=key, is_mapping_chosen=True)
    mapping: dict[str, Any] | None = last.order_by("-id").values_list("mapping", flat=True).first()
    return mapping or {}


def choose_columns(*, scope: Scope, file_id: UUID | str, columns: Columns) -> CustomerFile:
    """Say which column says what. Relationship managers only by who may assign them.

    Raises NotFound, NotAllowed, FileSettled, FileGone, ColumnTwice, ColumnsMissing.
    """
    scope.demand(MAY)
    if MANAGER in columns.columns:
        scope.demand(MAY_ASSIGN)
    file = _in_state(scope, file_id, State.DRAFT, State.JUDGED)
    if pair := said_twice(columns.columns[: len(file.titles)]):
        first, second = (str(file.titles[number] or number + 1) for number in pair)
        raise ColumnTwice(first=first, second=second)
    if not is_whole(columns, vocabulary=vocabulary_of(scope=scope), width=len(file.titles)):
        raise ColumnsMissing
    if columns.preset:
        add_missing_attributes(scope=scope, definitions=definitions())
    _set(scope, file, mapping=columns.as_json(), is_mapping_chosen=True, state=State.DRAFT, counts={})
    return file


def ask_verdicts(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Have every row judged by a worker. Raises NotFound, FileSettled, FileGone, ColumnsMissing."""
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.DRAFT, State.JUDGED, State.JUDGING)
    if not file.is_mapping_chosen:
        raise ColumnsMissing
    _demand_no_job(file, scope)
    _set(scope, file, state=State.JUDGING, counts={}, job_id=_job(scope, file, JUDGE).pk)
    return file


def ask_apply(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Have a judged file carried out: at once, or when a second person has confirmed a large one.

    Raises NotFound, FileSettled, FileGone, NothingToDo.
    """
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.JUDGED)
    touched = file.counts.get("new", 0) + file.counts.get("changed", 0)
    if not touched:
        raise NothingToDo
    is_large = touched > settings.IMPORT_ALONE_AT_MOST
    _set(
        scope,
        file,
        is_large=is_large,
        asked_by_id=scope.person_id,
        asked_by=scope.facts.actor_name,
        asked_at=scope.at,
    )
    _note(scope, file, "ask", new=file.counts.get("new", 0), changed=file.counts.get("changed", 0))
    if is_large:
        _set(scope, file, state=State.WAITING)
        tell_seconds(scope=scope, asked=file, verbs=SECONDS)
    else:
        _set(scope, file, state=State.APPLYING, started_at=scope.at, job_id=_job(scope, file, APPLY).pk)
    return file


def confirm_apply(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """The second person's word: a large file is carried out. Raises NotFound, FileSettled, SecondPersonNeeded."""
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.WAITING)
    if scope.person_id is None or scope.person_id == file.asked_by_id:
        raise SecondPersonNeeded(most=f"{settings.IMPORT_ALONE_AT_MOST:,}")
    _set(
        scope,
        file,
        confirmed_by_id=scope.person_id,
        confirmed_by=scope.facts.actor_name,
        confirmed_at=scope.at,
    )
    _note(scope, file, "confirm")
    tell_asker(scope=scope, asked=file, code="confirmed")
    _set(scope, file, state=State.APPLYING, started_at=scope.at, job_id=_job(scope, file, APPLY).pk)
    return file


def start_alone(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Begin to carry a judged file out at the keyboard of the installation, without a long job.

    Whoever sits there is nobody's second person: this is the system's alone. Raises NotAllowed, NotFound, FileSettled.
    """
    scope.demand(MAY)
    if scope.kind != "system":
        raise NotAllowed(verb=MAY)
    file = _in_state(scope, file_id, State.JUDGED)
    _set(
        scope,
        file,
        state=State.APPLYING,
        started_at=scope.at,
        asked_by=scope.facts.actor_name,
        asked_at=scope.at,
    )
    return file


def start_undo_of(*, scope: Scope, file: IO[bytes], source: str) -> CustomerFile:
    """The same for taking back: the last import of this very file. Raises NotFound, FileSettled, UndoTooLate."""
    scope.demand(MAY)
    if scope.kind != "system":
        raise NotAllowed(verb=MAY)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    states = [State.APPLIED, State.APPLYING, State.UNDOING]
    rows = CustomerFile.objects.within(scope).filter(sha256=sha256, source=source, state__in=states)
    last = rows.order_by("-id").first()
    if last is None:
        raise NotFound
    if last.applied_at is not None and scope.at >= last.applied_at + UNDO_FOR:
        raise UndoTooLate
    _demand_no_job(last, scope)
    _set(scope, last, state=State.UNDOING)
    return last


def drop_draft(*, scope: Scope, file_id: UUID | str) -> None:
    """Forget a file that changed nothing, content and all. Raises NotFound."""
    scope.demand(MAY)
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    if file.state not in {State.DRAFT, State.JUDGED} or file.applied_at is not None:
        return
    path_of(file.pk).unlink(missing_ok=True)
    _set(scope, file, gone_at=scope.at)


def send_back(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """A file that waits goes back to its verdicts: by the second person, or who asked. Raises NotFound, FileSettled."""
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.WAITING)
    tell_asker(scope=scope, asked=file, code="declined")
    _set(scope, file, state=State.JUDGED, asked_by_id=None, asked_by="", asked_at=None)
    _note(scope, file, "send_back")
    return file


def go_on(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Carry the rest out after the long job was stopped. Raises NotFound, FileSettled, FileGone."""
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.APPLYING, State.UNDOING)
    _demand_no_job(file, scope)
    kind = APPLY if file.state == State.APPLYING else UNDO
    _set(scope, file, job_id=_job(scope, file, kind).pk)
    return file


def ask_undo(*, scope: Scope, file_id: UUID | str) -> CustomerFile:
    """Take back what was carried out, within a day. Raises NotFound, FileSettled, UndoTooLate."""
    scope.demand(MAY)
    file = _in_state(scope, file_id, State.APPLIED, State.APPLYING)
    if file.state == State.APPLYING:
        _demand_no_job(file, scope)
    if file.applied_at is not None and scope.at >= file.applied_at + UNDO_FOR:
        raise UndoTooLate
    _set(scope, file, state=State.UNDOING, job_id=_job(scope, file, UNDO).pk)
    _note(scope, file, "undo")
    return file


def delete_content(*, scope: Scope, file_id: UUID | str) -> bool:
    """Delete what a file held and what would take it back, when its time has come; the record stays."""
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    if file.gone_at is not None or file.kept_until > scope.at:
        return False
    FileLot.objects.within(scope).filter(file=file).update(made=[], prints=[], before=b"")
    path_of(file.pk).unlink(missing_ok=True)
    _set(scope, file, gone_at=scope.at)
    return True


def keep_for_undo(*, scope: Scope, file: CustomerFile) -> None:
    """From now on a day remains to take it back; then the content goes."""
    _set(scope, file, kept_until=scope.at + UNDO_FOR)
    _delete_at(scope, file)


def _in_state(scope: Scope, file_id: UUID | str, *states: str) -> CustomerFile:
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    if file.state not in states:
        raise FileSettled
    if file.gone_at is not None:
        raise FileGone
    return file


def _demand_no_job(file: CustomerFile, scope: Scope) -> None:
    """Nothing is under way with it, and nothing can go on by itself."""
    if file.job_id is None:
        return
    job = Job.objects.within(scope).filter(pk=file.job_id).first()
    if job is not None and not job.is_over and job.state != Job.State.FAILED:
        raise FileSettled


def _job(scope: Scope, file: CustomerFile, kind: str) -> Job:
    return ask_job(scope=scope, kind=kind, args={"file": str(file.pk)}, title=file.name)


def _set(scope: Scope, file: CustomerFile, **values: Any) -> None:
    CustomerFile.objects.within(scope).filter(pk=file.pk).update(**values)
    for name, value in values.items():
        setattr(file, name, value)


def _delete_at(scope: Scope, file: CustomerFile) -> None:
    due.lay(
        scope=scope,
        kind=DELETE,
        subject=ref("customers.customerfile", file.pk),
        version=file.kept_until.isoformat(),
        at=file.kept_until,
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
    )


def _note(scope: Scope, file: CustomerFile, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"customers.customerfile.{verb}",
        subject=ref("customers.customerfile", file.pk),
        subject_name=file.name,
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        **detail,
    )
