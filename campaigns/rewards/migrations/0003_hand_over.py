from django.db import migrations

from campaigns.rewards import sql_hand_over
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_walls"), ("tenants", "0003_tree")]

    operations = [
        migrations.RunSQL(sql_hand_over.GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(sql_hand_over.GUARD, migrations.RunSQL.noop),
        *verb("pass_on_stock(int, int)", sql_hand_over.HAND_STOCK_ON),
    ]
