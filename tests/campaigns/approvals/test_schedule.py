"""A successor waits for its window, what is over ends: no gap, never twice, never against a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals import rules
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.selectors import standings
from campaigns.approvals.services.live import cancel_schedule, take_down
from campaigns.approvals.services.reviews import submit_revision
from campaigns.approvals.services.schedule import end_over, lay_missing, put_live
from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.refusals.coupons import ClaimIsOver
from campaigns.rewards.services.batches import BatchTerms, change_batch, submit_batch, take_down_batch
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import system_scope
from content.models import Item, LiveItem, LivePlacement
from content.selectors import going_live
from content.services.items import change_item, submit_item
from content.services.placements import change_placement, submit_placement
from tests.support.cast import AT, Cast, Player
from tests.support.content import FROM, approve, live_poster, submitted_item
from tests.support.home import home_feed
from tests.support.rewards import TERMS, assert_rewards_agree, live_batch
from tests.support.times import Served, sweep

SOON, LATER = AT + timedelta(hours=3), AT + timedelta(days=2)


def changed(
    player: Player,
    title: str,
    *,
    shown_from: datetime = SOON,
    at: datetime = AT,
    which: dict[str, Any] | None = None,
    **more: Any,
) -> Revision:
    """An item (the only one, or `which`), changed and submitted again."""
    with player.scope(at=at) as scope:
        item = Item.objects.get(**(which or {}))
        values: dict[str, Any] = {
            name: getattr(item, name)
            for name in (
                "summary",
                "body",
                "asset_id",
                "campaign_id",
                "batch_id",
                "shown_until",
                "handed_down",
            )
        }
        change_item(scope=scope, item_id=item.pk, title=title, shown_from=shown_from, **(values | more))
        return submit_item(scope=scope, item_id=item.pk)


def states(cast: Cast) -> list[str]:
    with cast.ho_reviewer.scope():
        return list(Revision.objects.order_by("number").values_list("state", flat=True))


def live_title(cast: Cast, at: datetime = AT) -> list[str]:
    """What a customer of North reads, as the database shows it."""
    with cast.customers["nb"].scope(at=at):
        return list(LiveItem.objects.values_list("title", flat=True))


@pytest.fixture
def waiting(cast: Cast) -> Revision:
    """An item is live with an open end; its successor is approved and begins at SOON."""
    approve(cast.north_reviewer, submitted_item(cast.north_editor, handed_down=True))
    return approve(cast.north_reviewer, changed(cast.north_editor, "新一版"))


def test_the_old_copy_serves_on_until_the_new_window_begins(cast: Cast, waiting: Revision) -> None:
    assert states(cast) == ["approved", "scheduled"]
    assert (waiting.shown_from, waiting.shown_until.year) == (SOON, 9999)  # type: ignore[union-attr]
    assert live_title(cast) == ["春节存款"]
    assert sweep(SOON - timedelta(seconds=1)) == Served(0, 0)
    assert live_title(cast, SOON) == ["春节存款"]
    assert sweep(SOON) == Served(1, 0)
    assert live_title(cast, SOON) == ["新一版"]
    assert states(cast) == ["superseded", "approved"]
    assert sweep(SOON) == Served(0, 0)
    with cast.north_reviewer.scope(at=SOON):
        put = Entry.objects.get(verb="content.item.go_live")
        assert (put.actor, put.detail["number"]) == ("system:approvals.go_live", 2)
        revision = Revision.objects.get(state="approved")
        assert revision.decided_at == AT  # the clock decided nothing
        assert Decision.objects.filter(revision=revision).count() == 1


def test_without_anything_live_it_goes_live_at_once_and_its_window_hides_it(cast: Cast) -> None:
    approve(cast.north_reviewer, submitted_item(cast.north_editor, shown_from=SOON, handed_down=True))
    assert states(cast) == ["approved"]
    assert live_title(cast) == [] and live_title(cast, SOON) == ["春节存款"]


def test_pages_say_that_it_waits_and_for_when(cast: Cast, waiting: Revision) -> None:
    from content.admin.approvable import words_of

    with cast.north_editor.scope() as scope:
        standing = standings(scope=scope, subjects=[waiting.subject])[waiting.subject]
        assert standing.is_live and standing.scheduled == waiting
        assert words_of(standing) == "已上线 · 已批准，11月22日 13:00 上线"
        [row] = [r for r in going_live(scope=scope, day=AT.date()) if r.at == SOON]
        assert (row.kind, row.title) == ("content.item", "新一版")
        with pytest.raises(rules.NothingHasChanged):
            submit_revision(scope=scope, subject=waiting.subject)


def test_a_newer_approval_takes_the_place_of_what_waits(cast: Cast, waiting: Revision) -> None:
    third = approve(cast.north_reviewer, changed(cast.north_editor, "第三版", shown_from=FROM))
    assert states(cast) == ["superseded", "superseded", "approved"]
    assert live_title(cast) == ["第三版"]
    assert sweep(LATER) == Served(0, 0)
    fourth = approve(cast.north_reviewer, changed(cast.north_editor, "第四版"))
    fifth = approve(cast.north_reviewer, changed(cast.north_editor, "第五版", shown_from=LATER))
    assert (third.number, fourth.number, fifth.number) == (3, 4, 5)
    assert states(cast)[2:] == ["approved", "superseded", "scheduled"]


def test_taking_down_takes_along_what_waits_and_cancelling_takes_it_alone(
    cast: Cast, waiting: Revision
) -> None:
    with cast.south_reviewer.scope() as scope, pytest.raises(NotFound):
        cancel_schedule(scope=scope, revision_id=waiting.pk, reason="停")
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        cancel_schedule(scope=scope, revision_id=waiting.pk, reason="停")
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.WordsAreMissing):
            cancel_schedule(scope=scope, revision_id=waiting.pk, reason=" ")
        cancel_schedule(scope=scope, revision_id=waiting.pk, reason="推迟")
        with pytest.raises(rules.NothingIsScheduled):
            cancel_schedule(scope=scope, revision_id=waiting.pk, reason="推迟")
    assert states(cast) == ["approved", "taken_down"] and live_title(cast) == ["春节存款"]
    approve(cast.north_reviewer, changed(cast.north_editor, "又一版"))
    with cast.north_reviewer.scope() as scope:
        take_down(scope=scope, subject=waiting.subject, reason="全部撤下")
    assert states(cast) == ["taken_down", "taken_down", "taken_down"] and live_title(cast) == []
    assert sweep(LATER) == Served(0, 0)


def test_what_is_over_ends_and_its_copy_is_gone(cast: Cast) -> None:
    item, placement = live_poster(cast.north_editor, cast.north_reviewer, shown_until=LATER, handed_down=True)
    with cast.customers["nb"].scope(at=LATER) as scope:
        assert home_feed(scope=scope).feed == []  # its times decide, swept or not
    assert sweep(LATER) == Served(0, 1)
    with cast.north_reviewer.scope(at=LATER):
        assert LivePlacement.objects.count() == 0 and LiveItem.objects.get().item_id == item.pk
        ended = Revision.objects.get(state="ended")
        assert ended.subject == f"content.placement:{placement.pk}"
        assert Entry.objects.get(verb="approvals.revision.end").detail["number"] == 1
    with cast.north_editor.scope(at=LATER) as scope:
        change_placement(
            scope=scope, placement_id=placement.pk, slot=placement.slot, item_id=item.pk, priority=3,
            shown_from=LATER, shown_until=LATER + timedelta(days=1), handed_down=True,
        )  # fmt: skip
        again = submit_placement(scope=scope, placement_id=placement.pk)
    approve(cast.north_reviewer, again, at=LATER)
    with cast.customers["nb"].scope(at=LATER) as scope:
        assert len(home_feed(scope=scope).feed) == 1


def test_a_window_that_passed_while_it_waited_ends_without_being_shown(cast: Cast) -> None:
    approve(cast.north_reviewer, submitted_item(cast.north_editor, handed_down=True))
    approve(cast.north_reviewer, changed(cast.north_editor, "一小时", shown_until=SOON + timedelta(hours=1)))
    assert sweep(LATER) == Served(0, 1)
    assert states(cast) == ["approved", "ended"] and live_title(cast, LATER) == ["春节存款"]


def test_a_batch_waits_until_its_claims_begin_and_ends_with_them(cast: Cast) -> None:
    batch = live_batch(cast, claim_until=AT + timedelta(hours=1))
    with cast.customers["nb"].scope() as scope:
        held = claim_coupon(scope=scope, batch_id=batch.pk)
    later: dict[str, Any] = TERMS.columns() | {
        "title": "第二期", "claim_from": SOON, "claim_until": LATER, "quota": 60,
    }  # fmt: skip
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=BatchTerms(**later))
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    approve(cast.north_reviewer, revision)
    with cast.north_rewards.scope() as scope:
        assert LiveBatch.objects.get().title == "北方满减券"
    assert sweep(SOON) == Served(1, 0)
    with cast.customers["nb"].scope(at=SOON):
        assert LiveBatch.objects.get().title == "第二期"
    assert sweep(LATER) == Served(0, 1)
    with cast.customers["nb"].scope(at=LATER) as scope, pytest.raises(ClaimIsOver):
        claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.nb_clerk.scope(at=LATER) as scope:
        from campaigns.rewards.codes import code_of

        redeem_coupon(scope=scope, code=code_of(held.pk))
    with system_scope(at=LATER, cause="check"):
        assert_rewards_agree()


def test_what_its_kind_refuses_stays_scheduled_and_the_sweep_goes_on(cast: Cast) -> None:
    batch = live_batch(cast)
    less: dict[str, Any] = TERMS.columns() | {"claim_from": SOON, "quota": 20}
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=BatchTerms(**less))
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    approve(cast.north_reviewer, revision)
    more: dict[str, Any] = TERMS.columns() | {"claim_from": SOON}
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=BatchTerms(**more))
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=15)
    approve(cast.north_reviewer, submitted_item(cast.north_editor))
    approve(cast.north_reviewer, changed(cast.north_editor, "新一版"))
    assert sweep(SOON + timedelta(seconds=1)) == Served(1, 0)
    with cast.north_rewards.scope():
        assert Revision.objects.get(pk=revision.pk).state == "scheduled"
        assert LiveBatch.objects.get().quota == 100 and LiveItem.objects.get().title == "新一版"
    with cast.north_rewards.scope() as scope:
        take_down_batch(scope=scope, batch_id=batch.pk, reason="作罢")


def test_the_database_keeps_what_waits_approved_by_another_and_unchanged(
    cast: Cast, waiting: Revision
) -> None:
    with cast.north_reviewer.scope():
        for change in ({"shown_from": AT}, {"shown_until": LATER}, {"payload": {}}):
            with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic():
                Revision.objects.filter(pk=waiting.pk).update(**change)
    unseen = submitted_item(cast.north_editor, title="没人看过")
    with cast.north_reviewer.scope():
        with pytest.raises(DatabaseError, match="was approved by another person"), transaction.atomic():
            Revision.objects.filter(pk=unseen.pk).update(state="scheduled", decided_at=AT)
        # Nor is a copy written from what only waits.
        live = LiveItem.objects.get()
        with pytest.raises(DatabaseError, match="was approved"), transaction.atomic():
            LiveItem.objects.filter(pk=live.pk).update(revision_id=waiting.pk, sha256=waiting.sha256)


def test_only_the_clock_puts_live_and_ends(cast: Cast, waiting: Revision) -> None:
    with cast.north_reviewer.scope(at=SOON) as scope:
        for act in (put_live, end_over):
            with pytest.raises(NotAllowed):
                act(scope=scope, revision_id=waiting.pk)
        with pytest.raises(NotAllowed):
            lay_missing(scope=scope)
