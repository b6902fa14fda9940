"""The way out for a post into its group of WeCom: a message that WeCom asks the group's owner to send.

Whether it may still go out, and who sends it to which chat, is asked when it leaves the outbox. WeCom takes no effect
key: where its answer is lost, the owner may be asked twice, and sends one of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.adapters import Adapter, Letter, Refused
from campaigns.jobs.outbox_rules import RefusedForGood, Terms
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope
from community.groups.selectors import userids_of
from community.groups.wecom_outbox import answered
from community.plans.models import Post
from community.plans.refusals import PostIsLate, PostIsOver, PostIsStopped
from community.plans.rules import may_still_go
from community.plans.selectors import places_of, quiet_hours, stopped_branches

GROUP_POSTS = "wecom.group_posts"
CODE = "community.post"


def group_posts_adapter() -> Adapter:
    """Registered by the package's setup."""
    return Adapter(
        GROUP_POSTS,
        _("Post into a WeCom group"),
        send_group_post,
        Terms(connect=2.0, read=8.0, whole=12.0, per_second=10, burst=10),
        keeps=("to",),
        addressed=True,
    )


def send_group_post(letter: Letter, terms: Terms) -> Mapping[str, Any]:
    """One message to one chat. A chat that fails within errcode 0 is refused for good."""
    sender, chat = letter.address.split(" ", 1)
    text = orjson.loads(letter.body)["text"]
    msgid, failed = answered(
        letter, lambda server: server.add_group_message(sender=sender, text=text, chat_ids=[chat])
    )
    if chat in failed:
        raise Refused(RefusedForGood(reason=f"fail_list: {chat}"))
    return {"msgid": msgid, "sender": sender, "chat": chat}


def addresses_of_posts(
    scope: Scope, references: Sequence[str], adapter: Adapter, purpose: str
) -> Mapping[str, str | Refusal]:
    """Of each post "<user id of the group's owner> <chat>", or why it must not go out at this moment. Without an owner
    whom WeCom knows there is none: WeCom lets owners alone send to a whole group.
    """
    rows = Post.objects.within(scope).select_related("group")
    posts = list(rows.filter(pk__in=[UUID(read_ref(name).id) for name in references]))
    places = places_of(scope=scope, branch_ids=list({post.branch_id for post in posts}))
    stopped = stopped_branches(scope=scope, places=places)
    userids = userids_of(scope=scope, people={post.group.owner_id for post in posts})
    found: dict[str, str | Refusal] = {}
    for post in posts:
        name, zone = ref(CODE, post.pk), places[post.branch_id].zone
        if post.state != Post.State.DUE or post.group.dissolved_at is not None:
            found[name] = PostIsOver(state=post.get_state_display())
        elif post.branch_id in stopped:
            found[name] = PostIsStopped(why_zh="总行或上级已紧急叫停", why_en="there is an emergency stop")
        elif not may_still_go(due_at=post.due_at, at=scope.at, zone=zone, quiet=quiet_hours()):
            found[name] = PostIsLate()
        elif post.group.owner_id in userids:
            found[name] = f"{userids[post.group.owner_id]} {post.group.chat_id}"
    return found


def addresses_of_accounts(
    scope: Scope, references: Sequence[str], adapter: Adapter, purpose: str
) -> Mapping[str, str | Refusal]:
    """Of people who are called: the user id that they have in WeCom now."""
    userids = userids_of(scope=scope, people={UUID(read_ref(name).id) for name in references})
    return {ref("tenants.person", person): userid for person, userid in userids.items()}
