"""A clock that runs down to a moment."""

from django.utils.translation import gettext_lazy as _

from content.blocks.parts import Words
from content.blocks.registry import BlockKind
from content.blocks.timed_parts import Moment

COUNTDOWN = BlockKind(
    "countdown",
    _("Countdown"),
    icon="timer",
    parts=(
        Words("words", _("line above it"), needed=True, longest=40, help=_("For example: still open for")),
        Moment("until", _("runs down to"), needed=True, help=_("In the time of the branch.")),
        Words("after", _("line afterwards"), longest=40, help=_("What stands there when it is over.")),
    ),
    template="content/phone/blocks/countdown.html",
)
