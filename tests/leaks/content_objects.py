"""Recalls of tests/leaks/objects.py: one at each place, named as its things are."""

from collections.abc import Mapping

from campaigns.lib.ids import new_id
from content.models import Recall
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
