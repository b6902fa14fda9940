"""The room's pages, one file for each part."""

from campaigns.points.admin import adjustments, awards, closes, extensions, mall, movements, rules, wallets

__all__ = ["adjustments", "awards", "closes", "extensions", "mall", "movements", "rules", "wallets"]
