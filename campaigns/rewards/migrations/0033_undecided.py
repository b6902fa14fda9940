from django.db import migrations

from campaigns.rewards.sql import claims, grants
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """What nobody decided in time is void; what was refused for an event may be tried again."""

    dependencies = [("rewards", "0032_periods")]

    operations = [
        *verb("expire_due_coupons(int)", claims.EXPIRE),
        *verb("answer_events_again(uuid)", grants.AGAIN),
    ]
