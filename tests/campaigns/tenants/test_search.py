"""Finding by words: what is found, in what order, and never outside the scope."""

import unicodedata

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.planning.models import Campaign
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.search import FOUND_AT_MOST, keys_proposed, narrowed
from campaigns.tenants.selectors import places_of
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.people import add_person
from tests.support.cast import AT, Cast


def branches(scope: Scope, words: str) -> list[str]:
    keys = keys_proposed(scope=scope, model=Branch, words=words, at_most=50)
    return [Branch.objects.get(pk=key).code for key in keys]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("中山", ["NB"]),
        ("北", ["N", "NC", "NB"]),
        ("路", ["NB", "SB"]),
        ("城 支行", ["NB", "SB"]),
        ("支行 解放", ["SB"]),
        ("beicheng", ["NC", "NB"]),
        ("bcz", ["NB"]),
        ("bei cheng", ["NC", "NB"]),
        ("nb", ["NB"]),
        ("ＮＢ", ["NB"]),
        ("  Ho\t", ["HO", "NB"]),
        ("N", ["N", "NC", "NB", "S", "SC", "SB", "HO"]),
        ("分行", ["N", "NC", "S", "SC"]),
        ("", []),
        ("　", []),
        ("%", []),
        ("_", []),
        ("'; SELECT 1 --", []),
        ("\\", []),
        ("北\x00城", ["NC", "NB"]),
        ("中山北", []),
    ],
)
def test_branches_are_found_by_name_code_and_pinyin(cast: Cast, words: str, codes: list[str]) -> None:
    with cast.ho_administrator.scope() as scope:
        assert branches(scope, words) == codes


def test_the_nearest_come_first_then_the_tree(cast: Cast) -> None:
    """As a whole word, at the beginning, anywhere: a name equal to what was typed is never below the fold."""
    with cast.ho_administrator.scope() as scope:
        for code, name in (("X1", "城南湖支行"), ("X2", "大南城"), ("X3", "南城")):
            add_branch(
                scope=scope, parent_id=cast.branch["NB"].pk, code=code, name=name, level=Branch.Level.OUTLET
            )
        assert branches(scope, "南城") == ["X3", "SC", "SB", "X2"]
        assert branches(scope, "ａ1") == []
        # The few that are asked for are the first of all, not the first that were come by.
        assert keys_proposed(scope=scope, model=Branch, words="南城", at_most=1) == [
            Branch.objects.get(code="X3").pk
        ]


def test_people_are_found_by_name_and_staff_number_in_any_form(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        add_person(scope=scope, branch_id=cast.branch["NB"].pk, name="王小敏", staff_number="A100%_x")
        for words in ("小敏", "王", "a100%", "％＿Ｘ", "敏 A10"):
            found = narrowed(scope=scope, rows=Person.objects.within(scope), words=words)
            assert [person.name for person in found.rows] == ["王小敏"], words
            assert not found.has_more
        for words in ("a100%x", "a_00", "小_", "王敏"):
            assert not narrowed(scope=scope, rows=Person.objects.within(scope), words=words).rows, words


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ho_administrator", ["N", "NC", "NB", "S", "SC", "SB"]),
        ("north_editor", ["N", "NC", "NB"]),
        ("nb_editor", ["NB"]),
        ("south_editor", ["S", "SC", "SB"]),
    ],
)
def test_nothing_is_found_above_or_beside_the_scope(cast: Cast, name: str, codes: list[str]) -> None:
    """Own and below; never the parent, which a branch may well see, nor a sibling."""
    with cast.play(name).scope() as scope:
        assert branches(scope, "行") == [*(["HO"] if name == "ho_administrator" else []), *codes]
        # A search narrows: it never adds to the rows it was given.
        everyone = narrowed(scope=scope, rows=Person.objects.all(), words="_")
        assert {person.branch_pos in range(scope.lo, scope.hi + 1) for person in everyone.rows} == {True}


