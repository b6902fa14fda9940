"""Identities, merges and care: what follows a merge, what pages show, the hand-over of many."""

from django.utils.translation import gettext_lazy as _

from campaigns.customers import merging, telling
from campaigns.customers.panels import register_moments, register_panel
from campaigns.customers.services.care import HAND_OVER, MAY_ASSIGN, assign_item, hand_over_care
from campaigns.customers.services.staff import forget_staff, move_staff, return_staff
from campaigns.customers.steps import register_step as register_customer_step
from campaigns.jobs.long_kinds import register_many
from campaigns.tenants.steps import register_step


def register_identities() -> None:
    """Called once, when the room is ready."""
    register_step("leave", name="customers: in care", act=hand_over_care)
    register_customer_step("merge", name="customers: identities", act=merging.move_identities)
    register_customer_step("unmerge", name="customers: identities", act=merging.return_identities)
    register_customer_step("merge", name="customers: sessions", act=merging.end_sessions)
    register_customer_step("unmerge", name="customers: sessions", act=merging.end_sessions_again)
    register_customer_step("merge", name="customers: care", act=merging.end_care)
    register_customer_step("unmerge", name="customers: care", act=merging.begin_care_again)
    register_customer_step("merge", name="customers: staff", act=move_staff)
    register_customer_step("unmerge", name="customers: staff", act=return_staff)
    register_customer_step("erase", name="customers: staff", act=forget_staff)
    register_customer_step("erase", name="customers: merges", act=merging.forget_merges)
    register_panel("customers.identities", title=_("known by"), rows=telling.identity_lines)
    register_panel("customers.care", title=_("relationship manager"), rows=telling.care_lines)
    register_moments("customers", moments=telling.own_moments)
    register_many(
        HAND_OVER,
        each=assign_item,
        label=_("Hand-over of customers"),
        title=_("Hand %(total)s customers to one relationship manager"),
        verb=MAY_ASSIGN,
        at_most=20_000,
        went=_("handed over"),
        refused=_("not handed over"),
    )
