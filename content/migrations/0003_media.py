from django.db import migrations

from campaigns.tenants.walls import verb
from content.sql import OPEN_PUBLIC


class Migration(migrations.Migration):
    dependencies = [("content", "0002_walls"), ("tenants", "0002_walls")]

    operations = [*verb("open_public_scope(int, timestamptz, uuid, jsonb)", OPEN_PUBLIC)]
