from django.db import migrations

from campaigns.rewards import sql_merge
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0007_events"), ("customers", "0006_identity_keys")]

    operations = [
        migrations.RunSQL(sql_merge.GRANTS, migrations.RunSQL.noop),
        *verb("move_coupons(uuid, uuid)", sql_merge.MOVE),
        *verb("return_coupons(uuid, uuid, uuid[])", sql_merge.RETURN),
        *verb("claim_coupon(uuid, uuid, bytea)", sql_merge.CLAIM, execute=["fenhang_customer"]),
    ]
