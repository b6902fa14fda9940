from django.db import migrations

from campaigns.tenants.search_sql import searchable


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_walls"), ("tenants", "0006_search")]

    operations = [*searchable("rewards_batch", columns=("title",))]
