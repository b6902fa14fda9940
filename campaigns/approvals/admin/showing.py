"""How pages show a revision: its kind, its thing's page, what customers would see of it."""

from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from campaigns.approvals import rules
from campaigns.approvals.kinds import Description, kind_of
from campaigns.approvals.models import Revision
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


def describe(scope: Scope, revision: Revision) -> Description:
    """What it says, line by line and on a phone."""
    return kind_of(revision.kind).describe(scope, revision.payload)


def kind_name(revision: Revision) -> str:
    """Its kind in the reader's language; the code where no room knows it any more."""
    try:
        return str(kind_of(revision.kind).label)
    except NotFound:
        return str(revision.kind)


def thing_url(scope: Scope, revision: Revision) -> str:
    """The page of the draft, for readers who may open it; "" otherwise."""
    if not scope.may(f"{revision.kind}.view"):
        return ""
    try:
        kind, key = read_ref(revision.subject)
        return reverse("admin:{}_{}_change".format(*kind.split(".")), args=[key])
    except (ValueError, NoReverseMatch):
        return ""


def review_url(revision_id: UUID | None) -> str:
    """The address of its review page; "" for none."""
    return reverse("admin:approvals_revision_change", args=[revision_id]) if revision_id else ""


def compared(scope: Scope, revision: Revision, live: Revision | None) -> dict[str, Any]:
    """What changed against what is live, and what did not."""
    new = describe(scope, revision)
    old = describe(scope, live) if live else None
    changed = rules.changes(old=old.lines if old else [], new=new.lines)
    touched = {change.new.key for change in changed if change.new}
    return {"changes": changed, "same": [line for line in new.lines if line.key not in touched]}
