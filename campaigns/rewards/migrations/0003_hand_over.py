from django.db import migrations

from campaigns.rewards.sql import hand_over
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_walls"), ("tenants", "0003_tree")]

    operations = [
        migrations.RunSQL(hand_over.GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(hand_over.GUARD, migrations.RunSQL.noop),
        *verb("pass_on_stock(int, int)", hand_over.HAND_STOCK_ON),
    ]
