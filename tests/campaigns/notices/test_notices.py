"""A notice is one line to one person, told once, read by nobody else."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy, override

from campaigns.audit.models import Entry
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.notices.models import Notice
from campaigns.notices.selectors import count_unread, notice_of, read, unread, ways_to
from campaigns.notices.sentences import register_notice, words_of
from campaigns.notices.services import mark_all_read, mark_read, settle, sweep, tell
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.leaving import leave
from tests.support.cast import AT, Cast, Player, give

SUBJECT = ref("content.item", "0198c0de-0000-7000-8000-000000000001")
register_notice("test.waits", gettext_lazy("The system"), icon="fact_check")


def say(scope: Scope, *players: Player, key: str = "test.waits:1", **args: str) -> None:
    people = [player.person.pk for player in players]
    tell(scope=scope, people=people, code="test.waits", key=key, subject=SUBJECT, **args)


def told(player: Player) -> list[str]:
    with player.scope() as scope:
        return [notice.key for notice in unread(scope=scope)]


def test_a_notice_is_told_once_to_each_and_not_to_who_acts(
    cast: Cast, django_assert_num_queries: object
) -> None:
    with cast.north_editor.scope() as scope:
        assert scope.facts
        with django_assert_num_queries(1):  # type: ignore[operator]
            say(scope, cast.north_reviewer, cast.sb_manager, cast.north_editor, cast.north_reviewer)
        say(scope, cast.north_reviewer)
        say(scope, cast.north_reviewer, key="test.waits:2")
        with pytest.raises(ValueError, match="unheard of"):
            tell(scope=scope, people=[], code="unheard of", key="1", subject=SUBJECT)
    assert told(cast.north_reviewer) == ["test.waits:2", "test.waits:1"]
    assert told(cast.sb_manager) == ["test.waits:1"]
    assert told(cast.north_editor) == told(cast.south_editor) == []


def test_nobody_reads_or_marks_a_notice_of_somebody_else_in_the_database_either(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        say(scope, cast.nb_manager)
        assert Notice.objects.count() == 0  # not even who wrote it
    with cast.nb_manager.scope() as scope:
        [mine] = unread(scope=scope)
    for other in (cast.ho_administrator, cast.north_editor, cast.nb_clerk):
        with other.scope() as scope:
            assert not Notice.objects.exists()
            assert Notice.objects.filter(pk=mine.pk).update(read_at=AT) == 0
            assert mark_read(scope=scope, notice_ids=[mine.pk]) == 0
            with pytest.raises(NotFound):
                notice_of(scope=scope, notice_id=mine.pk)
    with system_scope(at=AT, cause="test"):
        assert not Notice.objects.exists()
    with cast.customers["nb"].scope(), pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.exists()
    assert told(cast.nb_manager) == ["test.waits:1"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notices_notice SET args = '{}'",
        "UPDATE notices_notice SET person_id = gen_random_uuid()",
        "DELETE FROM notices_notice",
        "UPDATE notices_notice SET at = at - interval '2 years'",
    ],
)
def test_what_was_told_stays_as_it_was_told(cast: Cast, statement: str) -> None:
    with cast.north_editor.scope() as scope:
        say(scope, cast.nb_manager)
    with cast.nb_manager.scope() as scope:
        assert scope.facts
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_nobody_is_told_of_another_time_or_something_read_already(cast: Cast) -> None:
    for wrong in ({"at": AT - timedelta(days=1)}, {"read_at": AT}):
        values = {"person_id": new_id(), "key": "1", "code": "c", "branch_id": 1, "at": AT} | wrong
        with cast.north_editor.scope(), pytest.raises(DatabaseError, match="policy"), transaction.atomic():
            Notice.objects.bulk_create([Notice(**values)])


def test_reading_marks_one_or_all_and_what_is_done_is_settled_for_everybody(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        for number in (1, 2, 3):
            say(scope, cast.north_reviewer, cast.nb_manager, key=f"test.waits:{number}")
    with cast.north_reviewer.scope() as scope:
        first = unread(scope=scope).last()
        assert first is not None and count_unread(scope=scope) == 3
        assert mark_read(scope=scope, notice_ids=[first.pk]) == 1
        assert mark_read(scope=scope, notice_ids=[first.pk]) == 0
        assert ([n.key for n in read(scope=scope)], count_unread(scope=scope)) == ([first.key], 2)
        assert settle(scope=scope, keys=["test.waits:2", "test.unknown"]) == 2
        assert count_unread(scope=scope) == 1
    assert told(cast.nb_manager) == ["test.waits:3", "test.waits:1"]
    with cast.nb_manager.scope() as scope:
        assert mark_all_read(scope=scope) == 2
        assert not Entry.objects.filter(verb__startswith="notices").exists()


def test_the_sweep_keeps_what_is_young_and_what_nobody_has_read_for_a_year(cast: Cast) -> None:
    days = {"old": 366, "unread": 364, "read": 200, "young": 10}
    for key, ago in days.items():
        with system_scope(at=AT - timedelta(days=ago), cause="test") as scope:
            say(scope, cast.nb_manager, key=key)
    with cast.nb_manager.scope(at=AT - timedelta(days=91)) as scope:
        mark_read(scope=scope, notice_ids=unread(scope=scope).filter(key="read").values_list("pk", flat=True))
    with cast.nb_manager.scope() as scope:
        mark_read(
            scope=scope, notice_ids=unread(scope=scope).filter(key="young").values_list("pk", flat=True)
        )
    with system_scope(at=AT, cause="test") as scope:
        assert sweep(scope=scope, limit=1) == 1
        assert sweep(scope=scope) == 1
    with cast.nb_manager.scope() as scope:
        kept = [*unread(scope=scope), *read(scope=scope)]
        assert [notice.key for notice in kept] == ["unread", "young"]


def test_an_inbox_is_the_same_from_each_of_ones_assignments_and_says_the_way(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        second = give(scope, cast.nb_editor, "reviewer", cast.branch["S"])
    with cast.south_editor.scope() as scope:
        say(scope, cast.nb_editor)
    assert told(cast.nb_editor) == ["test.waits:1"]
    with cast.nb_editor.scope() as scope:
        wanted = [cast.branch[code].pk for code in ("SB", "NB", "HO")]
        ways = ways_to(scope=scope, branch_ids=wanted)
    assert {key: [(way.branch_name, way.assignment_id) for way in found] for key, found in ways.items()} == {
        cast.branch["SB"].pk: [("南城解放路支行", second.pk)],
        cast.branch["NB"].pk: [("北城中山路支行", cast.nb_editor.assignment.pk)],
    }
    with cast.nb_clerk.scope() as scope:
        assert set(ways_to(scope=scope, branch_ids=wanted)) == {cast.branch["NB"].pk}


def test_words_are_the_readers_and_what_is_missing_is_left_open() -> None:
    register_notice("test.words", "%(kind)s “%(title)s” %(who)s %(due_at)s")
    args = {"title": "春  节\n" + "长" * 200, "due_at": "2026-11-22T02:00:00+00:00"}
    with override("zh-hans"):
        said = words_of(code="test.words", args=args, subject=SUBJECT)
        assert said.startswith("内容 “春 节 长长") and "…” …" in said and said.endswith("11月22日 10:00")
        assert words_of(code="gone", args={"title": "甲"}, subject=SUBJECT) == "“甲”有新的动态。"
    with override("en"):
        assert words_of(code="test.words", args=args, subject=SUBJECT).startswith("content item “")
    with pytest.raises(ValueError, match="already"):
        register_notice("test.words", "other")


def test_who_takes_over_from_somebody_who_left_is_told(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        leave(scope=scope, person_id=cast.nb_editor.person.pk, successor_id=cast.nb_manager.person.pk)
    with cast.nb_manager.scope() as scope:
        [notice] = unread(scope=scope)
        assert (notice.code, notice.opens) == ("notices.taken_over", "")
        with override("zh-hans"):
            said = words_of(code=notice.code, args=notice.args, subject=notice.subject)
        assert said.startswith("nb_editor 已离岗")
