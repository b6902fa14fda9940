"""What the database refuses when something removed is shown, in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from campaigns.lib.constraints import violated
from content.asset_rules import AssetIsGone

_GONE = {"content_use_is_of_an_asset_that_is_there", "content_asset_cover_is_there"}


@contextmanager
def using_assets() -> Iterator[None]:
    """A write of something that shows assets. Raises AssetIsGone when one is removed meanwhile."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error) in _GONE:
            raise AssetIsGone from error
        raise
