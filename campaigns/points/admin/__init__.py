"""The room's pages, one file for each part."""

from campaigns.points.admin import adjustments, closes, mall, movements, rules, tiers, wallets

__all__ = ["adjustments", "closes", "mall", "movements", "rules", "tiers", "wallets"]
