"""The room's pages, one file for each part."""

from campaigns.points.admin import (
    adjustments,
    awards,
    closes,
    draws,
    extensions,
    mall,
    movements,
    rules,
    tiers,
    tries,
    wallets,
)

__all__ = [
    "adjustments",
    "awards",
    "closes",
    "draws",
    "extensions",
    "mall",
    "movements",
    "rules",
    "tiers",
    "tries",
    "wallets",
]
