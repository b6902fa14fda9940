"""The tables of this room, as each package declares them."""

from community.groups.models import Group, GroupKind, Member
from community.plans.models import LivePlan, Plan, PlanRun, Post

__all__ = ["Group", "GroupKind", "LivePlan", "Member", "Plan", "PlanRun", "Post"]
