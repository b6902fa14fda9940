"""Posts over HTTP: tasks of staff, and what was sent to a customer's groups."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.openapi import page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.requests.keys import idempotent
from campaigns.rewards.models import LiveBatch
from campaigns.tenants.scopes import Scope
from community.plans.material import files_for_staff
from community.plans.models import Post
from community.plans.selectors import is_overdue, posts_of_group, tasks_of
from community.plans.services.posts import confirm_post, skip_post
from content.addresses import customer_address
from content.models import LiveItem

# What the customer's role may read of a post.
_SHOWN = ("id", "title", "text", "material", "asks_check_in", "ended_at")


class PieceOut(serializers.Serializer[Any]):
    """素材 · A piece of material."""

    kind = serializers.ChoiceField(
        choices=["item", "asset", "batch"], help_text="item 内容，asset 素材文件，batch 券批次"
    )
    id = serializers.UUIDField()
    title = serializers.CharField()
    page = serializers.CharField(
        allow_blank=True,
        help_text="小程序页面，可直接转发；文件没有 · page of the mini-program; files have none",
    )
    files = serializers.DictField(
        child=serializers.CharField(), help_text="规格名 → 地址 · name of a rendition -> its address"
    )


class TaskOut(serializers.Serializer[Any]):
    """群发任务 · A post to send."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    group = serializers.CharField(help_text="发到哪个群 · which group")
    member_id = serializers.UUIDField(
        allow_null=True, help_text="只发给这一位成员；空为发到群里 · for this member alone; null: the group"
    )
    text = serializers.CharField(help_text="可直接复制的文案 · ready to copy")
    material = PieceOut(many=True)
    asks_check_in = serializers.BooleanField()
    due_at = serializers.DateTimeField()
    is_overdue = serializers.BooleanField()
    state = serializers.ChoiceField(choices=["due", "sent", "skipped", "failed", "back"])
    result = serializers.ChoiceField(
        choices=["", "waiting", "sent", "failed"],
        allow_blank=True,
        help_text="企业微信的结果，空为手工发送 · what WeCom says; empty: sent by hand",
    )
    why = serializers.CharField(allow_blank=True)


class ConfirmIn(serializers.Serializer[Any]):
    """确认 · What became of it."""

    result = serializers.ChoiceField(choices=["sent", "failed"], default="sent")
    why = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        if attrs["result"] == "failed" and not attrs["why"].strip():
            raise serializers.ValidationError({"why": "请说明为什么没有发出 · say why it did not go out"})
        return attrs


class SkipIn(serializers.Serializer[Any]):
    """不发送 · Why it is not sent."""

    reason = serializers.CharField(max_length=200)


class GroupPostOut(serializers.Serializer[Any]):
    """群内容 · A post of a group."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField()
    material = PieceOut(many=True)
    asks_check_in = serializers.BooleanField(help_text="是否邀请打卡 · whether it asks to check in")
    sent_at = serializers.DateTimeField()


class Tasks(ApiView):
    who = "staff"
    verb = "community.post.confirm"
    query = PageQuery

    @extend_schema(
        summary="我的群发任务 · My posts to send",
        description="逾期的在最前，其次是今天的。 · Overdue ones first, then today's.",
        responses=page_of(TaskOut),
    )
    def get(self, request: Request) -> Response:
        page = Pages(order=("due_at", "id")).cut(tasks_of(scope=self.scope), self.query_values)
        return self.answer(page.shown(lambda post: _task(post, self.scope)))


class TaskConfirmations(ApiView):
    who = "staff"
    verb = "community.post.confirm"

    @extend_schema(summary="确认已发送 · Confirm that it was sent", request=ConfirmIn, responses=TaskOut)
    @idempotent(required=True)
    def post(self, request: Request, task_id: UUID) -> Response:
        body = self.body(ConfirmIn)
        failed = body["why"] if body["result"] == "failed" else ""
        post = confirm_post(scope=self.scope, post_id=task_id, failed=failed)
        return self.answer(_task(post, self.scope))


class TaskSkips(ApiView):
    who = "staff"
    verb = "community.post.confirm"

    @extend_schema(summary="不发送并说明原因 · Leave it out, and say why", request=SkipIn, responses=TaskOut)
    @idempotent()
    def post(self, request: Request, task_id: UUID) -> Response:
        post = skip_post(scope=self.scope, post_id=task_id, reason=self.body(SkipIn)["reason"])
        return self.answer(_task(post, self.scope))


class GroupPosts(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(
        summary="群内已发送的内容 · What was sent to a group",
        description="只有群成员能看到；最新的在前。 · For its members alone; the latest first.",
        responses=page_of(GroupPostOut),
    )
    def get(self, request: Request, group_id: UUID) -> Response:
        rows = posts_of_group(scope=self.scope, group_id=group_id).only(*_SHOWN)
        page = Pages(order=("-ended_at", "-id")).cut(rows, self.query_values)
        seen = _in_sight(page.items)
        return self.answer(page.shown(lambda post: _group_post(post, seen, self.scope)))


def _task(post: Post, scope: Scope) -> dict[str, Any]:
    names = ("id", "title", "member_id", "text", "asks_check_in", "due_at", "state", "result", "why")
    return {
        **{name: getattr(post, name) for name in names},
        "group": post.group.name,
        "is_overdue": is_overdue(post=post, at=scope.at),
        "material": [_piece(piece, files_for_staff(piece, scope)) for piece in post.material],
    }


def _in_sight(posts: Sequence[Post]) -> dict[str, Any]:
    """What of all their material the asking customer may see now, by id: recalled and expired things are gone."""
    wanted: dict[str, set[str]] = {"item": set(), "batch": set(), "asset": set()}
    for post in posts:
        for piece in post.material:
            wanted[piece["kind"]].add(piece["id"])
    seen: dict[str, Any] = {
        str(row.item_id): row for row in LiveItem.objects.filter(item_id__in=wanted["item"])
    }
    seen |= {str(row.batch_id): row for row in LiveBatch.objects.filter(batch_id__in=wanted["batch"])}
    return seen


def _group_post(post: Post, seen: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    pieces = []
    for piece in post.material:
        live = seen.get(piece["id"])
        if live is None:
            continue  # files of the library go by the group's own chat alone
        files = {}
        if isinstance(live, LiveItem) and live.picture:
            files = {
                made["name"]: customer_address(
                    branch_id=live.branch_id, at=scope.at, item_id=live.item_id, rendition_id=made["id"]
                )
                for made in live.picture["renditions"]
            }
        pieces.append(_piece(piece, files))
    names = ("id", "title", "text", "asks_check_in")
    return {
        **{name: getattr(post, name) for name in names},
        "material": pieces,
        "sent_at": post.ended_at,
    }


def _piece(piece: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    return {**{name: piece[name] for name in ("kind", "id", "title", "page")}, "files": files}
