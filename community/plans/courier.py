"""The courier of WeCom: owners are called by a message of the bank's app, posts go into groups as group messages."""

from collections.abc import Sequence

from campaigns.jobs.adapters import register_adapter, register_addressee
from campaigns.tenants.scopes import Scope
from community.plans.calling import Courier, register_courier
from community.plans.group_posts import (
    CODE,
    addresses_of_accounts,
    addresses_of_posts,
    group_posts_adapter,
)
from community.plans.models import Post
from community.plans.services.courier import put_calls, put_posts


def register_wecom_courier() -> None:
    """Called by the package's setup."""
    register_adapter(group_posts_adapter())
    register_addressee(CODE, addresses_of_posts)
    register_addressee("tenants.person", addresses_of_accounts)
    register_courier(Courier(call=_call, send=_send))


def _call(scope: Scope, posts: Sequence[Post]) -> None:
    put_calls(scope=scope, posts=posts)


def _send(scope: Scope, posts: Sequence[Post]) -> None:
    put_posts(scope=scope, posts=posts)
