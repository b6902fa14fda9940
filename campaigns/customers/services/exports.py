"""Customers given out as a file: asked for, confirmed by a second person where they are many, written by a worker."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import override

from campaigns.audit.services import record
from campaigns.customers.import_selectors import export_in_scope
from campaigns.customers.imports.exporting import (
    CONTENT_TYPES,
    Sheet,
    Writer,
    columns_offered,
    headings_of,
    rows_of,
)
from campaigns.customers.imports.refusals import (
    ColumnsUnknown,
    ExportSettled,
    NobodyToExport,
    OtherPersonNeeded,
    ReasonNeeded,
)
from campaigns.customers.models import Customer, CustomerExport
from campaigns.customers.rules import reason_kept
from campaigns.customers.second_person import tell_asker, tell_seconds
from campaigns.customers.selectors import customers_within
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services import due
from campaigns.jobs.services.long import ask_job
from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

MAY, UNMASK = "customers.customer.export", "customers.customer.unmask"
WRITE, DELETE = "customers.write_export", "customers.delete_export"
KEPT_FOR = timedelta(days=1)
# What the list may be narrowed to.
FILTERS = ("branch", "status", "source", "tag")

State = CustomerExport.State


def asked_for(*, scope: Scope, asks: dict[str, Any]) -> QuerySet[Customer]:
    """Whom do these filters mean, in the scope? An unknown branch or tag means nobody."""
    customers = customers_within(scope=scope).exclude(status__in=[Customer.Status.ERASED, "merged"])
    if code := asks.get("branch"):
        branch = Branch.objects.filter(code=code).first()
        if branch is None:
            return customers.none()
        customers = customers.filter(branch_pos__range=(branch.pos, branch.pos_end))
    if status := asks.get("status"):
        customers = customers.filter(status=status)
    if source := asks.get("source"):
        customers = customers.filter(source=source)
    if tag := asks.get("tag"):
        customers = customers.filter(standing__tag_ids__contains=[int(tag)])
    return customers


def ask_export(
    *,
    scope: Scope,
    form: str,
    asks: dict[str, Any],
    columns: list[str],
    is_unmasked: bool = False,
    reason: str = "",
) -> CustomerExport:
    """Ask for a file of customers: at once, or when a second person has confirmed a large one.

    In the clear only with the right and a reason. Raises NotAllowed, ReasonNeeded, ColumnsUnknown, NobodyToExport.
    """
    scope.demand(MAY)
    if is_unmasked:
        scope.demand(UNMASK)
        if len(reason.strip()) < 4:
            raise ReasonNeeded
    if not columns or form not in CONTENT_TYPES:
        raise ColumnsUnknown
    if not set(columns) <= set(columns_offered(sees_sensitive=is_unmasked)):
        raise ColumnsUnknown
    narrowed = {name: str(asks[name]) for name in FILTERS if asks.get(name)}
    rows = asked_for(scope=scope, asks=narrowed).count()
    if not rows:
        raise NobodyToExport
    export: CustomerExport = CustomerExport.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        form=form,
        asks=narrowed,
        columns=columns,
        is_unmasked=is_unmasked,
        reason=reason_kept(reason),
        rows=rows,
        is_large=rows > settings.EXPORT_ALONE_AT_MOST,
        state=State.WAITING,
        asked_by_id=scope.person_id,
        asked_by=scope.facts.actor_name,
        asked_at=scope.at,
    )
    _note(
        scope,
        export,
        "ask",
        rows=rows,
        columns=columns,
        in_the_clear=is_unmasked,
        filters=narrowed,
        **({"reason": export.reason} if export.reason else {}),
    )
    if export.is_large:
        tell_seconds(scope=scope, asked=export, verbs=seconds_for(export=export))
    else:
        _start(scope, export)
    return export


def seconds_for(*, export: CustomerExport) -> list[str]:
    """What a second person holds: what is in the clear asks for that right, too."""
    return [MAY, UNMASK] if export.is_unmasked else [MAY]


def confirm_export(*, scope: Scope, export_id: UUID | str) -> CustomerExport:
    """The second person's word. Raises NotFound, NotAllowed, ExportSettled, OtherPersonNeeded."""
    export = _decided_by(scope, export_id)
    _set(
        scope,
        export,
        confirmed_by_id=scope.person_id,
        confirmed_by=scope.facts.actor_name,
        confirmed_at=scope.at,
    )
    _note(scope, export, "confirm", rows=export.rows)
    tell_asker(scope=scope, asked=export, code="confirmed")
    _start(scope, export)
    return export


