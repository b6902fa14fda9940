"""The courier of WeCom: owners are called by a message of the bank's app, posts go into groups as group messages."""

from campaigns.jobs.adapters import register_adapter, register_addressee
from community.plans.calling import Courier, register_courier
from community.plans.group_posts import (
    CODE,
    addresses_of_accounts,
    addresses_of_posts,
    group_posts_adapter,
)
from community.plans.services.courier import put_calls, put_posts


def register_wecom_courier() -> None:
    """Called by the package's setup."""
    register_adapter(group_posts_adapter())
    register_addressee(CODE, addresses_of_posts)
    register_addressee("tenants.person", addresses_of_accounts)
    register_courier(Courier(call=put_calls, send=put_posts))
