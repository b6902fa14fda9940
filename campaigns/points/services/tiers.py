"""Writing schemes of tiers: the draft, submitting it, and the published copy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.models import LiveTiers, Tiers
from campaigns.points.refusals.tiers import SchemeExists
from campaigns.points.selectors.tiers import scheme_in_scope
from campaigns.points.tier_terms import TierTerms, read_terms
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

CODE = "points.tiers"


def add_tiers(*, scope: Scope, terms: TierTerms) -> Tiers:
    """A draft for the branch the scope stands at and all below it. Raises SchemeExists, and what its terms refuse."""
    scope.demand("points.tiers.add")
    terms.check()
    scheme, is_new = Tiers.objects.get_or_create(
        branch_id=scope.branch_id, defaults={"branch_pos": scope.branch_pos, **terms.columns()}
    )
    if not is_new:
        raise SchemeExists
    _note(scope, scheme, "points.tiers.add")
    return scheme


def change_tiers(*, scope: Scope, scheme_id: UUID, terms: TierTerms) -> Tiers:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, and what its terms refuse.
    """
    scope.demand("points.tiers.change")
    terms.check()
    scheme = scheme_in_scope(scope=scope, scheme_id=scheme_id)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref(CODE, scheme_id))
    Tiers.objects.within(scope).filter(pk=scheme_id).update(**terms.columns())
    scheme.refresh_from_db()
    _note(scope, scheme, "points.tiers.change")
    return scheme


def submit_tiers(*, scope: Scope, scheme_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("points.tiers.submit")
    scheme_in_scope(scope=scope, scheme_id=scheme_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, scheme_id))


def take_down_tiers(*, scope: Scope, scheme_id: UUID, reason: str) -> None:
    """Judge nobody by it and give nothing by it from now on; a scheme above takes its place. Raises NotFound."""
    scope.demand("points.tiers.take_down")
    scheme_in_scope(scope=scope, scheme_id=scheme_id)
    live.take_down(scope=scope, subject=ref(CODE, scheme_id), reason=reason)


def publish_tiers(
    *, scope: Scope, scheme_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> None:
    """Write the published copy from an approved revision's payload. Called by approvals at go-live alone.

    The database refuses a revision that is not approved. Raises NotFound.
    """
    scheme = Tiers.objects.within(scope).select_for_update(of=("self",)).filter(pk=scheme_id).first()
    if scheme is None:
        raise NotFound
    columns = {
        **read_terms(payload).columns(),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
        "shown_until": FOREVER,
    }
    if not LiveTiers.objects.within(scope).filter(scheme_id=scheme_id).update(**columns):
        LiveTiers.objects.create(
            scheme_id=scheme_id, branch_id=scheme.branch_id, branch_pos=scheme.branch_pos, **columns
        )


def withdraw_tiers(*, scope: Scope, scheme_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveTiers.objects.within(scope).filter(scheme_id=scheme_id).delete()


def hand_over_tiers(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """The closed branch's scheme is the successor's, unless it has one of its own: then that is for all."""
    if Tiers.objects.within(scope).filter(branch=successor).exists():
        LiveTiers.objects.within(scope).filter(branch=closed).delete()
        return 0
    rows = Tiers.objects.within(scope).filter(branch=closed)
    moved = rows.update(branch=successor, branch_pos=successor.pos)
    LiveTiers.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    return moved


def _note(scope: Scope, scheme: Tiers, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, scheme.pk),
        subject_name=scheme.title,
        branch_id=scheme.branch_id,
        branch_pos=scheme.branch_pos,
    )
