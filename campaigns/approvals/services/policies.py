"""Writing review policies. They hold only when somebody else has approved them, like everything else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.models import LivePolicy, Policy, Revision
from campaigns.approvals.policy_rules import (
    PolicyEditedMeanwhile,
    PolicyIsMalformed,
    PolicyTitleIsMissing,
    clean_document,
)
from campaigns.approvals.policy_selectors import policy_in_scope
from campaigns.approvals.services.reviews import submit_revision, void_review
from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope


def add_policy(*, scope: Scope, title: str, rank: int, document: Mapping[str, Any]) -> Policy:
    """A new draft of the branch the scope stands at. Raises PolicyIsMalformed, PolicyTitleIsMissing."""
    scope.demand("approvals.policy.add")
    policy = Policy(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill(scope, policy, title, rank, document)
    policy.save(force_insert=True)
    _note(scope, policy, "approvals.policy.add")
    return policy


def change_policy(
    *,
    scope: Scope,
    policy_id: UUID,
    title: str,
    rank: int,
    document: Mapping[str, Any],
    seen_at: datetime | None = None,
) -> Policy:
    """Change a draft; an open review of it is void then, and what holds goes on holding.

    Raises as `add_policy`, NotFound, and PolicyEditedMeanwhile.
    """
    scope.demand("approvals.policy.change")
    policy = policy_in_scope(scope=scope, policy_id=policy_id)
    void_review(scope=scope, subject=ref("approvals.policy", policy.pk))
    policy = Policy.objects.within(scope).select_for_update(no_key=True).get(pk=policy.pk)
    if seen_at is not None and policy.changed_at != seen_at:
        raise PolicyEditedMeanwhile(who=policy.author_name)
    _fill(scope, policy, title, rank, document)
    policy.save(force_update=True)
    _note(scope, policy, "approvals.policy.change")
    return policy


def submit_policy(*, scope: Scope, policy_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`: NotFound, NotReady, ReviewIsOpen, NothingHasChanged."""
    return submit_revision(scope=scope, subject=ref("approvals.policy", policy_id))


def put_in_force(*, scope: Scope, revision: Revision) -> None:
    """Write what holds from an approved revision. Called by its approval alone; the database refuses anybody else."""
    key = {"policy_id": UUID(read_ref(revision.subject).id)}
    document = dict(revision.payload)
    values = {
        "revision_id": revision.pk,
        "sha256": revision.sha256,
        "title": document.pop("title"),
        "rank": document.pop("rank"),
        "document": document,
        "shown_from": scope.at,
        "shown_until": FOREVER,
        "handed_down": True,
    }
    if not LivePolicy.objects.within(scope).filter(**key).update(**values):
        LivePolicy.objects.create(
            branch_id=revision.branch_id, branch_pos=revision.branch_pos, **key, **values
        )


def _fill(scope: Scope, policy: Policy, title: str, rank: int, document: Mapping[str, Any]) -> None:
    if not title.strip():
        raise PolicyTitleIsMissing
    if not 0 <= rank <= 9999:
        raise PolicyIsMalformed(place="rank")
    policy.title, policy.rank, policy.document = title.strip()[:80], rank, clean_document(document)
    policy.author_id, policy.author_name = scope.person_id, scope.facts.actor_name
    policy.changed_at = scope.at


def _note(scope: Scope, policy: Policy, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("approvals.policy", policy.pk),
        subject_name=policy.title,
        branch_id=policy.branch_id,
        branch_pos=policy.branch_pos,
    )
