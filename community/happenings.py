"""Names of the events of livestreams and groups: spoken for, and written by nobody outside."""

from django.utils.translation import gettext_lazy as _

from campaigns.events.registry import register_event, whole


def register_kinds() -> None:
    """What their rooms will write, in the transaction of the deed."""
    register_event(
        "community.livestream.joined",
        label=_("Joined the livestream"),
        subjects=("community.livestream",),
        moment="seen",
    )
    register_event(
        "community.livestream.left",
        label=_("Left the livestream"),
        properties={"seconds": whole(0, 86_400)},
        subjects=("community.livestream",),
        moment="seen",
    )
    register_event("community.group.joined", label=_("Joined the group"), subjects=("community.group",))
    register_event(
        "community.group.checked_in",
        label=_("Checked in"),
        subjects=("community.group", "community.post"),
    )
