"""Plans: drafts with their cards, what a branch changes of a plan from above, and the copies that approvals write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.moves import broken
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from community.groups.models import GroupKind
from community.plans.cards import Card, PlanTerms, card_of, terms_of, thawed, with_changes
from community.plans.models import LivePlan, Plan, PlanRun, Post
from community.plans.refusals import PartIsLocked, PlanIsWrong
from community.plans.selectors import plan_in_force, plan_in_scope
from community.plans.services.posts import take_back_posts

CODE = "community.plan"


@transaction.atomic
def add_plan(*, scope: Scope, terms: PlanTerms) -> Plan:
    """A new draft of the branch the scope stands at. Raises PlanIsWrong, NotFound (kind)."""
    scope.demand("community.plan.add")
    _check(terms)
    plan: Plan = Plan.objects.create(
        branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns()
    )
    _note(scope, plan, "community.plan.add")
    return plan


@transaction.atomic
def change_plan(*, scope: Scope, plan_id: UUID, terms: PlanTerms) -> Plan:
    """Change the draft; the published copy is followed until the change is approved. Voids a review under way.

    Of what a branch changes of a plan from above, the open parts of its cards alone count. Raises NotFound,
    PlanIsWrong, PartIsLocked, PlanIsNotLive.
    """
    scope.demand("community.plan.change")
    plan = plan_in_scope(scope=scope, plan_id=plan_id)
    if plan.original_id is not None:
        terms = _within_original(scope, plan.original_id, terms)
    _check(terms)
    reviews.void_review(scope=scope, subject=ref(CODE, plan_id))
    Plan.objects.within(scope).filter(pk=plan_id).update(**terms.columns())
    _note(scope, plan, "community.plan.change")
    return plan_in_scope(scope=scope, plan_id=plan_id)


@transaction.atomic
def change_here(*, scope: Scope, plan_id: UUID) -> Plan:
    """The draft in which the branch where one stands changes open parts of a plan from above: the one there is, or a
    new one that says what the plan says. Raises NotFound.
    """
    scope.demand("community.plan.change")
    original = plan_in_force(scope=scope, plan_id=plan_id)
    mine = Plan.objects.within(scope).filter(original_id=plan_id, branch_id=scope.branch_id)
    if original.branch_id == scope.branch_id:
        raise NotFound
    if found := mine.first():
        return found
    terms = replace(_terms_of_copy(original), handed_down=True)
    try:
        with transaction.atomic():
            plan: Plan = Plan.objects.create(
                branch_id=scope.branch_id, branch_pos=scope.branch_pos, original_id=plan_id, **terms.columns()
            )
    except IntegrityError as error:
        if broken(error) != "community_plan_is_changed_once_a_branch":
            raise
        return mine.get()
    _note(scope, plan, "community.plan.add")
    return plan


def submit_plan(*, scope: Scope, plan_id: UUID) -> Revision:
    """Freeze the draft as a whole for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("community.plan.submit")
    plan_in_scope(scope=scope, plan_id=plan_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, plan_id))


def take_down_plan(*, scope: Scope, plan_id: UUID, reason: str) -> None:
    """Stop everything that comes of it at once, tasks that were handed out included. Raises NotFound, NothingIsLive."""
    scope.demand("community.plan.take_down")
    plan_in_scope(scope=scope, plan_id=plan_id)
    live.take_down(scope=scope, subject=ref(CODE, plan_id), reason=reason)


