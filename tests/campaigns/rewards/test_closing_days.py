"""The end-of-day close: a day with everything in it agrees to the unit, and whatever does not is named."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.codes import code_of
from campaigns.rewards.close_rules import CHECKS, LINES, owed
from campaigns.rewards.close_selectors import changed_since, last_closes, owed_of, settlement
from campaigns.rewards.models import Close, Coupon, Redemption
from campaigns.rewards.refusals_close import DayNotOver
from campaigns.rewards.services.closing import close_day, close_days
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.services.stock import allot_stock
from campaigns.rewards.sql_close import DAILY
from campaigns.rewards.sql_close import CHECKS as ASKED
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_budgets import SPLIT, funded_batch
from tests.support.cast import AT, Cast

DAY = AT.date()
NEXT = AT + timedelta(days=1)


def test_words_cover_every_check() -> None:
    assert set(CHECKS) == {*ASKED, *DAILY}
