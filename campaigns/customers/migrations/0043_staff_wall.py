from django.db import migrations

from campaigns.customers import sql
from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    """The row stands where the customer stands; verbs ask it, and nobody else of other branches."""

    dependencies = [("customers", "0042_staff")]

    operations = [
        *wall(
            "customers_staffcustomer",
            verbs="SELECT",
            follows_branch=False,
            sees={"person_id": "tenants_person"},
        ),
        migrations.RunSQL(
            sql.FOLLOWS_CUSTOMER.format(table="customers_staffcustomer"), migrations.RunSQL.noop
        ),
    ]
