"""Rules that give points, made and approved through the services."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from campaigns.approvals.services.reviews import approve_revision
from campaigns.points.models import Rule
from campaigns.points.rule_terms import RuleTerms
from campaigns.points.services.rules import add_rule, change_rule, submit_rule
from tests.support.cast import AT, Cast

# One point for every ten yuan paid, for all of North; from two months before the cast's moment for a hundred years.
TERMS = RuleTerms(
    title="消费积分",
    event_kind="core.paid",
    points=1,
    counted_by="amount_fen",
    per=10_00,
    runs_from=AT - timedelta(days=60),
    runs_until=AT + timedelta(days=36_500),
)


def draft_rule(cast: Cast, *, by: str = "north_rewards", at: datetime = AT, **terms: Any) -> Rule:
    with cast.play(by).scope(at=at) as scope:
        return add_rule(scope=scope, terms=replace(TERMS, **terms))


def live_rule(
    cast: Cast,
    *,
    by: str = "north_rewards",
    reviewer: str = "north_reviewer",
    at: datetime = AT,
    rule: Rule | None = None,
    **terms: Any,
) -> Rule:
    """A rule that was submitted and approved by another person; `rule`: the next version of one there is."""
    if rule is None:
        rule = draft_rule(cast, by=by, at=at, **terms)
    else:
        with cast.play(by).scope(at=at) as scope:
            change_rule(scope=scope, rule_id=rule.pk, terms=replace(TERMS, **terms))
    with cast.play(by).scope(at=at) as scope:
        revision = submit_rule(scope=scope, rule_id=rule.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return rule
