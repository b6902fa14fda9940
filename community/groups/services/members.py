"""Many customers into a group that is kept by hand, from a list; each row is taken or refused by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from campaigns.customers.identity_rules import CUSTOMER_NUMBER, PHONE
from campaigns.customers.rules import masked
from campaigns.customers.selectors import customers_within
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope
from community.groups.models import Member
from community.groups.refusals import GroupIsFull, MemberIsIn, MembersNotNamed
from community.groups.selectors import customers_named, group_in_scope
from community.groups.services.groups import hold_group, note_group

MOST = 500


class CustomerUnknown(Refusal):
    code = "community.member.unknown"
    status = 404
    zh = "没有找到该客户，或该客户不在您的机构范围内。"
    en = "No such customer within your branches."


@dataclass(frozen=True, slots=True)
class Unadded:
    """A row that was refused: its number from 1, what stood there (masked), and why."""

    row: int
    cell: str
    why: Refusal


@dataclass(slots=True)
class Added:
    """How many are in the group now who were not before, and the rows that were refused."""

    count: int = 0
    refused: list[Unadded] = field(default_factory=list)


def add_members(*, scope: Scope, group_id: UUID, named: Sequence[str]) -> Added:
    """Customers by number or phone, in the order of the list; at most 500 rows. Who is in already is refused, as is
    whoever comes when the group is full.

    Raises NotFound, GroupIsDissolved, GroupIsOfWeCom, MembersNotNamed.
    """
    scope.demand("community.member.add")
    cells = [each.strip() for each in named]
    if not any(cells) or len(cells) > MOST:
        raise MembersNotNamed(most=MOST)
    group_in_scope(scope=scope, group_id=group_id)
    group = hold_group(scope=scope, group_id=group_id)
    found = customers_named(cells=cells, kinds=(CUSTOMER_NUMBER, PHONE))
    here = set(customers_within(scope=scope).filter(pk__in=found.values()).values_list("pk", flat=True))
    inside = set(
        Member.objects.within(scope).filter(group=group, left_at=None).values_list("customer_id", flat=True)
    )
    room = group.capacity - group.in_it
    made: list[Member] = []
    said = Added()
    for row, cell in enumerate(cells, start=1):
        if not cell:
            continue
        who = found.get(cell)
        why: Refusal | None = None
        if who is None or who not in here:
            why = CustomerUnknown()
        elif who in inside:
            why = MemberIsIn()
        elif len(made) >= room:
            why = GroupIsFull(capacity=group.capacity)
        if why is not None:
            said.refused.append(Unadded(row, masked(cell), why))
            continue
        assert who is not None
        inside.add(who)
        made.append(
            Member(
                branch_id=group.branch_id,
                branch_pos=group.branch_pos,
                group=group,
                customer_id=who,
                person_key=who.hex,
                joined_at=scope.at,
            )
        )
    Member.objects.bulk_create(made)
    said.count = len(made)
    note_group(
        scope=scope,
        group=group,
        verb="community.member.add",
        count=str(said.count),
        refused=str(len(said.refused)),
    )
    return said
