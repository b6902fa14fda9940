"""All models of the room, by the part that they belong to."""

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

__all__ = [
    "CUSTOMERS_OWN",
    "Account",
    "Ends",
    "Entry",
    "Good",
    "GoodKind",
    "GoodStock",
    "Hold",
    "Household",
    "LiveGood",
    "Lot",
    "MallOrder",
    "MallPayment",
    "Member",
    "Movement",
    "MovementKind",
    "Wallet",
]
