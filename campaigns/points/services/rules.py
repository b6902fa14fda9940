"""Writing rules: the draft, submitting it, and the published copy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.customers.tag_selectors import tags_usable
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.models import LiveRule, Rule
from campaigns.points.refusals.rules import ChosenElsewhere
from campaigns.points.rule_terms import RuleTerms, thawed
from campaigns.points.selectors.rules import rule_in_scope
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope, branches_within


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
        **promised(payload=payload),
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


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
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
