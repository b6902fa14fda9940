"""A draft looked over before it is submitted: what is missing, and what the checks would find."""

from dataclasses import dataclass

from campaigns.approvals.checks import look
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.policy_selectors import policies_on_line
from campaigns.approvals.services.findings import sight_of
from campaigns.tenants.scopes import Scope
from content.models import Item
from content.readiness import missing_in


@dataclass(slots=True)
class Noted:
    """`place`: a line of the item's description; `stops`: it cannot be submitted so; `field`: where it is mended."""

    place: str
    words: str
    stops: bool
    excerpt: str = ""
    field: str = ""


def look_over(*, scope: Scope, item: Item) -> list[Noted]:
    """What a submission would be refused for, then what a reviewer would be told of. Writes nothing."""
    missing = [Noted(each.place, each.words, True) for each in missing_in(scope=scope, item=item)]
    kind = kind_of("content.item")
    frozen = kind.freeze(scope, item.pk)
    facts = kind.facts(scope, frozen)
    policies = policies_on_line(scope=scope, branch_id=frozen.branch_id)
    found = look(
        scope=scope,
        sight=sight_of(scope=scope, kind=kind, frozen=frozen, facts=facts),
        severities=policies.severities(kind=kind.code, facts=facts),
    )
    said = [Noted(each.found.line, each.says, each.severity == "block", each.found.excerpt) for each in found]
    return missing + sorted(said, key=lambda each: not each.stops)
