"""The preset roles: verbs are "room.noun.verb"; a star ends an entry. Data, loaded by `load_roles`; a bank edits
the rows, not this file.

Nouns: tenants.branch|person|role, audit.entry, approvals.revision|policy|wordlist|stop, customers.customer,
planning.campaign, rewards.batch|coupon|stock, content.asset|item|placement. Verbs: view, add, change, delete, and those
of the thing.
"""

# Pairs that nobody may hold at the same time: who makes, decides or administers does not audit.
EXCLUSIONS: list[tuple[str, str]] = [
    ("auditor", "administrator"),
    ("auditor", "branch_manager"),
    ("auditor", "community_operator"),
    ("auditor", "editor"),
    ("auditor", "reviewer"),
    ("auditor", "rewards_operator"),
]

_LOOK = [
    "tenants.branch.view",
    "planning.campaign.view",
    "rewards.batch.view",
    "content.asset.view",
    "content.item.view",
    "content.placement.view",
    "approvals.revision.view",
    "approvals.wordlist.view",
    "approvals.stop.view",
]
_MAKE = [
    "content.asset.add",
    "content.asset.change",
    "content.item.add",
    "content.item.change",
    "content.item.submit",
    "content.placement.add",
    "content.placement.change",
    "content.placement.submit",
    "approvals.revision.withdraw",
]

PRESETS: dict[str, tuple[str, str, list[str]]] = {
    "administrator": (
        "总行管理员",
        "Head-office administrator",
        [
            *_LOOK,
            "tenants.*",
            "approvals.stop.add",
            "approvals.stop.lift",
            "approvals.revision.evidence",
            "audit.entry.view",
            "customers.customer.view",
            "rewards.coupon.view",
            "schedule.*",
            "jobs.job.view",
            "jobs.job.stop",
            "approvals.publication.verify",
            "approvals.policy.view",
            "approvals.policy.add",
            "approvals.policy.change",
            "approvals.policy.submit",
            "approvals.wordlist.add",
            "approvals.wordlist.change",
            "approvals.wordlist.submit",
            "approvals.revision.withdraw",
        ],
    ),
    "editor": ("内容编辑", "Content editor", [*_LOOK, *_MAKE]),
    "reviewer": (
        "审核",
        "Reviewer",
        [
            *_LOOK,
            "approvals.revision.decide",
            "approvals.stop.add",
            "approvals.revision.evidence",
            "content.item.take_down",
            "content.placement.take_down",
            "rewards.batch.take_down",
        ],
    ),
    "community_operator": ("社群运营", "Community operator", [*_LOOK]),
    "rewards_operator": (
        "权益运营",
        "Rewards operator",
        [
            *_LOOK,
            "planning.campaign.add",
            "planning.campaign.change",
            "rewards.batch.add",
            "rewards.batch.change",
            "rewards.batch.submit",
            "rewards.batch.take_down",
            "rewards.stock.allot",
            "rewards.coupon.view",
            "rewards.coupon.void",
            "approvals.revision.withdraw",
        ],
    ),
    "branch_manager": (
        "支行行长",
        "Branch manager",
        [
            *_LOOK,
            "tenants.person.view",
            "tenants.person.reset",
            "tenants.assignment.view",
            "customers.customer.view",
            "rewards.coupon.view",
            "approvals.revision.decide",
            "approvals.policy.view",
            "approvals.stop.add",
            "approvals.stop.lift",
            "approvals.revision.evidence",
            "audit.entry.view",
        ],
    ),
    "clerk": ("柜员", "Counter clerk", ["rewards.coupon.redeem", "rewards.coupon.reverse"]),
    "relationship_manager": (
        "客户经理",
        "Relationship manager",
        ["customers.customer.view", "rewards.coupon.view", "rewards.coupon.redeem", "rewards.coupon.reverse"],
    ),
    "analyst": ("分析", "Analyst", [*_LOOK]),
    "auditor": (
        "审计",
        "Auditor",
        [
            *_LOOK,
            "approvals.revision.evidence",
            "tenants.person.view",
            "tenants.assignment.view",
            "tenants.role.view",
            "audit.entry.view",
            "approvals.policy.view",
            "customers.customer.view",
            "rewards.coupon.view",
        ],
    ),
}
