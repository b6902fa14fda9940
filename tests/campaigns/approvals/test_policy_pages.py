"""The editor of review policies, through the browser's requests."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.approvals.models import LivePolicy, Policy, Revision
from campaigns.approvals.policy_kind import names_of
from campaigns.approvals.policy_rules import clean_document
from campaigns.approvals.policy_words import faults
from campaigns.tenants.scopes import system_scope
from config.demo.policies import POLICIES
from tests.support.cast import AT, Cast
from tests.support.content import submitted_item
from tests.support.policies import TWO_STEPS, live_policy, policy_document


def desk_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def typed(**more: Any) -> dict[str, Any]:
    """Two steps: the second stands first on the page, as it was moved up."""
    return {
        "title": "大额两级",
        "rank": "10",
        "kinds": ["rewards.batch"],
        "reward_from_fen": "50,000",
        "reward_below_fen": "",
        "audience_from": "",
        "audience_below": "",
        "step": ["b", "a"],
        "step-a-title": "总行",
        "step-a-seat": ["a0", "a1"],
        "step-a-how": "all",
        "step-a-count": "1",
        "step-a-if_empty": "refuse",
        "step-a-due_hours": "48",
        "step-a-escalate_hours": "72",
        "seat-a0-by": "role",
        "seat-a0-role": "reviewer",
        "seat-a0-level": "head_office",
        "seat-a1-by": "person",
        "seat-a1-person": "north_reviewer",
        "step-b-title": "逐级",
        "step-b-seat": ["b0"],
        "step-b-how": "any",
        "step-b-if_empty": "up",
        "seat-b0-by": "line",
        "seat-b0-role": "branch_manager",
        "seat-b0-levels": "2",
        **more,
    }


def test_what_is_typed_becomes_the_policy_that_is_submitted(cast: Cast) -> None:
    client = desk_of(cast, "ho_administrator")
    assert "增加环节" in client.get(reverse("admin:approvals_policy_add")).content.decode()
    answer = client.post(reverse("admin:approvals_policy_add"), typed(_continue="1"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with cast.ho_administrator.scope():
        policy = Policy.objects.get()
    reviewer = cast.north_reviewer.person
    assert (policy.title, policy.rank, policy.document["reward_from_fen"]) == ("大额两级", 10, 5_000_000)
    assert policy.document["steps"] == [
        {
            "title": "逐级",
            "seats": [{"by": "line", "role": "branch_manager", "levels": 2}],
            "how": "any", "count": 1, "if_empty": "up", "due_hours": 24, "escalate_hours": None,
        },
        {
            "title": "总行",
            "seats": [
                {"by": "role", "role": "reviewer", "level": "head_office"},
                {"by": "person", "person_id": str(reviewer.pk), "name": reviewer.name},
            ],
            "how": "all", "count": 1, "if_empty": "refuse", "due_hours": 48, "escalate_hours": 72,
        },
    ]  # fmt: skip
    page = client.get(answer["Location"]).content.decode()
    assert 'value="50000"' in page and f"{reviewer.name} · {reviewer.staff_number} · 北方省分行" in page
    client.post(reverse("admin:approvals_policy_submit", args=[policy.pk]))
    with cast.ho_administrator.scope():
        assert Revision.objects.get().state == "submitted"
    # Saving again what is in review ends the review, and says so.
    again = client.post(
        reverse("admin:approvals_policy_change", args=[policy.pk]),
        typed(seen_at=policy.changed_at.isoformat()),
        follow=True,
    )
    assert "原来的审核已失效" in again.content.decode()
    with cast.ho_administrator.scope():
        assert Revision.objects.get().state == "superseded"


def test_a_wrong_field_keeps_what_was_typed_and_saves_nothing(cast: Cast) -> None:
    client = desk_of(cast, "ho_administrator")
    wrong = typed(**{"reward_from_fen": "五万", "seat-a1-person": "无此人", "step-b-title": "省行先审"})
    answer = client.post(reverse("admin:approvals_policy_add"), wrong)
    page = answer.content.decode()
    assert answer.status_code == 200
    for kept in (
        "“五万”不是有效的数字",
        "“无此人”：没有找到",
        'value="五万"',
        'value="无此人"',
        'value="省行先审"',
    ):
        assert kept in page
    out_of_range = client.post(reverse("admin:approvals_policy_add"), typed(**{"step-a-due_hours": "99999"}))
    assert "due_hours" in out_of_range.content.decode()
    with cast.ho_administrator.scope():
        assert not Policy.objects.exists()


def test_the_drawing_and_the_trial_follow_the_form_and_save_nothing(cast: Cast) -> None:
    live = live_policy(cast.ho_administrator, cast.ho_reviewer, "总行", policy_document(title="总行审核"))
    past = submitted_item(cast.nb_editor)
    client = desk_of(cast, "ho_administrator")
    drawn = client.post(reverse("admin:approvals_policy_drawing"), typed(step=["b"])).content.decode()
    assert "权益金额 ≥ 5 万元的优惠券批次" in drawn and "上级机构支行行长岗（逐级 2 级）" in drawn
    assert (
        "至少一个环节"
        in client.post(reverse("admin:approvals_policy_drawing"), typed(step=[])).content.decode()
    )
    trial = reverse("admin:approvals_policy_trial")
    for kinds, words in ((["content.item"], "审核环节将改变"), (["rewards.batch"], "不符合此制度的条件")):
        asked = typed(kinds=kinds, reward_from_fen="", revision=past.pk, policy=live.policy_id)
        assert words in client.post(trial, asked).content.decode()
    # Those who may only look try what is saved.
    watcher = desk_of(cast, "ho_auditor")
    said = watcher.post(trial, {"revision": past.pk, "policy": live.policy_id}).content.decode()
    assert "审核环节与目前相同" in said
    page = watcher.get(reverse("admin:approvals_policy_change", args=[live.policy_id])).content.decode()
    assert "data-act" not in page and "总行审核" in page
    people = watcher.get(reverse("admin:approvals_policy_people"), {"q": "nb_m"}).json()["people"]
    assert people == [f"nb_manager · {cast.nb_manager.person.staff_number} · 北城中山路支行"]
    with cast.ho_administrator.scope():
        assert Policy.objects.count() == LivePolicy.objects.count() == 1 and Revision.objects.count() == 2


def test_the_list_reads_as_sentences_with_those_from_above_and_asks_no_more_for_more_of_them(
    cast: Cast,
) -> None:
    posters = TWO_STEPS | {"kinds": ["content.item"]}
    live_policy(cast.ho_administrator, cast.ho_reviewer, "全行两级", posters)
    below = desk_of(cast, "nb_manager").get(reverse("admin:approvals_policy_changelist")).content.decode()
    assert "全行两级" in below and "上级机构的审核制度" in below and "：先由" in below
    client = desk_of(cast, "ho_administrator")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("admin:approvals_policy_changelist")).content.decode()
        assert "生效中" in page
        return len(queries)

    asked()
    first = asked()
    for number in range(3):
        live_policy(cast.ho_administrator, cast.ho_reviewer, f"另{number}", posters, rank=number)
    assert asked() == first


def test_the_demo_banks_policies_can_hold(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        for title, _rank, document in POLICIES:
            assert faults(clean_document(document), names_of(scope=scope, document=document)) == [], title
