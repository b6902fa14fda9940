"""A foreign thing and an absent thing are the same: in status, headers and words, at every address.

Seen by a member of staff who may do everything at North, and by a customer of a branch in North. Marks are planted
in every text of head office's and South's rows and of another customer of the same branch (tests/leaks/objects.py).
"""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.urls import reverse

from campaigns.tenants.scopes import system_scope
from tests.leaks.addresses import Address
from tests.leaks.asking import Asker, body_of, difference, digest_of, key_of, path_of, player_of
from tests.leaks.everything import ADMIN_KINDS, ALL, KNOWN, NAMING, PLAIN, TAKING, ask_of, asker_of, others
from tests.leaks.objects import CHILD, FOREIGN, OWN, PARENT, World
from tests.leaks.table import ROWS, row_of
from tests.support.cast import AT

pytestmark = pytest.mark.django_db(databases=["default", "aside"])


def test_every_address_is_in_the_table(world: World) -> None:
    assert sorted(set(ALL) - set(KNOWN)) == []
    assert sorted(set(ROWS) - set(ALL)) == []
    kinds = {
        kind
        for row in KNOWN.values()
        for kind in (*row.takes.values(), *row.names.values())
        if kind[0] != "="
    }
    assert sorted(kinds - set(world.ids)) == []


def test_an_address_that_the_table_does_not_know_is_noticed() -> None:
    stranger = Address("api:treasury", "api/v1/treasury/<uuid:id>", ("id",), None)
    page = Address(
        "admin:treasury_vault_change", "admin/treasury/vault/<path:object_id>/change/", ("object_id",), None
    )
    assert row_of(stranger, ADMIN_KINDS) is None
    assert row_of(page, ADMIN_KINDS) is None


@pytest.mark.parametrize("name", [n for n in TAKING if "get" in KNOWN[n].methods])
def test_one_reads_ones_own_and_what_lies_below(world: World, name: str) -> None:
    """Or the comparison of foreign and absent would compare two closed doors."""
    row = KNOWN[name]
    asker = asker_of(world, name)
    absent = ask_of(asker, world, name, "get", "absent")
    places = CHILD if row.who == "customer" else (*OWN, *CHILD)
    places = tuple(
        p for p in places if all(p in world.ids[kind] for kind in row.takes.values() if kind[0] != "=")
    )
    assert places
    for place in places:
        answer = ask_of(asker, world, name, "get", place)
        assert answer.status == row.own, (place, answer.status, answer.chain)
        assert answer.marks() == set(), place
        if answer.status == 200:
            assert difference(answer, absent) != "", place


@pytest.mark.parametrize("name", TAKING)
def test_a_foreign_thing_is_answered_like_an_absent_one(world: World, name: str) -> None:
    row = KNOWN[name]
    with system_scope(at=AT, cause="leaks"):
        before = digest_of(world)
    asker = asker_of(world, name)
    for method in row.methods:
        absent = ask_of(asker, world, name, method, "absent")
        for place in others(row, world):
            answer = ask_of(asker, world, name, method, place)
            assert difference(answer, absent) == "", (method, place)
            assert answer.marks() == set(), (method, place)
    with system_scope(at=AT, cause="leaks"):
        assert digest_of(world) == before


@pytest.mark.parametrize("name", PLAIN)
def test_a_list_or_form_shows_nothing_foreign(world: World, name: str) -> None:
    row = KNOWN[name]
    asker = Asker(row.who, player_of(row, world))
    path, _ids = path_of(ALL[name], row, world, "")
    for method in row.methods:
        answer = asker.ask(method, path, body_of(row, world))
        assert answer.status < 500
        assert answer.marks() == set(), method


@pytest.mark.parametrize(("name", "field"), NAMING)
def test_naming_a_foreign_thing_in_a_form_is_like_naming_an_absent_one(
    world: World, name: str, field: str
) -> None:
    row = KNOWN[name]
    kind = row.names[field]
    path, _ids = path_of(ALL[name], row, world, "N")
    answers = {}
    for place in ("absent", *PARENT, *FOREIGN):
        key = key_of(kind, world, place)
        asker = Asker(row.who, player_of(row, world))
        answers[place] = asker.ask("post", path, {**body_of(row, world), field: key}, hide=(key,))
        assert answers[place].marks() == set()
    for place in (*PARENT, *FOREIGN):
        assert difference(answers[place], answers["absent"]) == "", place


LISTS = sorted(name for name in ALL if name.endswith("_changelist") and KNOWN[name].who == "staff")


@pytest.mark.parametrize("name", LISTS)
def test_side_doors_of_a_list_are_shut(world: World, name: str) -> None:
    """Search, filters by foreign ids, look-ups across relations, popups: no rows, no names, no count."""
    asker = Asker("staff", world.makers["N"])
    south, nowhere = world.cast.branch["S"], 987_654
    foreign_mark = "XqS_"
    doors: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"branch": south.pk}, {"branch": nowhere}),
        ({"branch__id__exact": south.pk}, {"branch__id__exact": nowhere}),
        ({"branch__name__startswith": "南"}, {"branch__name__startswith": "没"}),
        ({"q": foreign_mark}, {"q": "XqZZ"}),
        ({"_popup": 1, "_to_field": "id", "q": foreign_mark}, {"_popup": 1, "_to_field": "id", "q": "XqZZ"}),
        ({"all": "", "q": foreign_mark}, {"all": "", "q": "XqZZ"}),
    ]
    for foreign, absent in doors:
        hide = (south.pk, nowhere, foreign_mark, "XqZZ", "南", "没", "%E5%8D%97", "%E6%B2%A1")
        one = asker.ask("get", reverse(name) + "?" + urlencode(foreign), hide=hide)
        two = asker.ask("get", reverse(name) + "?" + urlencode(absent), hide=hide)
        assert difference(one, two) == "", foreign
        assert one.marks() == set(), foreign


def autocompletes() -> list[tuple[str, str, str]]:
    return [
        (model._meta.app_label, str(model._meta.model_name), field)
        for model, page in admin.site._registry.items()
        for field in page.autocomplete_fields
    ]


def test_autocomplete_offers_only_what_lies_within(world: World) -> None:
    asker = Asker("staff", world.makers["N"])
    assert autocompletes()
    for app, model, field in autocompletes():
        for term in ("", "Xq"):
            query = urlencode({"app_label": app, "model_name": model, "field_name": field, "term": term})
            answer = asker.ask("get", reverse("admin:autocomplete") + "?" + query)
            assert answer.status == 200
            assert answer.marks() == set()


@pytest.mark.parametrize("name", [n for n in TAKING if n.startswith("api:") and "get" in KNOWN[n].methods])
def test_a_condition_in_a_request_tells_nothing(world: World, name: str) -> None:
    """If-None-Match: * is 304 for what exists; a foreign thing does not."""
    row = KNOWN[name]
    for place in others(row, world):
        asker = Asker(row.who, player_of(row, world))
        asker.headers["If-None-Match"] = "*"
        path, ids = path_of(ALL[name], row, world, place)
        absent_path, absent_ids = path_of(ALL[name], row, world, "absent")
        answers = asker.ask("get", path, hide=ids), asker.ask("get", absent_path, hide=absent_ids)
        assert difference(*answers) == "", place
