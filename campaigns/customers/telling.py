"""What this room shows on a customer's page: what the customer is known by, who looks after them, and what changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.customers.care_selectors import home_moves_of, spells_of
from campaigns.customers.merge_selectors import merges_of
from campaigns.customers.models import Identity, Merge
from campaigns.customers.panels import Line, Moment
from campaigns.customers.selectors import masked_identities
from campaigns.tenants.scopes import Scope


def identity_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """Masked, by what is believed first; revoked ones at the end."""
    rows = masked_identities(scope=scope, customer_id=customer_id)
    rows.sort(key=lambda row: row[0].state == Identity.State.REVOKED)
    return [Line(row.get_kind_display(), text, _identity_note(row)) for row, text in rows]


def care_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """The relationship manager and those before; nobody is said to be nobody."""
    spells = list(spells_of(scope=scope, customer_id=customer_id)[:6])
    lines = [
        Line(
            _("looks after the customer") if spell.until is None else _("earlier"),
            spell.person.name,
            _span(spell.since, spell.until),
        )
        for spell in spells
    ]
    if not any(spell.until is None for spell in spells):
        lines.insert(0, Line(_("looks after the customer"), _("nobody yet")))
    return lines


def own_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """Merges, changes of the home branch and of who looks after the customer."""
    found = [
        Moment(
            move.at,
            "changed",
            _("The home branch changed from %(old)s to %(new)s.")
            % {"old": move.from_name, "new": move.to_name},
            move.why,
        )
        for move in home_moves_of(scope=scope, customer_id=customer_id, before=before, many=many)
    ]
    for merge in merges_of(scope=scope, customer_id=customer_id):
        found += _moments_of_merge(merge, customer_id)
    for spell in spells_of(scope=scope, customer_id=customer_id).filter(since__lt=before)[:many]:
        sentence = _("%(name)s looks after the customer.") % {"name": spell.person.name}
        found.append(Moment(spell.since, "changed", sentence, spell.why))
    return [moment for moment in found if moment.at < before]


def said_of_merge(why: dict[str, object]) -> str:
    """Why two were merged or proposed, in the reader's language."""
    kinds = [str(Identity.Kind(kind).label) for kind in why.get("kinds", []) if kind in Identity.Kind]  # type: ignore[attr-defined]
    by = {
        "log-in": _("a log-in showed the identities of both"),
        "link": _("both have the same identity"),
        "import": _("a file named both"),
        "staff": str(why.get("comment", "")),
    }.get(str(why.get("by", "")), "")
    return _(": ").join(part for part in (by, _(", ").join(kinds)) if part)


def _moments_of_merge(merge: Merge, customer_id: UUID) -> list[Moment]:
    is_kept = merge.kept_id == customer_id
    sentence = (
        _("Customer %(number)s was merged into this one.")
        if is_kept
        else _("This customer was merged into %(number)s.")
    )
    url = reverse("admin:customers_merge_change", args=[merge.pk])
    number = {"number": str(merge.absorbed if is_kept else merge.kept)}
    found = [Moment(merge.at, "changed", sentence % number, said_of_merge(merge.why), url)]
    if merge.undone_at is not None:
        undone = _("The merge with customer %(number)s was undone.") % number
        found.append(Moment(merge.undone_at, "changed", undone, merge.undone_why, url))
    return found


def _identity_note(row: Identity) -> str:
    at = {Identity.State.VERIFIED: row.verified_at, Identity.State.REVOKED: row.revoked_at}.get(
        Identity.State(row.state), row.linked_at
    )
    day = date_format(localtime(at), "SHORT_DATE_FORMAT") if at else ""
    return " ".join(
        part for part in (str(row.get_state_display()), day, row.source and f"({row.source})") if part
    )


def _span(since: datetime, until: datetime | None) -> str:
    first = date_format(localtime(since), "SHORT_DATE_FORMAT")
    if until is None:
        return _("since %(day)s") % {"day": first}
    return f"{first} – {date_format(localtime(until), 'SHORT_DATE_FORMAT')}"
