"""An emergency stop takes effect at once, for whom it says and nobody else, and two people lift it."""

from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from campaigns.approvals import stop_rules as no
from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.rules import WordsAreMissing
from campaigns.approvals.services.reviews import approve_revision
from campaigns.approvals.services.schedule import STOPPED_FOR
from campaigns.approvals.services.stops import add_stop, ask_lift, lift_stop
from campaigns.approvals.stopped import Reach, open_stops, reach_of, stop_over
from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.planning.services import add_campaign
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Coupon, LiveBatch
from campaigns.rewards.refusals.coupons import ClaimsAreStopped
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.closing import close_branch
from content.models import LiveItem
from content.selectors import home_rows
from tests.campaigns.approvals.test_schedule import SOON, changed
from tests.support.cast import AT, Cast, Player, hired
from tests.support.content import approve, live_poster, submitted_item
from tests.support.home import home_feed
from tests.support.rewards import live_batch
from tests.support.times import Served, sweep


def stop(
    by: Player, branch_id: int, kind: str = "", campaign_id: UUID | None = None, reason: str = "利率有误"
) -> Stop:
    with by.scope() as scope:
        return add_stop(scope=scope, branch_id=branch_id, reason=reason, kind=kind, campaign_id=campaign_id)


@pytest.fixture
def served(cast: Cast) -> Cast:
    """North hands a poster with its coupon, both of one campaign, down to its branches; head office one of its own."""
    with cast.north_rewards.scope() as scope:
        campaign = add_campaign(scope=scope, title="开门红", starts_at=AT, ends_at=AT.replace(year=2099))
    batch = live_batch(cast, campaign_id=campaign.pk, shares={"NB": 10})
    live_poster(
        cast.north_editor, cast.north_reviewer, handed_down=True, batch_id=batch.pk, campaign_id=campaign.pk
    )
    live_poster(cast.ho_editor, cast.ho_reviewer, "总行海报", handed_down=True, priority=5)
    return cast


def seen(cast: Cast, who: str) -> tuple[list[str], int]:
    """What a customer's home page shows, and how many batches there are to claim: as the database answers."""
    with cast.customers[who].scope() as scope:
        return [card.live.title for card in home_feed(scope=scope).feed], LiveBatch.objects.count()


def campaign_of(cast: Cast) -> UUID:
    with cast.north_rewards.scope():
        found: UUID = Batch.objects.get().campaign_id
    return found


def test_nothing_stopped_everything_is_served(served: Cast) -> None:
    assert seen(served, "nb") == (["总行海报", "春节存款"], 1)
    assert seen(served, "sb") == (["总行海报"], 0)


@pytest.mark.parametrize(
    ("who", "where", "kind", "by_campaign", "nb", "sb"),
    [
        ("ho_administrator", "HO", "", False, ([], 0), ([], 0)),
        ("nb_manager", "NB", "", False, ([], 0), (["总行海报"], 0)),
        ("north_reviewer", "NC", "content.item", False, ([], 1), (["总行海报"], 0)),
        ("north_reviewer", "N", "content.placement", False, ([], 1), (["总行海报"], 0)),
        ("north_reviewer", "N", "rewards.batch", False, (["总行海报", "春节存款"], 0), (["总行海报"], 0)),
        ("ho_administrator", "HO", "", True, (["总行海报"], 0), (["总行海报"], 0)),
        ("ho_administrator", "HO", "content.item", True, (["总行海报"], 1), (["总行海报"], 0)),
        ("ho_administrator", "S", "", False, (["总行海报", "春节存款"], 1), ([], 0)),
    ],
)
def test_a_stop_holds_for_its_branches_its_kind_and_its_campaign(
    served: Cast, who: str, where: str, kind: str, by_campaign: bool, nb: object, sb: object
) -> None:
    stop(served.play(who), served.branch[where].pk, kind, campaign_of(served) if by_campaign else None)
    assert (seen(served, "nb"), seen(served, "sb")) == (nb, sb)


def test_claims_are_refused_in_words_and_what_is_held_stays_good(served: Cast) -> None:
    with served.customers["nb"].scope() as scope:
        batch_id = LiveBatch.objects.get().batch_id
        held = claim_coupon(scope=scope, batch_id=batch_id)
    made = stop(served.north_reviewer, served.branch["N"].pk, "rewards.batch", campaign_of(served))
    with served.customers["nb2"].scope() as scope:
        with pytest.raises(ClaimsAreStopped) as refused:
            claim_coupon(scope=scope, batch_id=batch_id)
        assert (refused.value.code, "暂停领取" in refused.value.detail("zh")) == (
            "rewards.claim.stopped",
            True,
        )
        assert not Coupon.objects.exists()
    with served.nb_clerk.scope() as scope:
        assert redeem_coupon(scope=scope, code=code_of(held.pk)).coupon_id == held.pk
    lifted(served, made)
    with served.customers["nb2"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch_id)


