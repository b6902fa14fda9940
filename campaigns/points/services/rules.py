"""Writing rules: the draft, submitting it, and the published copy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.customers.tag_selectors import tags_usable
from campaigns.events.registry import kinds
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.earning_rules import Boost
from campaigns.points.models import Ends, LiveRule, Rule
from campaigns.points.refusals.rules import (
    BoostsUnclear,
    ChosenElsewhere,
    EventUnknown,
    GivesNothing,
    NotCounted,
    WaitsUnclear,
    WindowUnclear,
)
from campaigns.points.selectors.rules import rule_in_scope
from campaigns.points.services.postings import MOST
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope, branches_within

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


def add_rule(*, scope: Scope, terms: RuleTerms) -> Rule:
    """A new draft of the branch the scope stands at. Raises the refusals of its terms."""
    scope.demand("points.rule.add")
    terms.check()
    _check_chosen(scope, terms, scope.branch_id)
    rule: Rule = Rule.objects.create(
        branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns()
    )
    _note(scope, rule, "points.rule.add")
    return rule


def change_rule(*, scope: Scope, rule_id: UUID, terms: RuleTerms) -> Rule:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, and the refusals of its terms.
    """
    scope.demand("points.rule.change")
    terms.check()
    rule = rule_in_scope(scope=scope, rule_id=rule_id)
    _check_chosen(scope, terms, rule.branch_id)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref("points.rule", rule_id))
    Rule.objects.within(scope).filter(pk=rule_id).update(**terms.columns())
    rule.refresh_from_db()
    _note(scope, rule, "points.rule.change")
    return rule


def submit_rule(*, scope: Scope, rule_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("points.rule.submit")
    rule_in_scope(scope=scope, rule_id=rule_id)
    return reviews.submit_revision(scope=scope, subject=ref("points.rule", rule_id))


def take_down_rule(*, scope: Scope, rule_id: UUID, reason: str) -> None:
    """Answer no further event at once. What events were told before is still given by the version they met."""
    scope.demand("points.rule.take_down")
    rule_in_scope(scope=scope, rule_id=rule_id)
    live.take_down(scope=scope, subject=ref("points.rule", rule_id), reason=reason)


def publish_rule(
    *, scope: Scope, rule_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> None:
    """Write the published copy from an approved revision's payload. Called by approvals at go-live alone.

    The database refuses a revision that is not approved. Raises NotFound.
    """
    rule = Rule.objects.within(scope).select_for_update(of=("self",)).filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    columns = {
        **promised(payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
    }
    if not LiveRule.objects.within(scope).filter(rule_id=rule_id).update(**columns):
        LiveRule.objects.create(
            rule_id=rule_id, branch_id=rule.branch_id, branch_pos=rule.branch_pos, **columns
        )


def withdraw_rule(*, scope: Scope, rule_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveRule.objects.within(scope).filter(rule_id=rule_id).delete()


def promised(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    columns = thawed(payload).columns()
    return columns | {"shown_until": columns["runs_until"]}


def _check_chosen(scope: Scope, terms: RuleTerms, issuer_id: int) -> None:
    """Branches below the rule's own, and tags that mean something there. No query where nothing is chosen."""
    chosen = {*terms.branches, *(boost.of for boost in terms.boosts if boost.by == "branch")}
    if chosen:
        issuer = branch_in_scope(scope=scope, branch_id=issuer_id)
        below = branches_within(scope=scope).filter(pos__range=(issuer.pos, issuer.pos_end), pk__in=chosen)
        if not terms.handed_down or below.count() < len(chosen):
            raise ChosenElsewhere
    tags = {*terms.tags_any, *terms.tags_none, *(boost.of for boost in terms.boosts if boost.by == "tag")}
    if tags and tags_usable(scope=scope).filter(pk__in=tags).count() < len(tags):
        raise ChosenElsewhere


def _note(scope: Scope, rule: Rule, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("points.rule", rule.pk),
        subject_name=rule.title,
        branch_id=rule.branch_id,
        branch_pos=rule.branch_pos,
    )
