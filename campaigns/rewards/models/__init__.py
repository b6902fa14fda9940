"""All models of the room, by the part that they belong to."""

from campaigns.rewards.models.batches import Batch, LiveBatch, Origin, Promise, Settled, Stock, Terms
from campaigns.rewards.models.budgets import Budget, Did, Funding, Movement, Payer, Reservation
from campaigns.rewards.models.closes import Close
from campaigns.rewards.models.codes import (
    ClaimCode,
    ClaimsBy,
    CodeRun,
    Gift,
    Handing,
    Lockable,
    PartnerCode,
    RefusalCount,
)
from campaigns.rewards.models.coupons import Coupon, Redemption, Reversal, Status
from campaigns.rewards.models.giving import DayRule, FaceUnit, Giving, Kind
from campaigns.rewards.models.grants import BatchFile, BatchFileLot, EventGrant, GrantRule, How
from campaigns.rewards.models.merchants import Cashier, Merchant
from campaigns.rewards.models.releases import Release
from campaigns.rewards.models.shares import CapCount, Period, Share

__all__ = [
    "Batch",
    "BatchFile",
    "BatchFileLot",
    "Budget",
    "CapCount",
    "Cashier",
    "ClaimCode",
    "ClaimsBy",
    "Close",
    "CodeRun",
    "Coupon",
    "DayRule",
    "Did",
    "EventGrant",
    "FaceUnit",
    "Funding",
    "Gift",
    "Giving",
    "GrantRule",
    "Handing",
    "How",
    "Kind",
    "LiveBatch",
    "Lockable",
    "Merchant",
    "Movement",
    "Origin",
    "PartnerCode",
    "Payer",
    "Period",
    "Promise",
    "Redemption",
    "RefusalCount",
    "Release",
    "Reservation",
    "Reversal",
    "Settled",
    "Share",
    "Status",
    "Stock",
    "Terms",
]
