"""Plans on their pages, tasks over HTTP and on the owner's phone, and what members read of their groups."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.jobs.models import Job
from campaigns.planning.calendar.layers import Asked, Part
from campaigns.tenants.scopes import system_scope
from community.groups.services.groups import add_member
from community.plans.calendar_layer import move_on_calendar, post_card, post_entries
from community.plans.models import Plan, PlanRun, Post
from community.plans.refusals import PostStays
from community.plans.services import posts
from community.plans.services.runs import apply_plan
from tests.campaigns.rewards.test_api import as_customer
from tests.support.calls import as_staff
from tests.support.cast import AT, Cast
from tests.support.jobs import outcomes, run
from tests.support.plans import HELLO, WEEKLY, group_of, live_plan, local, operator, posts_of, swept

pytestmark = pytest.mark.django_db
API = "/api/v1/"


@pytest.fixture
def bank(cast: Cast) -> Cast:
    operator(cast)
    return cast


def desk(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def seen(client: Client, name: str, *args: Any, code: int = 200) -> str:
    answer = client.get(reverse(f"admin:community_{name}", args=args))
    assert answer.status_code == code, answer.content.decode()[:2000]
    return answer.content.decode()


def test_a_plan_is_made_applied_and_watched_on_its_pages(bank: Cast) -> None:
    one, _two = group_of(bank), group_of(bank, name="职场新人攒钱群")
    with time_machine.travel(AT, tick=False):
        client = desk(bank, "operator")
        card = HELLO.as_json() | {"day": {"day": 1}}
        form = {
            "title": "三十天", "note": "", "kind": "", "days": "30", "ends_on": "", "end_members": "",
            "handed_down": "on", "board": json.dumps([card]),
        }  # fmt: skip
        answer = client.post(reverse("admin:community_plan_add"), form)
        assert answer.status_code == 302, answer.context["errors"]
        with system_scope(at=AT, cause="test"):
            plan = Plan.objects.get()
        assert [each["text"] for each in plan.cards] == [HELLO.text]
        shown = seen(client, "plan_change", plan.pk)
        assert "data-plan-board" in shown and "data-cards" in shown
        wrong = client.post(reverse("admin:community_plan_change", args=[plan.pk]), form | {"board": "[{}]"})
        assert "群发计划有误" in wrong.content.decode()
        seen(client, "plan_apply", plan.pk, code=404)
        client.post(reverse("admin:community_plan_submit", args=[plan.pk]))
        with bank.north_reviewer.scope() as scope:
            from campaigns.approvals.models import Revision
            from campaigns.approvals.services.reviews import approve_revision

            revision = Revision.objects.get(subject=f"community.plan:{plan.pk}")
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        review = desk(bank, "north_reviewer").get(
            reverse("admin:approvals_revision_change", args=[revision.pk])
        )
        assert "D+1 09:00" in review.content.decode()
        phone = desk(bank, "north_reviewer").get(
            reverse("admin:approvals_revision_phone", args=[revision.pk, "submitted"])
        )
        assert "cp-review" in phone.content.decode()
        page = seen(client, "plan_apply", plan.pk)
        assert "2 个社群符合条件" in page and "第一周" in page and "早安" in page
        # Another branch sees the handed-down plan only where it is handed down to.
        seen(desk(bank, "sb_manager"), "plan_apply", plan.pk, code=404)
        assert "三十天" in seen(desk(bank, "nb_manager"), "plan_changelist")
        answer = client.post(
            reverse("admin:community_plan_apply", args=[plan.pk]),
            {"branch": "", "counts": "day", "starts_on": "2026-11-22"},
        )
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        assert run(AT)
        with system_scope(at=AT, cause="test"):
            job = Job.objects.get()
            runs = list(PlanRun.objects.order_by("pk"))
        assert outcomes(job) == [("done", ""), ("done", "")] and len(runs) == 2
        again = client.post(reverse("admin:community_plan_apply", args=[plan.pk]), {"counts": "founded"})
        assert "没有符合条件的社群" in again.content.decode()
        assert "北城中山路支行" in seen(client, "plan_change", plan.pk)
        for act, said in (("pause", "已暂停"), ("resume", "执行中"), ("stop", "已停止")):
            client.post(reverse(f"admin:community_planrun_{act}", args=[runs[1].pk]))
            assert said in seen(client, "planrun_change", runs[1].pk)
        own = desk(bank, "nb_manager").post(reverse("admin:community_plan_here", args=[plan.pk]))
        assert (
            own.status_code == 302
            and 'data-local="1"' in desk(bank, "nb_manager").get(own.url).content.decode()
        )
        assert posts_of(one, "planned")


def test_tasks_over_http_and_on_the_phone(bank: Cast) -> None:
    group = group_of(bank)
    plan = live_plan(bank, HELLO, replace(HELLO, id=uuid4(), title="第二条"))
    with bank.operator.scope() as scope:
        apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk)
    with bank.nb_manager.scope() as scope:
        add_member(scope=scope, group_id=group.pk, customer_id=bank.customers["nb"].customer.pk)
    nine = local("2026-11-23 09:00")
    swept(nine)
    first, second = posts_of(group, "due")
    with time_machine.travel(nine + timedelta(hours=3), tick=False):
        clerk = as_staff(bank.nb_clerk)
        [task, _other] = clerk.get(f"{API}staff/tasks").json()["items"]
        assert (task["id"], task["group"], task["is_overdue"], task["text"]) == (
            str(first.pk), "宝妈理财群", True, "宝妈理财群的朋友早上好！",
        )  # fmt: skip
        here = f"{API}staff/tasks/{first.pk}/confirm"
        assert clerk.post(here, {}).status_code == 400  # no key
        assert clerk.post(here, {"result": "failed"}, key="confirm-000").status_code == 400
        for somebody in (bank.nb_manager, bank.sb_clerk):
            assert as_staff(somebody).post(here, {}, key="confirm-001").status_code == 404
        assert as_staff(bank.nb_editor).post(here, {}, key="confirm-002").status_code == 403
        done = clerk.post(here, {}, key="confirm-003")
        assert (done.status_code, done.json()["state"]) == (200, "sent")
        assert clerk.post(here, {}, key="confirm-003").content == done.content
        assert clerk.post(here, {}, key="confirm-004").json()["code"] == "community.post.is_over"
        desk_page = desk(bank, "nb_clerk")
        assert "第二条" in seen(desk_page, "post_tasks") and "已逾期" in seen(desk_page, "post_tasks")
        skip = reverse("admin:community_post_skip", args=[second.pk])
        assert desk_page.post(skip, {"why": ""}).status_code == 422
        assert desk_page.post(skip, {"why": "群主休假"}).json()["state"] == "skipped"
        assert desk(bank, "sb_clerk").post(skip, {"why": "x"}).status_code == 404
        assert desk(bank, "nb_editor").get(reverse("admin:community_post_tasks")).status_code == 403
        assert "群主休假" in seen(desk(bank, "operator"), "post_change", second.pk)
        # Members read what was sent; nobody else learns that there is such a group.
        posts_path = f"{API}groups/{group.pk}/posts"
        [shown] = as_customer(bank, "nb").get(posts_path).json()["items"]
        assert (shown["title"], shown["text"]) == ("早安", "宝妈理财群的朋友早上好！")
        for other in ("nb2", "sb"):
            foreign = as_customer(bank, other).get(posts_path)
            absent = as_customer(bank, other).get(f"{API}groups/{uuid4()}/posts")
            assert (foreign.status_code, foreign.json()["code"]) == (404, absent.json()["code"])


def test_posts_on_the_calendar_are_counted_moved_and_kept(bank: Cast) -> None:
    group = group_of(bank)
    plan = live_plan(bank, *(replace(WEEKLY, id=uuid4(), day={"every": 1}) for _n in range(3)))
    with bank.operator.scope() as scope:
        apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk)
        zone = local("2026-11-23 00:00").tzinfo
        edges = [local("2026-11-23 00:00") + timedelta(days=n) for n in range(8)]
        asked = Asked(days=[edge.date() for edge in edges[:-1]], edges=edges, zone=zone, most=2)  # type: ignore[arg-type]
        found = post_entries(scope, asked)
        assert len(found.entries) == 14 and set(found.more.values()) == {1} and not found.at_least
        first = found.entries[0]
        assert first.title.endswith("宝妈理财群") and first.moves == {Part.FROM}
        assert post_card(scope, first.key).lines[0][1] == "宝妈理财群"
        to = local("2026-11-24 10:00")
        move_on_calendar(scope, first.key, {Part.FROM: to})
        for wrong in (local("2026-11-21 10:00"), local("2026-11-24 23:00"), local("2026-12-30 10:00")):
            with pytest.raises(PostStays):
                posts.move_post(scope=scope, post_id=first.key, at=wrong)
    with bank.sb_manager.scope() as scope:
        assert post_entries(scope, asked).entries == []
    swept(local("2026-11-23 20:00"))
    moved = next(post for post in posts_of(group) if post.pk == first.key)
    assert (moved.state, moved.due_at) == ("planned", to)
    swept(to)
    assert {post.pk for post in posts_of(group, "due")} >= {first.key}
    with bank.operator.scope(at=to) as scope, pytest.raises(PostStays):
        posts.move_post(scope=scope, post_id=first.key, at=to + timedelta(hours=1))
    assert Post.State.DUE == "due"
