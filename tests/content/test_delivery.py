"""Prepared home pages are at every moment what the walls alone would show, for whoever asks."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connections, transaction
from django.test import Client

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.services.live import take_down
from campaigns.customers.models import Profile, Tag, TagCategory
from campaigns.customers.services.care import move_customer_home
from campaigns.customers.services.consents import set_personalisation
from campaigns.customers.services.rights import erase_customer
from campaigns.customers.services.tags import tag_customers
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import system_scope
from content.delivery.pages import PAGES, SLOTS
from content.delivery.stirs import Feed, Stir
from content.home_rules import CAPACITY, Viewer, choose, suits
from content.item_refusals import IsLocalised
from content.models import Asset, Slot
from content.placement_terms import Whom
from content.rules import LimitIsBackward, TargetIsUnknown
from content.services.assets import change_asset
from content.services.items import change_item, submit_item
from content.services.localising import localise_item
from content.services.placements import add_placement, submit_placement
from tests.support.cast import AT, Cast
from tests.support.content import FROM, approve, make_item
from tests.support.events import tell, viewed
from tests.support.home import home_feed

WHO = ("nb", "nb2", "sb")
MAKERS = {
    "north": ("north_editor", "north_reviewer"),
    "nb": ("nb_editor", "north_reviewer"),
    "ho": ("ho_editor", "ho_reviewer"),
    "south": ("south_editor", "south_reviewer"),
}
Seen = dict[str, list[tuple[str, str]]]


def seen(cast: Cast, who: str, at: datetime = AT) -> Seen:
    """(title, reason) by slot, over HTTP."""
    with time_machine.travel(at, tick=False):
        answer = Client().get("/api/v1/home", headers=cast.customers[who].headers())
    assert answer.status_code == 200, answer.content
    home = answer.json()
    return {
        slot: [(one["title"], one["reason"]["code"]) for one in home[name]] for name, slot in SLOTS.items()
    }


def shown_by_walls(cast: Cast, who: str, at: datetime = AT) -> Seen:
    customer = cast.customers[who].customer
    with system_scope(at=AT, cause="test"):
        customer.refresh_from_db()
        profile = Profile.objects.filter(pk=customer.pk).first()
    viewer = Viewer(customer.is_personalised, frozenset(profile.tag_ids if profile else ()))
    with cast.customers[who].scope(at=at) as scope:
        home = home_feed(scope=scope, viewer=viewer)
    return {slot: [(card.live.title, why) for card, why in some] for slot, some in home.slots.items()}


def tags(cast: Cast, *codes: str) -> dict[str, int]:
    with system_scope(at=AT, cause="test"):
        category = TagCategory.objects.create(code="home", name="首页", owner=cast.branch["HO"])
        made = {
            code: Tag.objects.create(code=code, category=category, name=code, kind="manual") for code in codes
        }
    return {code: tag.pk for code, tag in made.items()}


def tagged(cast: Cast, who: str, tag_id: int) -> None:
    with system_scope(at=AT, cause="test") as scope:
        tag_customers(scope=scope, tag_id=tag_id, customer_ids=[cast.customers[who].customer.pk])


def live_for(
    cast: Cast, maker: str, title: str, slot: str, whom: Whom, *, until: datetime | None = None, **more: Any
) -> tuple[Any, Any]:
    """An item and its placement, live, for some."""
    by, checker = (cast.play(name) for name in MAKERS[maker])
    handed_down = more.pop("handed_down", True)
    with by.scope() as scope:
        # Branches below may have a title of their own.
        item = make_item(scope, title, handed_down=handed_down, open_parts=["title"])
        window = {"shown_from": more.pop("shown_from", FROM)} | ({"shown_until": until} if until else {})
        place = add_placement(
            scope=scope, slot=slot, item_id=item.pk, handed_down=handed_down, whom=whom, **window, **more
        )
    approve(checker, submitted(by, item.pk))
    with by.scope() as scope:
        revision = submit_placement(scope=scope, placement_id=place.pk)
    approve(checker, revision)
    return item, place


def localised(
    cast: Cast, maker: str, item: Any, title: str, *, until: datetime | None, handed_down: bool
) -> Any:
    """The maker's version of it, live; None where it has one already, or was not handed it."""
    by, checker = (cast.play(name) for name in MAKERS[maker])
    try:
        with by.scope() as scope:
            mine = localise_item(scope=scope, item_id=item.pk)
            window = {"shown_until": until} if until and until > mine.shown_from else {}
            change_item(scope=scope, item_id=mine.pk, title=title, handed_down=handed_down, **window)
    except (NotFound, IsLocalised):
        return None
    approve(checker, submitted(by, mine.pk))
    return mine


