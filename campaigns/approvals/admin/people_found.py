"""People to choose from while one types: who could take a seat, be asked to sign, be told, or stand in."""

from collections.abc import Iterable
from typing import Any

from campaigns.approvals.course import signers_of, turn_of
from campaigns.approvals.flow import open_step_of
from campaigns.approvals.models import Revision
from campaigns.approvals.people import Candidate, candidates, onlookers
from campaigns.tenants.models import Branch, Role
from campaigns.tenants.scopes import Scope

# More than one reads through; whoever looks for somebody else types a letter more.
_SHOWN = 40


def people_for(scope: Scope, revision: Revision, purpose: str) -> list[Candidate]:
    """Who can: "hand_on", "add_signer" or "copy_to"; nobody for anything else, or where it is not one's turn."""
    if purpose == "copy_to":
        return onlookers(scope, revision.branch_id)
    if purpose not in ("hand_on", "add_signer"):
        return []
    place = turn_of(scope, revision, open_step_of(scope, revision)).place
    if place is None:
        return []
    if purpose == "hand_on" and place.seat.person_id is None:
        found = candidates(scope, revision.branch_id, place.seat.role, place.seat.at_branch_id)
    else:
        found = candidates(scope, revision.branch_id)
    # Each person signs once.
    signed = signers_of(scope, revision)
    return [
        each
        for each in found
        if not revision.is_by(each.person_id) and each.person_id not in {scope.person_id, *signed}
    ]


def offered(people: Iterable[Candidate], words: str) -> dict[str, Any]:
    """The people whose name, role or branch holds `words`, each once, as the page's script takes them."""
    found = list(people)
    roles = Role.objects.in_bulk({each.role for each in found})
    branches = dict(
        Branch.objects.filter(pk__in={each.branch_id for each in found}).values_list("pk", "name")
    )
    items: dict[str, dict[str, str]] = {}
    for each in sorted(found, key=lambda one: one.person_name):
        more = " · ".join(
            filter(None, [str(roles.get(each.role, each.role)), branches.get(each.branch_id, "")])
        )
        item = items.setdefault(
            str(each.person_id), {"id": str(each.person_id), "name": each.person_name, "more": ""}
        )
        item["more"] = "、".join(filter(None, [item["more"], more]))
    typed = words.casefold().split()
    fitting = [
        item
        for item in items.values()
        if all(word in f"{item['name']} {item['more']}".casefold() for word in typed)
    ]
    return {"items": fitting[:_SHOWN], "has_more": len(fitting) > _SHOWN}
