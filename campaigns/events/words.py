"""What the pages of this room say: doors, rooms, and why a row was refused with what to do about it."""

from typing import Final

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from campaigns.events import refusals

DOORS: Final = {
    "phone": _("the phone"),
    "hook": _("call of a system"),
    "file": _("file"),
}

# Kinds that are no room's of ours.
_ROOMS = {"app": _("Mini-program"), "core": _("Systems of the bank")}

# Things of rooms that are still without rows.
_LATER = {
    "community.group": _("community group"),
    "community.post": _("group post"),
    "community.livestream": _("livestream"),
}

# code -> (why, what to do)
REASONS: Final = {
    refusals.EventUnreadable.code: (
        _("not an event"),
        _("Each line is an object, or a row with the columns of the README; send unknown fields no more."),
    ),
    refusals.EventIdMalformed.code: (_("id malformed"), _("Up to 120 characters without spaces.")),
    refusals.EventFromFuture.code: (_("from the future"), _("Set the clock of the sending system right.")),
    refusals.EventTooOld.code: (
        _("older than it is kept"),
        _("Leave it: events of this kind that are so old would be deleted at once."),
    ),
    refusals.EventMomentMalformed.code: (
        _("moment malformed"),
        _("Write moments with their zone: 2026-11-22T10:32:00+08:00"),
    ),
    refusals.EventKindUnknown.code: (_("kind unknown"), _("Use a code of the kinds of events.")),
    refusals.EventKindForeign.code: (
        _("kind not of this source"),
        _("Look at the kinds of events for who may tell it, and at what this source is allowed."),
    ),
    refusals.PropertyUnknown.code: (_("property unknown"), _("Leave the property out.")),
    refusals.PropertyIllTyped.code: (
        _("property of a wrong type or value"),
        _("Look at the kinds of events for what it may be; money is in fen."),
    ),
    refusals.PropertyMissing.code: (_("property missing"), _("Send the properties that are required.")),
    refusals.SubjectIllFormed.code: (
        _("thing malformed"),
        _("A reference to one of the things of its kind."),
    ),
    refusals.CustomerUnnamed.code: (
        _("customer not named"),
        _("Name the customer by number, unionid or openid, and by one of them alone."),
    ),
    refusals.CustomerUnknown.code: (
        _("customer unknown or closed"),
        _("Import the customers first, and send the refused rows again."),
    ),
}


def reason_of(code: str) -> tuple[str, str]:
    """Why, and what to do; an unknown code as it stands."""
    why, next_step = REASONS.get(code, (code, ""))
    return str(why), str(next_step)


def room_of(kind: str) -> str:
    """The room of a kind of event, by the beginning of its code."""
    beginning = kind.partition(".")[0]
    if beginning in _ROOMS:
        return str(_ROOMS[beginning])
    try:
        return str(apps.get_app_config(beginning).verbose_name)
    except LookupError:
        return beginning


def thing_of(kind: str) -> str:
    """What a subject refers to ("content.item"), in the reader's language."""
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return str(_LATER.get(kind, kind))