def publish_plan(
    *, scope: Scope, plan_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> LivePlan:
    """Write the published copy from an approved revision's payload, and have its posts laid anew.

    Called by approvals at go-live alone. What was approved before is followed until this moment. Raises NotFound.
    """
    plan = plan_in_scope(scope=scope, plan_id=plan_id)
    columns = {
        **promised(payload=payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
        "since": _since(scope, plan, thawed(payload).cards),
    }
    if not LivePlan.objects.within(scope).filter(plan_id=plan_id).update(**columns):
        LivePlan.objects.create(
            plan_id=plan_id, branch_id=plan.branch_id, branch_pos=plan.branch_pos, **columns
        )
    _lay_anew(scope, plan)
    return LivePlan.objects.within(scope).get(plan_id=plan_id)


def withdraw_plan(*, scope: Scope, plan_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone. Nothing more goes out of the plan, and open
    tasks are taken back; it still stands in its groups, and goes on when it is approved again. Where a branch had
    changed it, groups get what the plan itself says.
    """
    plan = plan_in_scope(scope=scope, plan_id=plan_id)
    LivePlan.objects.within(scope).filter(plan_id=plan_id).delete()
    if plan.original_id is None:
        posts = Post.objects.within(scope).filter(run__plan_id=plan_id)
        posts.filter(state=Post.State.PLANNED).delete()
        take_back_posts(scope=scope, posts=posts.filter(state=Post.State.DUE), why="plan_down")
    _lay_anew(scope, plan)


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides. Of each card its frozen material, too."""
    columns = thawed(payload).columns()
    columns["cards"] = payload["cards"]
    original = payload["original"]
    return columns | {
        "original_id": UUID(original) if original else None,
        "shown_until": FOREVER,
    }


def hand_over_plans(*, scope: Scope, closed: Any, successor: Any) -> int:
    """Plans of a branch that closes are the successor's, and go on in their groups; so do posts, sent ones included."""
    moved = {"branch": successor, "branch_pos": successor.pos}
    # One of both has changed the plan at the successor already: the successor's own holds there.
    own = Plan.objects.within(scope).filter(branch=successor, original_id__isnull=False).values("original_id")
    kept = Plan.objects.within(scope).filter(branch=closed).exclude(original_id__in=own)
    done: int = kept.update(**moved)
    LivePlan.objects.within(scope).filter(branch=closed).filter(plan__branch=successor).update(**moved)
    done += PlanRun.objects.within(scope).filter(branch=closed).update(**moved)
    done += Post.objects.within(scope).filter(branch=closed).update(**moved)
    return done


def _since(scope: Scope, plan: Plan, cards: Sequence[Card]) -> dict[str, str]:
    """From when each card is in force as it is: a card whose day and time stay keeps its moment."""
    before = LivePlan.objects.within(scope).filter(plan_id=plan.pk).first()
    if before is None and plan.original_id is not None:
        before = plan_in_force(scope=scope, plan_id=plan.original_id)
    former = {card.id: card for card in map(card_of, before.cards)} if before else {}
    now = scope.at.isoformat()

    def stays(card: Card) -> bool:
        old = former.get(card.id)
        return old is not None and (old.day, old.at, old.holiday) == (card.day, card.at, card.holiday)

    known = before.since if before else {}
    return {str(card.id): known.get(str(card.id), now) if stays(card) else now for card in cards}


def _lay_anew(scope: Scope, plan: Plan) -> None:
    """Every group in which it runs is looked at again at once."""
    runs = PlanRun.objects.within(scope).filter(plan_id=plan.original_id or plan.pk, state="running")
    runs.update(lay_at=scope.at)


def _within_original(scope: Scope, plan_id: UUID, terms: PlanTerms) -> PlanTerms:
    """The original with the branch's own open parts. Raises PartIsLocked, NotFound."""
    original = _terms_of_copy(plan_in_force(scope=scope, plan_id=plan_id))
    own = {card.id: card for card in terms.cards}
    merged = with_changes(original.cards, own)
    for card in merged:
        wanted = own.get(card.id)
        if wanted is None or _spoken(wanted) != _spoken(card):
            raise PartIsLocked(card=card.title)
    if len(own) != len(merged):
        raise PartIsLocked(card=next(c.title for c in terms.cards if c.id not in {m.id for m in merged}))
    return replace(original, cards=merged, handed_down=True)


def _spoken(card: Card) -> dict[str, Any]:
    """What a card says, without what is not the branch's to say."""
    return {key: value for key, value in card.as_json().items() if key != "open"}


def _terms_of_copy(original: LivePlan) -> PlanTerms:
    return terms_of(original)


def _check(terms: PlanTerms) -> None:
    terms.check()
    if terms.kind and not GroupKind.objects.filter(pk=terms.kind).exists():
        raise PlanIsWrong(why_zh="没有这种社群类型", why_en="there is no such kind of groups")


def _note(scope: Scope, plan: Plan, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, plan.pk),
        subject_name=plan.title,
        branch_id=plan.branch_id,
        branch_pos=plan.branch_pos,
    )
