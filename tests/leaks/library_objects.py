"""What the library has for everybody to point at: a folder, a snippet, a picture nobody uses, and one that is gone."""

from collections.abc import Callable

from content.models import Asset
from content.services.asset_removals import remove_asset
from content.services.assets import add_asset, add_text
from content.services.folders import add_folder
from tests.leaks.world import PLACES, World
from tests.support.content import png


def plant_library(world: World, mark: Callable[[str], str]) -> None:
    """At every place, by its maker; each row's name is the place's mark."""
    for nth, place in enumerate(PLACES):
        with world.makers[place].scope() as scope:
            folder = add_folder(scope=scope, name=mark(place))
            snippet = add_text(scope=scope, name=mark(place), text=f"{mark(place)}话术")
            free = add_asset(scope=scope, raw=png((nth, 200, 10)), name=mark(place), folder_id=folder.pk)
            gone = add_asset(scope=scope, raw=png((nth, 10, 200)), name=mark(place))
            remove_asset(scope=scope, asset_id=gone.pk)
            Asset.objects.filter(pk=free.pk).update(tags=[mark(place)])
        world.add("content.folder", place, folder.pk)
        world.add("content.snippet", place, snippet.pk)
        world.add("content.free_asset", place, free.pk)
        world.add("content.gone_asset", place, gone.pk)
