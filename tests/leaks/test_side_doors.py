"""The side doors by name (config/rights/doors.py): where a framework answers beside its pages.

Seen by a member of staff who may do everything at North, over the marks of tests/leaks/objects.py.
"""

import ast
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from campaigns.planning.services import add_campaign
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.people import add_person
from config.celery import app as celery
from config.rights.doors import DOORS
from tests.leaks.asking import Answer, Asker, body_of, difference, digest_of, key_of, path_of, player_of
from tests.leaks.everything import ALL, KNOWN, NAMING, TAKING, ask_of, asker_of, others
from tests.leaks.objects import FOREIGN, PARENT, World, mark
from tests.leaks.table import BANK_WIDE
from tests.support.cast import AT
from tests.support.content import submitted_item
from tests.support.rewards import draft_batch

pytestmark = pytest.mark.django_db(databases=["default", "aside"])

LISTS = sorted(name for name in ALL if name.endswith("_changelist") and KNOWN[name].who == "staff")
OF_BRANCHES = [
    name
    for name in LISTS
    if name.removeprefix("admin:").removesuffix("_changelist") not in BANK_WIDE and KNOWN[name].own == 200
]


def maker(world: World) -> Asker:
    return Asker("staff", world.makers["N"])


def foreign_keys(world: World) -> set[str]:
    """Ids of everything in the neighbours' branches, as pages would write them."""
    return {str(places[place]) for places in world.ids.values() for place in FOREIGN if place in places}


def ending_in(*endings: str) -> list[str]:
    return [name for name in TAKING if name.endswith(endings)]


def like_absent(world: World, names: list[str]) -> None:
    """A neighbour's thing is answered as an absent one, at these addresses (test_leaks.py asks about every place)."""
    askers = {row.who: asker_of(world, name) for name in names if (row := KNOWN[name])}
    for name in names:
        row = KNOWN[name]
        place = next(place for place in others(row, world) if place in FOREIGN)
        for method in row.methods:
            absent = ask_of(askers[row.who], world, name, method, "absent")
            answer = ask_of(askers[row.who], world, name, method, place)
            assert difference(answer, absent) == "", (name, method)
            assert answer.marks() == set(), (name, method)


def test_the_list_of_doors_is_the_list_of_these_tests() -> None:
    here = ast.parse(Path(__file__).read_text())
    tests = {
        node.name for node in here.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"
    }
    tests.remove("test_the_list_of_doors_is_the_list_of_these_tests")
    where = str(Path(__file__).relative_to(settings.BASE_DIR))
    assert {door.test for door in DOORS} == {f"{where}::{name}" for name in tests}
    assert len(DOORS) == len({str(door.name) for door in DOORS})


def test_autocomplete_offers_only_what_lies_within(world: World) -> None:
    fields = [
        (model._meta.app_label, str(model._meta.model_name), field)
        for model, page in admin.site._registry.items()
        for field in page.autocomplete_fields
    ]
    assert fields
    asker = maker(world)
    for app, model, field in fields:
        for term in ("", "Xq"):
            query = urlencode({"app_label": app, "model_name": model, "field_name": field, "term": term})
            answer = asker.ask("get", reverse("admin:autocomplete") + "?" + query)
            assert answer.status == 200
            assert answer.marks() == set()


@pytest.mark.parametrize("name", LISTS)
def test_search_filters_and_popups_of_a_list_tell_nothing_foreign(world: World, name: str) -> None:
    """Search, filters by foreign ids, look-ups across relations, popups: no rows, no names, no count."""
    asker = maker(world)
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


def test_what_a_filter_offers_names_nothing_foreign(world: World) -> None:
    asker, keys = maker(world), foreign_keys(world)
    filtered = 0
    for name in OF_BRANCHES:
        page = asker.client.get(reverse(name))
        # The audit's page has fields of its own in place of filters.
        changes = page.context_data.get("cl")  # type: ignore[attr-defined]
        filters = changes.filter_specs if changes else []
        filtered += len(filters)
        offered = repr([each.__dict__.get("lookup_choices") for each in filters]) + page.content.decode()
        assert {key for key in keys if key in offered} == set(), name
        # Another customer of one's own branch is no secret of its staff, nor is what they did themselves.
        for place in ("C2", "N", "NB"):
            offered = offered.replace(mark(place), "")
        assert "vKzX" not in offered, name
    assert filtered > 10


def test_a_popup_neither_shows_nor_hands_back_anything_foreign(world: World) -> None:
    asker = maker(world)
    adding = [(name, field) for name, field in NAMING if name.endswith("_add")]
    assert adding
    for name, field in adding:
        row = KNOWN[name]
        assert asker.ask("get", reverse(name) + "?_popup=1&_to_field=id").marks() == set()
        answers = {}
        for place in ("absent", "S"):
            key = key_of(row.names[field], world, place)
            body = {**body_of(row, world), field: key, "_popup": "1"}
            answers[place] = asker.ask("post", reverse(name), body, hide=(key,))
            assert answers[place].marks() == set(), (name, field, place)
            assert difference(answers[place], answers["absent"]) == "", (name, field, place)
            assert "dismissAddRelatedObjectPopup" not in answers[place].body


def test_a_history_is_ones_own(world: World) -> None:
    histories = ending_in("_history")
    assert len(histories) > 8
    like_absent(world, histories)
    asker = maker(world)
    for name in histories:
        own = next(p for p in ("N", "NB") if p in world.ids[KNOWN[name].takes["object_id"]])
        answer = ask_of(asker, world, name, "get", own)
        assert answer.status == KNOWN[name].own
        assert answer.marks() == set()


