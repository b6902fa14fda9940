"""What this room does for long jobs and due rows of awards."""

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import register_due
from campaigns.jobs.long_kinds import register_job
from campaigns.lib.refs import read_ref
from campaigns.points.services import award_runs, awards
from campaigns.tenants.scopes import Scope

# A lot of a thousand wallets waits for whoever holds one of them; nobody holds it for minutes.
_PATIENCE = timedelta(minutes=2)


def register_awards() -> None:
    """Called once, when the room is ready."""
    for kind, step, label, title, verb, went, refused in (
        (awards.JUDGE, award_runs.judge_step, _("Rows of an award checked"), _("Check the rows of an award"),
         awards.ADDS, _("rows good"), _("rows refused")),
        (awards.POST, award_runs.post_step, _("Award of points posted"), _("Post an award of points"),
         awards.LOOKS, _("customers given points"), _("customers left out")),
        (awards.RETURN, award_runs.return_step, _("Award of points taken back"), _("Take an award of points back"),
         awards.RETURNS, pgettext_lazy("points", "customers taken back"), _("customers left as they are")),
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
    register_due(awards.DELETE_FILE, delete_file, label=_("Delete the file of an award"))
    register_due(awards.DELETE_ROWS, delete_rows, label=_("Delete the rows of an award"))


def delete_file(scope: Scope, due: Due) -> None:
    """Content that nobody judged to its end; the award itself stays."""
    awards.delete_file(scope=scope, award_id=UUID(read_ref(due.subject).id))


def delete_rows(scope: Scope, due: Due) -> None:
    """The rows of what is over; the ledger and the lots stay."""
    awards.delete_rows(scope=scope, award_id=UUID(read_ref(due.subject).id))
