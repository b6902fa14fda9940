from django.db import migrations

from campaigns.rewards.sql import merge
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0007_events"), ("customers", "0006_identity_keys")]

    operations = [
        migrations.RunSQL(merge.GRANTS, migrations.RunSQL.noop),
        *verb("move_coupons(uuid, uuid)", merge.MOVE),
        *verb("return_coupons(uuid, uuid, uuid[])", merge.RETURN),
        *verb("claim_coupon(uuid, uuid, bytea)", merge.CLAIM, execute=["fenhang_customer"]),
    ]
