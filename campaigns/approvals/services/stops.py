"""Emergency stops: one person stops at once, two lift.

Nothing here waits for a lock: what customers see and claim asks for open stops itself, in the database.
"""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Stop
from campaigns.approvals.moves import person_of, words_of
from campaigns.approvals.stop_rules import (
    AskerIsLifter,
    IsLifted,
    KindHasNoCampaign,
    LiftIsAsked,
    LiftIsNotAsked,
    StoppedAlready,
)
from campaigns.approvals.stopped import campaigns_offered, stop_in_scope
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope


def add_stop(
    *, scope: Scope, branch_id: int, reason: str, kind: str = "", campaign_id: UUID | None = None
) -> Stop:
    """Take everything of `kind` (empty: all) and of the campaign (None: any) away from the customers of a branch
    and all below it, at once. Coupons already claimed stay good.

    Raises NotFound (branch, kind or campaign), WordsAreMissing, KindHasNoCampaign, StoppedAlready.
    """
    scope.demand("approvals.stop.add")
    person_id, branch = person_of(scope), branch_in_scope(scope=scope, branch_id=branch_id)
    words_of(reason)
    copies = kind_of(kind).copies if kind else None
    if kind and copies is None:
        raise NotFound
    campaign_name = ""
    if campaign_id is not None:
        if copies is not None and not copies.campaign:
            raise KindHasNoCampaign
        campaign_name = dict(campaigns_offered(scope=scope)).get(campaign_id, "")
        if not campaign_name:
            raise NotFound
    try:
        with transaction.atomic():
            stop: Stop = Stop.objects.create(
                branch_id=branch.pk,
                branch_pos=branch.pos,
                kind=kind,
                campaign_id=campaign_id,
                campaign_name=campaign_name,
                reason=reason.strip(),
                stopped_at=scope.at,
                stopped_by_id=person_id,
                stopped_by_name=scope.facts.actor_name,
            )
    except IntegrityError as error:
        if "approvals_stop_one_is_open_of_its_like" not in str(error):
            raise
        raise StoppedAlready from error
    _note(scope, stop, "add", reason=stop.reason)
    return stop


def ask_lift(*, scope: Scope, stop_id: UUID, words: str) -> Stop:
    """Ask that a stop be lifted, saying why it may be served again. Another person confirms.

    Raises NotFound, WordsAreMissing, IsLifted, LiftIsAsked.
    """
    scope.demand("approvals.stop.lift")
    person_id, stop = person_of(scope), _open(scope, stop_id)
    words_of(words)
    if stop.lift_asked_at is not None:
        raise LiftIsAsked(who=stop.lift_asked_by_name)
    stop.lift_asked_at, stop.lift_asked_by_id = scope.at, person_id
    stop.lift_asked_by_name, stop.lift_words = scope.facts.actor_name, words.strip()
    stop.save(update_fields=["lift_asked_at", "lift_asked_by_id", "lift_asked_by_name", "lift_words"])
    _note(scope, stop, "ask_lift", reason=stop.lift_words)
    return stop


def lift_stop(*, scope: Scope, stop_id: UUID) -> Stop:
    """Confirm what another person asked for: customers are served again from now on.

    Raises NotFound, IsLifted, LiftIsNotAsked, AskerIsLifter.
    """
    scope.demand("approvals.stop.lift")
    person_id, stop = person_of(scope), _open(scope, stop_id)
    if stop.lift_asked_at is None:
        raise LiftIsNotAsked
    if stop.lift_asked_by_id == person_id:
        raise AskerIsLifter
    stop.lifted_at, stop.lifted_by_id, stop.lifted_by_name = scope.at, person_id, scope.facts.actor_name
    stop.save(update_fields=["lifted_at", "lifted_by_id", "lifted_by_name"])
    _note(scope, stop, "lift", reason=stop.lift_words)
    return stop


def _open(scope: Scope, stop_id: UUID) -> Stop:
    """The stop, locked and not lifted yet."""
    stop_in_scope(scope=scope, stop_id=stop_id)
    stop: Stop = Stop.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=stop_id)
    if not stop.is_open:
        raise IsLifted
    return stop


def _note(scope: Scope, stop: Stop, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"approvals.stop.{verb}",
        subject=ref("approvals.stop", stop.pk),
        subject_name=stop.campaign_name or stop.reason,
        branch_id=stop.branch_id,
        branch_pos=stop.branch_pos,
        kind=stop.kind,
        campaign=stop.campaign_name,
        **detail,
    )