def search_people(words: str, lo: int | None, hi: int | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_tenants_person(%s, %s, %s, 100)", [words, lo, hi])
        [found] = cursor.fetchone()
    return int(found)


def test_the_verb_cuts_every_interval_to_the_scope(cast: Cast) -> None:
    south = cast.branch["S"]
    with system_scope(at=AT, cause="test"):
        inside = Person.objects.filter(branch__code__in=["N", "NC", "NB"]).count()
        assert search_people("_", 0, 2**31 - 1) == Person.objects.count() > inside
    with cast.north_editor.scope() as scope:
        assert search_people("_", 0, 2**31 - 1) == search_people("_", None, None) == inside
        assert search_people("_", scope.lo, scope.lo) < inside
        assert search_people("_", south.pos, south.pos_end) == 0
        assert search_people("south", 0, 2**31 - 1) == 0


def test_outside_a_scope_the_verb_refuses(cast: Cast) -> None:
    with pytest.raises(ProgrammingError, match="outside a scope"), transaction.atomic():
        search_people("_", 0, 2**31 - 1)


def test_what_looks_without_a_scope_is_not_for_the_application(cast: Cast) -> None:
    with (
        cast.ho_administrator.scope(),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM seek_tenants_person('x', 0, 1, 1)")


def test_customers_cannot_search(cast: Cast) -> None:
    with (
        cast.customers["nb"].scope(),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        search_people("_", 0, 1)


def test_places_are_those_of_the_log_in_alone(cast: Cast) -> None:
    def places(player: str, words: str) -> list[str]:
        return [each.code for each in places_of(login_id=cast.play(player).login.pk, at=AT, words=words)]

    assert places("north_editor", "支行") == ["NB"]
    assert places("north_editor", "") == ["N", "NC", "NB"]
    assert places("sb_clerk", "支行") == ["SB"]
    assert places("sb_clerk", "北城") == []
    [place] = places_of(login_id=cast.nb_editor.login.pk, at=AT, words="zhongshan")
    assert place.above == ("总行", "北方省分行", "北城分行")
    assert places_of(login_id=cast.nb_editor.login.pk, at=AT.replace(year=2025), words="zhongshan") == []
    assert places_of(login_id=987_654, at=AT, words="支行") == []


def test_a_list_that_holds_more_than_it_shows_says_so(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        found = narrowed(scope=scope, rows=Person.objects.within(scope), words="_", at_most=3)
        assert found.has_more
        assert len(found.rows) == 3
        assert FOUND_AT_MOST >= 100


# Letters that have little to do with one another, and those that mean something to LIKE, to arrays or to SQL.
LETTERS = st.sampled_from("春节存款行ＡａAbＢ1１2%_\\\"'{},() \u3000\t\x1f\u0085〇ﬁ½é№㈱")
TITLES = st.text(LETTERS, max_size=12)


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def holds(told: str, words: str) -> bool:
    asked = [word for word in folded(words).replace("\x1f", " ").split() if word]
    return bool(asked) and all(word in folded(told) for word in asked)


def test_what_is_found_is_what_holds_every_word(cast: Cast) -> None:
    """Against the naive filter in Python, over any titles and words."""

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.lists(TITLES, min_size=1, max_size=8), TITLES | st.text(LETTERS, max_size=3))
    def check(titles: list[str], words: str) -> None:
        with cast.north_editor.scope() as scope:
            place = cast.branch["N"]
            rows = [
                Campaign(
                    branch=place,
                    branch_pos=place.pos,
                    title=title,
                    starts_at=AT,
                    ends_at=AT.replace(year=2027),
                )
                for title in titles
            ]
            Campaign.objects.bulk_create(rows)
            mine = Campaign.objects.within(scope).filter(pk__in=[row.pk for row in rows])
            naive = {row.pk for row in rows if holds(row.title, words)}
            found = list(narrowed(scope=scope, rows=mine, words=words).rows.values_list("pk", flat=True))
            assert set(found) == naive
            assert len(found) == len(naive)
            # One row asked for of many, so that nothing but the limit hides the others.
            short = keys_proposed(scope=scope, model=Campaign, words=words, at_most=1)
            assert len(short) == bool(naive)
            transaction.set_rollback(True)

    check()
