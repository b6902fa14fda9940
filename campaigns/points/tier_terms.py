"""What a scheme of tiers says, as one value: checked, frozen as JSON, and read back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from campaigns.points.models import Counts, Ends, LiveTiers, Period, Tiers
from campaigns.points.refusals.tiers import PeriodUnclear, TiersMissing, TiersOutOfOrder, TierUnclear

MOST_TIERS = 8
MOST_POINTS = 2_000_000_000  # the database counts a threshold in 32 bits
MOST_PERKS = 12
# What a customer's tier gives unless a scheme says more: points as rules have it, in tenths.
PLAIN = 10
_CODE = re.compile(r"[a-z][a-z0-9_]{0,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Perk:
    """A benefit in words: shown, and carried out by nobody here."""

    title: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One tier. `code` stays over versions of a scheme; `multiplier` in tenths of what rules give, `discount` in
    percent off prices of the mall.
    """

    code: str
    name: str
    threshold: int
    multiplier: int = PLAIN
    discount: int = 0
    perks: Sequence[Perk] = ()

    @property
    def is_clear(self) -> bool:
        return (
            bool(_CODE.fullmatch(self.code))
            and 1 <= len(self.name.strip()) <= 20
            and PLAIN <= self.multiplier <= 100
            and 0 <= self.discount <= 90
            and len(self.perks) <= MOST_PERKS
            and all(0 < len(perk.title) <= 40 and len(perk.text) <= 200 for perk in self.perks)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerms:
    """Everything a scheme says (models.tiers.Ranks). `months` is None where the calendar year counts."""

    title: str
    tiers: Sequence[Tier]
    period: str = Period.ROLLING
    months: int | None = 12
    counts: Sequence[str] = (Counts.RULE, Counts.AWARD)
    keep_months: int = 12
    keep_ends: str = Ends.MONTH
    notice_days: int = 30

    def check(self) -> None:
        """Raise the refusal that forbids these terms."""
        if (
            (self.period == Period.YEAR) != (self.months is None)
            or not 1 <= (self.months or 1) <= 60
            or not self.counts
            or not set(self.counts) <= set(Counts.values)
            or not 0 <= self.keep_months <= 60
            or not 7 <= self.notice_days <= 180
        ):
            raise PeriodUnclear
        if not 2 <= len(self.tiers) <= MOST_TIERS or self.tiers[0].threshold != 0:
            raise TiersMissing(most=MOST_TIERS)
        codes = [tier.code for tier in self.tiers]
        for tier in self.tiers:
            if not tier.is_clear or codes.count(tier.code) > 1:
                raise TierUnclear(name=tier.name or tier.code)
        for lower, tier in zip(self.tiers, self.tiers[1:], strict=False):
            if not lower.threshold < tier.threshold <= MOST_POINTS:
                raise TiersOutOfOrder(name=tier.name, most=MOST_POINTS)

    def columns(self) -> dict[str, Any]:
        """In one order, so that the same terms have the same hash."""
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        columns["counts"] = [each for each in Counts.values if each in self.counts]
        columns["tiers"] = [
            asdict(tier) | {"perks": [asdict(perk) for perk in tier.perks]} for tier in self.tiers
        ]
        return columns


def tiers_from(steps: Sequence[Mapping[str, Any]]) -> list[Tier]:
    """Tiers as JSON has them."""
    return [
        Tier(**{**step, "perks": tuple(Perk(**perk) for perk in step.get("perks", ()))}) for step in steps
    ]


def tier_terms_of(scheme: Tiers | LiveTiers) -> TierTerms:
    """What a draft or a published copy says."""
    return read_terms({each.name: getattr(scheme, each.name) for each in fields(TierTerms)})


def read_terms(payload: Mapping[str, Any]) -> TierTerms:
    """What `TierTerms.columns` made."""
    values = {each.name: payload[each.name] for each in fields(TierTerms)}
    return TierTerms(**values | {"tiers": tiers_from(payload["tiers"])})
