"""A picture across the page."""

from django.utils.translation import gettext_lazy as _

from content.blocks.asset_parts import OneAsset
from content.blocks.parts import Link, Words
from content.blocks.registry import BlockKind

PICTURE = BlockKind(
    "picture",
    _("Picture"),
    icon="image",
    parts=(
        OneAsset("picture", _("picture"), needed=True),
        Words("caption", _("caption"), longest=60, help=_("One line under the picture.")),
        Link("link", _("link"), help=_("Where a tap on it leads: /pages/… or https://…")),
    ),
    template="content/phone/blocks/picture.html",
)
