"""Maker and checker are two persons, and what goes live is what was seen."""

import contextlib
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals import rules
from campaigns.approvals.models import Decision, Revision, Step
from campaigns.approvals.selectors import queue, queue_figures, sent_back_to, standings
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import (
    approve_revision,
    reject_revision,
    send_back_revision,
    submit_revision,
    withdraw_revision,
)
from campaigns.audit.models import Entry
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system_scope
from content.models import Item, LiveItem
from content.services.items import add_item, change_item, submit_item
from tests.support.cast import AT, Cast
from tests.support.content import FROM, approve, make_item, signature, submitted_item


def change(scope: object, item: Item, **more: object) -> Item:
    values = {
        name: getattr(item, name)
        for name in (
            "title",
            "summary",
            "body",
            "asset_id",
            "campaign_id",
            "batch_id",
            "shown_from",
            "shown_until",
        )
    }
    return change_item(scope=scope, item_id=item.pk, handed_down=item.handed_down, **(values | more))  # type: ignore[arg-type]


def test_an_approved_revision_is_live_and_nothing_before_it_was(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope():
        assert not LiveItem.objects.exists()
    approve(cast.north_reviewer, revision)
    with cast.north_reviewer.scope():
        live = LiveItem.objects.get()
        assert (live.title, live.revision_id, live.sha256) == ("春节存款", revision.pk, revision.sha256)
        assert [r.state for r in Revision.objects.all()] == ["approved"]
        decision = Decision.objects.get()
        assert (decision.person_id, decision.verdict) == (cast.north_reviewer.person.pk, "approve")
        assert [e.verb for e in Entry.objects.filter(subject=revision.subject).order_by("id")] == [
            "content.item.add", "content.item.submit", "approvals.revision.approve",
        ]  # fmt: skip


def test_the_maker_cannot_be_the_checker_by_any_assignment(cast: Cast) -> None:
    """Compared as persons: the editor is given a reviewer's assignment too, and still may not."""
    from campaigns.tenants.services.assignments import assign_role
    from tests.support.cast import Player

    revision = submitted_item(cast.north_editor)
    person = cast.north_editor.person
    with cast.ho_administrator.scope() as scope:
        second = assign_role(
            scope=scope, person=person, role="reviewer", branch_id=cast.branch["N"].pk, held_from=FROM
        )
    both = Player(person, cast.north_editor.login, second)
    with both.scope() as scope, pytest.raises(rules.MakerIsChecker):
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    with both.scope() as scope:
        assert list(queue(scope=scope)) == []
        assert Revision.objects.get().state == "submitted" and not LiveItem.objects.exists()
        # The same in the database, without the service.
        with pytest.raises(DatabaseError, match="never by the maker"), transaction.atomic():
            decide(revision, both.person.pk)


def decide(revision: Revision, person_id: object, sha256: str = "") -> None:
    signature(revision, person_id, sha256=sha256 or revision.sha256).save(force_insert=True)


def test_the_database_lets_nobody_decide_in_anothers_name_or_on_another_hash(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(DatabaseError, match="is by who acts"), transaction.atomic():
            decide(revision, cast.ho_reviewer.person.pk)
        with pytest.raises(DatabaseError, match="has seen the submitted hash"), transaction.atomic():
            decide(revision, scope.person_id, sha256="0" * 64)
        with pytest.raises(DatabaseError, match="was approved by another person"), transaction.atomic():
            Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT)


def test_a_submitted_revision_is_frozen_in_the_database(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    reviewer = cast.north_reviewer.person.pk
    with cast.north_reviewer.scope():
        for change in ({"payload": {}}, {"sha256": "1" * 64}, {"title": "别的"}, {"author_id": reviewer}):
            with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic():
                Revision.objects.filter(pk=revision.pk).update(**change)


def test_the_database_moves_states_along_the_table_of_the_rules(cast: Cast) -> None:
    """Every state to every other, each pair in a savepoint of its own."""
    revision = submitted_item(cast.north_editor)
    moved = set()
    with cast.north_reviewer.scope() as scope:
        decide(revision, scope.person_id)
        Step.objects.filter(revision=revision).update(state="passed", closed_at=AT)
        for start in rules.MOVES:
            with contextlib.suppress(_Undo), transaction.atomic():
                before = ["approved"] if start in ("taken_down", "ended") else []
                for state in [] if start == "submitted" else [*before, start]:
                    Revision.objects.filter(pk=revision.pk).update(state=state, decided_at=AT)
                for to in rules.MOVES:
                    with contextlib.suppress(_Undo, DatabaseError), transaction.atomic():
                        when = None if to == "submitted" else AT
                        Revision.objects.filter(pk=revision.pk).update(state=to, decided_at=when)
                        if to != start:
                            moved.add((start, to))
                        raise _Undo
                raise _Undo
    assert moved == {(start, to) for start, tos in rules.MOVES.items() for to in tos}


class _Undo(Exception):
    """Rolls one savepoint back."""


def test_a_published_copy_is_neither_written_nor_edited_by_hand(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    other = submitted_item(cast.north_editor, title="别的")
    approve(cast.north_reviewer, other)
    with cast.north_reviewer.scope():
        live = LiveItem.objects.get()
        for change in ({"title": "假"}, {"sha256": "0" * 64}, {"handed_down": True}):
            with pytest.raises(DatabaseError, match="is never edited"), transaction.atomic():
                LiveItem.objects.filter(pk=live.pk).update(**change)
        for change, words in (
            ({"revision_id": revision.pk, "sha256": revision.sha256}, "was approved"),
            ({"revision_id": cast.north_editor.person.pk}, "was approved"),
        ):
            with pytest.raises(DatabaseError, match=words), transaction.atomic():
                LiveItem.objects.filter(pk=live.pk).update(**change)
        live.pk = live.id = revision.pk
        live.item_id = revision.subject.partition(":")[2]
        with pytest.raises(DatabaseError, match="is of the approved thing"), transaction.atomic():
            live.save(force_insert=True)


def test_approving_what_one_did_not_see_is_refused(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.RevisionHasChanged):
            approve_revision(scope=scope, revision_id=revision.pk, sha256="0" * 64)
        assert not Decision.objects.exists() and not LiveItem.objects.exists()


def test_editing_after_submission_voids_the_review(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_editor.scope() as scope:
        change(scope, Item.objects.get(), title="改了")
        assert Revision.objects.get().state == "superseded"
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.ReviewIsClosed):
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        assert not LiveItem.objects.exists()


def test_the_live_copy_serves_until_the_new_one_is_approved(cast: Cast) -> None:
    approve(cast.north_reviewer, submitted_item(cast.north_editor))
    with cast.north_editor.scope() as scope:
        item = change(scope, Item.objects.get(), title="新标题")
        second = submit_item(scope=scope, item_id=item.pk)
        assert second.number == 2
        assert LiveItem.objects.get().title == "春节存款"
    approve(cast.north_reviewer, second)
    with cast.north_editor.scope():
        assert LiveItem.objects.get().title == "新标题"
        assert list(Revision.objects.order_by("number").values_list("state", flat=True)) == [
            "superseded",
            "approved",
        ]


def test_one_open_review_at_once_and_none_for_what_is_live_already(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_editor.scope() as scope, pytest.raises(rules.ReviewIsOpen):
        submit_revision(scope=scope, subject=revision.subject)
    approve(cast.north_reviewer, revision)
    with cast.north_editor.scope() as scope, pytest.raises(rules.NothingHasChanged):
        submit_revision(scope=scope, subject=revision.subject)


def test_a_draft_that_lacks_something_is_told_what(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = add_item(scope=scope, title="空的", shown_from=FROM)
        with pytest.raises(rules.NotReady) as refused:
            submit_item(scope=scope, item_id=item.pk)
        assert "图片" in refused.value.detail("zh")
        assert not Revision.objects.exists()


def test_sending_back_needs_words_and_the_maker_reads_them(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.WordsAreMissing):
            send_back_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="  ")
        send_back_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="利率请注明日期"
        )
        assert not LiveItem.objects.exists()
    with cast.north_editor.scope() as scope:
        [back] = sent_back_to(scope=scope)
        assert (back.revision.pk, back.words, back.by) == (revision.pk, "利率请注明日期", "north_reviewer")
        assert standings(scope=scope, subjects=[revision.subject])[revision.subject].words == "利率请注明日期"
        submit_revision(scope=scope, subject=revision.subject)
        assert sent_back_to(scope=scope) == []


def test_a_rejected_revision_never_goes_live(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        reject_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="不合规")
        with pytest.raises(rules.ReviewIsClosed):
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


def test_only_the_maker_withdraws(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.ho_editor.scope() as scope, pytest.raises(rules.NotYours):
        withdraw_revision(scope=scope, revision_id=revision.pk)
    with cast.north_editor.scope() as scope:
        withdraw_revision(scope=scope, revision_id=revision.pk)
        assert Revision.objects.get().state == "withdrawn"


def test_one_person_takes_down_and_going_live_again_needs_two(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.WordsAreMissing):
            take_down(scope=scope, subject=revision.subject, reason="")
        take_down(scope=scope, subject=revision.subject, reason="利率已变")
        assert not LiveItem.objects.exists() and Revision.objects.get().state == "taken_down"
        with pytest.raises(rules.NothingIsLive):
            take_down(scope=scope, subject=revision.subject, reason="再来")
    with cast.north_editor.scope() as scope:
        again = submit_revision(scope=scope, subject=revision.subject)
        assert not LiveItem.objects.exists()
    approve(cast.ho_reviewer, again)
    with cast.north_editor.scope():
        assert LiveItem.objects.get().revision_id == again.pk


def test_rights_and_branches_stand_before_every_decision(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with cast.south_reviewer.scope() as scope:
        assert list(queue(scope=scope)) == []
        for act in (approve_revision, reject_revision, send_back_revision):
            with pytest.raises(NotFound):
                act(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="x")
        with pytest.raises(NotFound):
            take_down(scope=scope, subject=revision.subject, reason="x")
    with cast.south_editor.scope() as scope, pytest.raises(NotFound):
        submit_revision(scope=scope, subject=revision.subject)
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    with cast.nb_manager.scope() as scope, pytest.raises(NotFound):
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    approve(cast.ho_reviewer, revision)


def test_the_system_neither_submits_nor_approves(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    with system_scope(at=AT, cause="test") as scope:
        with pytest.raises(rules.NobodyActs):
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        with pytest.raises(rules.NobodyActs):
            submit_revision(scope=scope, subject=revision.subject)


@pytest.mark.parametrize("subject", ["", "content.item", "content.item:7", f"toys.car:{UUID(int=7)}"])
def test_a_reference_to_nothing_is_not_found(cast: Cast, subject: str) -> None:
    from campaigns.approvals.moves import thing_of

    with pytest.raises(NotFound):
        thing_of(subject)


def test_the_queue_is_what_others_made_the_one_due_first_on_top(cast: Cast) -> None:
    from datetime import timedelta

    late = submitted_item(cast.north_editor, title="晚", at=AT)
    early = submitted_item(cast.nb_editor, title="早", at=AT - timedelta(days=2))
    with cast.north_reviewer.scope() as scope:
        assert [r.pk for r in queue(scope=scope)] == [early.pk, late.pk]
        figures = queue_figures(scope=scope)
        assert (figures.waiting, figures.overdue, figures.oldest_due) == (2, 1, AT - timedelta(days=1))
    with cast.south_reviewer.scope() as scope:
        assert queue_figures(scope=scope).waiting == 0


def test_a_change_is_marked_character_by_character() -> None:
    found = rules.pieces("三年期利率2.1%", "三年期利率2.6%起")
    assert [(p.how, p.text) for p in found] == [
        ("same", "三年期利率2."), ("removed", "1"), ("added", "6"), ("same", "%"), ("added", "起"),
    ]  # fmt: skip


def test_an_unmade_item_is_not_in_anybodys_way(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
        stand = standings(scope=scope, subjects=[ref("content.item", item.pk)])[ref("content.item", item.pk)]
        assert stand.last is None and not stand.is_live and stand.words == ""
