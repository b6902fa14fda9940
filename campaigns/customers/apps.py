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
        # Models exist only now. Each part registers itself, in a module of its own.
        from campaigns.customers.handing_over import (
            customers_at_home,
            hand_over_customers,
            tell_seconds_again,
        )
        from campaigns.customers.identifying import register_identities
        from campaigns.customers.importing import register_files
        from campaigns.customers.own_rights import register_rights
        from campaigns.customers.scopes import customer
        from campaigns.customers.tagging import register_tags
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.scopes import Scope
        from campaigns.tenants.steps import register_step
        from campaigns.tenants.tasks import register_scope_kind

        def derive(carry: dict[str, Any], at: datetime, cause: str) -> Scope:
            return customer(customer_id=UUID(carry["customer"]), at=at, cause=cause)

        register_scope_kind("customer", derive)
        register_step("hand_over", name="customers: home branch", act=hand_over_customers)
        register_step("leave", name="customers: files that wait", act=tell_seconds_again)
        register_remainder("customers", rows=customers_at_home)
        register_identities()
        register_files()
        register_tags()
        register_rights()
