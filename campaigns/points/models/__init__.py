"""All models of the room, by the part that they belong to."""

from campaigns.points.models.awards import Award, AwardLot, AwardRow
from campaigns.points.models.desk import AdjustLimit, Adjustment, LedgerClose
from campaigns.points.models.draws import (
    Draw,
    DrawPledge,
    DrawPrize,
    DrawSeed,
    DrawStock,
    DrawStockChange,
    DrawTry,
    LiveDraw,
    PrizeKind,
)
from campaigns.points.models.extensions import Extension
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
    "Award",
    "AwardLot",
    "AwardRow",
    "Counts",
    "CustomerTier",
    "Draw",
    "DrawPledge",
    "DrawPrize",
    "DrawSeed",
    "DrawStock",
    "DrawStockChange",
    "DrawTry",
    "Earning",
    "Ends",
    "Entry",
    "Extension",
    "Good",
    "GoodKind",
    "GoodStock",
    "Hold",
    "Household",
    "LedgerClose",
    "LiveDraw",
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
    "PrizeKind",
    "Rule",
    "RuleCount",
    "TierChange",
    "TierDue",
    "Tiers",
    "Wallet",
]
