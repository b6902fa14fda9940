"""Writing groups that are kept by hand, and who is in them. What comes from WeCom is written by its synchronisation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.customers.selectors import customer_in_scope
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope, people_at_home
from community.groups.models import Group, GroupKind, Member
from community.groups.refusals import (
    GroupIsDissolved,
    GroupIsFull,
    GroupIsOfWeCom,
    GroupIsWrong,
    MemberIsIn,
    OwnerIsElsewhere,
)
from community.groups.selectors import group_in_scope


def add_group(
    *,
    scope: Scope,
    name: str,
    owner_id: UUID,
    branch_id: int | None = None,
    kind_code: str = "",
    capacity: int = 200,
    notice: str = "",
    founded_at: datetime | None = None,
) -> Group:
    """A group kept by hand, of the scope's own branch unless another within it is named; `founded_at`: now.

    Raises NotFound (branch, kind), GroupIsWrong, OwnerIsElsewhere.
    """
    scope.demand("community.group.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id or scope.branch_id)
    group = Group(branch=branch, branch_pos=branch.pos, founded_at=founded_at or scope.at)
    _fill(scope, group, name, owner_id, kind_code, capacity, notice)
    _save(group, is_new=True)
    note_group(scope=scope, group=group, verb="community.group.add")
    return group


def change_group(
    *, scope: Scope, group_id: UUID, name: str, owner_id: UUID, kind_code: str, capacity: int, notice: str
) -> Group:
    """Kind and capacity of a group of WeCom are ours, the rest is WeCom's.

    Raises NotFound, GroupIsDissolved, GroupIsOfWeCom, GroupIsWrong, OwnerIsElsewhere.
    """
    scope.demand("community.group.change")
    group = _open_group(scope, group_id)
    is_theirs = (group.name, group.owner_id, group.notice) != (name.strip(), owner_id, notice.strip())
    if group.source == Group.Source.WECOM and is_theirs:
        raise GroupIsOfWeCom
    stays = group.owner_id == owner_id
    _fill(scope, group, name, owner_id, kind_code, capacity, notice)
    _save(group, is_new=False, fields=["name", "kind", "capacity", "notice", *([] if stays else ["owner"])])
    note_group(scope=scope, group=group, verb="community.group.change")
    return group


def dissolve_group(*, scope: Scope, group_id: UUID) -> Group:
    """Nothing is planned for it any more; what happened in it stays. One of WeCom is dissolved there.

    Raises NotFound, GroupIsDissolved, GroupIsOfWeCom.
    """
    scope.demand("community.group.dissolve")
    group = _by_hand(_open_group(scope, group_id))
    group.dissolved_at = scope.at
    group.save(update_fields=["dissolved_at"])
    note_group(scope=scope, group=group, verb="community.group.dissolve")
    return group


def add_member(
    *, scope: Scope, group_id: UUID, customer_id: UUID, joined_at: datetime | None = None
) -> Member:
    """A customer of the scope's branches is in the group from now on, or since `joined_at`.

    Raises NotFound, GroupIsDissolved, GroupIsOfWeCom, GroupIsFull, MemberIsIn.
    """
    scope.demand("community.member.add")
    group = _by_hand(_open_group(scope, group_id))
    if group.in_it >= group.capacity:
        raise GroupIsFull(capacity=group.capacity)
    customer = customer_in_scope(scope=scope, customer_id=customer_id)
    # The key alone would not know a customer who was absorbed by this one. Whoever adds holds the group.
    if Member.objects.within(scope).filter(group=group, customer=customer, left_at=None).exists():
        raise MemberIsIn
    member = Member(
        branch_id=group.branch_id,
        branch_pos=group.branch_pos,
        group=group,
        customer=customer,
        person_key=customer.pk.hex,
        joined_at=joined_at or scope.at,
    )
    try:
        with transaction.atomic():
            member.save(force_insert=True)
    except IntegrityError as error:
        if broken(error) != "community_member_is_in_a_group_once":
            raise
        raise MemberIsIn from error
    note_group(scope=scope, group=group, verb="community.member.add", member=str(member.pk))
    return member


def end_member(*, scope: Scope, member_id: UUID, group_id: UUID | None = None) -> None:
    """The customer is in the group no more. Raises NotFound, also for one who has left, GroupIsOfWeCom."""
    scope.demand("community.member.end")
    member = Member.objects.within(scope).select_related("group").filter(pk=member_id, left_at=None).first()
    if member is None or group_id not in (None, member.group_id):
        raise NotFound
    _by_hand(member.group)
    Member.objects.within(scope).filter(pk=member_id, left_at=None).update(
        left_at=Greatest(F("joined_at"), scope.at)
    )
    note_group(scope=scope, group=member.group, verb="community.member.end", member=str(member.pk))


def hold_group(*, scope: Scope, group_id: UUID) -> Group:
    """A group that is kept by hand, locked. Raises NotFound, GroupIsDissolved, GroupIsOfWeCom."""
    return _by_hand(_open_group(scope, group_id))


def _by_hand(group: Group) -> Group:
    if group.source == Group.Source.WECOM:
        raise GroupIsOfWeCom
    return group


def _open_group(scope: Scope, group_id: UUID) -> Group:
    """Locked: who counts members or plans for it waits. Raises NotFound, GroupIsDissolved."""
    group_in_scope(scope=scope, group_id=group_id)
    group: Group = Group.objects.within(scope).select_for_update(no_key=True).get(pk=group_id)
    if group.dissolved_at is not None:
        raise GroupIsDissolved
    return group


def _fill(
    scope: Scope, group: Group, name: str, owner_id: UUID, kind_code: str, capacity: int, notice: str
) -> None:
    if not name.strip():
        raise GroupIsWrong(why_zh="请填写群名。", why_en="give it a name.")
    # An owner who stays may work outside the scope of who changes the rest.
    stays = group.owner_id == owner_id
    if not stays and not people_at_home(scope=scope).filter(pk=owner_id).exists():
        raise OwnerIsElsewhere
    kind = GroupKind.objects.filter(pk=kind_code).first() if kind_code else None
    if kind_code and kind is None:
        raise NotFound
    group.name, group.owner_id, group.kind = name.strip(), owner_id, kind
    group.capacity, group.notice = capacity, notice.strip()


def _save(group: Group, *, is_new: bool, fields: Sequence[str] = ()) -> None:
    try:
        with transaction.atomic():
            if is_new:
                group.save(force_insert=True)
            else:
                # The count is the trigger's; an owner who works elsewhere cannot be written from here, nor need be.
                group.save(update_fields=fields)
    except IntegrityError as error:
        if broken(error) != "community_group_capacity_is_1_to_500":
            raise
        raise GroupIsWrong(
            why_zh="人数上限为 1 至 500。", why_en="a group holds 1 to 500 members."
        ) from error
    group.refresh_from_db(fields=["member_count"])


def note_group(*, scope: Scope, group: Group, verb: str, **detail: str) -> None:
    """What was done to a group, for the audit."""
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.group", group.pk),
        subject_name=group.name,
        branch_id=group.branch_id,
        branch_pos=group.branch_pos,
        **detail,
    )
