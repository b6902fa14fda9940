"""A livestream from its draft to its end: approved, announced, begun, its drops at the very second, over."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.rules import NotCompliant, NotReady
from campaigns.audit.models import Entry
from campaigns.lib.constraints import violated
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.outreach.models import Credit, Touch
from campaigns.rewards.models import Release
from campaigns.rewards.refusals.claims import NotReleased, ReleasedAlready
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from community.livestreams.models import Booking, Broadcast, Showing
from community.livestreams.publishing import differences, restore
from community.livestreams.refusals import (
    ChannelIsWrong,
    HasBegun,
    LivestreamIsWrong,
    NotChoosable,
    NotNow,
    ReasonMissing,
    ReplayIsWrong,
    TooEarly,
    TooLateToRemind,
)
from community.livestreams.rules import ENDS_AFTER, MOVES, STARTS_AFTER, State
from community.livestreams.selectors import livestreams_for_customer, one_shown
from community.livestreams.services import livestreams, showings
from community.livestreams.services.channels import add_channel
from community.livestreams.services.reminders import ask_reminder
from community.livestreams.terms import Drop, Host, frozen, terms_of, thawed
from tests.support.cast import AT, Cast
from tests.support.due import run_at
from tests.support.livestreams import (
    QUESTION,
    SHEET,
    approved,
    channel_of,
    draft_livestream,
    drop_of,
    live_livestream,
    operator,
    product_card,
    terms_of_one,
)
from tests.support.rewards import live_batch

pytestmark = pytest.mark.django_db
BEGINS = AT + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def claimed(cast: Cast, who: str, batch_id: UUID, at: datetime) -> Any:
    with cast.customers[who].scope(at=at) as scope:
        return claim_coupon(scope=scope, batch_id=batch_id)


def shown(cast: Cast, who: str, at: datetime) -> list[tuple[str, str]]:
    with cast.customers[who].scope(at=at) as scope:
        return [(live.title, showing.state) for live, showing in livestreams_for_customer(scope=scope)]


def test_from_draft_to_end_with_drops_that_open_at_their_second(cast: Cast) -> None:
    north, reviewer = operator(cast), cast.north_reviewer
    batch = live_batch(cast, by_release=True, shares={"NB": 10}, per_customer_limit=5)
    with pytest.raises(NotReleased):
        claimed(cast, "nb", batch.pk, AT)
    planned, hand = drop_of(batch.pk), drop_of(batch.pk, minute=None, minutes=5)
    stream = live_livestream(
        cast, north, reviewer, drops=[planned, hand], announce_from=BEGINS - timedelta(hours=1), quiz=[QUESTION],
        products=[product_card(cast, cast.north_editor, reviewer)],
    )  # fmt: skip
    with north.scope() as scope:
        live = Broadcast.objects.get(livestream=stream)
        assert differences(scope, type("R", (), {"subject": f"community.livestream:{stream.pk}", "pk": live.revision_id,
                           "sha256": live.sha256, "payload": _payload(live)})()) == []  # fmt: skip
        assert live.products[0]["disclosure"].startswith("本产品")
        assert {booking.kind for booking in Booking.objects.filter(livestream=stream)} == {"host", "channel"}
    # Nobody sees it before it is announced, and no worker is needed for that.
    assert shown(cast, "nb", AT) == []
    assert shown(cast, "nb", BEGINS - timedelta(hours=1)) == [(stream.title, "planned")]
    assert run_at(BEGINS - timedelta(hours=1)).done == 1
    assert shown(cast, "nb", BEGINS - timedelta(minutes=30)) == [(stream.title, "announced")]
    assert shown(cast, "sb", BEGINS - timedelta(minutes=30)) == []
    # Who asks is reminded once, ten minutes before; a tap on "allow" is one permission.
    with cast.customers["nb"].scope(at=BEGINS - timedelta(minutes=30)) as scope:
        first = ask_reminder(scope=scope, livestream_id=stream.pk, is_allowed=True, key="tap-1")
        again = ask_reminder(scope=scope, livestream_id=stream.pk, is_allowed=True, key="tap-1")
        assert (first.is_new, again.is_new, first.remind_at) == (True, False, BEGINS - 10 * MINUTE)
        assert Credit.objects.filter(customer_id=scope.customer_id).count() == 1
    with cast.customers["sb"].scope(at=BEGINS - timedelta(minutes=30)) as scope, pytest.raises(NotFound):
        ask_reminder(scope=scope, livestream_id=stream.pk)
    with north.scope(at=BEGINS - timedelta(minutes=31)) as scope, pytest.raises(TooEarly):
        showings.start_livestream(scope=scope, livestream_id=stream.pk)
    with north.scope() as scope, pytest.raises(NotNow):
        showings.open_drop(scope=scope, livestream_id=stream.pk, drop_id=hand.id)
    # It begins seven minutes and some seconds late: the drop of minute 10 is ten minutes from then.
    began = BEGINS + timedelta(minutes=7, seconds=13)
    with north.scope(at=began) as scope:
        showings.start_livestream(scope=scope, livestream_id=stream.pk)
        with pytest.raises(NotNow):
            showings.start_livestream(scope=scope, livestream_id=stream.pk)
    with cast.customers["nb2"].scope(at=began) as scope, pytest.raises(TooLateToRemind):
        ask_reminder(scope=scope, livestream_id=stream.pk)
    opens = began + 10 * MINUTE
    with pytest.raises(NotReleased):
        claimed(cast, "nb", batch.pk, opens - timedelta(milliseconds=1))
    assert claimed(cast, "nb", batch.pk, opens).nth == 1
    assert claimed(cast, "nb", batch.pk, opens + 15 * MINUTE - timedelta(milliseconds=1)).nth == 2
    with pytest.raises(NotReleased):
        claimed(cast, "nb", batch.pk, opens + 15 * MINUTE)
    with north.scope(at=began + 30 * MINUTE) as scope:
        showings.open_drop(scope=scope, livestream_id=stream.pk, drop_id=hand.id)
        with pytest.raises(ReleasedAlready):
            showings.open_drop(scope=scope, livestream_id=stream.pk, drop_id=hand.id)
        with pytest.raises(NotFound):
            showings.open_drop(scope=scope, livestream_id=stream.pk, drop_id=stream.pk)
    assert claimed(cast, "nb2", batch.pk, began + 31 * MINUTE).nth == 1
    # Over two minutes into the drop by hand: it closes with the livestream.
    with north.scope(at=began + 32 * MINUTE) as scope:
        showings.end_livestream(scope=scope, livestream_id=stream.pk)
        with pytest.raises(HasBegun):
            livestreams.change_livestream(scope=scope, livestream_id=stream.pk, terms=terms_of(stream))
        with pytest.raises(ReplayIsWrong):
            showings.replay_livestream(scope=scope, livestream_id=stream.pk, url="https://10.0.0.1/a.m3u8")
    with pytest.raises(NotReleased):
        claimed(cast, "nb2", batch.pk, began + 32 * MINUTE)
    with north.scope(at=began + 40 * MINUTE) as scope:
        showings.replay_livestream(scope=scope, livestream_id=stream.pk, url="https://vod.bank.com.cn/1.m3u8")
    assert shown(cast, "nb", began + timedelta(days=29)) == [(stream.title, "replay")]
    assert shown(cast, "nb", began + timedelta(days=40)) == []
    with north.scope(at=began + 41 * MINUTE) as scope:
        showings.end_replay(scope=scope, livestream_id=stream.pk)
        told = Entry.objects.filter(subject=f"community.livestream:{stream.pk}").order_by("id")
        verbs = [entry.verb.rpartition(".")[2] for entry in told]
    assert [verb for verb in verbs if verb in ("announce", "start", "drop", "end", "replay", "end_replay")] == [
        "announce", "start", "drop", "end", "replay", "end_replay",
    ]  # fmt: skip


def _payload(live: Broadcast) -> dict[str, Any]:
    from campaigns.approvals.models import Revision

    return dict(Revision.objects.get(pk=live.revision_id).payload)


def test_no_two_of_one_host_or_channel_at_once_and_who_may_not_see_learns_no_title(cast: Cast) -> None:
    north, reviewer, branch = operator(cast), cast.north_reviewer, operator(cast, "NB")
    first = live_livestream(cast, north, reviewer)
    later = draft_livestream(cast, north, begins=BEGINS + timedelta(minutes=59), title="同一渠道")
    with north.scope() as scope, pytest.raises(NotCompliant):
        revision = livestreams.submit_livestream(scope=scope, livestream_id=later.pk)
        approved(reviewer, revision)
    # The database says so by itself, whatever was looked for before.
    with (
        north.scope() as scope,
        pytest.raises(IntegrityError, match="of_one_livestream_at_once"),
        transaction.atomic(),
    ):
        taken = Booking.objects.filter(livestream=first, kind="channel").get()
        Booking.objects.create(
            branch_id=later.branch_id, branch_pos=later.branch_pos, livestream=later, kind="channel",
            taken=taken.taken, span=taken.span,
        )  # fmt: skip
    # An hour later both are free: the end is exclusive.
    live_livestream(cast, north, reviewer, begins=BEGINS + timedelta(hours=1), title="接着播")
    # A branch asks for a host of the north: which livestream has the host is not the branch's to know.
    host = north.person.pk
    with branch.scope() as scope:
        [(key, title)] = livestreams.clashes(
            scope=scope, livestream_id=later.pk, taken=[host], since=BEGINS, until=BEGINS + MINUTE
        )
        assert (key, title) == (host, first.title)  # handed down to it
    with operator(cast, "SB").scope() as scope:
        [(key, title)] = livestreams.clashes(
            scope=scope, livestream_id=later.pk, taken=[host], since=BEGINS, until=BEGINS + MINUTE
        )
        assert (key, title) == (host, "")
    # Cancelled, the time is free again; what is cancelled stands again when it is approved again.
    with north.scope() as scope:
        with pytest.raises(ReasonMissing):
            showings.cancel_livestream(scope=scope, livestream_id=first.pk, reason=" ")
        with cast.customers["nb"].scope() as own:
            assert ask_reminder(scope=own, livestream_id=first.pk).is_new
        showings.cancel_livestream(scope=scope, livestream_id=first.pk, reason="主播生病")
        assert Touch.objects.get().state == "cancelled"
        assert not Booking.objects.filter(livestream=first).exists()
        again = replace(terms_of(first), theme="改期再播")
        livestreams.change_livestream(scope=scope, livestream_id=first.pk, terms=again)
        revision = livestreams.submit_livestream(scope=scope, livestream_id=first.pk)
    approved(reviewer, revision)
    with north.scope() as scope:
        assert Showing.objects.get(livestream=first).state == "announced"
    # Begun early, it takes its host from then on.
    with north.scope(at=BEGINS - 20 * MINUTE) as scope:
        showings.start_livestream(scope=scope, livestream_id=first.pk)
        assert Booking.objects.filter(livestream=first, span__contains=BEGINS - 10 * MINUTE).count() == 2
        livestreams.take_down_livestream(scope=scope, livestream_id=first.pk, reason="口播有误")
        assert Showing.objects.get(livestream=first).state == "ended"
        assert not Booking.objects.filter(livestream=first).exists()
    assert shown(cast, "nb", BEGINS) == [("接着播", "announced")]


def test_what_is_missing_wrong_or_not_theirs_is_refused(cast: Cast) -> None:
    north, reviewer = operator(cast), cast.north_reviewer
    with north.scope() as scope:
        for platform, more in (
            ("hls", {"url": "http://live.bank.com.cn/a.m3u8"}),
            ("hls", {"url": "https://10.1.2.3/a.m3u8"}),
            ("hls", {"url": "https://live.corp/a.m3u8"}),
            ("hls", {"url": "https://u:p@live.bank.com.cn/a"}),
            ("channels", {"account": "a b"}),
            ("fax", {}),
        ):
            with pytest.raises(ChannelIsWrong):
                add_channel(scope=scope, name="渠道", platform=platform, **more)
        made = add_channel(
            scope=scope, name="视频号", platform="channels", account="sphAbc123", room="feed_1"
        )
    terms = terms_of_one(cast, north, begins=BEGINS)
    assert frozen(thawed(frozen(terms))) == frozen(terms)
    for wrong in (
        {"planned_until": BEGINS},
        {"title": " "},
        {"announce_from": BEGINS + MINUTE},
        {"planned_until": BEGINS + timedelta(hours=13)},
        {"drops": [Drop(batch=made.pk, minute=60, minutes=5)]},
        {"quiz": [replace(QUESTION, right=2)]},
        {"run_sheet": [replace(SHEET[0], minute=60)]},
        {"hosts": [Host(name=" ")]},
    ):
        with pytest.raises(LivestreamIsWrong):
            replace(terms, **wrong).check()
    with cast.south_editor.scope() as scope, pytest.raises(NotAllowed):
        livestreams.add_livestream(scope=scope, terms=terms)
    with operator(cast, "SB").scope() as scope:
        for wrong in ({}, {"channel_id": None}, {"channel_id": None, "asset_id": None}):
            with pytest.raises(NotChoosable):
                livestreams.add_livestream(scope=scope, terms=replace(terms, **wrong))
    empty = draft_livestream(cast, north, channel_id=None, asset_id=None, hosts=[], run_sheet=[])
    with north.scope() as scope, pytest.raises(NotReady) as refused:
        livestreams.submit_livestream(scope=scope, livestream_id=empty.pk)
    for words in ("渠道", "封面", "主播", "流程"):
        assert words in refused.value.detail("zh"), refused.value.detail("zh")
    # A batch that can be had at any time, and one that is over before its drop, are found.
    open_batch = live_batch(cast, title="随时可领")
    short = live_batch(cast, title="早早结束", by_release=True, claim_until=BEGINS)
    found = draft_livestream(cast, north, drops=[drop_of(open_batch.pk), drop_of(short.pk)])
    with north.scope() as scope:
        with pytest.raises(NotCompliant):
            livestreams.submit_livestream(scope=scope, livestream_id=found.pk)
        terms = replace(terms_of(found), drops=[drop_of(open_batch.pk)])
        livestreams.change_livestream(scope=scope, livestream_id=found.pk, terms=terms)
        revision = livestreams.submit_livestream(scope=scope, livestream_id=found.pk)
    with reviewer.scope() as scope:
        assert [each.finding.args.get("what") for each in findings_of(scope=scope, revision=revision)] == [
            "open"
        ]
    with north.scope() as scope:
        restore(scope, found.pk, revision.payload)
    with cast.customers["nb"].scope() as scope, pytest.raises(NotFound):
        one_shown(scope=scope, livestream_id=found.pk)


def test_nobody_there_it_begins_and_ends_by_its_time_and_moves_are_kept(cast: Cast) -> None:
    north, reviewer = operator(cast), cast.north_reviewer
    batch = live_batch(cast, by_release=True)
    stream = live_livestream(cast, north, reviewer, drops=[drop_of(batch.pk, minute=5)])
    run_at(BEGINS + STARTS_AFTER - MINUTE)
    with north.scope():
        assert Showing.objects.get(livestream=stream).state == "announced"
    run_at(BEGINS + STARTS_AFTER)
    with north.scope():
        showing = Showing.objects.get(livestream=stream)
        assert (showing.state, showing.started_at) == ("live", BEGINS + STARTS_AFTER)
        assert Release.objects.get().released_from == BEGINS + STARTS_AFTER + 5 * MINUTE
    run_at(BEGINS + timedelta(hours=1) + ENDS_AFTER)
    with north.scope():
        assert Showing.objects.get(livestream=stream).state == "ended"
    # The database's table of moves is that of the rules.
    second = live_livestream(
        cast, north, reviewer, begins=BEGINS + timedelta(days=1), channel_id=channel_of(north, "二号").pk
    )
    moments = {"live": (AT, None), "ended": (AT, AT), "replay": (AT, AT)}
    pairs = {(before, after) for before in State.values for after in State.values if before != after}
    with system_scope(at=AT, cause="test"):
        assert {pair for pair in pairs if _is_allowed(second.pk, *pair, moments)} == MOVES


def _is_allowed(key: UUID, before: str, after: str, moments: Any) -> bool:
    """Does the database let it go from one state to the other? Taken back."""
    try:
        with transaction.atomic():
            _put(key, before, moments)
            began, ended = moments.get(after, (None, None))
            Showing.objects.filter(pk=key).update(state=after, started_at=began, ended_at=ended)
            raise _Undo
    except _Undo:
        return True
    except IntegrityError as error:
        return violated(error) != "community_showing_moves_as_allowed"


class _Undo(Exception):
    pass


def _put(key: UUID, state: str, moments: Any) -> None:
    """Where it is, whatever it was before: by the moves that are allowed."""
    way = {"planned": [], "announced": ["announced"], "cancelled": ["cancelled"], "live": ["live"],
           "ended": ["live", "ended"], "replay": ["live", "ended", "replay"]}[state]  # fmt: skip
    Showing.objects.filter(pk=key, state="announced").update(state="planned")
    for step in way:
        began, ended = moments.get(step, (None, None))
        Showing.objects.filter(pk=key).update(state=step, started_at=began, ended_at=ended)
