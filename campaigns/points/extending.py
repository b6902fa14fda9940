"""What this room does for long jobs of extensions."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import register_job
from campaigns.points.services import extensions

_PATIENCE = timedelta(minutes=2)


def register_extensions() -> None:
    """Called once, when the room is ready."""
    register_job(
        extensions.POST,
        step=extensions.post_step,
        label=_("Points of many extended"),
        title=_("Extend points of many customers"),
        verb=extensions.LOOKS,
        went=_("customers extended"),
        refused=_("customers not extended"),
        lease=_PATIENCE,
        idle=_PATIENCE,
    )
