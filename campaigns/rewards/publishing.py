"""How a coupon batch is approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import referring_to
from campaigns.customers.selectors import reach_of
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref, ref
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards import models
from campaigns.rewards.rules import Terms, sentence
from campaigns.rewards.selectors import batch_in_scope, sentences_of, zone_of
from campaigns.rewards.services.batches import (
    FROZEN,
    MOMENTS,
    BatchTerms,
    campaign_of,
    change_batch,
    promised,
    publish_batch,
    thawed,
    withdraw_batch,
)
from campaigns.tenants.scopes import Scope

CODE = "rewards.batch"


def freeze_batch(scope: Scope, batch_id: UUID) -> Frozen:
    """The draft as JSON, with the sentence customers will read. Raises NotFound."""
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    zone = zone_of(scope=scope)
    zh, en = sentences_of(promise=batch, zone=zone)
    payload: dict[str, Any] = {name: getattr(batch, name) for name in FROZEN}
    for name in MOMENTS:
        payload[name] = payload[name].isoformat() if payload[name] else None
    payload |= {
        "sentence": zh,
        "sentence_en": en,
        "campaign": ref("planning.campaign", batch.campaign_id) if batch.campaign_id else None,
    }
    missing = []
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
    live = models.LiveBatch.objects.within(scope).filter(batch_id=read_ref(revision.subject).id).first()
    if live is None:
        return ["copy"]
    wanted = promised(payload=revision.payload) | {"revision_id": revision.pk, "sha256": revision.sha256}
    return [name for name, value in wanted.items() if getattr(live, name) != value]


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
    """The coupon on a phone, and its facts line by line."""
    zone = zone_of(scope=scope)
    moments = {name: datetime.fromisoformat(payload[name]) if payload[name] else None for name in MOMENTS}
    terms = Terms(
        payload["threshold_fen"],
        payload["off_fen"],
        moments["usable_from"],
        moments["usable_until"],
        payload["usable_days"],
    )
    said = sentence(terms=terms, zone=zone, language=get_language() or "zh-hans")
    if payload["usable_days"]:
        usable = gettext("%(days)s days after the claim") % {"days": payload["usable_days"]}
    else:
        usable = _window(moments["usable_from"], moments["usable_until"], zone)
    label = models.Batch._meta.get_field
    return Description(
        template="rewards/phone_coupon.html",
        context={"title": payload["title"], "sentence": said, "off": yuan(payload["off_fen"])},
        lines=[
            Line("title", str(label("title").verbose_name), payload["title"]),  # type: ignore[union-attr]
            Line("sentence", gettext("what the customer reads"), said),
            Line("kind", gettext("kind"), str(models.Kind(payload["kind"]).label)),
            Line("threshold", gettext("order from"), yuan(payload["threshold_fen"])),
            Line("off", gettext("money off"), yuan(payload["off_fen"])),
            Line(
                "claim", gettext("claim window"), _window(moments["claim_from"], moments["claim_until"], zone)
            ),
            Line("usable", gettext("usable window"), usable),
            Line("limit", gettext("limit per customer"), str(payload["per_customer_limit"])),
            Line("quota", gettext("coupons in all"), f"{payload['quota']:,}"),
            Line("worth", gettext("worth in all"), yuan(payload["quota"] * payload["off_fen"])),
            Line("payer", gettext("paid by"), str(models.Payer(payload["payer"]).label)),
            Line("reach", gettext("for"), _reach(payload)),
        ],
        styles=("rewards/batch.css",),
    )


def _reach(payload: Mapping[str, Any]) -> str:
    return gettext("this branch and those below") if payload["handed_down"] else gettext("this branch alone")


def _window(start: datetime | None, end: datetime | None, zone: ZoneInfo) -> str:
    assert start is not None and end is not None
    first, last = (date_format(moment.astimezone(zone), "DATETIME_FORMAT") for moment in (start, end))
    return f"{first} – {last}"


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
    copies=Copies(models.LiveBatch, "batch_id", campaign="campaign_id"),
    campaign=lambda payload: campaign_of(payload=payload),
    restore=restore,
)


def register_kind() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
