"""Groups and who is in them when people leave, branches close, and customers are merged, forgotten or told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from campaigns.customers.models import Customer
from campaigns.jobs.services.outbox import put
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope
from community.groups.entry_models import EntryCode, EntryGroup
from community.groups.health_models import GroupSign
from community.groups.models import Group, Member
from community.groups.selectors import accounts_within
from community.groups.services.groups import note_group
from community.groups.wecom_outbox import TRANSFER
from community.groups.wecom_settings import wecom


def hand_over_owner(*, scope: Scope, person: Person, successor: Person) -> int:
    """Groups of who leaves are the successor's. Those of WeCom are handed over there too, where the successor has an
    account; the leaver's own account ends.
    """
    heir = accounts_within(scope=scope).filter(person=successor, ended_at=None).first()
    groups = list(Group.objects.within(scope).filter(owner=person, dissolved_at=None).order_by("pk"))
    for group in groups:
        Group.objects.within(scope).filter(pk=group.pk).update(owner=successor)
        note_group(scope=scope, group=group, verb="community.group.change", owner=successor.name)
        if group.source == Group.Source.WECOM and heir is not None and wecom().is_configured:
            put(
                scope=scope,
                adapter=TRANSFER,
                subject=ref("community.group", group.pk),
                key=f"{group.pk}:{heir.pk}",
                body={"chat_id_list": [group.chat_id], "new_owner": heir.userid},
                branch_id=group.branch_id,
                branch_pos=group.branch_pos,
            )
    own = accounts_within(scope=scope).filter(person=person, ended_at=None).first()
    if own is not None:
        _ask(scope, "SELECT end_wecom_account(%s)", own.pk)
    return len(groups)


def hand_over_groups(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Open groups, who is in them, and codes in use are the successor's; posters go on. What is over stays."""
    to = {"branch": successor, "branch_pos": successor.pos}
    groups = Group.objects.within(scope).filter(branch=closed, dissolved_at=None)
    ids = list(groups.values_list("pk", flat=True))
    many = groups.update(**to)
    Member.objects.within(scope).filter(branch=closed, group__in=ids, left_at=None).update(**to)
    GroupSign.objects.within(scope).filter(branch=closed, group__in=ids).update(**to)
    codes = EntryCode.objects.within(scope).filter(branch=closed, is_open=True)
    code_ids = list(codes.values_list("pk", flat=True))
    many += codes.update(**to)
    EntryGroup.objects.within(scope).filter(branch=closed, code__in=code_ids, ended_at=None).update(**to)
    return many + int(_ask(scope, "SELECT hand_over_wecom_accounts(%s, %s)", closed.pk, successor.pk))


def groups_open(*, scope: Scope) -> QuerySet[Group]:
    """What a file that closes the branch would leave without anybody."""
    return Group.objects.within(scope).filter(dissolved_at=None)


def move_members(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The kept one is in the groups of both."""
    return _refs(_ask(scope, "SELECT community_move_members(%s, %s)", kept.pk, absorbed.pk))


def return_members(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had moved is the absorbed one's again."""
    ids = [UUID(read_ref(each).id) for each in moved]
    return _refs(
        _ask(scope, "SELECT community_return_members(%s, %s, %s::uuid[])", kept.pk, absorbed.pk, ids)
    )


def forget_members(*, scope: Scope, customer: Customer) -> list[str]:
    """No group knows who it was."""
    return _refs(_ask(scope, "SELECT community_forget_members(%s)", customer.pk))


def tell_members(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The groups that the customer was or is in."""
    spells = Member.objects.within(scope).filter(customer_id=customer_id).select_related("group")
    for spell in spells.order_by("joined_at", "pk"):
        yield (
            "groups",
            {"group": spell.group.name, "joined_at": spell.joined_at, "left_at": spell.left_at},
        )


def _ask(scope: Scope, call: str, *values: Any) -> Any:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(call, list(values))
        return cursor.fetchone()[0]


def _refs(ids: Sequence[UUID]) -> list[str]:
    return [ref("community.member", each) for each in ids]
