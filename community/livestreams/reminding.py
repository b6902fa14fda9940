"""The reminder of a livestream as outreach knows it: of what purpose, and whether it still stands."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.lib.refs import read_ref, ref
from campaigns.outreach.kinds import TouchKind
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Broadcast, Showing
from community.livestreams.rules import COMING, State
from community.livestreams.services.reminders import KIND


def standing_livestreams(scope: Scope, things: Collection[str]) -> Collection[str]:
    """Of which livestreams may a customer still be reminded? Those that come, or run, and are not taken down."""
    keys = [UUID(read_ref(each).id) for each in things]
    there = set(
        Showing.objects.within(scope)
        .filter(livestream_id__in=keys, state__in=[*COMING, State.LIVE])
        .values_list("livestream_id", flat=True)
    )
    shown = Broadcast.objects.within(scope).filter(livestream_id__in=there)
    return {ref("community.livestream", key) for key in shown.values_list("livestream_id", flat=True)}


TOUCH = TouchKind(
    KIND,
    _("Livestream reminder"),
    purpose="service",
    fields={"thing1": "name", "time2": "time"},
    stands=standing_livestreams,
)
