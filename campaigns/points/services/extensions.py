"""Points that staff let lapse later, with a reason: of one customer, or of many as a long job; above a limit by two.

How many one person may extend alone within a day is the limit of adjustments. The database decides (sql/extensions.py).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import ask_job
from campaigns.lib.both import in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.models import Extension
from campaigns.points.refusals.extensions import BY_WORD, ExtensionDecided
from campaigns.points.second_person import tell_asker, tell_seconds
from campaigns.points.selectors.extensions import extension_in_scope
from campaigns.points.verbs import ask, reason_of
from campaigns.tenants.scopes import Scope

POST = "points.post_extension"
LOOKS, ADDS, DECIDES = "points.extension.view", "points.extension.add", "points.extension.decide"
AT_ONCE = 200  # customers of one transaction


@transaction.atomic
def ask_extension(*, scope: Scope, customer_id: UUID, until: datetime, reason: str) -> Extension:
    """Let what a customer of the scope has usable, and lapses before, lapse at `until` (UTC): at once within what one
    person may do alone in a day, and above it when another person agrees. Raises NotFound, NothingToExtend,
    ReasonNotGiven.
    """
    scope.demand(ADDS)
    fresh = new_id()
    ask("SELECT ask_extension(%s, %s, %s, %s)", [fresh, customer_id, until, reason_of(reason)], BY_WORD)
    return _asked(scope, fresh)


@transaction.atomic
def ask_extensions(
    *, scope: Scope, ends_from: datetime, ends_until: datetime, until: datetime, reason: str
) -> Extension:
    """The same for all customers of the scope whose points lapse from a moment to before another (UTC), as a long job.
    Raises ExtensionDays, NothingToExtend, ReasonNotGiven.
    """
    scope.demand(ADDS)
    fresh = new_id()
    ask(
        "SELECT ask_extensions(%s, %s, %s, %s, %s)",
        [fresh, ends_from, ends_until, until, reason_of(reason)],
        BY_WORD,
    )
    return _asked(scope, fresh)


@transaction.atomic
def decide_extension(*, scope: Scope, extension_id: UUID, is_agreed: bool, remark: str = "") -> Extension:
    """Extend what another person asked for, or refuse it (then with a remark). Raises NotFound, ExtensionDecided,
    ExtensionIsOwn, NothingToExtend, ReasonNotGiven.
    """
    scope.demand(DECIDES)
    remark = remark.strip()[:200] if is_agreed else reason_of(remark)
    ask("SELECT decide_extension(%s, %s, %s)", [extension_id, is_agreed, remark], BY_WORD)
    made = extension_in_scope(scope=scope, extension_id=extension_id)
    verb = "points.extension.approve" if is_agreed else "points.extension.reject"
    _note(scope, made, verb, points=made.points, remark=remark)
    tell_asker(scope=scope, asked=made, is_agreed=is_agreed)
    return _worked(scope, made)


@transaction.atomic
def go_on_with_extension(*, scope: Scope, extension_id: UUID) -> Extension:
    """Begin the long job again, after it was stopped. What is extended is not extended twice. Raises NotFound,
    ExtensionDecided.
    """
    scope.demand(DECIDES)
    made = extension_in_scope(scope=scope, extension_id=extension_id)
    if made.state != Extension.State.AGREED:
        raise ExtensionDecided
    _note(scope, made, "points.extension.resume")
    return _worked(scope, made)


def post_step(*, scope: Scope, job: Job) -> Step:
    """Extend the next customers' points, in the order of their ids."""
    scope.demand(LOOKS)
    made = extension_in_scope(scope=scope, extension_id=UUID(job.args["extension"]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last, many, lost FROM post_extension_lot(%s, %s, %s)",
            [made.pk, job.cursor.get("after"), AT_ONCE],
        )
        row = cursor.fetchone()
    if row is None:
        raise ExtensionDecided
    last, many, lost = row
    done, refused = job.done + many, job.refused + lost
    return Step(
        done,
        max(done, made.customers),
        refused=refused,
        cursor={"after": str(last)} if last else {},
        doing=in_both(_("extending points")),
        is_over=last is None,
    )


def _asked(scope: Scope, fresh: UUID) -> Extension:
    made = extension_in_scope(scope=scope, extension_id=fresh)
    _note(scope, made, "points.extension.add", points=made.points, state=made.state, reason=made.reason)
    if made.state == Extension.State.ASKED:
        tell_seconds(scope=scope, asked=made, verb=DECIDES)
    return _worked(scope, made)


def _worked(scope: Scope, made: Extension) -> Extension:
    """Many customers are a long job's."""
    if made.state != Extension.State.AGREED:
        return made
    job = ask_job(scope=scope, kind=POST, args={"extension": str(made.pk)}, title=made.reason)
    with connection.cursor() as cursor:
        cursor.execute("SELECT note_extension_job(%s, %s)", [made.pk, job.pk])
    made.job_id = job.pk
    return made


def _note(scope: Scope, made: Extension, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("points.extension", made.pk),
        subject_name=str(made),
        branch_id=made.branch_id,
        branch_pos=made.branch_pos,
        customer=str(made.customer_id or ""),
        **detail,
    )
