"""Plans from draft to the owner's task: approved as a whole, laid ahead, decided when due, confirmed by whose it is."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.approvals.rules import NotCompliant, NotReady
from campaigns.approvals.services.stops import add_stop
from campaigns.audit.models import Entry
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.leaving import leave
from community.groups.models import Group
from community.groups.services.groups import add_member, dissolve_group, end_member
from community.plans import refusals as no
from community.plans.cards import card_of, terms_of
from community.plans.models import LivePlan, Plan, PlanRun, Post
from community.plans.publishing import differences
from community.plans.selectors import plan_in_force, preview, progress_of, tasks_of
from community.plans.services import plans, posts, runs
from community.plans.services.reminders import remind_due
from content.models import Slot
from content.services.recalls import recall_item
from tests.support.cast import AT, Cast
from tests.support.content import live_poster
from tests.support.plans import (
    HELLO,
    WEEKLY,
    approve,
    draft_plan,
    group_of,
    live_plan,
    local,
    operator,
    posts_of,
    swept,
    titles,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(cast: Cast) -> Cast:
    operator(cast)
    return cast


def applied(bank: Cast, plan: Plan, group: Group, at: Any = AT, **how: Any) -> PlanRun:
    with bank.operator.scope(at=at) as scope:
        return runs.apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk, **how)


def told(player: Any) -> list[str]:
    with player.scope(at=AT + timedelta(days=40)):
        return list(Notice.objects.order_by("at", "id").values_list("code", flat=True))


def test_a_plan_from_its_draft_to_confirmed_posts(bank: Cast) -> None:
    group = group_of(bank)
    plan = draft_plan(bank)
    with pytest.raises(no.PlanIsNotLive):
        applied(bank, plan, group)
    approve(bank, plan)
    run = applied(bank, plan, group)
    assert (run.zero, run.state) == (date(2026, 11, 22), "running")
    planned = posts_of(group)
    assert titles(planned) == [
        "11-23 09:00 早安", "11-25 19:30 周三理财课", "12-02 19:30 周三理财课", "12-09 19:30 周三理财课",
        "12-16 19:30 周三理财课",
    ]  # fmt: skip
    with pytest.raises(no.PlanRunsThere):
        applied(bank, plan, group)
    # Not a minute early, and once however often one looks.
    assert swept(local("2026-11-23 08:59")) == 0
    assert swept(local("2026-11-23 09:00")) == 1
    assert swept(local("2026-11-23 09:01")) == 0
    [post] = posts_of(group, "due")
    assert (post.text, post.nth, post.assignee_id) == ("宝妈理财群的朋友早上好！", 1, bank.nb_clerk.person.pk)
    assert told(bank.nb_clerk) == ["community.post.due"]
    morning = local("2026-11-23 09:20")
    for somebody in (bank.operator, bank.nb_manager, bank.sb_clerk):
        with somebody.scope(at=morning) as scope, pytest.raises(NotFound):
            posts.confirm_post(scope=scope, post_id=post.pk)
    with bank.nb_editor.scope(at=morning) as scope, pytest.raises(NotAllowed):
        posts.confirm_post(scope=scope, post_id=post.pk)
    with bank.nb_clerk.scope(at=morning) as scope:
        assert [task.pk for task in tasks_of(scope=scope)] == [post.pk]
        assert posts.confirm_post(scope=scope, post_id=post.pk).state == "sent"
        assert not tasks_of(scope=scope).exists()
        with pytest.raises(no.PostIsOver):
            posts.skip_post(scope=scope, post_id=post.pk, reason="已发过")
    swept(local("2026-11-25 19:30"))
    [second] = posts_of(group, "due")
    with bank.nb_clerk.scope(at=local("2026-11-25 20:00")) as scope:
        with pytest.raises(no.ReasonIsMissing):
            posts.skip_post(scope=scope, post_id=second.pk, reason=" ")
        posts.skip_post(scope=scope, post_id=second.pk, reason="群里正在处理投诉")
    with bank.operator.scope(at=local("2026-11-25 20:00")) as scope:
        [row] = progress_of(scope=scope, plan_id=plan.pk)
        assert (row.branch, row.sent, row.other, row.due, row.planned) == ("北城中山路支行", 1, 1, 0, 3)
        verbs = set(Entry.objects.filter(verb__startswith="community.").values_list("verb", flat=True))
    assert {
        "community.plan.add",
        "community.planrun.add",
        "community.post.confirm",
        "community.post.skip",
    } <= verbs
    # The plan's last day is D+30, December 22: two days later it is over in the group, and its posts stay.
    for day in range(26, 30):
        swept(local(f"2026-11-{day} 21:05"))
    for day in range(1, 29):
        swept(local(f"2026-12-{day:02} 20:40"))
    with system_scope(at=AT, cause="test"):
        run.refresh_from_db()
        assert run.state == "ended"
    assert [post.state for post in posts_of(group)] == ["sent", "skipped", "due", "due", "due"]


def test_what_is_wrong_with_a_plan_is_said_before_anybody_reviews_it(bank: Cast) -> None:
    long = replace(HELLO, id=uuid4(), text="群" * 1_400)
    blank = replace(HELLO, id=uuid4(), text="{客户姓名}您好")
    for card, refusal in ((long, NotCompliant), (blank, NotCompliant), (replace(HELLO, text=""), NotReady)):
        plan = draft_plan(bank, card)
        with bank.operator.scope() as scope, pytest.raises(refusal):
            plans.submit_plan(scope=scope, plan_id=plan.pk)
    gone = draft_plan(bank, replace(HELLO, items=[uuid4()]))
    with bank.operator.scope() as scope, pytest.raises(NotCompliant):
        plans.submit_plan(scope=scope, plan_id=gone.pk)
    busy = draft_plan(bank, *(replace(WEEKLY, id=uuid4(), day={"every": 1}) for _n in range(4)))
    with bank.operator.scope() as scope:
        assert plans.submit_plan(scope=scope, plan_id=busy.pk).state == "submitted"
        for wrong in ({"days": 400}, {"title": " "}, {"end_members": 0}, {"kind": "nothing"}):
            with pytest.raises(no.PlanIsWrong):
                plans.change_plan(scope=scope, plan_id=busy.pk, terms=replace(terms_of(busy), **wrong))
        for day in (
            {"weekdays": [0]},
            {"every": 0},
            {"joined": -1},
            {"on": "morgen"},
            {},
            {"day": 1, "every": 2},
        ):
            with pytest.raises(no.PlanIsWrong):
                card_of({"title": "x", "day": day})
    with bank.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        plans.add_plan(scope=scope, terms=terms_of(busy))
    with bank.sb_manager.scope() as scope, pytest.raises(NotFound):
        plans.change_plan(scope=scope, plan_id=busy.pk, terms=terms_of(busy))


def test_a_change_waits_for_its_review_and_then_holds_at_once(bank: Cast) -> None:
    group = group_of(bank)
    plan = live_plan(bank)
    applied(bank, plan, group)
    later = replace(HELLO, at=time(10), text="早上好，改过的。")
    again = replace(WEEKLY, day={"weekdays": [4]})
    monday = local("2026-11-23 08:00")
    with bank.operator.scope(at=monday) as scope:
        plans.change_plan(scope=scope, plan_id=plan.pk, terms=replace(terms_of(plan), cards=[later, again]))
    swept(local("2026-11-23 09:00"))
    [first] = posts_of(group, "due")
    assert first.text == "宝妈理财群的朋友早上好！"
    approve(bank, plan, at=local("2026-11-23 09:30"))
    swept(local("2026-11-23 10:00"))
    # D+1 has been: changing its hour does not send it twice. What comes again does so on its new day.
    assert titles(posts_of(group))[:2] == ["11-23 09:00 早安", "11-26 19:30 周三理财课"]
    assert len(posts_of(group, "due")) == 1
    with bank.operator.scope(at=local("2026-11-23 11:00")) as scope:
        live = plan_in_force(scope=scope, plan_id=plan.pk)
        revision = _revision(live)
        assert differences(scope, revision) == []
        plans.take_down_plan(scope=scope, plan_id=plan.pk, reason="内容有误")
    assert [post.state for post in posts_of(group)] == ["back"]
    assert told(bank.nb_clerk) == ["community.post.due", "community.post.taken_back"]
    approve(bank, plan, at=local("2026-11-24 08:00"))
    swept(local("2026-11-24 08:01"))
    assert titles(posts_of(group, "planned"))[:1] == ["11-26 19:30 周三理财课"]


def _revision(live: LivePlan) -> Any:
    from campaigns.approvals.models import Revision

    return Revision.objects.get(pk=live.revision_id)


def test_pause_stop_early_end_and_the_end_of_a_group(bank: Cast) -> None:
    daily = replace(WEEKLY, day={"every": 1}, at=time(9))
    plan = live_plan(bank, daily, end_members=2)
    one, two, three = (group_of(bank, name=name) for name in ("一群", "二群", "三群"))
    paused, stopped, gone = (applied(bank, plan, group) for group in (one, two, three))
    swept(local("2026-11-23 09:00"))
    with bank.operator.scope(at=local("2026-11-23 12:00")) as scope:
        runs.pause_run(scope=scope, run_id=paused.pk)
        with pytest.raises(no.RunDoesNotFit):
            runs.pause_run(scope=scope, run_id=paused.pk)
        runs.stop_run(scope=scope, run_id=stopped.pk)
        with pytest.raises(no.RunIsOver):
            runs.resume_run(scope=scope, run_id=stopped.pk)
        dissolve_group(scope=scope, group_id=three.pk)
    swept(local("2026-11-24 09:00"))
    swept(local("2026-11-25 09:00"))
    assert [post.state for post in posts_of(one)] == ["due"]
    assert [(post.state, post.why) for post in posts_of(two)] == [("back", "run_stopped")]
    assert [(post.state, post.why) for post in posts_of(three)] == [("back", "group_gone")]
    with bank.operator.scope(at=local("2026-11-25 12:00")) as scope:
        runs.resume_run(scope=scope, run_id=paused.pk)
    swept(local("2026-11-26 09:00"))
    # What was due while it was paused is not made up for.
    assert titles(posts_of(one, "due")) == ["11-23 09:00 周三理财课", "11-26 09:00 周三理财课"]
    with bank.nb_manager.scope(at=local("2026-11-26 10:00")) as scope:
        for name in ("nb", "nb2"):
            add_member(scope=scope, group_id=one.pk, customer_id=bank.customers[name].customer.pk)
    swept(local("2026-11-27 09:00"))
    assert [(post.state, post.why) for post in posts_of(one)][2:] == []
    with system_scope(at=AT, cause="test"):
        gone.refresh_from_db()
        paused.refresh_from_db()
        assert (paused.state, gone.state) == ("reached", "stopped")


def test_what_is_decided_at_the_moment_of_sending(bank: Cast) -> None:
    poster, _place = live_poster(
        bank.north_editor, bank.north_reviewer, slot=Slot.HOME_FEED, handed_down=True
    )
    item_id = poster.pk
    with_item = replace(HELLO, id=uuid4(), title="带海报", day={"every": 1}, items=[item_id])
    plan = live_plan(bank, with_item)
    many = live_plan(bank, *(replace(WEEKLY, id=uuid4(), day={"day": 2}, at=time(9, n)) for n in range(4)))
    group = group_of(bank)
    applied(bank, plan, group)
    applied(bank, many, group)
    swept(local("2026-11-23 09:00"))
    [post] = posts_of(group, "due")
    assert post.material[0]["page"] == f"/pages/content?id={item_id}"
    # Three a day, whatever two plans want; and what is due first comes first.
    swept(local("2026-11-24 09:05"))
    states = [(post.state, post.why, post.nth) for post in posts_of(group) if post.day == date(2026, 11, 24)]
    assert sorted(states) == [("due", "", 1), ("due", "", 2), ("due", "", 3), ("refused", "cap", None),
                              ("refused", "cap", None)]  # fmt: skip
    # A day too late is never; the same day, before the quiet hours, still is.
    swept(local("2026-11-26 20:00"))
    states = [(post.state, post.why) for post in posts_of(group) if post.day >= date(2026, 11, 25)]
    assert states[:2] == [("refused", "late"), ("due", "")]
    with bank.north_reviewer.scope(at=local("2026-11-26 20:30")) as scope:
        recall = recall_item(scope=scope, item_id=item_id, reason="利率写错")
    assert recall.did["community: tasks"] == 2 + (1 if post.state == "due" else 0)
    assert {post.why for post in posts_of(group, "back")} == {"recalled"}
    swept(local("2026-11-27 09:00"))
    assert posts_of(group)[-1].state in {"planned", "refused"}
    assert [post.why for post in posts_of(group, "refused")][-1] == "material"


def test_an_emergency_stop_holds_posts_and_confirmations(bank: Cast) -> None:
    plan = live_plan(bank, replace(HELLO, day={"every": 1}))
    group = group_of(bank)
    applied(bank, plan, group)
    swept(local("2026-11-23 09:00"))
    [post] = posts_of(group, "due")
    with bank.north_reviewer.scope(at=local("2026-11-23 09:05")) as scope:
        add_stop(scope=scope, branch_id=bank.branch["N"].pk, kind="community.plan", reason="投诉集中")
    with bank.nb_clerk.scope(at=local("2026-11-23 09:10")) as scope, pytest.raises(no.PostIsStopped):
        posts.confirm_post(scope=scope, post_id=post.pk)
    swept(local("2026-11-24 09:00"))
    assert [(post.state, post.why) for post in posts_of(group)][:2] == [("due", ""), ("refused", "stopped")]


def test_members_get_their_own_days_and_nobody_elses(bank: Cast) -> None:
    welcome = replace(HELLO, title="欢迎", day={"joined": 0}, text="欢迎加入{群名称}")
    third = replace(HELLO, id=uuid4(), title="第三天", day={"joined": 3})
    plan = live_plan(bank, welcome, third)
    group = group_of(bank)
    applied(bank, plan, group)
    noon = local("2026-11-23 12:00")
    with bank.nb_manager.scope(at=noon) as scope:
        first = add_member(scope=scope, group_id=group.pk, customer_id=bank.customers["nb"].customer.pk)
        second = add_member(scope=scope, group_id=group.pk, customer_id=bank.customers["nb2"].customer.pk)
    swept(noon + timedelta(minutes=1))
    assert [(post.member_id, post.due_at) for post in posts_of(group, "due")] == [
        (first.pk, noon),
        (second.pk, noon),
    ]
    with bank.nb_clerk.scope(at=noon + timedelta(minutes=5)) as scope:
        mine = tasks_of(scope=scope).get(member=first)
        posts.confirm_post(scope=scope, post_id=mine.pk)
    with bank.customers["nb"].scope(at=noon + timedelta(minutes=6)):
        assert [post.title for post in Post.objects.only("id", "title")] == ["欢迎"]
    for other in ("nb2", "sb"):
        with bank.customers[other].scope(at=noon + timedelta(minutes=6)):
            assert not Post.objects.only("id").exists()
    with bank.nb_manager.scope(at=noon + timedelta(days=1)) as scope:
        end_member(scope=scope, member_id=second.pk)
    swept(local("2026-11-26 09:00"))
    states = {post.member_id: (post.state, post.why) for post in posts_of(group) if post.title == "第三天"}
    assert states[first.pk] == ("due", "")
    assert states.get(second.pk) in (None, ("refused", "member_left"))


def test_reminders_hand_over_and_who_leaves(bank: Cast) -> None:
    plan = live_plan(bank, HELLO)
    group = group_of(bank)
    applied(bank, plan, group)
    swept(local("2026-11-23 09:00"))
    for text in ("10:59", "11:00", "12:00", "13:00", "15:00", "17:00"):
        with system_scope(at=local(f"2026-11-23 {text}"), cause="test") as scope:
            remind_due(scope=scope)
    assert told(bank.nb_clerk) == ["community.post.due", "community.post.overdue", "community.post.overdue"]
    assert told(bank.nb_manager) == ["community.post.not_confirmed"]
    [post] = posts_of(group, "due")
    at = local("2026-11-23 18:00")
    with bank.nb_manager.scope(at=at) as scope:
        with pytest.raises(no.AssigneeIsElsewhere):
            posts.hand_on_post(scope=scope, post_id=post.pk, person_id=bank.sb_clerk.person.pk)
        posts.hand_on_post(scope=scope, post_id=post.pk, person_id=bank.nb_editor.person.pk)
    with bank.nb_clerk.scope(at=at) as scope, pytest.raises(NotFound):
        posts.confirm_post(scope=scope, post_id=post.pk)
    with bank.ho_administrator.scope(at=at) as scope:
        done = leave(scope=scope, person_id=bank.nb_editor.person.pk, successor_id=bank.nb_manager.person.pk)
    assert done["community: tasks"] == 1
    # The group's owner leaves too: the branch's manager sends what is due there.
    with bank.ho_administrator.scope(at=at) as scope:
        leave(scope=scope, person_id=bank.nb_clerk.person.pk, successor_id=bank.nb_manager.person.pk)
    later = live_plan(bank, replace(HELLO, id=uuid4()), at=at)
    applied(bank, later, group, at=at)
    swept(local("2026-11-24 09:00"))
    assert {post.assignee_id for post in posts_of(group, "due")} == {bank.nb_manager.person.pk}


def test_what_a_branch_changes_of_a_plan_from_above(bank: Cast) -> None:
    plan = live_plan(bank)
    group, other = group_of(bank), group_of(bank, "SB", owner="sb_clerk")
    with bank.nb_manager.scope() as scope:
        own = plans.change_here(scope=scope, plan_id=plan.pk)
        assert plans.change_here(scope=scope, plan_id=plan.pk).pk == own.pk
        with pytest.raises(no.PartIsLocked):
            locked = replace(WEEKLY, text="自己的话")
            plans.change_plan(
                scope=scope, plan_id=own.pk, terms=replace(terms_of(own), cards=[HELLO, locked])
            )
        with pytest.raises(no.PartIsLocked):
            plans.change_plan(scope=scope, plan_id=own.pk, terms=replace(terms_of(own), cards=[HELLO]))
        mine = replace(HELLO, text="中山路支行问您早安", at=time(10))
        plans.change_plan(
            scope=scope, plan_id=own.pk, terms=replace(terms_of(own), cards=[mine, WEEKLY], days=5)
        )
        assert plans.submit_plan(scope=scope, plan_id=own.pk).payload["days"] == 30
        runs.apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk)
    with bank.sb_manager.scope() as scope, pytest.raises(no.PlanIsNotLive):
        runs.apply_plan(scope=scope, plan_id=plan.pk, group_id=other.pk)
    assert titles(posts_of(group))[0] == "11-23 09:00 早安"
    approve_own(bank, own)
    swept(AT + timedelta(minutes=1))
    assert titles(posts_of(group))[0] == "11-23 10:00 早安"
    swept(local("2026-11-23 10:00"))
    [post] = posts_of(group, "due")
    assert post.text == "中山路支行问您早安"


def approve_own(bank: Cast, own: Plan) -> None:
    from campaigns.approvals.models import Revision
    from campaigns.approvals.services.reviews import approve_revision

    with bank.north_reviewer.scope() as scope:
        revision = Revision.objects.get(subject=f"community.plan:{own.pk}", state="submitted")
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


def test_the_preview_says_what_becomes_of_holidays(bank: Cast) -> None:
    cards = (
        replace(HELLO, day={"every": 1}, holiday="skip"),
        replace(WEEKLY, day={"day": 3}, holiday="next"),
    )
    terms = terms_of(draft_plan(bank, *cards))
    days = preview(
        terms=terms, zero=date(2026, 9, 29), first=date(2026, 9, 29), zone="Asia/Shanghai", days=10
    )
    assert [[card.title for card, _each in day.posts] for day in days] == [
        ["早安"], ["早安"], [], [], [], [], [], [], [], ["早安", "周三理财课"],
    ]  # fmt: skip
    assert [card.title for card in days[2].left_out] == ["早安"]
    [far] = preview(
        terms=terms, zero=date(2027, 10, 1), first=date(2027, 10, 1), zone="Asia/Shanghai", days=1
    )
    assert not far.is_certain


def test_the_database_keeps_posts_as_they_were(bank: Cast) -> None:
    plan = live_plan(bank, HELLO)
    group = group_of(bank)
    applied(bank, plan, group)
    swept(local("2026-11-23 09:00"))
    [post] = posts_of(group, "due")
    at = local("2026-11-23 10:00")
    with bank.nb_manager.scope(at=at):
        for attack, name in (
            ({"text": "别的"}, "is_never_edited"),
            ({"state": "planned"}, "moves_along_its_table"),
            ({"occasion": "twice"}, "stays_what_it_is"),
            ({"state": "sent", "ended_at": at}, "is_confirmed_by_whose_task_it_is"),
            ({"state": "sent", "ended_at": at, "ended_by_id": bank.nb_clerk.person.pk},
             "is_confirmed_by_whose_task_it_is"),
        ):  # fmt: skip
            with pytest.raises(DatabaseError) as refused, transaction.atomic():
                Post.objects.filter(pk=post.pk).update(**attack)
            assert name in str(refused.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM community_post WHERE id = %s", [post.pk])
    with bank.operator.scope(at=at), pytest.raises(DatabaseError), transaction.atomic():
        LivePlan.objects.filter(plan_id=plan.pk).update(title="没有审过的")
    foreign = group_of(bank, "SB", owner="sb_clerk")
    with bank.operator.scope(at=at), pytest.raises(DatabaseError) as refused, transaction.atomic():
        row = Post.objects.get(pk=post.pk)
        Post.objects.create(
            branch_id=row.branch_id, branch_pos=row.branch_pos, run_id=row.run_id, group_id=foreign.pk,
            card_id=uuid4(), occasion="x", title="x", day=row.day, due_at=row.due_at,
        )  # fmt: skip
    assert "community_post_sees_run_id" in str(refused.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    with bank.sb_manager.scope(at=at):
        assert Post.objects.filter(pk=post.pk).update(why="x") == 0
    with system_scope(at=at, cause="test") as scope:
        assert not posts.note_result(scope=scope, post_id=post.pk, result="failed", why="not_friend")


def test_a_closed_branch_passes_its_plans_and_posts_on(bank: Cast) -> None:
    group = group_of(bank)
    plan = live_plan(bank, replace(HELLO, day={"every": 1}))
    with bank.nb_manager.scope() as scope:
        plans.change_here(scope=scope, plan_id=plan.pk)
    applied(bank, plan, group)
    swept(local("2026-11-23 09:00"))
    with system_scope(at=AT, cause="test") as scope:
        heir = add_branch(
            scope=scope, parent_id=bank.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )
        moved = plans.hand_over_plans(scope=scope, closed=bank.branch["NB"], successor=heir)
        Group.objects.filter(pk=group.pk).update(branch=heir, branch_pos=heir.pos)
        rows = [
            *Plan.objects.filter(branch=heir),
            *PlanRun.objects.filter(branch=heir),
            *Post.objects.filter(branch=heir),
        ]
        assert moved == len(rows) > 30
    swept(local("2026-11-24 09:00"))
    assert [post.state for post in posts_of(group)][:3] == ["due", "due", "planned"]
