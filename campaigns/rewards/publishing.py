"""How a coupon batch is approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import referring_to
from campaigns.customers.selectors import reach_of
from campaigns.jobs.recurring_rules import CalendarEnds
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref, ref
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards import models
from campaigns.rewards.lines import (
    amount_lines,
    claim_lines,
    headline,
    label_of,
    payer_lines,
    use_lines,
    window_words,
)
from campaigns.rewards.rules import open_days
from campaigns.rewards.selectors.budgets import funding_of
from campaigns.rewards.selectors.coupons import (
    batch_in_scope,
    names_of,
    sentences_of,
    terms_of,
    zone_of,
    zones_of,
)
from campaigns.rewards.selectors.merchants import merchant_names
from campaigns.rewards.sentences import sentence
from campaigns.rewards.services.batches import (
    BatchTerms,
    campaign_of,
    change_batch,
    frozen,
    promised,
    publish_batch,
    thawed,
    withdraw_batch,
)
from campaigns.tenants.scopes import Scope

CODE = "rewards.batch"
COPIES = Copies(models.LiveBatch, "batch_id", campaign="campaign_id")


def freeze_batch(scope: Scope, batch_id: UUID) -> Frozen:
    """The draft as JSON, with the sentence customers will read. Raises NotFound."""
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    zone = zone_of(scope=scope)
    zh, en = sentences_of(promise=batch, zone=zone)
    missing, days = [], list[date]()
    try:
        days = open_days(
            terms=terms_of(promise=batch),
            claim_from=batch.claim_from,
            claim_until=batch.claim_until,
            zones=zones_of(branch_ids=[batch.branch_id]),
        )
    except CalendarEnds as refusal:
        missing.append(
            gettext("an end within %(year)s: holidays after it are not published yet") % refusal.values
        )
    payload = frozen(batch=batch) | {
        "sentence": zh,
        "sentence_en": en,
        "campaign": ref("planning.campaign", batch.campaign_id) if batch.campaign_id else None,
        "redeem_names": names_of(branch_ids=batch.redeem_branches),
        "merchant_names": merchant_names(merchant_ids=batch.redeem_merchants),
        "open_days": [day.isoformat() for day in days],
        "budgets": {
            payer: ref("rewards.budget", budget_id)
            for payer, budget_id in sorted(funding_of(scope=scope, batch_id=batch_id).items())
        },
    }
    # A draft of before there were merchants.
    if (batch.payer == models.Payer.MERCHANT or batch.merchant_percent) and not batch.redeem_merchants:
        missing.append(gettext("the merchants that pay a part, at which it is redeemed"))
    if batch.claim_until <= scope.at:
        missing.append(gettext("a claim window that is not over yet"))
    if batch.usable_until is not None and batch.usable_until <= scope.at:
        missing.append(gettext("a usable window that is not over yet"))
    if not batch.allotted:
        missing.append(gettext("a quota for at least one branch"))
    return Frozen(
        title=batch.title,
        payload=payload,
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
        missing=missing,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """All it may give away, and to how many it is offered."""
    return Facts(
        reward_fen=frozen.payload["quota"] * frozen.payload["off_fen"],
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"]),
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_batch(
        scope=scope,
        batch_id=UUID(revision.subject.partition(":")[2]),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, batch_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_batch(scope=scope, batch_id=batch_id)


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When it can be claimed. Customers see a batch before; but a live one serves until its successor opens."""
    return datetime.fromisoformat(payload["claim_from"]), datetime.fromisoformat(payload["claim_until"])


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved. When it went live is no part of the payload."""
    wanted = promised(payload=revision.payload) | {"revision_id": revision.pk, "sha256": revision.sha256}
    wrong = COPIES.differing(scope, revision, wanted)
    if wrong == ["copy"]:
        return wrong
    terms = models.Terms.objects.within(scope).filter(pk=revision.pk).first()
    if terms is None:
        return [*wrong, "terms"]
    kept = {each.attname for each in models.Terms._meta.concrete_fields} & wanted.keys()
    return wrong + [f"terms.{name}" for name in sorted(kept) if getattr(terms, name) != wanted[name]]


def restore(scope: Scope, batch_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises PromiseIsClaimed and QuotaTooSmall as any change, and RefersToNothing."""
    campaign = payload["campaign"]
    with referring_to(gettext("campaign")):
        campaign_id = (
            campaign_in_scope(scope=scope, campaign_id=UUID(read_ref(campaign).id)).pk if campaign else None
        )
    change_batch(
        scope=scope, batch_id=batch_id, terms=BatchTerms(**thawed(payload=payload), campaign_id=campaign_id)
    )


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The coupon on a phone, and its facts line by line; those alone that the batch has."""
    zone = zone_of(scope=scope)
    said_by = BatchTerms(**thawed(payload=payload))
    terms = said_by.terms(payload.get("redeem_names", ()), payload.get("merchant_names", ()))
    said = sentence(terms=terms, zone=zone, language=get_language() or "zh-hans")
    return Description(
        template="rewards/phone_coupon.html",
        context={"title": said_by.title, "sentence": said, "off": headline(terms=terms)},
        lines=[
            Line("title", label_of("title"), said_by.title),
            Line("sentence", gettext("what the customer reads"), said),
            Line("kind", gettext("kind"), str(models.Kind(said_by.kind).label)),
            *(Line(*line) for line in amount_lines(said_by)),
            Line(
                "claim", gettext("claim window"), window_words(said_by.claim_from, said_by.claim_until, zone)
            ),
            *(Line(*line) for line in use_lines(said_by, payload, zone)),
            *(Line(*line) for line in claim_lines(said_by)),
            Line("quota", gettext("coupons in all"), f"{said_by.quota:,}"),
            Line("worth", gettext("worth in all"), yuan(said_by.quota * said_by.off_fen)),
            *(Line(*line) for line in payer_lines(said_by, payload)),
            Line("reach", gettext("for"), _reach(payload)),
        ],
        styles=("rewards/batch.css",),
    )


def _reach(payload: Mapping[str, Any]) -> str:
    return gettext("this branch and those below") if payload["handed_down"] else gettext("this branch alone")


KIND = Kind(
    code=CODE,
    label=_("Coupon batch"),
    freeze=freeze_batch,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    window=window_of,
    differences=differences,
    copies=COPIES,
    campaign=lambda payload: campaign_of(payload=payload),
    restore=restore,
)


def register_kind() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
