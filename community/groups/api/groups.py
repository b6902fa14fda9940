"""Groups of the customer who asks: those one is in, and the codes by which one may join at home."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.views import ApiView
from community.groups.models import Group
from community.groups.selectors import codes_of_branch, groups_of_customer, joined_at_of


class GroupOut(serializers.Serializer[Any]):
    """我加入的社群 · A group that the customer is in."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="社群类型，可为空 · kind, may be empty")
    notice = serializers.CharField(help_text="群公告 · the group's notice")
    members = serializers.IntegerField()
    joined_at = serializers.DateTimeField()


class OpenOut(serializers.Serializer[Any]):
    """本机构可加入的社群 · What may be joined at the customer's branch."""

    slug = serializers.CharField(help_text="用于 entry-codes/{slug} · for entry-codes/{slug}")
    title = serializers.CharField()
    says = serializers.CharField()
    kind = serializers.CharField()


class GroupsOut(serializers.Serializer[Any]):
    items = GroupOut(many=True)
    open = OpenOut(many=True)


class Groups(ApiView):
    who = "customer"

    @extend_schema(summary="我的社群 · My groups, and those to join", responses=GroupsOut, tags=["groups"])
    def get(self, request: Request) -> Response:
        groups = list(groups_of_customer(scope=self.scope))
        since = joined_at_of(scope=self.scope)
        return self.answer(
            {
                "items": [
                    group_out(each) | {"joined_at": since[each.pk]} for each in groups if each.pk in since
                ],
                "open": [
                    {
                        "slug": code.slug,
                        "title": code.title,
                        "says": code.says,
                        "kind": code.kind.name if code.kind else "",
                    }
                    for code in codes_of_branch(scope=self.scope)
                ],
            }
        )


def group_out(group: Group) -> dict[str, Any]:
    return {
        "id": group.pk,
        "name": group.name,
        "kind": group.kind.name if group.kind else "",
        "notice": group.notice,
        "members": group.in_it,
    }
