"""A coupon to claim, with a line of one's own above it."""

from django.utils.translation import gettext_lazy as _

from content.blocks.parts import Words
from content.blocks.registry import BlockKind
from content.blocks.timed_parts import Batch

COUPON = BlockKind(
    "coupon",
    _("Coupon"),
    icon="confirmation_number",
    parts=(
        Batch(
            "batch",
            _("coupon batch"),
            needed=True,
            help=_("Customers see it while its batch can be claimed."),
        ),
        Words("words", _("line above it"), longest=40),
    ),
    template="content/phone/blocks/coupon.html",
)
