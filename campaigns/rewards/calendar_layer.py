"""Coupon batches on the calendar (campaigns/planning/calendar): from when until when they can be claimed."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import standing_of
from campaigns.approvals.standing import offer_words
from campaigns.lib.both import for_reader
from campaigns.lib.refs import ref
from campaigns.planning.calendar.layers import Card, Fill, Layer, register_calendar_layer
from campaigns.planning.calendar.windows import Windowed, windowed_entries
from campaigns.rewards.models import Batch, LiveBatch
from campaigns.rewards.selectors.coupons import batch_in_scope, sentences_of, zone_of
from campaigns.tenants.scopes import Scope

# What it promises is fixed once somebody holds a coupon, so it is changed on its own page alone.
BATCHES = Windowed(
    noun="rewards.batch",
    draft=Batch,
    copy=LiveBatch,
    key="batch_id",
    title="title",
    window=("claim_from", "claim_until"),
    shown=("claim_from", "claim_until"),
    author=False,
)


def batch_card(scope: Scope, batch_id: UUID) -> Card:
    """Raises NotFound."""
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    standing = standing_of(scope=scope, subject=ref("rewards.batch", batch.pk))
    zh, en = sentences_of(promise=batch, zone=zone_of(scope=scope))
    is_out = standing.is_live or standing.scheduled is not None
    fill = Fill.REVIEW if standing.is_in_review else Fill.SET if is_out else Fill.DRAFT
    return Card(
        title=batch.title,
        kind=gettext("coupon batch"),
        state=offer_words(standing),
        fill=Fill.DONE if batch.claim_until <= scope.at else fill,
        owner=standing.last.author_name if standing.last else "",
        branch=batch.branch.name,
        lines=[(gettext("What it gives"), for_reader({"zh": zh, "en": en}))],
        page=reverse("admin:rewards_batch_change", args=[batch.pk]),
        next=gettext("Open the batch"),
        window=(batch.claim_from, batch.claim_until),
    )


def register_layer() -> None:
    register_calendar_layer(
        Layer(
            "batches",
            _("Coupon batches"),
            icon="confirmation_number",
            needs="rewards.batch.view",
            entries=lambda scope, asked: windowed_entries(scope, BATCHES, asked),
            card=batch_card,
        )
    )
