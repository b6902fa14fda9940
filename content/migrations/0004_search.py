from django.db import migrations

from campaigns.tenants.search_sql import searchable


class Migration(migrations.Migration):
    dependencies = [("content", "0003_media"), ("tenants", "0006_search")]

    operations = [
        *searchable("content_asset", columns=("name", "alt")),
        *searchable("content_item", columns=("title", "summary")),
    ]