def submitted(by: Any, item_id: Any) -> Any:
    with by.scope() as scope:
        return submit_item(scope=scope, item_id=item_id)


@pytest.mark.parametrize("seed", [5, 8])
def test_whatever_is_published_whoever_asks_and_whenever_the_page_is_what_the_walls_show(
    cast: Cast, seed: int
) -> None:
    """A random bank; the pages are asked all along, so that what is prepared has every chance to be old."""
    draw, codes = Random(seed), tags(cast, "wealth", "young")
    tagged(cast, "nb", codes["wealth"])
    made: list[tuple[str, Any, Any]] = []
    kinds: Counter[str] = Counter()

    def agree(at: datetime) -> None:
        for who in draw.sample(WHO, 2):
            assert seen(cast, who, at) == shown_by_walls(cast, who, at), (who, at, [row[0] for row in made])

    for step in range(18):
        act = draw.random()
        if act < 0.55 or not made:
            maker, slot = draw.choice(list(MAKERS)), draw.choice(Slot.values)
            whom = Whom(
                tag_ids=draw.choice([(), (), (codes["wealth"],), tuple(codes.values())]),
                branch_ids=draw.choice([(), (), (cast.branch["NB"].pk,)]) if maker in ("north", "ho") else (),
                is_fallback=draw.random() < 0.2,
            )
            item, place = live_for(
                cast, maker, f"{maker}{step}", slot, whom, priority=draw.randint(0, 3),
                handed_down=draw.random() < 0.7, shown_from=draw.choice([FROM, AT + timedelta(hours=3)]),
                until=draw.choice([None, AT + timedelta(days=1)]),
            )  # fmt: skip
            made.append((maker, item, place))
        elif act < 0.75:
            wanted = [(maker, each) for _m, each, place in made if place for maker in ("north", "nb")]
            for maker, item in draw.sample(wanted, len(wanted)):
                mine = localised(
                    cast, maker, item, f"{maker}的{step}", until=draw.choice([None, AT + timedelta(hours=20)]),
                    handed_down=draw.random() < 0.7,
                )  # fmt: skip
                if mine is not None:
                    made.append((maker, mine, None))
                    kinds["local"] += 1
                    break
        elif act < 0.92:
            maker, item, place = made.pop(draw.randrange(len(made)))
            things = [ref("content.item", item.pk)] + ([ref("content.placement", place.pk)] if place else [])
            subject = draw.choice(things)
            with cast.play(MAKERS[maker][1]).scope() as scope:
                take_down(scope=scope, subject=subject, reason="利率已变")
        else:
            with cast.customers["nb"].scope() as scope:
                set_personalisation(scope=scope, is_on=draw.random() < 0.5)
        # Time goes forward, past the beginnings and ends of what was made.
        agree(AT + timedelta(hours=step * 2))
    assert kinds["local"], "no branch had a version of its own"


