"""Who may open what: every admin page and staff endpoint x every preset role, as a table written by hand.

A page or a role that the table does not know fails. Whose things one sees behind an open door is asked in
test_leaks.py.
"""

import pytest
from django.contrib import admin
from django.urls import reverse

from campaigns.tenants.roles import PRESETS
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import assign_role
from campaigns.tenants.services.people import add_login, add_person
from tests.leaks.asking import Asker
from tests.support.cast import AT, PASSWORD, Cast, Player

PAGES = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}

WORK = {
    "approvals_revision", "content_asset", "content_item", "content_placement", "planning_campaign",
    "rewards_batch", "tenants_branch",
}  # fmt: skip
PEOPLE = {"tenants_person", "tenants_assignment", "tenants_login"}
WHO_HOLDS_WHAT = {"customers_customer", "rewards_coupon"}
# Bank-wide: for those who stand at head office.
AT_HEAD_OFFICE = {
    "audit_securityrecord", "django_celery_beat_periodictask", "django_celery_beat_intervalschedule",
    "django_celery_beat_crontabschedule",
}  # fmt: skip

# role -> pages it opens, pages on which it adds, whether it redeems
AT_A_PROVINCE: dict[str, tuple[set[str], set[str], bool]] = {
    "administrator": (
        WORK | PEOPLE | WHO_HOLDS_WHAT | {"tenants_role", "audit_entry", "tenants_organisationfile"},
        (PEOPLE | {"tenants_branch", "tenants_organisationfile"}) - {"tenants_login"},
        False,
    ),
    "editor": (WORK, {"content_item", "content_placement"}, False),
    "reviewer": (WORK, set(), False),
    "community_operator": (WORK, set(), False),
    "rewards_operator": (WORK | {"rewards_coupon"}, {"planning_campaign", "rewards_batch"}, False),
    "branch_manager": (WORK | PEOPLE | WHO_HOLDS_WHAT | {"audit_entry"}, set(), False),
    "clerk": (set(), set(), True),
    "relationship_manager": (WHO_HOLDS_WHAT, set(), True),
    "analyst": (WORK, set(), False),
    "auditor": (WORK | PEOPLE | WHO_HOLDS_WHAT | {"tenants_role", "audit_entry"}, set(), False),
}


def hired(cast: Cast, role: str, code: str) -> Player:
    """Somebody in `role` at the branch `code`."""
    branch = cast.branch[code]
    with system_scope(at=AT, cause="test") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=role, staff_number="T1")
        login = add_login(scope=scope, person=person, username=f"{role}.{code}", password=PASSWORD)
        held = assign_role(
            scope=scope, person=person, role=role, branch_id=branch.pk, held_from=AT.replace(month=1)
        )
    return Player(person, login, held)


def opened_by(asker: Asker, ending: str) -> set[str]:
    """Pages that answer with themselves, and not with a refusal or somewhere else."""
    found = set()
    for page in PAGES:
        answer = asker.ask("get", reverse(f"admin:{page}_{ending}"))
        if answer.status == 200 and not answer.chain:
            found.add(page)
    return found


def test_the_table_knows_every_page_and_every_role() -> None:
    assert set(AT_A_PROVINCE) == set(PRESETS)
    loads = {"tenants_organisationfile"}
    assert WORK | PEOPLE | WHO_HOLDS_WHAT | {"tenants_role", "audit_entry"} | loads | AT_HEAD_OFFICE == PAGES


@pytest.mark.parametrize("role", PRESETS)
def test_a_role_opens_its_pages_and_no_others(cast: Cast, role: str) -> None:
    opens, adds, redeems = AT_A_PROVINCE[role]
    player = hired(cast, role, "N")
    asker = Asker("staff", player)
    assert opened_by(asker, "changelist") == opens
    assert opened_by(asker, "add") == adds
    answer = Asker("staff token", player).ask("post", reverse("api:redemptions"), {"code": "2345-6789-ABCD"})
    assert answer.status == (404 if redeems else 403)


def test_what_is_bank_wide_opens_at_head_office_alone(cast: Cast) -> None:
    everywhere = AT_A_PROVINCE["administrator"][0]
    assert (
        opened_by(Asker("staff", hired(cast, "administrator", "HO")), "changelist")
        == everywhere | AT_HEAD_OFFICE
    )


def test_a_customers_token_opens_no_staff_door_and_the_other_way_round(cast: Cast) -> None:
    customer, clerk = Asker("customer", cast.customers["nb"]), Asker("staff token", cast.nb_clerk)
    assert customer.ask("post", reverse("api:redemptions"), {"code": "2345-6789-ABCD"}).status == 401
    assert clerk.ask("get", reverse("api:home")).status == 401
    assert clerk.ask("get", reverse("admin:index")).status in {302, 403}
