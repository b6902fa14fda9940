import django.contrib.postgres.indexes
from django.db import migrations

from campaigns.events import sql_tally
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("events", "0005_by_key")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["at"], name="events_event_by_moment", pages_per_range=32
            ),
        ),
        *verb("events_tally(text, text, timestamptz, timestamptz, jsonb)", sql_tally.TALLY),
    ]