def test_a_process_that_hears_nothing_shows_what_is_gone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: pages are kept, and only what is heard makes them old."""
    monkeypatch.setattr(PAGES.feed, "_hear", lambda stir: None)
    item, _place = live_for(cast, "north", "北方", Slot.HOME_FEED, Whom())
    before = seen(cast, "nb")
    with cast.north_reviewer.scope() as scope:
        take_down(scope=scope, subject=ref("content.item", item.pk), reason="利率已变")
    assert seen(cast, "nb") == before != shown_by_walls(cast, "nb")


@pytest.mark.commits
def test_what_commits_after_something_later_is_heard(committed_cast: Cast) -> None:
    heard: list[Stir] = []
    feed = Feed(hear=heard.append, forget=lambda: None, each_turn=lambda: None)
    late, early = (committed_cast.customers[who] for who in ("nb", "sb"))
    feed.demand()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer SET is_personalised = NOT is_personalised WHERE id = %s",
            [late.customer.pk],
        )
        with early.scope() as scope:
            set_personalisation(scope=scope, is_on=False)
        for _turn in range(3):
            feed.demand()
        assert [stir.customer_id for stir in heard if stir.customer_id] == [early.customer.pk]
    for _turn in range(3):
        feed.demand()
    assert [stir.customer_id for stir in heard if stir.customer_id] == [early.customer.pk, late.customer.pk]


def test_what_is_known_of_a_customer_and_who_has_switched_it_off(cast: Cast) -> None:
    codes = tags(cast, "wealth")
    tagged(cast, "nb", codes["wealth"])
    live_for(cast, "ho", "理财", Slot.HOME_FEED, Whom(tag_ids=[codes["wealth"]]), priority=5)
    live_for(cast, "ho", "大家", Slot.HOME_FEED, Whom())
    live_for(cast, "ho", "常设", Slot.HOME_BANNER, Whom(is_fallback=True))
    assert seen(cast, "nb")["home.feed"] == [("理财", "tag"), ("大家", "handed_down")]
    assert seen(cast, "nb2")["home.feed"] == [("大家", "handed_down")]
    assert seen(cast, "nb2")["home.banner"] == [("常设", "fallback")]
    live_for(cast, "nb", "本网点", Slot.HOME_BANNER, Whom(), handed_down=False)
    assert seen(cast, "nb2")["home.banner"] == [("本网点", "branch")]
    with cast.customers["nb"].scope() as scope:
        set_personalisation(scope=scope, is_on=False)
    # The same for all who switched it off, and at once.
    with cast.customers["nb2"].scope() as scope:
        set_personalisation(scope=scope, is_on=False)
    bodies = {
        Client().get("/api/v1/home", headers=cast.customers[who].headers()).content for who in ("nb", "nb2")
    }
    assert len(bodies) == 1 and "理财".encode() not in bodies.pop()


def test_a_pop_up_is_shown_as_often_as_it_may_be(cast: Cast) -> None:
    item, place = live_for(cast, "ho", "弹窗", Slot.HOME_POPUP, Whom(times_day=1, times_all=2))
    home = Client().get("/api/v1/home", headers=cast.customers["nb"].headers()).json()
    [popup] = home["popup"]
    assert (popup["placement_id"], popup["times_day"], popup["times_all"]) == (str(place.pk), 1, 2)
    event = {
        "kind": "content.exposed",
        "subject": ref("content.item", item.pk),
        "properties": {"place": "home.popup", "seconds": 3},
    }
    assert tell(cast.customers["nb"], viewed(**event)).status_code == 200
    PAGES.feed.reset()  # what was seen is believed for a minute
    now = AT + timedelta(hours=1)
    assert seen(cast, "nb", now)["home.popup"] == []
    assert seen(cast, "nb2", now)["home.popup"] == [("弹窗", "handed_down")]
    PAGES.feed.reset()
    assert seen(cast, "nb", now + timedelta(days=1))["home.popup"] == [("弹窗", "handed_down")]


def test_who_moves_home_sees_the_new_branch_and_who_is_erased_sees_nothing(cast: Cast) -> None:
    live_for(cast, "north", "北方", Slot.HOME_FEED, Whom())
    live_for(cast, "south", "南方", Slot.HOME_FEED, Whom())
    customer = cast.customers["nb"].customer
    assert [title for title, _why in seen(cast, "nb")["home.feed"]] == ["北方"]
    with system_scope(at=AT, cause="test") as scope:
        move_customer_home(scope=scope, customer_id=customer.pk, branch_id=cast.branch["SB"].pk, why="搬家")
    assert [title for title, _why in seen(cast, "nb")["home.feed"]] == ["南方"]
    with system_scope(at=AT, cause="test") as scope:
        erase_customer(scope=scope, customer_id=customer.pk, why="本人要求")
    answer = Client().get("/api/v1/home", headers=cast.customers["nb"].headers())
    assert answer.status_code in (401, 403, 404)


def test_rights_that_end_within_the_hour_take_it_off_a_prepared_page(cast: Cast) -> None:
    item, _place = live_for(cast, "north", "北方", Slot.HOME_FEED, Whom())
    start = AT.replace(minute=0, second=0, microsecond=0)
    ends = start + timedelta(minutes=20)
    shown = [("北方", "handed_down")]
    assert seen(cast, "nb", start)["home.feed"] == shown
    for until, at, feed in (
        (ends, ends - timedelta(seconds=1), shown),
        (ends, ends, []),
        (ends + timedelta(minutes=5), ends, shown),
    ):
        with cast.north_editor.scope() as scope:
            asset = Asset.objects.get(pk=item.asset_id)
            change_asset(scope=scope, asset_id=asset.pk, name=asset.name, alt=asset.alt, rights_until=until)
        assert seen(cast, "nb", at)["home.feed"] == feed, (until, at)
    # Nothing changes but the time.
    assert seen(cast, "nb", ends + timedelta(minutes=5))["home.feed"] == []


def test_what_a_slot_holds_and_whom_a_placement_suits() -> None:
    def place(**given: Any) -> Any:
        whom = {
            "branch_ids": [],
            "tag_ids": [],
            "stages": [],
            "times_day": None,
            "times_all": None,
            "is_fallback": False,
        }
        return SimpleNamespace(
            **{"placement_id": uuid4(), "branch_id": 1, "slot": "home.popup", "item_id": uuid4()}
            | whom
            | given
        )

    loyal = Viewer(True, frozenset({3}), "loyal")
    assert suits(place(stages=["loyal"]), loyal) and not suits(place(stages=["asleep"]), loyal)
    assert not suits(place(stages=["loyal"]), Viewer(False, frozenset({3}), "loyal"))
    assert suits(place(tag_ids=[3, 4]), loyal) and not suits(place(tag_ids=[4]), loyal)
    limited = place(times_day=2, times_all=3)
    for today, ever, fits in ((0, 0, True), (1, 2, True), (2, 2, False), (0, 3, False)):
        assert suits(limited, Viewer(True, seen={limited.item_id: (today, ever)})) is fits
    twice = uuid4()
    places = [place(slot="home.grid", item_id=twice), place(slot="home.grid", item_id=twice)]
    places += [place(slot="home.grid") for _nth in range(20)] + [
        place(slot="home.popup") for _nth in range(3)
    ]
    shown = choose(places, branch_id=2)
    assert {slot: len(some) for slot, some in shown.items() if some} == {"home.grid": 8, "home.popup": 1}
    assert [one.place for one in shown["home.grid"]][:2] == [places[0], places[2]]
    assert set(shown) == set(CAPACITY) == set(Slot.values)


def test_for_whom_it_is_stands_in_the_review_and_is_checked(cast: Cast) -> None:
    codes = tags(cast, "wealth")
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
        for whom in (Whom(branch_ids=[cast.branch["S"].pk]), Whom(tag_ids=[10**6]), Whom(stages=["rich"])):
            with pytest.raises(TargetIsUnknown):
                add_placement(scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=FROM, whom=whom)
        for whom in (Whom(times_day=0), Whom(times_day=3, times_all=2)):
            with pytest.raises(LimitIsBackward):
                add_placement(scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=FROM, whom=whom)
    whom = Whom(
        branch_ids=[cast.branch["NB"].pk], tag_ids=[codes["wealth"]], stages=["loyal"], times_day=1, times_all=5,
        is_fallback=True,
    )  # fmt: skip
    _item, draft = live_for(cast, "north", "限定", Slot.HOME_POPUP, whom)
    with cast.north_reviewer.scope():
        live = draft.live
    assert (live.branch_ids, live.tag_ids, live.stages) == (
        [cast.branch["NB"].pk],
        [codes["wealth"]],
        ["loyal"],
    )
    assert (live.times_day, live.times_all, live.is_fallback) == (1, 5, True)
    with cast.north_reviewer.scope() as scope:
        revision = Revision.objects.get(kind="content.placement")
        kind = kind_of("content.placement")
        said = {line.key: line.value for line in kind.describe(scope, revision.payload).lines}
        assert kind.differences(scope, revision) == []
    assert (said["branches"], said["tags"], said["times_day"]) == (cast.branch["NB"].name, "wealth", "1")
