"""Pages of plans, one file for each part."""

from community.plans.admin import plans, posts, runs

__all__ = ["plans", "posts", "runs"]
