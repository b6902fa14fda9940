"""The livestreams of tests/leaks/objects.py: at each place a draft, one that comes and one that is on now."""

from dataclasses import replace
from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from community.livestreams.services.channels import add_series
from community.livestreams.services.showings import start_livestream
from community.livestreams.services.viewers import say_on_livestream
from community.livestreams.services.watching import Beat, watch_livestream
from tests.leaks.world import PLACES, World
from tests.support.livestreams import QUESTION, channel_of, draft_livestream, drop_of, live_livestream
from tests.support.rewards import live_batch


def plant_livestreams(world: World) -> None:
    """For each branch alone: what is handed down, branches below shall see. They happen now, as HTTP does."""
    at = now()
    for place in PLACES:
        maker, checker = world.cast.play(f"maker_{place}"), world.cast.play(f"checker_{place}")
        batch = live_batch(
            world.cast, by=f"maker_{place}", reviewer=f"checker_{place}", shares={place: 5}, by_release=True,
            handed_down=False,
        )  # fmt: skip
        shown = {"handed_down": False, "at": at - timedelta(hours=1)}
        draft = draft_livestream(world.cast, maker, begins=at + timedelta(days=3), **shown)
        coming = live_livestream(world.cast, maker, checker, begins=at + timedelta(minutes=20), **shown)
        drop, question = drop_of(batch.pk, minute=None), replace(QUESTION, id=new_id())
        stream = live_livestream(
            world.cast, maker, checker, begins=at - timedelta(minutes=50), drops=[drop], quiz=[question],
            **(shown | {"at": at - timedelta(hours=2)}),
        )  # fmt: skip
        with maker.scope(at=at - timedelta(minutes=50)) as scope:
            start_livestream(scope=scope, livestream_id=stream.pk)
        world.add("community.channel", place, channel_of(maker).pk)
        world.add("community.livestream", place, draft.pk)
        world.add("community.coming", place, coming.pk)
        world.add("community.shown", place, stream.pk)
        world.add("community.drop", place, drop.id)
        world.add("community.question", place, question.id)
        with maker.scope() as scope:
            world.add("community.liveseries", place, add_series(scope=scope, title="行长直播间").pk)
    for who, place in (("nb", "NB"), ("nb2", "C2"), ("sb", "SB")):
        player = world.cast.customers[who]
        stream_id = world.ids["community.shown"]["NB" if place == "C2" else place]
        watch_livestream(beat=Beat(player.customer.pk, stream_id, at, 5, 0))
        # What is shown is for everybody's eyes; what is held is its author's alone.
        text = "加我 13800138000" if place == "C2" else "好"
        with player.scope(at=at) as scope:
            world.add(
                "community.comment",
                place,
                say_on_livestream(scope=scope, livestream_id=stream_id, text=text).id,
            )
