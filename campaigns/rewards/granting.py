"""What this room does for long jobs, due rows and events of other systems."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.events.following import Heard, register_follower
from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import register_due
from campaigns.jobs.long_kinds import register_job
from campaigns.lib.refs import read_ref
from campaigns.rewards.services import batch_files, claim_codes, grants, lists, many, partner_codes
from campaigns.tenants.scopes import Scope

TASK = "rewards.grant_for_events"
# A lot waits for whoever holds the buckets; nobody holds them for minutes.
_PATIENCE = timedelta(minutes=2)


def register_grants() -> None:
    """Called once, when the room is ready."""
    register_job(
        lists.GRANT,
        step=lists.grant_step,
        label=_("Coupons for a list"),
        title=_("Grant coupons to a list"),
        verb=grants.MAY,
        went=_("granted"),
        refused=_("not granted"),
        lease=_PATIENCE,
        idle=_PATIENCE,
    )
    for kind, step, label, title, verb, went, refused in (
        (many.VOID_LIST, many.void_list_step, _("Coupons of a list voided"), _("Void the coupons of a list"),
         many.MAY_VOID, _("rows done"), _("rows refused")),
        (many.VOID_ALL, many.void_all_step, _("Coupons of a batch voided"), _("Void all coupons of a batch"),
         many.MAY_VOID, _("voided"), _("not voided")),
        (many.EXTEND_LIST, many.extend_list_step, _("Coupons of a list extended"), _("Extend the coupons of a list"),
         many.MAY_EXTEND, _("rows done"), _("rows refused")),
        (many.EXTEND_ALL, many.extend_all_step, _("Coupons of a batch extended"), _("Extend all coupons of a batch"),
         many.MAY_EXTEND, _("extended"), _("not extended")),
        (claim_codes.MAKE, claim_codes.make_step, _("Codes to claim made"), _("Make codes to claim"),
         claim_codes.MAY, _("made"), _("left out")),
        (partner_codes.IMPORT, partner_codes.import_step, _("Third-party codes brought in"),
         _("Bring third-party codes in"), partner_codes.MAY, _("sealed"), _("refused")),
    ):  # fmt: skip
        register_job(
            kind,
            step=step,
            label=label,
            title=title,
            verb=verb,
            went=went,
            refused=refused,
            lease=_PATIENCE,
            idle=_PATIENCE,
        )
    partner_codes.register_sentences()
    register_due(batch_files.DELETE, _delete_list, label=_("Delete a list of a batch"))
    register_follower("rewards: grants", act=follow)


def follow(*, source: str, heard: Sequence[Heard], at: datetime) -> None:
    """Lay down which events a rule answers, and say so to a worker."""
    laid = grants.hear_events(
        source=source,
        kinds=[each.told.kind for each in heard],
        told=[each.by for each in heard],
        event_ids=[each.told.id for each in heard],
        customer_ids=[each.customer_id for each in heard],
        products=[str(each.told.properties.get("product", "")) for each in heard],
        at=at,
    )
    if laid:
        tell_worker()


def tell_worker() -> None:
    """Events wait for their coupons: said once this transaction is through. The timetable's sweep finds them too."""
    transaction.on_commit(lambda: current_app.send_task(TASK, retry=False, ignore_result=True), robust=True)


def _delete_list(scope: Scope, due: Due) -> None:
    batch_files.delete_batch_file(scope=scope, file_id=read_ref(due.subject).id)
