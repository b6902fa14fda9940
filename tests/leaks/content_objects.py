"""Recalls and originals of tests/leaks/objects.py: one at each place, named as its things are."""

from collections.abc import Mapping

from campaigns.lib.ids import new_id
from content.models import LiveItem, Objection, Original, Recall
from tests.leaks.world import World
from tests.support.cast import AT


def plant_recalls(world: World, names: Mapping[str, str]) -> None:
    """`names`: place -> how its things are named."""
    for place, name in names.items():
        maker = world.makers[place]
        with maker.scope() as scope:
            recall = Recall.objects.create(
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                item_id=world.ids["content.item"][place],
                revision_id=new_id(),
                number=1,
                title=name,
                reason=name,
                person_id=maker.person.pk,
                person_name="张三",
                at=AT,
                live_from=AT,
                live_until=AT,
                did={},
            )
        world.add("content.recall", place, recall.pk)


def plant_originals(world: World, names: Mapping[str, str]) -> None:
    """Originals that are not handed down: what is, branches below shall see. `names` as at `plant_recalls`."""
    for place, name in names.items():
        maker = world.makers[place]
        with maker.scope() as scope:
            live = LiveItem.objects.get(item_id=world.ids["content.item"][place])
            original = Original(
                id=new_id(),
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                item_id=live.item_id,
                revision_id=live.revision_id,
                number=1,
                sha256=live.sha256,
                title=name,
                payload={"kind": live.kind, "title": name, "summary": "", "body": "", "picture": None,
                         "batch_id": None, "shown_from": AT.isoformat(), "shown_until": AT.isoformat(),
                         "handed_down": False, "blocks": []},
                open_parts=["title"],
                handed_down=False,
                at=AT,
            )  # fmt: skip
        original.save(force_insert=True, using="owner")
        with maker.scope() as scope:
            objection = Objection.objects.create(
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                item_id=live.item_id,
                original_id=original.pk,
                words=name,
                person_id=maker.person.pk,
                person_name="张三",
                at=AT,
            )
        world.add("content.original", place, original.pk)
        world.add("content.objection", place, objection.pk)
