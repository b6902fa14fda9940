from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from campaigns.rewards.sql import orders
from campaigns.tenants.walls import verb

_CUSTOMERS = ["fenhang_customer"]


class Migration(migrations.Migration):
    """A customer pays a part of an order with a coupon, and takes that back, by verbs alone."""

    dependencies = [("rewards", "0028_merchants_valid")]

    operations = [
        AddConstraintNotValid(
            "redemption",
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, order_key="")
                | (models.Q(person__isnull=True) & ~models.Q(order_key="")),
                name="rewards_redemption_is_a_clerks_or_an_orders",
            ),
        ),
        *verb("rewards_order_place(text, text, boolean)", orders.PLACE, execute=["fenhang_verbs"]),
        *verb(
            "evaluate_order(text, bigint, text, text, int, int)", orders.EVALUATE, execute=_CUSTOMERS
        ),
        *verb(
            "redeem_order(uuid, uuid, text, bigint, text, text, int, int)", orders.PAY, execute=_CUSTOMERS
        ),
        *verb("cancel_order(uuid, text, text, text)", orders.CANCEL, execute=_CUSTOMERS),
        *verb("rewards_paid(uuid)", orders.PAID, execute=_CUSTOMERS),
    ]