def lifted(cast: Cast, made: Stop) -> Stop:
    with cast.ho_administrator.scope() as scope:
        ask_lift(scope=scope, stop_id=made.pk, words="已更正")
    with hired(cast, "administrator", "HO").scope() as scope:
        return lift_stop(scope=scope, stop_id=made.pk)


def test_the_home_feed_has_another_tag_while_it_is_stopped(served: Cast, client: Client) -> None:
    headers = served.customers["nb"].headers()
    before = client.get("/api/v1/home", headers=headers)
    again = client.get("/api/v1/home", headers=headers | {"If-None-Match": before["ETag"]})
    assert (len(before.json()["feed"]), again.status_code) == (2, 304)
    made = stop(served.north_reviewer, served.branch["N"].pk, "content.item")
    during = client.get("/api/v1/home", headers=headers | {"If-None-Match": before["ETag"]})
    assert (during.status_code, during.json()["feed"]) == (200, [])
    lifted(served, made)
    assert client.get("/api/v1/home", headers=headers)["ETag"] == before["ETag"]


def test_nothing_goes_live_while_it_is_stopped_and_what_waits_goes_on_waiting(served: Cast) -> None:
    revision = submitted_item(served.nb_editor, title="支行海报")
    waiting = approve(
        served.north_reviewer, changed(served.north_editor, "下一版", which={"branch": served.branch["N"]})
    )
    made = stop(served.north_reviewer, served.branch["N"].pk, "content.item", reason="全部核查")
    with served.nb_manager.scope() as scope, pytest.raises(no.IsStopped) as refused, transaction.atomic():
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    assert "全部核查" in refused.value.detail("zh")
    assert sweep(SOON) == Served(0, 0)
    with system_scope(at=SOON, cause="test"):
        assert {r.state for r in Revision.objects.filter(pk__in=[revision.pk, waiting.pk])} == {
            "submitted",
            "scheduled",
        }
    lifted(served, made)
    approve(served.nb_manager, revision)
    assert sweep(SOON + STOPPED_FOR) == Served(1, 0)


def test_the_database_writes_no_copy_while_it_is_stopped(served: Cast) -> None:
    """The service bypassed: the approved copy, taken away and written again by hand."""
    approve(served.nb_manager, submitted_item(served.nb_editor, title="支行海报"))
    stop(served.north_reviewer, served.branch["N"].pk, "content.item")
    with served.nb_manager.scope():
        copy = LiveItem.objects.get(branch=served.branch["NB"])
        pk, _gone = copy.pk, copy.delete()
        copy.pk = copy.id = pk
        with pytest.raises(DatabaseError, match="while it is stopped"), transaction.atomic():
            copy.save(force_insert=True)
        assert not LiveItem.objects.filter(branch=served.branch["NB"]).exists()


def test_one_person_stops_and_two_lift(served: Cast) -> None:
    second = hired(served, "administrator", "HO")
    made = stop(served.north_reviewer, served.branch["N"].pk)
    with served.north_editor.scope() as scope, pytest.raises(NotAllowed):
        ask_lift(scope=scope, stop_id=made.pk, words="好了")
    with served.ho_administrator.scope() as scope:
        with pytest.raises(no.LiftIsNotAsked):
            lift_stop(scope=scope, stop_id=made.pk)
        with pytest.raises(WordsAreMissing):
            ask_lift(scope=scope, stop_id=made.pk, words=" ")
        ask_lift(scope=scope, stop_id=made.pk, words="已更正")
        with pytest.raises(no.AskerIsLifter):
            lift_stop(scope=scope, stop_id=made.pk)
        # The same in the database, by another name for the same person too.
        for person in (scope.person_id, second.person.pk):
            with pytest.raises(DatabaseError), transaction.atomic():
                Stop.objects.filter(pk=made.pk).update(lifted_at=AT, lifted_by_id=person, lifted_by_name="x")
    assert seen(served, "nb") == ([], 0)
    with second.scope() as scope:
        with pytest.raises(no.LiftIsAsked):
            ask_lift(scope=scope, stop_id=made.pk, words="我也问")
        lift_stop(scope=scope, stop_id=made.pk)
        with pytest.raises(no.IsLifted):
            lift_stop(scope=scope, stop_id=made.pk)
        assert [e.verb.rpartition(".")[2] for e in Entry.objects.filter(subject__endswith=str(made.pk))] == [
            "lift", "ask_lift", "add",
        ]  # fmt: skip
    assert seen(served, "nb") == (["总行海报", "春节存款"], 1)