def test_confirming_a_deletion_lists_nothing_foreign(world: World) -> None:
    with system_scope(at=AT, cause="leaks"):
        before = digest_of(world)
    asker, keys = maker(world), foreign_keys(world)
    for name in ending_in("_delete"):
        own = next(p for p in ("N", "NB") if p in world.ids[KNOWN[name].takes["object_id"]])
        page = ask_of(asker, world, name, "get", own)
        assert page.marks() == set(), name
        assert {key for key in keys if key in page.body} == set(), name
    like_absent(world, ending_in("_delete"))
    for name in OF_BRANCHES:
        kind = name.removeprefix("admin:").removesuffix("_changelist").replace("_", ".", 1)
        answers = []
        for place in ("absent", next(p for p in FOREIGN if p in world.ids[kind])):
            key = key_of(kind, world, place)
            body = {"action": "delete_selected", "_selected_action": key}
            answers.append(asker.ask("post", reverse(name), body, hide=(key,)))
            assert answers[-1].marks() == set(), name
            assert difference(answers[-1], answers[0]) == "", name
    with system_scope(at=AT, cause="leaks"):
        assert digest_of(world) == before


def test_asking_for_another_format_brings_no_foreign_rows(world: World) -> None:
    asker = maker(world)
    for name in OF_BRANCHES:
        for query in ("format=csv", "_export=xlsx"):
            answer = asker.ask("get", f"{reverse(name)}?{query}")
            assert dict(answer.headers)["Content-Type"].startswith("text/html"), name
            assert answer.marks() == set(), name
    for name in (
        n for n, row in KNOWN.items() if row.who == "customer" and not row.takes and n[:4] == "api:"
    ):
        customer = Asker("customer", world.customers["nb"])
        for query in ("format=csv", "format=api"):
            answer = customer.ask("get", f"{reverse(name)}?{query}")
            assert "json" in dict(answer.headers)["Content-Type"], name
            assert answer.marks() == set(), name


def test_a_preview_shows_nothing_foreign(world: World) -> None:
    previews = ending_in("_preview", "_phone")
    assert {"admin:content_item_saved_preview", "admin:approvals_revision_phone"} <= set(previews)
    like_absent(world, previews)
    for name in previews:
        assert ask_of(maker(world), world, name, "get", "N").marks() == set()
    typed = "admin:content_item_preview"
    for field, kind in KNOWN[typed].names.items():
        answers = {}
        for place in ("absent", *FOREIGN):
            body = {**body_of(KNOWN[typed], world), field: key_of(kind, world, place)}
            answers[place] = maker(world).ask("post", reverse(typed), body)
            assert answers[place].marks() == set(), (field, place)
            assert difference(answers[place], answers["absent"]) == "", (field, place)


def test_counts_do_not_move_when_something_happens_elsewhere(world: World) -> None:
    asker = maker(world)

    def pages() -> dict[str, Answer]:
        return {name: asker.ask("get", reverse(name)) for name in ["admin:index", *OF_BRANCHES]}

    before = pages()
    _something_happens(world, "S")
    after = pages()
    assert [name for name in before if difference(before[name], after[name]) != ""] == []
    # The control: the same below North does move them.
    _something_happens(world, "NB")
    moved = pages()
    changed = {name for name in before if difference(before[name], moved[name]) != ""}
    assert {
        f"admin:{page}_changelist" for page in ("planning_campaign", "rewards_batch", "tenants_person")
    } <= changed
    assert "admin:index" in changed


def _something_happens(world: World, place: str) -> None:
    who = world.makers[place]
    with who.scope() as scope:
        add_campaign(scope=scope, title="闹元宵", starts_at=AT, ends_at=AT.replace(year=2099))
        add_person(scope=scope, branch_id=scope.branch_id, name="新人", staff_number="N777")
    draft_batch(world.cast, by=f"maker_{place}")
    submitted_item(who, title="又一张海报", asset_id=world.ids["content.asset"][place])


@pytest.mark.parametrize("name", [n for n in TAKING if n.startswith("api:") and "get" in KNOWN[n].methods])
def test_a_condition_in_a_request_tells_nothing(world: World, name: str) -> None:
    """If-None-Match: * is 304 for what exists; a foreign thing does not."""
    row = KNOWN[name]
    for header, value in (("If-None-Match", "*"), ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")):
        for place in others(row, world):
            asker = Asker(row.who, player_of(row, world))
            asker.headers[header] = value
            path, ids = path_of(ALL[name], row, world, place)
            absent_path, absent_ids = path_of(ALL[name], row, world, "absent")
            answers = asker.ask("get", path, hide=ids), asker.ask("get", absent_path, hide=absent_ids)
            assert difference(*answers) == "", (header, place)


@pytest.mark.parametrize(("name", "field"), NAMING)
def test_an_error_names_nothing_foreign(world: World, name: str, field: str) -> None:
    """Naming a foreign thing in a form is like naming an absent one."""
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


def test_a_foreign_picture_is_answered_like_an_invented_one(world: World) -> None:
    """Even with a signature that somebody talked us into."""
    media = ending_in("_media", ":media")
    assert len(media) == 2
    like_absent(world, media)


def test_the_results_of_tasks_are_nobody_elses(world: World) -> None:
    assert celery.conf.task_ignore_result
    assert celery.conf.result_backend is None
    assert not [name for name in settings.INSTALLED_APPS if "results" in name]
    timetable = [name for name in LISTS if "django_celery_beat" in name]
    assert timetable
    for name in timetable:
        assert maker(world).ask("get", reverse(name)).status == 403
