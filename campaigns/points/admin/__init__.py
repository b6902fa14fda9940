"""The room's pages, one file for each part."""

from campaigns.points.admin import adjustments, closes, movements, rules, wallets

__all__ = ["adjustments", "closes", "movements", "rules", "wallets"]
