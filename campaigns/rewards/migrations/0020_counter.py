from django.db import migrations

from campaigns.rewards.sql import counter
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0019_held")]

    operations = [*verb("rewards_spent(uuid)", counter.SPENT)]
