"""The room's pages, one file for each part."""

from campaigns.rewards.admin import batches, budgets, closes, merchants, shares

__all__ = ["batches", "budgets", "closes", "merchants", "shares"]
