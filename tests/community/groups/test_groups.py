"""Groups kept by hand: who keeps them, who is in them, and who sees them."""

import pytest

from campaigns.lib.refusals import NotFound
from community.groups.models import Group
from community.groups.refusals import GroupIsDissolved, GroupIsFull, GroupIsWrong, MemberIsIn
from community.groups.selectors import groups_of_customer
from community.groups.services.groups import add_group, add_member, change_group, dissolve_group, end_member
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_manager_keeps_a_group_and_its_customers_see_it_while_they_are_in(cast: Cast) -> None:
    owner, customer = cast.nb_manager.person, cast.customers["nb"].customer
    with cast.nb_manager.scope() as scope:
        group = add_group(scope=scope, name=" 宝妈理财群 ", owner_id=owner.pk, capacity=1)
        member = add_member(scope=scope, group_id=group.pk, customer_id=customer.pk)
        with pytest.raises(GroupIsFull):
            add_member(scope=scope, group_id=group.pk, customer_id=cast.customers["nb2"].customer.pk)
        assert Group.objects.get(pk=group.pk).member_count == 1
        said = {"name": "宝妈理财一群", "owner_id": owner.pk, "kind_code": "", "notice": ""}
        with pytest.raises(GroupIsWrong):
            change_group(scope=scope, group_id=group.pk, capacity=501, **said)
        change_group(scope=scope, group_id=group.pk, capacity=2, **said)
        with pytest.raises(NotFound):  # of another branch
            add_member(scope=scope, group_id=group.pk, customer_id=cast.customers["sb"].customer.pk)
        with pytest.raises(MemberIsIn):
            add_member(scope=scope, group_id=group.pk, customer_id=customer.pk)
    with cast.customers["nb"].scope() as mine:
        assert [each.name for each in groups_of_customer(scope=mine)] == ["宝妈理财一群"]
    with cast.customers["sb"].scope() as theirs:
        assert not list(groups_of_customer(scope=theirs)) and not Group.objects.exists()
    with cast.nb_manager.scope() as scope:
        end_member(scope=scope, member_id=member.pk)
        assert Group.objects.get(pk=group.pk).member_count == 0
        with pytest.raises(NotFound):
            end_member(scope=scope, member_id=member.pk)
        dissolve_group(scope=scope, group_id=group.pk)
        with pytest.raises(GroupIsDissolved):
            add_member(scope=scope, group_id=group.pk, customer_id=customer.pk)
    with cast.customers["nb"].scope():
        assert not Group.objects.exists()
    with cast.sb_manager.scope() as scope, pytest.raises(NotFound):
        dissolve_group(scope=scope, group_id=group.pk)
