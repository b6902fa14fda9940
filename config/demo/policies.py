"""Two review policies of the demo bank's head office, made by one person and approved by another."""

from typing import TYPE_CHECKING, Any

from campaigns.approvals.services.policies import add_policy, submit_policy

if TYPE_CHECKING:
    from config.demo.story import DemoBank

_OWN = {"by": "role", "role": "reviewer", "level": ""}
_MANAGER = {"by": "role", "role": "branch_manager", "level": ""}
_HEAD_OFFICE = {"by": "role", "role": "reviewer", "level": "head_office"}

# title, rank, document
POLICIES: list[tuple[str, int, dict[str, Any]]] = [
    (
        "大额优惠券两级审核",
        10,
        {
            "kinds": ["rewards.batch"],
            "reward_from_fen": 5_000_000,
            "steps": [
                {"title": "机构审核", "seats": [_MANAGER, _OWN], "due_hours": 24, "escalate_hours": 48},
                {"title": "总行审核", "seats": [_HEAD_OFFICE], "due_hours": 24, "if_empty": "refuse"},
            ],
        },
    ),
    (
        "分支机构理财、基金、保险内容报总行审核",
        20,
        {
            "kinds": ["content.item"],
            "product_classes": ["wealth", "fund", "insurance"],
            "branch_levels": ["province", "city", "branch", "outlet"],
            "steps": [
                {"title": "机构审核", "seats": [_MANAGER, _OWN], "due_hours": 8, "escalate_hours": 24},
                {"title": "总行合规审核", "seats": [_HEAD_OFFICE], "due_hours": 24, "if_empty": "refuse"},
            ],
        },
    ),
]


def set_policies(demo: "DemoBank", *, days_ago: float) -> None:
    """Put the two in force. Everything that is submitted after that moment follows them."""
    for title, rank, document in POLICIES:
        with demo.act("admin", days_ago=days_ago) as scope:
            policy = add_policy(scope=scope, title=title, rank=rank, document=document)
            revision = submit_policy(scope=scope, policy_id=policy.pk)
        demo.approve("reviewer", revision, days_ago=days_ago / 2)
