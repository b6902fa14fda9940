"""Holding a draft while one edits it, and saving as one types."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections

from campaigns.approvals.moves import person_of, words_of
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.blocks.refusals import BlockIsWrong
from content.editing_rules import held_by_another, is_being_edited
from content.item_refusals import NothingIsHeld
from content.models import Editing, Item
from content.selectors import item_in_scope
from content.services.items import Changes, would_change, write_item

# The page renews its hold three times in this time; whoever closes it or loses the line lets go by himself.
HELD_FOR = timedelta(seconds=90)

# One statement: whose row it is, or whose it becomes because its time is over, rides in the WHERE.
_HOLD = """
INSERT INTO content_editing AS held (item_id, branch_id, branch_pos, person_id, person_name, since, until, is_noted)
VALUES (%(item)s, %(branch)s, %(pos)s, %(person)s, %(name)s, %(at)s, %(until)s, false)
ON CONFLICT (item_id) DO UPDATE SET
    since = CASE WHEN held.person_id = EXCLUDED.person_id AND held.until > %(at)s THEN held.since ELSE %(at)s END,
    is_noted = held.is_noted AND held.person_id = EXCLUDED.person_id AND held.until > %(at)s,
    person_id = EXCLUDED.person_id, person_name = EXCLUDED.person_name,
    until = greatest(EXCLUDED.until, CASE WHEN held.person_id = EXCLUDED.person_id THEN held.until END)
 WHERE held.person_id = EXCLUDED.person_id OR held.until <= %(at)s
"""


def hold_item(*, scope: Scope, item_id: UUID) -> Editing:
    """Take the draft for oneself, or keep it longer. Raises NotFound, IsBeingEdited, NobodyActs."""
    scope.demand("content.item.change")
    item = item_in_scope(scope=scope, item_id=item_id)
    return _hold(scope, item)


def let_go_item(*, scope: Scope, item_id: UUID) -> bool:
    """Leave the draft to others; whether one held it."""
    scope.demand("content.item.change")
    mine = Editing.objects.within(scope).filter(item_id=item_id, person_id=person_of(scope))
    return bool(mine.delete()[0])


def take_over_item(*, scope: Scope, item_id: UUID, words: str) -> Editing:
    """Take a draft from whoever holds it; what he typed since his last save he keeps on his page.

    Raises NotFound, WordsAreMissing, NothingIsHeld.
    """
    scope.demand("content.item.change")
    words = words_of(words)
    item = item_in_scope(scope=scope, item_id=item_id)
    other = held_by_another(scope=scope, item_id=item.pk)
    if (
        other is None
        or not Editing.objects.within(scope).filter(pk=item.pk, person_id=other.person_id).delete()[0]
    ):
        raise NothingIsHeld
    mine = _hold(scope, item)
    _note(scope, item, "content.item.take_over", words=words.strip()[:500], held_by=other.person_name)
    return mine


def save_as_typed(
    *, scope: Scope, item_id: UUID, seen_at: datetime | None, changes: Changes
) -> tuple[Item, list[BlockIsWrong]]:
    """Save what somebody types, and hold the draft for him. One sitting is one line of the audit; history has each.

    What is as it was is not saved again. A part of a block that is wrong stays as it was saved last, and is answered;
    whatever else is wrong raises as `change_item`.
    """
    scope.demand("content.item.change")
    item = item_in_scope(scope=scope, item_id=item_id)
    mine = _hold(scope, item)
    wrongs: list[BlockIsWrong] = []
    is_latest = seen_at is None or item.changed_at == seen_at
    if is_latest and not would_change(scope=scope, item=item, changes=changes, wrongs=wrongs):
        return item_in_scope(scope=scope, item_id=item_id), wrongs
    wrongs = []
    item = write_item(scope=scope, item_id=item_id, seen_at=seen_at, changes=changes, wrongs=wrongs)
    if not mine.is_noted:
        Editing.objects.within(scope).filter(pk=item.pk).update(is_noted=True)
        _note(scope, item, "content.item.change")
    return item, wrongs


def _hold(scope: Scope, item: Item) -> Editing:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            _HOLD,
            {
                "item": item.pk,
                "branch": item.branch_id,
                "pos": item.branch_pos,
                "person": person_of(scope),
                "name": scope.facts.actor_name,
                "at": scope.at,
                "until": scope.at + HELD_FOR,
            },
        )
        is_mine = cursor.rowcount == 1
    editing: Editing = Editing.objects.within(scope).get(pk=item.pk)
    if not is_mine:
        raise is_being_edited(scope, editing)
    return editing


def _note(scope: Scope, item: Item, verb: str, **detail: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.item", item.pk),
        subject_name=item.title,
        branch_id=item.branch_id,
        branch_pos=item.branch_pos,
        **detail,
    )
