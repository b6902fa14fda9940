from django.db import migrations

from campaigns.tenants.search_sql import searchable


class Migration(migrations.Migration):
    dependencies = [("planning", "0002_walls"), ("tenants", "0006_search")]

    operations = [*searchable("planning_campaign", columns=("title", "goal"))]
