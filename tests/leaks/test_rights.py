"""What the table of rights (test_rights_table.py), which stands at a province, does not say."""

from django.contrib import admin
from django.urls import reverse

from tests.leaks.asking import Asker
from tests.leaks.needs import may_any, needs_of
from tests.leaks.table import BANK_WIDE
from tests.support.cast import Cast, hired

# Definitions of the bank that are looked up at every branch.
OPEN_BELOW = {
    "tenants_role",
    "customers_attribute",
    "customers_tag",
    "content_category",
    "community_groupkind",
}
# Rows of head office, written there alone.
OF_HEAD_OFFICE = {"customers_consentdraft"}
PAGES = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}


def opened_by(asker: Asker) -> set[str]:
    """Lists that answer with themselves, and not with a refusal or somewhere else."""
    found = set()
    for page in PAGES:
        answer = asker.ask("get", reverse(f"admin:{page}_changelist"))
        if answer.status == 200 and not answer.chain:
            found.add(page)
    return found


def test_what_is_bank_wide_opens_at_head_office_alone(cast: Cast) -> None:
    at_head_office = opened_by(Asker("staff", hired(cast, "administrator", "HO")))
    may = {
        page for page in PAGES if may_any("administrator", (needs_of(f"admin:{page}_changelist") or ((),))[0])
    }
    assert at_head_office == may
    at_a_province = opened_by(Asker("staff", hired(cast, "administrator", "N")))
    assert at_head_office - at_a_province == set(BANK_WIDE) - OPEN_BELOW | OF_HEAD_OFFICE
