"""Rules that grant coupons for what systems of the bank tell."""

import re
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.events.registry import kinds
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.rewards.models.grants import GrantRule
from campaigns.rewards.refusals.life import RuleExists, RuleUnclear
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.tenants.scopes import Scope

_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,59}|")


def add_grant_rule(
    *, scope: Scope, batch_id: UUID, source: str, event_kind: str, product: str = "", reason: str
) -> GrantRule:
    """Grant a coupon of the batch for each event of this kind that the source tells from now on.

    Raises NotFound, RuleUnclear, RuleExists.
    """
    scope.demand("rewards.grantrule.add")
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    _check(source, event_kind, product, reason)
    try:
        with transaction.atomic():
            rule: GrantRule = GrantRule.objects.create(
                branch_id=batch.branch_id,
                branch_pos=batch.branch_pos,
                batch=batch,
                source=source,
                event_kind=event_kind,
                product=product,
                reason=reason.strip()[:200],
            )
    except IntegrityError as error:
        if "rewards_grantrule_stands_once_for_its_batch" not in str(error):
            raise
        raise RuleExists from error
    _note(scope, rule, "add")
    return rule


def change_grant_rule(*, scope: Scope, rule_id: UUID | str, reason: str, is_open: bool) -> GrantRule:
    """Put a rule out of force or in force again, or correct its reason. Raises NotFound, RuleUnclear."""
    scope.demand("rewards.grantrule.change")
    rule = GrantRule.objects.within(scope).filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    if not reason.strip():
        raise RuleUnclear
    GrantRule.objects.within(scope).filter(pk=rule_id).update(reason=reason.strip()[:200], is_open=is_open)
    rule.refresh_from_db()
    _note(scope, rule, "change")
    return rule


def _check(source: str, event_kind: str, product: str, reason: str) -> None:
    kind = kinds().get(event_kind)
    is_told = kind is not None and bool({"hook", "file"} & kind.told_by)
    has_product = kind is not None and (not product or "product" in kind.properties)
    if not (
        is_told
        and has_product
        and _SOURCE.fullmatch(source)
        and _PRODUCT.fullmatch(product)
        and reason.strip()
    ):
        raise RuleUnclear


def _note(scope: Scope, rule: GrantRule, verb: str) -> None:
    record(
        scope=scope,
        verb=f"rewards.grantrule.{verb}",
        subject=ref("rewards.grantrule", rule.pk),
        subject_name=f"{rule.source} {rule.event_kind} → {rule.batch.title}",
        branch_id=rule.branch_id,
        branch_pos=rule.branch_pos,
        batch=str(rule.batch_id),
        reason=rule.reason,
    )
