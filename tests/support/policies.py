"""Builders of review policies, through the services."""

from typing import Any

from campaigns.approvals.models import LivePolicy
from campaigns.approvals.services.policies import add_policy, submit_policy
from tests.support.cast import Player
from tests.support.content import approve

# For everything: somebody of the branch or above, then a reviewer of head office.
TWO_STEPS: dict[str, Any] = {
    "steps": [
        {
            "title": "机构审核",
            "seats": [{"by": "role", "role": "branch_manager"}, {"by": "role", "role": "reviewer"}],
        },
        {"title": "总行审核", "seats": [{"by": "role", "role": "reviewer", "level": "head_office"}]},
    ]
}


def policy_document(*, title: str = "审核", role: str = "reviewer", **more: Any) -> dict[str, Any]:
    """A policy of one step."""
    return {"steps": [{"title": title, "seats": [{"by": "role", "role": role}]}], **more}


def live_policy(
    maker: Player, checker: Player, title: str, document: dict[str, Any], *, rank: int = 100
) -> LivePolicy:
    """A policy of the maker's branch that holds, approved by `checker`."""
    with maker.scope() as scope:
        policy = add_policy(scope=scope, title=title, rank=rank, document=document)
        revision = submit_policy(scope=scope, policy_id=policy.pk)
    approve(checker, revision)
    with checker.scope():
        live: LivePolicy = LivePolicy.objects.get(policy_id=policy.pk)
        return live
