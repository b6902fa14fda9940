"""All models of the room, by the part that they belong to."""

from campaigns.points.models.desk import AdjustLimit, Adjustment, LedgerClose
from campaigns.points.models.households import Household, Member
from campaigns.points.models.ledger import (
    CUSTOMERS_OWN,
    Account,
    Ends,
    Entry,
    Hold,
    Lot,
    Movement,
    MovementKind,
    Wallet,
)
from campaigns.points.models.mall import Good, GoodKind, GoodStock, LiveGood, MallOrder, MallPayment
from campaigns.points.models.rules import Earning, LiveRule, Rule, RuleCount
from campaigns.points.models.tiers import (
    Counts,
    CustomerTier,
    LiveTiers,
    Period,
    TierChange,
    TierDue,
    Tiers,
)

__all__ = [
    "CUSTOMERS_OWN",
    "Account",
    "AdjustLimit",
    "Adjustment",
    "Counts",
    "CustomerTier",
    "Earning",
    "Ends",
    "Entry",
    "Good",
    "GoodKind",
    "GoodStock",
    "Hold",
    "Household",
    "LedgerClose",
    "LiveGood",
    "LiveRule",
    "LiveTiers",
    "Lot",
    "MallOrder",
    "MallPayment",
    "Member",
    "Movement",
    "MovementKind",
    "Period",
    "Rule",
    "RuleCount",
    "TierChange",
    "TierDue",
    "Tiers",
    "Wallet",
]
