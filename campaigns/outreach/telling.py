"""What is told of touches: to the customer who asks, and on the time line of the customer's page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.customers.panels import Moment
from campaigns.outreach.kinds import touch_kinds
from campaigns.outreach.models import Touch
from campaigns.tenants.scopes import Scope


def words_in(words: Mapping[str, Any], name: str) -> str:
    """One of a touch's words in the reader's language."""
    said = words.get(name, "")
    if not isinstance(said, Mapping):
        return str(said)
    return str(said.get("zh" if (get_language() or "zh").startswith("zh") else "en") or said.get("zh", ""))


def label_of(kind: str) -> str:
    """What people call this kind of message."""
    known = touch_kinds().get(kind)
    return str(known.label) if known else kind


def tell_touches(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every message: what it said, when it was sent, over which channel, and why it was not."""
    for touch in Touch.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "messages",
            {
                "kind": touch.kind,
                "purpose": touch.purpose,
                "words": touch.words,
                "state": touch.state,
                "channel": touch.way,
                "asked_at": touch.asked_at,
                "sent_at": touch.sent_at,
                "read_at": touch.read_at,
                "why": touch.why.get("code", ""),
            },
        )


def touch_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """What was sent, and what was not and why."""
    if not scope.may("outreach.touch.view"):
        return []
    rows = Touch.objects.within(scope).filter(
        customer_id=customer_id, state__in=["sent", "stopped"], decided_at__lt=before
    )
    zh = (get_language() or "zh").startswith("zh")
    return [
        Moment(
            at=touch.decided_at or touch.asked_at,
            kind="sent",
            sentence=(
                _("Sent: %(kind)s “%(title)s”")
                if touch.state == "sent"
                else _("Not sent: %(kind)s “%(title)s”")
            )
            % {"kind": label_of(touch.kind), "title": words_in(touch.words, "title")},
            why=str(touch.why.get("zh" if zh else "en", "")),
        )
        for touch in rows.order_by("-decided_at")[:many]
    ]
