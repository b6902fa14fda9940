from django.db import migrations

from campaigns.rewards.sql import rooms_above
from campaigns.tenants.walls import verb

_VERBS = ["fenhang_verbs"]


class Migration(migrations.Migration):
    """Coupons that rooms above give by verbs of theirs."""

    dependencies = [("rewards", "0033_undecided")]

    operations = [
        *verb("rewards_give(uuid, uuid, uuid, bytea, text, text)", rooms_above.GIVE, execute=_VERBS),
        *verb("rewards_take_back(uuid, text)", rooms_above.TAKE_BACK, execute=_VERBS),
    ]
