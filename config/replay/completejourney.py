"""Coupon campaigns of a grocer's households (dunnhumby, The Complete Journey), played through batches, grants and
redemptions at the moments they happened.

Each campaign is a batch; each household that it was sent to is granted coupons at its start; each redemption is one at
the counter on its day. Both ends of a campaign's window are inclusive there, and a household may redeem several.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.approvals.services.reviews import approve_revision
from campaigns.customers.services.customers import add_customer
from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.coupons import redeem_coupon
from campaigns.rewards.services.grants import grant_lot
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import Scope, opened, staff, system_scope
from config.bench.bank import plant, staff_at

_NOON, _MORNING = time(12), time(9)
_LOT = 5_000


@dataclass
class Played:
    """One campaign: whom it was sent to, what they were granted, and what became of each redemption, by reason."""

    title: str
    first: date
    last: date
    targeted: int = 0
    granted: int = 0
    refused_grants: int = 0
    accepted: int = 0
    on_last_day: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Records:
    """What the folder says: windows by campaign, targeted households, and redemptions in the order of their days."""

    windows: Mapping[str, tuple[date, date]]
    targeted: Mapping[str, list[str]]
    redemptions: list[tuple[date, str, str]]  # day, campaign, household

    @property
    def households(self) -> list[str]:
        return sorted({who for sent in self.targeted.values() for who in sent})


def read(folder: Path) -> Records:
    """The three files of the folder. Raises OSError, KeyError and ValueError for others."""
    windows = {
        row["campaign_id"]: (date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"]))
        for row in _rows(folder / "campaign_descriptions.csv")
    }
    targeted = defaultdict(list)
    for row in _rows(folder / "campaigns.csv"):
        targeted[row["campaign_id"]].append(row["household_id"])
    redemptions = sorted(
        (date.fromisoformat(row["redemption_date"]), row["campaign_id"], row["household_id"])
        for row in _rows(folder / "coupon_redemptions.csv")
    )
    return Records(windows, targeted, redemptions)


def play(records: Records, *, is_one_each: bool, say: Callable[[str], None]) -> list[Played]:
    """Play all of it in the database at hand; by campaign. `is_one_each`: a household is granted one coupon of a
    campaign, else as many as it redeemed of it.
    """
    planted = plant(40)
    home, since = planted["branch"], datetime(2016, 1, 1, tzinfo=ZoneInfo("UTC"))
    people = {
        role: staff_at(planted[place], role, since=since).carry
        for role, place in (
            ("rewards_operator", "head_office"),
            ("reviewer", "head_office"),
            ("clerk", "branch"),
        )
    }
    zone = ZoneInfo(home.zone)
    say(f"{len(records.households)} households")
    with system_scope(at=since, cause="replay") as scope:
        customers = {
            who: add_customer(
                scope=scope, branch_id=home.pk, number=f"H-{who}", unionid=f"household-{who}", source="replay"
            ).pk
            for who in records.households
        }
    wanted = Counter((campaign, who) for _day, campaign, who in records.redemptions)
    played, held = {}, defaultdict[tuple[str, str], list[UUID]](list)

    def at(role: str, day: date, clock: time) -> AbstractContextManager[Scope]:
        moment = datetime.combine(day, clock, zone)
        carry = people[role]
        return opened(
            staff(login_id=carry["login"], assignment_id=UUID(carry["assignment"]), at=moment, cause="replay")
        )

    for campaign, (first, last) in sorted(records.windows.items(), key=lambda each: each[1]):
        told = played[campaign] = Played(f"campaign {campaign}", first, last)
        sent = records.targeted.get(campaign, [])
        asked = [(who, n) for who in sent for n in range(1 if is_one_each else max(1, wanted[campaign, who]))]
        told.targeted = len(sent)
        most = max([number for (of, _who), number in wanted.items() if of == campaign] or [1])
        opens = datetime.combine(first, time(), zone)
        ends = datetime.combine(last + timedelta(days=1), time(), zone)  # the last day is one of them
        terms = BatchTerms(
            title=told.title,
            off_fen=1_00,
            claim_from=opens,
            claim_until=ends,
            usable_from=opens,
            usable_until=ends,
            quota=max(1, len(asked)),
            per_customer_limit=most,
            handed_down=True,
        )
        with at("rewards_operator", first - timedelta(days=1), _MORNING) as scope:
            batch = add_batch(scope=scope, terms=terms)
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=home.pk, quantity=terms.quota)
            revision = submit_batch(scope=scope, batch_id=batch.pk)
        with at("reviewer", first - timedelta(days=1), _NOON) as scope:
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        for start in range(0, len(asked), _LOT):
            lot = asked[start : start + _LOT]
            with system_scope(at=datetime.combine(first, _MORNING, zone), cause="replay") as scope:
                made = grant_lot(
                    scope=scope,
                    batch_id=batch.pk,
                    customer_ids=[customers[who] for who, _n in lot],
                    reason="名单",
                    notes_each=True,
                )
            for place, ((who, _n), coupon) in enumerate(zip(lot, made.coupon_ids, strict=True), 1):
                if place in made.refused:
                    told.refused_grants += 1
                else:
                    told.granted += 1
                    held[campaign, who].append(coupon)
        say(f"{told.title}: {told.granted} granted")
    for day, campaign, who in records.redemptions:
        told, mine = played[campaign], held[campaign, who]
        if not mine:
            told.refused["nothing was granted"] += 1
            continue
        try:
            with at("clerk", day, _NOON) as scope:
                redeem_coupon(scope=scope, code=code_of(mine[0]))
        except Refusal as no:
            told.refused[no.code] += 1
            continue
        told.accepted += 1
        told.on_last_day += day == told.last
        if len(mine) > 1:
            mine.pop(0)
    return list(played.values())


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
