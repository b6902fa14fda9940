"""An older revision becomes the draft again: an edit like any other, and nothing goes live by it."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.approvals.models import Revision
from campaigns.approvals.rules import RefersToNothing
from campaigns.approvals.services.restoring import restore_revision
from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.planning.models import Campaign
from campaigns.planning.services import add_campaign
from campaigns.rewards.models import Batch
from campaigns.rewards.publishing import restore
from campaigns.rewards.refusals.coupons import PromiseIsClaimed, QuotaTooSmall
from campaigns.rewards.services.batches import change_batch, submit_batch
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import Scope, system_scope
from content.models import Asset, Item, LiveItem, Placement, Slot
from content.services.items import change_item, submit_item
from content.services.placements import change_placement, submit_placement
from tests.support.cast import AT, Cast
from tests.support.content import FROM, approve, live_poster, make_asset, submitted_item
from tests.support.rewards import TERMS, live_batch

ITEM = (
    "title",
    "summary",
    "body",
    "asset_id",
    "campaign_id",
    "batch_id",
    "shown_from",
    "shown_until",
    "handed_down",
)
PLACEMENT = ("slot", "item_id", "priority", "shown_from", "shown_until", "handed_down")


def values_of(thing: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def festival(cast: Cast) -> Campaign:
    with cast.north_rewards.scope() as scope:
        return add_campaign(scope=scope, title="春节", starts_at=AT, ends_at=AT.replace(year=2099))


def edited(scope: Scope, **more: Any) -> Item:
    item = Item.objects.get()
    return change_item(scope=scope, item_id=item.pk, **(values_of(item, ITEM) | more))


def test_the_draft_is_as_it_was_and_customers_see_what_was_approved(cast: Cast) -> None:
    campaign = festival(cast)
    with cast.north_editor.scope() as scope:
        revision = submitted_item(cast.north_editor, campaign_id=campaign.pk)
        was = values_of(Item.objects.get(), ITEM)
    approve(cast.north_reviewer, revision)
    with cast.north_editor.scope(at=AT + timedelta(hours=1)) as scope:
        other = make_asset(scope, "晚霞", colour=(9, 9, 9))
        item = edited(
            scope,
            title="元宵存款",
            summary="",
            body="<p>别的</p>",
            asset_id=other.pk,
            campaign_id=None,
            shown_from=FROM - timedelta(days=3),
            shown_until=AT.replace(year=2030),
            handed_down=True,
        )
        second = submit_item(scope=scope, item_id=item.pk)
        restored = restore_revision(scope=scope, revision_id=revision.pk)
        assert restored == revision
        assert values_of(Item.objects.get(), ITEM) == was
        # An edit: the open review is void; and no more than an edit.
        assert Revision.objects.get(pk=second.pk).state == "superseded"
        assert LiveItem.objects.get().revision_id == revision.pk
        verbs = list(
            Entry.objects.filter(subject=revision.subject).order_by("id").values_list("verb", flat=True)
        )
        assert verbs[-3:] == ["approvals.revision.void", "content.item.change", "approvals.revision.restore"]
        assert Entry.objects.get(verb="approvals.revision.restore").detail["number"] == 1


def test_a_placement_comes_back_as_well(cast: Cast) -> None:
    _item, placement = live_poster(cast.north_editor, cast.north_reviewer, slot=Slot.HOME_BANNER, priority=7)
    with cast.north_editor.scope() as scope:
        was = values_of(Placement.objects.get(), PLACEMENT)
        first = Revision.objects.get(kind="content.placement")
        change_placement(
            scope=scope, placement_id=placement.pk, **(was | {"slot": Slot.HOME_FEED, "priority": -1})
        )
        submit_placement(scope=scope, placement_id=placement.pk)
        restore_revision(scope=scope, revision_id=first.pk)
        assert values_of(Placement.objects.get(), PLACEMENT) == was


def test_it_needs_the_right_to_edit_and_the_thing_within_the_scope(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope() as scope, pytest.raises(NotAllowed):
        restore_revision(scope=scope, revision_id=revision.pk)
    for stranger in (cast.south_editor, cast.nb_editor):
        with stranger.scope() as scope, pytest.raises(NotFound):
            restore_revision(scope=scope, revision_id=revision.pk)
    with cast.ho_editor.scope() as scope:
        assert restore_revision(scope=scope, revision_id=revision.pk)


@pytest.mark.parametrize(("gone", "word"), [(Asset, "图片"), (Campaign, "活动")])
def test_what_it_refers_to_and_is_gone_is_named_and_nothing_changes(
    cast: Cast, gone: type[Any], word: str
) -> None:
    campaign = festival(cast)
    with cast.north_editor.scope() as scope:
        revision = submitted_item(cast.north_editor, campaign_id=campaign.pk)
        item = edited(
            scope, title="第二版", asset_id=make_asset(scope, "晚霞", (9, 9, 9)).pk, campaign_id=None
        )
        before = values_of(item, ITEM)
    # It went to a branch that lies elsewhere, as after a mistake of the tree.
    with system_scope(at=AT, cause="test"):
        south = cast.branch["S"]
        rows = gone.objects.filter(
            pk__in=[revision.payload["campaign_id"], revision.payload["picture"]["asset"]]
        )
        rows.update(branch=south, branch_pos=south.pos)
    with cast.north_editor.scope() as scope:
        with pytest.raises(RefersToNothing, match=word):
            restore_revision(scope=scope, revision_id=revision.pk)
        assert values_of(Item.objects.get(), ITEM) == before


def test_a_picture_whose_rights_have_ended_comes_back_and_is_found_at_submission(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_editor.scope() as scope:
        edited(scope, asset_id=None)
        Asset.objects.update(rights_until=AT - timedelta(days=1))
        restore_revision(scope=scope, revision_id=revision.pk)
        assert Item.objects.get().asset_id is not None


def test_a_batch_comes_back_unless_customers_hold_another_promise(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 10})
    with cast.north_rewards.scope() as scope:
        first = Revision.objects.get(kind="rewards.batch")
        was = Batch.objects.filter(pk=batch.pk).values().get()
        terms = {name: was[name] for name in TERMS.__slots__} | {
            "title": "另一批",
            "per_customer_limit": 3,
            "quota": 50,
        }
        change_batch(scope=scope, batch_id=batch.pk, terms=type(TERMS)(**terms))
        submit_batch(scope=scope, batch_id=batch.pk)
        restore_revision(scope=scope, revision_id=first.pk)
        assert Batch.objects.filter(pk=batch.pk).values().get() == was
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.north_rewards.scope() as scope:
        revision = Revision.objects.filter(kind="rewards.batch").last()
        assert revision is not None
        for payload, refusal in (
            ({"payer": "branch"}, PromiseIsClaimed),
            ({"quota": 3}, QuotaTooSmall),
        ):
            with pytest.raises(refusal):
                restore(scope, batch.pk, revision.payload | payload)
