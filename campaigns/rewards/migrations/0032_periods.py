from django.db import migrations

from campaigns.rewards.sql import periods
from campaigns.tenants.walls import verb

_RANGE = "int, int, timestamptz, timestamptz"


class Migration(migrations.Migration):
    """The coupon book day by day, over any period; the close's own is the same told in one."""

    dependencies = [("rewards", "0031_extend")]

    operations = [
        *verb(f"rewards_booked({_RANGE}, text)", periods.BOOKED, execute=["fenhang_verbs"]),
        *verb(f"rewards_coupon_book({_RANGE})", periods.BOOK, execute=["fenhang_verbs"]),
        *verb(f"rewards_settled_days({_RANGE}, text)", periods.SETTLED_DAYS, execute=["fenhang_verbs"]),
        *verb("period_figures(int, date, date)", periods.FIGURES),
    ]
