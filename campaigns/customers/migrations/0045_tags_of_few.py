from django.db import migrations

from campaigns.customers import tag_sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Tags of a small scope are read by position, and not by the index of the whole bank."""

    dependencies = [("customers", "0044_named_by")]

    operations = [
        *verb("count_tagged(int[], int[], int[], boolean)", tag_sql.COUNT_TAGGED),
        *verb("tagged_customers(int[], int[], int[], uuid, int)", tag_sql.TAGGED_CUSTOMERS),
    ]