def test_the_database_keeps_a_stop_as_it_was_made(served: Cast) -> None:
    made = stop(served.north_reviewer, served.branch["N"].pk)
    with served.ho_administrator.scope() as scope:
        for edit in (
            {"reason": "别的"},
            {"kind": "rewards.batch"},
            {"branch_id": served.branch["NB"].pk},
            {"stopped_by_id": scope.person_id},
            {"lifted_at": AT, "lifted_by_id": scope.person_id},
            {"lift_asked_at": AT, "lift_asked_by_id": served.north_reviewer.person.pk},
            {"handed_down": False},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                Stop.objects.filter(pk=made.pk).update(**edit)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Stop.objects.filter(pk=made.pk).delete()
        made.pk = made.id = served.north_reviewer.person.pk
        made.branch_id, made.branch_pos = served.branch["S"].pk, served.branch["S"].pos
        with pytest.raises(DatabaseError, match="is by who acts"), transaction.atomic():
            made.save(force_insert=True)
    assert seen(served, "nb") == ([], 0)


def test_a_stop_reaches_no_further_than_who_makes_it(served: Cast) -> None:
    """Above and beside: neither the service nor the database lets one stop others; below sees what stops it."""
    north, south = served.branch["N"], served.branch["S"]
    for branch in (served.branch["HO"], south):
        with served.north_reviewer.scope() as scope, pytest.raises(NotFound):
            add_stop(scope=scope, branch_id=branch.pk, reason="停")
    with served.north_editor.scope() as scope, pytest.raises(NotAllowed):
        add_stop(scope=scope, branch_id=north.pk, reason="停")
    made = stop(served.north_reviewer, north.pk)
    with served.nb_manager.scope() as scope:
        [above] = open_stops(scope=scope)
        assert (above.pk, above.reason, above.stopped_by_name) == (made.pk, "利率有误", "north_reviewer")
        for act in (lift_stop, ask_lift):
            with pytest.raises(NotFound):
                act(scope=scope, stop_id=made.pk, **({"words": "x"} if act is ask_lift else {}))
        with pytest.raises(DatabaseError), transaction.atomic():
            assert not Stop.objects.filter(pk=made.pk).update(lift_words="x")
            raise DatabaseError  # no row was there to be changed
    with served.south_reviewer.scope() as scope:
        assert open_stops(scope=scope) == []
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT approvals_stops(ARRAY[%s])", [north.pk])
            assert cursor.fetchone() == ([],)
    with served.customers["nb"].scope() as scope:
        assert scope.branch_id
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Stop.objects.exists()


def test_what_cannot_be_stopped_says_why(served: Cast) -> None:
    north = served.branch["N"].pk
    stop(served.north_reviewer, north)
    with served.north_reviewer.scope() as scope:
        for refusal, more in (
            (no.StoppedAlready, {}),
            (no.KindHasNoCampaign, {"kind": "content.placement", "campaign_id": campaign_of(served)}),
            (NotFound, {"kind": "toys.car"}),
            (NotFound, {"campaign_id": UUID(int=7)}),
        ):
            with pytest.raises(refusal):
                add_stop(scope=scope, branch_id=north, reason="停", **more)  # type: ignore[arg-type]
        with pytest.raises(WordsAreMissing):
            add_stop(scope=scope, branch_id=served.branch["NB"].pk, reason=" ")
        assert Stop.objects.count() == 1


def test_its_reach_is_said_before(served: Cast) -> None:
    north = served.branch["N"]
    with served.north_reviewer.scope() as scope:
        assert reach_of(scope=scope, branch=north, kind="", campaign_id=None) == Reach(5, 3)
        assert reach_of(scope=scope, branch=north, kind="content.item", campaign_id=None) == Reach(2, 3)
        assert reach_of(
            scope=scope, branch=served.branch["NB"], kind="", campaign_id=campaign_of(served)
        ) == Reach(2, 1)
        assert stop_over(scope=scope, kind="content.item", branch_id=north.pk, campaign_id=None) is None


def test_a_branch_under_a_stop_does_not_close(served: Cast) -> None:
    stop(served.nb_manager, served.branch["NB"].pk)
    with served.ho_administrator.scope() as scope, pytest.raises(no.BranchIsStopped), transaction.atomic():
        close_branch(scope=scope, branch_id=served.branch["NB"].pk, successor_id=served.branch["NC"].pk)


def test_stops_cost_the_home_page_no_query(served: Cast, django_assert_num_queries: object) -> None:
    assert callable(django_assert_num_queries)
    stop(served.nb_manager, served.branch["NB"].pk, "rewards.batch")
    with served.customers["nb"].scope() as scope:
        assert scope.branch_id
        # All that the branch and those above it show, in one message.
        with django_assert_num_queries(1):
            rows = home_rows(scope=scope, branch_ids=scope.line)
        assert (len(rows.places), len(rows.items), rows.offers) == (2, 2, [])
