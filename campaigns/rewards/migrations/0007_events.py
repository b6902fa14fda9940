from django.db import migrations

from campaigns.rewards.sql import events
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("rewards", "0006_stops"), ("events", "0002_walls")]

    operations = [
        *verb(
            "rewards_note(text, uuid, text, int, int, jsonb)", events.NOTE, execute=["fenhang_verbs"]
        ),
    ]
