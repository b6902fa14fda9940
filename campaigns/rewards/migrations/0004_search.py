from django.db import migrations

from campaigns.tenants.search_sql import searchable


class Migration(migrations.Migration):
    dependencies = [("rewards", "0003_hand_over"), ("tenants", "0006_search")]

    operations = [*searchable("rewards_batch", columns=("title",))]
