"""Outreach's things of tests/leaks/objects.py."""

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.outreach.models import Touch
from campaigns.tenants.scopes import system_scope
from tests.leaks.world import World
from tests.support.cast import AT


def plant_touches(world: World) -> None:
    """What a customer at each place has been told."""
    with system_scope(at=AT, cause="leaks"):
        for place, key in world.ids["customers.customer"].items():
            world.add("outreach.touch", place, _told(Customer.objects.get(pk=key)).pk)


def _told(customer: Customer) -> Touch:
    key = new_id()
    return Touch.objects.create(
        customer_id=customer.pk,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        kind="leaks.told",
        purpose="service",
        thing=f"leaks.thing:{key}",
        key=str(key),
        words={"title": "提醒"},
        due_at=AT,
        until=AT,
        asked_at=AT,
        state="sent",
        way="inbox",
        decided_at=AT,
        sent_at=AT,
    )
