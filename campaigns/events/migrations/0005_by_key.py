from django.db import migrations

from campaigns.events import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("events", "0004_pages")]

    operations = [
        *verb(
            "take_events(uuid[], uuid[], text[], timestamptz[], timestamptz[], text[], jsonb[], text, timestamptz)",
            sql.TAKE_BY_KEY,
        ),
    ]
