"""Checking in: who may, on which days, with what proof, what it gives; looked at, merged, forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.approvals.services.stops import add_stop
from campaigns.audit.models import Entry
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import erase_customer
from campaigns.events.models import Event
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.models import Wallet
from campaigns.tenants.scopes import system_scope
from community.checkins import refusals as no
from community.checkins.models import CheckIn, CheckInPicture, GroupGoal, LiveProgramme, ProgrammeBudget
from community.checkins.selectors import board_of, came_of, spoken_code, to_look_at
from community.checkins.services.checkins import choose_board, forbidden_word
from community.checkins.services.looking import (
    accept_check_in,
    let_go_of_pictures,
    pay_due_goals,
    refuse_check_in,
)
from community.checkins.services.programmes import change_programme, take_down_programme
from community.checkins.setup import tell_check_ins
from community.checkins.terms import terms_of
from community.groups.services.groups import add_member
from tests.support.cast import AT, Cast
from tests.support.checkins import TERMS, TODAY, approved, checked_in, group_of, live_programme
from tests.support.compliance import list_in_force
from tests.support.customers import anonymous

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def usable(cast: Cast, name: str) -> int:
    with cast.customers[name].scope():
        wallet = Wallet.objects.first()
        return wallet.usable if wallet else 0


def test_days_streaks_goal_and_cap(cast: Cast) -> None:
    group, other = group_of(cast, "nb", "nb2"), group_of(cast, "nb2", name="职场新人攒钱群")
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    with pytest.raises(no.NoProgramme):
        checked_in(nb, group)
    # Weekdays alone: the weekend is no gap.
    programme = live_programme(
        cast, group_ids=[group.pk], weekdays=[1, 2, 3, 4, 5], streak_days=3, streak_points=10, goal_count=5,
        goal_points=7, points_cap=60, first_day=TODAY - 2 * DAY,
    )  # fmt: skip
    with pytest.raises(NotFound):  # not in it
        checked_in(nb, other)
    with pytest.raises(no.NoProgramme):  # not for this group
        checked_in(nb2, other)
    with pytest.raises(no.NotBegun):
        checked_in(nb, group, AT - 3 * DAY)
    with pytest.raises(no.DayDoesNotCount):  # Sunday
        checked_in(nb, group)
    friday = checked_in(nb, group, AT - 2 * DAY)
    monday = checked_in(nb, group, AT + DAY)
    assert [(each.points, each.streak, each.nth) for each in (friday, monday)] == [(5, 1, 0), (5, 2, 1)]
    with pytest.raises(no.AlreadyDone):
        checked_in(nb, group, AT + DAY + timedelta(hours=13))  # 23:00 of the same local day
    # 00:30 of Tuesday, still Monday in UTC.
    tuesday = checked_in(nb, group, AT + DAY + timedelta(hours=14, minutes=30))
    assert (tuesday.points, tuesday.streak, tuesday.units) == (15, 3, 1)
    assert (str(tuesday.day), usable(cast, "nb")) == ("2026-11-24", 25)
    checked_in(nb2, group, AT + DAY)
    with system_scope(at=AT + DAY, cause="test") as scope:
        assert pay_due_goals(scope=scope) == 0
    checked_in(nb2, group, AT + 2 * DAY)
    with system_scope(at=AT + 2 * DAY, cause="test") as scope:
        assert (pay_due_goals(scope=scope), pay_due_goals(scope=scope)) == (1, 0)
        goal = GroupGoal.objects.get()
        assert (goal.customers, goal.points) == (2, 7)
        assert Entry.objects.filter(verb="community.checkin.add").count() == 5
        assert Event.objects.filter(kind="community.group.checked_in").count() == 5
        assert sum(each.given for each in ProgrammeBudget.objects.all()) == 25 + 10 + 14
    # Eleven points are left of sixty: what is promised is trimmed, and then nothing is left, but days still count.
    days = [checked_in(nb, group, AT + n * DAY) for n in (3, 4, 5)]
    assert [(each.points, each.units) for each in days] == [(5, 0), (5, 0), (1, 1)]
    assert checked_in(nb, group, AT + 8 * DAY).points == 0
    with cast.nb_manager.scope(at=AT + 8 * DAY) as scope:
        came = came_of(scope=scope, programme=programme)
        assert (came.counted, came.people, came.members, came.points) == (9, 2, 2, 46)
        assert came.budget == (60, 60) and came.quiet == 1  # nb2 was last here on Tuesday
        assert dict(came.streaks) == {1: 1, 3: 0, 7: 1, 14: 0, 30: 0}
        assert [(each.group.pk, each.counted) for each in came.groups] == [(group.pk, 9)]
    # Higher cap, approved: there is more again, and what was given counts.
    with cast.nb_manager.scope() as scope:
        terms = terms_of(programme)
        change_programme(scope=scope, programme_id=programme.pk, terms=replace(terms, points_cap=63))
    approved(cast, programme, at=AT)
    assert checked_in(nb, group, AT + 9 * DAY).points == 3
    with pytest.raises(no.IsOver):
        checked_in(nb, group, AT + 21 * DAY)
    with cast.ho_administrator.scope() as scope:
        add_stop(scope=scope, branch_id=cast.branch["HO"].pk, kind="community.programme", reason="演练")
    with pytest.raises(no.IsStopped):
        checked_in(nb, group, AT + 10 * DAY)


def test_make_ups_mend_a_streak_and_cost_what_is_said(cast: Cast) -> None:
    group = group_of(cast, "nb")
    nb = cast.customers["nb"].customer.pk
    live_programme(
        cast,
        streak_days=3,
        streak_points=10,
        makeup_most=2,
        makeup_days=3,
        makeup_cost=8,
        first_day=TODAY - 6 * DAY,
    )
    checked_in(nb, group, AT - 3 * DAY)
    with pytest.raises(no.PointsShort):
        checked_in(nb, group, AT, day=TODAY - DAY)
    checked_in(nb, group, AT - DAY)
    # 10 points so far; the day between mends three in a row: 8 for it, 5 and 10 from it.
    done = checked_in(nb, group, AT, day=TODAY - 2 * DAY)
    assert (done.is_makeup, done.cost, done.points, done.streak, done.units) == (True, 8, 15, 3, 1)
    assert usable(cast, "nb") == 10 - 8 + 15
    for day, refusal in ((4, no.TooFarBack), (-1, no.TooEarly), (2, no.AlreadyDone)):
        with pytest.raises(refusal):
            checked_in(nb, group, AT, day=TODAY - day * DAY)
    today = checked_in(nb, group, AT)
    assert (today.points, today.streak) == (5, 4)  # three of the four are paid for
    checked_in(nb, group, AT + 2 * DAY, day=TODAY + DAY)
    with pytest.raises(no.MakeupsUsed):
        checked_in(nb, group, AT + 4 * DAY, day=TODAY + 3 * DAY)
    # A refused day in the middle takes its own points back; the streak that was paid for is not paid twice.
    with cast.nb_manager.scope(at=AT + 3 * DAY) as scope:
        refuse_check_in(scope=scope, check_in_id=today.pk, reason="不是本人")
        with pytest.raises(no.AlreadyLooked):
            refuse_check_in(scope=scope, check_in_id=today.pk, reason="不是本人")
        with pytest.raises(no.ReasonNeeded):
            refuse_check_in(scope=scope, check_in_id=done.pk, reason=" ")
    with pytest.raises(no.MakeupsUsed):
        checked_in(nb, group, AT + 3 * DAY, day=TODAY)
    with cast.nb_manager.scope(at=AT + 3 * DAY) as scope:
        refuse_check_in(scope=scope, check_in_id=done.pk, reason="不是本人")
    # The make-up's price came back with its points, and the make-up itself; now the day is there again, and pays again.
    assert usable(cast, "nb") == 10 + 5 - 8
    with pytest.raises(no.TooFarBack):
        checked_in(nb, group, AT + 3 * DAY, day=TODAY - 2 * DAY)
    with pytest.raises(no.PointsShort):
        checked_in(nb, group, AT + 3 * DAY, day=TODAY)


PROOFS: list[tuple[dict[str, Any], dict[str, Any], type[Refusal], dict[str, Any]]] = [
    ({"proof": "text"}, {"text": "  "}, no.WordsMissing, {"text": "今天存了 20 元"}),
    ({"proof": "picture"}, {}, no.PictureMissing, {"picture": b"\xff\xd8\xff"}),
    (
        {
            "proof": "quiz",
            "questions": [{"text": "存款保险最高赔付？", "options": ["10万", "50万"], "right": 1}],
        },
        {"answer": 0},
        no.AnswerWrong,
        {"answer": 1},
    ),
    (
        {"proof": "position", "place": "中山路支行", "lat": 39_904_200, "lon": 116_407_400, "metres": 200},
        {"lat": 39_907_200, "lon": 116_407_400},  # 334 m to the north
        no.TooFar,
        {"lat": 39_905_200, "lon": 116_407_400},
    ),
]


def test_each_proof_is_asked_for_and_words_are_held(cast: Cast) -> None:
    group = group_of(cast, "nb")
    nb = cast.customers["nb"].customer.pk
    for nth, (terms, wrong, refusal, right) in enumerate(PROOFS):
        at = AT + nth * DAY
        programme = live_programme(cast, looked="before", at=at, **terms)
        for shown, refused in (({}, None), (wrong, refusal)):
            with pytest.raises(refused or Refusal):
                checked_in(nb, group, at, programme_id=programme.pk, **shown)
        done = checked_in(nb, group, at, programme_id=programme.pk, **right)
        assert done.state == ("held" if terms["proof"] in ("text", "picture") else "counted")
    coded = live_programme(cast, proof="code", points=3)
    with cast.nb_manager.scope() as scope:
        code = spoken_code(programme_id=coded.pk, group_id=group.pk)
        assert len(code) == 4 and code.isdigit()
        held = list(to_look_at(scope=scope))
        assert [each.state for each in held] == ["held", "held"]
        assert bytes(CheckInPicture.objects.get().jpeg) == b"\xff\xd8\xff"
    with cast.nb_manager.scope(at=AT + DAY):
        assert spoken_code(programme_id=coded.pk, group_id=group.pk) != code
    with cast.sb_manager.scope():
        assert spoken_code(programme_id=coded.pk, group_id=group.pk) == ""
    with pytest.raises(no.CodeWrong):
        checked_in(nb, group, programme_id=coded.pk, code=f"{(int(code) + 1) % 10_000:04d}")
    assert checked_in(nb, group, programme_id=coded.pk, code=code).points == 3
    before = usable(cast, "nb")
    with cast.nb_manager.scope(at=AT + DAY) as scope:
        accept_check_in(scope=scope, check_in_id=held[0].pk)
        with pytest.raises(no.AlreadyLooked):
            accept_check_in(scope=scope, check_in_id=held[0].pk)
        refuse_check_in(scope=scope, check_in_id=held[1].pk, reason="图片与打卡无关")
        one = CheckIn.objects.get(pk=held[0].pk)
        assert (one.state, one.points, one.streak, one.looked_by_id) == (
            "counted",
            5,
            1,
            cast.nb_manager.person.pk,
        )
    assert usable(cast, "nb") == before + 5
    with cast.sb_manager.scope(at=AT + DAY) as scope, pytest.raises(NotFound):
        refuse_check_in(scope=scope, check_in_id=held[0].pk, reason="不是我的")
    # A word of the lists is found however it is written, and held in a programme that looks afterwards, too.
    list_in_force(cast)
    assert forbidden_word(text="保 本 理财", group_id=group.pk, at=AT) == "保本"
    assert forbidden_word(text="今天学习理财", group_id=group.pk, at=AT) == ""
    words = live_programme(cast, proof="text")
    told = checked_in(nb, group, programme_id=words.pk, text="保 本 理财", hint="保本")
    assert (told.state, told.hint, told.points) == ("held", "保本", 0)


def test_two_who_are_one_and_who_is_forgotten(cast: Cast) -> None:
    group = group_of(cast, "nb")
    nb = cast.customers["nb"].customer.pk
    with cast.nb_manager.scope() as scope:
        nb2 = anonymous(scope, cast, "NB", "openid-guest")
        add_member(scope=scope, group_id=group.pk, customer_id=nb2, joined_at=AT - 30 * DAY)
    live_programme(cast, proof="picture")
    for who, days in ((nb, (-3, -1)), (nb2, (-3, -2))):
        for day in days:
            checked_in(who, group, AT + day * DAY, picture=b"\xff\xd8", text="我家的存钱罐")
    with cast.ho_administrator.scope() as scope:
        merge = merge_customers(scope=scope, kept=nb, absorbed=nb2, why={"by": "test"})
        rows = CheckIn.objects.filter(customer_id=nb).order_by("day").values_list("day", flat=True)
        assert [(TODAY - day).days for day in rows] == [3, 2, 1]
    assert (checked_in(nb, group, picture=b"\xff\xd8").streak, usable(cast, "nb")) == (4, 25)
    with cast.ho_administrator.scope() as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        assert CheckIn.objects.filter(customer_id=nb2).count() == 2
        told = list(tell_check_ins(scope=scope, customer_id=nb2))
        assert [row["words"] for _table, row in told] == ["我家的存钱罐"] * 2
    with system_scope(at=AT, cause="test") as scope:
        erase_customer(scope=scope, customer_id=nb2, why="本人申请")
        gone = CheckIn.objects.filter(customer_id=nb2)
        assert {(each.text, each.has_picture) for each in gone} == {("", False)}
        assert CheckInPicture.objects.count() == 3
    with system_scope(at=AT + 100 * DAY, cause="test") as scope:
        assert let_go_of_pictures(scope=scope, before=AT - 2 * DAY, limit=10) == 1
        assert CheckInPicture.objects.count() == 2


def test_the_board_masks_names_and_heeds_who_is_not_to_be_seen(cast: Cast) -> None:
    group = group_of(cast, "nb", "nb2")
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    live_programme(cast, goal_count=10, goal_points=5, makeup_most=2, makeup_days=5)
    for who, days in ((nb, (-8, -1, 0)), (nb2, (0,))):
        for day in days:
            checked_in(who, group, AT + day * DAY)
    with cast.customers["nb"].scope() as scope:
        shown = board_of(scope=scope, group_id=group.pk)
        (one,) = shown["programmes"]
        assert (one["streak"], one["days"], one["is_done"], one["makeups_left"]) == (2, 3, True, 2)
        assert [dot["day"] for dot in one["dots"]] == ["2026-11-14", "2026-11-21", "2026-11-22"]
        assert one["goal"] == {"needed": 10, "counted": 4, "points": 5, "reached_at": None}
        week = [(each["rank"], each["who"], each["days"], each["is_me"]) for each in one["week"]]
        assert week == [(1, "****0001", 2, True), (2, "****0002", 1, False)]
        assert [each["days"] for each in one["whole"]] == [3, 1]
        assert (
            board_of(scope=scope, group_id=group.pk, month=TODAY.replace(month=10))["programmes"][0]["dots"]
            == []
        )
    with cast.customers["nb2"].scope() as scope:
        choose_board(scope=scope, is_hidden=True)
        assert board_of(scope=scope, group_id=group.pk)["is_hidden"]
    with cast.customers["nb"].scope() as scope:
        assert [
            each["who"] for each in board_of(scope=scope, group_id=group.pk)["programmes"][0]["week"]
        ] == ["****0001"]
    with cast.customers["sb"].scope() as scope, pytest.raises(NotFound):
        board_of(scope=scope, group_id=group.pk)


def test_a_programme_says_what_is_wrong_and_stays_what_was_approved(cast: Cast) -> None:
    group_of(cast, "nb")
    for wrong in (
        {"title": " "}, {"last_day": TODAY - 60 * DAY}, {"weekdays": []}, {"weekdays": [8]}, {"proof": "quiz"},
        {"proof": "position", "place": "x"}, {"proof": "code", "makeup_most": 1, "makeup_days": 2},
        {"makeup_most": 1}, {"streak_points": 5, "streak_days": 1}, {"goal_points": 5}, {"points_cap": 0},
    ):  # fmt: skip
        with pytest.raises(no.ProgrammeUnclear):
            live_programme(cast, **wrong)
    foreign = group_of(cast, "sb", by="sb_manager")
    for unfit in ({"group_ids": [foreign.pk]}, {"kinds": ["none"]}):
        with pytest.raises(no.GroupsUnfit):
            live_programme(cast, **unfit)
    programme = live_programme(cast)
    with cast.nb_manager.scope() as scope:
        live = LiveProgramme.objects.get()
        with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
            LiveProgramme.objects.filter(pk=live.pk).update(points=500)
        take_down_programme(scope=scope, programme_id=programme.pk, reason="规则有误")
        assert not LiveProgramme.objects.exists()
    with cast.customers["nb"].scope():
        for table in ("community_liveprogramme", "community_programme", "community_checkinpicture"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {table}")
    assert TERMS.points == 5
