"""Questions about groups."""

from uuid import UUID

from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from community.groups.models import Group, GroupKind, Member


def groups_within(*, scope: Scope) -> QuerySet[Group]:
    """Groups of the scope's branches, with kind, owner and branch."""
    return Group.objects.within(scope).select_related("kind", "owner", "branch")


def group_in_scope(*, scope: Scope, group_id: UUID | str) -> Group:
    """Raises NotFound for a foreign and an absent one alike."""
    group = groups_within(scope=scope).filter(pk=group_id).first()
    if group is None:
        raise NotFound
    return group


def kinds_in_use() -> QuerySet[GroupKind]:
    """Which kinds can a group be of?"""
    return GroupKind.objects.filter(is_active=True)


def members_in(*, scope: Scope, group: Group) -> QuerySet[Member]:
    """Who is in the group now, first come first."""
    return Member.objects.within(scope).filter(group=group, left_at=None)


def groups_of_customer(*, scope: Scope) -> QuerySet[Group]:
    """The groups that the customer who asks is in. Asked as the customer: the policy shows these alone."""
    open_spells = Member.objects.filter(customer_id=_self(scope), left_at=None)
    return Group.objects.filter(pk__in=open_spells.values("group_id"), dissolved_at=None).select_related(
        "kind"
    )


def _self(scope: Scope) -> UUID:
    if scope.customer_id is None:
        raise ValueError("asked as a customer alone")
    return scope.customer_id
