"""The room's pages, one file for each part."""

from campaigns.points.admin import adjustments, closes, draws, mall, movements, rules, tries, wallets

__all__ = ["adjustments", "closes", "draws", "mall", "movements", "rules", "tries", "wallets"]
