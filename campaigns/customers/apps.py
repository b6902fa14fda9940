from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersApp(AppConfig):
    name = "campaigns.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from campaigns.customers import merging, telling
        from campaigns.customers.handing_over import customers_at_home, hand_over_customers
        from campaigns.customers.panels import register_moments, register_panel
        from campaigns.customers.scopes import customer
        from campaigns.customers.services.care import HAND_OVER, MAY_ASSIGN, assign_item, hand_over_care
        from campaigns.customers.steps import register_step as register_customer_step
        from campaigns.jobs.long_kinds import register_many
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.scopes import Scope
        from campaigns.tenants.steps import register_step
        from campaigns.tenants.tasks import register_scope_kind

        def derive(carry: dict[str, Any], at: datetime, cause: str) -> Scope:
            return customer(customer_id=UUID(carry["customer"]), at=at, cause=cause)

        register_scope_kind("customer", derive)
        register_step("hand_over", name="customers: home branch", act=hand_over_customers)
        register_remainder("customers", rows=customers_at_home)
        register_step("leave", name="customers: in care", act=hand_over_care)
        register_customer_step("merge", name="customers: identities", act=merging.move_identities)
        register_customer_step("unmerge", name="customers: identities", act=merging.return_identities)
        register_customer_step("merge", name="customers: sessions", act=merging.end_sessions)
        register_customer_step("unmerge", name="customers: sessions", act=merging.end_sessions_again)
        register_customer_step("merge", name="customers: care", act=merging.end_care)
        register_customer_step("unmerge", name="customers: care", act=merging.begin_care_again)
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
