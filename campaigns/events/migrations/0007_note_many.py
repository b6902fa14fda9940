from django.db import migrations

from campaigns.events import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("events", "0006_tally")]

    operations = [
        *verb(
            "events_note_many(text, timestamptz, text, uuid[], text[], jsonb[])",
            sql.NOTE_MANY,
            execute=["fenhang_verbs"],
        ),
    ]
