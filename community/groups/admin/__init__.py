"""Pages of groups: kinds, groups with who is in them, what comes from WeCom, entry codes."""

from community.groups.admin import entries, groups, kinds, wecom

__all__ = ["entries", "groups", "kinds", "wecom"]
