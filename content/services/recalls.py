"""Recalling a revision: out of everything that shows or sends it, at once."""

from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.moves import lock, person_of
from campaigns.approvals.rules import NothingIsLive
from campaigns.approvals.selectors import live_and_scheduled
from campaigns.approvals.services.live import take_down
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.models import Item, LivePlacement, Recall
from content.recalling import run_recall_steps
from content.selectors import item_in_scope
from content.services.sightings import lay_gatherings


def recall_item(*, scope: Scope, item_id: UUID, reason: str) -> Recall:
    """Take what is live of an item, and what waits to be, back from everywhere, in one transaction.

    Demands content.item.recall, and what its steps demand. Raises NotFound, NothingIsLive, WordsAreMissing.
    """
    scope.demand("content.item.recall")
    item = item_in_scope(scope=scope, item_id=item_id)
    subject = ref("content.item", item.pk)
    lock(scope, subject)
    live, waiting = live_and_scheduled(scope=scope, subject=subject)
    revision = live or waiting
    if revision is None:
        raise NothingIsLive
    # A take-down writes its own moment over the approval's.
    since = max(revision.decided_at or scope.at, revision.shown_from or revision.submitted_at)
    take_down(scope=scope, subject=subject, reason=reason)
    did = run_recall_steps(scope=scope, item=item, revision=revision, reason=reason)
    recall: Recall = Recall.objects.create(
        branch_id=item.branch_id,
        branch_pos=item.branch_pos,
        item=item,
        revision_id=revision.pk,
        number=revision.number,
        title=revision.title,
        reason=reason.strip()[:500],
        person_id=person_of(scope),
        person_name=scope.facts.actor_name,
        at=scope.at,
        live_from=min(since, scope.at) if live else scope.at,
        live_until=scope.at,
        did=did,
    )
    lay_gatherings(scope=scope, recall=recall)
    _note(scope, recall, "content.item.recall", reason=recall.reason, number=recall.number, did=did)
    return recall


def withdraw_places(*, scope: Scope, item: Item, revision: Revision, reason: str) -> int:
    """A step of recalling: the places that show the item are emptied, and stay so when it is live again."""
    places = LivePlacement.objects.within(scope).filter(item=item).values_list("placement_id", flat=True)
    count = 0
    for placement_id in list(places.order_by("placement_id")):
        try:
            take_down(scope=scope, subject=ref("content.placement", placement_id), reason=reason)
        except NothingIsLive:
            continue  # somebody else was quicker
        count += 1
    return count


def note_seen_taken(*, scope: Scope, recall: Recall, rows: int) -> None:
    """The list of who has seen it was taken as a file: a line in the audit."""
    _note(scope, recall, "content.recall.download", rows=rows)


def _note(scope: Scope, recall: Recall, verb: str, **detail: object) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.item", recall.item_id),
        subject_name=recall.title,
        branch_id=recall.branch_id,
        branch_pos=recall.branch_pos,
        **detail,
    )
