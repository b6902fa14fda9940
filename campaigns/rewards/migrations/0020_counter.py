from django.db import migrations

from campaigns.rewards import sql_counter
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0019_held")]

    operations = [*verb("rewards_spent(uuid)", sql_counter.SPENT)]
