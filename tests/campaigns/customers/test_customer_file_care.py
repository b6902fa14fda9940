"""A file that says who looks after whom: by staff number, judged by branch, with history, and taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.customers.care_selectors import manager_of, spells_of
from campaigns.customers.models import Care, Customer, FileLot
from campaigns.customers.services.care import assign_manager, move_customer_home
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.models import Assignment, Person, Role
from campaigns.tenants.scopes import Scope, system_scope
from tests.campaigns.customers.test_customer_files import applied, judged, known, refusals, text_of, undone
from tests.support.cast import AT, Cast, Player, hired

HEADINGS = ("客户号", "机构号", "客户经理工号")


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def number_of(player: Player) -> str:
    return str(player.person.staff_number)


def cared_by(scope: Scope, *numbers: str) -> list[str]:
    spells = [manager_of(scope=scope, customer_id=known(number).pk) for number in numbers]
    return [spell.person.name if spell else "" for spell in spells]


def history(scope: Scope, number: str) -> list[tuple[str, bool, str]]:
    """Whose spells, latest first: who, whether it is open, who assigned."""
    rows = spells_of(scope=scope, customer_id=known(number).pk).order_by("-until", "-id")
    return [(row.person.name, row.until is None, row.by_name) for row in rows]


def test_rows_name_a_manager_by_staff_number_and_are_refused_where_that_one_may_not_have_the_customer(
    cast: Cast,
) -> None:
    zhang, li = (hired(cast, "relationship_manager", "NB", name) for name in ("zhang", "li"))
    above, south = hired(cast, "branch_manager", "NC"), hired(cast, "relationship_manager", "SB")
    twin = hired(cast, "relationship_manager", "SB", "twin")
    both = hired(cast, "branch_manager", "NC", "both")
    with system_scope(at=AT, cause="test"):
        # Staff numbers are one person's within a branch alone.
        Person.objects.filter(pk__in=[twin.person.pk, zhang.person.pk]).update(staff_number="1001")
        Person.objects.filter(pk__in=[both.person.pk, li.person.pk]).update(staff_number="1002")
    rows = [
        ("C-10000001", "NB", "1001"),  # zhang: the twin is elsewhere
        ("C-10000002", "SB", " 1001 "),  # the twin
        ("C-10000003", "NB", number_of(above)),
        ("C-10000004", "NB", ""),  # nothing is said
        ("C-10000005", "NB", "9999"),
        ("C-10000006", "NB", number_of(cast.nb_clerk)),  # sees no customers
        ("C-10000007", "NB", number_of(south)),
        ("C-10000008", "NB", "1002"),  # li, or who leads the city
        ("C-10000009", "", "1001"),
        ("N-nb-000001", "", number_of(above)),  # known
        ("N-sb-000003", "NB", number_of(above)),  # known, at home elsewhere whatever the file says
    ]
    with cast.ho_administrator.scope() as scope:
        file = judged(scope, text_of(*rows, headings=HEADINGS))
        assert file.mapping["columns"] == ["customer_number", "branch", "manager"]
        assert file.counts == {"new": 4, "changed": 1, "same": 0, "refused": 6}
        refused = [
            (6, "客户经理工号", "manager"),
            (7, "客户经理工号", "manager"),
            (8, "客户经理工号", "manager_elsewhere"),
            (9, "客户经理工号", "manager_several"),
            (10, "", "no_home"),
            (12, "客户经理工号", "manager_elsewhere"),
        ]
        assert refusals(scope, file) == refused and not Care.objects.exists()
        applied(scope, file)
        new = [f"C-1000000{n}" for n in range(1, 5)]
        assert cared_by(scope, *new) == ["zhang", "twin", "branch_manager.NC", ""]
        assert history(scope, "N-nb-000001") == [("branch_manager.NC", True, "ho_administrator")]
        # A branch's own file reaches its own people.
        again = judged(scope, text_of(*rows[:4], headings=HEADINGS))
        assert again.counts == {"new": 0, "changed": 0, "same": 4, "refused": 0}


def test_a_file_hands_over_and_taking_it_back_gives_back_unless_somebody_decided_since(cast: Cast) -> None:
    zhang, li, wang = (hired(cast, "relationship_manager", "NB", name) for name in ("zhang", "li", "wang"))
    numbers = [f"C-1000000{n}" for n in range(1, 5)]
    first = [(number, "NB", number_of(zhang) if n != 2 else "") for n, number in enumerate(numbers)]
    later = [(number, "NB", number_of(li)) for number in numbers] + [
        (f"C-2000000{n}", "NB", number_of(li)) for n in range(3)
    ]
    with cast.ho_administrator.scope() as scope:
        applied(scope, judged(scope, text_of(*first, headings=HEADINGS)))
        assert cared_by(scope, *numbers) == ["zhang", "zhang", "", "zhang"]
    with cast.ho_administrator.scope(at=AT + timedelta(hours=1)) as scope:
        file = applied(scope, judged(scope, text_of(*later, headings=HEADINGS)))
        assert (file.counts["changed"], file.counts["new"]) == (4, 3)
        assert cared_by(scope, *numbers) == ["li"] * 4
        assert history(scope, numbers[0]) == [
            ("li", True, "ho_administrator"), ("zhang", False, "ho_administrator")
        ]  # fmt: skip
        # Somebody decides otherwise about a known one and a new one; and a new one is let go of.
        for number in (numbers[1], "C-20000001"):
            assign_manager(scope=scope, customer_id=known(number).pk, person_id=wang.person.pk)
        assign_manager(scope=scope, customer_id=known("C-20000002").pk, person_id=None)
        move_customer_home(scope=scope, customer_id=known(numbers[3]).pk, branch_id=cast.branch["SB"].pk)
        lot = FileLot.objects.get(file=file)
        with connection.cursor() as cursor:
            # Nobody deletes history by the verb of undoing: not of customers whom the lot did not make.
            cursor.execute("SELECT take_back_care(%s, %s)", [lot.pk, [known(numbers[0]).pk]])
            assert cursor.fetchone() == (0,)
            with pytest.raises(DatabaseError, match="permission"), transaction.atomic():
                cursor.execute("DELETE FROM customers_care")
        gone = known("C-20000000").pk
    with cast.ho_administrator.scope(at=AT + timedelta(hours=2)) as scope:
        undone(scope, file)
        assert (file.counts["removed"], file.counts["stayed"]) == (1, 2)
        assert not Customer.objects.filter(pk=gone).exists()
        assert not Care.objects.filter(customer_id=gone).exists()
        assert (file.counts["restored"], file.counts["changed_since"]) == (2, 2)
        assert cared_by(scope, *numbers) == ["zhang", "wang", "", ""]
        assert cared_by(scope, "C-20000001", "C-20000002") == ["wang", ""]
        # Nothing was rewritten: both hand-overs stand in the history.
        assert [who for who, _open, _by in history(scope, numbers[0])] == ["zhang", "li", "zhang"]


def test_whoever_may_not_assign_maps_no_such_column_and_what_changed_since_the_verdict_counts(
    cast: Cast,
) -> None:
    zhang = hired(cast, "relationship_manager", "NB", "zhang")
    rows = [("C-10000001", "NB", number_of(zhang)), ("N-nb-000001", "", number_of(zhang))]
    with cast.ho_administrator.scope() as scope:
        new = judged(scope, text_of(rows[0], headings=HEADINGS))
        file = judged(scope, text_of(*rows, headings=HEADINGS))
        assert file.counts["refused"] == new.counts["refused"] == 0
    with system_scope(at=AT, cause="test"):
        Assignment.objects.filter(pk=zhang.assignment.pk).update(
            branch=cast.branch["SB"], branch_pos=cast.branch["SB"].pos
        )
        role = Role.objects.get(code="administrator")
        role.verbs.remove("customers.customer.assign")
        role.save()
    with cast.ho_administrator.scope() as scope:
        for each in (new, file):
            applied(scope, each)
            assert each.counts["refused"] == each.rows
        assert not Care.objects.exists() and Customer.objects.count() == 3
        with pytest.raises(NotAllowed):
            judged(scope, text_of(*rows, headings=HEADINGS))
        # The rest of the file is theirs to take in.
        assert (
            judged(scope, text_of(*rows, headings=HEADINGS), columns=["customer_number", "branch"]).rows == 2
        )
