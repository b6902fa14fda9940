"""Long jobs and due rows of files of customers."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from campaigns.customers.second_person import register_sentences
from campaigns.customers.services import exports, import_runs, imports
from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import register_due
from campaigns.jobs.long_kinds import register_job
from campaigns.lib.refs import read_ref
from campaigns.tenants.scopes import Scope

# Judging is one step, and a million rows take a while to read before the database is asked anything.
_PATIENCE = timedelta(minutes=10)


def register_files() -> None:
    """Called once, when the room is ready."""
    register_sentences()
    register_job(
        imports.JUDGE,
        step=import_runs.judge_step,
        label=_("Verdicts on a customer file"),
        title=_("Judge a customer file"),
        verb=imports.MAY,
        went=_("rows judged"),
        lease=_PATIENCE,
        idle=_PATIENCE,
    )
    register_job(
        imports.APPLY,
        step=import_runs.apply_step,
        label=_("Customer import"),
        title=_("Import a customer file"),
        verb=imports.MAY,
        went=_("rows written"),
        lease=timedelta(minutes=2),
        idle=timedelta(minutes=2),
    )
    register_job(
        imports.UNDO,
        step=import_runs.undo_step,
        label=_("Customer import taken back"),
        title=_("Take a customer file back"),
        verb=imports.MAY,
        went=_("lots taken back"),
        lease=timedelta(minutes=2),
        idle=timedelta(minutes=2),
    )
    register_job(
        exports.WRITE,
        step=exports.write_step,
        label=_("Customer export"),
        title=_("Write a customer export"),
        verb=exports.MAY,
        went=_("customers written"),
        lease=_PATIENCE,
        idle=timedelta(minutes=2),
    )
    register_due(imports.DELETE, _delete_file, label=_("Delete a customer file"))
    register_due(exports.DELETE, _delete_export, label=_("Delete a customer export"))


def _delete_file(scope: Scope, due: Due) -> None:
    imports.delete_content(scope=scope, file_id=read_ref(due.subject).id)


def _delete_export(scope: Scope, due: Due) -> None:
    exports.delete_export(scope=scope, export_id=read_ref(due.subject).id)
