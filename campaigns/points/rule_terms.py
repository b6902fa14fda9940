"""What a points rule says, as one value: checked, frozen as JSON, and read back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from campaigns.events.registry import kinds
from campaigns.points.earning_rules import MOST, Boost
from campaigns.points.models import Ends, LiveRule, Rule
from campaigns.points.refusals.rules import (
    BoostsUnclear,
    EventUnknown,
    GivesNothing,
    NotCounted,
    WaitsUnclear,
    WindowUnclear,
)

MOST_BOOSTS = 12
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}|")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """Everything a rule says (models.Earns). `per` in fen where `counted_by` is money; the window in UTC, its end
    exclusive; branches and tags by id.
    """

    title: str
    event_kind: str
    points: int
    runs_from: datetime
    runs_until: datetime
    source: str = ""
    counted_by: str = ""
    per: int | None = None
    boosts: Sequence[Boost] = ()
    cap_day: int | None = None
    cap_week: int | None = None
    cap_month: int | None = None
    cap_all: int | None = None
    times_day: int | None = None
    times_all: int | None = None
    handed_down: bool = True
    branches: Sequence[int] = ()
    tags_any: Sequence[int] = ()
    tags_none: Sequence[int] = ()
    pending_days: int = 0
    waits_for: str = ""
    months: int | None = 12
    ends: str = Ends.YEAR

    def check(self) -> None:
        """Raise the refusal that forbids these terms."""
        kind = kinds().get(self.event_kind)
        told_by_systems = kind is not None and bool({"hook", "file"} & kind.told_by)
        if kind is None or not _SOURCE.fullmatch(self.source) or (self.source and not told_by_systems):
            raise EventUnknown(source=self.source)
        number = kind.properties.get(self.counted_by)
        is_number = number is not None and number.form in ("whole", "money")
        if (self.per is None) != (not self.counted_by) or (self.counted_by and not is_number):
            raise NotCounted
        limits = (self.cap_day, self.cap_week, self.cap_month, self.cap_all, self.times_day, self.times_all)
        if not 1 <= self.points <= MOST or any(
            each is not None and each < 1 for each in (*limits, self.months)
        ):
            raise GivesNothing
        if self.per is not None and self.per < 1:
            raise NotCounted
        if self.runs_from >= self.runs_until:
            raise WindowUnclear
        if (self.waits_for and (self.pending_days or self.waits_for not in kinds())) or (
            self.waits_for == self.event_kind or self.pending_days < 0
        ):
            raise WaitsUnclear
        named = {(boost.by, boost.of) for boost in self.boosts}
        if len(named) < len(self.boosts) or len(self.boosts) > MOST_BOOSTS or not all(
            1 <= boost.percent <= 1_000 and (boost.by != "weekday" or 1 <= boost.of <= 7)
            for boost in self.boosts
        ):  # fmt: skip
            raise BoostsUnclear(most=MOST_BOOSTS)

    def columns(self) -> dict[str, Any]:
        """Lists in order and each once, so that the same terms have the same hash."""
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("branches", "tags_any", "tags_none"):
            columns[name] = sorted({*columns[name]})
        columns["boosts"] = [boost._asdict() for boost in sorted(self.boosts)]
        return columns


def terms_of(rule: Rule | LiveRule) -> RuleTerms:
    """What a draft or a published copy says."""
    values = {each.name: getattr(rule, each.name) for each in fields(RuleTerms)}
    return RuleTerms(**values | {"boosts": [Boost(**each) for each in rule.boosts]})


def frozen(terms: RuleTerms) -> dict[str, Any]:
    """The terms as JSON."""
    columns = terms.columns()
    return columns | {name: columns[name].isoformat() for name in ("runs_from", "runs_until")}


def thawed(payload: Mapping[str, Any]) -> RuleTerms:
    """What was frozen."""
    values = {each.name: payload[each.name] for each in fields(RuleTerms)}
    for name in ("runs_from", "runs_until"):
        values[name] = datetime.fromisoformat(values[name])
    return RuleTerms(**values | {"boosts": [Boost(**each) for each in payload["boosts"]]})
