from django.db import migrations

from campaigns.rewards.sql import life
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """What expired is not extended without its money, and says so; what is held for review says that."""

    dependencies = [("rewards", "0030_orders_valid")]

    operations = [
        *verb("rewards_extend(uuid[], timestamptz)", life.EXTEND_THESE, execute=["fenhang_verbs"]),
        *verb("extend_coupons(uuid[], timestamptz, text)", life.EXTEND_WITH_MONEY),
        *verb(
            "offer_gift(uuid, uuid, bytea, timestamptz)", life.OFFER_UNLESS_HELD, execute=["fenhang_customer"]
        ),
        *verb(
            "lock_coupon(uuid, text, timestamptz)",
            life.LOCK_UNLESS_HELD,
            execute=["fenhang_app", "fenhang_customer"],
        ),
    ]
