"""A policy holds when two persons made it hold, is read on the whole line below it, and is tried before that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from pytest_django import DjangoAssertNumQueries

from campaigns.approvals import rules
from campaigns.approvals.kinds import Facts, kind_of
from campaigns.approvals.models import LivePolicy, Policy, Revision
from campaigns.approvals.policy_kind import POLICY, names_of
from campaigns.approvals.policy_rules import (
    PolicyEditedMeanwhile,
    PolicyNeedsTwoPersons,
    PolicyTitleIsMissing,
)
from campaigns.approvals.policy_selectors import (
    people_who_may_decide,
    policies_from_above,
    policies_on_line,
    route_for,
    try_policy,
)
from campaigns.approvals.policy_words import sentence_of
from campaigns.approvals.routes import DEFAULT, SeatPlan
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.policies import add_policy, change_policy, put_in_force, submit_policy
from campaigns.audit.models import Entry
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast, Player, hired
from tests.support.content import approve, submitted_item
from tests.support.policies import TWO_STEPS, live_policy, policy_document


def steps_at(player: Player, code: str, cast: Cast, kind: str = "content.item", **facts: Any) -> list[str]:
    """The titles of the steps that something of this branch would need, as `player` reads them."""
    with player.scope() as scope:
        found = route_for(scope=scope, kind=kind, facts=Facts(**facts), branch_id=cast.branch[code].pk)
    return [step.title for step in found]


def test_a_policy_holds_below_its_branch_once_somebody_else_approved_it(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        policy = add_policy(scope=scope, title="两级审核", rank=10, document=TWO_STEPS)
        revision = submit_policy(scope=scope, policy_id=policy.pk)
        assert revision.author_id == cast.ho_administrator.person.pk and revision.state == "submitted"
    assert steps_at(cast.nb_editor, "NB", cast) == [""]
    approve(cast.ho_reviewer, revision)
    for reader in (cast.nb_editor, cast.north_reviewer, cast.ho_editor, cast.sb_clerk):
        code = "SB" if reader is cast.sb_clerk else "NB"
        assert steps_at(reader, code, cast) == ["机构审核", "总行审核"]
    with cast.nb_editor.scope() as scope:
        first, second = route_for(
            scope=scope, kind="content.item", facts=Facts(), branch_id=cast.branch["NB"].pk
        )
        assert first.seats == (SeatPlan("branch_manager"), SeatPlan("reviewer"))
        assert second.seats == (SeatPlan("reviewer", cast.branch["HO"].pk),)
        assert first.policy == second.policy == ref("approvals.revision", revision.pk)
    with system_scope(at=AT, cause="test"):
        assert [e.verb for e in Entry.objects.filter(subject=revision.subject).order_by("id")] == [
            "approvals.policy.add", "approvals.policy.submit", "approvals.revision.approve",
        ]  # fmt: skip


def test_a_branch_adds_its_steps_before_those_of_head_office(cast: Cast) -> None:
    live_policy(cast.ho_administrator, cast.ho_reviewer, "总行", policy_document(title="总行审核"))
    northern = hired(cast, "administrator", "N")
    live_policy(
        northern, cast.north_reviewer, "北方", policy_document(title="省行审核", kinds=["content.item"])
    )
    assert steps_at(cast.nb_editor, "NB", cast) == ["省行审核", "总行审核"]
    assert steps_at(cast.nb_editor, "NB", cast, "rewards.batch") == ["总行审核"]
    assert steps_at(cast.south_editor, "SB", cast) == ["总行审核"]
    # What a branch has cannot be put out of force by what it adds.
    live_policy(
        northern, cast.north_reviewer, "关闭", policy_document(title="省行另有") | {"off": True}, rank=1
    )
    assert steps_at(cast.nb_editor, "NB", cast) == ["省行审核", "总行审核"]


def test_the_line_is_read_from_above_below_and_at_the_branch_and_not_from_beside(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    live_policy(cast.ho_administrator, cast.ho_reviewer, "总行", TWO_STEPS)
    nb, n = cast.branch["NB"].pk, cast.branch["N"].pk
    for player, branch in (
        (cast.ho_editor, nb),
        (cast.north_editor, nb),
        (cast.nb_editor, nb),
        (cast.nb_editor, n),
    ):
        with player.scope() as scope:
            scope.facts  # noqa: B018 - opens the scope, which is a query of its own
            with django_assert_num_queries(1):  # branches of the line with their policies
                found = policies_on_line(scope=scope, branch_id=branch)
        codes = ["NB", "NC", "N", "HO"] if branch == nb else ["N", "HO"]
        assert [up.branch_id for up in found.line] == [cast.branch[code].pk for code in codes]
        assert [len(rows) for rows in found.policies] == [0] * (len(codes) - 1) + [1]
        assert found.names[branch] == cast.branch[codes[0]].name
    with cast.south_editor.scope() as scope:
        for branch in (nb, n, 999_999):
            with pytest.raises(NotFound):
                policies_on_line(scope=scope, branch_id=branch)


def test_neither_its_maker_nor_one_alone_puts_a_policy_in_force_or_out_of_it(cast: Cast) -> None:
    posters = TWO_STEPS | {"kinds": ["content.item"]}
    live = live_policy(cast.ho_administrator, cast.ho_reviewer, "两级", posters)
    with cast.ho_administrator.scope() as scope:
        with pytest.raises(NotAllowed):
            take_down(scope=scope, subject=ref("approvals.policy", live.policy_id), reason="不要了")
        with pytest.raises(PolicyNeedsTwoPersons):
            POLICY.take_down(scope, live.policy_id)
        revision = change_to(scope, live.policy_id, posters | {"off": True})
        with pytest.raises(NotAllowed):
            approve(cast.ho_administrator, revision)
    with system_scope(at=AT, cause="test") as scope, pytest.raises(PolicyNeedsTwoPersons):
        take_down(scope=scope, subject=ref("approvals.policy", live.policy_id), reason="任务")
    assert len(steps_at(cast.nb_editor, "NB", cast)) == 2
    approve(cast.ho_reviewer, revision)
    assert steps_at(cast.nb_editor, "NB", cast) == [DEFAULT.title]
    with cast.ho_administrator.scope() as scope:
        assert LivePolicy.objects.get().document["off"] is True
        assert POLICY.differences is not None and POLICY.differences(scope, revision) == []


def change_to(scope: Any, policy_id: UUID, document: dict[str, Any], title: str = "两级") -> Revision:
    change_policy(scope=scope, policy_id=policy_id, title=title, rank=100, document=document)
    return submit_policy(scope=scope, policy_id=policy_id)


def test_the_database_keeps_what_holds_as_it_was_approved(cast: Cast) -> None:
    live = live_policy(cast.ho_administrator, cast.ho_reviewer, "两级", TWO_STEPS)
    looser = live.document | {"steps": []}
    with cast.ho_administrator.scope() as scope:
        waiting = change_to(scope, live.policy_id, policy_document(title="松"), title="松")
        tries: list[tuple[str, Callable[[], Any]]] = [
            ("is never edited", lambda: LivePolicy.objects.update(document=looser)),
            ("is never edited", lambda: LivePolicy.objects.update(rank=9999)),
            ("is never edited", lambda: LivePolicy.objects.update(shown_until=AT + timedelta(days=1))),
            ("permission denied", lambda: LivePolicy.objects.all().delete()),
            (
                "was approved",
                lambda: LivePolicy.objects.update(revision_id=waiting.pk, sha256=waiting.sha256),
            ),
            ("is of the approved thing", lambda: second_copy(cast, live, live.document)),
        ]
        for words, attempt in tries:
            with pytest.raises(DatabaseError, match=words), transaction.atomic():
                attempt()
    assert len(steps_at(cast.nb_editor, "NB", cast)) == 2


def test_a_service_that_writes_something_else_than_was_approved_is_stopped_by_the_database(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_policy(
        cast.ho_administrator, cast.ho_reviewer, "两级", TWO_STEPS | {"kinds": ["content.item"]}
    )
    with cast.ho_administrator.scope() as scope:
        waiting = change_to(scope, live.policy_id, policy_document(title="紧"))

    def loosen(*, scope: Any, revision: Revision) -> None:
        revision.payload = revision.payload | {"steps": []}
        put_in_force(scope=scope, revision=revision)

    monkeypatch.setattr("campaigns.approvals.policy_kind.put_in_force", loosen)
    with pytest.raises(DatabaseError, match="is as it was approved"):
        approve(cast.ho_reviewer, waiting)
    with cast.ho_administrator.scope():
        assert LivePolicy.objects.get().revision_id == live.revision_id


def second_copy(cast: Cast, live: LivePolicy, document: dict[str, Any]) -> None:
    other = Policy.objects.create(
        branch_id=live.branch_id, branch_pos=live.branch_pos, title="又", document=document, changed_at=AT
    )
    live.pk, live.policy, live.document = UUID(int=9), other, document
    live.save(force_insert=True)


def test_rights_and_branches_stand_before_every_policy(cast: Cast) -> None:
    northern = hired(cast, "administrator", "N")
    with northern.scope() as scope:
        policy = add_policy(scope=scope, title="北方", rank=5, document=TWO_STEPS)
    for stranger in (cast.south_editor, cast.ho_editor, cast.nb_manager):
        with stranger.scope() as scope:
            with pytest.raises(NotAllowed):
                add_policy(scope=scope, title="x", rank=5, document=TWO_STEPS)
            with pytest.raises(NotAllowed):
                change_policy(scope=scope, policy_id=policy.pk, title="x", rank=5, document=TWO_STEPS)
            with pytest.raises(NotAllowed):
                submit_policy(scope=scope, policy_id=policy.pk)
    southern = hired(cast, "administrator", "S")
    with southern.scope() as scope:
        with pytest.raises(NotFound):
            change_policy(scope=scope, policy_id=policy.pk, title="x", rank=5, document=TWO_STEPS)
        with pytest.raises(NotFound):
            submit_policy(scope=scope, policy_id=policy.pk)
        assert policies_from_above(scope=scope) == []
    with northern.scope() as scope:
        assert Policy.objects.get().title == "北方"


def test_a_draft_is_told_what_it_lacks(cast: Cast) -> None:
    someone = cast.nb_clerk.person
    person = {"by": "person", "person_id": str(someone.pk), "name": someone.name}
    role = {"by": "role", "role": "reviewer"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"steps": []}, "至少一个环节"),
        ({"steps": [{"seats": []}]}, "由谁审核"),
        ({"steps": [{"seats": [{"by": "role", "role": "editor"}]}]}, "内容编辑"),
        ({"steps": [{"seats": [{"by": "role", "role": "wizard"}]}]}, "存在的角色"),
        ({"steps": [{"seats": [person, role]}]}, "nb_clerk"),
        ({"steps": [{"seats": [role], "if_empty": "skip"}]}, "不能跳过"),
        ({"steps": [{"seats": [role], "due_hours": 48, "escalate_hours": 24}]}, "不早于"),
        ({"steps": [{"seats": [role, {"by": "line", "role": "reviewer", "levels": 2}]}]}, "单独"),
        ({"kinds": ["toys.car"], "steps": [{"seats": [role]}]}, "toys.car"),
        ({"reward_from_fen": 100, "reward_below_fen": 100, "steps": [{"seats": [role]}]}, "权益金额"),
        ({"audience_below": 0, "steps": [{"seats": [role]}]}, "覆盖客户数"),
        ({"findings": {"no.such": "block"}, "steps": [{"seats": [role]}]}, "no.such"),
    ]
    with cast.ho_administrator.scope() as scope:
        for document, words in wrong:
            policy = add_policy(scope=scope, title="缺", rank=1, document=document)
            with pytest.raises(rules.NotReady) as refused:
                submit_policy(scope=scope, policy_id=policy.pk)
            assert words in refused.value.detail("zh"), document
        assert not Revision.objects.exists()
        with pytest.raises(PolicyTitleIsMissing):
            add_policy(scope=scope, title=" ", rank=1, document=TWO_STEPS)


def test_a_policy_about_policies_never_hangs_on_people_alone(cast: Cast) -> None:
    """They leave, and nobody could ever change it again."""
    reviewer = cast.ho_reviewer.person
    named = {"seats": [{"by": "person", "person_id": str(reviewer.pk), "name": reviewer.name}]}
    with cast.ho_administrator.scope() as scope:
        for kinds in ([], ["approvals.policy"]):
            policy = add_policy(
                scope=scope, title="按人", rank=1, document={"kinds": kinds, "steps": [named]}
            )
            with pytest.raises(rules.NotReady, match="只指定个人"):
                submit_policy(scope=scope, policy_id=policy.pk)
        fine = add_policy(
            scope=scope, title="按人", rank=1, document={"kinds": ["content.item"], "steps": [named]}
        )
        assert submit_policy(scope=scope, policy_id=fine.pk).is_open


def test_a_policy_reads_as_one_sentence(cast: Cast) -> None:
    document = policy_document(
        kinds=["rewards.batch"], reward_from_fen=5_000_000, branch_levels=["branch", "outlet"]
    )
    document["steps"] = [
        {"seats": [{"by": "role", "role": "branch_manager"}]},
        {"seats": [{"by": "role", "role": "reviewer", "level": "head_office"}], "how": "count", "count": 2},
    ]
    with cast.ho_administrator.scope() as scope:
        policy = add_policy(scope=scope, title="大额", rank=1, document=document)
        said = sentence_of(policy.document, names_of(scope=scope))
        assert said == (
            "机构级别为支行、网点且权益金额 ≥ 5 万元的优惠券批次：先由本机构或上级支行行长岗审核（任一人），"
            "再由总行审核岗审核（会签 2 人）。"
        )
        described = kind_of("approvals.policy").describe(
            scope, {**policy.document, "title": "大额", "rank": 1}
        )
        assert [line.key for line in described.lines] == [
            "title",
            "rank",
            "conditions",
            "off",
            "step.1",
            "step.2",
        ]


def test_a_trial_shows_the_steps_as_they_are_and_as_they_would_be_and_saves_nothing(cast: Cast) -> None:
    live = live_policy(cast.ho_administrator, cast.ho_reviewer, "总行", policy_document(title="总行审核"))
    past = submitted_item(cast.nb_editor)
    ho, sb = cast.branch["HO"].pk, cast.branch["SB"].pk
    with cast.ho_administrator.scope() as scope:
        ask: dict[str, Any] = {"scope": scope, "revision_id": past.pk, "title": "新", "branch_id": ho}
        instead = try_policy(**ask, rank=100, document=TWO_STEPS, policy_id=live.policy_id)
        assert ([s.title for s in instead.before], [s.title for s in instead.after]) == (
            ["总行审核"], ["机构审核", "总行审核"],
        )  # fmt: skip
        assert (instead.does_match, instead.is_shadowed) == (True, False)
        behind = try_policy(**ask, rank=200, document=TWO_STEPS)
        assert (behind.does_match, behind.is_shadowed, behind.before) == (True, True, behind.after)
        other = try_policy(**ask, rank=1, document=TWO_STEPS | {"kinds": ["rewards.batch"]})
        assert (other.does_match, other.before) == (False, other.after)
        beside = try_policy(**(ask | {"branch_id": sb}), rank=1, document=TWO_STEPS)
        assert (beside.does_match, beside.before) == (False, beside.after)
        assert Policy.objects.count() == LivePolicy.objects.count() == 1 and Revision.objects.count() == 2
    with hired(cast, "administrator", "S").scope() as scope, pytest.raises(NotFound):
        try_policy(**(ask | {"scope": scope}), rank=1, document=TWO_STEPS)


def test_an_older_policy_comes_back_into_the_draft_and_two_editors_do_not_overwrite_one_another(
    cast: Cast,
) -> None:
    live = live_policy(cast.ho_administrator, cast.ho_reviewer, "两级", TWO_STEPS)
    with cast.ho_administrator.scope(at=AT + timedelta(hours=1)) as scope:
        first = Revision.objects.get()
        change_policy(scope=scope, policy_id=live.policy_id, title="改", rank=7, document=policy_document())
        with pytest.raises(PolicyEditedMeanwhile):
            change_policy(
                scope=scope,
                policy_id=live.policy_id,
                title="又",
                rank=7,
                document=policy_document(),
                seen_at=AT,
            )
        assert POLICY.restore is not None
        POLICY.restore(scope, live.policy_id, first.payload)
        policy = Policy.objects.get()
        assert (policy.title, policy.rank, policy.document) == ("两级", 100, live.document)
        with pytest.raises(rules.NothingHasChanged):
            submit_policy(scope=scope, policy_id=policy.pk)


def test_only_those_who_may_decide_are_offered_by_name(cast: Cast) -> None:
    roles = {"reviewer", "branch_manager"}
    with cast.ho_administrator.scope() as scope:
        found = {person.name for person in people_who_may_decide(scope=scope, roles=roles)}
        assert found == {"ho_reviewer", "north_reviewer", "south_reviewer", "nb_manager", "sb_manager"}
        [one] = people_who_may_decide(scope=scope, roles=roles, words=cast.nb_manager.person.staff_number)
        assert one.name == "nb_manager"
    with hired(cast, "administrator", "N").scope() as scope:
        assert {p.name for p in people_who_may_decide(scope=scope, roles=roles)} == {
            "north_reviewer",
            "nb_manager",
        }


def test_a_policy_goes_with_its_author_and_stays_with_its_branch(cast: Cast) -> None:
    from campaigns.tenants.services.branches import add_branch
    from campaigns.tenants.services.closing import close_branch

    with system_scope(at=AT, cause="test") as scope:
        heir = add_branch(
            scope=scope, parent_id=cast.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )
    own = hired(cast, "administrator", "NB")
    live = live_policy(own, cast.nb_manager, "支行", policy_document(title="支行审核"))
    assert steps_at(cast.nb_editor, "NB", cast) == ["支行审核"]
    with cast.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=cast.branch["NB"].pk, successor_id=heir.pk)
        assert LivePolicy.objects.get().branch_id == live.branch_id == Revision.objects.get().branch_id
        assert route_for(scope=scope, kind="content.item", facts=Facts(), branch_id=heir.pk) == (DEFAULT,)
