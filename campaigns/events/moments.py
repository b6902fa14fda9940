"""Events as sentences on a customer's page, and as rows of what is told to the customer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.customers.panels import Moment
from campaigns.events.registry import kinds
from campaigns.events.selectors import Seen, events_of
from campaigns.lib.money import yuan
from campaigns.tenants.scopes import Scope

_PAGE = 1_000


def event_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """The newest `many` events before a moment, newest first. One query, and one for each kind with names."""
    seen = events_of(scope=scope, customer_id=customer_id, before=before, many=many)
    names = _names(scope, seen)
    return [
        Moment(
            at=each.at,
            kind=kind.moment if (kind := kinds().get(each.kind)) else "done",
            sentence=_sentence(each, names.get(each.subject, "")),
            why=_told_by(each.source),
        )
        for each in seen
    ]


def tell_events(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every event of a customer for the customer, newest first, a page at a time."""
    page = events_of(scope=scope, customer_id=customer_id, many=_PAGE)
    while page:
        for each in page:
            yield "events.event", each._asdict()
        page = events_of(
            scope=scope, customer_id=customer_id, before=page[-1].at, below=page[-1].id, many=_PAGE
        )


def _names(scope: Scope, seen: Sequence[Seen]) -> Mapping[str, str]:
    wanted: dict[str, set[str]] = {}
    for each in seen:
        if each.subject:
            wanted.setdefault(each.kind, set()).add(each.subject)
    found: dict[str, str] = {}
    for code, subjects in wanted.items():
        kind = kinds().get(code)
        if kind is not None and kind.names is not None and (missing := subjects - found.keys()):
            found |= kind.names(scope, missing)
    return found


def _sentence(seen: Seen, name: str) -> str:
    kind = kinds().get(seen.kind)
    # A kind that nobody registers any more is shown by its code until its months are over.
    said = str(kind.label) if kind else seen.kind
    if name:
        said = _("%(did)s “%(name)s”") % {"did": said, "name": name}
    amount = seen.properties.get("amount_fen")
    if type(amount) is int:
        said = _("%(did)s, %(money)s") % {"did": said, "money": yuan(amount)}
    return said


def _told_by(source: str) -> str:
    door, _colon, system = source.partition(":")
    if door == "phone":
        return _("told by the phone")
    if door in ("hook", "file"):
        return _("told by %(system)s") % {"system": system}
    return ""
