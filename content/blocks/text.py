"""A text with headings, lists and links."""

from django.utils.translation import gettext_lazy as _

from content.blocks.parts import RichText
from content.blocks.registry import BlockKind

TEXT = BlockKind(
    "text",
    _("Text"),
    icon="notes",
    parts=(RichText("text", _("text"), needed=True),),
    template="content/phone/blocks/text.html",
)
