"""Many approvals asked for at once: a long job signs them one by one, each as if its own page had been opened."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from campaigns.approvals.bulk_selectors import AT_MOST
from campaigns.approvals.moves import person_of
from campaigns.approvals.people import DECIDE, chairs_of
from campaigns.approvals.selectors import revisions_within
from campaigns.approvals.services.reviews import approve_revision
from campaigns.approvals.telling import tell_asker
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.long_rules import TooManyChosen
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import AnyOf

KIND = "approvals.approve"


def ask_bulk_approval(*, scope: Scope, chosen: Sequence[tuple[UUID, str]], comment: str = "") -> Job:
    """Have these reviews approved, each with the hash that was seen on the list: (revision, SHA-256).

    Only what cannot be for any of them is refused here; what speaks against one is found at its turn and stands in its
    item. Raises NothingChosen, TooManyChosen, NotFound when one lies outside the scope, NotAllowed, NobodyActs.
    """
    person_of(scope)
    if not chairs_of(scope):
        raise NotAllowed(verb=DECIDE)
    seen = dict(chosen)
    if len(seen) > AT_MOST:
        raise TooManyChosen(at_most=AT_MOST)
    found = revisions_within(scope=scope).filter(AnyOf(F("pk"), list(seen))).values_list("pk", "title")
    titles: dict[UUID, str] = dict(found)
    if len(titles) < len(seen):
        raise NotFound
    items = [Asked(ref("approvals.revision", key), titles[key], {"sha256": sha}) for key, sha in seen.items()]
    return ask_many(scope=scope, kind=KIND, items=items, args={"comment": comment.strip()})


def approve_item(*, scope: Scope, item: JobItem, args: Mapping[str, Any]) -> None:
    """One of them. Raises as `approve_revision`."""
    revision_id = UUID(read_ref(item.subject).id)
    approve_revision(
        scope=scope, revision_id=revision_id, sha256=item.args["sha256"], comment=args["comment"]
    )


def tell_how_it_ended(*, scope: Scope, job: Job) -> None:
    """Into the inbox of who asked."""
    tell_asker(scope=scope, job=job, code="bulk_done" if job.state == Job.State.DONE else "bulk_halted")