def decline_export(*, scope: Scope, export_id: UUID | str) -> CustomerExport:
    """The second person's no. Raises NotFound, NotAllowed, ExportSettled, OtherPersonNeeded."""
    export = _decided_by(scope, export_id)
    _set(scope, export, state=State.DECLINED)
    _note(scope, export, "reject", rows=export.rows)
    tell_asker(scope=scope, asked=export, code="declined")
    return export


def _decided_by(scope: Scope, export_id: UUID | str) -> CustomerExport:
    scope.demand(MAY)
    export = export_in_scope(scope=scope, export_id=export_id, lock=True)
    if export.state != State.WAITING:
        raise ExportSettled
    if export.is_unmasked:
        scope.demand(UNMASK)
    if scope.person_id is None or scope.person_id == export.asked_by_id:
        raise OtherPersonNeeded
    return export


def _start(scope: Scope, export: CustomerExport) -> None:
    job = ask_job(scope=scope, kind=WRITE, args={"export": str(export.pk)}, title=str(export))
    _set(scope, export, state=State.WRITING, job_id=job.pk)


def write_step(*, scope: Scope, job: Job) -> Step:
    """Write the file: the branches of who asked, whoever confirmed it. One step, begun anew after a death."""
    export = export_in_scope(scope=scope, export_id=job.args["export"], lock=True)
    if export.state != State.WRITING:
        return Step(export.rows, export.rows, is_over=True)
    home = Branch.objects.get(pk=export.branch_id)
    customers = asked_for(scope=scope, asks=export.asks).filter(branch_pos__range=(home.pos, home.pos_end))
    path = path_of(export_id=export.pk)
    part = path.with_suffix(".part")
    with override("zh-hans"):
        sheet = Sheet(export.columns, headings_of(export.columns), mark_of(export=export), export.is_unmasked)
        writer = Writer(part, export.form, sheet)
        for row in rows_of(scope=scope, customers=customers, sheet=sheet):
            writer.write(row)
        writer.close()
    part.chmod(0o600)
    part.replace(path)
    kept_until = scope.at + KEPT_FOR
    _set(scope, export, state=State.DONE, rows=writer.rows, done_at=scope.at, kept_until=kept_until)
    due.lay(
        scope=scope,
        kind=DELETE,
        subject=ref("customers.customerexport", export.pk),
        at=kept_until,
        branch_id=export.branch_id,
        branch_pos=export.branch_pos,
    )
    _note(scope, export, "finish", rows=writer.rows)
    return Step(writer.rows, writer.rows, is_over=True)


def mark_of(*, export: CustomerExport) -> str:
    """Whose file it is, in the file itself."""
    clear = "明文" if export.is_unmasked else "已脱敏"
    second = f"，复核 {export.confirmed_by}" if export.confirmed_by else ""
    return (
        f"内部资料 {export}：{export.asked_by} 于 {export.asked_at:%Y-%m-%d %H:%M} (UTC) 导出{second}，{clear}，"
        "严禁外传"
    )


def take_export(*, scope: Scope, export_id: UUID | str) -> tuple[CustomerExport, Path]:
    """The file, for who asked for it alone. Raises NotFound, ExportSettled; every taking is noted."""
    scope.demand(MAY)
    export = export_in_scope(scope=scope, export_id=export_id)
    if export.asked_by_id != scope.person_id or export.state != State.DONE:
        raise ExportSettled
    if export.is_unmasked:
        scope.demand(UNMASK)
    _note(scope, export, "download", rows=export.rows)
    return export, path_of(export_id=export.pk)


def delete_export(*, scope: Scope, export_id: UUID | str) -> bool:
    """Delete a file whose time has come; the record stays."""
    export = export_in_scope(scope=scope, export_id=export_id, lock=True)
    if export.state != State.DONE or export.kept_until is None or export.kept_until > scope.at:
        return False
    path_of(export_id=export.pk).unlink(missing_ok=True)
    _set(scope, export, state=State.GONE)
    return True


def path_of(*, export_id: UUID) -> Path:
    """Where the file lies: private, under MEDIA_ROOT."""
    name = str(export_id)
    return Path(settings.MEDIA_ROOT) / "customer-exports" / name[-2:] / name


def _set(scope: Scope, export: CustomerExport, **values: Any) -> None:
    CustomerExport.objects.within(scope).filter(pk=export.pk).update(**values)
    for name, value in values.items():
        setattr(export, name, value)


def _note(scope: Scope, export: CustomerExport, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"customers.customerexport.{verb}",
        subject=ref("customers.customerexport", export.pk),
        subject_name=str(export),
        branch_id=export.branch_id,
        branch_pos=export.branch_pos,
        **detail,
    )
