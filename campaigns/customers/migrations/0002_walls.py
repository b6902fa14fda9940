from django.db import migrations

from campaigns.customers import sql
from campaigns.tenants.walls import verb, wall


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql.FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("tenants", "0002_walls"), ("audit", "0002_walls")]

    operations = [
        *wall("customers_customer", verbs="SELECT, INSERT"),
        migrations.RunSQL(sql.POSITION_WITH_ID, migrations.RunSQL.noop),
        migrations.RunSQL(sql.OWN_CUSTOMER, migrations.RunSQL.noop),
        *wall("customers_customerevent", append_only=True, verbs="INSERT"),
        # Following the customer includes following the branch: one key does both.
        *wall("customers_customerkey", verbs="SELECT, INSERT", follows_branch=False),
        follows("customers_customerkey"),
        *wall("customers_identity", verbs="SELECT, INSERT", customer="own", follows_branch=False),
        follows("customers_identity"),
        *wall("customers_identityevent", append_only=True, verbs="INSERT"),
        *wall(
            "customers_refreshsession",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (rotated_at, revoked_at)",
            customer="own",
            customer_adds=True,
            follows_branch=False,
        ),
        follows("customers_refreshsession"),
        *verb("open_customer_scope(uuid, timestamptz, uuid, jsonb)", sql.OPEN_CUSTOMER),
        *verb("customer_by_identity(text, bytea)", sql.CUSTOMER_BY_IDENTITY),
        *verb(
            "enrol_customer(uuid, text, bytea, text, text, uuid[], text[], text[], bytea[], bytea[], uuid,"
            " timestamptz, uuid, jsonb)",
            sql.ENROL_CUSTOMER,
        ),
        *verb(
            "bind_identity(uuid, uuid, text, text, bytea, bytea, text, timestamptz, uuid, jsonb)",
            sql.BIND_IDENTITY,
        ),
        *verb("rotate_refresh(bytea, bytea, uuid, timestamptz, timestamptz, interval)", sql.ROTATE_REFRESH),
        *verb("revoke_refresh(bytea, timestamptz)", sql.REVOKE_REFRESH),
    ]
