"""Which files of an asset count now: those of its version, and of its crops those of its present take."""

from content.asset_models import Asset, Rendition

# Names of these are cut to a proportion around the focal point; all others show the whole picture.
CROPPED = frozenset({"thumb", "banner", "share"})


def is_cropped(*, name: str) -> bool:
    """Does the rendition of this name ("banner", "banner.avif") depend on the focal point?"""
    return name.partition(".")[0] in CROPPED


def current(*, asset: Asset) -> list[Rendition]:
    """The files of the asset as it is now, in the order they were made. Uses what was prefetched."""
    return [
        made
        for made in asset.renditions.all()
        if made.version == asset.version and (made.take == asset.take or not is_cropped(name=made.name))
    ]
