"""The pages of reviewers and makers, through the browser's requests."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.access.middleware import background
from campaigns.approvals.models import Decision, Delegation, Remark, Revision, Seat
from campaigns.approvals.routes import SeatPlan, StepPlan
from campaigns.approvals.services.delegations import delegate
from campaigns.approvals.services.reviews import approve_revision, send_back_revision
from campaigns.approvals.services.talk import look_at
from campaigns.lib.clock import now
from tests.support.cast import PASSWORD, Cast, Player, hired
from tests.support.content import submitted_item
from tests.support.reviews import routed

QUEUE = "admin:approvals_revision_changelist"
MINE = "admin:approvals_revision_mine"
DEPUTIES = "admin:approvals_revision_deputies"


@pytest.fixture
def sign_in(client: Client) -> Callable[[str], Client]:
    def enter(name: str) -> Client:
        client.logout()
        assert client.login(username=name, password=PASSWORD)
        return client

    return enter


def page_of(revision: Revision) -> str:
    return reverse("admin:approvals_revision_change", args=[revision.pk])


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def form(revision: Revision, verdict: str, comment: str = "", **more: Any) -> dict[str, Any]:
    return {"verdict": verdict, "sha256": revision.sha256, "comment": comment, **more}


@pytest.fixture
def two_steps() -> Iterator[None]:
    """Everything goes to a reviewer of the province first, and then to one of head office."""
    with routed(*TWO_STEPS):
        yield


TWO_STEPS = (
    StepPlan("省行复核", (SeatPlan(role="reviewer"),), due_after=timedelta(hours=4)),
    StepPlan("总行合规", (SeatPlan(role="reviewer"),), due_after=timedelta(hours=8)),
)


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("who", "address"),
    [("north_reviewer", QUEUE), ("ho_auditor", QUEUE), ("north_editor", MINE)],
)
def test_a_list_asks_as_many_queries_for_three_rows_as_for_a_pageful(
    cast: Cast, sign_in: Any, who: str, address: str
) -> None:
    for number in range(3):
        submitted_item(cast.north_editor, title=f"海报{number}", at=now())
    client = sign_in(who)
    few = queries_of(client, reverse(address))
    for number in range(3, 25):
        submitted_item(cast.north_editor, title=f"海报{number}", at=now())
    assert text(client.get(reverse(address))).count("海报") >= 25
    assert queries_of(client, reverse(address)) == few


def test_the_queue_is_the_readers_own_first_and_everything_else_by_choice(cast: Cast, sign_in: Any) -> None:
    late = submitted_item(cast.north_editor, title="逾期的", at=now() - timedelta(days=3))
    fresh = submitted_item(cast.nb_editor, title="新来的", at=now())
    with cast.north_reviewer.scope(at=now()) as scope:
        approve_revision(scope=scope, revision_id=fresh.pk, sha256=fresh.sha256)
    own = submitted_item(hired(cast, "editor", "S"), title="南方的", at=now())

    def shown(who: str, which: str = "") -> set[str]:
        page = text(sign_in(who).get(reverse(QUEUE) + (f"?show={which}" if which else "")))
        return {title for title in ("逾期的", "新来的", "南方的") if title in page}

    assert shown("north_reviewer") == {"逾期的"}
    assert shown("north_reviewer", "done") == {"新来的"}
    assert shown("ho_reviewer") == {"逾期的", "南方的"}
    # Whoever decides nothing sees what is in review, whoever may decide it.
    assert shown("ho_auditor") == {"逾期的", "南方的"}
    assert shown("ho_auditor", "overdue") == {"逾期的"}
    assert shown("ho_auditor", "all") == {"逾期的", "新来的", "南方的"}
    assert shown("ho_auditor", "mine") == set()
    client = sign_in("ho_auditor")
    assert "南方的" not in text(client.get(reverse(QUEUE) + "?kind=rewards.batch"))
    assert own.kind == "content.item" and late.is_open


def test_a_page_says_whose_turn_it_is_and_names_them(cast: Cast, sign_in: Any, two_steps: None) -> None:
    revision = submitted_item(cast.north_editor, at=now())
    page = text(sign_in("north_editor").get(page_of(revision)))
    assert "由您提交" in page and "现在是“省行复核”这一步，由 ho_reviewer、north_reviewer 审核" in page
    assert 'value="approve"' not in page and 'value="withdraw"' in page and 'value="remind"' in page

    client = sign_in("north_reviewer")
    page = text(client.get(page_of(revision)))
    assert "轮到您审核：省行复核" in page
    for key in ("a", "s", "r", "c", "m", "h", "g", "p"):
        assert f'data-key="{key}"' in page, key
    done = client.post(page_of(revision), form(revision, "approve"), follow=True)
    assert "您已签署“春节存款”，现在进入“总行合规”这一步" in text(done)
    page = text(client.get(page_of(revision)))
    assert "您已签署" in page and "由 ho_reviewer 审核" in page and 'value="approve"' not in page

    page = text(sign_in("ho_auditor").get(page_of(revision)))
    assert "可以查看审核，但不能作出决定" in page and "总行合规" in page
    page = text(sign_in("ho_reviewer").get(page_of(revision)))
    assert "轮到您审核：总行合规" in page and "到“省行复核”这一步" in page


def test_a_review_goes_back_to_a_passed_step_that_the_reviewer_chose(
    cast: Cast, sign_in: Any, two_steps: None
) -> None:
    revision = submitted_item(cast.north_editor, at=now())
    client = sign_in("north_reviewer")
    client.post(page_of(revision), form(revision, "approve"))
    with cast.ho_reviewer.scope():
        passed = revision.steps.get(title="省行复核")
    client = sign_in("ho_reviewer")
    said = client.post(
        page_of(revision), form(revision, "send_back", "再看利率", back_to=passed.pk), follow=True
    )
    assert "退回到“省行复核”这一步" in text(said)
    page = text(sign_in("north_reviewer").get(page_of(revision)))
    assert "轮到您审核：省行复核" in page and "再看利率" in page


def test_a_refusal_is_said_in_place_and_nothing_typed_is_lost(cast: Cast, sign_in: Any) -> None:
    revision = submitted_item(cast.north_editor, at=now())
    client = sign_in("north_reviewer")
    stale = client.post(page_of(revision), form(revision, "reject", "利率写错了") | {"sha256": "0" * 64})
    assert "不一致" in text(stale, 409) and ">利率写错了</textarea>" in text(stale, 409)
    nobody = text(client.post(page_of(revision), form(revision, "hand_on", "请您看")), 422)
    window = nobody[nobody.index('data-dialog="hand_on"') : nobody.index('data-dialog="add_signer"')]
    assert "data-reopen" in window and "请先选择人员" in window and ">请您看</textarea>" in window
    garbled = client.post(page_of(revision), form(revision, "copy_to", "知会", people=["x"]))
    assert "请先选择人员" in text(garbled, 422) and ">知会</textarea>" in text(garbled, 422)
    assert "请选择一个操作" in text(client.post(page_of(revision), form(revision, "dance", "写了")), 422)
    # Somebody else was faster: the page is as it stands now, and the words are still there.
    with cast.ho_reviewer.scope(at=now()) as scope:
        send_back_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="改日期")
    over = text(client.post(page_of(revision), form(revision, "send_back", "我也写了")), 409)
    assert "审核已经结束" in over and ">我也写了</textarea>" in over and "改日期" in over
    with cast.north_reviewer.scope():
        assert Decision.objects.count() == 1


def test_acts_beside_deciding_are_done_from_the_page(cast: Cast, sign_in: Any) -> None:
    revision = submitted_item(cast.nb_editor, at=now())
    client = sign_in("north_reviewer")
    here = page_of(revision)
    stays = client.post(here, form(revision, "comment", "请核对期限"))
    assert stays["Location"] == here
    people = reverse("admin:approvals_revision_people", args=[revision.pk])

    def offered(purpose: str, typed: str = "") -> list[str]:
        return [one["name"] for one in client.get(people, {"for": purpose, "q": typed}).json()["items"]]

    assert offered("hand_on") == ["ho_reviewer", "nb_manager"]
    assert offered("add_signer", "行长") == ["nb_manager"]
    assert "ho_auditor" in offered("copy_to") and "north_reviewer" not in offered("copy_to")
    assert offered("nonsense") == []
    copied = client.post(
        here, form(revision, "copy_to", "知会", people=[str(cast.ho_auditor.person.pk)]), follow=True
    )
    assert "已把“春节存款”抄送" in text(copied)
    after = client.post(
        here, form(revision, "add_signer", "一起看", person=cast.nb_manager.person.pk, where="after")
    )
    assert after["Location"] == here
    gone = client.post(
        here, form(revision, "hand_on", "我休假", person=cast.ho_reviewer.person.pk), follow=True
    )
    assert "连同您的说明转办" in text(gone) and "队列已清空" in text(gone)
    page = text(client.get(here))
    for said in (
        "请核对期限",
        "抄送 <strong>ho_auditor</strong>",
        "加签 <strong>nb_manager</strong>",
        "我休假",
    ):
        assert said in page, said
    assert "由 ho_reviewer 审核" in page and offered("hand_on") == []
    with cast.north_reviewer.scope():
        assert Remark.objects.count() == 4
        assert Seat.objects.get(is_open=True).person_name == "ho_reviewer"


def test_the_next_review_of_the_readers_own_queue_opens(cast: Cast, sign_in: Any) -> None:
    first, second, third = (
        submitted_item(cast.north_editor, title=title, at=now() - timedelta(hours=hours))
        for title, hours in (("一", 3), ("二", 2), ("三", 1))
    )
    client = sign_in("north_reviewer")
    page = text(client.get(page_of(second)))
    assert f'data-next="{page_of(third)}" data-previous="{page_of(first)}"' in page
    assert client.post(page_of(second), form(second, "approve"))["Location"] == page_of(third)
    # At the end of the queue its head follows.
    assert client.post(page_of(third), form(third, "approve"))["Location"] == page_of(first)
    last = client.post(page_of(first), form(first, "reject", "重复"), follow=True)
    assert "队列已清空" in text(last)


def test_looking_is_heard_by_others_and_keeps_no_session_alive(cast: Cast, sign_in: Any) -> None:
    revision = submitted_item(cast.north_editor, at=now())
    with cast.ho_reviewer.scope(at=now()) as scope:
        look_at(scope=scope, revision_id=revision.pk)
    client = sign_in("north_reviewer")
    address = reverse("admin:approvals_revision_look", args=[revision.pk])
    assert client.get(address).status_code == 405
    answer = client.post(address)
    assert answer.json() == {"looking": ["ho_reviewer"]}
    assert getattr(answer.resolver_match.func, "is_background", False)
    assert not getattr(client.get(page_of(revision)).resolver_match.func, "is_background", False)
    assert background is not None
    assert f'data-looks="{address}"' in text(client.get(page_of(revision)))


def test_makers_see_what_came_back_what_waits_and_what_ended(cast: Cast, sign_in: Any) -> None:
    back, waits, done = (
        submitted_item(cast.north_editor, title=title, at=now()) for title in ("退回的", "在审的", "批准的")
    )
    with cast.north_reviewer.scope(at=now()) as scope:
        send_back_revision(scope=scope, revision_id=back.pk, sha256=back.sha256, comment="请注明期限")
        approve_revision(scope=scope, revision_id=done.pk, sha256=done.sha256)
    client = sign_in("north_editor")
    page = text(client.get(reverse(MINE)))
    order = [page.index(words) for words in ("请注明期限", "等待 ho_reviewer、north_reviewer", "批准的</a>")]
    assert order == sorted(order)
    assert "99+" not in page and ">1<" in page.replace("\n", "").replace(" ", "")
    reminded = client.post(reverse(MINE), {"revision": waits.pk, "verdict": "remind"}, follow=True)
    assert "催办当前审核人" in text(reminded)
    soon = client.post(reverse(MINE), {"revision": waits.pk, "verdict": "remind"}, follow=True)
    assert "一小时内已经催办过" in text(soon)
    gone = client.post(reverse(MINE), {"revision": waits.pk, "verdict": "withdraw"}, follow=True)
    assert "已撤回“在审的”" in text(gone)
    wrong = client.post(reverse(MINE), {"revision": "x", "verdict": "withdraw"}, follow=True)
    assert "没有找到" in text(wrong)
    # Another's is not theirs to withdraw by this page either.
    other = submitted_item(cast.ho_editor, title="别人的", at=now())
    client = sign_in("north_editor")
    client.post(reverse(MINE), {"revision": other.pk, "verdict": "withdraw"})
    with cast.ho_editor.scope():
        assert Revision.objects.get(pk=other.pk).is_open


def deputy_form(player: Player, first: int = 0, last: int = 3, reason: str = "休假") -> dict[str, Any]:
    today = now().astimezone().date()
    return {
        "deputy": player.person.pk,
        "first": (today + timedelta(days=first)).isoformat(),
        "last": (today + timedelta(days=last)).isoformat(),
        "reason": reason,
    }


def test_a_deputy_is_named_signs_in_anothers_name_and_may_decline(cast: Cast, sign_in: Any) -> None:
    revision = submitted_item(cast.ho_editor, at=now())
    client = sign_in("ho_reviewer")
    for words, names in (("rewards", ["ho_rewards"]), ("auditor", [])):  # who audits does not stand in
        found = client.get(reverse("admin:approvals_revision_deputies_people"), {"q": words}).json()
        assert [one["name"] for one in found["items"]] == names
    long = client.post(reverse(DEPUTIES), deputy_form(cast.ho_editor, last=200))
    assert "期限不超过90天" in text(long, 422) and ">休假</textarea>" in text(long, 422)
    assert "请先选择人员" in text(
        client.post(reverse(DEPUTIES), deputy_form(cast.ho_editor) | {"deputy": ""})
    )
    foreign = client.post(reverse(DEPUTIES), deputy_form(cast.south_editor))
    absent = client.post(reverse(DEPUTIES), deputy_form(cast.ho_editor) | {"deputy": revision.pk})
    assert foreign.status_code == absent.status_code == 422
    with cast.ho_reviewer.scope():
        assert not Delegation.objects.exists()
    made = client.post(reverse(DEPUTIES), deputy_form(cast.ho_rewards), follow=True)
    assert "由 ho_rewards 代您审核" in text(made) and "进行中" in text(made)

    client = sign_in("ho_rewards")
    assert "您同时代 ho_reviewer 审核" in text(client.get(reverse(QUEUE)))
    assert "您代 ho_reviewer 审核" in text(client.get(page_of(revision)))
    client.post(page_of(revision), form(revision, "approve"))
    with cast.ho_reviewer.scope():
        decision = Decision.objects.get()
        assert (decision.person_name, decision.for_person_name) == ("ho_rewards", "ho_reviewer")
        delegation = Delegation.objects.get()
    assert "（代 ho_reviewer）" in text(client.get(page_of(revision)))
    end = reverse("admin:approvals_revision_end_deputy", args=[delegation.pk])
    assert "不再代 ho_reviewer 审核" in text(client.post(end, follow=True))
    with cast.ho_reviewer.scope(at=now()):
        assert Delegation.objects.get().held_until <= now()


def test_who_is_asked_is_shown_with_a_running_deputy(cast: Cast, sign_in: Any) -> None:
    at = now()
    with cast.north_reviewer.scope(at=at) as scope:
        delegate(
            scope=scope,
            deputy_id=cast.north_rewards.person.pk,
            held_from=at,
            held_until=at + timedelta(days=1),
            reason="休假",
        )
    revision = submitted_item(cast.north_editor, at=at)
    page = text(sign_in("ho_auditor").get(page_of(revision)))
    assert "north_reviewer（north_rewards 可代）" in page
