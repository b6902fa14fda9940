"""How a scheme of tiers is approved: what is frozen, what goes live, what the reviewer reads; and the room's hooks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight, register_check
from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers import steps
from campaigns.customers.models import Customer
from campaigns.customers.selectors import reach_of
from campaigns.events.registry import flag, register_event, whole, word
from campaigns.jobs.long_kinds import register_job
from campaigns.lib.refs import read_ref, ref
from campaigns.points.models import Counts, CustomerTier, LiveTiers, TierChange
from campaigns.points.selectors.tiers import scheme_in_scope, tier_trial
from campaigns.points.services import ratings
from campaigns.points.services.tiers import (
    CODE,
    change_tiers,
    hand_over_tiers,
    publish_tiers,
    withdraw_tiers,
)
from campaigns.points.tier_sentences import scheme_sentence, tier_sentence
from campaigns.points.tier_terms import read_terms, tier_terms_of
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import register_step

_CHANGE = "points.tierchange"
COPIES = Copies(LiveTiers, "scheme_id")


def freeze_tiers(scope: Scope, scheme_id: UUID) -> Frozen:
    """The draft as JSON. Raises NotFound."""
    scheme = scheme_in_scope(scope=scope, scheme_id=scheme_id)
    return Frozen(
        title=scheme.title,
        payload=tier_terms_of(scheme).columns(),
        branch_id=scheme.branch_id,
        branch_pos=scheme.branch_pos,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """For how many it may be; what its benefits are worth in fen nobody has said."""
    return Facts(audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=True))


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision. Customers are judged by it from the coming night."""
    publish_tiers(
        scope=scope,
        scheme_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, scheme_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_tiers(scope=scope, scheme_id=scheme_id)


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, read_terms(revision.payload).columns())


def restore(scope: Scope, scheme_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_tiers(scope=scope, scheme_id=scheme_id, terms=read_terms(payload))


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The tiers as the phone shows them, and what the scheme says line by line, a line for each tier."""
    terms, language = read_terms(payload), get_language() or "zh-hans"
    said = scheme_sentence(terms=terms, language=language)
    shown = [(tier, tier_sentence(tier=tier, language=language)) for tier in terms.tiers]
    return Description(
        template="points/phone_tiers.html",
        context={"title": terms.title, "tiers": list(reversed(shown)), "sentence": said},
        lines=[
            Line("title", gettext("title"), terms.title),
            Line("sentence", gettext("how it goes"), said),
            Line(
                "counts",
                gettext("points that count"),
                " · ".join(str(Counts(each).label) for each in terms.counts),
            ),
            *(
                Line(f"tier.{tier.code}", f"{n}. {tier.name}", words)
                for n, (tier, words) in enumerate(shown, 1)
            ),
        ],
        styles=("points/tiers.css",),
    )


KIND = Kind(
    code=CODE,
    label=_("Scheme of tiers"),
    freeze=freeze_tiers,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def look_at_moves(scope: Scope, sight: Sight) -> list[Found]:
    """How many of today's customers would rise and fall by what is submitted; nothing where nobody would."""
    trial = tier_trial(scope=scope, branch_id=sight.frozen.branch_id, terms=read_terms(sight.frozen.payload))
    if not trial.rise and not trial.fall:
        return []
    return [
        Found(
            args={
                "customers": trial.customers,
                "rise": trial.rise,
                "fall": trial.fall,
                "is_cut": trial.is_cut,
            }
        )
    ]


def say_moves(args: Mapping[str, Any]) -> str:
    """The trial in a sentence, for whoever reviews."""
    figures = {name: f"{args.get(name, 0):,}" for name in ("customers", "rise", "fall")}
    if args.get("is_cut"):
        return (
            gettext(
                "Of the first %(customers)s customers with points %(rise)s would rise at once, and %(fall)s would fall"
                " when their term ends. There are more customers than were counted."
            )
            % figures
        )
    return (
        gettext(
            "Of today's %(customers)s customers with points %(rise)s would rise at once, and %(fall)s would fall when"
            " their term ends, after a notice."
        )
        % figures
    )


def merge_tiers(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The higher of the two tiers is the kept one's."""
    return [
        ref(_CHANGE, each) for each in ratings.move_tier(scope=scope, kept=kept, absorbed=absorbed, only=None)
    ]


def return_tiers(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had given goes again, if nothing has changed it since."""
    only = [UUID(read_ref(each).id) for each in moved]
    if not only:
        return []
    return [
        ref(_CHANGE, each) for each in ratings.move_tier(scope=scope, kept=kept, absorbed=absorbed, only=only)
    ]


def forget_tiers(*, scope: Scope, customer: Customer) -> list[str]:
    """The tier and all that happened to it are deleted: nothing of it must be kept."""
    return (
        [ref("points.customertier", customer.pk)]
        if ratings.forget_tier(scope=scope, customer=customer)
        else []
    )


def tell_tiers(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tier that the customer holds, and all that happened to it."""
    for tier in CustomerTier.objects.within(scope).filter(customer_id=customer_id):
        yield "points_tier", {"tier": tier.code, "since": tier.since, "kept_until": tier.kept_until}
    for change in TierChange.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "points_tier_changes",
            {
                "at": change.at,
                "why": change.why,
                "was": change.was,
                "became": change.became,
                "points": change.points,
                "missing": change.missing,
                "until": change.until,
            },
        )


def register_tiers() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
    register_check(
        Check(
            code="points.tiers",
            label=_("Who would rise and fall"),
            look=look_at_moves,
            say=say_moves,
            kinds=(CODE,),
        )
    )
    register_event(
        "points.tier_notice",
        label=_("Was told of a coming fall of the tier"),
        properties={
            "tier": word(is_required=True),
            "missing": whole(1, 2_000_000_000, is_required=True),
            "until": word(is_required=True),
        },
        keeps=37,
        subjects=(_CHANGE,),
        moment="sent",
    )
    register_event(
        "points.tier_changed",
        label=_("Came into another tier"),
        properties={
            "was": word(is_required=True),
            "became": word(is_required=True),
            "rises": flag(is_required=True),
        },
        keeps=37,
        subjects=(_CHANGE,),
        moment="changed",
    )
    register_job(
        ratings.JOB,
        step=ratings.rate_lot,
        label=_("Tiers of all customers"),
        title=_("Judge the tiers of all customers"),
        verb=ratings.MAY,
        by_hand=True,
        head_office_only=True,
        went=_("judged"),
        lease=timedelta(minutes=5),
        idle=timedelta(minutes=1),
    )
    steps.register_step("merge", name="points: tiers", act=merge_tiers)
    steps.register_step("unmerge", name="points: tiers", act=return_tiers)
    steps.register_step("erase", name="points: tiers", act=forget_tiers)
    steps.register_told(name="points: tiers", act=tell_tiers)
    register_step("hand_over", name="points: tiers", act=hand_over_tiers)
