"""A video of the library."""

from django.utils.translation import gettext_lazy as _

from content.blocks.asset_parts import OneAsset
from content.blocks.parts import Words
from content.blocks.registry import BlockKind

VIDEO = BlockKind(
    "video",
    _("Video"),
    icon="play_circle",
    parts=(
        OneAsset("video", _("video"), needed=True, kind="video"),
        Words("caption", _("caption"), longest=60, help=_("One line under the video.")),
    ),
    template="content/phone/blocks/video.html",
)
