"""The table of rights: every address x every role x own, child, parent, sibling branch, as config/rights/table.csv
has it, to the exact status.

`FENHANG_WRITE_RIGHTS=1 uv run pytest tests/leaks/test_rights_table.py` writes the file anew; its diff is what changed
in who may do what. So that nobody writes a wrong one by that, every cell is also held to rules of its own here.
"""

import os

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from campaigns.tenants.roles import PRESETS
from config.rights.cells import FILE, Cell, read, written
from config.rights.words import named
from tests.leaks.everything import KNOWN
from tests.leaks.needs import may_any, needs_of
from tests.leaks.objects import World
from tests.leaks.rights import ASKED, ELSEWHERE, PARTIES, ask_everything

Answers = dict[Cell, str]

# A signed address is read without any other key: a phone sends none with a picture.
SIGNED = {"api:media"}
STRANGERS = ("customer", "wrong_key", "anonymous")


@pytest.fixture(scope="module")
def answers(world: World, django_db_blocker: DjangoDbBlocker) -> Answers:
    """Everything asked once, in transactions of their own that are rolled back."""
    with django_db_blocker.unblock():
        found = ask_everything(world)
        for alias in connections:
            connections[alias].close()
    return found


def is_open(said: str) -> bool:
    return said.startswith("2") or said.endswith("wrote")


def wrong(answers: Answers, rule: object) -> list[str]:
    """Cells that a rule says no to, in words."""
    assert callable(rule)
    return [f"{cell}: {said}" for cell, said in answers.items() if not rule(cell, said)]


def test_the_answers_are_those_of_the_file(answers: Answers) -> None:
    if "FENHANG_WRITE_RIGHTS" in os.environ:
        FILE.write_text(written(answers, PARTIES))
    text = FILE.read_text()
    assert written(answers, PARTIES).splitlines() == text.splitlines()
    assert read(text) == answers


def test_the_file_says_all_that_was_asked(answers: Answers) -> None:
    assert {cell.address for cell in answers} == set(ASKED)
    assert {cell.party for cell in answers} == {*PRESETS, *STRANGERS}
    assert all(
        any(cell.place == "sibling" for cell in answers if cell.address == name)
        for name in ASKED
        if any(kind[0] != "=" for kind in KNOWN[name].takes.values())
    )


def test_nothing_fails_and_nothing_is_written_by_looking(answers: Answers) -> None:
    assert wrong(answers, lambda cell, said: not said.startswith("5")) == []
    assert wrong(answers, lambda cell, said: cell.method != "get" or not said.endswith("wrote")) == []


def test_what_lies_above_or_beside_is_as_if_it_were_not_there(answers: Answers) -> None:
    """Same answer, and nothing changed: neither there nor here."""

    def rule(cell: Cell, said: str) -> bool:
        absent = answers[Cell(cell.address, "absent", cell.method, cell.party)]
        return said == absent and not said.endswith("wrote")

    elsewhere = {cell: said for cell, said in answers.items() if cell.place in ELSEWHERE}
    assert len(elsewhere) > 1000
    assert wrong(elsewhere, rule) == []


def test_a_role_without_the_verb_gets_nowhere_and_changes_nothing(answers: Answers) -> None:
    def rule(cell: Cell, said: str) -> bool:
        if cell.party not in PRESETS:
            return True
        if KNOWN[cell.address].who == "customer":
            return cell.address in SIGNED or not is_open(said)
        needs = needs_of(cell.address)
        assert needs is not None, f"{cell.address}: say in tests/leaks/needs.py what it asks for"
        look, write = needs
        if said.endswith("wrote"):
            return may_any(cell.party, write)
        return not is_open(said) or may_any(cell.party, (write or look) if cell.method == "post" else look)

    assert wrong(answers, rule) == []


def test_a_role_with_the_verb_sees_its_own_and_what_lies_below(answers: Answers) -> None:
    """Or the rule above would be kept by closed doors."""

    def rule(cell: Cell, said: str) -> bool:
        needs = needs_of(cell.address)
        if not needs or not may_any(cell.party, needs[0]):
            return True
        # An organisation file opens at the step where it stands.
        return said in {str(KNOWN[cell.address].own), "302 tenants_organisationfile_columns"}

    lists = {
        cell: said
        for cell, said in answers.items()
        if cell.party in PRESETS
        and cell.method == "get"
        and cell.place in {"", "own", "child"}
        and cell.address.endswith(("_changelist", "_change", "_history"))
        and not cell.address.startswith(
            (
                "admin:django_celery_beat_",
                "admin:audit_securityrecord_",
                "admin:jobs_message_",
                "admin:jobs_gate_",
                "admin:jobs_alert_",
                "admin:customers_consenttext_",
                "admin:customers_consentdraft_",
                "admin:events_drop_",
                "admin:customers_tagcategory_",
                "admin:content_category_",
                "admin:customers_scoringterms_",
                "admin:outreach_terms_",
                "admin:jobs_job_",  # one's own: whose it is counts, and not the place
            )
        )
    }
    assert len([said for said in lists.values() if said == "200"]) > 150
    assert wrong(lists, rule) == []


def test_the_right_roles_do_write(answers: Answers) -> None:
    """The control: what is written can be told from what is not."""
    wrote = {(cell.address, cell.party) for cell, said in answers.items() if said.endswith("wrote")}
    for address, role in [
        ("admin:content_item_change", "editor"),
        ("admin:content_item_submit", "editor"),
        ("admin:content_placement_submit", "editor"),
        ("admin:rewards_batch_submit", "rewards_operator"),
        ("admin:rewards_batch_change", "rewards_operator"),
        ("admin:content_item_down", "reviewer"),
        ("admin:approvals_revision_change", "reviewer"),
        ("admin:rewards_batch_stock", "rewards_operator"),
        ("admin:tenants_branch_rename_page", "administrator"),
        ("api:reversal", "clerk"),
        ("api:claims", "customer"),
    ]:
        assert {party for where, party in wrote if where == address} >= {role}, address
    assert ("admin:content_item_change", "reviewer") not in wrote
    assert ("api:reversal", "editor") not in wrote


def test_strangers_stay_outside(answers: Answers) -> None:
    """A customer at the desk, the key of the other door, nobody: never a page, never a write."""

    def rule(cell: Cell, said: str) -> bool:
        if cell.party not in STRANGERS or cell.address in SIGNED:
            return True
        if cell.party == "customer" and KNOWN[cell.address].who == "customer":
            return True
        return not is_open(said) and said.split(maxsplit=1)[0] in {"302", "401", "403", "404", "405"}

    assert wrong(answers, rule) == []


def test_the_page_has_words_for_every_address() -> None:
    """A new address gets its words in config/rights/words.py, or from the button that leads to it."""
    assert [
        name for name in ASKED if not any("\u4e00" <= letter <= "\u9fff" for letter in named(name).page)
    ] == []
