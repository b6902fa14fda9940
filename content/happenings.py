"""The kinds of events of this room: what customers saw of content, as their phones tell it."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from campaigns.events.registry import register_event, subject_id, whole, word
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.models import Item

_ITEM = "content.item"


def register_kinds() -> None:
    """Exposed (half of it on the screen for a second), clicked, viewed."""
    register_event(
        "content.exposed",
        label=_("Was shown the content"),
        properties={"place": word(), "seconds": whole(0, 86_400)},
        keeps=7,
        told_by=["phone"],
        subjects=(_ITEM,),
        moment="seen",
        names=_titles,
    )
    register_event(
        "content.clicked",
        label=_("Tapped the content"),
        properties={"place": word(), "target": word()},
        keeps=25,
        told_by=["phone"],
        subjects=(_ITEM,),
        moment="seen",
        names=_titles,
    )
    register_event(
        "content.viewed",
        label=_("Read the content"),
        properties={"seconds": whole(0, 86_400), "percent": whole(0, 100)},
        keeps=25,
        told_by=["phone"],
        subjects=(_ITEM,),
        moment="seen",
        names=_titles,
    )


def _titles(scope: Scope, references: Collection[str]) -> Mapping[str, str]:
    """Titles of the items that may be seen from here."""
    ids = [found for each in references if (found := subject_id(each))]
    rows = Item.objects.within(scope).filter(pk__in=ids).values_list("pk", "title")
    return {ref(_ITEM, pk): title for pk, title in rows}
